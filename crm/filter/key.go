package filter

import (
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/my21staff/my21staff/crm"
)

// MaxKey is how many characters of a text are compared.
const MaxKey = 100

// Fold returns a text as it is compared: in lower case, one space between words,
// none around them, without what no database keeps, and not longer than MaxKey
// characters.
func Fold(s string) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD")
	s = strings.ToLower(strings.Join(strings.Fields(s), " "))
	if utf8.RuneCountInString(s) <= MaxKey {
		return s
	}
	return string([]rune(s)[:MaxKey])
}

// Names returns what a contact is called and reached by, folded, each once: the
// names, then numbers by their digits and e-mail addresses. The first is what it
// is sorted by. None is empty.
func Names(c *crm.Contact) []string {
	lines := make([]string, 0, 3+len(c.Identities))
	add := func(line string) {
		for _, have := range lines {
			if have == line {
				return
			}
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	add(Fold(c.Name))
	add(Fold(c.ProfileName))
	add(Fold(c.Username))
	for _, id := range c.Identities {
		switch id.Kind {
		case crm.ByPhone, crm.ByWaID:
			add(Digits(id.Value))
		case crm.ByEmail:
			add(Fold(id.Value))
		}
	}
	return lines
}

// Digits returns the digits of a text that is nothing but a number, however
// written and without the 0 that stands for the country, or "".
func Digits(s string) string {
	var digits strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			digits.WriteRune(r)
		case !strings.ContainsRune(" +-().", r):
			return ""
		}
	}
	return strings.TrimLeft(digits.String(), "0")
}

// The values of custom fields are texts; the ones of numbers and dates have an
// ordinal beside it, by which they are compared: exact on every database, which
// floating point is not.

// Millionth is one, as an ordinal counts it.
const Millionth = 1_000_000

// maxWhole is how many digits a number may have before the point.
const maxWhole = 12

// Ordinal returns by what a custom field's value is compared with others, as
// far as it is a number (its millionths) or a date (the milliseconds of its
// beginning in UTC since 1970).
func Ordinal(value string) (int64, bool) {
	if n, ok := ParseNumber(value); ok {
		return n, true
	}
	if t, ok := ParseDate(value, time.UTC); ok {
		return t.UnixMilli(), true
	}
	return 0, false
}

// ParseNumber reads a decimal as JSON writes it, without exponent: at most 12
// digits before the point and 6 after it. It returns its millionths.
func ParseNumber(s string) (int64, bool) {
	digits, negative := strings.CutPrefix(s, "-")
	whole, part, point := strings.Cut(digits, ".")
	if !allDigits(whole) || len(whole) > maxWhole || len(whole) > 1 && whole[0] == '0' || point && (!allDigits(part) || len(part) > 6) {
		return 0, false
	}
	n, err := strconv.ParseInt(whole+part+strings.Repeat("0", 6-len(part)), 10, 64)
	if err != nil {
		return 0, false
	}
	if negative {
		n = -n
	}
	return n, true
}

// FormatNumber is the inverse of ParseNumber, without needless zeros.
func FormatNumber(n int64) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	whole, part := strconv.FormatInt(n/Millionth, 10), strconv.FormatInt(Millionth+n%Millionth, 10)[1:]
	if part = strings.TrimRight(part, "0"); part != "" {
		whole += "." + part
	}
	return sign + whole
}

func allDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// ParseDate reads a day (2026-11-02, which begins at its midnight in a place) or
// a moment in RFC 3339, of the years 1970 to 9999.
func ParseDate(s string, in *time.Location) (time.Time, bool) {
	t, err := time.ParseInLocation(time.DateOnly, s, in)
	if err != nil {
		t, err = time.Parse(time.RFC3339, s)
	}
	if year := t.UTC().Year(); err != nil || year < 1970 || year > 9999 {
		return time.Time{}, false
	}
	return t, true
}

// isDay reports whether a date has no time of day.
func isDay(s string) bool { return len(s) == len(time.DateOnly) }
