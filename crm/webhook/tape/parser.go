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

// Slack is how many bytes behind a body its capacity should have. The edge module
// may then read there, which saves it looking for the end at each step.
const Slack = 64

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
	Names *Names // the names that Fields finds; may be nil

	body  []byte
	nodes []node
}

// node is one value or one object key. An object's nodes are key, value, key,
// value. Its four numbers are packed into two, because there is a node in every
// fourteen bytes of a body and each store has its price in WebAssembly.
type node struct {
	span uint64 // where the text starts and, above, ends in the body, quotes and brackets included
	link uint64 // index of the node after this one and all it holds; above, kind, escapedBit and a key's place in Names
}

func newNode(start, end, next, info uint32) node {
	return node{uint64(start) | uint64(end)<<32, uint64(next) | uint64(info)<<32}
}

func (n *node) start() uint32 { return uint32(n.span) }
func (n *node) end() uint32   { return uint32(n.span >> 32) }
func (n *node) next() uint32  { return uint32(n.link) }
func (n *node) info() uint32  { return uint32(n.link >> 32) }
func (n *node) kind() Kind    { return Kind(n.link >> 32) }
func (n *node) escaped() bool { return n.link&(escapedBit<<32) != 0 }

const (
	escapedBit = 1 << 8
	nameShift  = 16
)

// Parse checks body and returns its value, or an *[Error]. The value and all
// that is reached from it are places in body and in the parser: they are good
// until the next Parse, and body must not change before then.
func (p *Parser) Parse(body []byte) (Value, error) {
	root, problem, at := p.Scan(body)
	if problem != 0 {
		return Value{}, &Error{problem, at}
	}
	return root, nil
}

// Scan is Parse with the refusal in parts: why, 0 for a document, and at which
// byte. It allocates nothing but a longer tape.
func (p *Parser) Scan(body []byte) (root Value, why Problem, at int) {
	p.body, p.nodes = body, p.nodes[:0]
	if len(body) > MaxSize {
		return Value{}, TooLarge, MaxSize
	}
	if cap(p.nodes) == 0 {
		p.Grow(len(body))
	}
	if count := quick(body, p.nodes[:cap(p.nodes)], p.Names); count > 0 {
		p.nodes = p.nodes[:count]
		return Value{p: p, end: uint32(count)}, 0, 0
	}
	for {
		count, at, why := scan(body, p.nodes[:cap(p.nodes)], p.Names)
		p.nodes = p.nodes[:count]
		switch why {
		case 0:
			return Value{p: p, end: uint32(count)}, 0, 0
		case full: // seldom: a document with more nodes than usual
			p.nodes = make([]node, 0, 2*cap(p.nodes))
		default:
			return Value{}, why, at
		}
	}
}

// full is the problem of a tape that is too short. Nobody is told.
const full Problem = 255

// Grow makes room for a usual document of size bytes.
func (p *Parser) Grow(size int) {
	if need := size/12 + 8; need > cap(p.nodes) { // a webhook has a node in about 14 bytes
		p.nodes = make([]node, 0, need)
	}
}
