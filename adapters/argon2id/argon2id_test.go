package argon2id_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/my21staff/my21staff/adapters/argon2id"
	"github.com/my21staff/my21staff/crm"
)

func TestHash(t *testing.T) {
	t.Parallel()
	h := argon2id.New()
	const password = crm.Secret("kopi susu gula aren")
	first, err := h.Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	second, err := h.Hash(password)
	if err != nil || first == second || !strings.HasPrefix(first, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("two hashes are %q and %q, %v", first, second, err)
	}
	for _, c := range []struct {
		hash     string
		password crm.Secret
		want     bool
	}{
		{first, password, true},
		{second, password, true},
		{first, password + " ", false},
		{first, "", false},
		{first[:len(first)-1] + "!", password, false},
		{strings.Replace(first, "m=19456", "m=99999999", 1), password, false},
		{strings.Replace(first, "t=2", "t=3", 1), password, false},
		{strings.Replace(first, "argon2id", "argon2i", 1), password, false},
		{strings.Replace(first, "v=19", "v=16", 1), password, false},
		{"", password, false},
		{"$$$$$", password, false},
	} {
		if got := h.Matches(c.hash, c.password); got != c.want {
			t.Errorf("%q of %q matches: %v, want %v", string(c.password), c.hash, got, c.want)
		}
	}
}

// A hash that another program made (the reference implementation: echo -n password
// | argon2 somesalt -id -t 2 -k 65536 -p 1) is understood.
func TestReference(t *testing.T) {
	t.Parallel()
	const hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	if h := argon2id.New(); !h.Matches(hash, "password") || h.Matches(hash, "Password") {
		t.Error("the reference implementation's hash does not match")
	}
}

func TestTogether(t *testing.T) {
	t.Parallel()
	h := argon2id.New()
	hash, err := h.Hash("kopi susu gula aren")
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			if !h.Matches(hash, "kopi susu gula aren") {
				t.Error("a password does not match")
			}
		})
	}
	running.Wait()
}

func FuzzMatches(f *testing.F) {
	f.Add("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("")
	h := argon2id.New()
	f.Fuzz(func(t *testing.T, hash string) {
		if strings.Contains(hash, "m=") && len(hash) > 0 && h.Matches(hash, "no password of anybody's") {
			t.Errorf("%q matches", hash)
		}
	})
}
