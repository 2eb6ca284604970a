package shrink

import (
	"bytes"
	"errors"
	"slices"
	"strings"
)

// The names that functions have after shrinking. The runtime asks of a name
// whether it is of the package runtime (isSystemGoroutine), and takes it apart
// as a method's with a pointer as its receiver (panicwrap).
const (
	ofRuntime = "runtime.(*T).f"
	ofOthers  = "go.(*T).f"
)

// exact are the names that the runtime compares with (stkframe.argMapInternal).
var exact = []string{"reflect.makeFuncStub", "reflect.methodValueCall"}

// names is the table of names, each of which ends with a zero.
type names struct {
	in  []byte
	out []byte
	at  map[string]uint32 // offsets in out
	err error
}

func newNames(in []byte) names {
	n := names{in: in, out: []byte{0}, at: map[string]uint32{"": 0}}
	for _, name := range slices.Concat([]string{ofRuntime, ofOthers}, exact) {
		n.at[name] = uint32(len(n.out))
		n.out = append(append(n.out, name...), 0)
	}
	return n
}

// keep returns the offset of the name that the one at the offset becomes.
func (n *names) keep(offset uint32) uint32 {
	if int(offset) >= len(n.in) {
		n.err = errors.New("a name is outside of its table")
		return 0
	}
	name, _, _ := bytes.Cut(n.in[offset:], []byte{0})
	switch s := string(name); {
	case s == "" || slices.Contains(exact, s):
		return n.at[s]
	case strings.HasPrefix(s, "runtime."):
		return n.at[ofRuntime]
	default:
		return n.at[ofOthers]
	}
}
