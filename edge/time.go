package edge

import "github.com/my21staff/my21staff/crm/webhook/tape"

// latest is the last second that is taken for a time: the end of 2099.
const latest = 4102444799

// rfc3339 reads a time in RFC 3339, with any fraction and offset, in
// milliseconds UTC. It takes what time.Parse takes for time.RFC3339.
func rfc3339(b []byte) (int64, bool) {
	if len(b) < len("2006-01-02T3:04:05Z") || b[4] != '-' || b[7] != '-' || b[10] != 'T' {
		return 0, false
	}
	year, month, day := digitsOf(b[0:4]), digitsOf(b[5:7]), digitsOf(b[8:10])
	seconds, rest := clockTime(b[11:])
	millis, rest := fraction(rest)
	offset, ok := zone(rest)
	if !ok || seconds < 0 || millis < 0 || year < 0 || month < 1 || month > 12 || day < 1 || day > daysIn(month, year) {
		return 0, false
	}
	return (dayNumber(year, month, day)*86400+seconds-offset)*1000 + millis, true
}

// clockTime reads hours, minutes and seconds; -1 for what is none. An hour may
// have a single digit, as time.Parse has it.
func clockTime(b []byte) (seconds int64, rest []byte) {
	hours := 2
	if len(b) > 1 && b[1] == ':' {
		hours = 1
	}
	if len(b) < hours+6 || b[hours] != ':' || b[hours+3] != ':' {
		return -1, nil
	}
	h, m, s := digitsOf(b[:hours]), digitsOf(b[hours+1:hours+3]), digitsOf(b[hours+4:hours+6])
	if h < 0 || h > 23 || m < 0 || m > 59 || s < 0 || s > 59 {
		return -1, nil
	}
	return h*3600 + m*60 + s, b[hours+6:]
}

// fraction reads the part of a second, if there is one, in milliseconds.
func fraction(b []byte) (millis int64, rest []byte) {
	if len(b) < 2 || b[0] != '.' && b[0] != ',' || b[1]-'0' > 9 {
		return 0, b
	}
	i, scale := 1, int64(100)
	for ; i < len(b) && b[i]-'0' <= 9; i++ {
		millis += int64(b[i]-'0') * scale
		scale /= 10
	}
	return millis, b[i:]
}

// zone reads Z or an offset, in seconds.
func zone(b []byte) (seconds int64, ok bool) {
	if len(b) == 1 && b[0] == 'Z' {
		return 0, true
	}
	if len(b) != len("+07:00") || b[0] != '+' && b[0] != '-' || b[3] != ':' {
		return 0, false
	}
	h, m := digitsOf(b[1:3]), digitsOf(b[4:6])
	if h < 0 || h > 24 || m < 0 || m > 60 {
		return 0, false
	}
	seconds = h*3600 + m*60
	if b[0] == '-' {
		seconds = -seconds
	}
	return seconds, true
}

// digitsOf reads digits; -1 if there is something else.
func digitsOf(b []byte) int64 {
	var n int64
	for _, c := range b {
		if c-'0' > 9 {
			return -1
		}
		n = n*10 + int64(c-'0')
	}
	return n
}

func daysIn(month, year int64) int64 {
	switch month {
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	case 4, 6, 9, 11:
		return 30
	}
	return 31
}

// dayNumber returns the days from 1970-01-01 to a date of the Gregorian
// calendar (Hinnant's days_from_civil, 2013: years that begin in March).
func dayNumber(year, month, day int64) int64 {
	if month <= 2 {
		year--
	}
	era := year / 400
	if year < 0 {
		era = (year - 399) / 400
	}
	ofEra := year - era*400
	ofYear := (153*((month+9)%12)+2)/5 + day - 1
	return era*146097 + ofEra*365 + ofEra/4 - ofEra/100 + ofYear - 719468
}

// when reads a time in any form the providers use, in milliseconds UTC: Unix
// seconds or milliseconds, as a number or a string, and RFC 3339. Anything else,
// and what is not between 1970 and 2100, is 0.
func (d *Door) when(r tape.Ref) int64 {
	if r == 0 {
		return 0
	}
	text := d.word(r)
	if n, ok := wholeNumber(text); ok && (text[0] != '0' || len(text) == 1) {
		switch {
		case n > 0 && n <= latest:
			return n * 1000
		case n > latest && n/1000 > 1e8 && n/1000 <= latest: // no second of ours has 12 digits
			return n
		}
		return 0
	}
	if t, ok := rfc3339(text); ok && t >= 1000 && t < (latest+1)*1000 {
		return t
	}
	return 0
}
