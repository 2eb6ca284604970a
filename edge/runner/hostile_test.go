package runner_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/runner"
)

// deadline is the time a call may take: long enough for an honest one on a busy
// machine, and what the tests wait for those that never return.
const deadline = time.Second

// request is one that guests answer honestly, and evil one that they need not.
func request() *edge.Request { return signed(body(3)) }

func evil() *edge.Request {
	r := request()
	r.Source = []byte("x")
	return r
}

// decided is a decision's frame with what change makes of a sound one.
func decided(change func(*edge.Decision)) []byte {
	d := edge.Decision{
		Verdict: edge.Forward, Reason: edge.Routed, Status: 200, Epoch: 17, Cells: 2,
		Targets: []edge.Target{{Kind: edge.OfNumber, How: edge.ByTable, Cells: 2, Events: 1}},
		Events:  []edge.Event{{Kind: edge.Message, How: edge.ByTable, Start: 10, End: 20}},
	}
	change(&d)
	return edge.AppendDecision(nil, &d)
}

// answers is a guest that answers evil requests with a frame.
func answers(frame []byte) guest {
	pages := 3 + len(frame)/(64<<10)
	return guest{pages: byte(pages), other: frame, evil: returns(otherAt, uint32(len(frame)))}
}

// hostile are guests that misbehave at an evil request.
var hostile = []struct {
	name  string
	guest guest
}{
	{"traps", guest{evil: trap}},
	{"exits", guest{evil: exit}},
	{"never returns", guest{evil: forever}},
	{"grows and never returns", guest{evil: growForever}},
	{"calls itself", guest{evil: recurse}},
	{"grows to the limit and traps", guest{evil: slices.Concat(growToLimit, trap)}},
	{"answers from outside of its memory", guest{evil: returns(0xffff_fff0, 64)}},
	{"answers from the end of its memory", guest{evil: returns(memoryEnd-63, 64)}},
	{"answers with all there is", guest{evil: returns(0, 0xffff_ffff)}},
	{"answers with nothing", guest{evil: returns(decisionAt, 0)}},
	{"answers with zeros", guest{evil: returns(8192, 64)}},
	{"answers with half a decision", guest{evil: returns(decisionAt, 63)}},
	{"answers with a decision and more", guest{evil: returns(decisionAt, 65)}},
	{"another epoch", answers(decided(func(d *edge.Decision) { d.Epoch = 18 }))},
	{"no verdict", answers(decided(func(d *edge.Decision) { d.Verdict = 0 }))},
	{"an unknown verdict", answers(decided(func(d *edge.Decision) { d.Verdict = 4 }))},
	{"no status", answers(decided(func(d *edge.Decision) { d.Status = 99 }))},
	{"an unknown status", answers(decided(func(d *edge.Decision) { d.Status = 600 }))},
	{"says that the frame is none", answers(decided(func(d *edge.Decision) { d.Reason = edge.BadFrame }))},
	{"says that it has no configuration", answers(decided(func(d *edge.Decision) { d.Reason = edge.NotConfigured }))},
	{"a source that there is not", answers(decided(func(d *edge.Decision) { d.Source = 2 }))},
	{"a negative source", answers(decided(func(d *edge.Decision) { d.Source = -2 }))},
	{"a key that there is not", answers(decided(func(d *edge.Decision) { d.Key = 2 }))},
	{"forwards what nobody has signed", answers(decided(func(d *edge.Decision) { d.Source, d.Key = edge.None, edge.None }))},
	{"forwards what no secret has signed", answers(decided(func(d *edge.Decision) { d.Key = edge.None }))},
	{"a key of no source", answers(decided(func(d *edge.Decision) { d.Verdict, d.Source = edge.Refuse, edge.None }))},
	{"a cell that there is not", answers(decided(func(d *edge.Decision) { d.Cells = 4 }))},
	{"a cell that there is not, of a target", answers(decided(func(d *edge.Decision) { d.Targets[0].Cells = 4 }))},
	{"an event that ends behind the body", answers(decided(func(d *edge.Decision) { d.Events[0].End = 1 << 20 }))},
	{"an event that ends before it starts", answers(decided(func(d *edge.Decision) { d.Events[0].Start = 21 }))},
	{"too many events", answers(decided(func(d *edge.Decision) { d.Events = make([]edge.Event, edge.MaxEvents+1) }))},
	{"too many targets", answers(decided(func(d *edge.Decision) { d.Targets = make([]edge.Target, edge.MaxEvents+1) }))},
	{"an answer of more than 4 MiB", answers(decided(func(d *edge.Decision) { d.Challenge = make([]byte, 4<<20) }))},
	{"an event of no target", answers(decided(func(d *edge.Decision) { d.Events[0].Target = 1 }))},
}

