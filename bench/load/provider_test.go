package main

import (
	"testing"
	"time"

	"github.com/my21staff/my21staff/bench/record"
)

// A message that was told to come later is waited for as long as that may take.
func TestProviderWaitsForWhomItRefused(t *testing.T) {
	t.Parallel()
	p := &provider{awaited: map[string]bool{}, refused: map[string]refusals{}, told: map[string]bool{}}
	const missed = 6 * time.Second
	wants := func(want time.Duration) {
		t.Helper()
		if got := p.waits(missed); got != want {
			t.Errorf("the provider waits %v, want %v", got, want)
		}
	}
	wants(0)
	p.heed(record.Call{Text: "a", Answer: "429"}) // it comes before it is known that it was taken on
	wants(0)
	p.expect("a")
	p.expect("b")
	wants(missed + 2500*time.Millisecond)
	p.heed(record.Call{Text: "a", Answer: "503"})
	wants(missed + 5*time.Second)
	p.heed(record.Call{Text: "a", Answer: "pair"}) // as long as the provider advises
	wants(missed + 20*time.Second)
	p.heed(record.Call{Text: "a", Answer: "429"})
	wants(missed + 20*time.Second)
	for range 9 {
		p.heed(record.Call{Text: "a", Answer: "429"})
	}
	wants(missed + 75*time.Second)
	p.heed(record.Call{Text: "a", Answer: "ok", Accepted: true})
	wants(missed)
	p.heed(record.Call{Text: "b", Answer: "closed"})
	wants(0)
}
