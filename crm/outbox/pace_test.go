package outbox_test

import (
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// drain works until nothing waits, a step of the clock at a time.
func (s *shop) drain(step time.Duration) {
	s.t.Helper()
	for range 2000 {
		s.work()
		waiting, _, err := s.out.Depth(s.t.Context())
		must(s.t, err)
		if waiting == 0 {
			return
		}
		s.clock.Advance(step)
	}
	s.t.Fatal("the outbox never empties")
}

// TestPairRate checks that one person gets 45 messages at once and then one in
// six seconds, while others are written to.
func TestPairRate(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	cv := s.thread()
	for range 48 {
		s.say(cv)
	}
	start := s.clock.Now()
	s.drain(50 * time.Millisecond)
	for i, want := range map[int]time.Duration{44: 0, 45: 6 * second, 46: 12 * second, 47: 18 * second} {
		if got := s.network.at[i].Sub(start); got < want || got > want+2*second {
			t.Errorf("message %d left after %v, want %v", i+1, got, want)
		}
	}
	s.clock.Advance(minute) // pays for ten
	for range 12 {
		s.say(cv)
	}
	before := len(s.network.at)
	for range 20 {
		s.work()
		s.clock.Advance(20 * time.Millisecond)
	}
	if paid := len(s.network.at) - before; paid != 10 {
		t.Errorf("%d messages left a minute later, want ten", paid)
	}
	other := s.say(s.thread())
	s.drain(50 * time.Millisecond)
	if s.now(other).Message.Status != crm.Sent {
		t.Error("another person's message waits for the first's")
	}
}

// TestNumberRate checks that a number is used at most 80 times in any second,
// also when refused messages come again, that it is used to nearly the full, and
// that no message is tried for nothing.
func TestNumberRate(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		messages, refused int
		within            time.Duration
	}{
		"all are taken":         {100, 0, 3 * second / 2},
		"some are refused once": {200, 60, 9 * second / 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.crowd(tt.messages)
			for range tt.refused {
				s.network.next(refusal(131016))
			}
			start := s.clock.Now()
			s.drain(14 * time.Millisecond)
			called := s.network.called
			if len(called) != tt.messages+tt.refused || s.clock.Now().Sub(start) > tt.within {
				t.Errorf("%d calls in %v, want %d within %v", len(called), s.clock.Now().Sub(start), tt.messages+tt.refused, tt.within)
			}
			for i, from := range called {
				n := 0
				for n < len(called[i:]) && called[i+n].Sub(from) < second {
					n++
				}
				if n > 80 {
					t.Errorf("%d calls in the second after call %d, want at most 80", n, i+1)
				}
			}
		})
	}
}

// TestThrottled checks that a refusal for the number's rate holds back its other
// messages as well, and that of another number's none.
func TestThrottled(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	refused, held := s.say(s.thread()), s.say(s.thread())
	throttled := refusal(130429)
	throttled.err.RetryAfter = minute
	s.network.next(throttled)
	s.work()
	if s.network.calls != 1 {
		t.Errorf("%d calls, want one: the provider said no to the number", s.network.calls)
	}
	if job := s.now(held).Job; job.Attempt != 0 || job.RunAt.Sub(s.clock.Now()) < minute {
		t.Errorf("the other message's job is %+v, want it uncounted and a minute later", job)
	}
	front := s.Channel
	s.Channel = s.NewChannel()
	s.Channel.Credentials = crm.Credentials{}
	s.write(crm.Changes{Channels: []*crm.Channel{s.Channel}})
	elsewhere := s.say(s.thread())
	s.Channel = front
	if s.work(); s.now(elsewhere).Message.Status != crm.Sent {
		t.Error("another number waits too")
	}
	s.clock.Advance(76 * second)
	s.drain(20 * time.Millisecond)
	if a, b := s.now(refused).Message.Status, s.now(held).Message.Status; a != crm.Sent || b != crm.Sent {
		t.Errorf("after the wait the messages are %s and %s", a, b)
	}
}

// TestPlaces checks the messages that wait for their turn when something comes
// between: a refusal for the number's rate, which they must heed, and a stop of
// the program or its database, after which they must not leave all at once.
func TestPlaces(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		ninth answer // the eight before it leave at once
		stop  time.Duration
		calls int // half a second after that
	}{
		"a refusal for the rate": {answer{err: &crm.SendError{Status: 429, RetryAfter: minute}}, 20 * time.Millisecond, 9},
		"a short stop":           {answer{}, 5 * second, 30},
		"a long stop":            {answer{}, 30 * second, 30},
		"a stop of minutes":      {answer{}, 10 * minute, 30},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.crowd(30)
			if s.work(); s.network.calls != 8 {
				t.Fatalf("%d messages leave at once, want 8", s.network.calls)
			}
			s.network.next(tt.ninth)
			s.clock.Advance(tt.stop)
			s.work()
			if tt.stop > 10*second && s.network.calls > 16 {
				t.Errorf("%d messages leave at once after the stop, want 8", s.network.calls-8)
			}
			for range 25 {
				s.clock.Advance(20 * time.Millisecond)
				s.work()
			}
			if s.network.calls != tt.calls {
				t.Errorf("%d calls half a second later, want %d", s.network.calls, tt.calls)
			}
		})
	}
}

// TestClaimKeepsToTheRate holds claims to what may leave: a crowd's other messages
// are put off by the claim itself, however many stand before one of another number.
func TestClaimKeepsToTheRate(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.crowd(250)
	s.clock.Advance(time.Millisecond)
	second := s.NewChannel()
	second.Provider, second.Credentials = s.Channel.Provider, crm.Credentials{}
	cv := s.thread()
	cv.ChannelID = second.ID
	m, job := s.Outbound(cv, "dari nomor lain")
	job.Throttle = second.ID
	s.write(crm.Changes{Channels: []*crm.Channel{second}, Conversations: []*crm.Conversation{cv}, Messages: []*crm.Message{m}, Jobs: []*crm.Job{job}})
	for i, want := range []int{8, 1, 0} { // at once; then, behind all the others, the other number's; then nothing
		claims, err := s.out.Claim(t.Context(), 20)
		if err != nil || len(claims) != want {
			t.Errorf("claim %d: %d claims, %v, want %d", i+1, len(claims), err, want)
		}
		if i == 1 && len(claims) == 1 && claims[0].Message.ID != m.ID {
			t.Error("what is claimed behind the crowd is not the other number's message")
		}
	}
	s.clock.Advance(time.Second/72 + time.Millisecond)
	if claims, err := s.out.Claim(t.Context(), 20); err != nil || len(claims) != 1 {
		t.Errorf("a place later %d are claimed, %v, want one", len(claims), err)
	}
}
