package webhook

import (
	"time"

	"github.com/my21staff/my21staff/crm/webhook/tape"
)

// latest is the last second that is taken for a time: the end of 2099.
const latest = 4102444799

// when reads a time in any form the providers use, in whole milliseconds and
// UTC: Unix seconds or milliseconds, as a number or a string, and RFC 3339 with
// any offset and fraction. Anything else, and what is not between 1970 and
// 2100, is the zero time.
func when(v tape.Value) time.Time {
	var t time.Time
	if n, ok := v.Int(); ok {
		switch {
		case n > 0 && n <= latest:
			t = time.Unix(n, 0)
		case n > latest && n/1000 > 1e8 && n/1000 <= latest: // no second of ours has 12 digits
			t = time.UnixMilli(n)
		}
	} else if parsed, err := time.Parse(time.RFC3339, v.Text()); err == nil && parsed.Unix() > 0 && parsed.Unix() <= latest {
		t = parsed
	}
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Millisecond)
}

// firstTime returns the first of the values that is a time.
func firstTime(values ...tape.Value) time.Time {
	for _, v := range values {
		if t := when(v); !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}
