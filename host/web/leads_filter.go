package web

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	contactfilter "github.com/my21staff/my21staff/crm/filter"
	"github.com/my21staff/my21staff/crm/people"
)

// maxConditions is how many lines the filter form has at most.
const maxConditions = 20

// leadQuery is what the address of the list of contacts says. The conditions of
// a view stand in its filter, unless the address has its own.
type leadQuery struct {
	Search     string
	Sort       people.Sort
	View       string // the id of a saved view
	Own        bool   // the conditions are the address's, even if there are none
	Or         bool   // one of the conditions is enough
	Conditions []condition
	Board      bool
	Stage      string // of the board: only this column
	After      string
}

// condition is one line of the filter form, complete or not.
type condition struct {
	Field  string
	Op     contactfilter.Op
	Values []string
	Unit   string // of a span: days or hours
}

// readLeadQuery reads the address of the list. Lines are numbered, f0 o0 v0 u0,
// and one that was taken out leaves a gap. A line being added has only a field.
func readLeadQuery(args *fasthttp.Args) leadQuery {
	text := func(name string) string { return string(args.Peek(name)) }
	q := leadQuery{
		Search: strings.TrimSpace(text("q")), Sort: people.Sort(text("sort")), View: text("view"), Own: args.Has("own"),
		Or: text("join") == "or", Board: args.Has("board"), Stage: text("stage"), After: text("after"),
	}
	for i := range maxConditions {
		n := strconv.Itoa(i)
		c := condition{Field: text("f" + n), Op: contactfilter.Op(text("o" + n)), Unit: text("u" + n)}
		for _, value := range args.PeekMulti("v" + n) {
			c.Values = append(c.Values, string(value))
		}
		if c.Field != "" {
			q.Own, q.Conditions = true, append(q.Conditions, c)
		}
	}
	if added := text("add"); added != "" && len(q.Conditions) < maxConditions {
		q.Own, q.Conditions = true, append(q.Conditions, condition{Field: added})
	}
	return q
}

// address returns the address of the list that a query describes.
func (q leadQuery) address() string {
	values := q.values()
	if len(values) == 0 {
		return "/leads"
	}
	return "/leads?" + values.Encode()
}

// inputs returns the query as the hidden fields of a form.
func (q leadQuery) inputs() []leadInput {
	values := q.values()
	var inputs []leadInput
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, value := range values[name] {
			inputs = append(inputs, leadInput{name, value})
		}
	}
	return inputs
}

func (q leadQuery) values() url.Values {
	values := url.Values{}
	set := func(name, value string) {
		if value != "" {
			values.Set(name, value)
		}
	}
	flag := map[bool]string{true: "1"}
	set("q", q.Search)
	set("sort", string(q.Sort))
	set("view", q.View)
	set("board", flag[q.Board])
	set("stage", q.Stage)
	set("after", q.After)
	if !q.Own {
		return values
	}
	set("own", "1")
	if q.Or {
		set("join", "or")
	}
	for i, c := range q.Conditions {
		n := strconv.Itoa(i)
		set("f"+n, c.Field)
		set("o"+n, string(c.Op))
		set("u"+n, c.Unit)
		if len(c.Values) > 0 {
			values["v"+n] = c.Values
		}
	}
	return values
}

// without returns the query without a condition, from its first page.
func (q leadQuery) without(n int) leadQuery {
	q.Conditions = slices.Delete(slices.Clone(q.Conditions), n, n+1)
	q.Own, q.After = true, ""
	return q
}

// expression returns the filter of the complete conditions; nil for none.
func (q leadQuery) expression(schema *contactfilter.Schema) ([]byte, error) {
	var whole []json.RawMessage
	for _, c := range q.Conditions {
		field, ok := fieldOf(schema, c.Field)
		if !ok || !c.settle(field).complete(field) {
			continue
		}
		encoded, err := json.Marshal(c.settle(field).encode(field))
		if err != nil {
			return nil, err
		}
		whole = append(whole, encoded)
	}
	if len(whole) == 0 {
		return nil, nil
	}
	join := "and"
	if q.Or {
		join = "or"
	}
	return json.Marshal(map[string][]json.RawMessage{join: whole})
}

// fieldOf returns a field of the schema by its name.
func fieldOf(schema *contactfilter.Schema, name string) (contactfilter.Field, bool) {
	fields := schema.Fields()
	i := slices.IndexFunc(fields, func(f contactfilter.Field) bool { return f.Name == name })
	if i < 0 {
		return contactfilter.Field{}, false
	}
	return fields[i], true
}

// settle gives a condition whose operator is not one of its field's the first
// that is.
func (c condition) settle(f contactfilter.Field) condition {
	if !slices.Contains(contactfilter.Operators[f.Type], c.Op) {
		c.Op = contactfilter.Operators[f.Type][0]
	}
	return c
}

// The controls by which a value is given.
const (
	controlNone    = "none"
	controlText    = "text"
	controlTexts   = "texts" // with commas between
	controlNumber  = "number"
	controlDate    = "date"
	controlChoice  = "choice"
	controlChoices = "choices"
	controlNumbers = "numbers" // from, to
	controlDates   = "dates"   // from, to
	controlSpan    = "span"
)

