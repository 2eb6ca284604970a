package outbox_test

import (
	"slices"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/outbox"
)

// TestAccepted checks what is kept of a provider's word that it took a message.
func TestAccepted(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	m := s.say(s.thread())
	id := s.network.name(m.ID)
	at := s.clock.Now()
	s.write(crm.Changes{
		Statuses: []crm.StatusReport{
			{WorkspaceID: m.WorkspaceID, ChannelID: m.ChannelID, ProviderID: id, Status: crm.Read, At: at},
			{WorkspaceID: m.WorkspaceID, ChannelID: m.ChannelID, ProviderID: id, Status: crm.Failed, At: at, Error: &crm.ProviderError{Code: 131016}},
		},
		Amendments: []crm.Amendment{
			{WorkspaceID: m.WorkspaceID, ChannelID: m.ChannelID, ProviderID: id, SourceID: "wamid.2", Content: crm.Text{Body: "Selamat malam"}, At: at.Add(2 * second)},
			{WorkspaceID: m.WorkspaceID, ChannelID: m.ChannelID, ProviderID: id, SourceID: "wamid.1", Content: crm.Text{Body: "Selamat sore"}, At: at.Add(second)},
		},
	})
	s.network.next(answer{reply: crm.Accepted{WaID: "6281200009999", UserID: "ID.4711"}})
	s.attempt(s.claim())

	state := s.now(m)
	if got := state.Message; got.ProviderID != id || got.Status != crm.Read || got.Content.Preview() != "Selamat malam" {
		t.Errorf("the message is %s, %s, %q, want it read and with the newest edit", got.ProviderID, got.Status, got.Content.Preview())
	}
	if last := state.Conversation.LastMessage; last.Status != crm.Read || last.Preview != "Selamat malam" {
		t.Errorf("the list shows %+v", last)
	}
	for _, id := range []crm.Identity{{Kind: crm.ByWaID, Value: "6281200009999"}, {Kind: crm.ByUserID, Value: "ID.4711"}} {
		if !state.Contact.Has(id) {
			t.Errorf("the contact is not known by %v", id)
		}
	}
	want := []string{"message.amended ", `message.status {"status":"read"}`, "contact.changed "}
	if facts := s.facts(); !slices.Equal(facts, want) {
		t.Errorf("the feed says %q, want %q", facts, want)
	}
}

// TestAcceptedOtherwise checks an answer whose identities say nothing sure.
func TestAcceptedOtherwise(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	other := s.now(s.say(s.thread())).Contact
	s.attempt(s.claim())
	for name, reply := range map[string]crm.Accepted{
		"another contact's number": {WaID: other.Identity(crm.ByWaID)},
		"a user id for a number":   {WaID: "ID.4711"},
	} {
		m := s.say(s.thread())
		before := s.now(m).Contact
		s.network.next(answer{reply: reply})
		if outcome := s.attempt(s.claim()); outcome != outbox.Accepted {
			t.Errorf("%s: the outcome is %s", name, outcome)
		}
		state := s.now(m)
		if state.Message.Status != crm.Sent || !slices.Equal(state.Contact.Identities, before.Identities) {
			t.Errorf("%s: the message is %s, the contact known by %v, want it sent and the contact as before", name, state.Message.Status, state.Contact.Identities)
		}
	}
	if kept := s.now(s.say(s.thread())).Contact; kept.Has(crm.Identity{Kind: crm.ByWaID, Value: other.Identity(crm.ByWaID)}) {
		t.Error("an identity moved")
	}
}

// TestAcceptedHandle checks that a contact with a user id alone is listed by its
// number once the provider told it.
func TestAcceptedHandle(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	m := s.say(s.thread())
	s.change(m, func(state *outbox.State) crm.Changes {
		state.Contact.Identities, state.Contact.ProfileName = []crm.Identity{{Kind: crm.ByUserID, Value: "ID.4711"}}, ""
		state.Conversation.ContactName, state.Conversation.ContactHandle = "ID.4711", "ID.4711"
		return crm.Changes{Contacts: []*crm.Contact{state.Contact}, Conversations: []*crm.Conversation{state.Conversation}}
	})
	s.network.next(answer{reply: crm.Accepted{WaID: "6281200009999", UserID: "ID.4711"}})
	s.attempt(s.claim())
	if cv := s.now(m).Conversation; cv.ContactName != "6281200009999" || cv.ContactHandle != "6281200009999" {
		t.Errorf("the list shows %q, %q, want the number", cv.ContactName, cv.ContactHandle)
	}
}

