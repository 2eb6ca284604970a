package worker_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/outbox"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host/telemetry"
	"github.com/my21staff/my21staff/host/worker"
)

var silent = slog.New(slog.DiscardHandler)

func TestWorkerThatPanicsIsLoggedAndStartedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		metrics := telemetry.New()
		g := worker.NewGroup(slog.New(slog.NewTextHandler(&out, nil)), metrics)
		starts := 0
		g.Go("fragile", func(ctx context.Context) error {
			if starts++; starts == 1 {
				panic("broken")
			}
			<-ctx.Done()
			return nil
		})
		synctest.Wait()
		if down := g.Down(); len(down) != 1 || !strings.HasPrefix(down[0], "fragile: panic: broken") {
			t.Errorf("after the panic the workers down are %q", down)
		}
		time.Sleep(2 * time.Second) // of the bubble's clock
		synctest.Wait()
		if starts != 2 || len(g.Down()) != 0 {
			t.Errorf("it was started %d times and %v is down, want 2 and nothing", starts, g.Down())
		}
		if err := g.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(out.String(), "a worker failed"); n != 1 {
			t.Errorf("the panic was logged %d times: %s", n, out.String())
		}
		if !strings.Contains(written(metrics), `m21_panics_total{where="fragile"} 1`) {
			t.Error("the panic was not counted")
		}
	})
}

func TestStopGivesUpWhenItsTimeIsOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := worker.NewGroup(silent, telemetry.New())
		release := make(chan struct{})
		g.Go("stubborn", func(context.Context) error { <-release; return nil })
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := g.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want that the time is over", err)
		}
		close(release)
	})
}

func TestEveryGoesOnAfterAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := worker.NewGroup(silent, telemetry.New())
		var turns []time.Duration
		start := time.Now()
		g.Go("poll", g.Every(time.Minute, "poll", func(context.Context) error {
			turns = append(turns, time.Since(start))
			return errors.New("no")
		}))
		time.Sleep(2*time.Minute + time.Second)
		synctest.Wait()
		if fmt.Sprint(turns) != "[0s 1m0s 2m0s]" || len(g.Down()) != 0 {
			t.Errorf("the turns were at %v with %v down, want at once and every minute", turns, g.Down())
		}
		if err := g.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// jobs is an outbox with so many jobs, each of which takes a while.
type jobs struct {
	mu      sync.Mutex
	waiting int
	under   int // attempts under way
	most    int // of them at once
	done    int
	claims  int
	asked   int // jobs asked for at once, at most
	takes   time.Duration
	record  func() (outbox.Outcome, error)
	records int // how often something was recorded
	claim   error
}

func (j *jobs) Claim(_ context.Context, limit int) ([]outbox.Claim, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.claims++
	j.asked = max(j.asked, limit)
	if j.claim != nil {
		return nil, j.claim
	}
	n := min(limit, j.waiting)
	j.waiting -= n
	claims := make([]outbox.Claim, n)
	for i := range claims {
		claims[i].Message = &crm.Message{ID: crm.MessageID{1}}
	}
	return claims, nil
}

func (j *jobs) Hand(ctx context.Context, _ outbox.Claim) (h outbox.Handed) {
	j.mu.Lock()
	j.under++
	j.most = max(j.most, j.under)
	j.mu.Unlock()
	select {
	case <-ctx.Done():
	case <-time.After(j.takes):
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.under--
	if ctx.Err() == nil {
		j.done++
	}
	return h
}

func (j *jobs) Record(ctx context.Context, _ outbox.Handed) (outbox.Outcome, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	j.records++
	if j.record != nil {
		return j.record()
	}
	return outbox.Accepted, nil
}

func (j *jobs) add(n int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.waiting += n
}

func TestSenderAttemptsSeveralAtOnceAndNotTooMany(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, metrics := &jobs{waiting: 20, takes: time.Second}, telemetry.New()
		g := worker.NewGroup(silent, metrics)
		g.Go("sender", worker.NewSender(j, 4, silent, metrics).Run)
		time.Sleep(5*time.Second + 500*time.Millisecond)
		synctest.Wait()
		if j.done != 20 || j.most != 4 || j.asked != 4 {
			t.Errorf("after five seconds %d of 20 attempts are done, at most %d at once, of %d claimed at once; want all, 4 and 4", j.done, j.most, j.asked)
		}
		if err := g.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(written(metrics), `m21_sends_total{outcome="accepted"} 20`) {
			t.Error("the attempts were not counted")
		}
	})
}

