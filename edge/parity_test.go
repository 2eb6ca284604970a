package edge_test

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/edgetest"
)

// pair is the edge natively and as a module, side by side. Both keep their
// memory from case to case, as they do in use.
type pair struct {
	door    edge.Door
	guest   *guest
	configs []*edge.Config
	current int // of configs; none after a document that may not be one
	out     []byte
}

func newPair(tb testing.TB, g *guest) *pair {
	p := &pair{guest: g, configs: edgetest.Configs(tb), current: -1}
	p.door.Reserve(64 << 10)
	return p
}

// configure gives both a document and returns how their answers differ.
func (p *pair) configure(document []byte) string {
	p.out = p.door.ConfigureWith(document, p.out[:0])
	return differ("configuring", document, p.out)(p.guest.Configure(document))
}

// handle gives both a frame and returns how their decisions differ.
func (p *pair) handle(frame []byte) string {
	p.out = p.door.Handle(frame, p.out[:0])
	return differ("deciding", frame, p.out)(p.guest.Handle(frame))
}

func differ(what string, in, native []byte) func(module []byte, err error) string {
	return func(module []byte, err error) string {
		switch {
		case err != nil:
			return fmt.Sprintf("%s %.1500q: the module: %v", what, in, err)
		case !bytes.Equal(native, module):
			var a, b edge.Decision
			a.Read(native)
			b.Read(module)
			return fmt.Sprintf("%s %.1500q\nnative %.600x\nmodule %.600x\nnative %.600s\nmodule %.600s", what, in, native, module, fmt.Sprintf("%+v", a), fmt.Sprintf("%+v", b))
		}
		return ""
	}
}

// check is one case: a frame by the configuration that is there or, from time to
// time, another, or one that is refused and changes nothing.
func (p *pair) check(m *edgetest.Maker) string {
	choice := m.Uint64() % 64
	if choice == 0 {
		if why := p.configure(m.Spoil([]byte(edgetest.Documents[m.Uint64()%uint64(len(edgetest.Documents))]))); why != "" {
			return why
		}
		p.current = -1 // it may have been one
	}
	if choice == 1 || p.current < 0 {
		if why := p.swap(int(m.Uint64() % uint64(len(edgetest.Documents)))); why != "" {
			return why
		}
	}
	return p.handle(m.Frame(p.configs[p.current]))
}

func (p *pair) swap(to int) string {
	p.current = to
	return p.configure([]byte(edgetest.Documents[to]))
}

// TestParity holds the module to the bytes that the source gives natively, over
// M21_TEST_PARITY cases (100,000) made from M21_TEST_SEED.
func TestParity(t *testing.T) {
	t.Parallel()
	run := parityRun{cases: 100_000, seed: 20261127, begin: time.Now()}
	workers := 1
	if text := os.Getenv("M21_TEST_PARITY"); text != "" {
		run.cases, workers, run.loud = atoi(t, text), runtime.GOMAXPROCS(0), true
	}
	if text := os.Getenv("M21_TEST_SEED"); text != "" {
		run.seed = uint64(atoi(t, text))
	}
	var all sync.WaitGroup
	for range workers {
		p := newPair(t, openShipped(t))
		all.Go(func() { run.work(t, p) })
	}
	all.Wait()
	t.Log(run.progress())
}

// parityRun is the cases that several pairs share.
type parityRun struct {
	cases int
	seed  uint64
	begin time.Time
	loud  bool

	mu                      sync.Mutex
	taken, done, difference int
	said                    time.Time
}

// take returns the number of the next block of cases and how many it has; 0 at
// the end.
func (r *parityRun) take() (block, cases int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.difference >= 5 || r.taken >= r.cases {
		return 0, 0
	}
	block, cases = r.taken/caseBlock, min(caseBlock, r.cases-r.taken)
	r.taken += cases
	return block, cases
}

func (r *parityRun) finish(cases, differences int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done += cases
	r.difference += differences
	if r.loud && time.Since(r.said) > 5*time.Second {
		r.said = time.Now()
		fmt.Fprintln(os.Stderr, r.progress())
	}
}

func (r *parityRun) progress() string {
	return fmt.Sprintf("parity: %d of %d cases from seed %d, %d differences, %.0f a second", r.done, r.cases, r.seed, r.difference, float64(r.done)/time.Since(r.begin).Seconds())
}

func (r *parityRun) work(t *testing.T, p *pair) {
	for block, cases := r.take(); cases > 0; block, cases = r.take() {
		why := p.block(r.seed+uint64(block), cases)
		if why != "" {
			t.Errorf("the module (%s) is not what the source says:\n%s", shipped.from, why)
		}
		r.finish(cases, min(len(why), 1))
	}
}

// block is the cases of one seed, beginning with a configuration.
func (p *pair) block(seed uint64, cases int) string {
	m := edgetest.New(seed)
	p.current = -1
	for i := range cases {
		if why := p.check(m); why != "" {
			return fmt.Sprintf("case %d of seed %d: %s", i, seed, why)
		}
	}
	return ""
}

// caseBlock is how many cases one seed makes.
const caseBlock = 50

func atoi(tb testing.TB, text string) int {
	tb.Helper()
	n, err := strconv.Atoi(text)
	if err != nil {
		tb.Fatalf("%q is no number of cases and no seed", text)
	}
	return n
}
