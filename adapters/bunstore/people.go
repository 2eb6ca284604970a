package bunstore

import (
	"context"
	"fmt"
	"slices"

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
	if query.Filter != nil {
		q = filtered(q, ws, *query.Filter)
	}
	if query.Search != "" {
		q, scope.Search = s.searchContacts(q, ws, query.Search)
	}
	q = inOrder(q, query.Sort, query.After).and(" limit ?", query.Limit)
	l := s.reader("list contacts", scope)
	if query.Filter == nil {
		return list(ctx, l, q, (*contactRow).contact)
	}
	var rows []contactRow
	var steps []step
	for _, statement := range s.dialect.PlanAnew() {
		steps = append(steps, step{Statement: statement})
	}
	if err := l.run(ctx, append(steps, load(ctx, l, q.bound(), &rows))...); err != nil {
		return nil, err
	}
	return convert(l, rows, (*contactRow).contact)
}

// inOrder adds the order of a list and where it goes on.
func inOrder(q Query, sort people.Sort, after people.ContactCursor) Query {
	switch {
	case sort == people.ByName && !after.ID.IsZero():
		q = q.and(" and (sort_name, id) > (?, ?)", text(after.Name), uid(after.ID))
	case sort == people.ByID && !after.ID.IsZero():
		q = q.and(" and id > ?", uid(after.ID))
	case sort == people.ByCreated && !after.ID.IsZero():
		q = q.and(" and (created_at, id) < (?, ?)", stamp(after.At), uid(after.ID))
	case !after.ID.IsZero():
		q = q.and(" and (updated_at, id) < (?, ?)", stamp(after.At), uid(after.ID))
	}
	switch sort {
	case people.ByName:
		return q.and(" order by sort_name, id")
	case people.ByID:
		return q.and(" order by id")
	case people.ByCreated:
		return q.and(" order by created_at desc, id desc")
	}
	return q.and(" order by updated_at desc, id desc")
}

// Load implements people.Tx. Like the inbox's it locks contacts before
// conversations, in the order of their ids.
func (t peopleTx) Load(ctx context.Context, need people.Need) (*people.State, error) {
	if !t.covers(need.WorkspaceID) {
		return nil, t.stranger()
	}
	ws := uid(need.WorkspaceID)
	wanted := lookupBy(byID)
	addIDs(wanted, ws, need.Contacts)
	known := lookupBy(byIdentity)
	for _, id := range need.Identities {
		known.add(ws, (*text)(&id.Kind), (*text)(&id.Value))
	}
	var owners []identityRow
	if err := t.run(ctx, find(ctx, t.link, known, "", &owners)...); err != nil {
		return nil, err
	}
	for _, owner := range owners {
		wanted.add(ws, &owner.ContactID)
	}
	var rows []contactRow
	if err := t.run(ctx, find(ctx, t.link, wanted, t.store.dialect.Lock(), &rows)...); err != nil {
		return nil, err
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
	threads, allTags, named, due, staff := lookupBy(byContact), lookupBy(byWorkspace), lookupBy(byID), lookupBy(byID), lookupBy(byID)
	if need.Threads {
		for _, c := range state.Contacts {
			threads.add(ws, (*uid)(&c.ID))
		}
	}
	if need.AllTags {
		allTags.add(ws)
	} else {
		addIDs(named, ws, need.Tags)
	}
	addIDs(due, ws, need.Tasks)
	addIDs(staff, ws, need.Members)
	settings, views, scored := lookupBy(byWorkspace), lookupBy(byID), lookupBy(byContact)
	if need.Leads {
		for _, c := range state.Contacts {
			scored.add(ws, (*uid)(&c.ID))
		}
	}
	var leads []leadRow
	if need.Settings {
		settings.add(ws)
	}
	addIDs(views, ws, need.Views)
	of, notesOf, tasksOf, merges := lookupBy(byConversation), lookupBy(byContact), lookupBy(byContact), lookupBy(byID)
	byID := lookupBy(byID)
	addIDs(byID, ws, need.Messages)
	addIDs(of, ws, need.MessagesOf)
	addIDs(notesOf, ws, need.BesideOf)
	addIDs(tasksOf, ws, need.BesideOf)
	addIDs(merges, ws, need.Merges)
	var messages []messageRow
	var notes []noteRow
	var merged []mergeRow
	var fields []fieldRow
	var pipelines []pipelineRow
	var found []viewRow
	lock := t.store.dialect.Lock()
	err = t.run(ctx, slices.Concat(
		find(ctx, t.link, scored, "", &leads),
		find(ctx, t.link, threads, lock, &conversations),
		find(ctx, t.link, allTags, "", &tags),
		find(ctx, t.link, named, "", &tags),
		find(ctx, t.link, due, lock, &tasks),
		find(ctx, t.link, staff, "", &members),
		find(ctx, t.link, settings, "", &fields),
		find(ctx, t.link, settings, "", &pipelines),
		find(ctx, t.link, views, "", &found),
		find(ctx, t.link, of, fmt.Sprint(" limit ", people.MaxMerged+1), &messages),
		find(ctx, t.link, byID, "", &messages),
		find(ctx, t.link, notesOf, "", &notes),
		find(ctx, t.link, tasksOf, "", &tasks),
		find(ctx, t.link, merges, lock, &merged),
		t.inUse(need, state),
	)...)
	if err != nil {
		return err
	}
	if state.Leads, err = convert(t.link, leads, (*leadRow).lead); err != nil {
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
	for i := range messages {
		t.sawMessage(&messages[i])
	}
	if state.Messages, err = convert(t.link, messages, (*messageRow).message); err != nil {
		return err
	}
	if state.Notes, err = convert(t.link, notes, (*noteRow).note); err != nil {
		return err
	}
	if state.Merges, err = convert(t.link, merged, (*mergeRow).merge); err != nil {
		return err
	}
	if state.Members, err = convert(t.link, members, (*memberRow).member); err != nil {
		return err
	}
	if state.Fields, err = fieldsOf(t.link, fields); err != nil {
		return err
	}
	if need.Settings {
		if state.Pipeline, err = pipelineIn(t.link, need.WorkspaceID, pipelines); err != nil {
			return err
		}
	}
	state.Views, err = convert(t.link, found, (*viewRow).view)
	return err
}