func TestSenderIsWokenByAKickAndLooksBesides(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := &jobs{}
		s := worker.NewSender(j, 4, silent, telemetry.New())
		g := worker.NewGroup(silent, telemetry.New())
		g.Go("sender", s.Run)
		time.Sleep(100 * time.Millisecond)
		j.add(1)
		s.Kick()
		time.Sleep(50 * time.Millisecond)
		synctest.Wait()
		if j.done != 1 {
			t.Error("a kick did not send what was waiting")
		}
		j.add(1)
		time.Sleep(1100 * time.Millisecond)
		synctest.Wait()
		if j.done != 2 {
			t.Error("what no kick announced was not found within a second")
		}
		if err := g.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestManyKicksDoNotAskAllTheTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := &jobs{}
		s := worker.NewSender(j, 4, silent, telemetry.New())
		g := worker.NewGroup(silent, telemetry.New())
		g.Go("sender", s.Run)
		for range 1000 {
			s.Kick()
			time.Sleep(time.Millisecond)
		}
		if err := g.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if j.claims > 110 {
			t.Errorf("a thousand kicks in a second asked %d times, want about a hundred", j.claims)
		}
	})
}

func TestStopWaitsForAttemptsUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := &jobs{waiting: 2, takes: 3 * time.Second}
		g := worker.NewGroup(silent, telemetry.New())
		g.Go("sender", worker.NewSender(j, 4, silent, telemetry.New()).Run)
		time.Sleep(500 * time.Millisecond)
		j.add(1)
		if err := g.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if j.done != 2 || j.records != 2 || j.waiting != 1 {
			t.Errorf("after the stop %d attempts are done, %d recorded and %d jobs wait, want the two under way done and nothing new begun", j.done, j.records, j.waiting)
		}
	})
}

func TestSenderSurvivesWhatGoesWrong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		metrics := telemetry.New()
		j := &jobs{waiting: 3}
		turn := 0
		j.record = func() (outbox.Outcome, error) {
			switch turn++; turn {
			case 1:
				panic("broken client")
			case 2:
				return "", crm.Internal
			}
			return outbox.Accepted, nil
		}
		g := worker.NewGroup(silent, metrics)
		g.Go("sender", worker.NewSender(j, 1, silent, metrics).Run)
		time.Sleep(time.Second)
		synctest.Wait()
		j.mu.Lock()
		j.claim = crm.Unavailable
		j.mu.Unlock()
		time.Sleep(3 * time.Second)
		j.mu.Lock()
		j.claim, j.waiting = nil, 1
		j.mu.Unlock()
		time.Sleep(3 * time.Second)
		if err := g.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if j.done != 4 || len(g.Down()) != 0 {
			t.Errorf("%d of 4 attempts were made, down are %v", j.done, g.Down())
		}
		for _, want := range []string{`m21_panics_total{where="sender"} 1`, `m21_sends_total{outcome="accepted"} 2`} {
			if !strings.Contains(written(metrics), want) {
				t.Errorf("the metrics lack %s", want)
			}
		}
	})
}

// While the store is away what became of an attempt is not given up, for a minute or
// until the program ends; what another try would not change is.
func TestSenderRecordsAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		err     error
		away    time.Duration // the store
		stop    time.Duration // the program
		records int
		counted bool
	}{
		{"a second", crm.Unavailable, time.Second, 3 * time.Second, 6, true}, // after 0, 50, 150, 350, 750 and 1550 ms
		{"a second, and commits are in doubt", crm.Uncertain, time.Second, 3 * time.Second, 6, true},
		{"more than a minute", crm.Unavailable, time.Hour, 2 * time.Minute, 35, false},
		{"until the program ends", crm.Unavailable, time.Hour, 500 * time.Millisecond, 5, false},
		{"by a fault", crm.Internal, time.Hour, 3 * time.Second, 1, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			metrics, began := telemetry.New(), time.Now()
			j := &jobs{waiting: 1}
			j.record = func() (outbox.Outcome, error) {
				if time.Since(began) < c.away {
					return "", c.err
				}
				return outbox.Accepted, nil
			}
			g := worker.NewGroup(silent, metrics)
			g.Go("sender", worker.NewSender(j, 1, silent, metrics).Run)
			time.Sleep(c.stop)
			if err := g.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > c.stop+time.Second {
				t.Errorf("a store that is away, %s: the stop took until %v", c.name, took)
			}
			if counted := strings.Contains(written(metrics), `m21_sends_total{outcome="accepted"} 1`); j.records != c.records || j.done != 1 || counted != c.counted {
				t.Errorf("a store that is away, %s: handed over %d times, recorded %d times, want once and %d; counted is %t", c.name, j.done, j.records, c.records, counted)
			}
		})
	}
}

// provider is a provider's side of two channels.
type provider struct {
	channels []*crm.Channel
	asked    map[string][]time.Time // since when each number was asked for
	facts    []webhook.Fact
	broken   string // the number whose list fails
	large    string // the number whose list is longer than it gives
	applied  int
	parts    int
	synced   []string
}

func (p *provider) AllChannels(context.Context) ([]*crm.Channel, error) { return p.channels, nil }

func (p *provider) Recent(_ context.Context, ch *crm.Channel, since time.Time) ([]webhook.Fact, error) {
	p.asked[ch.PhoneNumberID] = append(p.asked[ch.PhoneNumberID], since)
	switch ch.PhoneNumberID {
	case p.broken:
		return nil, errors.New("no answer")
	case p.large:
		return p.facts, crm.TooLarge
	}
	return p.facts, nil
}

