package bunstore

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

type messageRow struct {
	bun.BaseModel `bun:"table:messages,alias:messages"`

	WorkspaceID    uid    `bun:"workspace_id,pk"`
	ID             uid    `bun:"id,pk"`
	ConversationID uid    `bun:"conversation_id"`
	ChannelID      uid    `bun:"channel_id"`
	ContactID      uid    `bun:"contact_id"`
	Direction      text   `bun:"direction"`
	AuthorKind     text   `bun:"author_kind"`
	AuthorID       text   `bun:"author_id"`
	Kind           text   `bun:"kind"`
	Content        text   `bun:"content"` // JSON
	ProviderID     word   `bun:"provider_id"`
	Status         text   `bun:"status"`
	Error          word   `bun:"error"` // JSON
	ReplyTo        text   `bun:"reply_to"`
	Forwarded      bool   `bun:"forwarded"`
	ProviderTime   stamp  `bun:"provider_time"`
	Ingest         int64  `bun:"ingest"`
	EditedAt       moment `bun:"edited_at"`
	RevokedAt      moment `bun:"revoked_at"`
	CreatedAt      stamp  `bun:"created_at"`
}

func messageOf(m *crm.Message) (messageRow, error) {
	content, err := crm.EncodeContent(m.Content)
	if err != nil {
		return messageRow{}, err
	}
	problem, err := optionalJSON(m.Error)
	if err != nil {
		return messageRow{}, err
	}
	return messageRow{
		WorkspaceID: uid(m.WorkspaceID), ID: uid(m.ID), ConversationID: uid(m.ConversationID),
		ChannelID: uid(m.ChannelID), ContactID: uid(m.ContactID), Direction: text(m.Direction),
		AuthorKind: text(m.Author.Kind), AuthorID: text(m.Author.ID),
		Kind: text(m.Content.Kind()), Content: text(content), ProviderID: word(m.ProviderID),
		Status: text(m.Status), Error: problem, ReplyTo: text(m.ReplyTo), Forwarded: m.Forwarded,
		ProviderTime: stamp(m.ProviderTime), Ingest: m.Ingest,
		EditedAt: moment(m.EditedAt), RevokedAt: moment(m.RevokedAt), CreatedAt: stamp(m.CreatedAt),
	}, nil
}

func (r *messageRow) message() (*crm.Message, error) {
	content, err := crm.DecodeContent(crm.ContentKind(r.Kind), []byte(r.Content))
	if err != nil {
		return nil, err
	}
	m := &crm.Message{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ID: crm.MessageID(r.ID), ConversationID: crm.ConversationID(r.ConversationID),
		ChannelID: crm.ChannelID(r.ChannelID), ContactID: crm.ContactID(r.ContactID), Direction: crm.Direction(r.Direction),
		Author:  crm.Actor{Kind: crm.ActorKind(r.AuthorKind), ID: string(r.AuthorID)},
		Content: content, ProviderID: string(r.ProviderID), Status: crm.MessageStatus(r.Status),
		ReplyTo: string(r.ReplyTo), Forwarded: r.Forwarded, ProviderTime: time.Time(r.ProviderTime), Ingest: r.Ingest,
		EditedAt: time.Time(r.EditedAt), RevokedAt: time.Time(r.RevokedAt), CreatedAt: time.Time(r.CreatedAt),
	}
	return m, readOptional(r.Error, &m.Error)
}

// optionalJSON encodes what value points to, nothing for nil.
func optionalJSON[T any](value *T) (word, error) {
	if value == nil {
		return "", nil
	}
	encoded, err := json.Marshal(value)
	return word(encoded), err
}

// readOptional is the inverse of optionalJSON.
func readOptional[T any](encoded word, into **T) error {
	if encoded == "" {
		return nil
	}
	return json.Unmarshal([]byte(encoded), into)
}

// inThread is the condition that a message's conversation is there. The messages
// of a contact that is being erased stay for a while behind their conversations.
const inThread = " and exists (select 1 from conversations where conversations.workspace_id = messages.workspace_id and conversations.id = messages.conversation_id)"

// indexed is what of a message decides what it is found by.
type indexed struct {
	worded
	placed
}

// worded is what it is searched by, but for its thread.
type worded struct {
	kind, content text
	revoked       bool
}

// placed is what its indexes hold.
type placed struct {
	thread, channel  uid
	providerID       word
	provided, ingest int64
}

// placedBy are the columns of placed.
const placedBy = "conversation_id channel_id provider_id provider_time ingest"

func (r *messageRow) indexed() indexed {
	return indexed{
		worded{kind: r.Kind, content: r.Content, revoked: !time.Time(r.RevokedAt).IsZero()},
		placed{thread: r.ConversationID, channel: r.ChannelID, providerID: r.ProviderID, provided: time.Time(r.ProviderTime).UnixMilli(), ingest: r.Ingest},
	}
}

// sawMessage remembers how a message is stored.
func (t *tx) sawMessage(r *messageRow) {
	t.messages[key{r.WorkspaceID, r.ID}] = r.indexed()
	if r.ProviderID != "" {
		t.seen.messages[underOf(crm.WorkspaceID(r.WorkspaceID), crm.ChannelID(r.ChannelID), string(r.ProviderID))] = true
	}
}

// messages inserts and replaces messages, most of them where they are: one that was
// sent is written again for each status. It makes their words findable and hands the
// ones that got their provider's id now the reports that waited for it.
func (b *batch) messages(messages []*crm.Message, named map[under]crm.Direction) {
	messages = slices.SortedFunc(slices.Values(messages), func(a, m *crm.Message) int {
		return cmp.Or(a.WorkspaceID.Compare(m.WorkspaceID), a.ID.Compare(m.ID))
	})
	rows := rowsOf(b, messages, messageOf)
	var come, stay []messageRow
	var docs []Document
	answered := lookupBy(byProvided)
	for i := range rows {
		m, row := messages[i], &rows[i]
		now := row.indexed()
		before, known := b.t.messages[key{row.WorkspaceID, row.ID}]
		if known && before.placed == now.placed {
			stay = append(stay, *row)
		} else {
			come = append(come, *row)
		}
		if before.worded != now.worded || before.thread != now.thread {
			docs = append(docs, documentOf(m, known))
		}
		b.t.messages[key{row.WorkspaceID, row.ID}] = now
		if named[underOf(m.WorkspaceID, m.ChannelID, m.ProviderID)] == crm.Outbound {
			answered.add(row.WorkspaceID, &row.ChannelID, (*text)(&m.ProviderID))
		}
	}
	put(b, come, replaceByID)
	insert(b, stay, upsert{on: replaceByID, keeps: placedBy}, nil)
	b.named("update statuses set message_id = (select id from messages where messages.workspace_id = statuses.workspace_id"+
		" and messages.channel_id = statuses.channel_id and messages.provider_id = statuses.provider_id)", answered, " and message_id is null")
	b.index(docs)
}

// documentOf returns what a message is found by: nothing once it is taken back.
func documentOf(m *crm.Message, known bool) Document {
	doc := Document{WorkspaceID: m.WorkspaceID, Subject: m.ID, Found: m.ConversationID, Known: known}
	if m.RevokedAt.IsZero() {
		doc.Tokens = wordsOf(searchable(m.Content), maxWords)
	}
	return doc
}

// index makes documents findable.
func (b *batch) index(docs []Document) {
	for _, q := range b.t.store.dialect.Index(docs) {
		if q.Bound {
			b.add(step{Statement: q.bound()})
		} else {
			b.do(q.SQL, q.Args...)
		}
	}
}
