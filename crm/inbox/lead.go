package inbox

import (
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
)

// heard takes a new message into its contact's lead. Asked is when the business
// wrote, if it wrote last before the message.
func (w *world) heard(m *crm.Message, asked time.Time) {
	if m.Direction != crm.Inbound || !m.RevokedAt.IsZero() {
		return
	}
	w.book.Said(m.ContactID, lead.Said{ID: m.ID, At: m.ProviderTime, Content: m.Content, Asked: asked})
}

// reheard takes in what a message says now, after an edit, and drops it if it was
// taken back.
func (w *world) reheard(m *crm.Message) {
	switch {
	case m.Direction != crm.Inbound:
	case !m.RevokedAt.IsZero():
		w.book.Unsaid(m.ContactID, m.ID)
	default:
		w.book.Reworded(m.ContactID, lead.Said{ID: m.ID, At: m.ProviderTime, Content: m.Content})
	}
}

// askedAt returns when the business wrote in a conversation, if what it wrote is
// the last there.
func askedAt(cv *crm.Conversation) time.Time {
	if cv.LastMessage.Direction != crm.Outbound {
		return time.Time{}
	}
	return cv.LastMessage.At
}

// closed returns all that was changed, with the leads of whom something was
// heard or became known.
func (w *world) closed() crm.Changes {
	for _, c := range w.changes.Contacts {
		w.book.Known(c)
	}
	w.changes.Leads = w.book.Changed()
	for _, l := range w.changes.Leads {
		w.warm(l)
	}
	w.assign()
	return w.changes
}

// warm shows a lead's temperature at the contact and in its conversations, and
// says in the feed that it became another. That a new contact is cold is no news.
func (w *world) warm(l *crm.Lead) {
	c := w.contacts[l.ContactID]
	if c == nil {
		return
	}
	c.Score = l.Total // which a store keeps with the lead, so the contact need not be written
	if c.Temperature == l.Temperature {
		return
	}
	news := c.Temperature != "" || l.Temperature != crm.Cold
	c.Temperature = l.Temperature
	w.saveContact(c)
	for _, cv := range w.threads[c.ID] {
		if cv.Temperature != c.Temperature {
			cv.Temperature = c.Temperature
			w.saveConversation(cv)
		}
	}
	if news {
		w.fact(crm.Fact{
			Kind: crm.ContactChanged, Actor: crm.Actor{Kind: crm.BySystem}, ContactID: c.ID,
			Data: data(map[string]any{"temperature": c.Temperature}),
		})
	}
}
