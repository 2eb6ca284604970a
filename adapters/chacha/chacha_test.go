package chacha_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/adapters/chacha"
	"github.com/my21staff/my21staff/crm"
)

// key returns the n-th example key in base64.
func key(n byte) crm.Secret {
	return crm.Secret(base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{n}, 32)))
}

func newSealer(t *testing.T, keys ...crm.Secret) *chacha.Sealer {
	t.Helper()
	s, err := chacha.New(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestSealAndOpen is the law: what is sealed for a place opens there and is the
// same, and reads as nothing before.
func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	s := newSealer(t, key(1))
	properties := gopter.NewProperties(gopter.DefaultTestParametersWithSeed(21))
	properties.Property("open is the inverse of seal", prop.ForAll(func(plain []byte, place string) bool {
		sealed, err := s.Seal(t.Context(), plain, place)
		if err != nil {
			return false
		}
		again, err := s.Seal(t.Context(), plain, place)
		opened, openErr := s.Open(t.Context(), sealed, place)
		return err == nil && openErr == nil && bytes.Equal(opened, plain) && !bytes.Equal(sealed, again) &&
			(len(plain) < 4 || !bytes.Contains(sealed, plain))
	}, gen.SliceOf(gen.UInt8()), gen.AnyString()))
	properties.TestingRun(t)
}

// TestOpenRefuses changes every bit of a ciphertext, its length and its place.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	s := newSealer(t, key(1), key(2))
	const place = "0190/channels/credentials/0191"
	sealed, err := s.Seal(context.Background(), []byte("a secret"), place)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, text []byte, place string) {
		t.Helper()
		if plain, err := s.Open(t.Context(), text, place); !errors.Is(err, crm.Internal) || plain != nil {
			t.Errorf("Open of %s = %q, %v, want Internal", what, plain, err)
		}
	}
	for i := range len(sealed) * 8 {
		changed := bytes.Clone(sealed)
		changed[i/8] ^= 1 << (i % 8)
		refused("a changed bit", changed, place)
	}
	for n := range sealed {
		refused("a part", sealed[:n], place)
	}
	refused("more than was sealed", append(bytes.Clone(sealed), 0), place)
	for _, other := range []string{"", "0190/channels/credentials/0192", "0199/channels/credentials/0191", "0190/members/credentials/0191", place + "x"} {
		refused("what was sealed for another place", sealed, other)
	}
}

// TestRotate walks through a change of keys.
func TestRotate(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	first, rotating, last := newSealer(t, key(1)), newSealer(t, key(2), key(1)), newSealer(t, key(2))
	old, err := first.Seal(ctx, []byte("a secret"), "here")
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := rotating.Open(ctx, old, "here"); err != nil || string(plain) != "a secret" {
		t.Errorf("Open with the old key behind the new one = %q, %v", plain, err)
	}
	if rotating.Newest(old) || !first.Newest(old) {
		t.Error("a text sealed with the old key passes for one sealed with the newest, or the other way round")
	}
	fresh, err := rotating.Seal(ctx, []byte("a secret"), "here")
	if err != nil || !rotating.Newest(fresh) {
		t.Errorf("the newest key did not seal: %v", err)
	}
	if plain, err := last.Open(ctx, fresh, "here"); err != nil || string(plain) != "a secret" {
		t.Errorf("Open after the old key was dropped = %q, %v", plain, err)
	}
	if _, err := last.Open(ctx, old, "here"); !errors.Is(err, crm.Internal) {
		t.Errorf("Open of a text whose key was dropped = %v, want Internal", err)
	}
}

func TestParseKey(t *testing.T) {
	t.Parallel()
	raw := bytes.Repeat([]byte{0xfb, 0xff}, 16)
	for _, text := range []string{
		hex.EncodeToString(raw), strings.ToUpper(hex.EncodeToString(raw)), base64.StdEncoding.EncodeToString(raw),
		base64.RawStdEncoding.EncodeToString(raw), base64.URLEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw),
		base64.StdEncoding.EncodeToString(raw) + "\n",
	} {
		if got, err := chacha.ParseKey(crm.Secret(text)); err != nil || !bytes.Equal(got[:], raw) {
			t.Errorf("ParseKey(%q) = %x, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "hunter2", strings.Repeat("a", 63), strings.Repeat("a", 66), base64.StdEncoding.EncodeToString(raw[:31]),
		base64.StdEncoding.EncodeToString(append(raw, 1)), "!" + base64.StdEncoding.EncodeToString(raw)[1:],
	} {
		_, err := chacha.ParseKey(crm.Secret(text))
		if !errors.Is(err, crm.Invalid) || text != "" && strings.Contains(err.Error(), text) {
			t.Errorf("ParseKey(%q) = %v, want Invalid without the text", text, err)
		}
		if _, err := chacha.New(key(1), crm.Secret(text)); !errors.Is(err, crm.Invalid) {
			t.Errorf("New with the key %q = %v, want Invalid", text, err)
		}
	}
	if _, err := chacha.New(); !errors.Is(err, crm.Invalid) {
		t.Errorf("New() = %v, want Invalid", err)
	}
}

func FuzzOpen(f *testing.F) {
	s, err := chacha.New(key(1))
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := s.Seal(f.Context(), []byte("a secret"), "here")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sealed, "here")
	f.Add(sealed[:20], "")
	f.Fuzz(func(t *testing.T, text []byte, place string) {
		plain, err := s.Open(t.Context(), text, place)
		if err == nil && (place != "here" || string(plain) != "a secret") {
			t.Errorf("Open(%x, %q) = %q, and nobody sealed that", text, place, plain)
		}
	})
}
