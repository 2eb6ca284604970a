package bunstore

import (
	"context"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

type peopleStore struct{ *Store }

// peopleTx is a transaction as the lead database sees it.
type peopleTx struct{ *tx }

// Update implements people.Store.
func (s peopleStore) Update(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, people.Tx) error) error {
	return s.transact(ctx, "update the lead database", of(ws), func(ctx context.Context, t *tx) error {
		return fn(ctx, peopleTx{t})
	})
}

// Contacts implements people.Store.
func (s peopleStore) Contacts(ctx context.Context, ws crm.WorkspaceID, query people.ContactQuery) ([]*crm.Contact, error) {
	scope := of(ws)
	q := from[contactRow](s.Store).and(" where workspace_id = ?", uid(ws))
	if !query.TagID.IsZero() {
		q = q.and(" and id in (select contact_id from contact_tags where workspace_id = ? and tag_id = ?)", uid(ws), uid(query.TagID))
	}
	if query.LeadStatus != "" {
		q = q.and(" and lead_status = ?", text(query.LeadStatus))
	}
	if query.Search != "" {
		q, scope.Search = s.searchContacts(q, ws, query.Search)
	}
	if after := query.After; !after.ID.IsZero() {
		q = q.and(" and (updated_at, id) < (?, ?)", stamp(after.At), uid(after.ID))
	}
	q = q.and(" order by updated_at desc, id desc limit ?", query.Limit)
	return list(ctx, s.reader("list contacts", scope), q, (*contactRow).contact)
}

// Load implements people.Tx. Like the inbox's it locks contacts before
// conversations, in the order of their ids.
func (t peopleTx) Load(ctx context.Context, need people.Need) (*people.State, error) {
	if !t.covers(need.WorkspaceID) {
		return nil, t.stranger()
	}
	ws := uid(need.WorkspaceID)
	wanted := ids(need.Contacts)
	if len(need.Identities) > 0 {
		var steps []step
		for _, known := range byIdentity(need.Identities) {
			q := ask("select contact_id from identities where workspace_id = ? and ", ws).and(known.SQL, known.Args...)
			steps = append(steps, pick(t.inline(q), &wanted))
		}
		if err := t.run(ctx, steps...); err != nil {
			return nil, err
		}
	}
	var rows []contactRow
	if len(wanted) > 0 {
		q := byIDs[contactRow](t.store, ws, wanted).and(t.store.dialect.Lock())
		if err := t.run(ctx, load(ctx, t.link, t.inline(q), &rows)); err != nil {
			return nil, err
		}
	}
	state := new(people.State)
	var err error
	if state.Contacts, err = convert(t.link, rows, t.contact); err != nil {
		return nil, err
	}
	return state, t.loadRest(ctx, need, state)
}

func (t peopleTx) loadRest(ctx context.Context, need people.Need, state *people.State) (err error) {
	var conversations []conversationRow
	var tags []tagRow
	var tasks []taskRow
	var members []memberRow
	ws := uid(need.WorkspaceID)
	var steps []step
	if need.Threads && len(state.Contacts) > 0 {
		of := make([]crm.ContactID, len(state.Contacts))
		for i, c := range state.Contacts {
			of[i] = c.ID
		}
		q := from[conversationRow](t.store).and(" where workspace_id = ? and contact_id in (?)", ws, among(of)).and(t.store.dialect.Lock())
		steps = append(steps, load(ctx, t.link, t.inline(q), &conversations))
	}
	if need.AllTags {
		steps = append(steps, load(ctx, t.link, t.inline(from[tagRow](t.store).and(" where workspace_id = ?", ws)), &tags))
	} else if len(need.Tags) > 0 {
		steps = append(steps, load(ctx, t.link, t.inline(byIDs[tagRow](t.store, ws, ids(need.Tags))), &tags))
	}
	if len(need.Tasks) > 0 {
		q := byIDs[taskRow](t.store, ws, ids(need.Tasks)).and(t.store.dialect.Lock())
		steps = append(steps, load(ctx, t.link, t.inline(q), &tasks))
	}
	if len(need.Members) > 0 {
		steps = append(steps, load(ctx, t.link, t.inline(byIDs[memberRow](t.store, ws, ids(need.Members))), &members))
	}
	if err := t.run(ctx, steps...); err != nil {
		return err
	}
	if state.Conversations, err = convert(t.link, conversations, (*conversationRow).conversation); err != nil {
		return err
	}
	if state.Tags, err = tagsOf(t.link, tags); err != nil {
		return err
	}
	if state.Tasks, err = convert(t.link, tasks, (*taskRow).task); err != nil {
		return err
	}
	state.Members, err = convert(t.link, members, (*memberRow).member)
	return err
}
