package edgetest

import (
	"fmt"
	"strings"
	"unicode/utf16"
)

// A tree is written as JSON by a writer: a string, a literal, an object or a
// list.
type (
	literal string // JSON as it stands
	object  []member
	list    []any
	member  struct {
		name  string
		value any
	}
)

// with returns the object with a member more; nil is none.
func (o object) with(name string, value any) object {
	if value == nil {
		return o
	}
	return append(o, member{name, value})
}

// writer writes a tree in one of the ways it may be written.
type writer struct {
	m   *Maker
	out []byte
	// Of how many places one has white space, an escape that is not needed, a
	// member whose name comes twice; 0: none.
	spaces, escapes, repeats int
}

// write returns a tree as JSON.
func (m *Maker) write(tree any) []byte {
	w := writer{m: m}
	if m.oneIn(3) {
		w.spaces, w.escapes, w.repeats = pick(m, 0, 3, 20), pick(m, 0, 2, 20), pick(m, 0, 4, 40)
	}
	return w.document(tree)
}

func (w *writer) document(tree any) []byte {
	w.space()
	w.value(tree)
	w.space()
	return w.out
}

func (w *writer) add(text string) { w.out = append(w.out, text...) }

func (w *writer) chance(oneIn int) bool { return oneIn > 0 && w.m.oneIn(oneIn) }

func (w *writer) space() {
	if w.chance(w.spaces) {
		w.add(pick(w.m, " ", "\n", "\t", "\r", "\r\n\t ", "    "))
	}
}

func (w *writer) value(tree any) {
	switch v := tree.(type) {
	case string:
		w.text(v)
	case literal:
		w.add(string(v))
	case object:
		w.object(v)
	case list:
		w.add("[")
		for i, element := range v {
			if i > 0 {
				w.add(",")
			}
			w.space()
			w.value(element)
			w.space()
		}
		w.add("]")
	default:
		panic(fmt.Sprintf("%T is no tree", tree))
	}
}

func (w *writer) object(o object) {
	w.add("{")
	for i, m := range o {
		if i > 0 {
			w.add(",")
		}
		if w.chance(w.repeats) { // the last counts: this one is a decoy
			w.member(m.name, w.m.scalar())
			w.add(",")
		}
		w.member(m.name, m.value)
		if w.chance(w.repeats * 4) { // and here the decoy counts
			w.add(",")
			w.member(m.name, w.m.scalar())
		}
	}
	w.space()
	w.add("}")
}

func (w *writer) member(name string, value any) {
	w.space()
	w.text(name)
	w.space()
	w.add(":")
	w.space()
	w.value(value)
	w.space()
}

var shortEscapes = map[rune]string{'"': `\"`, '\\': `\\`, '/': `\/`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}

func (w *writer) text(text string) {
	w.add(`"`)
	for _, r := range text {
		must := r < ' ' || r == '"' || r == '\\'
		short, has := shortEscapes[r]
		switch {
		case has && (must && !w.chance(w.escapes) || w.chance(2)):
			w.add(short)
		case must || w.chance(w.escapes):
			for _, unit := range utf16.Encode([]rune{r}) {
				w.out = fmt.Appendf(w.out, pick(w.m, `\u%04x`, `\u%04X`), unit)
			}
		default:
			w.out = append(w.out, string(r)...)
		}
	}
	w.add(`"`)
}

