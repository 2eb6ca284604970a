package chacha_test

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
)

// vectors is a file of C2SP Wycheproof.
type vectors struct {
	TestGroups []struct {
		Tests []struct {
			TcID                       int
			Comment, Result            string
			Key, IV, AAD, Msg, CT, Tag string
		}
	}
}

// TestWycheproof puts each vector into the form that Seal writes, under the id
// of the vector's key, with the vector's associated data as the place.
func TestWycheproof(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(crmtest.Shared(t, "vectors", "wycheproof", "xchacha20_poly1305_test.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file vectors
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	valid, invalid := 0, 0
	for _, group := range file.TestGroups {
		for _, v := range group.Tests {
			s := newSealer(t, crm.Secret(v.Key))
			sample, err := s.Seal(t.Context(), nil, "")
			if err != nil {
				t.Fatal(err)
			}
			sealed := append(sample[:9:9], unhex(t, v.IV+v.CT+v.Tag)...)
			plain, err := s.Open(t.Context(), sealed, string(unhex(t, v.AAD)))
			if v.Result == "valid" {
				valid++
				if err != nil || hex.EncodeToString(plain) != v.Msg {
					t.Errorf("vector %d (%s): Open = %x, %v, want %s", v.TcID, v.Comment, plain, err, v.Msg)
				}
				continue
			}
			invalid++
			if !errors.Is(err, crm.Internal) {
				t.Errorf("vector %d (%s): Open = %x, %v, want Internal", v.TcID, v.Comment, plain, err)
			}
		}
	}
	if valid+invalid != 315 || valid < 200 || invalid < 50 {
		t.Errorf("tried %d valid and %d invalid vectors, want 315 together", valid, invalid)
	}
}

func unhex(t *testing.T, digits string) []byte {
	t.Helper()
	raw, err := hex.DecodeString(digits)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
