package bunstore

import (
	"context"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

// Load implements inbox.Tx, in four trips: what finds rows, the contacts, the
// conversations, the rest. Contacts are locked before conversations, those
// before messages, and each in the order of their ids, by every transaction, so
// that none waits for another in a circle.
func (t inboxTx) Load(ctx context.Context, need inbox.Need) (*inbox.State, error) {
	if !t.covers(need.WorkspaceID) {
		return nil, t.stranger()
	}
	found, err := t.lookUp(ctx, need)
	if err != nil {
		return nil, err
	}
	state := new(inbox.State)
	if state.Contacts, err = t.lockContacts(ctx, need.WorkspaceID, found.contacts); err != nil {
		return nil, err
	}
	if state.Conversations, err = t.lockConversations(ctx, need, found); err != nil {
		return nil, err
	}
	return state, t.loadRest(ctx, need, state)
}

// found is what the look-ups of a Load came to.
type found struct {
	contacts []uid
	threads  []uid
}

// threadRow is a conversation and whose it is.
type threadRow struct {
	bun.BaseModel `bun:"table:messages,alias:messages"`

	ConversationID uid `bun:"conversation_id"`
	ContactID      uid `bun:"contact_id"`
}

// lookUp finds the contacts and conversations that a need names in one way or
// another. It locks nothing.
func (t inboxTx) lookUp(ctx context.Context, need inbox.Need) (found, error) {
	ws := uid(need.WorkspaceID)
	var threads []threadRow
	result := found{contacts: ids(need.Contacts), threads: ids(need.Conversations)}
	var steps []step
	if len(need.Identities) > 0 {
		steps = append(steps, pick(t.inline(byIdentity(ws, need.Identities)), &result.contacts))
	}
	if len(need.Conversations) > 0 {
		q := ask("select contact_id from conversations where workspace_id = ? and id in (?)", ws, among(need.Conversations))
		steps = append(steps, pick(t.inline(q), &result.contacts))
	}
	if len(need.Provided)+len(need.Messages) > 0 {
		q := from[threadRow](t.store).and(" where workspace_id = ? and", ws).include("", byMessage(need))
		steps = append(steps, load(ctx, t.link, t.inline(q), &threads))
	}
	err := t.run(ctx, steps...)
	for _, row := range threads {
		result.contacts = append(result.contacts, row.ContactID)
		result.threads = append(result.threads, row.ConversationID)
	}
	return result, err
}

// byIdentity selects the contacts known by any of the identities.
func byIdentity(ws uid, identities []crm.Identity) Query {
	values := make(map[crm.IdentityKind][]string)
	for _, id := range identities {
		values[id.Kind] = append(values[id.Kind], id.Value)
	}
	known := anyOf("kind", "value", values, func(kind crm.IdentityKind) any { return text(kind) })
	return ask("select contact_id from identities where workspace_id = ? and", ws).include("", known)
}

// byMessage is the condition for the messages a need names.
func byMessage(need inbox.Need) Query {
	q := ask("id in (?)", among(need.Messages))
	if len(need.Provided) == 0 {
		return q
	}
	provided := byProvided(need.Provided)
	return q.and(" or ").and(provided.SQL, provided.Args...)
}

// byProvided is the condition for rows under any of the provider ids.
func byProvided(provided []inbox.Provided) Query {
	values := make(map[crm.ChannelID][]string)
	for _, p := range provided {
		values[p.ChannelID] = append(values[p.ChannelID], p.ProviderID)
	}
	return anyOf("channel_id", "provider_id", values, func(id crm.ChannelID) any { return uid(id) })
}

// anyOf is the condition that two columns hold one of the pairs, grouped by the
// first. A list of pairs would be shorter, but SQLite has none.
func anyOf[K comparable](first, second string, values map[K][]string, column func(K) any) Query {
	var q Query
	for key, list := range values {
		if q.SQL != "" {
			q = q.and(" or ")
		}
		q = q.and(first+" = ? and "+second+" in (?)", column(key), texts(list))
	}
	return q
}

// lockContacts loads and locks contacts.
func (t *tx) lockContacts(ctx context.Context, ws crm.WorkspaceID, wanted []uid) ([]*crm.Contact, error) {
	if len(wanted) == 0 {
		return nil, nil
	}
	var rows []contactRow
	q := from[contactRow](t.store).and(" where workspace_id = ? and id in (?) order by id", uid(ws), bun.List(wanted)).and(t.store.dialect.Lock())
	if err := t.run(ctx, load(ctx, t.link, t.inline(q), &rows)); err != nil {
		return nil, err
	}
	contacts, err := convert(t.link, rows, (*contactRow).contact)
	t.remember(contacts)
	return contacts, err
}

// lockConversations loads and locks the conversations that were found and those
// between a contact found and a channel named.
func (t inboxTx) lockConversations(ctx context.Context, need inbox.Need, found found) ([]*crm.Conversation, error) {
	if len(found.threads)+len(found.contacts) == 0 {
		return nil, nil
	}
	q := from[conversationRow](t.store).and(" where workspace_id = ? and (id in (?)", uid(need.WorkspaceID), bun.List(found.threads))
	if need.AllChannels {
		q = q.and(" or contact_id in (?)", bun.List(found.contacts))
	} else {
		q = q.and(" or contact_id in (?) and channel_id in (?)", bun.List(found.contacts), among(need.Channels))
	}
	q = q.and(") order by id").and(t.store.dialect.Lock())
	var rows []conversationRow
	if err := t.run(ctx, load(ctx, t.link, t.inline(q), &rows)); err != nil {
		return nil, err
	}
	return convert(t.link, rows, (*conversationRow).conversation)
}

// restRows are the rows of a Load's last trip.
type restRows struct {
	messages   []messageRow
	statuses   []statusRow
	amendments []amendmentRow
	channels   []channelRow
	members    []memberRow
	templates  []templateRow
	deliveries []deliveryRow
	answers    []answerRow
}

// loadRest loads what finds nothing else.
func (t inboxTx) loadRest(ctx context.Context, need inbox.Need, state *inbox.State) (err error) {
	var rows restRows
	if err := t.run(ctx, t.restSteps(ctx, need, state, &rows)...); err != nil {
		return err
	}
	for i := range rows.messages {
		t.messages[key{rows.messages[i].WorkspaceID, rows.messages[i].ID}] = rows.messages[i].indexed()
	}
	if state.Messages, err = convert(t.link, rows.messages, (*messageRow).message); err != nil {
		return err
	}
	if state.Statuses, err = convert(t.link, rows.statuses, (*statusRow).report); err != nil {
		return err
	}
	if state.Amendments, err = convert(t.link, rows.amendments, (*amendmentRow).amendment); err != nil {
		return err
	}
	if state.Channels, err = convert(t.link, rows.channels, t.store.opener(ctx)); err != nil {
		return err
	}
	if state.Members, err = convert(t.link, rows.members, (*memberRow).member); err != nil {
		return err
	}
	if state.Templates, err = templatesOf(t.link, rows.templates); err != nil {
		return err
	}
	if state.Deliveries, err = convert(t.link, rows.deliveries, (*deliveryRow).delivery); err != nil {
		return err
	}
	for i := range rows.answers {
		state.Answer, err = rows.answers[i].answer()
	}
	return err
}

// restSteps returns the statements of a Load's last trip.
func (t inboxTx) restSteps(ctx context.Context, need inbox.Need, state *inbox.State, rows *restRows) []step {
	var steps []step
	ws := uid(need.WorkspaceID)
	if messages := byMessage(need); len(need.Messages)+len(need.Provided) > 0 || need.Pending && len(state.Conversations) > 0 {
		if need.Pending {
			messages = messages.and(" or provider_id is null and direction = 'outbound' and conversation_id in (?)", bun.List(threadsOf(state)))
		}
		q := from[messageRow](t.store).and(" where workspace_id = ? and", ws).include("", messages).and(" order by id").and(t.store.dialect.Lock())
		steps = append(steps, load(ctx, t.link, t.inline(q), &rows.messages))
	}
	if len(need.Provided) > 0 {
		provided := byProvided(need.Provided)
		statuses := from[statusRow](t.store).and(" where workspace_id = ? and", ws).include("", provided).and(" order by at, status")
		amendments := from[amendmentRow](t.store).and(" where workspace_id = ? and", ws).include("", provided).and(" order by at, source_id")
		steps = append(steps, load(ctx, t.link, t.inline(statuses), &rows.statuses), load(ctx, t.link, t.inline(amendments), &rows.amendments))
	}
	if need.AllChannels {
		q := from[channelRow](t.store).and(" where workspace_id = ? order by id", ws)
		steps = append(steps, load(ctx, t.link, t.inline(q), &rows.channels))
	} else if len(need.Channels) > 0 {
		steps = append(steps, load(ctx, t.link, t.inline(byIDs[channelRow](t.store, ws, ids(need.Channels))), &rows.channels))
	}
	if len(need.Members) > 0 {
		steps = append(steps, load(ctx, t.link, t.inline(byIDs[memberRow](t.store, ws, ids(need.Members))), &rows.members))
	}
	if len(need.TemplateNames) > 0 {
		q := from[templateRow](t.store).and(" where workspace_id = ? and name in (?)", ws, texts(need.TemplateNames))
		if !need.AllChannels {
			q = q.and(" and channel_id in (?)", among(need.Channels))
		}
		steps = append(steps, load(ctx, t.link, t.inline(q), &rows.templates))
	}
	if len(need.Deliveries) > 0 {
		keys := make([][]byte, len(need.Deliveries))
		for i := range need.Deliveries {
			keys[i] = need.Deliveries[i][:]
		}
		q := from[deliveryRow](t.store).and(" where workspace_id = ? and key in (?) order by id", ws, bun.List(keys))
		steps = append(steps, load(ctx, t.link, t.inline(q), &rows.deliveries))
	}
	if need.Answer != "" {
		q := from[answerRow](t.store).and(" where workspace_id = ? and key = ?", ws, text(need.Answer))
		steps = append(steps, load(ctx, t.link, t.inline(q), &rows.answers))
	}
	return steps
}

// byIDs selects rows of a workspace by their ids, in the order of these.
func byIDs[R any](s *Store, ws uid, wanted []uid) Query {
	return from[R](s).and(" where workspace_id = ? and id in (?) order by id", ws, bun.List(wanted))
}

func threadsOf(state *inbox.State) []uid {
	threads := make([]uid, len(state.Conversations))
	for i, c := range state.Conversations {
		threads[i] = uid(c.ID)
	}
	return threads
}
