package filter

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// value reads what a condition compares with: one value, a list for any_of,
// none_of and all_of, two for between, a span for in_last and the like.
func (d *decoder) value(e *Expr, raw json.RawMessage) error {
	name, op := e.field.Name, string(e.op)
	values := []json.RawMessage{raw}
	switch e.op {
	case InLast, NotInLast, InNext:
		d.values++
		return e.readSpan(raw)
	case AnyOf, NoneOf, AllOf, Between:
		if err := json.Unmarshal(raw, &values); err != nil || len(values) == 0 {
			return wrong("The operator %q on %q needs an array of values.", op, name)
		}
		if e.op == Between && len(values) != 2 {
			return wrong("The operator %q on %q needs an array of two values.", op, name)
		}
	}
	for _, one := range values {
		d.values++
		if err := e.readOne(one); err != nil {
			return err
		}
	}
	return nil
}

// readOne reads one value of the field's type.
func (e *Expr) readOne(raw json.RawMessage) error {
	name := e.field.Name
	switch e.field.Type {
	case Number:
		n, ok := ParseNumber(string(bytes.TrimSpace(raw)))
		if !ok {
			return wrong("The field %q is compared with a number of at most %d digits before the point and 6 after it.", name, maxWhole)
		}
		e.nums = append(e.nums, n)
		return nil
	case Bool:
		if text := string(bytes.TrimSpace(raw)); text != "true" && text != "false" {
			return wrong("The field %q is compared with true or false.", name)
		}
		e.yes = string(bytes.TrimSpace(raw)) == "true"
		return nil
	}
	var text string
	if len(raw) == 0 || json.Unmarshal(raw, &text) != nil || bytes.Equal(bytes.TrimSpace(raw), []byte("null")) {
		return wrong("The field %q is compared with a text.", name)
	}
	return e.readText(text)
}

func (e *Expr) readText(text string) error {
	name := e.field.Name
	switch e.field.Type {
	case Date, Moment:
		if _, ok := ParseDate(text, time.UTC); !ok || e.field.Type == Date && !isDay(text) {
			return wrong("The field %q is compared with a day such as 2026-11-02, not %.100q.", name, text)
		}
		e.dates = append(e.dates, date{text: text, day: isDay(text)})
	case Tag, Member:
		id, err := crm.ParseID[crm.Tag](text)
		if err != nil && !(e.field.Type == Member && text == "me") {
			return wrong("The field %q is compared with an id, not %.100q.", name, text)
		}
		e.ids = append(e.ids, id)
	default:
		key := e.key(text)
		if key == "" {
			return wrong("The field %q is compared with a text that is not empty.", name)
		}
		if e.field.Choices != nil && !slices.Contains(e.field.Choices, text) {
			return wrong("The field %q is never %.100q. It is one of: %s.", name, text, strings.Join(e.field.Choices, ", "))
		}
		e.texts = append(e.texts, key)
	}
	return nil
}

// key returns a text as it is compared at the field's place.
func (e *Expr) key(text string) string {
	switch e.field.Place {
	case InName:
		if number := Digits(text); number != "" {
			return number
		}
		return Fold(text)
	case InField:
		return Fold(text)
	}
	return strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\uFFFD")
}

// maxSpan is how many days a relative date may be away: a century.
const maxSpan = 36_525

// readSpan reads {"days": 7} or {"hours": 12}.
func (e *Expr) readSpan(raw json.RawMessage) error {
	units := map[string]time.Duration{"days": 24 * time.Hour}
	if e.field.Type == Moment {
		units["hours"] = time.Hour
	}
	refused := wrong(`The operator %q on %q needs a span such as {"days": 7}.`, e.op, e.field.Name)
	members, err := membersOf(raw)
	if err != nil || len(members) != 1 {
		return refused
	}
	for name, value := range members {
		n, ok := ParseNumber(string(value))
		unit := units[name]
		if !ok || unit == 0 || n < Millionth || n%Millionth != 0 || time.Duration(n/Millionth)*unit > maxSpan*24*time.Hour || n/Millionth > maxSpan*24 {
			return refused
		}
		e.span = time.Duration(n/Millionth) * unit
	}
	return nil
}
