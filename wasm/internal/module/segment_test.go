package module_test

import (
	"bytes"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/wasm/internal/module"
)

// TestSegments states the laws: segments fill the memory they are of, begin and
// end with what is not zero, have fewer than gap zeros in a row and gap or more
// between them.
func TestSegments(t *testing.T) {
	t.Parallel()
	parameters := gopter.DefaultTestParametersWithSeed(11)
	parameters.MinSuccessfulTests = 1000
	properties := gopter.NewProperties(parameters)
	properties.Property("segments of a memory", prop.ForAll(func(memory []byte, gap int) bool {
		segments := module.Segments(memory, gap)
		zeros := make([]byte, gap)
		again := make([]byte, len(memory))
		end := -gap
		for _, s := range segments {
			at, last := int(s.Offset), len(s.Bytes)-1
			if at-end < gap || last < 0 || s.Bytes[0] == 0 || s.Bytes[last] == 0 || bytes.Contains(s.Bytes, zeros) {
				return false
			}
			end = at + copy(again[at:], s.Bytes)
		}
		return bytes.Equal(again, memory)
	}, gen.SliceOf(gen.OneConstOf(byte(0), byte(0), byte(0), byte(7))), gen.IntRange(1, 6)))
	properties.TestingRun(t)
}
