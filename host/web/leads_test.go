package web

import (
	"encoding/json"
	"fmt"
	"net/url"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	contactfilter "github.com/my21staff/my21staff/crm/filter"
	"github.com/my21staff/my21staff/crm/people"
)

// everyType is a schema with a custom field of each type.
func everyType() *contactfilter.Schema {
	var fields []*crm.Field
	for _, of := range []crm.FieldType{
		crm.TextField, crm.NumberField, crm.DateField, crm.BoolField, crm.ChoiceField, crm.URLField, crm.PhoneField, crm.EmailField,
	} {
		f := &crm.Field{Key: "own " + string(of), Label: string(of), Type: of}
		if of == crm.ChoiceField {
			f.Choices = []string{"a", "b, c", "d&e=f"}
		}
		fields = append(fields, f)
	}
	return contactfilter.NewSchema(fields)
}

// someValue returns a value that a field can be compared with.
func someValue(f contactfilter.Field, n int) string {
	switch {
	case f.Choices != nil:
		return f.Choices[n%len(f.Choices)]
	case f.Type == contactfilter.Number:
		return []string{"0", "-1.5", "50000000"}[n%3]
	case f.Type == contactfilter.Date, f.Type == contactfilter.Moment:
		return []string{"2026-11-02", "2020-01-31"}[n%2]
	case f.Type == contactfilter.Bool:
		return []string{"true", "false"}[n%2]
	case f.Type == contactfilter.Tag, f.Type == contactfilter.Member:
		return crm.TagID{15: byte(n%200 + 1)}.String()
	default:
		return []string{"Dewi", "a b", "x=y&z", `"'<>`}[n%4]
	}
}

// someLine returns a condition of the form that says something, by two numbers.
func someLine(schema *contactfilter.Schema, n int) condition {
	fields := schema.Fields()
	f := fields[n%len(fields)]
	ops := contactfilter.Operators[f.Type]
	c := condition{Field: f.Name, Op: ops[n/len(fields)%len(ops)]}
	switch control(f, c.Op, listed(f)) {
	case controlNone:
	case controlSpan:
		c.Values, c.Unit = []string{"7"}, "days"
	case controlNumbers, controlDates:
		c.Values = []string{someValue(f, n), someValue(f, n+1)}
	case controlChoices:
		c.Values = []string{someValue(f, n)}
		if f.Type != contactfilter.Bool {
			c.Values = append(c.Values, someValue(f, n+1))
		}
	default:
		c.Values = []string{someValue(f, n)}
	}
	return c
}

// Every line that the form can make is a filter that can be read, and the filter
// makes the same lines; and so does the address.
func TestFilterFormsSayWhatTheyMean(t *testing.T) {
	t.Parallel()
	schema := everyType()
	properties := gopter.NewProperties(nil)
	properties.Property("form, filter and address", prop.ForAll(
		func(ns []int, or bool, search, view string) bool {
			q := leadQuery{Own: true, Or: or && len(ns) > 0, Search: search, View: view, Sort: people.ByName, Board: or}
			for _, n := range ns[:min(len(ns), maxConditions)] {
				q.Conditions = append(q.Conditions, someLine(schema, n))
			}
			encoded, err := q.expression(schema)
			if err != nil {
				t.Fatal(err)
			}
			if len(q.Conditions) > 0 {
				if _, err := contactfilter.Decode(encoded, schema); err != nil {
					t.Logf("%s: %v", encoded, err)
					return false
				}
			}
			lines, joined, ok := conditionsOf(encoded, schema)
			address, err := url.Parse(q.address())
			if err != nil {
				t.Fatal(err)
			}
			var args fasthttp.Args
			args.Parse(address.RawQuery)
			again := readLeadQuery(&args)
			if !ok || joined != q.Or || !reflect.DeepEqual(lines, q.Conditions) || !reflect.DeepEqual(again, q) {
				t.Logf("%+v became %+v (%t) and %+v", q, lines, ok, again)
				return false
			}
			return true
		},
		gen.SliceOf(gen.IntRange(0, 10_000)), gen.Bool(), gen.AlphaString(), gen.AlphaString()))
	properties.TestingRun(t)
}

// Every operator on every type has a control, and what its control gives can be
// read.
func TestEveryOperatorHasAControl(t *testing.T) {
	t.Parallel()
	schema := everyType()
	for i, f := range schema.Fields() {
		for j, op := range contactfilter.Operators[f.Type] {
			c := someLine(schema, i+j*len(schema.Fields()))
			if c.Field != f.Name || c.Op != op || !c.complete(f) {
				t.Fatalf("the line of %s %s is %+v", f.Name, op, c)
			}
			encoded, err := json.Marshal(c.encode(f))
			if err == nil {
				_, err = contactfilter.Decode(encoded, schema)
			}
			if err != nil {
				t.Errorf("%s %s by the control %s is %s: %v", f.Name, op, control(f, op, listed(f)), encoded, err)
			}
		}
	}
}

func TestFiltersTheFormCannotShow(t *testing.T) {
	t.Parallel()
	schema := everyType()
	for text, want := range map[string]bool{
		``:                                       true,
		everybody:                                true,
		`{"field":"name","op":"is","value":"x"}`: true,
		`{"or":[{"field":"name","op":"is","value":"x"}]}`:           true,
		`{"and":[{"or":[{"field":"name","op":"is","value":"x"}]}]}`: false,
		`{"field":"name","op":"any_of","value":["a, b","c"]}`:       false,
		`{"field":"fields.gone","op":"is","value":"x"}`:             false,
		`{"field":"name","op":"is","value":{"x":{}}}`:               false,
		`[]`: false,
	} {
		if _, _, ok := conditionsOf([]byte(text), schema); ok != want {
			t.Errorf("the form can show %s: %t, want %t", text, ok, want)
		}
	}
	many := `{"and":[`
	for i := range maxConditions + 1 {
		if i > 0 {
			many += ","
		}
		many += `{"field":"blocked","op":"is_set"}`
	}
	if _, _, ok := conditionsOf([]byte(many+"]}"), schema); ok {
		t.Error("the form can show more lines than it has")
	}
}