// control returns how the value of an operator on a field is given.
func control(f contactfilter.Field, op contactfilter.Op, listed bool) string {
	switch op {
	case contactfilter.IsSet, contactfilter.IsNotSet:
		return controlNone
	case contactfilter.InLast, contactfilter.NotInLast, contactfilter.InNext:
		return controlSpan
	case contactfilter.AnyOf, contactfilter.NoneOf, contactfilter.AllOf:
		if listed {
			return controlChoices
		}
		return controlTexts
	case contactfilter.Between:
		if f.Type == contactfilter.Number {
			return controlNumbers
		}
		return controlDates
	}
	switch {
	case listed:
		return controlChoice
	case f.Type == contactfilter.Number:
		return controlNumber
	case f.Type == contactfilter.Date, f.Type == contactfilter.Moment:
		return controlDate
	default:
		return controlText
	}
}

// listed reports whether a field's values are chosen from a list. Every word
// and id is, as is yes or no.
func listed(f contactfilter.Field) bool {
	switch f.Type {
	case contactfilter.Word, contactfilter.Tag, contactfilter.Member, contactfilter.Bool:
		return true
	}
	return false
}

// given returns the values of a condition that say something.
func (c condition) given(f contactfilter.Field) []string {
	values := c.Values
	if control(f, c.Op, listed(f)) == controlTexts {
		values = strings.Split(strings.Join(values, ","), ",")
	}
	var given []string
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" {
			given = append(given, v)
		}
	}
	return given
}

// complete reports whether a condition has all its values.
func (c condition) complete(f contactfilter.Field) bool {
	switch control(f, c.Op, listed(f)) {
	case controlNone:
		return true
	case controlNumbers, controlDates:
		return len(c.given(f)) == 2
	default:
		return len(c.given(f)) > 0
	}
}

// encode returns a complete condition as package filter reads it. Whether its
// values can be is the filter's to say.
func (c condition) encode(f contactfilter.Field) map[string]any {
	encoded := map[string]any{"field": c.Field, "op": c.Op}
	given := make([]any, 0, len(c.Values))
	for _, v := range c.given(f) {
		given = append(given, valueOf(f, v))
	}
	switch control(f, c.Op, listed(f)) {
	case controlNone:
	case controlSpan:
		unit := "days"
		if c.Unit == "hours" && f.Type == contactfilter.Moment {
			unit = c.Unit
		}
		encoded["value"] = map[string]any{unit: numberOr(c.given(f)[0])}
	case controlTexts, controlChoices, controlNumbers, controlDates:
		encoded["value"] = given
	default:
		encoded["value"] = given[0]
	}
	return encoded
}

func valueOf(f contactfilter.Field, v string) any {
	switch f.Type {
	case contactfilter.Number:
		return numberOr(v)
	case contactfilter.Bool:
		return v == "true"
	default:
		return v
	}
}

// numberOr returns a number as JSON has it, else the text.
func numberOr(v string) any {
	if _, ok := contactfilter.ParseNumber(v); ok {
		return json.Number(v)
	}
	return v
}

// conditionsOf returns the lines that the form has for a filter; ok is false for
// one that the form cannot show: its conditions are joined in several ways, or a
// text of a list has a comma.
func conditionsOf(expression []byte, schema *contactfilter.Schema) (conditions []condition, or, ok bool) {
	if len(expression) == 0 || string(expression) == everybody {
		return nil, false, true
	}
	var joined struct{ And, Or []storedCondition }
	if json.Unmarshal(expression, &joined) != nil {
		return nil, false, false
	}
	list := append(joined.And, joined.Or...)
	if list == nil {
		var one storedCondition
		if json.Unmarshal(expression, &one) != nil {
			return nil, false, false
		}
		list = []storedCondition{one}
	}
	if len(list) > maxConditions {
		return nil, false, false
	}
	for _, stored := range list {
		c, ok := stored.condition()
		field, known := fieldOf(schema, c.Field)
		if !ok || !known || len(c.given(field)) != len(c.Values) {
			return nil, false, false
		}
		conditions = append(conditions, c)
	}
	return conditions, joined.Or != nil, true
}

// storedCondition is a condition as package filter has it.
type storedCondition struct {
	Field string
	Op    contactfilter.Op
	Value json.RawMessage
}

func (s storedCondition) condition() (condition, bool) {
	c := condition{Field: s.Field, Op: s.Op}
	if s.Field == "" || s.Op == "" {
		return c, false
	}
	d := json.NewDecoder(bytes.NewReader(s.Value))
	d.UseNumber()
	var value any
	if len(s.Value) > 0 && d.Decode(&value) != nil {
		return c, false
	}
	switch v := value.(type) {
	case nil:
	case []any:
		for _, one := range v {
			c.Values = append(c.Values, plain(one))
		}
	case map[string]any:
		for unit, n := range v {
			c.Unit, c.Values = unit, []string{plain(n)}
		}
	default:
		c.Values = []string{plain(v)}
	}
	return c, true
}

// plain returns a value of JSON as a form has it.
func plain(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	default:
		return ""
	}
}

// viewID reads the id of the view that the address names; zero for none.
func (q leadQuery) viewID() (crm.ViewID, error) {
	if q.View == "" {
		return crm.ViewID{}, nil
	}
	id, err := crm.ParseID[crm.View](q.View)
	if err != nil {
		return id, &crm.Error{Op: "read address", Code: crm.NotFound, Err: err}
	}
	return id, nil
}
