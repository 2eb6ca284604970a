package bunstore

import (
	"context"
	"slices"
	"strconv"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

// cardRow is a contact, its lead and the rules that are in force.
type cardRow struct {
	contactRow

	Lead     ref    `bun:"lead_of"` // zero without a lead, as is the rest of it
	Profile  []byte `bun:"lead_profile"`
	Rules    int64  `bun:"lead_rules"`
	Total    int64  `bun:"lead_total"`
	Heat     text   `bun:"lead_temperature"`
	ScoredAt moment `bun:"lead_scored_at"`
	DueAt    moment `bun:"lead_due_at"`
	InForce  int64  `bun:"rules_in_force"`
}

// cardTexts are the statements of a card. Each but the tags' has the workspace and what
// names the contact for its arguments, and a limit where it lists.
type cardTexts struct{ head, tags, notes, tasks, conversations string }

// cardTexts returns the statements about the contact that an expression names. They are
// made once.
func (s *Store) cardTexts(which string) *cardTexts {
	if made, ok := s.cards.Load(which); ok {
		return made.(*cardTexts)
	}
	of := func(from, column, more string) string {
		return ask(from + " where workspace_id = ? and " + column + " = " + which + more).bound().SQL
	}
	tagged := "(select tag_id from contact_tags where workspace_id = ? and contact_id = " + which + ")"
	made := &cardTexts{
		head: ask("select " + columns[contactRow](s) + `,
			leads.contact_id as lead_of, leads.profile as lead_profile, coalesce(leads.rules, 0) as lead_rules, coalesce(leads.total, 0) as lead_total,
			coalesce(leads.temperature, '') as lead_temperature, leads.scored_at as lead_scored_at, leads.due_at as lead_due_at,
			coalesce((select rules from counters where counters.workspace_id = contacts.workspace_id), ` + strconv.Itoa(crm.DefaultRules) + `) as rules_in_force
			from contacts left join leads on leads.workspace_id = contacts.workspace_id and leads.contact_id = contacts.id
			where contacts.workspace_id = ? and contacts.id = ` + which).bound().SQL,
		tags:          ask(from[tagRow](s).SQL + " where workspace_id = ? and id in " + tagged).bound().SQL,
		notes:         of(from[noteRow](s).SQL, "contact_id", " order by id desc limit ?"),
		tasks:         of(from[taskRow](s).SQL, "contact_id", " and done_at is null order by id desc limit ?"),
		conversations: of(from[conversationRow](s).SQL, "contact_id", latestOfFew+" limit ?"),
	}
	s.cards.Store(which, made)
	return made
}

// lead returns the contact's lead, nil if it has none.
func (r *cardRow) lead() (*crm.Lead, error) {
	if r.Lead == (ref{}) {
		return nil, nil
	}
	l := leadRow{
		WorkspaceID: r.WorkspaceID, ContactID: r.ID, Profile: r.Profile, Rules: r.Rules,
		Total: r.Total, Temperature: r.Heat, ScoredAt: stamp(r.ScoredAt), DueAt: r.DueAt,
	}
	return l.lead()
}

// Card implements people.Store. Whose the first identity is the address book may know;
// the contact that it names must have it.
func (s peopleStore) Card(ctx context.Context, ws crm.WorkspaceID, identities []crm.Identity) (*people.Card, error) {
	if len(identities) == 0 {
		return nil, s.reader("read a contact's card", of(ws)).missing("contact")
	}
	first := identities[0]
	first.Value = clean(first.Value)
	has := func(card *people.Card) bool { return slices.Contains(card.Contact.Identities, first) }
	at := entry{uid(ws), first}
	if contact, held := s.book.get(at); held {
		card, err := s.CardByID(ctx, ws, crm.ContactID(contact))
		switch {
		case err == nil && has(card):
			return card, nil
		case err != nil && crm.CodeOf(err) != crm.NotFound:
			return nil, err
		}
		s.book.drop(at)
	}
	card, err := s.cardByIdentity(ctx, ws, identities)
	if err == nil && has(card) {
		s.book.put(at, uid(card.Contact.ID))
	}
	return card, err
}

// cardByIdentity decides inside each of the statements which contact it is, so that
// all of them go to the database together; coalesce stops at the first identity that
// finds one. It stands in a select of its own because PostgreSQL does not take
// coalesce for leakproof: beside a policy it would not use the index for it.
func (s peopleStore) cardByIdentity(ctx context.Context, ws crm.WorkspaceID, identities []crm.Identity) (*people.Card, error) {
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
	var heads []cardRow
	var tags []tagRow
	var notes []noteRow
	var tasks []taskRow
	var conversations []conversationRow
	l := s.reader("read a contact's card", of(ws))
	of := append([]any{uid(ws)}, which.Args...)
	some := append(slices.Clone(of), people.CardRows)
	texts := s.cardTexts(which.SQL)
	err := l.run(ctx,
		load(ctx, l, Statement{SQL: texts.head, Args: of}, &heads),
		load(ctx, l, Statement{SQL: texts.tags, Args: append([]any{uid(ws)}, of...)}, &tags),
		load(ctx, l, Statement{SQL: texts.notes, Args: some}, &notes),
		load(ctx, l, Statement{SQL: texts.tasks, Args: some}, &tasks),
		load(ctx, l, Statement{SQL: texts.conversations, Args: some}, &conversations))
	if err != nil {
		return nil, err
	}
	if len(heads) == 0 {
		return nil, l.missing("contact")
	}
	card := new(people.Card)
	if card.Contact, err = heads[0].contact(); err != nil {
		return nil, crm.Wrap(l.op, err)
	}
	if card.Lead, err = heads[0].lead(); err != nil {
		return nil, crm.Wrap(l.op, err)
	}
	if card.Rules, err = l.rulesSince(ctx, ws, int(heads[0].InForce)); err != nil {
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
