package web

import (
	"strconv"
	"time"
)

// months by language: Go knows the English ones only.
var months = map[lang][12]string{
	indonesian: {"Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des"},
	english:    {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
}

// when is a time as the visitor reads it: of today only the hour.
func (v *visitor) when(t, now time.Time) string {
	if t.IsZero() {
		return ""
	}
	if sameDay(t.In(v.zone), now.In(v.zone)) {
		return v.hour(t)
	}
	return v.date(t, now) + " " + v.hour(t)
}

// moment is a time to the second, for those who compare it with other logs.
func (v *visitor) moment(t time.Time) string {
	seconds := ":05"
	if v.lang == indonesian {
		seconds = ".05"
	}
	return v.date(t, time.Time{}) + " " + v.hour(t) + t.In(v.zone).Format(seconds+" MST")
}

// day is a day as the visitor reads it, above what happened on it.
func (v *visitor) day(t, now time.Time) string {
	local := t.In(v.zone)
	switch {
	case sameDay(local, now.In(v.zone)):
		return v.say("clock.today")
	case sameDay(local.AddDate(0, 0, 1), now.In(v.zone)):
		return v.say("clock.yesterday")
	default:
		return v.date(t, now)
	}
}

// hour is the time of the day: "15.04" in Indonesian, "15:04" in English.
func (v *visitor) hour(t time.Time) string {
	if v.lang == indonesian {
		return t.In(v.zone).Format("15.04")
	}
	return t.In(v.zone).Format("15:04")
}

// date is a day, with its year if that is not this one.
func (v *visitor) date(t, now time.Time) string {
	local := t.In(v.zone)
	text := strconv.Itoa(local.Day()) + " " + months[v.lang][local.Month()-1]
	if local.Year() != now.In(v.zone).Year() {
		text += " " + strconv.Itoa(local.Year())
	}
	return text
}

func sameDay(a, b time.Time) bool { return a.Year() == b.Year() && a.YearDay() == b.YearDay() }

// iso is a time as a program reads it.
func iso(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
