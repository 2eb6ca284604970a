package edge

import "math/bits"

// maxID is the longest id that is taken, as in crm/webhook.
const maxID = 256

// table maps ids to numbers. It is filled once and then only read: open
// addressing, because a Go map's hash seed would be frozen in the module's
// snapshot, and known to everybody.
type table struct {
	slots []slot // a power of two
	used  int
}

type slot struct {
	id    []byte // empty: free
	value uint32
}

// put adds an id; it reports false for one that is there already, and for one
// that no event can have: empty, of more than maxID bytes, or with space round
// it.
func (t *table) put(id string, value uint32) bool {
	if id == "" || len(id) > maxID || len(trimSpace([]byte(id))) != len(id) {
		return false
	}
	if 2*t.used >= len(t.slots) {
		t.grow()
	}
	s := t.find([]byte(id))
	if len(s.id) > 0 {
		return false
	}
	*s = slot{[]byte(id), value}
	t.used++
	return true
}

func (t *table) grow() {
	old := t.slots
	t.slots = make([]slot, max(16, 2*len(old)))
	for _, s := range old {
		if len(s.id) > 0 {
			*t.find(s.id) = s
		}
	}
}

// find returns the slot of an id, or the free one where it belongs. A table
// that has slots has a free one.
func (t *table) find(id []byte) *slot {
	mask := uint64(len(t.slots) - 1)
	for i := mix(fnv(offset64, id)) & mask; ; i = (i + 1) & mask {
		if s := &t.slots[i]; len(s.id) == 0 || same(s.id, id) {
			return s
		}
	}
}

// get returns the number of an id.
func (t *table) get(id []byte) (uint32, bool) {
	if t.used == 0 {
		return 0, false
	}
	s := t.find(id)
	return s.value, len(s.id) > 0
}

// The constants of FNV-1a of 64 bits (RFC 9923).
const (
	offset64 = 14695981039346656037
	prime64  = 1099511628211
)

// fnv continues the hash h with b.
func fnv(h uint64, b []byte) uint64 {
	for _, c := range b {
		h = (h ^ uint64(c)) * prime64
	}
	return h
}

// mix spreads a hash over all its bits (the finaliser of SplitMix64): the high
// bits of FNV of short texts are alike.
func mix(h uint64) uint64 {
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// rendezvous returns the cell of highest score for an id (Thaler and
// Ravishankar's highest random weight, with weights as Schindelhauer and
// Schomaker have them: weight / -log(hash)); None if every cell has weight 0. A
// cell that is added takes ids from the others and moves none between them. It
// is a function of the cells' names and weights, not of their order.
func (c *Config) rendezvous(id []byte) int {
	best, bestWeight, bestCost, bestHash := None, uint64(0), uint64(1), uint64(0)
	h := fnv(offset64, id)
	for i := range c.Cells {
		weight := uint64(c.Cells[i].Weight)
		if weight == 0 {
			continue
		}
		hash := mix(h ^ c.seeds[i])
		cost := negativeLog2(hash)
		// weight/cost against bestWeight/bestCost, without dividing: at most 50 bits
		ours, theirs := weight*bestCost, bestWeight*cost
		if ours > theirs || ours == theirs && hash > bestHash {
			best, bestWeight, bestCost, bestHash = i, weight, cost, hash
		}
	}
	return best
}

// negativeLog2 returns -log2(x/2^64) with logPlaces binary places, to within a
// unit or two of the last; 64 for x = 0. It is the same everywhere, which
// math.Log is not: some processors have their own.
func negativeLog2(x uint64) uint64 {
	whole := uint64(bits.LeadingZeros64(x))
	m := x << whole >> 32 // the mantissa, from 1 to 2, with 31 places
	var fraction uint64
	for place := uint64(1) << (logPlaces - 1); place > 0; place >>= 1 {
		m = m * m >> 31 // from 1 to 4
		if m>>32 != 0 {
			fraction |= place
			m >>= 1
		}
	}
	return (whole+1)<<logPlaces - fraction
}

const logPlaces = 24
