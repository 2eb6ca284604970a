package runner_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/runner"
)

func TestInstancesDoNotSeeEachOthersWrites(t *testing.T) {
	t.Parallel()
	pool := newPool(t, runner.Options{Module: guest{handle: append(count, answer(decisionAt, 64)...)}.module()})
	a, b := spawn(t, pool), spawn(t, pool)
	counted := func(i *runner.Instance, want byte) {
		t.Helper()
		var d runner.Decision
		if err := i.Decide(request(), now, &d); err != nil || d.MAC[0] != want {
			t.Errorf("the instance counted to %d (%v), want %d", d.MAC[0], err, want)
		}
	}
	counted(a, 1)
	counted(a, 2)
	counted(b, 1)
	counted(a, 3)
	counted(spawn(t, pool), 1) // the image is as it was
}

func spawn(t *testing.T, pool *runner.Pool) *runner.Instance {
	t.Helper()
	i, err := pool.Spawn()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(i.End)
	return i
}

// A module that is no snapshot is initialized, on the same kind of memory.
func TestModuleIsInitialized(t *testing.T) {
	t.Parallel()
	pool := newPool(t, runner.Options{Module: guest{start: count}.module()})
	for range 2 {
		var d runner.Decision
		if err := spawn(t, pool).Decide(request(), now, &d); err != nil || d.MAC[0] != 1 {
			t.Errorf("a new instance was initialized %d times (%v), want once", d.MAC[0], err)
		}
	}
}

func TestInstanceStartsAnewAfterATrap(t *testing.T) {
	t.Parallel()
	pool := newPool(t, runner.Options{Module: guest{evil: trap, handle: append(count, answer(decisionAt, 64)...)}.module(), Size: 1})
	var d runner.Decision
	for range 3 {
		for want := byte(1); want <= 3; want++ {
			if err := pool.Decide(t.Context(), request(), now, &d); err != nil || d.MAC[0] != want {
				t.Errorf("the instance counted to %d (%v), want %d", d.MAC[0], err, want)
			}
		}
		if err := pool.Decide(t.Context(), evil(), now, &d); !errors.Is(err, runner.ErrModule) || !strings.Contains(err.Error(), "unreachable") {
			t.Errorf("Decide(evil) = %v, want the trap", err)
		}
	}
}

// No instance with an older configuration is kept, idle or not.
func TestConfigureEndsOlderInstances(t *testing.T) {
	t.Parallel()
	pool := newPool(t, runner.Options{Module: guest{}.module(), Size: 4})
	releases := []func(){pool.Hold(), pool.Hold(), pool.Hold(), pool.Hold()}
	releases[0]()
	releases[1]()
	if err := pool.Configure(document(18)); err != nil {
		t.Fatal(err)
	}
	if live := pool.Stats().Live; live != 3 {
		t.Errorf("%d instances live after Configure, want the 2 in a call and a new one", live)
	}
	releases[2]()
	releases[3]()
	if live := pool.Stats().Live; live != 1 {
		t.Errorf("%d instances live after the calls, want the new one", live)
	}
	release := pool.Hold()
	var d runner.Decision
	if err := pool.Decide(t.Context(), request(), now, &d); err != nil || d.Epoch != 18 {
		t.Errorf("Decide = %v, epoch %d, want 18", err, d.Epoch)
	}
	release()
	if s := pool.Stats(); s.Live != 2 || s.Discarded != 0 {
		t.Errorf("Stats() = %+v, want 2 live and none discarded", s)
	}
}

