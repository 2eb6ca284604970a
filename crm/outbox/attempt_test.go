package outbox_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/outbox"
)

// attempts are what may come of the one attempt at a reply.
var attempts = []struct {
	name    string
	answer  answer
	outcome outbox.Outcome
	status  crm.MessageStatus
	job     bool   // it is still there
	fact    string // part of the newest fact; empty: nothing happened
}{
	{"taken", answer{}, outbox.Accepted, crm.Sent, false, `message.status {"status":"sent"}`},
	{"held", answer{reply: crm.Accepted{Held: true}}, outbox.Accepted, crm.Sending, false, ""},
	{"lost", lost, outbox.Unknown, crm.Unknown, false, `message.status {"status":"unknown","reason":"No answer came`},
	{"refused for good", refusal(131026), outbox.Failed, crm.Failed, false, `"error":{"code":131026,"title":"The message cannot be delivered`},
	{"refused for now", refusal(131016), outbox.Retry, crm.Sending, true, ""},
	{"refused for spam", refusal(131048), outbox.Retry, crm.Sending, true, `"warning":"WhatsApp slows this number down`},
	{"not even sent", answer{err: &crm.SendError{Err: errors.New("connection refused")}}, outbox.Retry, crm.Sending, true, ""},
	{"refused with the channel", refusal(190), outbox.Stopped, crm.Sending, true, `"paused":"The access token is wrong or has expired."`},
	{"refused by the customer", refusal(131050), outbox.Failed, crm.Failed, false, `contact.changed {"opt_out":{"out":true`},
}

func TestAttempt(t *testing.T) {
	t.Parallel()
	for _, tt := range attempts {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			m := s.say(s.thread())
			s.network.next(tt.answer)
			if outcome := s.attempt(s.claim()); outcome != tt.outcome {
				t.Errorf("the outcome is %s, want %s", outcome, tt.outcome)
			}
			state := s.now(m)
			if state.Message.Status != tt.status || (state.Job != nil) != tt.job {
				t.Errorf("the message is %s and its job %+v, want %s and a job: %t", state.Message.Status, state.Job, tt.status, tt.job)
			}
			shown := state.Conversation.LastMessage.Status
			if shown != tt.status && tt.status != crm.Sending { // a claim does not rewrite the list
				t.Errorf("the list shows %s, want %s", shown, tt.status)
			}
			facts := s.facts()
			if last := slices.Concat([]string{""}, facts)[len(facts)]; !strings.Contains(last, tt.fact) || tt.fact == "" && last != "" {
				t.Errorf("the feed says %q, want %q at its end", facts, tt.fact)
			}
		})
	}
}

// TestRetry follows a message through two refusals to its end.
func TestRetry(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cv := s.thread()
	first, behind := s.say(cv), s.say(cv)
	s.network.next(refusal(131016), refusal(131000))
	for attempt := 1; attempt <= 2; attempt++ {
		if made := s.work(); made != 1 {
			t.Fatalf("attempt %d: %d attempts, want one, the message behind waits", attempt, made)
		}
		job := s.now(first).Job
		wait := job.RunAt.Sub(s.clock.Now())
		if job.Attempt != attempt || wait < time.Duration(attempt)*2*second || wait > time.Duration(attempt)*3*second || !strings.Contains(job.LastError, "provider answered 400") {
			t.Fatalf("attempt %d: the job is %+v", attempt, job)
		}
		if s.clock.Advance(wait - time.Millisecond); s.work() != 0 {
			t.Fatalf("attempt %d: tried before it was due", attempt)
		}
		s.clock.Advance(time.Millisecond)
	}
	if made := s.work(); made != 2 || len(s.network.sent) != 2 || s.network.sent[0].MessageID != first.ID || s.network.sent[1].MessageID != behind.ID {
		t.Errorf("%d attempts sent %v, want both messages in their order", made, s.network.sent)
	}
}

// TestGivenUp checks that a refusal for now does not go on for ever, and what is
// said then.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	m := s.queue(s.thread(), crm.FilledTemplate{Name: "greeting", Language: "id", Category: "utility"})
	for s.now(m).Job != nil {
		s.network.next(refusal(131016))
		s.work()
		s.clock.Advance(5 * minute)
	}
	got := s.now(m).Message
	if got.Status != crm.Failed || !strings.HasSuffix(got.Error.Title, "Given up after 40 attempts.") || s.network.calls != 40 {
		t.Errorf("after %d calls the message is %s: %v", s.network.calls, got.Status, got.Error)
	}
}

