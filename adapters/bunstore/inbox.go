package bunstore

import (
	"context"
	"slices"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

type inboxStore struct{ *Store }

// inboxTx is a transaction as the inbox sees it.
type inboxTx struct{ *tx }

// Update implements inbox.Store. The zero workspace, whose only rows are the
// operator's journal, is in every scope: a request nobody's is journalled
// beside the ones it came with.
func (s inboxStore) Update(ctx context.Context, workspaces []crm.WorkspaceID, fn func(context.Context, inbox.Tx) error) error {
	scope := Scope{Workspaces: append([]crm.WorkspaceID{{}}, workspaces...)}
	return s.transact(ctx, "update the inbox", scope, func(ctx context.Context, t *tx) error {
		return fn(ctx, inboxTx{t})
	})
}

// Conversation implements inbox.Threads.
func (s inboxStore) Conversation(ctx context.Context, ws crm.WorkspaceID, id crm.ConversationID) (*crm.Conversation, *crm.Contact, error) {
	l := s.reader("read a conversation", of(ws))
	var conversations []conversationRow
	var contacts []contactRow
	err := l.run(ctx,
		load(ctx, l, from[conversationRow](s.Store).and(" where workspace_id = ? and id = ?", uid(ws), uid(id)).bound(), &conversations),
		load(ctx, l, from[contactRow](s.Store).and(" where workspace_id = ?", uid(ws)).
			and(" and id = (select contact_id from conversations where workspace_id = ? and id = ?)", uid(ws), uid(id)).bound(), &contacts))
	if err != nil {
		return nil, nil, err
	}
	if len(conversations) == 0 || len(contacts) == 0 {
		return nil, nil, l.missing("conversation")
	}
	conversation, err := conversations[0].conversation()
	if err != nil {
		return nil, nil, crm.Wrap(l.op, err)
	}
	contact, err := contacts[0].contact()
	return conversation, contact, crm.Wrap(l.op, err)
}

// latest is the order of conversations, latestOfFew that of those that are sorted: of
// one contact, or found before. The plus keeps an index of the whole list from being
// taken for its order, along which SQLite walked a workspace.
const (
	latest      = " order by last_message_at desc, id desc"
	latestOfFew = " order by +last_message_at desc, id desc"
)

// Conversations implements inbox.Threads.
func (s inboxStore) Conversations(ctx context.Context, ws crm.WorkspaceID, query inbox.ConversationQuery) ([]*crm.Conversation, error) {
	scope, few := of(ws), !query.ContactID.IsZero()
	q := fitting(from[conversationRow](s.Store).and(" where workspace_id = ?", uid(ws)), query)
	if !query.TagID.IsZero() {
		tagged, rare, err := s.tagged(ctx, q, ws, query.TagID)
		if err != nil {
			return nil, err
		}
		q, few = tagged, few || rare
	}
	if query.Search != "" && !few {
		if page, met, err := s.near(ctx, ws, q, query); err != nil || met {
			return page, err
		}
	}
	if query.Search != "" {
		found, rare, expression, err := s.searchConversations(ctx, q, ws, query.Search)
		if err != nil {
			return nil, err
		}
		q, few, scope.Search = found, few || rare, expression
	}
	q = following(q, query.After)
	l := s.reader("list conversations", scope)
	switch {
	case few:
		return list(ctx, l, q.and(latestOfFew+" limit ?", query.Limit), (*conversationRow).conversation)
	case scope.Search != "":
		return list(ctx, l, q.and(latest+" limit ?", query.Limit), (*conversationRow).conversation)
	default:
		return inOrder(ctx, l, q.and(latest+" limit ?", query.Limit), (*conversationRow).conversation)
	}
}

// fitting adds the conditions about a conversation itself.
func fitting(q Query, query inbox.ConversationQuery) Query {
	if query.Status != "" {
		q = q.and(" and status = ?", text(query.Status))
	}
	if query.Unassigned {
		q = q.and(" and assignee_id = ?", uid{})
	} else if !query.AssigneeID.IsZero() {
		q = q.and(" and assignee_id = ?", uid(query.AssigneeID))
	}
	if !query.ChannelID.IsZero() {
		q = q.and(" and channel_id = ?", uid(query.ChannelID))
	}
	if !query.ContactID.IsZero() {
		q = q.and(" and contact_id = ?", uid(query.ContactID))
	}
	if query.Unread {
		q = q.and(" and unread > 0")
	}
	if query.Temperature != "" {
		q = q.and(" and temperature = ?", text(query.Temperature))
		if query.Temperature != crm.Cold { // what the index has, said so that it is used whatever the argument
			q = q.and(" and temperature in ('hot', 'warm')")
		}
	}
	return q
}

// tagged returns a query for conversations of contacts with a tag. If few have it
// they are looked up, and their conversations sorted; of many a page is met soon
// enough in the list's own order.
func (s inboxStore) tagged(ctx context.Context, q Query, ws crm.WorkspaceID, tag crm.TagID) (_ Query, few bool, err error) {
	have := ask("select contact_id from contact_tags where workspace_id = ? and tag_id = ?", uid(ws), uid(tag))
	var found []int
	count := ask("select count(contact_id) from").include("", have.and(" limit ?", manyFound)).and(" as seen")
	if err := s.reader("count who has a tag", of(ws)).run(ctx, pick(count.bound(), &found)); err != nil {
		return Query{}, false, err
	}
	if found[0] < manyFound {
		return q.and(" and contact_id in").include("", have), true, nil
	}
	return q.and(" and exists (select 1 from contact_tags where workspace_id = ? and tag_id = ? and contact_id = conversations.contact_id limit 1 offset 0)",
		uid(ws), uid(tag)), false, nil // the offset: see question
}

// Message implements inbox.Threads.
func (s inboxStore) Message(ctx context.Context, ws crm.WorkspaceID, id crm.MessageID) (*crm.Message, error) {
	q := from[messageRow](s.Store).and(" where workspace_id = ? and id = ?"+inThread, uid(ws), uid(id))
	return one(ctx, s.reader("read a message", of(ws)), q, "message", (*messageRow).message)
}

// Messages implements inbox.Threads.
func (s inboxStore) Messages(ctx context.Context, ws crm.WorkspaceID, query inbox.MessageQuery) ([]*crm.Message, error) {
	q := from[messageRow](s.Store).and(" where workspace_id = ? and conversation_id = ?", uid(ws), uid(query.ConversationID)).
		and(" and exists (select 1 from conversations where workspace_id = ? and id = ?)", uid(ws), uid(query.ConversationID)) // see inThread
	if after := query.After; after.Ingest != 0 {
		q = q.and(" and (provider_time, ingest) < (?, ?)", stamp(after.At), after.Ingest)
	}
	q = q.and(" order by provider_time desc, ingest desc limit ?", query.Limit)
	return inOrder(ctx, s.reader("list messages", of(ws)), q, (*messageRow).message)
}

// Quoted implements inbox.Threads. The conversation is compared here: were it a
// condition of the statement, a database might read all of the conversation instead
// of looking the ids up.
func (s inboxStore) Quoted(ctx context.Context, ws crm.WorkspaceID, query inbox.QuotedQuery) ([]*crm.Message, error) {
	l := s.reader("read quoted messages", of(ws))
	by := lookupBy(byProvided)
	for _, id := range query.ProviderIDs {
		by.add(uid(ws), (*uid)(&query.ChannelID), (*text)(&id))
	}
	var rows []messageRow
	if err := l.run(ctx, find(ctx, l, by, inThread, &rows)...); err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r messageRow) bool { return r.ConversationID != uid(query.ConversationID) })
	return convert(l, rows, (*messageRow).message)
}

// Snoozed implements inbox.Threads.
func (s inboxStore) Snoozed(ctx context.Context, now time.Time, limit int) ([]*crm.Conversation, error) {
	q := from[conversationRow](s.Store).
		and(" where status = 'snoozed' and snoozed_until <= ? order by snoozed_until limit ?", stamp(now), limit)
	return list(ctx, s.reader("find ended snoozes", everywhere), q, (*conversationRow).conversation)
}
