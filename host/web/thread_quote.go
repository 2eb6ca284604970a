package web

import (
	"context"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

// quote is the message that another one answers or reacts to.
type quote struct {
	ID      string // empty when it is not there
	Address string // of a page that has it; empty for the page on which it is quoted
	Author  string
	Text    string
}

// quotes reads what messages are about and that does not stand above them, by the
// provider's ids.
func (w *Web) quotes(ctx context.Context, v *visitor, cv *crm.Conversation, view *threadView, messages []*crm.Message) (map[string]quote, error) {
	query := inbox.QuotedQuery{ConversationID: cv.ID, ChannelID: cv.ChannelID, ProviderIDs: missing(messages)}
	if len(query.ProviderIDs) == 0 {
		return nil, nil
	}
	found, err := w.Inbox.Quoted(ctx, v.Principal, query)
	if err != nil {
		return nil, err
	}
	quotes := make(map[string]quote, len(found))
	for _, m := range found {
		q := v.quote(m, view.Name)
		// It is the last on the page of what was said before the moment that follows it.
		q.Address = with(view.Address+view.Suffix, "older", writeMessageCursor(inbox.MessageCursor{At: m.ProviderTime, Ingest: m.Ingest + 1}))
		quotes[m.ProviderID] = q
	}
	return quotes, nil
}

// missing returns the provider's ids, each once, of what messages are about and that
// is not above them.
func missing(messages []*crm.Message) (ids []string) {
	seen := map[string]bool{"": true}
	for _, m := range messages {
		if id := about(m); !seen[id] {
			seen[id] = true
			ids = append(ids, id)
		}
		seen[m.ProviderID] = true
	}
	return ids
}

// about is the provider's id of the message that one answers or reacts to, as far as
// that is shown.
func about(m *crm.Message) string {
	if r, ok := m.Content.(crm.Reaction); ok {
		return r.MessageID
	}
	if !m.RevokedAt.IsZero() {
		return ""
	}
	return m.ReplyTo
}

// quote shows a message to those that are about it.
func (v *visitor) quote(m *crm.Message, contact string) quote {
	return quote{ID: m.ID.String(), Author: v.writer(m, contact), Text: v.summary(m)}
}

// answer shows in the composer which message is answered: one of the page, or of what
// was said before. Without one that can be, none is.
func (w *Web) answer(ctx context.Context, v *visitor, cv *crm.Conversation, view *threadView, id string) error {
	for _, b := range view.Bubbles {
		if b.ID == id {
			view.Composer.quote(quote{ID: b.ID, Author: b.Author, Text: b.Summary})
			return nil
		}
	}
	message, err := crm.ParseID[crm.Message](id)
	if err != nil {
		return nil
	}
	m, err := w.Inbox.Message(ctx, v.Principal, message)
	switch {
	case crm.CodeOf(err) == crm.NotFound:
		return nil
	case err != nil:
		return err
	}
	if m.ConversationID == cv.ID && quotable(m) {
		view.Composer.quote(v.quote(m, view.Name))
	}
	return nil
}

func (c *composer) quote(q quote) { c.ReplyTo, c.Quote = q.ID, &q }

// quotable reports whether a message can be answered: what nobody got cannot be.
func quotable(m *crm.Message) bool {
	return m.ProviderID != "" && m.Status != crm.Failed && m.RevokedAt.IsZero()
}
