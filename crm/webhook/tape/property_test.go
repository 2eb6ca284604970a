package tape_test

import (
	"math/rand"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm/webhook/tape"
)

// writer writes a random document that is valid JSON: every kind of value,
// escape, number and white space, repeated and escaped keys.
type writer struct {
	strings.Builder
	r *rand.Rand
}

func (w *writer) pick(choices ...string) { w.WriteString(choices[w.r.Intn(len(choices))]) }

func (w *writer) space() {
	if w.r.Intn(4) == 0 {
		w.pick(" ", "\n", "\t", "\r\n", "  ")
	}
}

func (w *writer) text() {
	w.WriteByte('"')
	for range w.r.Intn(12) {
		w.pick("a", "halo kak", "0123456789", "é", "🙂", "\x7f", `\"`, `\\`, `\/`, `\b`, `\f`, `\n`, `\r`, `\t`,
			`\u0041`, `\u00e9`, `\ud83d\ude42`, `\ud83d`, `\udE42`, `\u0000`, `\uFFFD`, "'", "{", "]", ":", ",")
	}
	w.WriteByte('"')
}

func (w *writer) value(depth int) {
	w.space()
	switch kind := w.r.Intn(9); {
	case kind < 2 && depth > 0:
		w.list('[', ']', func() { w.value(depth - 1) })
	case kind < 4 && depth > 0:
		w.list('{', '}', func() {
			w.space()
			if w.r.Intn(3) == 0 {
				w.pick(`"id"`, `"\u0069d"`, `""`)
			} else {
				w.text()
			}
			w.space()
			w.WriteByte(':')
			w.value(depth - 1)
		})
	case kind < 7:
		w.text()
	case kind == 7:
		w.pick("0", "-0", "7", "-12", "1.5", "0.001", "1e5", "-2E-7", "3e+0", "1689556908129832", "123456789012345678901234567890")
	default:
		w.pick("true", "false", "null")
	}
	w.space()
}

func (w *writer) list(open, end byte, item func()) {
	w.WriteByte(open)
	for i := range w.r.Intn(5) {
		if i > 0 {
			w.WriteByte(',')
		}
		item()
	}
	w.space()
	w.WriteByte(end)
}

// document returns a random valid document.
func document(r *rand.Rand) []byte {
	w := writer{r: r}
	w.value(6)
	return []byte(w.String())
}

// spoil changes a document at a few places.
func spoil(r *rand.Rand, doc []byte) []byte {
	const likely = "{}[]\",:\\u0eE+-.tfn \n\x00\x1f\xff\xc3"
	for range 1 + r.Intn(3) {
		i := r.Intn(len(doc) + 1)
		switch c := likely[r.Intn(len(likely))]; r.Intn(4) {
		case 0:
			doc = append(doc[:i:i], append([]byte{c}, doc[i:]...)...)
		case 1:
			doc = append(doc[:i:i], doc[min(i+1, len(doc)):]...)
		case 2:
			doc = doc[:i]
		case 3:
			if i < len(doc) {
				doc[i] = c
			}
		}
	}
	return doc
}

func TestProperties(t *testing.T) {
	t.Parallel()
	parameters := gopter.DefaultTestParameters()
	parameters.MinSuccessfulTests = 5000
	properties := gopter.NewProperties(parameters)
	var p tape.Parser
	properties.Property("a generated document reads as encoding/json reads it", prop.ForAll(func(seed int64) string {
		return problem(&p, document(rand.New(rand.NewSource(seed))))
	}, gen.Int64()))
	properties.Property("a spoilt document is accepted exactly if the oracle accepts it", prop.ForAll(func(seed int64) string {
		r := rand.New(rand.NewSource(seed))
		return problem(&p, spoil(r, document(r)))
	}, gen.Int64()))
	properties.Property("a document nested 45 to 51 deep is accepted up to 48", prop.ForAll(func(seed int64, deep int) string {
		r := rand.New(rand.NewSource(seed))
		doc := "0"
		for range deep {
			if r.Intn(2) == 0 {
				doc = "[" + doc + "]"
			} else {
				doc = `{"k":` + doc + `}`
			}
		}
		if _, err := p.Parse([]byte(doc)); (err == nil) != (deep <= tape.MaxDepth) {
			return "depth bound not kept"
		}
		return problem(&p, []byte(doc))
	}, gen.Int64(), gen.IntRange(45, 51)))
	properties.TestingRun(t)
}

// problem is check as gopter wants it: an empty text holds.
func problem(p *tape.Parser, doc []byte) string {
	if err := check(p, doc); err != nil {
		return err.Error()
	}
	return ""
}