// Later instances are configured with the document as it was.
func TestDocumentMayBeChanged(t *testing.T) {
	t.Parallel()
	config, next := document(17), document(18)
	pool := newPool(t, runner.Options{Module: guest{evil: trap}.module(), Size: 1, Config: config})
	for _, c := range []struct {
		document []byte
		epoch    uint32
	}{{config, 17}, {next, 18}} {
		if err := pool.Configure(c.document); err != nil {
			t.Fatal(err)
		}
		clear(c.document)
		var d runner.Decision
		_ = pool.Decide(t.Context(), evil(), now, &d)
		if err := pool.Decide(t.Context(), request(), now, &d); err != nil || d.Epoch != c.epoch {
			t.Errorf("Decide = %v, epoch %d, want %d", err, d.Epoch, c.epoch)
		}
	}
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	pool := newPool(t, runner.Options{Module: guest{evil: growToLimit}.module(), Size: 1, MaxMemory: 1 << 20})
	i := spawn(t, pool)
	var d runner.Decision
	if err := i.Decide(evil(), now, &d); err != nil || len(i.Bytes()) != 1<<20 {
		t.Errorf("the instance grew to %d bytes (%v), want 1 MiB", len(i.Bytes()), err)
	}
}

func TestGrownInstanceIsReplaced(t *testing.T) {
	t.Parallel()
	pool := newPool(t, runner.Options{Module: guest{evil: growToLimit}.module(), Size: 1})
	for n := range uint64(3) {
		var d runner.Decision
		if err := pool.Decide(t.Context(), evil(), now, &d); err != nil || d.Status != 401 {
			t.Errorf("Decide = %v, status %d, want 401: it has the memory", err, d.Status)
		}
		if s := pool.Stats(); s.Replaced != n+1 || s.Discarded != 0 || s.Live != 0 {
			t.Errorf("Stats() = %+v, want %d replaced", s, n+1)
		}
	}
}

// Every call sees one configuration, and one that begins after Configure has
// returned sees the new one.
func TestConfigureWhileDeciding(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		decider func(t *testing.T) runner.Decider
	}{
		{"native", func(t *testing.T) runner.Decider { return newNative(t) }},
		{"guest", func(t *testing.T) runner.Decider {
			return newPool(t, runner.Options{Module: guest{}.module(), Size: 2})
		}},
		{"module", func(t *testing.T) runner.Decider {
			return newPool(t, runner.Options{Size: 2, HostMAC: true, CacheDir: cache})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			swap(t, c.decider(t))
		})
	}
}

// swap lets three goroutines decide while one epoch follows upon the other.
func swap(t *testing.T, decider runner.Decider) {
	var least, most atomic.Uint32 // the epochs that a call may see
	least.Store(17)
	most.Store(17)
	done := make(chan struct{})
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			var d runner.Decision
			for {
				from := least.Load()
				err := decider.Decide(context.Background(), request(), now, &d)
				if to := most.Load(); err != nil || d.Epoch < from || d.Epoch > to {
					t.Errorf("Decide saw epoch %d (%v), want %d to %d", d.Epoch, err, from, to)
					return
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for epoch := uint32(18); epoch <= 99; epoch++ {
		most.Store(epoch)
		if err := decider.Configure(document(int(epoch))); err != nil {
			t.Errorf("Configure(%d) = %v", epoch, err)
		}
		least.Store(epoch)
	}
	close(done)
	all.Wait()
}

func TestConfigureKeepsTheOldOne(t *testing.T) {
	t.Parallel()
	const refusal = "\x01cells\x00is not to my liking"
	for _, c := range []struct {
		name     string
		decider  runner.Decider
		document []byte
	}{
		{"native", newNative(t), []byte("{}")},
		{"pool", newPool(t, runner.Options{Module: guest{}.module()}), []byte("{}")},
		{"module", newPool(t, runner.Options{Module: refuses18(refusal).module()}), document(18)},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			err := c.decider.Configure(c.document)
			var why *edge.ConfigError
			if crm.CodeOf(err) != crm.Invalid || !errors.As(err, &why) || why.Field == "" {
				t.Errorf("Configure = %v, want an *edge.ConfigError of class invalid", err)
			}
			var d runner.Decision
			if err := c.decider.Decide(t.Context(), request(), now, &d); err != nil || d.Epoch != 17 {
				t.Errorf("Decide = %v, epoch %d, want the old one's 17", err, d.Epoch)
			}
		})
	}
}

