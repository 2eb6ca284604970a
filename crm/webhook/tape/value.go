package tape

import "strconv"

// Kind is the type of a value.
type Kind uint8

// The kinds. Missing is what is not there: an absent member, the element after
// the last, anything asked of a value that has none.
const (
	Missing Kind = iota
	Null
	False
	True
	Number
	String
	Array
	Object
)

// Value is a place on a parser's tape. The zero Value is missing. Every method
// may be called on every value and answers with nothing for a kind it does not
// fit, so a path is followed without a check at each step.
type Value struct {
	p      *Parser
	i, end uint32 // its node; the index after its last sibling
	member bool   // it belongs to an object, so its key is the node before
}

// node returns the value's node; the zero node for a missing value.
func (v Value) node() node {
	if v.p == nil {
		return node{}
	}
	return v.p.nodes[v.i]
}

// Kind returns the value's kind.
func (v Value) Kind() Kind {
	n := v.node()
	return n.kind()
}

// Present reports whether there is a value other than null.
func (v Value) Present() bool { return v.Kind() > Null }

// Raw returns the value's bytes as they stand in the body, without copying;
// nil for a missing value.
func (v Value) Raw() []byte {
	if v.p == nil {
		return nil
	}
	n := v.p.nodes[v.i]
	return v.p.body[n.start():n.end():n.end()]
}

// First returns the first element of an array or the value of an object's first
// member; missing if there is none.
func (v Value) First() Value {
	n := v.node()
	child := Value{p: v.p, i: v.i + 1, end: n.next(), member: n.kind() == Object}
	if child.member {
		child.i++
	}
	if n.kind() < Array || child.i >= n.next() {
		return Value{}
	}
	return child
}

// Element is First for an array; missing for anything else.
func (v Value) Element() Value {
	if v.Kind() != Array {
		return Value{}
	}
	return v.First()
}

// Next returns the element or member after v; missing after the last.
func (v Value) Next() Value {
	if v.p == nil {
		return v
	}
	v.i = v.p.nodes[v.i].next()
	if v.member {
		v.i++
	}
	if v.i >= v.end {
		return Value{}
	}
	return v
}

// Key returns the name of the member that v is the value of, or "".
func (v Value) Key() string {
	if !v.member {
		return ""
	}
	return Value{p: v.p, i: v.i - 1, end: v.i}.Text()
}

// Get returns the member of an object with the name, however the document
// spells it ("\u0069d" is "id"); missing if there is none. Of members with the
// same name the last counts, as it does for encoding/json, JavaScript and
// PostgreSQL's jsonb: nobody who reads the same bytes sees another value.
func (v Value) Get(name string) Value {
	object := v.node()
	if object.kind() != Object {
		return Value{}
	}
	nodes, found := v.p.nodes, uint32(0)
	for i := v.i + 1; i < object.next(); i = nodes[i+1].next() {
		if v.p.reads(&nodes[i], name) {
			found = i + 1
		}
	}
	if found == 0 {
		return Value{}
	}
	return Value{p: v.p, i: found, end: object.next(), member: true}
}

// Is reports whether v is a string that reads as text.
func (v Value) Is(text string) bool {
	n := v.node()
	return n.kind() == String && v.p.reads(&n, text)
}

// reads reports whether a string reads as text.
func (p *Parser) reads(n *node, text string) bool {
	inner := p.body[n.start()+1 : n.end()-1]
	if n.escaped() {
		return readsEscaped(inner, text)
	}
	return string(inner) == text
}

// Text returns a string's characters; "" for any other kind. Escapes are
// decoded, half a surrogate pair becomes U+FFFD, and NUL is left out because
// PostgreSQL's text does not take it. The result is a copy.
func (v Value) Text() string {
	n := v.node()
	if n.kind() != String {
		return ""
	}
	inner := v.p.body[n.start()+1 : n.end()-1]
	if n.escaped() {
		return string(appendUnescaped(make([]byte, 0, len(inner)), inner))
	}
	return string(inner)
}

// Plain returns the inside of a string that has no escapes, as a part of the
// body; false for a string that has some, and for any other kind.
func (v Value) Plain() ([]byte, bool) {
	n := v.node()
	if n.kind() != String || n.escaped() {
		return nil, false
	}
	return v.p.body[n.start()+1 : n.end()-1 : n.end()-1], true
}

// AppendText appends what Text returns.
func (v Value) AppendText(out []byte) []byte {
	n := v.node()
	switch {
	case n.kind() != String:
		return out
	case n.escaped():
		return appendUnescaped(out, v.p.body[n.start()+1:n.end()-1])
	}
	return append(out, v.p.body[n.start()+1:n.end()-1]...)
}

// Word returns a string's characters like Text, or a number's digits as they
// are written: an id may come as either and may have more digits than a float.
func (v Value) Word() string {
	if v.Kind() == Number {
		return string(v.Raw())
	}
	return v.Text()
}

// Numeral returns a number as it is written, also one that stands in a string;
// "" if it is none. The result is valid JSON.
func (v Value) Numeral() string {
	word := v.Word()
	if word == "" || number(word, 0) != len(word) {
		return ""
	}
	return word
}

// Int returns a number, also one that stands in a string, and whether it is an
// integer of 64 bits.
func (v Value) Int() (int64, bool) {
	n, err := strconv.ParseInt(v.Numeral(), 10, 64)
	return n, err == nil
}

// Float returns a number, also one that stands in a string, and whether it is
// one a float64 can come near to.
func (v Value) Float() (float64, bool) {
	f, err := strconv.ParseFloat(v.Numeral(), 64)
	return f, err == nil
}

// Bool reports whether the value is true; anything but true is not.
func (v Value) Bool() bool { return v.Kind() == True }
