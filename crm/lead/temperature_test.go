package lead_test

import (
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/lead/testdata/profiles"
)

func TestTemperature(t *testing.T) {
	t.Parallel()
	r := lead.Education() // hot from 60, warm from 30, margin 5
	for _, tt := range []struct {
		before crm.Temperature
		total  int
		want   crm.Temperature
	}{
		{"", 0, crm.Cold}, {"", 29, crm.Cold}, {"", 30, crm.Warm}, {"", 59, crm.Warm}, {"", 60, crm.Hot}, {"", 100, crm.Hot},
		{crm.Cold, 29, crm.Cold}, {crm.Cold, 30, crm.Warm}, {crm.Cold, 60, crm.Hot},
		{crm.Warm, 59, crm.Warm}, {crm.Warm, 60, crm.Hot}, {crm.Warm, 25, crm.Warm}, {crm.Warm, 24, crm.Cold},
		{crm.Hot, 55, crm.Hot}, {crm.Hot, 54, crm.Warm}, {crm.Hot, 25, crm.Warm}, {crm.Hot, 24, crm.Cold},
	} {
		if got := r.Temperature(tt.before, tt.total); got != tt.want {
			t.Errorf("Temperature(%q, %d) = %s, want %s", tt.before, tt.total, got, tt.want)
		}
	}
}

func TestTemperatureDoesNotFlap(t *testing.T) {
	t.Parallel()
	law(t, "a score that sways by less than the margin changes the temperature once at most", func(m profiles.Maker, r *lead.Rules) string {
		margin := r.Document().Temperature.Margin
		low := m.IntN(100 - margin)
		at, changes := crm.Temperature([]crm.Temperature{crm.Cold, crm.Warm, crm.Hot}[m.IntN(3)]), 0
		at = r.Temperature(at, low+m.IntN(margin+1)) // where it was before may be far away
		for range 40 {
			next := r.Temperature(at, low+m.IntN(margin+1))
			if next != at {
				changes++
			}
			at = next
		}
		if changes > 1 {
			return "it flaps"
		}
		return ""
	})
	law(t, "while a score falls, what it is read at in between does not matter", func(m profiles.Maker, r *lead.Rules) string {
		before := crm.Temperature([]crm.Temperature{"", crm.Cold, crm.Warm, crm.Hot}[m.IntN(4)])
		high := m.IntN(101)
		at := r.Temperature(before, high)
		start := at
		for high > 0 && m.IntN(5) > 0 {
			high = m.IntN(high + 1)
			at = r.Temperature(at, high)
		}
		if at != r.Temperature(start, high) {
			return "the way down matters"
		}
		return ""
	})
}
