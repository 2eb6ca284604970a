package shrink

import (
	"errors"

	"github.com/my21staff/my21staff/wasm/internal/module"
)

// counters are tables of a value by program counter (pctab). Each is a row of
// pairs of numbers, by how much the value changes and the counter, and a zero
// where the change of the next value would be. No table is at 0, the offset
// that stands for none.
//
// What is kept stays where it is: the snapshot may hold values that the runtime
// found before and remembers by the table's offset (pcvalueCache).
type counters struct {
	in  []byte
	out []byte // the tables kept, with zeros for the others
	err error
}

func newCounters(in []byte) counters { return counters{in: in, out: make([]byte, len(in))} }

// keep keeps a table, if the offset stands for one.
func (c *counters) keep(offset uint32) {
	if length, _ := c.read(offset); c.err == nil {
		copy(c.out[offset:], c.in[offset:int(offset)+length])
	}
}

// read returns a table's length and its highest value, -1 if there is none, as
// runtime.step reads it.
func (c *counters) read(offset uint32) (length int, highest int32) {
	highest = -1
	if offset == 0 {
		return 0, highest
	}
	if int(offset) > len(c.in) {
		c.err = errors.New("a table by program counter is outside of pctab")
		return 0, highest
	}
	r := module.NewReader(c.in[offset:])
	value := int32(-1)
	for first := true; r.Err() == nil; first = false {
		change := r.U32()
		if change == 0 && !first {
			break
		}
		value += int32(-(change & 1) ^ (change >> 1))
		highest = max(highest, value)
		r.U32()
	}
	if r.Err() != nil {
		c.err = r.Err()
	}
	return r.Offset(), highest
}
