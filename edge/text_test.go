package edge_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/edgetest"
)

// checkTime holds the edge's reading of a time against time.Parse.
func checkTime(text string) string {
	want, err := time.Parse(time.RFC3339, text)
	got, ok := edge.RFC3339(text)
	switch {
	case ok != (err == nil):
		return fmt.Sprintf("%q is a time: %v; to time.Parse %v", text, ok, err)
	case ok && got != want.UnixMilli():
		return fmt.Sprintf("%q is %d, want %d", text, got, want.UnixMilli())
	}
	return ""
}

func TestTimes(t *testing.T) {
	t.Parallel()
	for _, moment := range edgetest.Moments {
		if why := checkTime(moment); why != "" {
			t.Error(why)
		}
	}
	for day := range 366 * 8 { // every day of eight years, and of eight about each century
		for _, year := range []int{2020, 1896, 1996, 2096, 0, 9992} {
			date := time.Date(year, 1, 1+day, 23, 59, 58, 0, time.UTC).Format(time.RFC3339)
			if why := checkTime(date); why != "" {
				t.Fatal(why)
			}
		}
	}
	for month := range 14 {
		for day := range 34 {
			for _, year := range []int{2023, 2024, 1900, 2000} {
				if why := checkTime(fmt.Sprintf("%04d-%02d-%02dT00:00:00Z", year, month, day)); why != "" {
					t.Error(why)
				}
			}
		}
	}
	forAll(t, 20000, "a time is one to time.Parse", func(m *edgetest.Maker) string {
		at := time.Unix(int64(m.Uint64()%400_000_000_000)-100_000_000_000, int64(m.Uint64()%1e9))
		zone := time.FixedZone("", int(m.Uint64()%(48*60))*60-24*3600)
		text := at.In(zone).Format("2006-01-02T15:04:05" + []string{"", ".0", ".000", ".000000", ".000000000", ".000000000000"}[m.Uint64()%6] + "Z07:00")
		if m.Uint64()%2 == 0 {
			return checkTime(text)
		}
		b := []byte(text)
		const likely = "0123456789-+:.,TZtz "
		for range 1 + m.Uint64()%2 {
			i, c := int(m.Uint64()%uint64(len(b))), likely[m.Uint64()%uint64(len(likely))]
			switch m.Uint64() % 3 {
			case 0:
				b[i] = c
			case 1:
				b = append(b[:i:i], b[i+1:]...)
			default:
				b = append(b[:i:i], append([]byte{c}, b[i:]...)...)
			}
		}
		return checkTime(string(b))
	})
}

func TestTrimSpace(t *testing.T) {
	t.Parallel()
	check := func(text string) {
		if got, want := edge.TrimSpace([]byte(text)), bytes.TrimSpace([]byte(text)); !bytes.Equal(got, want) {
			t.Errorf("trimming %q gives %q, want %q", text, got, want)
		}
	}
	for r := rune(0); r <= unicode.MaxRune; r++ {
		check(string(r) + "a" + string(r))
	}
	for _, text := range []string{"", " ", "\u00a0 \u2003", "\xff a \xff", " \xff ", "\xc2", "a\xc2", "\xa0", "a b", "\u3000x\u2029\t", "\xe2\x80"} {
		check(text)
	}
}

// TestDigits reads phone numbers as crm/webhook does, by another way.
func TestDigits(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[0-9]{1,20}$`)
	marks := strings.NewReplacer("+", "", " ", "", "-", "", "(", "", ")", "", "\u00a0", "")
	check := func(number string) string {
		want := marks.Replace(number)
		if !form.MatchString(want) {
			want = ""
		}
		if got := edge.Digits(number); got != want {
			return fmt.Sprintf("%q has digits %q, want %q", number, got, want)
		}
		return ""
	}
	for _, number := range []string{
		"", "6281200000001", "+62 812-0000-0001", "(021) 555", "\u00a062\u00a0", "62\u00c2", "62\u00e0", "62\u00a1", "62x", "x", "+", "12345678901234567890", "123456789012345678901",
		"+12345678901234567890", "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0", "1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1", "６２", "62\t1", "62.1", "/", ":", "62\u2009812",
	} {
		if why := check(number); why != "" {
			t.Error(why)
		}
	}
	forAll(t, 5000, "a number's digits are the host's", func(m *edgetest.Maker) string {
		var number strings.Builder
		for range m.Uint64() % 26 {
			number.WriteString([]string{"0", "1", "2", "9", "6", "8", "+", " ", "-", "(", ")", "\u00a0", "/", ":", "é", "a"}[m.Uint64()%(10+m.Uint64()%7)])
		}
		return check(number.String())
	})
}
