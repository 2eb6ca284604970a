package crm_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
)

func TestPreview(t *testing.T) {
	t.Parallel()
	for want, content := range map[string]crm.Content{
		"Halo, apa kabar?":                crm.Text{Body: " Halo,\n\n apa\u2028kabar?\t"},
		"[image] Our campus":              crm.Media{Type: crm.KindImage, Caption: "Our campus"},
		"[document] fees.pdf":             crm.Media{Type: crm.KindDocument, Filename: "fees.pdf"},
		"[document] The fees":             crm.Media{Type: crm.KindDocument, Filename: "fees.pdf", Caption: "The fees"},
		"[audio]":                         crm.Media{Type: crm.KindAudio},
		"[voice message]":                 crm.Media{Type: crm.KindAudio, Voice: true},
		"[voice message] see you at nine": crm.Media{Type: crm.KindAudio, Voice: true, Words: "see you at nine"},
		"[sticker]":                       crm.Media{Type: crm.KindSticker},
		"[location] Monas":                crm.Location{Name: "Monas", Address: "Jakarta"},
		"[location] Jakarta":              crm.Location{Address: "Jakarta"},
		"[location]":                      crm.Location{Latitude: 1},
		"[contact] A, B":                  crm.Contacts{Names: []string{"A", "B"}},
		"Which day?":                      crm.Interactive{Type: "button", Body: "Which day?"},
		"[flow]":                          crm.Interactive{Type: "flow"},
		"Monday":                          crm.Choice{ID: "mon", Title: "Monday"},
		"mon":                             crm.Choice{ID: "mon"},
		"[form] Sent":                     crm.FlowReply{Name: "flow", Body: "Sent"},
		"[form] flow":                     crm.FlowReply{Name: "flow"},
		"👍":                               crm.Reaction{Emoji: "👍"},
		"[reaction removed]":              crm.Reaction{},
		"[order of 2] soon please":        crm.Order{Items: make([]crm.OrderItem, 2), Text: "soon please"},
		"The number changed":              crm.System{Type: "user_changed_number", Body: "The number changed"},
		"[request_welcome]":               crm.System{Type: "request_welcome"},
		"Your class is at nine":           crm.FilledTemplate{Name: "class_reminder", Body: "Your class is at nine"},
		"[template class_reminder]":       crm.FilledTemplate{Name: "class_reminder"},
		"[unsupported] poll":              crm.Unsupported{Type: "poll"},
	} {
		if got := content.Preview(); got != want {
			t.Errorf("%#v is shown as %q, want %q", content, got, want)
		}
	}
}

func TestPreviewLength(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ body, want string }{
		{strings.Repeat("é", crm.PreviewLen), strings.Repeat("é", crm.PreviewLen)},
		{strings.Repeat("é", crm.PreviewLen+1), strings.Repeat("é", crm.PreviewLen-1) + "…"},
		{strings.Repeat("你好\n", 4096), cut("你好 ")},
		{strings.Repeat(" ", 4096), ""},
	} {
		if got := (crm.Text{Body: c.body}).Preview(); got != c.want {
			t.Errorf("%.20q… is shown as %q, want %q", c.body, got, c.want)
		}
	}
}

// cut returns the piece again and again, up to the character before the last one
// shown.
func cut(piece string) string {
	runes := []rune(strings.Repeat(piece, crm.PreviewLen))
	return string(runes[:crm.PreviewLen-1]) + "…"
}

// TestPreviewIsOneLine: whatever a message holds.
func TestPreviewIsOneLine(t *testing.T) {
	t.Parallel()
	properties := gopter.NewProperties(nil)
	for kind := range contents {
		properties.Property(string(kind), prop.ForAll(previewProblem, genContent(kind)))
	}
	properties.TestingRun(t)
}

// TestPreviewOfNaughtyStrings puts the shared strings into every place of a
// content that a preview shows.
func TestPreviewOfNaughtyStrings(t *testing.T) {
	t.Parallel()
	encoded, err := os.ReadFile(crmtest.Shared(t, "vectors", "blns", "blns.json"))
	if err != nil {
		t.Fatal(err)
	}
	var naughty []string
	if err := json.Unmarshal(encoded, &naughty); err != nil || len(naughty) < 500 {
		t.Fatalf("%d strings, %v", len(naughty), err)
	}
	for _, text := range naughty {
		long := strings.Repeat(text+" ", 200)
		for _, content := range []crm.Content{
			crm.Text{Body: text}, crm.Text{Body: long}, crm.Media{Type: crm.KindImage, Caption: long}, crm.Location{Name: text},
			crm.Contacts{Names: []string{text, long}}, crm.Interactive{Type: text}, crm.Choice{Title: text}, crm.FlowReply{Name: long},
			crm.Reaction{Emoji: text}, crm.Order{Text: long}, crm.System{Body: text}, crm.System{Type: long},
			crm.FilledTemplate{Name: long}, crm.Unsupported{Type: long}, crm.Unsupported{Type: text},
		} {
			if why := previewProblem(content); why != "" {
				t.Errorf("%#v: %s", content, why)
			}
		}
	}
}

// previewProblem returns what is wrong with a content's preview, or "".
func previewProblem(content crm.Content) string {
	preview := content.Preview()
	switch {
	case utf8.RuneCountInString(preview) > crm.PreviewLen:
		return fmt.Sprintf("the preview has %d characters", utf8.RuneCountInString(preview))
	case strings.ContainsAny(preview, "\n\r\v\f\u0085\u2028\u2029\t"):
		return fmt.Sprintf("the preview %q is not one line", preview)
	case strings.TrimSpace(preview) != preview:
		return fmt.Sprintf("the preview %q has blanks around it", preview)
	default:
		return ""
	}
}
