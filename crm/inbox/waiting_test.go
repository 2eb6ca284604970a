package inbox_test

import (
	"slices"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/webhook"
)

// TestWhoWaits tells messages one after the other, ten seconds apart, and looks
// how long customers had waited for answers.
func TestWhoWaits(t *testing.T) {
	t.Parallel()
	from := func(f webhook.Fact, origin webhook.Origin) webhook.Fact {
		f.Origin = origin
		return f
	}
	in, out := said("1", crm.Text{Body: "Halo"}), from(written("2", "Halo Kak", ""), webhook.App)
	for name, c := range map[string]struct {
		facts  []webhook.Fact
		waits  bool
		waited []time.Duration
	}{
		"a question":                        {[]webhook.Fact{in}, true, nil},
		"a question and the phone's answer": {[]webhook.Fact{in, out}, false, []time.Duration{10 * time.Second}},
		"a repeated answer":                 {[]webhook.Fact{in, out, out}, false, []time.Duration{10 * time.Second}},
		"a reaction":                        {[]webhook.Fact{said("3", crm.Reaction{MessageID: "0", Emoji: "👍"})}, false, nil},
		"what was said before":              {[]webhook.Fact{from(in, webhook.History)}, false, nil},
		"what was answered before":          {[]webhook.Fact{in, from(out, webhook.History)}, true, nil},
	} {
		state, mint := &memory{State: inbox.State{Channels: channels}}, crmtest.NewClock().Mint(1)
		var waited []time.Duration
		for i, f := range c.facts {
			f.Provider, f.PhoneNumberID, f.Time = crm.Meta, "100", crmtest.Start.Add(time.Duration(i)*10*time.Second)
			if f.Origin == "" {
				f.Origin = webhook.Live
			}
			changes, _ := inbox.Apply(workspace, state.load(), []inbox.Item{{Channel: channels[0], Fact: &f}}, mint)
			for _, r := range changes.Responses {
				waited = append(waited, r.Waited)
			}
			state.write(&changes)
		}
		if got := !state.Conversations[0].WaitingSince.IsZero(); got != c.waits {
			t.Errorf("%s leaves the customer waiting: %v, want %v", name, got, c.waits)
		}
		if !slices.Equal(waited, c.waited) {
			t.Errorf("%s ended waits of %v, want %v", name, waited, c.waited)
		}
	}
}

// TestWhatEndsWaiting answers a customer, and resolves what needs no answer.
func TestWhatEndsWaiting(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ask := func(id string) {
		o.clock.Advance(time.Minute)
		o.hears(o.text("100", "6281200000001", id, "Halo"))
		if o.only().WaitingSince.IsZero() {
			t.Errorf("after %s the customer does not wait", id)
		}
	}
	answered := func(what string) {
		t.Helper()
		if since := o.only().WaitingSince; !since.IsZero() {
			t.Errorf("after %s the customer waits since %v", what, since)
		}
	}
	ask("wamid.1")
	_, err := o.box.Send(t.Context(), o.me, inbox.SendCommand{ConversationID: o.only().ID, Content: crm.Text{Body: "Ya?"}})
	must(t, err)
	answered("a reply")
	o.hears(o.text("100", "6281200000001", "wamid.2", "Masih buka?")) // within the second
	if o.only().WaitingSince.IsZero() {
		t.Error("who asks within the second of our message does not wait")
	}
	resolved := crm.Resolved
	_, err = o.box.Change(t.Context(), o.me, o.only().ID, inbox.Change{Status: &resolved})
	must(t, err)
	answered("it was resolved")
	ask("wamid.3")
	_, err = o.box.Change(t.Context(), o.me, o.only().ID, inbox.Change{Read: true})
	must(t, err)
	if o.only().WaitingSince.IsZero() {
		t.Error("to have read is not to have answered, and the customer waits no more")
	}
}
