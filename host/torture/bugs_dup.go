//go:build torture

package torture

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host/hook"
)

// duplicates are mistakes about what is a repeat.
var duplicates = []*Bug{
	{
		Name: "check-then-insert", Verdict: dup,
		About: "Whether a message is new is looked up when its request arrives, it is stored up to 20 ms later whatever has happened meanwhile, and no unique key stands behind it. Needs an empty database, and the same message in two requests at a time.",
		receiver: func(h *Harness, r hook.Receiver) hook.Receiver {
			return received(func(ctx context.Context, request webhook.Request) (inbox.Receipt, error) {
				defer h.missing(h.look(ctx, request))()
				time.Sleep(rand.N(20 * time.Millisecond))
				return receive(ctx, r, request)
			})
		},
		loaded: insertAnyway,
		sql:    withoutMessageKey,
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
			w.h.mu.Lock()
			defer w.h.mu.Unlock()
			w.forget(w.h.shelf.taken)
		},
	},
	{
		Name: "duplicate-announced", Verdict: twice,
		About: "A message that comes again is not stored again, but the feed tells of it again.",
		write: func(w *writing) {
			for i, state := range w.states {
				for _, m := range state.Messages {
					if m.Direction == crm.Inbound && m.Ingest != 0 && asked(w.needs[i], m) {
						w.changes.Facts = append(w.changes.Facts, crm.Fact{
							WorkspaceID: m.WorkspaceID, Kind: crm.MessageReceived, At: time.Now(), Actor: m.Author,
							ConversationID: m.ConversationID, ContactID: m.ContactID, MessageID: m.ID,
						})
					}
				}
			}
		},
	},
}

// asked reports whether a webhook's message was looked for by its provider id.
func asked(need inbox.Need, m *crm.Message) bool {
	return len(need.Deliveries) > 0 && slices.Contains(slices.Concat(need.Provided, need.Inbound), inbox.Provided{ChannelID: m.ChannelID, ProviderID: m.ProviderID})
}

// withoutMessageKey makes the table of messages without its unique key, each time a
// migration makes it.
func withoutMessageKey(sql string) string {
	if !strings.Contains(sql, "create table messages") {
		return sql
	}
	sql = strings.ReplaceAll(sql, ",\n  unique (workspace_id, channel_id, provider_id)", "")
	return strings.Replace(sql, "create index messages_page on",
		"create index messages_provided on messages (workspace_id, channel_id, provider_id);\ncreate index messages_page on", 1)
}

// look returns the messages of a request, by their provider ids, and the request
// itself, by its key, that are not stored.
func (h *Harness) look(ctx context.Context, r webhook.Request) []string {
	facts, err := webhook.Decode(r.Provider, r.Event, r.Body)
	if err != nil || !h.signed(ctx, r) {
		return nil
	}
	key := crm.DeliveryKey(r.Body, r.Share)
	needs := make(map[crm.WorkspaceID]*inbox.Need)
	fresh := []string{string(key[:])}
	for i := range facts {
		ch, err := h.channels.Channel(ctx, r.Provider, facts[i].PhoneNumberID)
		if err != nil || facts[i].ProviderID == "" {
			continue
		}
		if needs[ch.WorkspaceID] == nil {
			needs[ch.WorkspaceID] = &inbox.Need{WorkspaceID: ch.WorkspaceID, Deliveries: [][32]byte{key}}
		}
		need := needs[ch.WorkspaceID]
		need.Provided = append(need.Provided, inbox.Provided{ChannelID: ch.ID, ProviderID: facts[i].ProviderID})
		fresh = append(fresh, facts[i].ProviderID)
	}
	for ws, need := range needs {
		_ = h.store.Update(ctx, []crm.WorkspaceID{ws}, func(ctx context.Context, tx inbox.Tx) error {
			state, err := tx.Load(ctx, *need)
			if err == nil {
				fresh = slices.DeleteFunc(fresh, func(word string) bool { return holds(state, word) })
			}
			return err
		})
	}
	return fresh
}

// holds reports whether a message of a provider id, or a request of a key, was
// found.
func holds(state *inbox.State, word string) bool {
	return slices.ContainsFunc(state.Messages, func(m *crm.Message) bool { return m.ProviderID == word }) ||
		slices.ContainsFunc(state.Deliveries, func(d *crm.Delivery) bool { return string(d.Key[:]) == word })
}

// missing notes that something was not stored a moment ago, until the function
// it returns is called.
func (h *Harness) missing(words []string) func() {
	note := func(by int) {
		h.mu.Lock()
		defer h.mu.Unlock()
		for _, word := range words {
			if h.absent[word] += by; h.absent[word] == 0 {
				delete(h.absent, word)
			}
		}
	}
	note(1)
	return func() { note(-1) }
}

// insertAnyway takes out of what was found what was not there a moment ago.
func insertAnyway(h *Harness, _ inbox.Need, state *inbox.State) {
	h.mu.Lock()
	defer h.mu.Unlock()
	state.Messages = slices.DeleteFunc(state.Messages, func(m *crm.Message) bool {
		return m.Direction == crm.Inbound && h.absent[m.ProviderID] > 0
	})
	state.Deliveries = slices.DeleteFunc(state.Deliveries, func(d *crm.Delivery) bool { return h.absent[string(d.Key[:])] > 0 })
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
	owner              map[string]crm.WorkspaceID // whose a provider id was first
	body               []byte                     // of the request before
}

func newShelf() shelf {
	return shelf{messages: newMemory(cacheSize), requests: newMemory(cacheSize), owner: make(map[string]crm.WorkspaceID)}
}

// taken reports whether a message's id is another workspace's.
func (s *shelf) taken(m *crm.Message) bool {
	owner, known := s.owner[m.ProviderID]
	if !known {
		s.owner[m.ProviderID] = m.WorkspaceID
	}
	return known && owner != m.WorkspaceID
}