// TestStopped checks that one refusal of the credentials stops the channel with
// one fact, and that all goes on, in order, once it is resumed.
func TestStopped(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cv := s.thread()
	first, behind, elsewhere := s.say(cv), s.say(cv), s.say(s.thread())
	claims, err := s.out.Claim(t.Context(), 10)
	if err != nil || len(claims) != 2 {
		t.Fatalf("Claim = %d, %v, want the oldest of both threads", len(claims), err)
	}
	s.network.next(refusal(190), refusal(190))
	for _, claim := range claims {
		if outcome := s.attempt(claim); outcome != outbox.Stopped {
			t.Errorf("the outcome is %s, want stopped", outcome)
		}
	}
	if facts := s.facts(); len(facts) != 1 {
		t.Errorf("the feed says %q, want one pause", facts)
	}
	if s.clock.Advance(hour); s.work() != 0 {
		t.Error("a paused channel sends")
	}
	s.change(first, func(state *outbox.State) crm.Changes {
		state.Channel.PausedReason = ""
		return crm.Changes{Channels: []*crm.Channel{state.Channel}}
	})
	s.work()
	for _, m := range []*crm.Message{first, behind, elsewhere} {
		if got := s.now(m).Message.Status; got != crm.Sent {
			t.Errorf("after the pause the message is %s, want sent", got)
		}
	}
}

// TestNotSent checks what is decided without the provider.
func TestNotSent(t *testing.T) {
	t.Parallel()
	text, template := crm.Text{Body: "Halo"}, crm.FilledTemplate{Name: "greeting", Language: "id", Category: "marketing"}
	for _, tt := range []struct {
		name    string
		content crm.Content
		change  func(*shop, *crm.Message)
		outcome outbox.Outcome
		status  crm.MessageStatus
		word    string // of the error the message keeps
	}{
		{"the window closed while it waited", text, func(s *shop, _ *crm.Message) { s.clock.Advance(24 * hour) }, outbox.Failed, crm.Failed, crm.WindowClosed},
		{"it waited for more than a day", template, func(s *shop, _ *crm.Message) { s.clock.Advance(24*hour + 1e6) }, outbox.Failed, crm.Failed, "expired"},
		{"the contact was blocked", text, func(s *shop, m *crm.Message) {
			s.change(m, func(state *outbox.State) crm.Changes {
				state.Contact.BlockedAt = s.clock.Now()
				return crm.Changes{Contacts: []*crm.Contact{state.Contact}}
			})
		}, outbox.Failed, crm.Failed, crm.ContactBlocked},
		{"a status report came for it", text, func(s *shop, m *crm.Message) { s.status(m, crm.Delivered) }, outbox.Gone, crm.Delivered, ""},
		{"a failure was reported for it", text, func(s *shop, m *crm.Message) { s.status(m, crm.Failed) }, outbox.Gone, crm.Failed, ""},
		{"the provider named it, no more", text, func(s *shop, m *crm.Message) { s.status(m, crm.Sending) }, outbox.Gone, crm.Sending, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			m := s.queue(s.thread(), tt.content)
			tt.change(s, m)
			if outcome := s.attempt(s.claim()); outcome != tt.outcome {
				t.Errorf("the outcome is %s, want %s", outcome, tt.outcome)
			}
			state := s.now(m)
			if state.Message.Status != tt.status || state.Job != nil || s.network.calls != 0 {
				t.Errorf("the message is %s after %d calls, its job %v, want %s, none and none", state.Message.Status, s.network.calls, state.Job, tt.status)
			}
			if tt.word != "" && (state.Message.Error == nil || state.Message.Error.Word != tt.word || !strings.HasSuffix(state.Message.Error.Title, ".")) {
				t.Errorf("the message says %v, want %s", state.Message.Error, tt.word)
			}
		})
	}
}

