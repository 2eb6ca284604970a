package edge_test

import (
	"strings"
	"testing"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/edgetest"
)

// TestEveryByteOfASignature puts every byte at every place of a signature: what
// is no lower-case hexadecimal digit is malformed, another digit is wrong.
func TestEveryByteOfASignature(t *testing.T) {
	t.Parallel()
	c := parse(t, edgetest.OneCell)
	r := edgetest.Signed(edge.Meta, "", []byte(`{"entry":[]}`))
	right := string(r.Hub.Value)
	door := edge.New(c)
	var d edge.Decision
	for at := len("sha256="); at < len(right); at++ {
		for b := range 256 {
			want := edge.SignatureMalformed
			switch {
			case byte(b) == right[at]:
				want = edge.Routed
			case strings.IndexByte("0123456789abcdef", byte(b)) >= 0:
				want = edge.SignatureWrong
			}
			r.Hub.Value = []byte(right[:at] + string([]byte{byte(b)}) + right[at+1:])
			door.Decide(r, 0, &d)
			if d.Reason != want {
				t.Fatalf("%q: %v, want %v", r.Hub.Value, d.Reason, want)
			}
		}
	}
}
