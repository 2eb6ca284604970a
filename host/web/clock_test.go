package web

import (
	"testing"
	"time"
)

// TestClock: every time is told in the workspace's zone, as its reader writes it.
func TestClock(t *testing.T) {
	t.Parallel()
	jakarta, err := time.LoadLocation("Asia/Jakarta")
	if err != nil {
		t.Fatal(err)
	}
	then := time.Date(2026, 5, 31, 18, 4, 9, 0, time.UTC) // the first of June there
	id, en := &visitor{lang: indonesian, zone: jakarta}, &visitor{lang: english, zone: jakarta}
	for _, tt := range []struct{ what, got, want string }{
		{"a moment", id.moment(then), "1 Jun 2026 01.04.09 WIB"},
		{"a moment", en.moment(then), "1 Jun 2026 01:04:09 WIB"},
		{"of today the hour alone", id.when(then, then.Add(time.Hour)), "01.04"},
		{"of another day", en.when(then, then.Add(24*time.Hour)), "1 Jun 01:04"},
		{"of another year", en.when(then, then.AddDate(1, 0, 0)), "1 Jun 2026 01:04"},
		{"the day", en.day(then, then.Add(24*time.Hour)), "Yesterday"},
		{"no time", en.when(time.Time{}, then), ""},
	} {
		if tt.got != tt.want {
			t.Errorf("%s is told as %q, not %q", tt.what, tt.got, tt.want)
		}
	}
}
