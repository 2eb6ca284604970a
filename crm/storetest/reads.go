package storetest

import (
	"context"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/people"
)

// everyRead calls each method that reads, and gives its error to check.
func (w *world) everyRead(t *testing.T, ctx context.Context, check func(what string, err error)) {
	t.Helper()
	c, now := w.ours, w.clock.Now()
	read, lead, dir := w.store.Inbox(), w.store.People(), w.store.Directory()
	for what, call := range map[string]func() error{
		"Conversation": func() error { _, _, err := read.Conversation(ctx, c.ws, c.conversation.ID); return err },
		"Conversations": func() error {
			_, err := read.Conversations(ctx, c.ws, inbox.ConversationQuery{Limit: 1})
			return err
		},
		"Message": func() error { _, err := read.Message(ctx, c.ws, c.message.ID); return err },
		"Messages": func() error {
			_, err := read.Messages(ctx, c.ws, inbox.MessageQuery{ConversationID: c.conversation.ID, Limit: 1})
			return err
		},
		"Quoted": func() error {
			_, err := read.Quoted(ctx, c.ws, inbox.QuotedQuery{ConversationID: c.conversation.ID, ChannelID: c.Channel.ID, ProviderIDs: []string{c.message.ProviderID}})
			return err
		},
		"Snoozed":    func() error { _, err := read.Snoozed(ctx, now, 1); return err },
		"Deliveries": func() error { _, err := read.Deliveries(ctx, c.ws, inbox.DeliveryQuery{Limit: 1}); return err },
		"Delivery":   func() error { _, err := read.Delivery(ctx, c.ws, c.delivery.ID); return err },
		"Templates":  func() error { _, err := read.Templates(ctx, c.ws, c.Channel.ID); return err },
		"Card":       func() error { _, err := lead.Card(ctx, c.ws, c.contact.Identities); return err },
		"CardByID":   func() error { _, err := lead.CardByID(ctx, c.ws, c.contact.ID); return err },
		"Contacts":   func() error { _, err := lead.Contacts(ctx, c.ws, people.ContactQuery{Limit: 1}); return err },
		"Tags":       func() error { _, err := lead.Tags(ctx, c.ws); return err },
		"Notes":      func() error { _, err := lead.Notes(ctx, c.ws, c.contact.ID, crm.NoteID{}, 1); return err },
		"Tasks":      func() error { _, err := lead.Tasks(ctx, c.ws, people.TaskQuery{Limit: 1}); return err },
		"Claim":      func() error { _, _, err := w.store.Outbox().Claim(ctx, w.claiming(1)); return err },
		"Depth":      func() error { _, _, err := w.store.Outbox().Depth(ctx); return err },
		"Facts":      func() error { _, err := w.store.Feed().Facts(ctx, c.ws, 0, 1); return err },
		"Bounds":     func() error { _, _, err := w.store.Feed().Bounds(ctx, c.ws); return err },
		"Workspace":  func() error { _, err := dir.Workspace(ctx, c.ws); return err },
		"Workspaces": func() error { _, err := dir.Workspaces(ctx); return err },
		"Member":     func() error { _, err := dir.Member(ctx, c.ws, c.Owner.ID); return err },
		"Members":    func() error { _, err := dir.Members(ctx, c.ws); return err },
		"MembersByEmail": func() error {
			_, err := dir.MembersByEmail(ctx, c.Owner.Email)
			return err
		},
		"KeyByHash":  func() error { _, err := dir.KeyByHash(ctx, c.key.Hash); return err },
		"KeysByHash": func() error { _, err := dir.KeysByHash(ctx, c.key.Hash); return err },
		"Lapsed": func() error {
			_, err := dir.Lapsed(ctx, now, []directory.Standing{{Hash: c.session.Hash, WorkspaceID: c.ws, Role: c.Owner.Role}})
			return err
		},
		"Keys":          func() error { _, err := dir.Keys(ctx, c.ws); return err },
		"Channels":      func() error { _, err := dir.Channels(ctx, c.ws); return err },
		"AllChannels":   func() error { _, err := dir.AllChannels(ctx); return err },
		"Sessions":      func() error { _, err := dir.Sessions(ctx, c.ws, c.Owner.ID, now); return err },
		"SessionByHash": func() error { _, err := dir.SessionByHash(ctx, c.session.Hash, now); return err },
	} {
		check(what, call())
	}
}