// The leaves of JSON that providers do not send.
var (
	numerals = []literal{
		"0", "-0", "7", "-12", "1.5", "-0.001", "1e5", "-2E-7", "3e+0", "1E400", "0e0", "0.0e-0", "1689556908129832", "9007199254740993",
		"9223372036854775807", "9223372036854775808", "123456789012345678901234567890", "1790000000", "1790000000.0", "1.79e9", "1790000000123",
	}
	strange = []literal{
		`""`, `" "`, `"\u0000"`, `"a\u0000b"`, `"\b\f\n\r\t\/\"\\"`, `"\ud83d\ude42"`, `"\ud83d"`, `"\ude42\ud83d"`, `"\ud83d\u0041"`, `"\uD83D\n"`,
		`"\uFFFD"`, `"\u00e9\u00E9"`, `"é🙂"`, "\"\x7f\"", `"\u2028"`, `"\\u0000"`, `"12345678"`, `"1234567\"8"`, `"\u00a0x\u00a0"`, `"\f"`, `"\/"`,
	}
	// bad is not JSON, or not UTF-8.
	bad = []literal{
		"01", "1.", ".5", "+1", "1e", "1e+", "-", "0x1", "NaN", "Infinity", "nul", "True", "'a'", `"\x"`, `"\u12"`, `"\u12g4"`, `"\`, `"\'"`,
		`"\U0041"`, `"\a"`, `"\v"`, `"\0"`, "\"\n\"", "\"\t\"", "\"\x00\"", "\"\x1f\"", "\"\xff\"", "\"\xc3\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"aaaaaaaa\xc0\xaf\"",
		"[1,]", "[,1]", "[1 2]", `{"a":1,}`, `{"a"}`, `{"a":}`, `{a:1}`, `{1:2}`, `{"a",1}`, "{]", "[}", "\f1", "\u00a01", "\xef\xbb\xbf1", "",
	}
)

// scalar returns a value that holds no others.
func (m *Maker) scalar() any {
	switch m.r.IntN(8) {
	case 0, 1:
		return pick(m, numerals...)
	case 2, 3:
		return pick(m, strange...)
	case 4:
		return m.words()
	default:
		return pick[literal](m, "null", "true", "false")
	}
}

// anything returns a value of any kind.
func (m *Maker) anything(depth int) any {
	if depth == 0 || m.spare <= 0 || m.oneIn(2) {
		return m.scalar()
	}
	m.spare--
	n := m.r.IntN(4)
	if m.oneIn(2) {
		l := make(list, n)
		for i := range l {
			l[i] = m.anything(depth - 1)
		}
		return l
	}
	o := object{}
	for range n {
		o = o.with(pick(m, "id", "i\x00d", "", "type", "messages", "é", m.words()), m.anything(depth-1))
	}
	return o
}

// words returns a text with everything JSON can escape.
func (m *Maker) words() string {
	const pool = "aZ 09\"\\/\b\f\n\r\t<>&'{}[]:,é€\u2028\ufffd🙂\U0010ffff\x01\x7f"
	runes, text := []rune(pool), strings.Builder{}
	for range m.r.IntN(24) {
		text.WriteRune(runes[m.r.IntN(len(runes))])
	}
	return text.String()
}

// nested returns n arrays and objects inside one another.
func (m *Maker) nested(n int) literal {
	open, end := strings.Builder{}, ""
	for range n {
		if m.oneIn(2) {
			open.WriteString("[")
			end = "]" + end
		} else {
			open.WriteString(`{"k":`)
			end = "}" + end
		}
	}
	return literal(open.String() + pick(m, "0", `"x"`, "null") + end)
}

// Document returns JSON of any form.
func (m *Maker) Document() []byte {
	m.spare = 40
	return m.write(m.anything(6))
}

// Spoil returns a document that was changed at a few places: cut, or with bytes
// taken out, put in or exchanged. The document itself stays.
func (m *Maker) Spoil(doc []byte) []byte {
	const likely = "{}[]\",:\\u0eE+-.tfn \n\f\x00\x1f\xff\xc3/b"
	doc = append([]byte(nil), doc...)
	for range m.between(1, 3) {
		i := m.r.IntN(len(doc) + 1)
		rest := append([]byte(nil), doc[i:]...)
		switch doc = doc[:i]; m.r.IntN(6) {
		case 0:
			doc = append(append(doc, likely[m.r.IntN(len(likely))]), rest...)
		case 1:
			doc = append(doc, rest[min(1, len(rest)):]...)
		case 2: // cut
		case 3:
			doc = append(append(doc, pick(m, bad...)...), rest...)
		case 4:
			doc = append(append(doc, pick(m, `\f`, `\/`, `\u0000`, `\u0069`, `\ud83d`, `\ud83d\ude42`, `\"`, `\\`)...), rest...)
		case 5:
			if doc = append(doc, rest...); len(rest) > 0 {
				doc[i] ^= 1 << m.r.IntN(8)
			}
		}
	}
	return doc
}
