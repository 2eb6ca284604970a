package kernel_test

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"

	"github.com/my21staff/my21staff/crm/webhook/tape"
	"github.com/my21staff/my21staff/wasm/internal/kernel"
)

// known are names of every size that is looked up in a way of its own.
var known = []string{
	"", "id", "from", "type", "object", "statuses", "timestamp", "recipient_id", "phone_number_id", "display_phone_number",
	"recipient_participant_user_id",
}

// Where things are in the memory of the tests. The body ends as near to the
// memory's end as it may.
const (
	slotsAt  = 64
	textsAt  = slotsAt + 512*32
	nodesAt  = textsAt + 1024
	capacity = 4000
	bodyEnd  = pages<<16 - kernel.Slack
	maxBody  = bodyEnd - nodesAt - 16*(capacity+1)
)

// scanner is an instance of the scan with a table of names.
type scanner struct {
	*instance
	factor uint64
}

func startScan(tb testing.TB) scanner {
	tb.Helper()
	typ, body := kernel.ScanJSON()
	s := scanner{instance: startFunction(tb, wazero.NewRuntimeConfig(), typ, body)}
	s.memory.WriteByte(12, 7) // the kind of the container that there is not round the document
	for try := uint64(1); !s.fill(); try += 2 {
		s.factor = try * 0x9e3779b97f4a7c15
	}
	return s
}

// fill writes the table as tape does; false if two names want the same slot.
func (s *scanner) fill() bool {
	table := make([]byte, 512*32)
	at := uint32(textsAt)
	for id, name := range known[1:] {
		word := func(from int) uint64 {
			var b [8]byte
			copy(b[:], name[from:])
			return binary.LittleEndian.Uint64(b[:])
		}
		first := word(0)
		slot := table[32*((first^first>>29+uint64(len(name))<<3)*s.factor>>55):]
		if slot[20] != 0 {
			return false
		}
		binary.LittleEndian.PutUint64(slot, first)
		if len(name) > 8 {
			binary.LittleEndian.PutUint64(slot[8:], word(len(name)-8))
		}
		slot[16], slot[20] = byte(len(name)), byte(id+1)
		binary.LittleEndian.PutUint64(slot[24:], uint64(at))
		s.memory.Write(at, []byte(name))
		at += uint32(len(name))
	}
	return s.memory.Write(slotsAt, table)
}

// scan reads a document with rubbish behind it. It checks that nothing was
// written but nodes.
func (s scanner) scan(tb testing.TB, doc, behind []byte, capacity int) (nodes [][2]uint64) {
	tb.Helper()
	const canary = 0xa5a5a5a5
	body := append(bytes.Clone(doc), bytes.Repeat(behind, kernel.Slack/len(behind)+1)[:kernel.Slack]...)
	at := uint32(bodyEnd - len(doc))
	end := uint32(nodesAt + 16*capacity)
	s.memory.Write(at, body)
	s.memory.WriteUint32Le(end, canary)
	result, err := s.function.Call(tb.Context(), uint64(at), uint64(len(doc)), nodesAt, uint64(capacity), slotsAt, s.factor)
	if err != nil {
		tb.Fatalf("%q: %v", doc, err)
	}
	if after, _ := s.memory.Read(at, uint32(len(body))); !bytes.Equal(after, body) {
		tb.Errorf("%q was changed to %q", doc, after)
	}
	if after, _ := s.memory.ReadUint32Le(end); after != canary {
		tb.Errorf("%q: more than %d nodes were written", doc, capacity)
	}
	for i := range uint32(result[0]) {
		text, _ := s.memory.ReadUint64Le(nodesAt + 16*i)
		link, _ := s.memory.ReadUint64Le(nodesAt + 16*i + 8)
		nodes = append(nodes, [2]uint64{text, link})
	}
	return nodes
}

// tapeOf returns the nodes that tape makes of a document, in the kernel's layout,
// and whether the kernel may leave it to tape: it does so with what is not ASCII, a
// key with an escape, and the number that is a whole document, whose end it cannot
// see. It is nil for a document that is refused.
func tapeOf(doc []byte) (nodes [][2]uint64, mayLeave bool) {
	p := tape.Parser{Names: tape.NewNames(known...)}
	if _, why, _ := p.Scan(doc); why != 0 {
		return nil, true
	}
	keys := map[tape.Ref]bool{}
	findKeys(&p, tape.Document, keys)
	mayLeave = p.Kind(tape.Document) == tape.Number || slices.ContainsFunc(doc, func(c byte) bool { return c >= 0x80 })
	for r := tape.Document; r < p.After(tape.Document); r++ {
		start, end := p.Span(r)
		info := uint64(p.Kind(r))
		text, plain := p.Plain(r)
		if p.Kind(r) == tape.String && !plain {
			info |= 1 << 8
		}
		if keys[r] {
			info |= uint64(max(0, slices.Index(known, string(text)))) << 16
			mayLeave = mayLeave || !plain
		}
		nodes = append(nodes, [2]uint64{uint64(start) | uint64(end)<<32, uint64(p.After(r)-1) | info<<32})
	}
	return nodes, mayLeave
}