// TestAbandoned checks that a message that a dead host may have sent is never
// sent again, and that a report settles it.
func TestAbandoned(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	m := s.say(s.thread())
	s.claim() // and the host dies
	s.clock.Advance(2*minute + second)
	s.restart()
	if outcome := s.attempt(s.claim()); outcome != outbox.Unknown || s.network.calls != 0 {
		t.Errorf("the outcome is %s after %d calls, want unknown after none", outcome, s.network.calls)
	}
	if got := s.now(m).Message; got.Status != crm.Unknown || got.Error != nil {
		t.Errorf("the message is %s with %v, want unknown; an error would hide a later one", got.Status, got.Error)
	}
	s.status(m, crm.Delivered)
	if got := s.now(m).Message.Status; got != crm.Delivered {
		t.Errorf("after a report the message is %s", got)
	}
	if waiting, _, err := s.out.Depth(t.Context()); waiting != 0 || err != nil {
		t.Errorf("Depth = %d, %v, want an empty outbox", waiting, err)
	}
}

// TestOvertaken lets a provider take so long to answer that another host takes
// the job for abandoned: what the first learns counts if it is that the message
// was taken, and nothing else does.
func TestOvertaken(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		late    answer
		outcome outbox.Outcome
		status  crm.MessageStatus
	}{
		"taken":            {answer{}, outbox.Accepted, crm.Sent},
		"refused for good": {refusal(131026), outbox.Gone, crm.Unknown},
		"refused for now":  {refusal(131016), outbox.Gone, crm.Unknown},
		"lost":             {lost, outbox.Gone, crm.Unknown},
	} {
		s := newShop(t)
		m := s.say(s.thread())
		slow := s.claim()
		tt.late.before = func() {
			s.clock.Advance(3 * minute)
			if outcome := s.attempt(s.claim()); outcome != outbox.Unknown {
				t.Errorf("%s: the second host's outcome is %s, want unknown", name, outcome)
			}
		}
		s.network.next(tt.late)
		outcome, state := s.attempt(slow), s.now(m)
		if outcome != tt.outcome || state.Message.Status != tt.status || state.Job != nil {
			t.Errorf("%s: the outcome is %s, the message %s, its job %v, want %s and %s", name, outcome, state.Message.Status, state.Job, tt.outcome, tt.status)
		}
	}
}

// TestPutBack checks attempts that do not begin: they cost the message nothing.
func TestPutBack(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*shop, outbox.Claim) (outbox.Outcome, error){
		"the lease nearly over": func(s *shop, c outbox.Claim) (outbox.Outcome, error) {
			s.clock.Advance(2*minute - 30*second)
			return s.out.Attempt(t.Context(), c)
		},
		"the program about to end": func(s *shop, c outbox.Claim) (outbox.Outcome, error) {
			ended, end := context.WithCancel(t.Context())
			end()
			return s.out.Attempt(ended, c)
		},
	} {
		s := newShop(t)
		m := s.say(s.thread())
		outcome, err := begin(s, s.claim())
		job := s.now(m).Job
		if outcome != outbox.Retry || err != nil || s.network.calls != 0 || job == nil || job.Attempt != 0 || !job.LockedUntil.IsZero() {
			t.Errorf("with %s: %s, %v, %d calls, job %+v, want it free and uncounted", name, outcome, err, s.network.calls, job)
		}
		if s.work() != 1 || s.now(m).Message.Status != crm.Sent {
			t.Errorf("with %s: the message is %s afterwards, want sent", name, s.now(m).Message.Status)
		}
	}
}

// TestEndedMeanwhile checks that an answer is recorded although the program was
// told to end while it waited for it.
func TestEndedMeanwhile(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	m := s.say(s.thread())
	ctx, end := context.WithCancel(t.Context())
	s.network.next(answer{before: end})
	if outcome, err := s.out.Attempt(ctx, s.claim()); outcome != outbox.Accepted || err != nil {
		t.Errorf("Attempt = %s, %v, want accepted", outcome, err)
	}
	if got := s.now(m).Message.Status; got != crm.Sent {
		t.Errorf("the message is %s, want sent", got)
	}
}

// silentSender breaks the port's rule about its error.
type silentSender struct{}

// Send implements outbox.Sender.
func (silentSender) Send(context.Context, *crm.Channel, crm.Outgoing) (crm.Accepted, error) {
	return crm.Accepted{}, errors.New("something")
}

