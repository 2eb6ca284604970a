package filter

import (
	"math"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// Kind is what a Test asks.
type Kind byte

// The kinds: three that join others, and the questions. Each question is put to
// one place and is true of a contact with at least one fitting value there.
const (
	All  Kind = iota // every one of Of
	Any              // one of Of
	None             // not Of[0]

	Equals    // a text equal to Text
	Holds     // a text with Text in it
	Begins    // a text that begins with Text
	Within    // an ordinal or a moment with From <= it < To
	Refers    // an id equal to ID
	Something // any value
)

// Test is a resolved expression.
type Test struct {
	Kind     Kind
	Of       []Test
	Place    Place
	Key      string
	Text     string
	ID       [16]byte
	From, To int64
}

// Context is when and for whom an expression is resolved.
type Context struct {
	Now time.Time // its location is where days begin
	Me  crm.MemberID
}

// ends of a range that is open.
const (
	always = math.MinInt64
	never  = math.MaxInt64
)

// NeedsMe reports whether the expression asks for what is assigned to who asks.
func (e *Expr) NeedsMe() bool {
	for _, part := range e.of {
		if part.NeedsMe() {
			return true
		}
	}
	for _, id := range e.ids {
		if id == [16]byte{} {
			return true
		}
	}
	return false
}

// Resolve returns the test that an expression is now.
func (e *Expr) Resolve(c Context) Test {
	if e.join != leaf {
		t := Test{Kind: map[join]Kind{and: All, or: Any}[e.join]}
		for _, part := range e.of {
			t.Of = append(t.Of, part.Resolve(c))
		}
		return t
	}
	switch e.op {
	case IsNot, NoneOf, NotContain, NotInLast:
		return not(e.positive(c))
	case IsNotSet:
		return not(e.ask(Something))
	case IsSet:
		return e.ask(Something)
	}
	return e.positive(c)
}

func not(t Test) Test { return Test{Kind: None, Of: []Test{t}} }

// ask begins a question about the field.
func (e *Expr) ask(kind Kind) Test { return Test{Kind: kind, Place: e.field.Place, Key: e.field.Key} }

// positive resolves a condition as if its operator did not negate.
func (e *Expr) positive(c Context) Test {
	switch e.field.Type {
	case Number:
		return e.within(e.numbers())
	case Date, Moment:
		return e.within(e.days(c))
	case Bool:
		return e.flag()
	}
	var each []Test
	for _, text := range e.texts {
		t := e.ask(Equals)
		switch e.op {
		case Contains, NotContain:
			t.Kind = Holds
		case StartsWith:
			t.Kind = Begins
		}
		t.Text = text
		each = append(each, t)
	}
	for _, id := range e.ids {
		t := e.ask(Refers)
		if t.ID = id; id == [16]byte{} {
			t.ID = c.Me
		}
		each = append(each, t)
	}
	if len(each) == 1 {
		return each[0]
	}
	if e.op == AllOf {
		return Test{Kind: All, Of: each}
	}
	return Test{Kind: Any, Of: each}
}

func (e *Expr) within(from, to int64) Test {
	t := e.ask(Within)
	t.From, t.To = from, to
	return t
}

// flag asks a yes or no. A custom field keeps it as a word.
func (e *Expr) flag() Test {
	if e.field.Place == InField {
		t := e.ask(Equals)
		t.Text = map[bool]string{true: "true", false: "false"}[e.yes]
		return t
	}
	if t := e.ask(Something); e.yes {
		return t
	} else {
		return not(t)
	}
}

// numbers returns the range of millionths that a comparison means.
func (e *Expr) numbers() (from, to int64) {
	n := e.nums[0]
	switch e.op {
	case LessThan:
		return always, n
	case AtMost:
		return always, n + 1
	case MoreThan:
		return n + 1, never
	case AtLeast:
		return n, never
	case Between:
		return n, e.nums[1] + 1
	}
	return n, n + 1
}

// days returns the range of milliseconds that a comparison means.
func (e *Expr) days(c Context) (from, to int64) {
	now := c.Now
	if e.field.Type == Date { // a day of the calendar, which has no place: it is kept by its midnight in UTC
		year, month, day := now.Date()
		today := time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
		switch e.op {
		case InLast, NotInLast:
			return today.Add(-e.span).UnixMilli(), today.AddDate(0, 0, 1).UnixMilli()
		case InNext:
			return today.UnixMilli(), today.Add(e.span).AddDate(0, 0, 1).UnixMilli()
		}
		now = now.UTC()
	}
	switch e.op {
	case InLast, NotInLast:
		return now.Add(-e.span).UnixMilli(), never
	case Before:
		begin, _ := e.dates[0].bounds(now.Location())
		return always, begin
	case After:
		_, end := e.dates[0].bounds(now.Location())
		return end, never
	case Between:
		begin, _ := e.dates[0].bounds(now.Location())
		_, end := e.dates[1].bounds(now.Location())
		return begin, end
	}
	return e.dates[0].bounds(now.Location())
}

// bounds returns the first millisecond of a date and the first after it.
func (d date) bounds(in *time.Location) (begin, end int64) {
	t, _ := ParseDate(d.text, in)
	if d.day {
		return t.UnixMilli(), t.AddDate(0, 0, 1).UnixMilli()
	}
	return t.UnixMilli(), t.UnixMilli() + 1
}
