package csvio

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"unicode/utf16"
	"unicode/utf8"
)

// Encoding is how a file's characters are written down.
type Encoding string

// The encodings that spreadsheets write.
const (
	UTF8        Encoding = "utf-8"
	UTF16LE     Encoding = "utf-16le"
	UTF16BE     Encoding = "utf-16be"
	Windows1252 Encoding = "windows-1252"
)

// headSize is how much of a file is looked at before it is read, in bytes.
const headSize = 64 << 10

var marks = []struct {
	mark     string
	encoding Encoding
}{
	{"\xef\xbb\xbf", UTF8}, {"\xff\xfe", UTF16LE}, {"\xfe\xff", UTF16BE},
}

// encodingOf returns the encoding of a file that begins with head, and the size
// of the mark that says so. Without a mark it is UTF-8 unless it cannot be.
func encodingOf(head []byte) (Encoding, int) {
	for _, m := range marks {
		if bytes.HasPrefix(head, []byte(m.mark)) {
			return m.encoding, len(m.mark)
		}
	}
	if len(head) == headSize { // may end within a character
		for i := 0; i < utf8.UTFMax-1 && !utf8.Valid(head); i++ {
			head = head[:len(head)-1]
		}
	}
	if utf8.Valid(head) {
		return UTF8, 0
	}
	return Windows1252, 0
}

// text is the file as UTF-8. A byte that is no UTF-8 where UTF-8 was expected
// is what it is in Windows-1252: the usual cause is a row that was pasted from
// an older file. Reading never fails but for the file's own errors.
type text struct {
	in       *bufio.Reader
	encoding Encoding
	left     []byte // decoded and not yet read
	buffer   [utf8.UTFMax]byte
}

// newText returns the file's text after its mark.
func newText(file io.Reader) (*text, error) {
	in := bufio.NewReaderSize(file, headSize)
	head, err := in.Peek(headSize)
	if err != nil && err != io.EOF {
		return nil, err
	}
	encoding, mark := encodingOf(head)
	_, err = in.Discard(mark) // what was peeked at is there
	return &text{in: in, encoding: encoding}, err
}

// Read implements io.Reader.
func (t *text) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		if len(t.left) == 0 {
			r, err := t.decode()
			if err != nil {
				if n > 0 && err == io.EOF {
					return n, nil
				}
				return n, err
			}
			t.left = utf8.AppendRune(t.buffer[:0], r)
		}
		done := copy(p[n:], t.left)
		t.left, n = t.left[done:], n+done
	}
	return n, nil
}

// decode returns the next character.
func (t *text) decode() (rune, error) {
	switch t.encoding {
	case UTF16LE:
		return t.utf16(binary.LittleEndian)
	case UTF16BE:
		return t.utf16(binary.BigEndian)
	case Windows1252:
		b, err := t.in.ReadByte()
		return windows1252(b), err
	default:
		r, size, err := t.in.ReadRune()
		if r == utf8.RuneError && size == 1 && err == nil {
			if err = t.in.UnreadRune(); err == nil {
				var b byte
				b, err = t.in.ReadByte()
				r = windows1252(b)
			}
		}
		return r, err
	}
}

// utf16 returns the next character of UTF-16; a half of a pair alone, and a
// byte alone at the end, are U+FFFD.
func (t *text) utf16(order binary.ByteOrder) (rune, error) {
	unit, err := t.unit(order)
	if err != nil || !utf16.IsSurrogate(unit) {
		return unit, err
	}
	next, err := t.in.Peek(2)
	if err != nil {
		return utf8.RuneError, nil // the end is met again by the next call
	}
	pair := utf16.DecodeRune(unit, rune(order.Uint16(next)))
	if pair != utf8.RuneError {
		_, err = t.in.Discard(2)
		return pair, err
	}
	return utf8.RuneError, nil
}

func (t *text) unit(order binary.ByteOrder) (rune, error) {
	var unit [2]byte
	n, err := io.ReadFull(t.in, unit[:])
	if n == 1 && err == io.ErrUnexpectedEOF {
		return utf8.RuneError, nil
	}
	return rune(order.Uint16(unit[:])), err
}

// high is what Windows-1252 has where Latin-1 has controls; the five bytes it
// leaves open stay controls, as browsers read them (WHATWG, "Encoding").
var high = [32]rune{
	'€', 0x81, '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', 0x8d, 'Ž', 0x8f,
	0x90, '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', 0x9d, 'ž', 'Ÿ',
}

func windows1252(b byte) rune {
	if b >= 0x80 && b < 0xa0 {
		return high[b-0x80]
	}
	return rune(b)
}
