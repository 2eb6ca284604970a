package crm_test

import (
	"encoding/json"
	"errors"
	"math/rand"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
)

// source draws what contents are filled with.
type source struct{ *rand.Rand }

// pieces are what breaks encoders and lists: quotes, line ends of every kind,
// NUL, marks, letters of many scripts, emoji of several code points.
var pieces = []string{
	"a", "Budi", " ", "\n", "\r\n", "\t", "\u0085", "\u2028", "\u2029", "\u00a0", "\x00", "\x1b", `"`, `\`, "<", "&",
	"é", "e\u0301", "你好", "مرحبا", "\u202e", "\ufeff", "🇮🇩", "👩🏽‍🎓", "\U0010ffff", "{", "}", "0",
}

func (s source) text() string {
	text := ""
	for range s.Intn(12) {
		text += strings.Repeat(pieces[s.Intn(len(pieces))], 1+s.Intn(30))
	}
	return text
}

// raw makes JSON as an encoder writes it, which is how it is kept.
func (s source) raw() json.RawMessage {
	encoded, err := json.Marshal(map[string]any{"text": s.text(), "list": []any{s.Int63(), s.flag(), nil}})
	if err != nil {
		panic(err)
	}
	return encoded
}

func (s source) flag() bool { return s.Intn(2) == 0 }

func (s source) number() json.Number {
	return json.Number(strconv.FormatInt(s.Int63n(1e6), 10) + ".50")
}

func mediaOf(kind crm.ContentKind) func(source) crm.Content {
	return func(s source) crm.Content {
		return crm.Media{
			Type: kind, ID: s.text(), Link: s.text(), URL: s.text(), MIME: s.text(), SHA256: s.text(), Size: s.Int63(),
			Caption: s.text(), Filename: s.text(), Voice: s.flag(), Animated: s.flag(), Error: s.text(), Words: s.text(),
		}
	}
}

// contents makes a value of every kind of content.
var contents = map[crm.ContentKind]func(source) crm.Content{
	crm.KindText:     func(s source) crm.Content { return crm.Text{Body: s.text(), PreviewURL: s.flag()} },
	crm.KindImage:    mediaOf(crm.KindImage),
	crm.KindVideo:    mediaOf(crm.KindVideo),
	crm.KindAudio:    mediaOf(crm.KindAudio),
	crm.KindDocument: mediaOf(crm.KindDocument),
	crm.KindSticker:  mediaOf(crm.KindSticker),
	crm.KindLocation: func(s source) crm.Content {
		return crm.Location{Latitude: s.NormFloat64(), Longitude: s.NormFloat64(), Name: s.text(), Address: s.text(), URL: s.text()}
	},
	crm.KindContacts: func(s source) crm.Content {
		return crm.Contacts{Names: []string{s.text(), s.text()}, Cards: s.raw()}
	},
	crm.KindInteractive: func(s source) crm.Content {
		return crm.Interactive{Type: s.text(), Header: s.raw(), Body: s.text(), Footer: s.text(), Action: s.raw()}
	},
	crm.KindChoice: func(s source) crm.Content {
		return crm.Choice{Source: s.text(), ID: s.text(), Title: s.text(), Description: s.text()}
	},
	crm.KindFlowReply: func(s source) crm.Content {
		return crm.FlowReply{Name: s.text(), Body: s.text(), Response: string(s.raw())}
	},
	crm.KindReaction: func(s source) crm.Content { return crm.Reaction{MessageID: s.text(), Emoji: s.text()} },
	crm.KindOrder: func(s source) crm.Content {
		items := make([]crm.OrderItem, s.Intn(3)+1)
		for i := range items {
			items[i] = crm.OrderItem{ProductID: s.text(), Quantity: s.number(), Price: s.number(), Currency: s.text()}
		}
		return crm.Order{CatalogID: s.text(), Text: s.text(), Items: items}
	},
	crm.KindSystem: func(s source) crm.Content {
		return crm.System{
			Type: s.text(), Body: s.text(), WaID: s.text(), UserID: s.text(), PreviousUserID: s.text(),
			At: time.UnixMilli(s.Int63n(1 << 41)).UTC(),
		}
	},
	crm.KindTemplate: func(s source) crm.Content {
		return crm.FilledTemplate{Name: s.text(), Language: s.text(), Category: s.text(), Components: s.raw(), Body: s.text()}
	},
	crm.KindUnsupported: func(s source) crm.Content {
		err := &crm.ProviderError{Code: s.Int(), Title: s.text(), Detail: s.text(), Subcode: s.Int(), Word: s.text()}
		return crm.Unsupported{Type: s.text(), Error: err, Raw: s.raw()}
	},
}

func genContent(kind crm.ContentKind) gopter.Gen {
	return func(p *gopter.GenParameters) *gopter.GenResult {
		return gopter.NewGenResult(contents[kind](source{p.Rng}), gopter.NoShrinker)
	}
}

// TestContentCodec: for every kind, decoding is the inverse of encoding.
func TestContentCodec(t *testing.T) {
	t.Parallel()
	properties := gopter.NewProperties(nil)
	for kind := range contents {
		properties.Property(string(kind), prop.ForAll(func(content crm.Content) string {
			if content.Kind() != kind {
				return "is a " + string(content.Kind())
			}
			encoded, err := crm.EncodeContent(content)
			if err != nil {
				return err.Error()
			}
			decoded, err := crm.DecodeContent(kind, encoded)
			if err != nil || !reflect.DeepEqual(decoded, content) {
				return string(encoded) + " is decoded otherwise"
			}
			return ""
		}, genContent(kind)))
	}
	properties.TestingRun(t)
}

// TestContentCodecOfZeros: a content with nothing in it survives, too.
func TestContentCodecOfZeros(t *testing.T) {
	t.Parallel()
	for _, content := range []crm.Content{
		crm.Text{}, crm.Media{Type: crm.KindSticker}, crm.Location{}, crm.Interactive{}, crm.Choice{}, crm.FlowReply{},
		crm.Reaction{}, crm.Order{}, crm.System{}, crm.FilledTemplate{}, crm.Unsupported{},
	} {
		encoded, err := crm.EncodeContent(content)
		if err != nil {
			t.Errorf("EncodeContent(%#v): %v", content, err)
			continue
		}
		if decoded, err := crm.DecodeContent(content.Kind(), encoded); err != nil || !reflect.DeepEqual(decoded, content) {
			t.Errorf("%#v comes back as %#v, %v", content, decoded, err)
		}
	}
}

func TestDecodeContentOfANewerProgram(t *testing.T) {
	t.Parallel()
	const encoded = `{"question":"Which day?","options":["Monday"]}`
	decoded, err := crm.DecodeContent("poll", []byte(encoded))
	want := crm.Unsupported{Type: "poll", Raw: json.RawMessage(encoded)}
	if err != nil || !reflect.DeepEqual(decoded, crm.Content(want)) {
		t.Errorf("a kind that is not known is %#v, %v, want %#v", decoded, err, want)
	}
}

func TestDecodeContentRefuses(t *testing.T) {
	t.Parallel()
	for kind := range contents {
		for _, encoded := range []string{``, `{`, `[]`, `"text"`, `{"body":1,"id":1,"latitude":"x","cards":,"type":2,"name":3,"message_id":4,"catalog_id":5}`} {
			if content, err := crm.DecodeContent(kind, []byte(encoded)); !errors.Is(err, crm.Invalid) || content != nil {
				t.Errorf("DecodeContent(%s, %q) = %#v, %v, want Invalid", kind, encoded, content, err)
			}
		}
	}
}

func FuzzDecodeContent(f *testing.F) {
	for kind, draw := range contents {
		encoded, err := crm.EncodeContent(draw(source{rand.New(rand.NewSource(1))}))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(kind), encoded)
	}
	f.Fuzz(func(t *testing.T, kind string, encoded []byte) {
		content, err := crm.DecodeContent(crm.ContentKind(kind), encoded)
		if err != nil {
			return
		}
		if why := previewProblem(content); why != "" {
			t.Fatalf("%s %q: %s", kind, encoded, why)
		}
		again, err := crm.EncodeContent(content)
		if err != nil && json.Valid(encoded) {
			t.Fatalf("%s %q is read and not written: %v", kind, encoded, err)
		}
		if err != nil {
			return
		}
		if _, err := crm.DecodeContent(content.Kind(), again); err != nil {
			t.Fatalf("%s %q is written as %q, which is not read: %v", kind, encoded, again, err)
		}
	})
}

func TestMarketing(t *testing.T) {
	t.Parallel()
	for category, want := range map[string]bool{"marketing": true, "": true, "utility": false, "authentication": false} {
		if got := (crm.FilledTemplate{Category: category}).Marketing(); got != want {
			t.Errorf("a template of category %q is taken for marketing: %t, want %t", category, got, want)
		}
	}
}

func TestTemplateUsable(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]bool{"approved": true, "paused": false, "": false, "rejected": false} {
		if got := (crm.Template{Status: status, UpdatedAt: crmtest.Start}).Usable(); got != want {
			t.Errorf("a template that is %q is usable: %t, want %t", status, got, want)
		}
	}
}