// TestAcceptedBefore checks that the list goes on showing the last message when
// one before it is taken.
func TestAcceptedBefore(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cv := s.thread()
	first := s.say(cv)
	last := s.queue(cv, crm.Text{Body: "Sampai jumpa"})
	s.attempt(s.claim())
	if shown := s.now(first).Conversation.LastMessage; shown.ID != last.ID || shown.Status != crm.Queued || shown.Preview != "Sampai jumpa" {
		t.Errorf("the list shows %+v, want the last message, still queued", shown)
	}
}

// TestAcceptedUnwanted checks that a report that came first and says that the
// customer opted out does what it does when it comes later.
func TestAcceptedUnwanted(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	m := s.say(s.thread())
	s.write(crm.Changes{Statuses: []crm.StatusReport{{
		WorkspaceID: m.WorkspaceID, ChannelID: m.ChannelID, ProviderID: s.network.name(m.ID),
		Status: crm.Failed, At: s.clock.Now(), Error: &crm.ProviderError{Code: 131050},
	}}})
	s.attempt(s.claim())
	if state := s.now(m); state.Message.Status != crm.Failed || !state.Contact.OptOut.Out {
		t.Errorf("the message is %s and the contact opted out: %t, want both", state.Message.Status, state.Contact.OptOut.Out)
	}
}

// TestAcceptedTwin checks a send whose echo came first and could not be told to
// be ours: it stands in the thread under the provider's id. Ours is sent all the
// same, and its job is done.
func TestAcceptedTwin(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cv := s.thread()
	m := s.say(cv)
	twin, _ := s.Outbound(cv, "said otherwise")
	twin.ProviderID, twin.Status = s.network.name(m.ID), crm.Delivered
	s.write(crm.Changes{Messages: []*crm.Message{twin}})
	if got := s.attempt(s.claim()); got != outbox.Accepted {
		t.Errorf("outcome is %s, want accepted", got)
	}
	if state := s.now(m); state.Message.Status != crm.Sent || state.Message.ProviderID != "" || state.Job != nil {
		t.Errorf("the message is %s under %q with job %v, want it sent and done", state.Message.Status, state.Message.ProviderID, state.Job)
	}
}

// TestReportedMeanwhile checks that no answer takes a message back below what a
// report said while the answer was under way.
func TestReportedMeanwhile(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]answer{"taken": {}, "lost": lost, "refused for good": refusal(131026), "refused for now": refusal(131016)} {
		for how, told := range map[string]func(*shop, *crm.Message, crm.MessageStatus){"and its job stays": (*shop).status, "and its job is gone": (*shop).settle} {
			s := newShop(t)
			m := s.say(s.thread())
			a.before = func() { told(s, m, crm.Delivered) }
			s.network.next(a)
			s.attempt(s.claim())
			s.clock.Advance(minute)
			s.work()
			if state := s.now(m); state.Message.Status != crm.Delivered || state.Job != nil || s.network.calls != 1 {
				t.Errorf("%s, %s: the message is %s, its job %+v after %d calls, want it delivered and done with one", name, how, state.Message.Status, state.Job, s.network.calls)
			}
		}
	}
}

// TestSettled lets a host die between the provider's answer and the store. Once the
// provider reports on the message, its conversation does not wait for the lease.
func TestSettled(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cv := s.thread()
	first := s.say(cv)
	next := s.queue(cv, crm.Text{Body: "Sampai jumpa"})
	s.claim() // and the host dies
	s.restart()
	if n := s.work(); n != 0 {
		t.Fatalf("%d attempts are made behind a message that nobody knows about", n)
	}
	s.settle(first, crm.Sent)
	if c := s.claim(); c.Message.ID != next.ID || c.Abandoned {
		t.Errorf("%v is claimed, abandoned %v, want the next message", c.Message.ID, c.Abandoned)
	}
	if state := s.now(first); state.Message.Status != crm.Sent || state.Job != nil {
		t.Errorf("the first message is %s with job %v, want it sent and done", state.Message.Status, state.Job)
	}
}
