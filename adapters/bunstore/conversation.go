package bunstore

import (
	"cmp"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

// conversationRow is a line of the inbox list as it stands.
type conversationRow struct {
	bun.BaseModel `bun:"table:conversations,alias:conversations"`

	WorkspaceID   uid    `bun:"workspace_id,pk"`
	ID            uid    `bun:"id,pk"`
	ChannelID     uid    `bun:"channel_id"`
	ContactID     uid    `bun:"contact_id"`
	Status        text   `bun:"status"`
	SnoozedUntil  moment `bun:"snoozed_until"`
	AssigneeID    uid    `bun:"assignee_id"` // zero for nobody, so that "nobody's" is an index range too
	RoutedAt      moment `bun:"routed_at"`
	RoutedFor     text   `bun:"routed_for"`
	Mode          text   `bun:"mode"`
	Unread        int    `bun:"unread"`
	LastInbound   moment `bun:"last_inbound"`
	WaitingSince  moment `bun:"waiting_since"`
	ProfileAt     moment `bun:"profile_at"`
	CreatedAt     stamp  `bun:"created_at"`
	UpdatedAt     stamp  `bun:"updated_at"`
	ContactName   text   `bun:"contact_name"`
	ContactHandle text   `bun:"contact_handle"`
	Temperature   text   `bun:"temperature"`
	LastMessageID ref    `bun:"last_message_id"`
	LastMessageAt stamp  `bun:"last_message_at"`
	LastIngest    int64  `bun:"last_ingest"`
	LastDirection text   `bun:"last_direction"`
	LastStatus    text   `bun:"last_status"`
	LastPreview   text   `bun:"last_preview"`
}

func conversationOf(c *crm.Conversation) (conversationRow, error) {
	return conversationRow{
		WorkspaceID: uid(c.WorkspaceID), ID: uid(c.ID), ChannelID: uid(c.ChannelID), ContactID: uid(c.ContactID),
		Status: text(c.Status), SnoozedUntil: moment(c.SnoozedUntil), AssigneeID: uid(c.AssigneeID), RoutedAt: moment(c.RoutedAt), RoutedFor: text(c.RoutedFor), Mode: text(c.Mode),
		Unread: c.Unread, LastInbound: moment(c.LastInbound), WaitingSince: moment(c.WaitingSince), ProfileAt: moment(c.ProfileAt), CreatedAt: stamp(c.CreatedAt), UpdatedAt: stamp(c.UpdatedAt),
		ContactName: text(c.ContactName), ContactHandle: text(c.ContactHandle), Temperature: text(c.Temperature),
		LastMessageID: ref(c.LastMessage.ID), LastMessageAt: stamp(c.LastMessage.At), LastIngest: c.LastMessage.Ingest,
		LastDirection: text(c.LastMessage.Direction), LastStatus: text(c.LastMessage.Status), LastPreview: text(c.LastMessage.Preview),
	}, nil
}

func (r *conversationRow) conversation() (*crm.Conversation, error) {
	return &crm.Conversation{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ID: crm.ConversationID(r.ID),
		ChannelID: crm.ChannelID(r.ChannelID), ContactID: crm.ContactID(r.ContactID),
		Status: crm.ConversationStatus(r.Status), SnoozedUntil: time.Time(r.SnoozedUntil),
		AssigneeID: crm.MemberID(r.AssigneeID), RoutedAt: time.Time(r.RoutedAt), RoutedFor: string(r.RoutedFor), Mode: crm.Mode(r.Mode), Unread: r.Unread, LastInbound: time.Time(r.LastInbound), WaitingSince: time.Time(r.WaitingSince), ProfileAt: time.Time(r.ProfileAt),
		CreatedAt: time.Time(r.CreatedAt), UpdatedAt: time.Time(r.UpdatedAt),
		ContactName: string(r.ContactName), ContactHandle: string(r.ContactHandle), Temperature: crm.Temperature(r.Temperature),
		LastMessage: crm.LastMessage{
			ID: crm.MessageID(r.LastMessageID), At: time.Time(r.LastMessageAt), Ingest: r.LastIngest,
			Direction: crm.Direction(r.LastDirection), Status: crm.MessageStatus(r.LastStatus), Preview: string(r.LastPreview),
		},
	}, nil
}

// conversations replaces conversations, but for whose they are (see part). One whose
// last message was numbered here learns its number.
func (b *batch) conversations(conversations []*crm.Conversation) {
	ingest := make(map[crm.MessageID]int64, len(b.t.numbered))
	for _, m := range b.t.numbered {
		ingest[m.ID] = m.Ingest
	}
	conversations = slices.SortedFunc(slices.Values(conversations), func(a, c *crm.Conversation) int {
		return cmp.Or(a.WorkspaceID.Compare(c.WorkspaceID), a.ID.Compare(c.ID))
	})
	for _, c := range conversations {
		if number, fresh := ingest[c.LastMessage.ID]; fresh {
			c.LastMessage.Ingest = number
		}
	}
	rows := rowsOf(b, conversations, conversationOf)
	putFresh(b, rows, func(r *conversationRow) key { return key{r.WorkspaceID, r.ID} }, upsert{on: replaceByID, keeps: "channel_id contact_id"})
	b.t.told.threads = append(b.t.told.threads, rows...)
}
