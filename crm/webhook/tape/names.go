package tape

// Names is a list of names that a decoder knows. A parser that has it looks
// each key up while the key is at hand, so that an object's members are found
// by comparing small numbers: see [Parser.Fields].
type Names struct {
	texts  []string
	factor uint64
	slots  [nameSlots]nameSlot // a hash table without collisions
}

const (
	nameBits  = 9
	nameSlots = 1 << nameBits
)

// nameSlot is a name with what tells it apart without reading it byte by byte.
type nameSlot struct {
	first, last uint64 // its first eight bytes, or all with zeros after them; its last eight
	size        uint32 // bytes; 0: free
	id          uint32
	text        uint64 // where the whole name is, for the kernel
}

// NewNames returns a list of names, each of which is known by its index. The
// name at 0 is not one: 0 means a name that is not on the list. It panics if
// there are so many that no table without collisions is found: the list is the
// programmer's.
func NewNames(texts ...string) *Names {
	n := &Names{texts: texts}
	for try := uint64(1); try < 1<<20; try += 2 {
		if n.factor = try * 0x9e3779b97f4a7c15; n.fill() {
			return n
		}
	}
	panic("tape: too many names")
}

// fill puts all names into the table; false if two want the same slot.
func (n *Names) fill() bool {
	n.slots = [nameSlots]nameSlot{}
	for id, text := range n.texts[1:] {
		b := []byte(text)
		first := head(b, 0, len(b))
		s := n.slot(first, len(b))
		if s.size != 0 {
			return false
		}
		*s = nameSlot{first: first, size: uint32(len(b)), id: uint32(id + 1), text: address(text)}
		if len(b) > 8 {
			s.last = head(b, len(b)-8, len(b))
		}
	}
	return true
}

func (n *Names) slot(first uint64, size int) *nameSlot {
	return &n.slots[(first^first>>29+uint64(size)<<3)*n.factor>>(64-nameBits)]
}

// find returns the index of the name at b[start:end], 0 for one that is not
// known.
func (n *Names) find(b []byte, start, end int) uint32 {
	size := end - start
	first := head(b, start, end)
	s := n.slot(first, size)
	switch {
	case s.first != first || int(s.size) != size:
		return 0
	case size <= 8:
		return s.id
	case load(b, end-8) != s.last:
		return 0
	case size > 16 && string(b[start:end]) != n.texts[s.id]:
		return 0
	}
	return s.id
}

// findEscaped is find for a name with escapes.
//
//go:noinline
func (n *Names) findEscaped(b []byte) uint32 {
	var buffer [64]byte // longer than any name that is worth a list
	name := appendUnescaped(buffer[:0], b)
	return n.find(name, 0, len(name))
}

// head returns the first eight bytes of b[start:end], the first one lowest, or
// all of them with zeros after them.
func head(b []byte, start, end int) uint64 {
	size := end - start
	if start+8 <= len(b) {
		w := load(b, start)
		if size < 8 {
			w &= 1<<(8*size) - 1
		}
		return w
	}
	var w uint64
	for i := min(size, 8) - 1; i >= 0; i-- {
		w = w<<8 | uint64(b[start+i])
	}
	return w
}
