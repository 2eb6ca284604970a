//go:build torture

package torture

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

// rows are mistakes about what is stored, and in which order it is shown.
var rows = []*Bug{
	{
		Name: "status-last-wins", Verdict: status,
		About: "A message has the status of the report that came last. Needs reports that arrive out of order.",
		write: (*writing).lastReport,
	},
	{
		Name: "order-by-arrival", Verdict: order,
		About: "A message's time is that of its arrival. Needs messages that arrive in another order than they were written.",
		write: func(w *writing) {
			for _, m := range w.changes.Messages {
				if fresh(m) {
					m.ProviderTime = m.CreatedAt
				}
			}
		},
	},
	{
		Name: "page-by-arrival", Verdict: order,
		About: "The messages of a page but the last are shown in the order in which they were stored. Needs messages that arrive in another order than they were written.",
		inbox: func(_ *Harness, s inbox.Store) inbox.Store {
			return pagedStore{s, func(_ context.Context, _ inbox.MessageQuery, page []*crm.Message) []*crm.Message {
				slices.SortFunc(page[:max(0, len(page)-1)], func(a, b *crm.Message) int { return cmp.Compare(b.Ingest, a.Ingest) })
				return page
			}}
		},
	},
	{
		Name: "cursor-ties", Verdict: lost,
		About: "A page goes on after a time, not after a time and a number: messages of the second in which a page ended are on no page. Needs several messages of a conversation in one second, and pages of fewer than there are.",
		inbox: func(_ *Harness, s inbox.Store) inbox.Store { return tieStore{s} },
	},
	{
		Name: "body-reencoded", Verdict: badBytes,
		About: "The journal keeps the body as it is written again after it was decoded, not as it came.",
		write: func(w *writing) {
			for _, d := range w.changes.Deliveries {
				var value any
				if json.Unmarshal(d.Body, &value) == nil {
					d.Body, _ = json.Marshal(value)
				}
			}
		},
	},
	{
		Name: "body-shared", Verdict: badBytes,
		About: "The journal's row of every tenth request has the bytes of the one before: the buffer was used again. Shows as a body that was answered 200 and is in no row.",
		write: func(w *writing) {
			for _, d := range w.changes.Deliveries {
				if d.Body == nil {
					continue
				}
				own := d.Body
				if before := w.h.swap(own); before != nil && w.h.every(10) {
					d.Body = before
				}
			}
		},
	},
	{
		Name: "id-padded", Verdict: phantom,
		About:  "The column of a provider's id pads it with a blank: messages stand under ids that nobody sent.",
		need:   (*Harness).askPadded,
		loaded: trim,
		write: func(w *writing) {
			for _, m := range w.changes.Messages {
				if m.Direction == crm.Inbound {
					m.ProviderID = padded(m.ProviderID)
				}
			}
		},
	},
	{
		Name: "echo-ignored", Verdict: unsettled, Needs: needsReset,
		About: "A status report is matched by the provider's id alone, not by the id of ours that it brings back: a send of unknown outcome stays unknown.",
		need: func(_ *Harness, need *inbox.Need) {
			if len(need.Deliveries) > 0 {
				need.Messages, need.Pending = nil, false
			}
		},
	},
}

// lastReport gives each message the status of the newest report about it.
func (w *writing) lastReport() {
	loaded := slices.Clone(w.changes.Messages)
	for _, state := range w.states {
		loaded = append(loaded, state.Messages...)
	}
	for _, r := range w.changes.Statuses {
		for _, m := range loaded {
			if m.ID != r.MessageID || m.Direction == crm.Inbound {
				continue
			}
			m.Status = r.Status
			if !slices.Contains(w.changes.Messages, m) {
				w.changes.Messages = append(slices.Clone(w.changes.Messages), m)
			}
		}
	}
}

// swap keeps a body and returns the one kept before.
func (h *Harness) swap(body []byte) []byte {
	h.mu.Lock()
	defer h.mu.Unlock()
	before := h.shelf.body
	h.shelf.body = bytes.Clone(body)
	return before
}

// padded is a provider's id with a blank behind.
func padded(id string) string { return strings.TrimSuffix(id, " ") + " " }

// askPadded looks for messages under the ids they were stored with as well.
func (h *Harness) askPadded(need *inbox.Need) {
	for _, list := range []*[]inbox.Provided{&need.Provided, &need.Inbound} {
		for _, p := range slices.Clone(*list) {
			*list = append(*list, inbox.Provided{ChannelID: p.ChannelID, ProviderID: padded(p.ProviderID)})
		}
	}
}

// trim gives messages back the ids they came with.
func trim(_ *Harness, _ inbox.Need, state *inbox.State) {
	for _, m := range state.Messages {
		m.ProviderID = strings.TrimSuffix(m.ProviderID, " ")
	}
}

// pagedStore changes the pages of messages.
type pagedStore struct {
	inbox.Store
	change func(context.Context, inbox.MessageQuery, []*crm.Message) []*crm.Message
}

// Messages implements inbox.Threads.
func (s pagedStore) Messages(ctx context.Context, ws crm.WorkspaceID, q inbox.MessageQuery) ([]*crm.Message, error) {
	page, err := s.Store.Messages(ctx, ws, q)
	if err != nil {
		return nil, err
	}
	return s.change(ctx, q, page), nil
}

// tieStore goes on after a time.
type tieStore struct{ inbox.Store }

// Messages implements inbox.Threads.
func (s tieStore) Messages(ctx context.Context, ws crm.WorkspaceID, q inbox.MessageQuery) ([]*crm.Message, error) {
	if q.After.Ingest != 0 {
		q.After.Ingest = 1 // no number is below the first
	}
	return s.Store.Messages(ctx, ws, q)
}

// Conversations implements inbox.Threads.
func (s tieStore) Conversations(ctx context.Context, ws crm.WorkspaceID, q inbox.ConversationQuery) ([]*crm.Conversation, error) {
	if !q.After.ID.IsZero() {
		q.After.At = q.After.At.Add(-time.Millisecond)
		q.After.ID = crm.ConversationID(bytes.Repeat([]byte{0xff}, len(q.After.ID)))
	}
	return s.Store.Conversations(ctx, ws, q)
}
