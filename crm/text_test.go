package crm_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
)

func TestCheckText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text        string
		least, most int
		good        bool
	}{
		{"", 0, 5, true},
		{"", 1, 5, false},
		{" \n\u2028", 1, 5, false},
		{" \n ", 0, 5, true},
		{"éééée", 1, 5, true},
		{"éééééé", 1, 5, false},
		{"a\x00b", 0, 5, false},
		{"a\xffb", 0, 5, false},
		{"\u202e\ufeff🇮🇩", 1, 5, true},
	} {
		err := crm.CheckText("title", "The title", c.text, c.least, c.most)
		var bad *crm.Error
		if (err == nil) != c.good || err != nil && (!errors.As(err, &bad) || bad.Code != crm.Invalid ||
			bad.Reason != "bad_title" || !strings.HasPrefix(bad.Msg, "The title ")) {
			t.Errorf("CheckText(%q, %d, %d) = %v, want it good: %t, else Invalid with a sentence", c.text, c.least, c.most, err, c.good)
		}
	}
}

func TestCheckEmail(t *testing.T) {
	t.Parallel()
	long := "@" + strings.Repeat("a", 243) + ".example"
	for address, good := range map[string]bool{
		"a@b.example": true, "a+b@c": true, "é@münchen.example": true, "ab" + long: true, "abc" + long: false,
		"": false, "a": false, "@": false, "a@": false, "@b": false, "a@b@c": false, "a b@c": false, "a@b\n": false, "a\x00@b": false,
	} {
		if err := crm.CheckEmail("email", address); (err == nil) != good || err != nil && !errors.Is(err, crm.Invalid) {
			t.Errorf("CheckEmail(%q) = %v, want it good: %t", address, err, good)
		}
	}
}