// trouble calls the pool with an evil request and then with an honest one.
func trouble(t *testing.T, pool *runner.Pool) {
	var d runner.Decision
	err := pool.Decide(t.Context(), evil(), now, &d)
	if !errors.Is(err, runner.ErrModule) || crm.CodeOf(err) != crm.Unavailable {
		t.Errorf("Decide(evil) = %v, want ErrModule of class unavailable", err)
	}
	if d.Verdict != 0 || d.Status != 0 || len(d.Events) != 0 {
		t.Errorf("Decide(evil) left %v %d", d.Verdict, d.Status)
	}
	if err := pool.Decide(t.Context(), request(), now, &d); err != nil || d.Status != 401 || d.Epoch != 17 {
		t.Errorf("Decide after it = %v, status %d, epoch %d, want 401 and 17", err, d.Status, d.Epoch)
	}
}

func TestHostileGuestIsStoppedAndReplaced(t *testing.T) {
	t.Parallel()
	for _, c := range hostile {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pool := newPool(t, runner.Options{Module: c.guest.module(), Size: 1, Untrusted: true, Timeout: deadline})
			trouble(t, pool)
			if s := pool.Stats(); s.Discarded != 1 || s.Started != 2 || s.Live != 1 {
				t.Errorf("Stats() = %+v, want 1 of 2 discarded", s)
			}
		})
	}
}

// Whoever asks honestly is served while a module misbehaves for others.
func TestOthersAreServedMeanwhile(t *testing.T) {
	t.Parallel()
	for _, c := range hostile[:8] {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pool := newPool(t, runner.Options{Module: c.guest.module(), Size: 3, Untrusted: true, Timeout: deadline})
			var all sync.WaitGroup
			for range 2 {
				all.Go(func() {
					var d runner.Decision
					if err := pool.Decide(t.Context(), evil(), now, &d); !errors.Is(err, runner.ErrModule) {
						t.Errorf("Decide(evil) = %v, want ErrModule", err)
					}
				})
				all.Go(func() {
					for range 50 {
						var d runner.Decision
						if err := pool.Decide(t.Context(), request(), now, &d); err != nil || d.Status != 401 {
							t.Errorf("Decide = %v, status %d, want 401", err, d.Status)
						}
					}
				})
			}
			all.Wait()
		})
	}
}

// What does not take time needs no deadline, so the package's own module is run
// without one.
func TestTrustedGuestIsReplacedToo(t *testing.T) {
	t.Parallel()
	for _, c := range hostile {
		if c.name == "never returns" || c.name == "grows and never returns" {
			continue // these are what Untrusted is for
		}
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			trouble(t, newPool(t, runner.Options{Module: c.guest.module(), Size: 1}))
		})
	}
}

func TestBufferIsChecked(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		at   int64
	}{{"none", 0}, {"behind the memory", memoryEnd}, {"at its end", memoryEnd - 1}, {"at -1", -1}} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			_, err := runner.New(t.Context(), runner.Options{Module: guest{buffer: constant(c.at)}.module(), Config: document(17)})
			if !errors.Is(err, runner.ErrModule) {
				t.Errorf("New with a buffer at %d = %v, want ErrModule", c.at, err)
			}
		})
	}
}
