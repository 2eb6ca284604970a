package lead

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// WorkingTime is when a team works, on the clock of its place.
type WorkingTime struct {
	Week     map[string][]string `json:"week,omitempty"`     // "mon": ["08:00-12:00", "13:00-17:00"]; no week at all: always
	Holidays []string            `json:"holidays,omitempty"` // "2026-12-25"
}

// Hours are a WorkingTime in a place. The zero value is always open.
type Hours struct {
	zone     *time.Location // nil: UTC
	limited  bool           // open as the week says, else always
	week     [7][]span      // by time.Weekday
	holidays []string
}

// span is a part of a day in minutes, its end excluded.
type span struct{ from, to int }

var weekdays = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// Hours returns the rules' working time in a zone; nil is UTC. The zone is handed
// in because this package reads no files: a program on WASI, which has no time
// zones, hands in one of [time.FixedZone].
func (r *Rules) Hours(zone *time.Location) Hours {
	h := Hours{zone: zone, limited: len(r.doc.Hours.Week) > 0, holidays: r.doc.Hours.Holidays}
	for day, name := range weekdays {
		for _, text := range r.doc.Hours.Week[name] {
			s, _ := readSpan(text) // was checked
			h.week[day] = append(h.week[day], s)
		}
	}
	return h
}

// Open reports whether the team works at a time.
func (h Hours) Open(at time.Time) bool {
	at = at.UTC()
	if h.zone != nil {
		at = at.In(h.zone)
	}
	if len(h.holidays) > 0 && slices.Contains(h.holidays, at.Format(time.DateOnly)) {
		return false
	}
	if !h.limited {
		return true
	}
	minute := at.Hour()*60 + at.Minute()
	return slices.ContainsFunc(h.week[at.Weekday()], func(s span) bool { return s.from <= minute && minute < s.to })
}

// Next returns when the team works next: the time itself if it works then, the
// zero time if it does not in as many days as there may be holidays.
func (h Hours) Next(at time.Time) time.Time {
	if h.Open(at) {
		return at
	}
	zone := h.zone
	if zone == nil {
		zone = time.UTC
	}
	year, month, day := at.In(zone).Date()
	for ahead := range maxDays + 8 {
		midnight := time.Date(year, month, day+ahead, 0, 0, 0, 0, zone)
		opens := []span{{}}
		if h.limited {
			opens = h.week[midnight.Weekday()]
		}
		for _, s := range opens { // in their order
			if next := time.Date(year, month, day+ahead, 0, s.from, 0, 0, zone); next.After(at) && h.Open(next) {
				return next.UTC()
			}
		}
	}
	return time.Time{}
}

// readSpan reads "08:00-17:00".
func readSpan(text string) (span, bool) {
	opens, closes, _ := strings.Cut(text, "-")
	from, ok := readMinute(opens)
	to, too := readMinute(closes)
	return span{from, to}, ok && too && from < to
}

// readMinute reads "08:00", up to "24:00".
func readMinute(text string) (int, bool) {
	if len(text) != len("08:00") || text[2] != ':' {
		return 0, false
	}
	digits := text[:2] + text[3:]
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return 0, false
		}
	}
	hour, minute := int(digits[0]-'0')*10+int(digits[1]-'0'), int(digits[2]-'0')*10+int(digits[3]-'0')
	return hour*60 + minute, minute < 60 && hour*60+minute <= 24*60
}

// maxDays bounds the holidays of a document.
const maxDays = 400

func (w *WorkingTime) check(f *faults) {
	for _, day := range slices.Sorted(maps.Keys(w.Week)) {
		path, spans := "hours.week."+day, w.Week[day]
		f.when(!slices.Contains(weekdays[:], day), path, "A day is one of %s.", listed(weekdays[:]))
		end := 0
		for i, text := range spans {
			s, ok := readSpan(text)
			f.when(!ok || s.from < end, fmt.Sprintf("%s[%d]", path, i), "%.40q is not a time like 08:00-17:00 after the one before it.", text)
			end = max(end, s.to)
		}
	}
	if len(w.Holidays) > maxDays {
		f.when(true, "hours.holidays", "There may be at most %d holidays.", maxDays)
		return
	}
	for i, day := range w.Holidays {
		_, err := time.Parse(time.DateOnly, day)
		f.when(err != nil, fmt.Sprintf("hours.holidays[%d]", i), "%.40q is not a day like 2026-12-25.", day)
	}
}
