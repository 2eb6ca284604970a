package tape_test

import (
	"bytes"
	"fmt"
	"math/rand"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm/webhook/tape"
)

// listed are names that are hard to tell apart by their ends and lengths.
var listed = []string{
	"", "id", "type", "a", "aa", "abcdefg", "abcdefgh", "abcdefgi", "abcdefghi", "bbcdefghi", "abcdefghabcdefgh", "abcdefghxabcdefgh", "abcdefghabcdefghabcdefgh", "é", "é\"/\\",
}

var names = tape.NewNames(listed...)

// others are names that are not on the list, and nearly one.
var others = []string{
	"", "i", "ID", "idx", "b", "abcdef", "abcdefgj", "abcdefghj", "abcdefghabcdefgi", "bbcdefghabcdefgh", "abcdefghyabcdefgh", "abcdefghabcdefgxabcdefgh",
	"abcdefgh\x00\x00", strings.Repeat("abcdefgh", 9), "è",
}

// named writes a document whose keys are listed, others and both with escapes.
func named(w *writer, depth int) {
	switch kind := w.r.Intn(6); {
	case kind == 0 || depth == 0:
		w.pick("1", `"x"`, "null", `"\u0069"`, "true")
	case kind == 1:
		w.list('[', ']', func() { named(w, depth-1) })
	default:
		w.list('{', '}', func() {
			w.space()
			key := listed[w.r.Intn(len(listed))]
			if w.r.Intn(4) == 0 {
				key = others[w.r.Intn(len(others))]
			}
			w.key(key)
			w.space()
			w.WriteByte(':')
			w.space()
			named(w, depth-1)
		})
	}
}

// key writes a name, plain or with escapes.
func (w *writer) key(name string) {
	w.WriteByte('"')
	escaped := w.r.Intn(3) == 0
	for _, c := range name {
		if c < ' ' || c == '"' || c == '\\' || escaped && w.r.Intn(2) == 0 {
			fmt.Fprintf(w, `\u%04x`, c)
		} else {
			w.WriteRune(c)
		}
	}
	if escaped && w.r.Intn(8) == 0 {
		w.WriteString(`\u0000`) // is left out of names
	}
	w.WriteByte('"')
}

// sameAt compares what a Ref and a Value say of one place and all below it, and
// returns how they differ.
func sameAt(p *tape.Parser, doc []byte, r tape.Ref, v tape.Value) string {
	start, end := p.Span(r)
	text, plain := p.Plain(r)
	want, is := v.Plain()
	switch {
	case p.Kind(r) != v.Kind() || !bytes.Equal(doc[start:end], v.Raw()):
		return fmt.Sprintf("the place is a %d at %d:%d, the value the %d %s", p.Kind(r), start, end, v.Kind(), v.Raw())
	case plain != is || !bytes.Equal(text, want) || !bytes.Equal(p.Value(r).Raw(), v.Raw()):
		return fmt.Sprintf("the place reads %q, %v and %s; the value %q, %v and %s", text, plain, p.Value(r).Raw(), want, is, v.Raw())
	}
	for _, first := range []uint32{0, 2} { // from the first name on, and from the third
		fields := make([]tape.Ref, len(listed)-2)
		p.Fields(r, first, fields)
		for i, field := range fields {
			name := uint32(i) + first
			if name == 0 {
				continue
			}
			if a, b := p.Value(field).Raw(), v.Get(listed[name]).Raw(); !bytes.Equal(a, b) {
				return fmt.Sprintf("Fields finds %s for %q, Get %s", a, listed[name], b)
			}
		}
	}
	for name := 1; name < len(listed); name++ {
		if a, b := p.Value(p.Field(r, uint32(name))).Raw(), v.Get(listed[name]).Raw(); !bytes.Equal(a, b) {
			return fmt.Sprintf("Field finds %s for %q, Get %s", a, listed[name], b)
		}
	}
	if v.Kind() == tape.Array {
		return sameElements(p, doc, r, v)
	}
	for name := 1; name < len(listed); name++ {
		if member := v.Get(listed[name]); member.Kind() != tape.Missing {
			if why := sameAt(p, doc, p.Field(r, uint32(name)), member); why != "" {
				return why
			}
		}
	}
	return ""
}

func sameElements(p *tape.Parser, doc []byte, r tape.Ref, v tape.Value) string {
	e := v.First()
	for at, end := p.Elements(r); at < end; at = p.After(at) {
		if why := sameAt(p, doc, at, e); why != "" {
			return why
		}
		e = e.Next()
	}
	if e.Kind() != tape.Missing {
		return fmt.Sprintf("the place ends before %s", e.Raw())
	}
	return ""
}

func TestRefsSayWhatValuesSay(t *testing.T) {
	t.Parallel()
	parameters := gopter.DefaultTestParameters()
	parameters.MinSuccessfulTests = 5000
	properties := gopter.NewProperties(parameters)
	p := tape.Parser{Names: names}
	check := func(doc []byte) string {
		root, why, at := p.Scan(doc)
		if (why == 0) != accepts(doc) {
			return fmt.Sprintf("Scan(%q) = %v at %d", doc, why, at)
		}
		if why != 0 {
			return ""
		}
		if differ := sameAt(&p, doc, tape.Document, root); differ != "" {
			return fmt.Sprintf("%s: %s", doc, differ)
		}
		return ""
	}
	properties.Property("names are found in a document with many of them", prop.ForAllNoShrink(func(seed int64) string {
		w := writer{r: rand.New(rand.NewSource(seed))}
		named(&w, 5)
		return check([]byte(w.String()))
	}, gen.Int64()))
	properties.Property("names are found in any document, and in what was spoilt", prop.ForAllNoShrink(func(seed int64) string {
		r := rand.New(rand.NewSource(seed))
		doc := document(r)
		return check(doc) + check(spoil(r, doc))
	}, gen.Int64()))
	properties.TestingRun(t)
}

// TestNothingAtNoPlace asks the place of nothing, and a scalar, for what they
// have not.
func TestNothingAtNoPlace(t *testing.T) {
	t.Parallel()
	p := tape.Parser{Names: names}
	if _, err := p.Parse([]byte(`7`)); err != nil {
		t.Fatal(err)
	}
	for _, r := range []tape.Ref{0, tape.Document} {
		fields := []tape.Ref{9, 9}
		p.Fields(r, 0, fields)
		first, end := p.Elements(r)
		if _, plain := p.Plain(r); p.Field(r, 1) != 0 || fields[0] != 9 || fields[1] != 9 || first < end || plain {
			t.Errorf("place %d of 7 has parts", r)
		}
	}
	if start, end := p.Span(0); p.Kind(0) != tape.Missing || start != 0 || end != 0 || p.Value(0).Kind() != tape.Missing {
		t.Error("there is something at the place of nothing")
	}
}
