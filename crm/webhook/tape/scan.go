package tape

import (
	"math/bits"
	"unicode/utf8"
)

const (
	ones  = 0x0101010101010101
	lows  = 0x7f7f7f7f7f7f7f7f
	highs = 0x8080808080808080
)

// scan reads a body into nodes. It returns how many there are with 0 for a
// document, else the problem and where it is. If nodes are too few the problem is
// full: growing them here would put a call into the loop.
//
// It is long because all of its state is in local variables, which have registers.
// Its loops are shaped for a compiler to WebAssembly: one over tokens, inside it
// one over what closes after a value, and no jump into either. Go's back end
// turns anything else into a table jump per step.
func scan(b []byte, nodes []node, names *Names) (count, at int, why Problem) {
	var open [MaxDepth]uint32 // indices of the containers around the innermost one, which is top
	depth, top, object := 0, uint32(0), false
	i, n := uint(0), uint(len(b)) // unsigned, so that the compiler sees that no index is out of range
	key := false                  // an object's key comes next
	for {                         // one token, which starts at i or after spaces
		for i < n && b[i] <= ' ' && isSpace(b[i]) {
			i++
		}
		if i >= n {
			return count, int(i), Syntax
		}
		c := b[i]
		if c == '"' {
			start := i
			end, seen := inside(b, i+1)
			if seen&refused != 0 {
				return count, int(end), Syntax
			}
			if seen&highs != 0 && !utf8.Valid(b[start+1:end]) {
				return count, int(start), Encoding
			}
			i = end + 1
			info := uint32(String) | uint32(seen&escaped)*escapedBit
			if key && names != nil {
				if seen&escaped == 0 {
					info |= names.find(b, int(start)+1, int(i)-1) << nameShift
				} else {
					info |= names.findEscaped(b[start+1:i-1]) << nameShift
				}
			}
			if uint(count) >= uint(len(nodes)) {
				return count, 0, full
			}
			nodes[count] = newNode(uint32(start), uint32(i), uint32(count)+1, info)
			count++
			if key {
				for i < n && b[i] <= ' ' && isSpace(b[i]) {
					i++
				}
				if i >= n || b[i] != ':' {
					return count, int(i), Syntax
				}
				i++
				key = false
				continue
			}
		} else if key {
			return count, int(i), Syntax
		} else if c == '{' || c == '[' {
			if depth == MaxDepth {
				return count, int(i), TooDeep
			}
			open[depth] = top
			depth++
			if uint(count) >= uint(len(nodes)) {
				return count, 0, full
			}
			top, object = uint32(count), c == '{'
			nodes[count] = newNode(uint32(i), 0, 0, uint32(opened(c)))
			count++
			i++
			for i < n && b[i] <= ' ' && isSpace(b[i]) {
				i++
			}
			if i >= n {
				return count, int(i), Syntax
			}
			if b[i] != c+2 { // '}' is '{'+2 and ']' is '['+2
				key = object
				continue
			}
		} else {
			end, kind := scalar(b, int(i))
			if end < 0 {
				return count, int(i), Syntax
			}
			if uint(count) >= uint(len(nodes)) {
				return count, 0, full
			}
			nodes[count] = newNode(uint32(i), uint32(end), uint32(count)+1, uint32(kind))
			count++
			i = uint(end)
		}
		for { // what follows a value: closings, then a comma or the end
			for i < n && b[i] <= ' ' && isSpace(b[i]) {
				i++
			}
			if i >= n || depth == 0 {
				if i >= n && depth == 0 {
					return count, int(i), 0
				}
				return count, int(i), Syntax
			}
			c = b[i]
			i++
			if c == ',' {
				key = object
				break
			}
			if object && c != '}' || !object && c != ']' {
				return count, int(i) - 1, Syntax
			}
			closed := &nodes[top]
			closed.span |= uint64(i) << 32
			closed.link |= uint64(count)
			depth--
			top = open[depth]
			object = nodes[top].kind() == Object
		}
	}
}

// What inside says of a string, beside the high bits of its bytes.
const (
	escaped = 1 << 0
	refused = 1 << 1
)

// inside reads the string whose inside starts at i and returns where it ends and
// what was seen in it, or refused and where.
func inside(b []byte, i uint) (end uint, seen uint64) {
	n, quote := uint(len(b)), i-1
	for {
		// Eight bytes at a time up to a quote, a backslash or a control byte: a
		// byte's high bit is set in goOn if it is none of them.
		c := byte(0)
		for i+8 <= n {
			w := load(b, int(i))
			v := w & lows
			goOn := (v^ones*'"'+lows)&(v^ones*'\\'+lows)&(v+ones*0x60) | w
			if stop := goOn&highs ^ highs; stop != 0 {
				seen |= w & (stop&-stop - 1) & highs
				at := uint(bits.TrailingZeros64(stop)) &^ 7
				c = byte(w >> at)
				i += at >> 3
				break
			}
			seen |= w & highs
			i += 8
		}
		if c == 0 { // near the end of the body, or at NUL, one at a time
			for i < n && b[i] >= ' ' && b[i] != '"' && b[i] != '\\' {
				seen |= uint64(b[i]) & 0x80
				i++
			}
			if i >= n {
				return i, refused
			}
			c = b[i]
		}
		if c == '"' {
			return i, seen
		}
		if c != '\\' {
			return i, refused
		}
		seen |= escaped
		if i+1 < n && escapes[b[i+1]] {
			i += 2
		} else if i+5 < n && b[i+1] == 'u' && digits16[b[i+2]]|digits16[b[i+3]]|digits16[b[i+4]]|digits16[b[i+5]] < 16 {
			i += 6
		} else {
			return quote, refused
		}
	}
}

func opened(c byte) Kind {
	if c == '{' {
		return Object
	}
	return Array
}

// isSpace reports whether c is JSON's white space.
func isSpace(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// scalar reads a number, true, false or null and returns the index after it, or
// -1.
func scalar(b []byte, i int) (end int, kind Kind) {
	switch b[i] {
	case 't':
		return literal(b, i, "true"), True
	case 'f':
		return literal(b, i, "false"), False
	case 'n':
		return literal(b, i, "null"), Null
	}
	return number(b, i), Number
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

// escapes are the characters that a backslash may stand before, but for u.
var escapes = [256]bool{'"': true, '\\': true, '/': true, 'b': true, 'f': true, 'n': true, 'r': true, 't': true}

// digits16 are the values of hexadecimal digits; of everything else it is more
// than 15.
var digits16 = func() (table [256]byte) {
	for i := range table {
		table[i] = 0x80
	}
	for i, c := range []byte("0123456789abcdef") {
		table[c] = byte(i)
	}
	for i, c := range []byte("ABCDEF") {
		table[c] = byte(10 + i)
	}
	return table
}()
