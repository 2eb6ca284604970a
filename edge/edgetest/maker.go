package edgetest

import "math/rand/v2"

// Maker makes random cases.
type Maker struct {
	r     *rand.Rand
	spare int // how many containers may still be made, so that no body gets out of hand
}

// New returns a maker that repeats what it made for the same seed.
func New(seed uint64) *Maker {
	return &Maker{r: rand.New(rand.NewPCG(seed, 0x6d79_3231_7374_6166))}
}

// oneIn reports true once in n calls.
func (m *Maker) oneIn(n int) bool { return m.r.IntN(n) == 0 }

// between returns a number from least to most.
func (m *Maker) between(least, most int) int { return least + m.r.IntN(most-least+1) }

// pick returns one of the choices.
func pick[T any](m *Maker, choices ...T) T { return choices[m.r.IntN(len(choices))] }

// Uint64 returns a number, for what a test chooses beside.
func (m *Maker) Uint64() uint64 { return m.r.Uint64() }
