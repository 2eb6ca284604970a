package crmtest

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// Start is when every [Clock] starts.
var Start = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)

// Clock is a clock that moves when it is told to.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock returns a clock that stands at [Start].
func NewClock() *Clock { return &Clock{now: Start} }

// Now returns the clock's time.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock by d and returns the new time.
func (c *Clock) Advance(d time.Duration) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return c.now
}

// Mint returns a mint on the clock whose ids are the same in every run with
// the same seed.
func (c *Clock) Mint(seed byte) *crm.Mint {
	return crm.NewMint(c.Now, rand.NewChaCha8([32]byte{seed}))
}
