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
	way, left, err := s.wayThrough(ctx, ws, query, tests(query))
	if err != nil {
		return nil, err
	}
	return s.page(ctx, ws, query, way.inOrder(passing(way.from, ws, left), query.Sort, query.After))
}

// page returns the first contacts of a list. That of a filter is planned for its
// values.
func (s peopleStore) page(ctx context.Context, ws crm.WorkspaceID, query people.ContactQuery, q Query) ([]*crm.Contact, error) {
	q = q.and(" limit ?", query.Limit)
	l := s.reader("list contacts", of(ws))
	switch {
	case query.Filter != nil:
		l.scope.Plan = Anew
		return list(ctx, l, q, (*contactRow).contact)
	case query.Search != "" || !query.TagID.IsZero(): // few may be found, and are to be sorted then
		return list(ctx, l, q, (*contactRow).contact)
	default:
		return inOrder(ctx, l, q, (*contactRow).contact)
	}
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
	parties := lookupBy(byID)
	addIDs(parties, ws, need.PartiesTo)
	var owners []identityRow
	var threads []conversationRow
	var twins []twinRow
	err := t.run(ctx, slices.Concat(
		find(ctx, t.link, known, "", &owners), find(ctx, t.link, parties, "", &threads), t.twinsOf(ctx, ws, need.TwinsOf, &twins))...)
	if err != nil {
		return nil, err
	}
	for _, pair := range twins {
		for _, id := range []uid{pair.ContactID, pair.OtherID} {
			if !slices.Contains(need.TwinsOf, crm.ContactID(id)) {
				wanted.add(ws, &id)
			}
		}
	}
	for _, thread := range threads {
		wanted.add(ws, &thread.ContactID)
	}
	for _, owner := range owners {
		wanted.add(ws, &owner.ContactID)
	}
	var rows []contactRow
	if err := t.run(ctx, find(ctx, t.link, wanted, t.store.dialect.Lock(), &rows)...); err != nil {
		return nil, err
	}
	state := new(people.State)
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
	mentions      []mentionRow
	fields        []fieldRow
	pipelines     []pipelineRow
	views         []viewRow
	canned        []cannedRow
	messages      []messageRow
	routings      []routingRow
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
		fill(t.link, &state.Routings, rows.routings, (*routingRow).routing),
		fill(t.link, &state.Notes, rows.notes, (*noteRow).note),
		fill(t.link, &state.Merges, rows.merges, (*mergeRow).merge),
		fill(t.link, &state.Members, rows.members, (*memberRow).member),
		fill(t.link, &state.Mentions, rows.mentions, (*mentionRow).mention),
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
	of := func(s *shape, ids []uid) *lookup {
		by := lookupBy(s)
		addIDs(by, ws, ids)
		return by
	}
	contacts := make([]uid, len(state.Contacts))
	for i, c := range state.Contacts {
		contacts[i] = uid(c.ID)
	}
	threads, scored, tags, allTags, settings, canned := lookupBy(byContact), lookupBy(byContact), lookupBy(byID), lookupBy(byWorkspace), lookupBy(byWorkspace), lookupBy(byWorkspace)
	rescore, everybody := lookupBy(byWorkspace), lookupBy(byWorkspace)
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
	if need.Everybody {
		everybody.add(ws)
	}
	if need.Canned {
		canned.add(ws)
	}
	if need.Settings {
		settings.add(ws)
	}
	var newest, mentions []step
	if need.LeadRules {
		newest = []step{t.newestRules(ctx, ws, &rows.rules)}
	}
	if !need.Mentions.MemberID.IsZero() {
		q := mentioned(from[mentionRow](t.store), need.WorkspaceID, need.Mentions).and(t.store.dialect.ClaimLock())
		mentions = []step{load(ctx, t.link, t.inline(q), &rows.mentions)}
	}
	return slices.Concat(
		newest,
		find(ctx, t.link, scored, "", &rows.leads),
		find(ctx, t.link, threads, lock, &rows.conversations),
		find(ctx, t.link, allTags, "", &rows.tags),
		find(ctx, t.link, tags, "", &rows.tags),
		find(ctx, t.link, of(byID, ids(need.Tasks)), lock, &rows.tasks),
		find(ctx, t.link, of(byID, ids(need.Members)), "", &rows.members),
		find(ctx, t.link, everybody, "", &rows.members),
		mentions,
		find(ctx, t.link, settings, "", &rows.fields),
		find(ctx, t.link, settings, "", &rows.pipelines),
		find(ctx, t.link, of(byID, ids(need.Views)), "", &rows.views),
		find(ctx, t.link, canned, "", &rows.canned),
		find(ctx, t.link, of(byConversation, ids(need.MessagesOf)), fmt.Sprint(" limit ", people.MaxMerged+1), &rows.messages),
		find(ctx, t.link, of(byConversation, ids(need.RoutingsOf)), " order by at", &rows.routings),
		find(ctx, t.link, of(byID, ids(need.Messages)), "", &rows.messages),
		find(ctx, t.link, of(byContact, ids(need.BesideOf)), "", &rows.notes),
		find(ctx, t.link, of(byContact, ids(need.BesideOf)), "", &rows.tasks),
		find(ctx, t.link, of(byID, ids(need.Merges)), lock, &rows.merges),
		find(ctx, t.link, rescore, lock, &rows.rescores),
	)
}
