package lead_test

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"unicode/utf8"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/lead/testdata/profiles"
)

// FuzzParse: what Parse takes can be scored by, and what it refuses it refuses
// with a class and a sentence.
func FuzzParse(f *testing.F) {
	for _, file := range []string{"education.json", "sales.json"} {
		document, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(document)
	}
	for _, tt := range badDocuments {
		f.Add(edited(f, tt.old, tt.new))
	}
	f.Add([]byte(`{"version":1,"name":"x","caps":{"fit":100},"temperature":{"hot":3,"warm":2},"signals":[{"id":"a","category":"fit","points":1,"why":{"id":"a","en":"b"},"words":["a"]}]}`))
	f.Fuzz(func(t *testing.T, document []byte) {
		r, err := lead.Parse(document)
		if err != nil {
			var refusal *crm.Error
			if !errors.Is(err, crm.Invalid) || !errors.As(err, &refusal) || refusal.Msg == "" {
				t.Fatalf("Parse = %v", err)
			}
			return
		}
		m := profiles.New(1)
		p := m.Profile(r, 30)
		encoded := p.Append(nil)
		if len(encoded) > lead.MaxProfile {
			t.Fatalf("a profile of %d bytes", len(encoded))
		}
		if back, err := lead.Decode(encoded); err != nil || !back.Equal(&p) {
			t.Fatalf("the profile does not read back: %v", err)
		}
		if s := lead.Of(&p, r, profiles.Now); s.Total < 0 || s.Total > 100 {
			t.Fatalf("a score of %d", s.Total)
		}
	})
}

// FuzzDecode: Decode takes nothing but what Append writes.
func FuzzDecode(f *testing.F) {
	for seed := range uint64(20) {
		p := profiles.New(seed).Profile(lead.Education(), 40)
		f.Add(p.Append(nil))
	}
	f.Add([]byte{})
	f.Add([]byte{1})
	f.Add([]byte{1, 0, 0, 0, 1, 1, 3, 0, 0})
	f.Fuzz(func(t *testing.T, encoded []byte) {
		p, err := lead.Decode(encoded)
		if err != nil {
			if !errors.Is(err, crm.Invalid) {
				t.Fatalf("Decode = %v", err)
			}
			return
		}
		if again := p.Append(nil); len(encoded) > 0 && !bytes.Equal(again, encoded) {
			t.Fatalf("%x reads back as %x", encoded, again)
		}
		if s := lead.Of(&p, lead.Education(), profiles.Now); s.Total < 0 || s.Total > 100 {
			t.Fatalf("a score of %d", s.Total)
		}
	})
}

// FuzzMessage: any text can be read; a keyword beside it is found, in capitals
// too; and nothing is found twice.
func FuzzMessage(f *testing.F) {
	for _, text := range []string{"", "halo kak", "hargaaa?", "don't", "50jt", "Rp 2.500.000", "a@b.co", "https://x.y", "ＨＡＲＧＡ", "ha\u0301rga", "\xff\xfe", "🙂\u200d🙂"} {
		f.Add(text)
	}
	r := lead.Education()
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<16 {
			return
		}
		seen := map[string]bool{}
		for _, e := range r.Message(nil, lead.Said{At: profiles.Now, Content: crm.Text{Body: text}}) {
			if seen[e.Signal()] {
				t.Fatalf("%q is evidence of %s twice", text, e.Signal())
			}
			seen[e.Signal()] = true
		}
		for _, more := range []string{text + ".\n beasiswa", "BEASISWA .\n" + text} {
			found := false
			for _, e := range r.Message(nil, lead.Said{At: profiles.Now, Content: crm.Text{Body: more}}) {
				found = found || e.Signal() == "asks_scholarship"
			}
			if !found && utf8.ValidString(text) {
				t.Fatalf("no scholarship in %q", more)
			}
		}
	})
}
