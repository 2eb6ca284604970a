package outbox_test

import (
	"context"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/outbox"
)

// slowStore holds its first transaction until it is let go, and counts them.
type slowStore struct {
	outbox.Store
	begun   chan struct{}
	letGo   chan struct{}
	updates atomic.Int32
}

// Update implements outbox.Store.
func (s *slowStore) Update(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, outbox.Tx) error) error {
	if s.updates.Add(1) == 1 {
		close(s.begun)
		<-s.letGo
	}
	return s.Store.Update(ctx, ws, fn)
}

// together claims what is due, attempts the first while its store stands still, and
// the others meanwhile. It returns how many transactions recorded them.
func (s *shop) together(n int) int {
	s.t.Helper()
	slow := &slowStore{Store: s.store, begun: make(chan struct{}), letGo: make(chan struct{})}
	out := outbox.New(slow, map[crm.Provider]outbox.Sender{crm.Kapso: s.network}, s.mint)
	claims, err := out.Claim(s.t.Context(), n)
	if err != nil || len(claims) != n {
		s.t.Fatalf("Claim = %d claims, %v, want %d", len(claims), err, n)
	}
	var running sync.WaitGroup
	attempt := func(c outbox.Claim) {
		running.Go(func() {
			if outcome, err := out.Attempt(s.t.Context(), c); err != nil || outcome != outbox.Accepted {
				s.t.Errorf("an attempt is %s, %v", outcome, err)
			}
		})
	}
	attempt(claims[0])
	<-slow.begun
	for _, c := range claims[1:] {
		attempt(c)
	}
	for outbox.Waiting(out) < n-1 {
		time.Sleep(time.Millisecond) // they come in their own time
	}
	close(slow.letGo)
	running.Wait()
	return int(slow.updates.Load())
}

// sent fails the test unless all messages are.
func (s *shop) sent(messages ...*crm.Message) {
	s.t.Helper()
	for _, m := range messages {
		if state := s.now(m); state.Message.Status != crm.Sent || state.Job != nil || state.Message.ProviderID != s.network.name(m.ID) {
			s.t.Errorf("a message is %s, its job %v, its id %q", state.Message.Status, state.Job, state.Message.ProviderID)
		}
	}
}

// TestRecordTogether holds what comes while a result is being recorded to one
// transaction.
func TestRecordTogether(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var messages []*crm.Message
	for range 8 {
		messages = append(messages, s.say(s.thread()))
	}
	if n := s.together(8); n != 2 {
		t.Errorf("%d transactions recorded eight results, want two", n)
	}
	s.sent(messages...)
}

// TestRecordAgain records twice, as one does whose commit may have happened or not:
// the second time changes nothing and tells nobody.
func TestRecordAgain(t *testing.T) {
	t.Parallel()
	for name, said := range map[string]answer{
		"accepted": {reply: crm.Accepted{UserID: "ID.1029384756"}},
		"refused":  {err: &crm.SendError{Status: 400, Provider: &crm.ProviderError{Code: 131026}}},
		"in doubt": {err: &crm.SendError{Ambiguous: true}},
		"put off":  {err: &crm.SendError{Status: 503}},
		"stopped":  {err: &crm.SendError{Status: 401, Provider: &crm.ProviderError{Code: 190}}},
	} {
		s := newShop(t)
		m := s.say(s.thread())
		s.network.next(said)
		handed := s.out.Hand(t.Context(), s.claim())
		var before *outbox.State
		var told []string
		for i := range 2 {
			if _, err := s.out.Record(t.Context(), handed); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			state, facts := s.now(m), s.facts()
			if i > 0 && (!reflect.DeepEqual(state, before) || !slices.Equal(facts, told)) {
				t.Errorf("%s: recorded once it is %+v, told by %v; twice it is %+v, told by %v", name, before, told, state, facts)
			}
			before, told = state, facts
			s.clock.Advance(time.Second)
		}
	}
}

// TestRecordConflict lets one of a group be in conflict with what is stored: the
// others are recorded all the same, and it without what is in conflict.
func TestRecordConflict(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	other := s.now(s.say(s.thread())).Contact
	s.attempt(s.claim())
	var messages []*crm.Message
	for range 4 {
		messages = append(messages, s.say(s.thread()))
	}
	s.network.next(answer{}, answer{reply: crm.Accepted{WaID: other.Identity(crm.ByWaID)}}, answer{}, answer{})
	if n := s.together(4); n != 6 { // one alone, three together, each of those alone and one of them again
		t.Errorf("%d transactions recorded four results, want six", n)
	}
	s.sent(messages...)
}

// TestRecordOneContact lets two results be of one contact, which the same row of a
// group would have twice: each has its own transaction.
func TestRecordOneContact(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	first, ct, second := s.say(s.thread()), s.Contact(), s.NewChannel()
	second.Provider, second.Credentials = s.Channel.Provider, crm.Credentials{}
	s.clock.Advance(10 * time.Millisecond)
	s.write(crm.Changes{Contacts: []*crm.Contact{ct}, Channels: []*crm.Channel{second}})
	messages := []*crm.Message{first}
	for _, channel := range []*crm.Channel{s.Channel, second} {
		cv := s.Conversation(ct)
		cv.ChannelID = channel.ID
		question := s.Inbound(cv, "Halo?")
		s.write(crm.Changes{Conversations: []*crm.Conversation{cv}, Messages: []*crm.Message{question}})
		messages = append(messages, s.say(cv))
	}
	if n := s.together(3); n != 3 {
		t.Errorf("%d transactions recorded three results, two of one contact, want three", n)
	}
	s.sent(messages...)
}
