package crm_test

import (
	"errors"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
)

// sending is a send that CheckSend decides about.
type sending struct {
	channel crm.Channel
	contact crm.Contact
	thread  crm.Conversation
	content crm.Content
}

func (s sending) check() error {
	return crm.CheckSend(&s.channel, &s.contact, &s.thread, s.content, crmtest.Start)
}

// genSending makes sends in every combination of what decides.
func genSending(p *gopter.GenParameters) *gopter.GenResult {
	ago := []time.Duration{-1, 0, time.Second, 24*time.Hour - 1, 24 * time.Hour, 24*time.Hour + 1, 300 * time.Hour}
	kinds := []crm.IdentityKind{crm.ByPhone, crm.ByWaID, crm.ByUserID, crm.ByEmail, crm.ByExternal}
	contents := []crm.Content{
		crm.Text{Body: "Halo"}, crm.Media{Type: crm.KindImage}, crm.Reaction{Emoji: "👍"},
		crm.FilledTemplate{Category: "marketing"}, crm.FilledTemplate{}, crm.FilledTemplate{Category: "utility"},
	}
	s := sending{content: contents[p.Rng.Intn(len(contents))]}
	s.contact.Identities = []crm.Identity{{Kind: kinds[p.Rng.Intn(len(kinds))], Value: "x"}}
	if ago := ago[p.Rng.Intn(len(ago))]; ago >= 0 {
		s.thread.LastInbound = crmtest.Start.Add(-ago)
	}
	s.contact.OptOut.Out = p.Rng.Intn(2) == 0
	if p.Rng.Intn(4) == 0 {
		s.contact.BlockedAt = crmtest.Start
	}
	if p.Rng.Intn(4) == 0 {
		s.channel.DisabledAt = crmtest.Start
	}
	return gopter.NewGenResult(s, gopter.NoShrinker)
}

// TestCheckSendLaw states when a send is refused, apart from how CheckSend
// decides it.
func TestCheckSendLaw(t *testing.T) {
	t.Parallel()
	parameters := gopter.DefaultTestParameters()
	parameters.MinSuccessfulTests = 2000 // of 1680 combinations
	properties := gopter.NewProperties(parameters)
	properties.Property("refused exactly when a rule says no", prop.ForAll(
		func(s sending) bool {
			template, isTemplate := s.content.(crm.FilledTemplate)
			kind := s.contact.Identities[0].Kind
			open := !s.thread.LastInbound.IsZero() && crmtest.Start.Sub(s.thread.LastInbound) < 24*time.Hour
			switchedOff := !s.channel.DisabledAt.IsZero() || !s.contact.BlockedAt.IsZero()
			unreachable := kind == crm.ByEmail || kind == crm.ByExternal
			unwanted := s.contact.OptOut.Out && isTemplate && template.Marketing()
			refused := switchedOff || unreachable || unwanted || !open && !isTemplate
			err := s.check()
			return refused == errors.Is(err, crm.Refused) && refused == (err != nil)
		}, genSending))
	properties.TestingRun(t)
}

func TestCheckSendReasons(t *testing.T) {
	t.Parallel()
	known := crm.Contact{Identities: []crm.Identity{{Kind: crm.ByWaID, Value: "6281200000001"}}}
	optedOut, blocked := known, known
	optedOut.OptOut.Out, blocked.BlockedAt = true, crmtest.Start
	open := crm.Conversation{LastInbound: crmtest.Start.Add(-time.Hour)}
	closed := crm.Conversation{LastInbound: crmtest.Start.Add(-25 * time.Hour)}
	text, marketing := crm.Text{Body: "Halo"}, crm.FilledTemplate{Category: "marketing"}
	off := crm.Channel{DisabledAt: crmtest.Start}
	for _, c := range []struct {
		name string
		send sending
		want string
	}{
		{"inside the window", sending{contact: known, thread: open, content: text}, ""},
		{"after it", sending{contact: known, thread: closed, content: text}, crm.WindowClosed},
		{"before it", sending{contact: known, content: text}, crm.WindowNever},
		{"a template after it", sending{contact: known, thread: closed, content: marketing}, ""},
		{"marketing to somebody who opted out", sending{contact: optedOut, thread: closed, content: marketing}, crm.OptedOut},
		{"marketing to the same who just wrote", sending{contact: optedOut, thread: open, content: marketing}, crm.OptedOut},
		{"something useful to the same", sending{contact: optedOut, thread: closed, content: crm.FilledTemplate{Category: "utility"}}, ""},
		{"an answer to the same", sending{contact: optedOut, thread: open, content: text}, ""},
		{"a blocked contact", sending{contact: blocked, thread: open, content: text}, crm.ContactBlocked},
		{"a channel that is off", sending{channel: off, contact: known, thread: open, content: text}, crm.ChannelDisabled},
		{"a channel that is off, to a blocked contact", sending{channel: off, contact: blocked, content: text}, crm.ChannelDisabled},
		{"nobody to reach", sending{thread: open, content: text}, crm.NoAddress},
	} {
		var refused *crm.Error
		err := c.send.check()
		if c.want == "" {
			if err != nil {
				t.Errorf("%s: CheckSend = %v, want nil", c.name, err)
			}
			continue
		}
		if !errors.As(err, &refused) || refused.Code != crm.Refused || refused.Reason != c.want || refused.Msg == "" {
			t.Errorf("%s: CheckSend = %v, want Refused for %s with a sentence", c.name, err, c.want)
		}
	}
}

// TestWindowBoundary: the window is open until 24 hours have passed, and not at
// that moment.
func TestWindowBoundary(t *testing.T) {
	t.Parallel()
	thread := crm.Conversation{LastInbound: crmtest.Start}
	contact := crm.Contact{Identities: []crm.Identity{{Kind: crm.ByPhone, Value: "+6281200000001"}}}
	end := crmtest.Start.Add(24 * time.Hour)
	if !thread.WindowUntil().Equal(end) || !(&crm.Conversation{}).WindowUntil().IsZero() {
		t.Errorf("the window closes at %v, want %v, and never opened without a message", thread.WindowUntil(), end)
	}
	for after, open := range map[time.Duration]bool{-1: true, 0: false, 1: false} {
		err := crm.CheckSend(&crm.Channel{}, &contact, &thread, crm.Text{Body: "Halo"}, end.Add(after))
		if (err == nil) != open {
			t.Errorf("%v after the end: CheckSend = %v, want it open: %t", after, err, open)
		}
	}
}
