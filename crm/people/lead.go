package people

import (
	"cmp"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
)

// book returns the leads of the contacts that were loaded, as a book.
func (s *State) book(ws crm.WorkspaceID, now time.Time) *lead.Book {
	return lead.NewBook(ws, cmp.Or(s.Rules, lead.Education()), now, s.Leads)
}

// score adds to changes the leads of the contacts that they change or note
// something about, and what their temperature changes; it returns the facts that
// tell the latter. The state must hold the contacts with their leads and
// conversations.
func (s *State) score(ws crm.WorkspaceID, changes *crm.Changes, now time.Time) []crm.Fact {
	book := s.book(ws, now)
	for _, c := range changes.Contacts {
		book.Known(c)
	}
	for _, n := range changes.Notes {
		book.Noted(n)
	}
	changes.Leads = book.Changed()
	warm := s.warm(changes)
	for _, w := range warm {
		if w.changed {
			w.contact.UpdatedAt = now
		}
		for _, cv := range w.threads {
			cv.UpdatedAt = now
		}
	}
	return told(ws, warm, now)
}

// told returns the facts that tell who is warmer or colder.
func told(ws crm.WorkspaceID, warm []warmed, now time.Time) []crm.Fact {
	facts := make([]crm.Fact, 0, len(warm))
	for _, w := range warm {
		if w.news {
			facts = append(facts, crm.Fact{
				WorkspaceID: ws, Kind: crm.ContactChanged, At: now, Actor: crm.Actor{Kind: crm.BySystem}, ContactID: w.contact.ID,
				Data: data(map[string]any{"temperature": w.contact.Temperature}),
			})
		}
	}
	return facts
}

// warmed is a contact that was scored.
type warmed struct {
	contact *crm.Contact
	changed bool                // its temperature is another
	news    bool                // and that is worth telling: that a new contact is cold is not
	threads []*crm.Conversation // of its, those that showed another temperature
}

// warm gives contacts, and the conversations that show it, the temperature of
// their leads among the changes, and adds to these what it changes.
func (s *State) warm(changes *crm.Changes) (warm []warmed) {
	contacts := make(map[crm.ContactID]*crm.Contact, len(s.Contacts))
	for _, c := range s.Contacts {
		contacts[c.ID] = c
	}
	written := make(map[any]bool, len(changes.Contacts)+len(changes.Conversations))
	for _, c := range changes.Contacts {
		contacts[c.ID], written[c] = c, true
	}
	for _, cv := range changes.Conversations {
		written[cv] = true
	}
	threads := make(map[crm.ContactID][]*crm.Conversation, len(s.Contacts))
	for _, cv := range s.Conversations {
		threads[cv.ContactID] = append(threads[cv.ContactID], cv)
	}
	for _, l := range changes.Leads {
		c := contacts[l.ContactID]
		if c == nil {
			continue
		}
		w := warmed{contact: c}
		if c.Temperature != l.Temperature {
			w.changed, w.news = true, c.Temperature != "" || l.Temperature != crm.Cold
			c.Temperature = l.Temperature
			if !written[c] {
				changes.Contacts = append(changes.Contacts, c)
			}
		}
		for _, cv := range threads[c.ID] {
			if cv.Temperature == c.Temperature {
				continue
			}
			cv.Temperature = c.Temperature
			w.threads = append(w.threads, cv)
			if !written[cv] {
				changes.Conversations = append(changes.Conversations, cv)
			}
		}
		warm = append(warm, w)
	}
	return warm
}
