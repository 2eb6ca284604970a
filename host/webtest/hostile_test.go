package webtest_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/simulator"
)

// payloads returns texts that try to become markup or script, and the big list
// of naughty strings.
func payloads(tb testing.TB) []string {
	tb.Helper()
	var purify struct {
		Cases []struct{ Payload string }
	}
	var naughty []string
	read(tb, &purify, "vectors", "dompurify", "payloads.json")
	read(tb, &naughty, "vectors", "blns", "blns.json")
	var all []string
	for _, c := range purify.Cases {
		all = append(all, c.Payload)
	}
	for _, text := range naughty {
		if text != "" {
			all = append(all, text)
		}
	}
	if len(all) < 700 {
		tb.Fatalf("there are %d hostile texts, want some hundreds of each list", len(all))
	}
	return all
}

func read(tb testing.TB, v any, elem ...string) {
	tb.Helper()
	data, err := os.ReadFile(crmtest.Shared(tb, elem...))
	if err != nil {
		tb.Fatal(err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		tb.Fatal(err)
	}
}

// says returns each way in which a customer's text reaches a page.
var says = []func(text string) simulator.Inbound{
	func(text string) simulator.Inbound { return simulator.Inbound{Text: text} },
	func(text string) simulator.Inbound { return simulator.Inbound{Kind: "image", Text: text} },
	func(text string) simulator.Inbound { return simulator.Inbound{Kind: "location", Text: text} },
	func(text string) simulator.Inbound { return simulator.Inbound{Kind: "contacts", Text: text} },
	func(text string) simulator.Inbound { return simulator.Inbound{Kind: "button_reply", Text: text} },
	func(text string) simulator.Inbound { return simulator.Inbound{Kind: "list_reply", Text: text} },
	func(text string) simulator.Inbound { return simulator.Inbound{Kind: "quick_reply", Text: text} },
	func(text string) simulator.Inbound { return simulator.Inbound{Kind: "order", Text: text} },
	func(text string) simulator.Inbound { return simulator.Inbound{Kind: "unsupported", Text: text} },
	func(text string) simulator.Inbound {
		return simulator.Inbound{Kind: "document", Text: text, Media: &simulator.Media{MIME: "application/pdf", Filename: text, Data: []byte("%PDF-1.4\n%%EOF\n")}}
	},
}

// canary sings when a script of a text runs: the ways in which the lists show
// that they got through.
const canary = `for (const name of ["alert", "confirm", "prompt", "print"]) window[name] = () => console.error("canary: " + name);
Object.defineProperty(window, "name", { set() { console.error("canary: name"); }, get() { return ""; } });`

// suspects names what a text would have become on a page: a handler, a script or
// style of its own, an address that runs, a frame.
const suspects = `[...document.querySelectorAll("*")].filter((e) =>
	[...e.attributes].some((a) => a.name.startsWith("on") || a.name === "style" || a.name === "srcdoc" || /^\s*(javascript|vbscript|data:text)/i.test(a.value) && ["href", "src", "action", "formaction", "xlink:href"].includes(a.name)) ||
	e.matches("script:not([src]), style, iframe, object, embed, base, meta[http-equiv], form:not([action], [method=dialog])")
).map((e) => e.outerHTML.slice(0, 200)).join("\n")`

// Whatever customers, colleagues and files say stays text: no script runs,
// nothing is asked for elsewhere, and the policy has nothing to refuse.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	s := newSite(t, hosttest.Options{})
	texts := payloads(t)
	s.flood(texts)
	tab := s.signIn(t, s.Owner)
	tab.allow("/nothing answers 404")
	call(tab, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: canary})
	shown := tab.turn("/inbox?status=all", "a[rel=next]") + tab.turn(s.thread(asking), "a[rel=prev]")
	for _, text := range texts {
		if plain.MatchString(text) && !strings.Contains(shown, text) {
			t.Errorf("no page shows %q as it is", text)
		}
	}
	for _, page := range pages(t, s) {
		tab.open(page.path)
		tab.harmless()
	}
}

// plain fits texts that a page shows to the letter: without line breaks, nor the
// marks that WhatsApp makes bold, italic, struck and monospaced of.
var plain = regexp.MustCompile("^[!-)+-^a-}]([ -)+-^a-}]{0,60}[!-)+-^a-}])?$")

// harmless fails the test if the page holds what a text should not become.
func (t *tab) harmless() {
	t.Helper()
	if found := evaluate[string](t, suspects); found != "" {
		t.Errorf("%s holds\n%s", t.where(), found)
	}
}

// turn opens a page and those behind it, to which a link leads, one after the
// other, and returns their text.
func (t *tab) turn(path, link string) string {
	t.Helper()
	var text strings.Builder
	for t.open(path); ; {
		t.harmless()
		text.WriteString(evaluate[string](t, "document.body.textContent"))
		next := evaluate[string](t, fmt.Sprintf(`document.querySelector(%q)?.getAttribute("href") ?? ""`, link))
		if next == "" {
			return text.String()
		}
		t.open(next)
	}
}

// flood brings every text in by every way that texts take.
func (s *site) flood(texts []string) {
	s.tb.Helper()
	for i, text := range texts {
		in := says[i%len(says)](text)
		in.Chat = simulator.Chat{Provider: crm.Kapso, Customer: asking}
		s.hear(in)
		in.Kind, in.Text, in.Media = "", text, nil
		s.hear(in)
		if i%3 == 0 {
			in.Customer = fmt.Sprintf("62812000010%02d", i/3%100)
			if _, err := s.Sim.PutCustomer(simulator.Customer{Phone: in.Customer, Name: text}); err != nil {
				s.tb.Fatal(err)
			}
			s.hear(in)
		}
	}
	s.Settle()
	conversation := strings.TrimPrefix(s.thread(asking), "/inbox/")
	for i, text := range texts {
		if strings.TrimSpace(text) == "" || i%7 > 0 {
			continue
		}
		s.ask("POST", "/api/conversations/"+conversation+"/notes", object{"body": text})
		s.ask("POST", "/api/messages/send", object{"conversation_id": conversation, "type": "template", "template": object{
			"name": "order_confirmation", "language": object{"code": "id"},
			"components": []any{object{"type": "body", "parameters": []any{object{"type": "text", "parameter_name": "customer_name", "text": text}}}},
		}})
	}
}
