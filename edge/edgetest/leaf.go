package edgetest

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// seldom returns the value, or one in many times something that does not belong
// there: nil for nothing at all.
func (m *Maker) seldom(value any) any {
	switch m.r.IntN(60) {
	case 0:
		return nil
	case 1:
		return m.anything(2)
	}
	return value
}

// maybe returns the value one in n times, else nil.
func (m *Maker) maybe(n int, value any) any {
	if m.oneIn(n) {
		return m.seldom(value)
	}
	return nil
}

// spelt returns an id as somebody may write it.
func (m *Maker) spelt(id string) any {
	switch m.r.IntN(24) {
	case 0:
		return " " + id + "\n"
	case 1:
		return "\u00a0\u2003" + id + "\u3000"
	case 2:
		return literal(`"\u0000` + id + `\u0000"`)
	case 3:
		return strings.Repeat("7", pick(m, 255, 256, 257, 258))
	case 4:
		return strings.Repeat("é", pick(m, 128, 129))
	case 5:
		if _, err := strconv.Atoi(id); err == nil {
			return literal(id)
		}
	}
	return m.seldom(id)
}

// number returns a phone number id: one of few, which the documents know in
// part, or any.
func (m *Maker) number() any {
	if m.oneIn(8) {
		return strconv.Itoa(m.between(1, 1e9))
	}
	return m.spelt(fmt.Sprintf("55500000000000%d", m.r.IntN(9)))
}

func (m *Maker) account() any {
	return m.spelt(fmt.Sprintf("90000000000000%d", m.r.IntN(5)))
}

// phone returns the number of a person.
func (m *Maker) phone() any {
	n := m.r.IntN(6)
	switch m.r.IntN(16) {
	case 0:
		return fmt.Sprintf("+62 (812) 0000-000%d", n)
	case 1:
		return fmt.Sprintf("+62\u00a0812\u00a00000000%d", n)
	case 2:
		return pick(m, "12345678901234567890", "123456789012345678901", "+1234567890123456789", "+12345678901234567890-", "62812x", "62\u2003812", "+", "-()", "６２８", "62\u00e0812")
	case 3:
		return m.user()
	}
	return m.spelt(fmt.Sprintf("628120000000%d", n))
}

// own returns the number of a business, which is no customer's.
func (m *Maker) own() any { return m.spelt("6281200000099") }

// user returns a business-scoped user id.
func (m *Maker) user() any {
	if m.oneIn(5) {
		return pick(m, "US.ENT.506847293015824", "us.1", "U.1", "ID.", "ID", "IDD.1", "ID.1-2", "ID.é", "Í.1", "@sari", ".ID.1")
	}
	return m.spelt(fmt.Sprintf("ID.1349120865530274191%d", m.r.IntN(6)))
}

// messageID returns the id of a message.
func (m *Maker) messageID() any {
	switch m.r.IntN(24) {
	case 0:
		return strings.Repeat("w", pick(m, 511, 512, 513))
	case 1:
		return pick(m, strange...)
	case 2:
		return literal(strconv.Itoa(m.r.IntN(1e9)))
	}
	return m.seldom(fmt.Sprintf("wamid.HBgNNjI4MTIwMDAwMDAwMRUCABIYFDNB/%d=", m.r.IntN(1e9)))
}

// moment returns a time in one of the forms that are sent, or in none.
func (m *Maker) moment() any {
	t := time.Unix(int64(m.between(1, 4102444799)), int64(m.r.IntN(1e9))).UTC()
	zone := time.FixedZone("", m.between(-14*60, 14*60)*60)
	switch m.r.IntN(12) {
	case 0:
		return literal(strconv.FormatInt(t.Unix(), 10))
	case 1:
		return strconv.FormatInt(t.UnixMilli(), 10)
	case 2:
		return literal(strconv.FormatInt(t.UnixMilli(), 10))
	case 3:
		return t.Format(time.RFC3339)
	case 4:
		return t.In(zone).Format(time.RFC3339)
	case 5:
		return t.In(zone).Format("2006-01-02T15:04:05." + strings.Repeat("0", m.between(1, 12)) + "Z07:00")
	case 6:
		return pick(m, Moments...)
	}
	return m.seldom(strconv.FormatInt(t.Unix(), 10))
}

// Moments are texts at the edge of what is a time.
var Moments = []string{
	"0", "-0", "-5", "1", "01790000000", "+1790000000", "1790000000.5", "1e9", "4102444799", "4102444800", "99999999999", "100000000000", "100000000999",
	"100000001000", "4102444799999", "4102444800000", "9223372036854775807", "9223372036854775808", "123456789012345678", "1234567890123456789", "",
	"1970-01-01T00:00:00Z", "1970-01-01T00:00:00.999Z", "1970-01-01T00:00:01Z", "2099-12-31T23:59:59Z", "2099-12-31T23:59:59.999999999Z", "2100-01-01T00:00:00Z",
	"2099-12-31T23:59:59-00:01", "2100-01-01T00:00:00+00:01", "1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "1969-12-31T20:00:00-04:00",
	"2026-02-29T00:00:00Z", "2024-02-29T00:00:00Z", "2000-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-02-28T24:00:00Z", "2026-04-31T00:00:00Z", "2026-13-01T00:00:00Z",
	"2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-01-01T5:04:05Z", "2026-01-01T05:04:60Z", "2026-01-01T05:60:05Z", "2026-01-01T24:00:00Z",
	"2026-01-01t05:04:05Z", "2026-01-01T05:04:05z", "2026-01-01 05:04:05Z", "2026-01-01T05:04:05", "2026-01-01T05:04Z", "2026-01-01T05:04:05.Z", "2026-01-01T05:04:05,5Z",
	"2026-01-01T05:04:05.5", "2026-01-01T05:04:05.1234567890123Z", "2026-01-01T05:04:05.+07:00", "2026-01-01T05:04:05+07:00", "2026-01-01T05:04:05-07:00", "2026-01-01T05:04:05+0700",
	"2026-01-01T05:04:05+24:00", "2026-01-01T05:04:05+25:00", "2026-01-01T05:04:05+23:60", "2026-01-01T05:04:05+23:61", "2026-01-01T05:04:05+7:00", "2026-01-01T05:04:05 Z",
	"2026-1-01T05:04:05Z", "26-01-01T05:04:05Z", "12026-01-01T05:04:05Z", "2026-01-01T05:4:05Z", "2026-01-01T05:04:5Z", "2026-01-01T05:04:05ZZ", "2026-01-01T-5:04:05Z",
	" 2026-01-01T05:04:05Z", "2026-01-01T05:04:05Z ", "2026-01-01T05:04:05\u22127:00", "２０２６-01-01T05:04:05Z",
}

// A person is named by one id, by both or by none.
func (m *Maker) person(o object, number, user string) object {
	switch m.r.IntN(6) {
	case 0:
		return o.with(user, m.user())
	case 1:
		return o.with(number, m.phone()).with(user, m.user())
	case 2:
		return o.with(number, pick[any](m, nil, "", m.phone())).with(user, pick[any](m, nil, "", m.user()))
	}
	return o.with(number, m.phone())
}