// apply does to a contact what an edit in bulk does.
func apply(c *crm.Contact, e bulkEdit, now time.Time) {
	if e.Status != nil {
		c.LeadStatus = *e.Status
	}
	for key, value := range e.Fields {
		if value == nil {
			delete(c.Fields, key)
		} else {
			c.Fields[key] = *value
		}
	}
	c.Tags = slices.DeleteFunc(c.Tags, func(id crm.TagID) bool { return slices.Contains(e.Remove, id) })
	for _, id := range e.Add {
		if !slices.Contains(c.Tags, id) {
			c.Tags = append(c.Tags, id)
		}
	}
	switch {
	case e.Blocked == nil:
	case !*e.Blocked:
		c.BlockedAt = time.Time{}
	case c.BlockedAt.IsZero():
		c.BlockedAt = now
	}
}

// told says what of a contact an edit in bulk can change.
func told(c *crm.Contact) string {
	tags := slices.Clone(c.Tags)
	slices.SortFunc(tags, crm.TagID.Compare)
	return fmt.Sprint(c.LeadStatus, c.Fields, tags, c.BlockedAt.IsZero())
}

func someContact(n int) *crm.Contact {
	c := &crm.Contact{LeadStatus: []string{"new", "won", "lost"}[n%3], Fields: map[string]string{}}
	for i, key := range []string{"a", "b"} {
		if n>>(2*i)&1 == 1 {
			c.Fields[key] = []string{"x", "y"}[n>>(2*i+1)&1]
		}
	}
	for i := range 3 {
		if n>>(4+i)&1 == 1 {
			c.Tags = append(c.Tags, crm.TagID{15: byte(i + 1)})
		}
	}
	if n>>7&1 == 1 {
		c.BlockedAt = time.UnixMilli(1)
	}
	return c
}

func someEdit(n int) bulkEdit {
	var e bulkEdit
	if n&1 == 1 {
		e.Status = new([]string{"new", "won"}[n>>1&1])
	}
	if n>>2&1 == 1 {
		e.Fields = map[string]*string{"a": filledOr([]string{"", "x", "y"}[n>>3&3%3])}
	}
	if n>>5&1 == 1 {
		e.Add = []crm.TagID{{15: byte(n>>6&1 + 1)}}
	}
	if n>>7&1 == 1 {
		e.Remove = []crm.TagID{{15: 3}}
	}
	if n>>8&1 == 1 {
		e.Blocked = new(n>>9&1 == 1)
	}
	return e
}

// What is undone at once is as it was, what somebody changed since stays, and
// whatever fits into the cookie comes out of it as it went in.
func TestUndoLeavesNoTrace(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(2)
	properties := gopter.NewProperties(nil)
	properties.Property("undo of bulk edits", prop.ForAll(
		func(contact, edit, since int) bool {
			c, e := someContact(contact), someEdit(edit)
			before := told(c)
			back := e.inverse(c)
			apply(c, e, now)
			if back.empty() != (told(c) == before) {
				t.Logf("the way back from %+v is %+v", e, back)
				return false
			}
			encoded, err := json.Marshal(back)
			var read bulkEdit
			if err != nil || json.Unmarshal(encoded, &read) != nil {
				t.Fatal(err)
			}
			undone := someContact(contact)
			apply(undone, e, now)
			apply(undone, e.still(undone, read), now)
			if told(undone) != before {
				t.Logf("%s became %s by %+v and its undo %+v", before, told(undone), e, read)
				return false
			}
			// Somebody else comes in between: their stage and their values stay.
			other := someEdit(since)
			other.Add, other.Remove = nil, nil
			apply(c, other, now)
			stage, value := c.LeadStatus, c.Fields["a"]
			apply(c, e.still(c, read), now)
			kept := other.Status == nil || e.Status != nil && *other.Status == *e.Status || c.LeadStatus == stage
			set, meant := other.Fields["a"], e.Fields["a"]
			same := set == meant || set != nil && meant != nil && *set == *meant
			return kept && (other.Fields == nil || e.Fields != nil && same || c.Fields["a"] == value)
		},
		gen.IntRange(0, 255), gen.IntRange(0, 1023), gen.IntRange(0, 1023)))
	properties.TestingRun(t)
}

func TestDecimals(t *testing.T) {
	t.Parallel()
	id, en := &visitor{lang: indonesian}, &visitor{lang: english}
	for value, want := range map[string][2]string{
		"50000000": {"50.000.000", "50,000,000"}, "-1234.5": {"-1.234,5", "-1,234.5"}, "-0.25": {"-0,25", "-0.25"}, "0": {"0", "0"},
		"": {"", ""}, "much": {"much", "much"}, "1e9": {"1e9", "1e9"}, "12345678901234567890": {"12345678901234567890", "12345678901234567890"},
	} {
		if got := [2]string{id.decimal(value), en.decimal(value)}; got != want {
			t.Errorf("%q is shown as %q, want %q", value, got, want)
		}
	}
}