// refuses18 is a guest that refuses a configuration whose epoch ends in 8.
func refuses18(answer string) guest {
	is8 := slices.Concat(constant(bufferAt), load8(len(`{"epoch":1`)), constant('8'), []byte{0x46})
	refuse := slices.Concat(is8, []byte{0x04, 0x40}, returns(otherAt, uint32(len(answer))), []byte{0x0b})
	return guest{other: []byte(answer), configure: slices.Concat(refuse, guest{}.configureBody())}
}

// A module that fails with a configuration does not get it.
func TestConfigureOutlivesAFailure(t *testing.T) {
	t.Parallel()
	pool := newPool(t, runner.Options{Module: refuses18("").module()}) // an answer that cannot be read
	if err := pool.Configure(document(18)); !errors.Is(err, runner.ErrModule) {
		t.Errorf("Configure = %v, want ErrModule", err)
	}
	var d runner.Decision
	if err := pool.Decide(t.Context(), request(), now, &d); err != nil || d.Epoch != 17 {
		t.Errorf("Decide = %v, epoch %d, want the old one's 17", err, d.Epoch)
	}
	if err := pool.Configure(document(19)); err != nil {
		t.Errorf("Configure = %v", err)
	}
}

func TestBusy(t *testing.T) {
	t.Parallel()
	pool := newPool(t, runner.Options{Module: guest{}.module(), Size: 1, Waiting: 1})
	release := pool.Hold()
	waiter := make(chan error)
	go func() {
		var d runner.Decision
		waiter <- pool.Decide(context.Background(), request(), now, &d)
	}()
	pool.AwaitWaiting(1)
	var d runner.Decision
	err := pool.Decide(t.Context(), request(), now, &d)
	if !errors.Is(err, runner.ErrBusy) || crm.CodeOf(err) != crm.Unavailable {
		t.Errorf("Decide with one waiting = %v, want ErrBusy of class unavailable", err)
	}
	release()
	if err := <-waiter; err != nil {
		t.Errorf("Decide of the one that waited = %v", err)
	}
	if s := pool.Stats(); s.Busy != 1 {
		t.Errorf("Stats().Busy = %d, want 1", s.Busy)
	}
}

func TestWaitingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	pool := newPool(t, runner.Options{Module: guest{}.module(), Size: 1})
	release := pool.Hold()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var d runner.Decision
	err := pool.Decide(ctx, request(), now, &d)
	if !errors.Is(err, context.Canceled) || crm.CodeOf(err) != crm.Unavailable {
		t.Errorf("Decide = %v, want the context's end of class unavailable", err)
	}
	release()
	if err := pool.Decide(ctx, request(), now, &d); err != nil {
		t.Errorf("Decide with a free instance = %v: the context bounds the wait alone", err)
	}
}

func TestCloseWhileDeciding(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		decider runner.Decider
	}{
		{"native", newNative(t)},
		{"pool", newPool(t, runner.Options{Module: guest{}.module(), Size: 2})},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var all sync.WaitGroup
			begun := make(chan struct{}, 4)
			for range 4 {
				all.Go(func() {
					var d runner.Decision
					for n := 0; ; n++ {
						if n == 10 {
							begun <- struct{}{}
						}
						err := c.decider.Decide(context.Background(), request(), now, &d)
						if errors.Is(err, runner.ErrClosed) && crm.CodeOf(err) == crm.Unavailable {
							return
						}
						if err != nil {
							t.Errorf("Decide = %v, want a decision or ErrClosed", err)
							return
						}
					}
				})
			}
			<-begun
			for range 2 {
				if err := c.decider.Close(); err != nil {
					t.Errorf("Close() = %v", err)
				}
			}
			all.Wait()
			if err := c.decider.Configure(document(18)); !errors.Is(err, runner.ErrClosed) {
				t.Errorf("Configure after Close = %v, want ErrClosed", err)
			}
			if pool, ok := c.decider.(*runner.Pool); ok && pool.Stats().Live != 0 {
				t.Errorf("%d instances live after Close", pool.Stats().Live)
			}
		})
	}
}
