package main

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// These tests stand inside the package, because a command has no outside but a
// whole run.

// TestOpenLoopCountsWaiting: one call that stalls makes those behind it late, and
// that is told, as it would not be if each began when the one before was done.
func TestOpenLoopCountsWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var next atomic.Int64
		took, late, err := openLoop(t.Context(), 1, 10, time.Second, &next, func(n int) error {
			if n == 1 {
				time.Sleep(time.Second)
			}
			return nil
		})
		got := took.summary()
		if err != nil || late != 0 || got.N != 10 || got.P50 != 500 || got.P99 != 1000 || got.Mean != 550 {
			t.Errorf("ten calls behind one of a second = %+v, %d late, %v; want a median of 500 ms, a mean of 550", got, late, err)
		}
	})
}

// TestOpenLoopGivesUp: what a hopeless host is asked ends.
func TestOpenLoopGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var next atomic.Int64
		took, late, err := openLoop(t.Context(), 1, 100, time.Second, &next, func(int) error { time.Sleep(time.Second); return nil })
		if err != nil || len(took) != 100 || late != 93 || next.Load() != 7 {
			t.Errorf("%d calls, %d late, %d made, %v; want 100, 93, 7", len(took), late, next.Load(), err)
		}
	})
}

func TestClosedLoop(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var next atomic.Int64
		took, rate, err := closedLoop(t.Context(), 4, time.Second, &next, func(int) error { time.Sleep(10 * time.Millisecond); return nil })
		if err != nil || len(took) != 400 || rate != 400 || took.summary().P99 != 10 {
			t.Errorf("%d calls, %.0f/s, %+v, %v; want 400", len(took), rate, took.summary(), err)
		}
		broken := errors.New("broken")
		if _, _, err := closedLoop(t.Context(), 2, time.Second, &next, func(int) error { return broken }); !errors.Is(err, broken) {
			t.Errorf("a call that fails: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := closedLoop(ctx, 2, time.Second, &next, func(int) error { return nil }); !errors.Is(err, context.Canceled) {
			t.Errorf("a run that is ended: %v", err)
		}
	})
}

func TestSummary(t *testing.T) {
	t.Parallel()
	var hundred times
	for i := range 100 {
		hundred = append(hundred, time.Duration(100-i)*time.Millisecond)
	}
	if got, want := hundred.summary(), (summary{P50: 50, P95: 95, P99: 99, Mean: 50.5, N: 100}); got != want {
		t.Errorf("1 to 100 ms = %+v, want %+v", got, want)
	}
	if got := (times{}).summary(); got != (summary{}) {
		t.Errorf("nothing = %+v", got)
	}
}

// TestReportIsWhole: every line of the table has its columns, every chart is
// XML, and a name with a sign in it breaks neither.
func TestReportIsWhole(t *testing.T) {
	t.Parallel()
	r := newReport(settings{})
	one := result{summary: summary{P50: 1, P95: 2, P99: 3, Mean: 1.5}, Rate: 1000}
	for _, messages := range []int{0, 10_000, 100_000} {
		r.Rows = nil
		for _, database := range []string{"sqlite", "postgres"} {
			r.add(row{Database: database, Part: "read", Name: "a <b> & c", Clients: 8, Messages: messages, result: one, Before: &one,
				Limits: []bound{{"bare SQL", one}, {"empty answer", one}}, Goal: 2})
			r.add(row{Database: database, Part: "limit", Name: "one row", Clients: 8, Messages: messages, result: one})
		}
		r.fact("sqlite", "size", "MB", 1)
		pipes := 0
		for line := range strings.Lines(r.markdown()) {
			if n := strings.Count(line, "|"); n > 5 {
				if pipes == 0 {
					pipes = n
				}
				if n != pipes {
					t.Errorf("a line with %d columns of %d: %s", n-1, pipes-1, line)
				}
			}
		}
		charts := r.charts()
		if len(charts) == 0 {
			t.Error("there are no charts")
		}
		for name, chart := range charts {
			for decoder := xml.NewDecoder(bytes.NewReader(chart)); ; {
				if _, err := decoder.Token(); err == io.EOF {
					break
				} else if err != nil {
					t.Errorf("%s: %v", name, err)
					break
				}
			}
		}
	}
}

// TestWorkspacesShare: the first has its part, the others have something each.
func TestWorkspacesShare(t *testing.T) {
	t.Parallel()
	s := shape{Workspaces: 20}
	counts := make([]int, s.Workspaces)
	for i := range 10_000 {
		counts[s.workspaceOf(float64(i)/10_000)]++
	}
	if counts[0] != 5500 {
		t.Errorf("the first of 20 has %d of 10,000, want 5,500", counts[0])
	}
	for i, n := range counts {
		if n < 100 {
			t.Errorf("workspace %d has %d of 10,000", i, n)
		}
	}
}
