package crm

import (
	"context"
	"fmt"
	"io"
)

// Secret is a text that never shows itself: it prints, logs and encodes as
// "[secret]". Code that needs the text says string(s).
type Secret string

// String returns "[secret]", or "" for an empty secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "[secret]"
}

// Format keeps every verb from showing the text, %#v and the wrong ones too.
func (s Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, s.String()) }

// MarshalText keeps JSON from showing the text.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Sealer encrypts what must not stand in clear in the store. The place
// ("workspace/table/column/row") is bound to the ciphertext as associated data:
// what was sealed for one place does not open at another.
type Sealer interface {
	// Seal returns the ciphertext of plain under the newest key.
	Seal(ctx context.Context, plain []byte, place string) ([]byte, error)
	// Open is the inverse of Seal under any key still held. A changed
	// ciphertext, another place or an unknown key is Internal.
	Open(ctx context.Context, sealed []byte, place string) ([]byte, error)
}
