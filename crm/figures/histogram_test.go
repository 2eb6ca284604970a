package figures_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm/figures"
)

// waits draws n waits between a second and a month, most of them short.
func waits(seed uint64, n int) []time.Duration {
	r := rand.New(rand.NewPCG(seed, 1))
	list := make([]time.Duration, n)
	for i := range list {
		list[i] = time.Duration(math.Exp(r.Float64()*math.Log(30*24*60*60)) * float64(time.Second))
	}
	return list
}

func TestHistogramLaws(t *testing.T) {
	t.Parallel()
	properties := gopter.NewProperties(nil)
	properties.Property("a quantile is within 5 % of the one of the durations", prop.ForAll(
		func(seed uint64, n int, q float64) string {
			var h figures.Histogram
			list := waits(seed, n)
			for _, d := range list {
				h.Add(d)
			}
			slices.Sort(list)
			want := list[max(int(math.Ceil(q*float64(n)))-1, 0)]
			if got := h.Quantile(q); math.Abs(got.Seconds()/want.Seconds()-1) > 0.05 {
				return fmt.Sprintf("the quantile %v of %d is %v, want %v", q, n, got, want)
			}
			return ""
		}, gen.UInt64(), gen.IntRange(1, 300), gen.Float64Range(0, 1)))
	properties.Property("to count apart and merge is to count together", prop.ForAll(
		func(seed uint64, n, split int) string {
			var all, one, two figures.Histogram
			for i, d := range waits(seed, n) {
				all.Add(d)
				if i < split {
					one.Add(d)
				} else {
					two.Add(d)
				}
			}
			one.Merge(two)
			for _, q := range []float64{0, 0.5, 0.9, 1} {
				if got, want := one.Quantile(q), all.Quantile(q); got != want || one.Count() != all.Count() {
					return fmt.Sprintf("%d merged have the quantile %v at %v, %d together %v", one.Count(), q, got, all.Count(), want)
				}
			}
			return ""
		}, gen.UInt64(), gen.IntRange(0, 100), gen.IntRange(0, 100)))
	properties.TestingRun(t)
}

func TestHistogramAtItsEnds(t *testing.T) {
	t.Parallel()
	var h figures.Histogram
	if got := h.Quantile(0.5); got != 0 {
		t.Errorf("the median of nothing is %v, want 0", got)
	}
	for _, d := range []time.Duration{-time.Hour, 0, time.Millisecond, time.Second} {
		h.Add(d)
	}
	if got := h.Quantile(1); got != time.Second {
		t.Errorf("what took no second counts as %v, want 1s", got)
	}
	h.Add(time.Duration(math.MaxInt64))
	if got := h.Quantile(1); got < 4*365*24*time.Hour {
		t.Errorf("what took centuries counts as %v, want years", got)
	}
	if h.Count() != 5 {
		t.Errorf("%d were counted, want 5", h.Count())
	}
}

func TestDays(t *testing.T) {
	t.Parallel()
	jakarta := time.FixedZone("WIB", 7*60*60)
	for _, tt := range []struct {
		at   time.Time
		zone *time.Location
		want string
	}{
		{time.Date(2026, 11, 28, 16, 59, 59, 0, time.UTC), jakarta, "2026-11-28"},
		{time.Date(2026, 11, 28, 17, 0, 0, 0, time.UTC), jakarta, "2026-11-29"},
		{time.Date(2026, 11, 28, 17, 0, 0, 0, time.UTC), time.UTC, "2026-11-28"},
		{time.Date(2028, 2, 29, 0, 0, 0, 0, time.UTC), time.UTC, "2028-02-29"},
		{time.Date(1969, 12, 31, 12, 0, 0, 0, time.UTC), time.UTC, "1969-12-31"},
	} {
		if got := figures.DayOf(tt.at, tt.zone).String(); got != tt.want {
			t.Errorf("%v falls on %s, want %s", tt.at, got, tt.want)
		}
	}
}
