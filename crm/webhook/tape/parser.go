package tape

import "strconv"

// The bounds of a document. The number of nodes needs none of its own: every
// node takes at least one byte and every node but the first follows a comma, a
// colon or an opening bracket, so there are at most (bytes+1)/2 of them, of 16
// bytes each.
const (
	MaxDepth = 48      // arrays and objects open at once
	MaxSize  = 4 << 20 // bytes
)

// Problem says why a document was refused.
type Problem uint8

// The problems.
const (
	Syntax   Problem = iota + 1 // not JSON
	Encoding                    // a string that is not UTF-8
	TooDeep                     // more than MaxDepth arrays and objects open at once
	TooLarge                    // more than MaxSize bytes
)

// String says the problem in words.
func (p Problem) String() string {
	switch p {
	case Syntax:
		return "not JSON"
	case Encoding:
		return "a string that is not UTF-8"
	case TooDeep:
		return "nested deeper than " + strconv.Itoa(MaxDepth)
	case TooLarge:
		return "larger than " + strconv.Itoa(MaxSize) + " bytes"
	}
	return "no problem"
}

// Error is why and where a document was refused.
type Error struct {
	Problem Problem
	Offset  int // of the byte, or of the string that holds it
}

// Error returns the problem and the offset.
func (e *Error) Error() string {
	return e.Problem.String() + " (byte " + strconv.Itoa(e.Offset) + ")"
}

// Parser holds the tape of one document. The zero Parser is ready; reusing one
// reuses its memory. It is not for several goroutines at once.
type Parser struct {
	body  []byte
	nodes []node
}

// node is one value or one object key. An object's nodes are key, value, key,
// value; next skips a whole value.
type node struct {
	start, end uint32 // of the text in the body, quotes and brackets included
	next       uint32 // index of the node after this one and all it holds
	kind       Kind
	escaped    bool // a string with a backslash
}

// Parse checks body and returns its value, or an *[Error]. The value and all
// that is reached from it are places in body and in the parser: they are good
// until the next Parse, and body must not change before then.
func (p *Parser) Parse(body []byte) (Value, error) {
	p.body, p.nodes = body, p.nodes[:0]
	if len(body) > MaxSize {
		return Value{}, &Error{TooLarge, MaxSize}
	}
	if cap(p.nodes) == 0 {
		p.nodes = make([]node, 0, len(body)/12+8) // a webhook has a node in about 14 bytes
	}
	if at, problem := p.scan(); problem != 0 {
		return Value{}, &Error{problem, at}
	}
	return Value{p: p, end: uint32(len(p.nodes))}, nil
}
