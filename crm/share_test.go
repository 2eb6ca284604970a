package crm_test

import (
	"crypto/sha256"
	"reflect"
	"testing"

	"github.com/my21staff/my21staff/crm"
)

func TestShareHolds(t *testing.T) {
	t.Parallel()
	some := (&crm.Share{Numbers: []string{"3", "1"}, Accounts: []string{"9"}}).Sorted()
	for _, c := range []struct {
		name            string
		share           *crm.Share
		number, account string
		want            bool
	}{
		{"no share", nil, "1", "", true},
		{"no share, and nothing named", nil, "", "", true},
		{"a number of it", some, "3", "", true},
		{"a number of it, of any account", some, "1", "8", true},
		{"another number of its account", some, "2", "9", false},
		{"its account", some, "", "9", true},
		{"another account", some, "", "8", false},
		{"an account named like a number", some, "", "1", false},
		{"a number named like an account", some, "9", "", false},
		{"nothing named", some, "", "", false},
		{"nothing named, and the rest is in it", &crm.Share{Rest: true}, "", "", true},
		{"a number, and only the rest is in it", &crm.Share{Rest: true}, "1", "", false},
		{"an account, and only the rest is in it", &crm.Share{Rest: true}, "", "9", false},
		{"an empty share", &crm.Share{}, "", "", false},
	} {
		if got := c.share.Holds(c.number, c.account); got != c.want {
			t.Errorf("%s: %+v.Holds(%q, %q) = %v", c.name, c.share, c.number, c.account, got)
		}
	}
}

func TestShareSorted(t *testing.T) {
	t.Parallel()
	given := &crm.Share{Numbers: []string{"b", "a", "b"}, Accounts: []string{}, Rest: true}
	if got, want := given.Sorted(), (&crm.Share{Numbers: []string{"a", "b"}, Rest: true}); !reflect.DeepEqual(got, want) {
		t.Errorf("Sorted() = %+v, want %+v", got, want)
	}
	if given.Numbers[0] != "b" {
		t.Error("Sorted() sorted its receiver")
	}
	if none := (*crm.Share)(nil); none.Sorted() != nil {
		t.Errorf("Sorted() of none = %+v", none.Sorted())
	}
}

func TestDeliveryKey(t *testing.T) {
	t.Parallel()
	body := []byte("body")
	if got := crm.DeliveryKey(body, nil); got != sha256.Sum256(body) {
		t.Errorf("without a share the key is %x, want the hash of the body", got)
	}
	one := crm.DeliveryKey(body, &crm.Share{Numbers: []string{"1", "2"}})
	if got := crm.DeliveryKey(body, &crm.Share{Numbers: []string{"2", "1", "2"}, Accounts: []string{}}); got != one {
		t.Error("the order of the numbers makes another key")
	}
	seen := map[[32]byte]string{one: "two numbers"}
	for name, key := range map[string][32]byte{
		"no share":            crm.DeliveryKey(body, nil),
		"an empty share":      crm.DeliveryKey(body, &crm.Share{}),
		"the rest":            crm.DeliveryKey(body, &crm.Share{Rest: true}),
		"a number":            crm.DeliveryKey(body, &crm.Share{Numbers: []string{"1"}}),
		"an account":          crm.DeliveryKey(body, &crm.Share{Accounts: []string{"1"}}),
		"two accounts":        crm.DeliveryKey(body, &crm.Share{Accounts: []string{"1", "2"}}),
		"one number of two":   crm.DeliveryKey(body, &crm.Share{Numbers: []string{"12"}}),
		"a number with quote": crm.DeliveryKey(body, &crm.Share{Numbers: []string{`1","2`}}),
		"another body":        crm.DeliveryKey([]byte("other"), &crm.Share{Numbers: []string{"1", "2"}}),
	} {
		if other, twice := seen[key]; twice {
			t.Errorf("%s has the key of %s", name, other)
		}
		seen[key] = name
	}
}
