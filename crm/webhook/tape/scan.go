package tape

import (
	"math/bits"
	"unicode/utf8"
)

// The loops here are shaped for a compiler to WebAssembly: one loop over
// values, inside it one over what closes after a value, and no jump into
// either. Go's back end turns anything else into a table jump per step.

// scan reads the whole body onto the tape. It returns 0 for a document, else
// the problem and where it is.
func (p *Parser) scan() (int, Problem) {
	var open [MaxDepth]uint32 // indices of the containers around the current value
	depth := 0
	b := p.body
	i := space(b, 0)
	for { // one value, which starts at i
		if i == len(b) {
			return i, Syntax
		}
		if c := b[i]; c == '{' || c == '[' {
			if depth == MaxDepth {
				return i, TooDeep
			}
			open[depth] = uint32(len(p.nodes))
			depth++
			p.nodes = append(p.nodes, node{start: uint32(i), kind: opened(c)})
			i = space(b, i+1)
			if i == len(b) {
				return i, Syntax
			}
			if b[i] != c+2 { // '}' is '{'+2 and ']' is '['+2
				if c == '[' {
					continue
				}
				var problem Problem
				if i, problem = p.key(i); problem != 0 {
					return i, problem
				}
				continue
			}
		} else {
			var problem Problem
			if i, problem = p.scalar(i); problem != 0 {
				return i, problem
			}
		}
		for { // what follows a value: closings, then a comma or the end
			i = space(b, i)
			if i == len(b) || depth == 0 {
				if i == len(b) && depth == 0 {
					return i, 0
				}
				return i, Syntax
			}
			top := &p.nodes[open[depth-1]]
			c := b[i]
			i++
			if c == ',' {
				i = space(b, i)
				if top.kind == Array {
					break
				}
				var problem Problem
				if i, problem = p.key(i); problem != 0 {
					return i, problem
				}
				break
			}
			if c != closing(top.kind) {
				return i - 1, Syntax
			}
			top.end, top.next = uint32(i), uint32(len(p.nodes))
			depth--
		}
	}
}

func opened(c byte) Kind {
	if c == '{' {
		return Object
	}
	return Array
}

func closing(k Kind) byte {
	if k == Object {
		return '}'
	}
	return ']'
}

// space returns the index of the first byte at or after i that is not JSON's
// white space.
func space(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' && (b[i] == ' ' || b[i] == '\n' || b[i] == '\r' || b[i] == '\t') {
		i++
	}
	return i
}

// key reads an object key and its colon and returns where the value starts.
func (p *Parser) key(i int) (int, Problem) {
	if i == len(p.body) || p.body[i] != '"' {
		return i, Syntax
	}
	i, problem := p.text(i)
	if problem != 0 {
		return i, problem
	}
	i = space(p.body, i)
	if i == len(p.body) || p.body[i] != ':' {
		return i, Syntax
	}
	return space(p.body, i+1), 0
}

// scalar reads a string, number, true, false or null and returns the index
// after it.
func (p *Parser) scalar(i int) (int, Problem) {
	var kind Kind
	var end int
	switch p.body[i] {
	case '"':
		return p.text(i)
	case 't':
		kind, end = True, literal(p.body, i, "true")
	case 'f':
		kind, end = False, literal(p.body, i, "false")
	case 'n':
		kind, end = Null, literal(p.body, i, "null")
	default:
		kind, end = Number, number(p.body, i)
	}
	if end < 0 {
		return i, Syntax
	}
	p.push(node{start: uint32(i), end: uint32(end), kind: kind})
	return end, 0
}

// push appends a node that holds no others.
func (p *Parser) push(n node) {
	n.next = uint32(len(p.nodes)) + 1
	p.nodes = append(p.nodes, n)
}

// literal returns the index after word if it stands at i, else -1.
func literal(b []byte, i int, word string) int {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return -1
	}
	return i + len(word)
}

// number returns the index after the number at i, or -1 if none is there.
func number[T []byte | string](b T, i int) int {
	if i < len(b) && b[i] == '-' {
		i++
	}
	switch {
	case i < len(b) && b[i] == '0':
		i++
	default:
		if i = digits(b, i); i < 0 {
			return -1
		}
	}
	if i < len(b) && b[i] == '.' {
		if i = digits(b, i+1); i < 0 {
			return -1
		}
	}
	if i < len(b) && b[i]|0x20 == 'e' {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		return digits(b, i)
	}
	return i
}

// digits returns the index after the run of digits at i, or -1 if it is empty.
func digits[T []byte | string](b T, i int) int {
	start := i
	for i < len(b) && b[i]-'0' < 10 {
		i++
	}
	if i == start {
		return -1
	}
	return i
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// text reads the string whose opening quote is at i and returns the index
// after its closing quote.
func (p *Parser) text(i int) (int, Problem) {
	b, start := p.body, i
	i++
	var seen uint64 // every byte's high bit
	escaped := false
	for {
		// Eight bytes at a time up to a quote, a backslash or a control byte.
		for len(b)-i >= 8 {
			w := load(b[i : i+8])
			quote, slash := w^ones*'"', w^ones*'\\'
			stop := ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*0x20)&^w) & highs
			if stop != 0 {
				seen |= w & (stop&-stop - 1)
				i += bits.TrailingZeros64(stop) >> 3
				break
			}
			seen |= w
			i += 8
		}
		// Then, or near the end of the body, one at a time.
		for i < len(b) && b[i] >= ' ' && b[i] != '"' && b[i] != '\\' {
			seen |= uint64(b[i])
			i++
		}
		if i == len(b) || b[i] < ' ' {
			return i, Syntax
		}
		if b[i] == '"' {
			break
		}
		escaped = true
		if i = escape(b, i); i < 0 {
			return start, Syntax
		}
	}
	if seen&highs != 0 && !utf8.Valid(b[start+1:i]) {
		return start, Encoding
	}
	p.push(node{start: uint32(start), end: uint32(i + 1), kind: String, escaped: escaped})
	return i + 1, 0
}

// load returns eight bytes, the first one lowest.
func load(b []byte) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// escape returns the index after the escape whose backslash is at i, or -1.
func escape(b []byte, i int) int {
	if i+1 == len(b) {
		return -1
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		if unit(b[i:]) >= 0 {
			return i + 6
		}
	}
	return -1
}
