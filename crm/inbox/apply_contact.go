package inbox

import (
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
)

// contact finds the contact a peer is, or makes it, and gives it the
// identities the peer is known by now.
func (w *world) contact(p webhook.Peer, source crm.Source) *crm.Contact {
	var found *crm.Contact
	for _, id := range w.numbers.identities(p) {
		switch c := w.byIdentity[id]; {
		case c == nil || c == found:
		case found == nil:
			found = c
		default:
			w.duplicate(found, c)
		}
	}
	if found == nil {
		found = w.newContact(source)
	}
	for _, id := range w.numbers.own(p) {
		w.identify(found, id)
	}
	return found
}

func (w *world) newContact(source crm.Source) *crm.Contact {
	c := w.draftContact(source)
	w.enterContact(c)
	return c
}

// draftContact makes a contact that is not in the world yet.
func (w *world) draftContact(source crm.Source) *crm.Contact {
	return &crm.Contact{
		ID: crm.NewID[crm.Contact](w.mint), WorkspaceID: w.ws, LeadStatus: "new", Source: source,
		CreatedAt: w.now,
	}
}

func (w *world) enterContact(c *crm.Contact) {
	w.addContact(c)
	w.saveContact(c)
	w.fact(crm.Fact{Kind: crm.ContactCreated, Actor: crm.Actor{Kind: crm.BySystem}, ContactID: c.ID})
}

// profile takes over what a peer calls itself; the newest word wins. Nearly every
// message only says again what is known: then its time is noted in cv, which is
// written anyway, and the contact stays as it is. Without a conversation (nil)
// the contact keeps it.
func (w *world) profile(c *crm.Contact, cv *crm.Conversation, p webhook.Peer, at time.Time) {
	known := w.profileAt(c)
	older := at.Before(known)
	tie := at.Equal(known) && p.Name <= c.ProfileName
	if p.Name == "" && p.Username == "" || older || tie {
		return
	}
	again := (p.Name == "" || p.Name == c.ProfileName) && (p.Username == "" || p.Username == c.Username)
	if again && cv != nil {
		cv.ProfileAt = at
		w.saveConversation(cv)
		return
	}
	c.ProfileAt = at
	if p.Name != "" {
		c.ProfileName = p.Name
	}
	if p.Username != "" {
		c.Username = p.Username
	}
	w.saveContact(c)
	w.refresh(c)
}

// profileAt returns how new the word is by which a contact has its name.
func (w *world) profileAt(c *crm.Contact) time.Time {
	at := c.ProfileAt
	for _, cv := range w.threads[c.ID] {
		if cv.ProfileAt.After(at) {
			at = cv.ProfileAt
		}
	}
	return at
}

// referral notes which ad or post led the contact here; the first one counts.
func (w *world) referral(c *crm.Contact, source *crm.Source, at time.Time) {
	if source == nil || c.Source.AdID+c.Source.URL+c.Source.ClickID != "" && !at.Before(c.Source.At) {
		return
	}
	c.Source = *source
	c.Source.At = at
	w.saveContact(c)
}

// preference takes over what a contact wants to receive.
func (w *world) preference(f *webhook.Fact) Outcome {
	if f.Peer.IsZero() {
		return problem("a preference of nobody we could know")
	}
	at := w.eventTime(f)
	c := w.contact(f.Peer, crm.Source{Kind: "chat", At: at})
	w.profile(c, nil, f.Peer, at)
	w.optOut(c, crm.OptOut{Out: f.Preference.Stop, At: at, Reason: "marketing preference"})
	return applied
}

// consent hears the words STOP and BERHENTI, and those that take them back. They
// count from when they were said, whatever else came in between.
func (w *world) consent(c *crm.Contact, m *crm.Message) {
	if word, out, said := crm.ConsentWord(m.Content); said && m.Direction == crm.Inbound {
		w.optOut(c, crm.OptOut{Out: out, At: m.ProviderTime, Reason: word})
	}
}

// optOut takes over a word about opting out, if it is newer than the last.
func (w *world) optOut(c *crm.Contact, word crm.OptOut) {
	next := c.OptOut.Newer(word)
	if next == c.OptOut {
		return
	}
	c.OptOut = next
	w.saveContact(c)
	w.fact(crm.Fact{
		Kind: crm.ContactChanged, Actor: crm.Actor{Kind: crm.ByContact, ID: c.ID.String()}, ContactID: c.ID,
		Data: data(map[string]any{"opt_out": next.Out, "reason": next.Reason}),
	})
}

// rename gives a contact the number or user id it is known by from now on. The
// old one stays: late messages still come under it.
func (w *world) rename(f *webhook.Fact) Outcome {
	if f.Identity == nil {
		return unchanged
	}
	var found *crm.Contact
	for _, id := range w.numbers.before(f) {
		if found == nil {
			found = w.byIdentity[id]
		}
	}
	if found == nil {
		if f.Peer.IsZero() {
			return problem("a change of identity of nobody we know")
		}
		found = w.contact(f.Peer, crm.Source{Kind: "chat", At: w.eventTime(f)})
	}
	changed := false
	for _, id := range w.numbers.after(f.Identity) {
		changed = w.identify(found, id) || changed
	}
	if !changed {
		return unchanged
	}
	w.refresh(found)
	w.fact(crm.Fact{
		Kind: crm.ContactChanged, Actor: crm.Actor{Kind: crm.BySystem}, ContactID: found.ID,
		Data: data(map[string]string{"event": f.Event}),
	})
	return applied
}

// addressBook takes over a name from the business's own phone. A removed entry
// removes nothing here: the conversation and its history stay.
func (w *world) addressBook(f *webhook.Fact) Outcome {
	if f.Peer.IsZero() || f.Contact == nil {
		return problem("an address book entry without a number")
	}
	if f.Contact.Removed {
		return unchanged
	}
	c := w.contact(f.Peer, crm.Source{Kind: "sync", At: w.eventTime(f)})
	if c.Name == "" && f.Contact.Name != "" {
		c.Name = f.Contact.Name
		w.saveContact(c)
		w.refresh(c)
	}
	return applied
}
