package web

import "testing"

// TestMoney: an amount is written as its reader writes one.
func TestMoney(t *testing.T) {
	t.Parallel()
	id, en := &visitor{lang: indonesian}, &visitor{lang: english}
	for _, tt := range []struct{ what, got, want string }{
		{"thousands", id.money("150000", "IDR"), "Rp150.000"},
		{"cents", en.money("1250000.5", "USD"), "USD 1,250,000.5"},
		{"cents", id.money("1250000.50", "AUD"), "AUD 1.250.000,50"},
		{"what is no plain number", id.money("1.5e3", ""), "1.5e3"},
		{"nothing", id.money("", "IDR"), "IDR"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: the amount is %q, not %q", tt.what, tt.got, tt.want)
		}
	}
}