// findKeys notes the places of all keys in what is at r.
func findKeys(p *tape.Parser, r tape.Ref, keys map[tape.Ref]bool) {
	end := p.After(r)
	switch p.Kind(r) {
	case tape.Object:
		for key := r + 1; key < end; key = p.After(key + 1) {
			keys[key] = true
			findKeys(p, key+1, keys)
		}
	case tape.Array:
		for e := r + 1; e < end; e = p.After(e) {
			findKeys(p, e, keys)
		}
	}
}

// agree holds the scan of a document against tape's.
func (s scanner) agree(tb testing.TB, doc, behind []byte) {
	tb.Helper()
	want, mayLeave := tapeOf(doc)
	got := s.scan(tb, doc, behind, capacity)
	if got == nil && mayLeave {
		return
	}
	if !slices.Equal(got, want) {
		tb.Errorf("%q: the nodes are\n%x, want\n%x", doc, got, want)
	}
}

// behind are bytes that go on where a document was cut off.
var behind = [][]byte{
	{0}, []byte(" "), []byte(`"`), []byte(`,"`), []byte(`":"`), []byte(`a`), []byte(`1`), []byte(`.5`), []byte(`[`), []byte(`{"a":`), []byte(`}`),
	[]byte(`]}`), []byte(`\n`), []byte(`","id":"`), []byte(`rue,`),
}

