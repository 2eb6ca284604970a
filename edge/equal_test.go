package edge_test

import (
	"bytes"
	"testing"

	"github.com/my21staff/my21staff/edge"
)

// TestEqual compares texts of all sizes that differ in one byte, wherever it is,
// or not at all, or are a part of the other.
func TestEqual(t *testing.T) {
	t.Parallel()
	text := []byte("whatsapp_business_account_update")
	for size := range len(text) + 1 {
		a, b := text[:size], bytes.Clone(text[:size])
		if !edge.Equal(a, b) {
			t.Errorf("%q is not the same as itself", a)
		}
		for i := range b {
			b[i] ^= 0x20
			if edge.Equal(a, b) {
				t.Errorf("%q is the same as %q", a, b)
			}
			b[i] ^= 0x20
			if edge.Equal(a, b[:i]) || edge.Equal(b[:i], a) {
				t.Errorf("%q is the same as %q", a, b[:i])
			}
		}
	}
}
