package people

import (
	"cmp"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
)

// score adds to changes the leads of the contacts that they change or note
// something about, and what their temperature changes. The state must hold the
// contacts with their leads and conversations.
func (s *State) score(ws crm.WorkspaceID, changes *crm.Changes, now time.Time) {
	book := lead.NewBook(ws, cmp.Or(s.Rules, lead.Education()), now, s.Leads)
	for _, c := range changes.Contacts {
		book.Known(c)
	}
	for _, n := range changes.Notes {
		book.Noted(n)
	}
	changes.Leads = book.Changed()
	s.warm(ws, changes, now, true)
}

// warm adds to changes what the temperatures of their leads change: the contact
// and its conversations, and a fact; that a new contact is cold is no news. News
// says that something happened, so that the contact counts as changed now.
func (s *State) warm(ws crm.WorkspaceID, changes *crm.Changes, now time.Time, news bool) {
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
	for _, l := range changes.Leads {
		c := contacts[l.ContactID]
		if c == nil {
			continue
		}
		c.Score = l.Total // which a store keeps with the lead, so the contact need not be written
		if c.Temperature == l.Temperature {
			continue
		}
		told := c.Temperature != "" || l.Temperature != crm.Cold
		if c.Temperature = l.Temperature; news {
			c.UpdatedAt = now
		}
		if !written[c] {
			changes.Contacts = append(changes.Contacts, c)
		}
		for _, cv := range s.Conversations {
			if cv.ContactID != c.ID || cv.Temperature == c.Temperature {
				continue
			}
			cv.Temperature, cv.UpdatedAt = c.Temperature, now
			if !written[cv] {
				changes.Conversations = append(changes.Conversations, cv)
			}
		}
		if told {
			changes.Facts = append(changes.Facts, crm.Fact{
				WorkspaceID: ws, Kind: crm.ContactChanged, At: now, Actor: crm.Actor{Kind: crm.BySystem}, ContactID: c.ID,
				Data: data(map[string]any{"temperature": c.Temperature}),
			})
		}
	}
}
