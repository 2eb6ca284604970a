//go:build torture

package torture

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

// duplicates are mistakes about what is a repeat.
var duplicates = []*Bug{
	{
		Name: "check-then-insert", Verdict: dup,
		About: "What is known is read in one transaction and written 10 ms later in another, and no unique key stands behind it. Needs an empty database, and the same message in two requests at a time.",
		inbox: func(h *Harness, s inbox.Store) inbox.Store { return hastyStore{s} },
		sql:   withoutMessageKey,
	},
	{
		Name: "dedup-cache", Verdict: dup,
		About:  "Repeats are known by a cache of the newest 64 messages and 64 requests, and no unique key stands behind it. Needs an empty database, and repeats that come later than that; a restart shows it too.",
		loaded: forgetful, write: (*writing).cache,
		sql: withoutMessageKey,
	},
	{
		Name: "dedup-without-workspace", Verdict: lost,
		About: "A provider id that one workspace has is a repeat in every other. Needs the same id in two workspaces.",
		write: func(w *writing) {
			w.forget(func(m *crm.Message) bool { return w.h.shelf.taken(m) })
		},
	},
	{
		Name: "duplicate-announced", Verdict: twice,
		About: "A message that comes again is not stored again, but the feed tells of it again.",
		write: func(w *writing) {
			for _, m := range w.state.Messages {
				if w.ingesting() && m.Direction == crm.Inbound && m.Ingest != 0 && w.asked(m) {
					w.changes.Facts = append(w.changes.Facts, crm.Fact{
						WorkspaceID: m.WorkspaceID, Kind: crm.MessageReceived, At: time.Now(), Actor: m.Author,
						ConversationID: m.ConversationID, ContactID: m.ContactID, MessageID: m.ID,
					})
				}
			}
		},
	},
}

// asked reports whether a message was looked for by its provider id.
func (w *writing) asked(m *crm.Message) bool {
	return slices.Contains(w.need.Provided, inbox.Provided{ChannelID: m.ChannelID, ProviderID: m.ProviderID})
}

// withoutMessageKey makes the table of messages without its unique key, when a
// migration makes it.
func withoutMessageKey(sql string) string {
	if !strings.Contains(sql, "create table messages") {
		return sql
	}
	sql = strings.Replace(sql, "unique (workspace_id, channel_id, provider_id),", "", 1)
	return strings.Replace(sql, "create index messages_page on",
		"create index messages_provided on messages (workspace_id, channel_id, provider_id);\ncreate index messages_page on", 1)
}

// hastyStore runs a transaction as two.
type hastyStore struct{ inbox.Store }

// Update implements inbox.Store.
func (s hastyStore) Update(ctx context.Context, workspaces []crm.WorkspaceID, fn func(context.Context, inbox.Tx) error) error {
	for try := 1; ; try++ {
		hasty := &hastyTx{store: s.Store}
		if err := fn(ctx, hasty); err != nil {
			return err
		}
		time.Sleep(10 * time.Millisecond)
		err := s.Store.Update(ctx, workspaces, func(ctx context.Context, tx inbox.Tx) error {
			for _, part := range hasty.parts {
				if _, err := tx.Load(ctx, inbox.Need{WorkspaceID: part.ws, Deliveries: part.need.Deliveries}); err != nil {
					return err
				}
				if err := tx.Write(ctx, part.changes); err != nil {
					return err
				}
			}
			return nil
		})
		if !errors.Is(err, crm.Conflict) || try == 5 {
			return err
		}
	}
}

// hastyTx reads at once and keeps what is to be written.
type hastyTx struct {
	store inbox.Store
	need  inbox.Need
	parts []part
}

type part struct {
	ws      crm.WorkspaceID
	need    inbox.Need
	changes *crm.Changes
}

// Load implements inbox.Tx.
func (t *hastyTx) Load(ctx context.Context, need inbox.Need) (state *inbox.State, err error) {
	t.need = need
	err = t.store.Update(ctx, []crm.WorkspaceID{need.WorkspaceID}, func(ctx context.Context, tx inbox.Tx) error {
		state, err = tx.Load(ctx, need)
		return err
	})
	return state, err
}

// Write implements inbox.Tx.
func (t *hastyTx) Write(_ context.Context, changes *crm.Changes) error {
	t.parts = append(t.parts, part{t.need.WorkspaceID, t.need, changes})
	return nil
}

// cacheSize is how many of each the cache of "dedup-cache" holds.
const cacheSize = 64

// forgetful takes out of what was found the messages and requests that are not
// in the cache.
func forgetful(h *Harness, need inbox.Need, state *inbox.State) {
	if len(need.Deliveries) == 0 {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	state.Messages = slices.DeleteFunc(state.Messages, func(m *crm.Message) bool {
		return m.Direction == crm.Inbound && !h.shelf.messages.held[m.ProviderID]
	})
	state.Deliveries = slices.DeleteFunc(state.Deliveries, func(d *crm.Delivery) bool {
		return !h.shelf.requests.held[string(d.Key[:])]
	})
}

// cache notes what is written.
func (w *writing) cache() {
	w.h.mu.Lock()
	defer w.h.mu.Unlock()
	for _, m := range w.changes.Messages {
		if fresh(m) {
			w.h.shelf.messages.add(m.ProviderID)
		}
	}
	for _, d := range w.changes.Deliveries {
		w.h.shelf.requests.add(string(d.Key[:]))
	}
}

// shelf is what bugs about repeats remember.
type shelf struct {
	messages, requests memory
	owner              *owners
	body               []byte // of the request before
}

func newShelf() shelf {
	return shelf{
		messages: newMemory(cacheSize), requests: newMemory(cacheSize),
		owner: &owners{of: make(map[string]crm.WorkspaceID)},
	}
}
