package filter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// The bounds of an expression.
const (
	MaxBytes  = 16 << 10
	MaxDepth  = 4   // "and" and "or" in one another
	MaxValues = 200 // in all conditions together
)

// BadFilter is the Reason of every error about an expression.
const BadFilter = "invalid_filter"

func wrong(sentence string, args ...any) error {
	return &crm.Error{Op: "read filter", Code: crm.Invalid, Reason: BadFilter, Msg: fmt.Sprintf(sentence, args...)}
}

// Expr is an expression that was read: a condition, or a join of several.
type Expr struct {
	join join
	of   []*Expr

	field Field
	op    Op
	texts []string   // of words, texts, identities, as they are compared
	ids   [][16]byte // of tags and members; zero: who asks
	nums  []int64    // of numbers: millionths
	dates []date
	span  time.Duration
	yes   bool
}

type join byte

const (
	and join = iota
	or
	leaf
)

var joins = []string{and: "and", or: "or"}

// date is a day, which begins where the reader is, or a moment.
type date struct {
	text string
	day  bool
}

// Decode reads an expression. Whatever is wrong with it is Invalid with the
// Reason BadFilter and a sentence that names what.
func Decode(raw []byte, s *Schema) (*Expr, error) {
	if len(raw) > MaxBytes {
		return nil, wrong("A filter may have at most %d bytes.", MaxBytes)
	}
	if !json.Valid(raw) {
		return nil, wrong("The filter is not JSON.")
	}
	d := decoder{schema: s}
	return d.expr(raw, 1)
}

type decoder struct {
	schema *Schema
	values int
}

func (d *decoder) expr(raw json.RawMessage, depth int) (*Expr, error) {
	members, err := membersOf(raw)
	if err != nil {
		return nil, err
	}
	for kind, name := range joins {
		if list, joined := members[name]; joined {
			if len(members) > 1 {
				return nil, wrong("%q stands alone in its object.", name)
			}
			return d.join(join(kind), name, list, depth)
		}
	}
	return d.condition(members)
}

func (d *decoder) join(kind join, name string, raw json.RawMessage, depth int) (*Expr, error) {
	if depth > MaxDepth {
		return nil, wrong("A filter may be %d deep.", MaxDepth)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil || len(list) == 0 {
		return nil, wrong("%q needs an array of at least one condition.", name)
	}
	e := &Expr{join: kind}
	for _, part := range list {
		child, err := d.expr(part, depth+1)
		if err != nil {
			return nil, err
		}
		e.of = append(e.of, child)
	}
	return e, nil
}

// condition reads {"field", "op", "value"}; an operator that takes no value has
// none.
func (d *decoder) condition(members map[string]json.RawMessage) (*Expr, error) {
	for name := range members {
		if name != "field" && name != "op" && name != "value" {
			return nil, wrong("A condition has a field, an op and a value, and no %.100q.", name)
		}
	}
	var name, op string
	if json.Unmarshal(members["field"], &name) != nil || json.Unmarshal(members["op"], &op) != nil {
		return nil, wrong("A condition needs a field and an op, both texts.")
	}
	field, err := d.schema.field(name)
	if err != nil {
		return nil, err
	}
	if !slices.Contains(Operators[field.Type], Op(op)) {
		return nil, wrong("The field %q has no operator %.100q.", name, op)
	}
	e := &Expr{join: leaf, field: field, op: Op(op)}
	value, given := members["value"]
	if e.op == IsSet || e.op == IsNotSet {
		if given {
			return nil, wrong("The operator %q takes no value.", op)
		}
		d.values++
	} else if err := d.value(e, value); err != nil {
		return nil, err
	}
	if d.values > MaxValues {
		return nil, wrong("A filter may have at most %d values.", MaxValues)
	}
	return e, nil
}

// membersOf reads an object whose names are all different.
func membersOf(raw json.RawMessage) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, wrong("A filter is an object, or an object in an array.")
	}
	members := make(map[string]json.RawMessage, 3)
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, wrong("The filter is not JSON.")
		}
		name, _ := token.(string)
		if _, twice := members[name]; twice {
			return nil, wrong("%.100q stands twice in one object.", name)
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, wrong("The filter is not JSON.")
		}
		members[name] = value
	}
	return members, nil
}