// TestSenders checks a program that lacks a sender, and one whose sender does
// not say what happened.
func TestSenders(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		senders map[crm.Provider]outbox.Sender
		want    outbox.Outcome
	}{
		"no sender":      {nil, outbox.Stopped},
		"a vague sender": {map[crm.Provider]outbox.Sender{crm.Kapso: silentSender{}}, outbox.Unknown},
	} {
		s := newShop(t)
		s.say(s.thread())
		s.out = outbox.New(s.store, tt.senders, s.mint)
		if outcome := s.attempt(s.claim()); outcome != tt.want {
			t.Errorf("with %s the outcome is %s, want %s", name, outcome, tt.want)
		}
	}
}

// TestAddress checks whom a message is addressed to.
func TestAddress(t *testing.T) {
	t.Parallel()
	waID, phone, user := crm.Identity{Kind: crm.ByWaID, Value: "5215555550001"}, crm.Identity{Kind: crm.ByPhone, Value: "+525555550001"}, crm.Identity{Kind: crm.ByUserID, Value: "MX.1"}
	for _, tt := range []struct {
		known []crm.Identity
		want  crm.Outgoing
	}{
		{[]crm.Identity{phone, user, waID}, crm.Outgoing{To: "+5215555550001"}},
		{[]crm.Identity{user, phone}, crm.Outgoing{To: "+525555550001"}},
		{[]crm.Identity{user}, crm.Outgoing{Recipient: "MX.1"}},
	} {
		s := newShop(t)
		m := s.say(s.thread())
		s.change(m, func(state *outbox.State) crm.Changes {
			state.Contact.Identities, state.Message.ReplyTo = tt.known, "wamid.quoted"
			return crm.Changes{Contacts: []*crm.Contact{state.Contact}, Messages: []*crm.Message{state.Message}}
		})
		s.work()
		tt.want.MessageID, tt.want.ReplyTo, tt.want.Content = m.ID, "wamid.quoted", m.Content
		if len(s.network.sent) != 1 || s.network.sent[0] != tt.want {
			t.Errorf("known by %v: sent %+v, want %+v", tt.known, s.network.sent, tt.want)
		}
	}
}

// TestStoreDown checks that a store that fails is reported, and that what it did
// not record is in doubt afterwards and not sent again.
func TestStoreDown(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	m := s.say(s.thread())
	claim := s.claim()
	healthy := s.store
	s.store = brokenStore{healthy}
	s.restart()
	if _, err := s.out.Attempt(t.Context(), claim); !errors.Is(err, crm.Unavailable) {
		t.Errorf("Attempt = %v, want Unavailable", err)
	}
	s.store = healthy
	s.restart()
	s.clock.Advance(3 * minute)
	s.work()
	if got := s.now(m).Message.Status; got != crm.Unknown || s.network.taken[m.ID] != 1 {
		t.Errorf("the message is %s, taken %d times, want unknown and once", got, s.network.taken[m.ID])
	}
}

// brokenStore is a store whose database went away.
type brokenStore struct{ outbox.Store }

// Update implements outbox.Store.
func (brokenStore) Update(context.Context, crm.WorkspaceID, func(context.Context, outbox.Tx) error) error {
	return &crm.Error{Op: "update", Code: crm.Unavailable}
}

// TestClaimNotCommitted checks that what could not be leased for certain is not
// sent: the next claim would find it free and send it again.
func TestClaimNotCommitted(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.say(s.thread())
	s.store = forgetfulStore{s.store}
	s.restart()
	claims, err := s.out.Claim(t.Context(), 1)
	if !errors.Is(err, crm.Unavailable) || len(claims) != 0 {
		t.Errorf("Claim = %d claims, %v, want none and Unavailable", len(claims), err)
	}
}

// forgetfulStore is a store whose commit fails when all else is done.
type forgetfulStore struct{ outbox.Store }

// Claim implements outbox.Store.
func (f forgetfulStore) Claim(ctx context.Context, c outbox.Claiming) ([]outbox.Claim, int, error) {
	claims, putOff, err := f.Store.Claim(ctx, c)
	return claims, putOff, errors.Join(err, &crm.Error{Op: "commit", Code: crm.Unavailable})
}