func (p *provider) Reconcile(_ context.Context, _ *crm.Channel, facts []webhook.Fact) (int, error) {
	p.applied += len(facts)
	p.parts++
	return len(facts), nil
}

func (p *provider) Templates(_ context.Context, ch *crm.Channel) ([]*crm.Template, error) {
	if ch.PhoneNumberID == p.broken {
		return nil, errors.New("no answer")
	}
	return []*crm.Template{{Name: "hello"}}, nil
}

func (p *provider) SyncTemplates(_ context.Context, ch *crm.Channel, listed []*crm.Template) error {
	p.synced = append(p.synced, ch.PhoneNumberID+" "+listed[0].Name)
	return nil
}

func channel(id byte, number string) *crm.Channel {
	return &crm.Channel{ID: crm.ChannelID{id}, Provider: crm.Kapso, PhoneNumberID: number, BusinessAccountID: "account",
		Credentials: crm.Credentials{Token: "token"}}
}

func TestReconcilerAsksBackWithAnOverlap(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	off, meta, bare := channel(3, "off"), channel(4, "meta"), channel(5, "bare")
	off.DisabledAt, meta.Provider, bare.Credentials.Token = now, crm.Meta, ""
	p := &provider{channels: []*crm.Channel{channel(1, "one"), channel(2, "two"), off, meta, bare}, asked: map[string][]time.Time{}, facts: make([]webhook.Fact, 3), broken: "two"}
	found := 0
	r := &worker.Reconciler{Channels: p, Listers: map[crm.Provider]worker.Lister{crm.Kapso: p}, Inbox: p,
		Now: func() time.Time { return now }, Found: func(n int) { found += n }, Log: silent}
	for range 2 {
		if err := r.Turn(t.Context()); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Minute)
	}
	start := now.Add(-2 * time.Minute)
	if got := p.asked["one"]; len(got) != 2 || !got[0].Equal(start.Add(-24*time.Hour)) || !got[1].Equal(start.Add(-10*time.Minute)) {
		t.Errorf("the number was asked for since %v, want a day back and then ten minutes before the last time", got)
	}
	if got := p.asked["two"]; len(got) != 2 || !got[1].Equal(start.Add(time.Minute-24*time.Hour)) {
		t.Errorf("the number that failed was asked for since %v, want a day back again", got)
	}
	if len(p.asked) != 2 {
		t.Errorf("asked for %v, want no channel that is off, Meta's or without a key", p.asked)
	}
	if p.applied != 6 || found != 6 {
		t.Errorf("%d facts were taken in and %d counted, want 6", p.applied, found)
	}
}

func TestReconcilerTakesInALongListInParts(t *testing.T) {
	t.Parallel()
	p := &provider{channels: []*crm.Channel{channel(1, "one")}, asked: map[string][]time.Time{}, facts: make([]webhook.Fact, 1200), large: "one"}
	now := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	r := &worker.Reconciler{Channels: p, Listers: map[crm.Provider]worker.Lister{crm.Kapso: p}, Inbox: p,
		Now: func() time.Time { return now }, Found: func(int) {}, Log: silent}
	for range 2 {
		if err := r.Turn(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if p.applied != 2400 || p.parts != 6 {
		t.Errorf("a list of 1200 facts, asked for twice, was taken in as %d facts in %d parts; want 2400 in 6", p.applied, p.parts)
	}
	if got := p.asked["one"]; !got[1].Equal(now.Add(-10 * time.Minute)) {
		t.Errorf("after a list that is too long the number is asked for since %v, want ten minutes back", got[1])
	}
}

func TestTemplatesAreSyncedHourlyAndSoonerAfterAFailure(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)
	bare := channel(3, "bare")
	bare.BusinessAccountID = ""
	p := &provider{channels: []*crm.Channel{channel(1, "one"), bare}, broken: "two"}
	s := &worker.TemplateSync{Channels: p, Listers: map[crm.Provider]worker.TemplateLister{crm.Kapso: p}, Inbox: p, Now: func() time.Time { return now }, Log: silent}
	turn := func(after time.Duration, want string) {
		t.Helper()
		now = now.Add(after)
		p.synced = nil
		if err := s.Turn(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(p.synced, ", "); got != want {
			t.Errorf("at %v: synced %q, want %q", now.Format("15:04"), got, want)
		}
	}
	turn(0, "one hello")
	turn(time.Minute, "")
	p.channels = append(p.channels, channel(2, "two"))
	turn(time.Minute, "")
	p.broken = ""
	turn(30*time.Second, "")
	turn(30*time.Second, "two hello")
	turn(time.Hour, "one hello, two hello")
}

func written(m *telemetry.Metrics) string {
	var out bytes.Buffer
	m.Write(&out)
	return out.String()
}
