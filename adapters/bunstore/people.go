package bunstore

import (
	"context"
	"errors"
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
	if asked := nameAsked(query.Search); asked != "" {
		return s.search(ctx, ws, query, asked)
	}
	q := from[contactRow](s.Store).and(" where workspace_id = ?", uid(ws))
	q = inOrder(fitting(q, ws, query), query.Sort, query.After)
	return s.page(ctx, ws, query, q)
}

// fitting adds the conditions of a query but for what it searches.
func fitting(q Query, ws crm.WorkspaceID, query people.ContactQuery) Query {
	if !query.TagID.IsZero() {
		q = q.and(" and id in (select contact_id from contact_tags where workspace_id = ? and tag_id = ?)", uid(ws), uid(query.TagID))
	}
	if query.LeadStatus != "" {
		q = q.and(" and lead_status = ?", text(query.LeadStatus))
	}
	if query.Filter != nil {
		q = filtered(q, ws, *query.Filter)
	}
	return q
}

// page returns the first contacts of a list. That of a filter is planned for its
// values.
func (s peopleStore) page(ctx context.Context, ws crm.WorkspaceID, query people.ContactQuery, q Query) ([]*crm.Contact, error) {
	q = q.and(" limit ?", query.Limit)
	l := s.reader("list contacts", of(ws))
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
	case sort == people.ByScore && !after.ID.IsZero():
		q = q.and(" and (score, id) < (?, ?)", after.Score, uid(after.ID))
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
	case people.ByScore:
		return q.and(" order by score desc, id desc")
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

// besideRows are the rows that are loaded beside contacts.
type besideRows struct {
	leads         []leadRow
	conversations []conversationRow
	tags          []tagRow
	tasks         []taskRow
	members       []memberRow
	fields        []fieldRow
	pipelines     []pipelineRow
	views         []viewRow
	canned        []cannedRow
	messages      []messageRow
	notes         []noteRow
	merges        []mergeRow
	rules         []rulesRow
	rescores      []rescoreRow
}

// loadRest loads what stands beside the contacts that were found, and what a need
// names by itself.
func (t peopleTx) loadRest(ctx context.Context, need people.Need, state *people.State) (err error) {
	if need.Leads {
		if state.Rules, err = t.rulesSince(ctx, need.WorkspaceID, need.Version); err != nil {
			t.note(err)
			return err
		}
	}
	var rows besideRows
	if err := t.run(ctx, append(t.besideSteps(ctx, need, state, &rows), t.inUse(need, state)...)...); err != nil {
		return err
	}
	for i := range rows.messages {
		t.sawMessage(&rows.messages[i])
	}
	if state.Tags, err = tagsOf(t.link, rows.tags); err != nil {
		return err
	}
	if state.Fields, err = fieldsOf(t.link, rows.fields); err != nil {
		return err
	}
	if need.Settings {
		if state.Pipeline, err = pipelineIn(t.link, need.WorkspaceID, rows.pipelines); err != nil {
			return err
		}
	}
	for i := range rows.rules {
		if state.LeadRules, err = rows.rules[i].rules(); err != nil {
			return err
		}
	}
	for i := range rows.rescores {
		if state.Rescore, err = rows.rescores[i].rescore(); err != nil {
			return err
		}
	}
	return errors.Join(
		fill(t.link, &state.Leads, rows.leads, (*leadRow).lead),
		fill(t.link, &state.Conversations, rows.conversations, t.conversation),
		fill(t.link, &state.Tasks, rows.tasks, (*taskRow).task),
		fill(t.link, &state.Messages, rows.messages, (*messageRow).message),
		fill(t.link, &state.Notes, rows.notes, (*noteRow).note),
		fill(t.link, &state.Merges, rows.merges, (*mergeRow).merge),
		fill(t.link, &state.Members, rows.members, (*memberRow).member),
		fill(t.link, &state.Views, rows.views, (*viewRow).view),
		fill(t.link, &state.Canned, rows.canned, (*cannedRow).canned),
	)
}

// fill converts rows into a list of nouns.
func fill[R, N any](l link, list *[]N, rows []R, noun func(*R) (N, error)) (err error) {
	*list, err = convert(l, rows, noun)
	return err
}

// besideSteps returns the statements of loadRest. What is locked is locked in their
// order, by every transaction.
func (t peopleTx) besideSteps(ctx context.Context, need people.Need, state *people.State, rows *besideRows) []step {
	ws, lock := uid(need.WorkspaceID), t.store.dialect.Lock()
	of := func(s shape, ids []uid) *lookup {
		by := lookupBy(s)
		addIDs(by, ws, ids)
		return by
	}
	contacts := make([]uid, len(state.Contacts))
	for i, c := range state.Contacts {
		contacts[i] = uid(c.ID)
	}
	threads, scored, tags, allTags, settings, canned := lookupBy(byContact), lookupBy(byContact), lookupBy(byID), lookupBy(byWorkspace), lookupBy(byWorkspace), lookupBy(byWorkspace)
	rescore := lookupBy(byWorkspace)
	if need.Rescore {
		rescore.add(ws)
	}
	if need.Threads {
		addIDs(threads, ws, contacts)
		t.sawAll(contacts)
	}
	if need.Leads {
		addIDs(scored, ws, contacts)
	}
	if need.AllTags {
		allTags.add(ws)
	} else {
		addIDs(tags, ws, need.Tags)
	}
	if need.Canned {
		canned.add(ws)
	}
	if need.Settings {
		settings.add(ws)
	}
	var newest []step
	if need.LeadRules {
		newest = []step{t.newestRules(ctx, ws, &rows.rules)}
	}
	return slices.Concat(
		newest,
		find(ctx, t.link, scored, "", &rows.leads),
		find(ctx, t.link, threads, lock, &rows.conversations),
		find(ctx, t.link, allTags, "", &rows.tags),
		find(ctx, t.link, tags, "", &rows.tags),
		find(ctx, t.link, of(byID, ids(need.Tasks)), lock, &rows.tasks),
		find(ctx, t.link, of(byID, ids(need.Members)), "", &rows.members),
		find(ctx, t.link, settings, "", &rows.fields),
		find(ctx, t.link, settings, "", &rows.pipelines),
		find(ctx, t.link, of(byID, ids(need.Views)), "", &rows.views),
		find(ctx, t.link, canned, "", &rows.canned),
		find(ctx, t.link, of(byConversation, ids(need.MessagesOf)), fmt.Sprint(" limit ", people.MaxMerged+1), &rows.messages),
		find(ctx, t.link, of(byID, ids(need.Messages)), "", &rows.messages),
		find(ctx, t.link, of(byContact, ids(need.BesideOf)), "", &rows.notes),
		find(ctx, t.link, of(byContact, ids(need.BesideOf)), "", &rows.tasks),
		find(ctx, t.link, of(byID, ids(need.Merges)), lock, &rows.merges),
		find(ctx, t.link, rescore, lock, &rows.rescores),
	)
}
