package tape

import (
	"slices"
	"unicode/utf16"
	"unicode/utf8"
)

// appendUnescaped appends the inside of a string that was accepted, decoded.
func appendUnescaped(out, b []byte) []byte {
	for {
		plain := slices.Index(b, '\\')
		if plain < 0 {
			return append(out, b...)
		}
		out = append(out, b[:plain]...)
		r, size := character(b[plain:])
		if r != 0 {
			out = utf8.AppendRune(out, r)
		}
		b = b[plain+size:]
	}
}

// readsEscaped reports whether the inside of a string that was accepted decodes
// to text, without decoding it into memory.
func readsEscaped(b []byte, text string) bool {
	for len(b) > 0 {
		if b[0] != '\\' {
			if text == "" || text[0] != b[0] {
				return false
			}
			b, text = b[1:], text[1:]
			continue
		}
		r, size := character(b)
		b = b[size:]
		if r == 0 {
			continue
		}
		var buffer [utf8.UTFMax]byte
		n := utf8.EncodeRune(buffer[:], r)
		if len(text) < n || text[:n] != string(buffer[:n]) {
			return false
		}
		text = text[n:]
	}
	return text == ""
}

// character decodes the escape at the start of b and returns how many bytes it
// takes: 12 for a surrogate pair.
func character(b []byte) (rune, int) {
	switch c := b[1]; c {
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		r := unit(b)
		if !utf16.IsSurrogate(r) {
			return r, 6
		}
		if pair := utf16.DecodeRune(r, unit(b[6:])); pair != utf8.RuneError {
			return pair, 12
		}
		return utf8.RuneError, 6
	default: // '"', '\\' and '/' stand for themselves
		return rune(c), 2
	}
}

// unit returns the number in the escape \uXXXX at the start of b, or -1 if
// there is no such escape.
func unit(b []byte) rune {
	if len(b) < 6 || b[0] != '\\' || b[1] != 'u' {
		return -1
	}
	var r rune
	for _, c := range b[2:6] {
		switch {
		case c-'0' < 10:
			r = r<<4 | rune(c-'0')
		case c|0x20-'a' < 6:
			r = r<<4 | rune(c|0x20-'a'+10)
		default:
			return -1
		}
	}
	return r
}

// Copy returns the value's JSON in memory of its own, without the escapes that
// a database's JSON type refuses: NUL is left out and half a surrogate pair
// becomes U+FFFD, as Text reads them. It is nil for a missing value.
func (v Value) Copy() []byte {
	raw := v.Raw()
	if raw == nil {
		return nil
	}
	out := make([]byte, 0, len(raw))
	for {
		plain := slices.Index(raw, '\\')
		if plain < 0 {
			return append(out, raw...)
		}
		out = append(out, raw[:plain]...)
		r, size := character(raw[plain:])
		switch {
		case r == 0:
		case r == utf8.RuneError:
			out = append(out, `\ufffd`...)
		default:
			out = append(out, raw[plain:plain+size]...)
		}
		raw = raw[plain+size:]
	}
}
