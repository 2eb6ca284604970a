package bunstore

import (
	"context"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

// Card implements people.Store. Which contact it is is decided inside each of
// the statements, so that all of them go to the database together; coalesce
// stops at the first identity that finds one. It stands in a select of its own
// because PostgreSQL does not take coalesce for leakproof: beside a policy it
// would not use the index for it.
func (s peopleStore) Card(ctx context.Context, ws crm.WorkspaceID, identities []crm.Identity) (*people.Card, error) {
	if len(identities) == 0 {
		return nil, s.reader("read a contact's card", of(ws)).missing("contact")
	}
	which := ask("(select coalesce(")
	for _, id := range identities {
		which = which.and("(select contact_id from identities where workspace_id = ? and kind = ? and value = ?), ", uid(ws), text(id.Kind), text(id.Value))
	}
	return s.card(ctx, ws, which.and("null))"))
}

// CardByID implements people.Store.
func (s peopleStore) CardByID(ctx context.Context, ws crm.WorkspaceID, id crm.ContactID) (*people.Card, error) {
	return s.card(ctx, ws, ask("?", uid(id)))
}

// card reads what stands beside the contact that which names.
func (s peopleStore) card(ctx context.Context, ws crm.WorkspaceID, which Query) (*people.Card, error) {
	var contacts []contactRow
	var leads []leadRow
	var rules []int
	var tags []tagRow
	var notes []noteRow
	var tasks []taskRow
	var conversations []conversationRow
	l := s.reader("read a contact's card", of(ws))
	of := func(q Query, column string) Query {
		return q.and(" where workspace_id = ? and "+column+" = ", uid(ws)).and(which.SQL, which.Args...)
	}
	tagged := of(ask("select tag_id from contact_tags"), "contact_id")
	err := l.run(ctx,
		load(ctx, l, of(from[contactRow](s.Store), "id").bound(), &contacts),
		load(ctx, l, of(from[leadRow](s.Store), "contact_id").bound(), &leads),
		pick(ask("select rules from counters where workspace_id = ?", uid(ws)).bound(), &rules),
		load(ctx, l, from[tagRow](s.Store).and(" where workspace_id = ? and id in", uid(ws)).include("", tagged).bound(), &tags),
		load(ctx, l, of(from[noteRow](s.Store), "contact_id").and(" order by id desc limit ?", people.CardRows).bound(), &notes),
		load(ctx, l, of(from[taskRow](s.Store), "contact_id").and(" and done_at is null order by id desc limit ?", people.CardRows).bound(), &tasks),
		load(ctx, l, of(from[conversationRow](s.Store), "contact_id").and(latestOfOne+" limit ?", people.CardRows).bound(), &conversations))
	if err != nil {
		return nil, err
	}
	if len(contacts) == 0 {
		return nil, l.missing("contact")
	}
	card := new(people.Card)
	if card.Contact, err = contacts[0].contact(); err != nil {
		return nil, crm.Wrap(l.op, err)
	}
	for i := range leads {
		if card.Lead, err = leads[i].lead(); err != nil {
			return nil, crm.Wrap(l.op, err)
		}
	}
	version := crm.DefaultRules // nothing has happened in the workspace yet
	if len(rules) > 0 {
		version = rules[0]
	}
	if card.Rules, err = l.rulesSince(ctx, ws, version); err != nil {
		return nil, err
	}
	if card.Tags, err = tagsOf(l, tags); err != nil {
		return nil, err
	}
	if card.Notes, err = convert(l, notes, (*noteRow).note); err != nil {
		return nil, err
	}
	if card.Tasks, err = convert(l, tasks, (*taskRow).task); err != nil {
		return nil, err
	}
	card.Conversations, err = convert(l, conversations, (*conversationRow).conversation)
	return card, err
}