// documents are small ones with all there is in JSON, and what is nearly JSON.
var documents = []string{
	`{}`, `[]`, `""`, `0`, `-1.5e+3`, `true`, `false`, `null`, `  {  } `, "\t[\n1\r,2 ]\n", `[[],{},"",0]`,
	`{"id":"a","from":{"id":"b"},"x":[{"type":"c"}]}`, `{ "id" : "a" , "id":1,"id":null}`, `{"":""}`, `{"":{"":[]}}`,
	`{"statuses":1,"statusez":2,"ztatuses":3,"timestamp":4,"timextamp":5,"timestamq":6,"recipient_id":7}`,
	`{"display_phone_number":1,"display_phone_numbes":2,"display_phxne_number":3,"display_xhone_number":4}`,
	`{"recipient_participant_user_id":1,"recipient_participxnt_user_id":2,"recipienx_participant_user_id":3,"recipient_participant_usex_id":4,"recipient_participant_user_ie":5}`,
	`{"a\nb":1}`, `{"\u0069d":1}`, `{"a":"\u0041\"\\\/\b\f\n\r\t\uD83D\ude00\uabcdefABCDEF"}`, `["\u12","\u123g"]`, `["\u12G4"]`, `["\x"]`, `["\v"]`, `["\'"]`, `["\0"]`, "[\"\\u00\xb1\xb2\"]", `["\U0041"]`, `["\u 041"]`,
	`["a"`, `["`, `[`, `{`, `{"`, `{"a`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,"`, `["\`, `["\u00`, `[1,]`, `{"a":1,}`, `{,}`, `[,]`, `{"a"}`, `{"a":}`, `{1:2}`, `{"a" "b"}`,
	`[}`, `{]`, `[1}`, `{"a":1]`, `]`, `}`, `[]]`, `{}{}`, `{},"a":1`, `[],"a":1`, `[] x`, `"a","b"`, `1,"a"`, `[1 2]`, `[01]`, `[-]`, `[1.]`, `[.5]`, `[1e]`, `[1e+]`, `[+1]`, `[0x1]`, `[1E5,-0,0.0e-0]`,
	`[tru]`, `[truE]`, `[truee]`, `[fals]`, `[nul]`, `[nulll]`, `[True]`, "[\"\x00\"]", "[\"a\x1f\"]", "[\"\x7f\"]", "[\"\x80\"]", "[\"é\"]", "\v[]", "[\f]", "[\xa0]", "\ufeff[]",
	`["` + strings.Repeat("0123456789abcdef", 9) + `"]`, `["` + strings.Repeat("x", 16) + `"]`, `["` + strings.Repeat("x", 80) + `\n` + strings.Repeat("y", 70) + `"]`,
	`["` + strings.Repeat("x", 100) + "\x01" + `"]`, `["` + strings.Repeat("x", 100) + "\x80" + `"]`,
	strings.Repeat("[", 48) + strings.Repeat("]", 48), strings.Repeat("[", 49) + strings.Repeat("]", 49),
	strings.Repeat(`{"a":`, 48) + "1" + strings.Repeat("}", 48), strings.Repeat(`{"a":`, 49) + "1" + strings.Repeat("}", 49),
}

// TestScanJSON scans documents and each beginning of them, with all that may
// stand behind.
func TestScanJSON(t *testing.T) {
	t.Parallel()
	s := startScan(t)
	for _, doc := range documents {
		for _, rubbish := range behind {
			for n := range len(doc) + 1 {
				if n > 150 && n < len(doc) {
					continue
				}
				s.agree(t, []byte(doc[:n]), rubbish)
			}
		}
		if got, _ := tapeOf([]byte(doc)); got != nil { // the tape may be as short as this
			if s.scan(t, []byte(doc), behind[0], len(got)-1) != nil {
				t.Errorf("%q has fewer than %d nodes", doc, len(got))
			}
		}
	}
}

// TestScanJSONOfAnything scans documents that are made at random, as they are and
// with a byte or two changed.
func TestScanJSONOfAnything(t *testing.T) {
	t.Parallel()
	s := startScan(t)
	random := rand.New(rand.NewPCG(8259, 7))
	for range 30_000 {
		doc := document(random, nil, 0)
		rubbish := behind[random.IntN(len(behind))]
		s.agree(t, doc, rubbish)
		for range 2 {
			const bytes = "\"\\{}[]:,0-.eEtfnu/ \n\x00\x1f\x80a"
			doc[random.IntN(len(doc))] = bytes[random.IntN(len(bytes))]
			s.agree(t, doc, rubbish)
		}
	}
}

// document appends a value.
func document(r *rand.Rand, out []byte, depth int) []byte {
	space := func() { out = append(out, strings.Repeat(" \n\t\r"[r.IntN(4):][:1], max(0, r.IntN(8)-6))...) }
	space()
	kind := r.IntN(7)
	if depth > 5 {
		kind = r.IntN(5)
	}
	switch kind {
	case 0:
		out = append(out, []string{"0", "-0", "12", "-3.25", "1e9", "0.5E-3", "123456789012345678901234567890"}[r.IntN(7)]...)
	case 1:
		out = append(out, []string{"true", "false", "null"}[r.IntN(3)]...)
	case 5:
		out = append(out, '[')
		for i := range r.IntN(5) {
			if i > 0 {
				out = append(out, ',')
			}
			out = document(r, out, depth+1)
		}
		out = append(out, ']')
	case 6:
		out = append(out, '{')
		for i := range r.IntN(6) {
			if i > 0 {
				out = append(out, ',')
			}
			space()
			out = key(r, out)
			space()
			out = document(r, append(out, ':'), depth+1)
		}
		out = append(out, '}')
	default:
		out = text(r, out)
	}
	space()
	return out
}

func key(r *rand.Rand, out []byte) []byte {
	if r.IntN(8) == 0 {
		return text(r, out)
	}
	return fmt.Appendf(out, "%q", known[r.IntN(len(known))])
}

// text appends a string, of up to 200 bytes and seldom with an escape or a byte
// that is not ASCII.
func text(r *rand.Rand, out []byte) []byte {
	pieces := []string{"a", "Halo", "0123456789abcde", strings.Repeat("x", 60), `\n`, `\u00e9`, `\ud83d\ude42`, `\/`, `é`}
	out = append(out, '"')
	for range r.IntN(5) {
		out = append(out, pieces[min(r.IntN(len(pieces)), r.IntN(len(pieces)))]...)
	}
	return append(out, '"')
}

// FuzzScanJSON holds the scan of any bytes against tape's.
func FuzzScanJSON(f *testing.F) {
	for i, doc := range documents {
		f.Add([]byte(doc), behind[i%len(behind)])
	}
	s := startScan(f)
	f.Fuzz(func(t *testing.T, doc, rubbish []byte) {
		if len(doc) > maxBody || len(doc) > capacity || len(rubbish) == 0 {
			return // larger than the test's memory, or nothing behind it
		}
		s.agree(t, doc, rubbish)
	})
}

// BenchmarkScanJSON is in bytes per second, as package tape's beside it.
func BenchmarkScanJSON(b *testing.B) {
	s := startScan(b)
	member := `"from":"6281200000001","id":"wamid.HBgNTESTTESTTESTTESTVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0","timestamp":"1790000000","type":"text","text":{"body":"Halo kak, apakah masih ada beasiswa?"}`
	doc := []byte(`[` + strings.Repeat(`{`+member+`},`, 7) + `{}]`)
	b.Run("wasm", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		at := uint32(bodyEnd - len(doc))
		s.memory.Write(at, doc)
		stack := make([]uint64, 6)
		for b.Loop() {
			copy(stack, []uint64{uint64(at), uint64(len(doc)), nodesAt, capacity, slotsAt, s.factor})
			if err := s.function.CallWithStack(b.Context(), stack); err != nil || stack[0] == 0 {
				b.Fatal(err)
			}
		}
	})
	b.Run("native", func(b *testing.B) {
		b.SetBytes(int64(len(doc)))
		p := tape.Parser{Names: tape.NewNames(known...)}
		for b.Loop() {
			p.Scan(doc)
		}
	})
}
