package webhook_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/webhook"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// fixtureEvents are the headers of the Kapso fixtures, which hold bodies only.
// A name is matched by its beginning.
var fixtureEvents = []struct{ prefix, event string }{
	{"kapso-sdk-normalize", ""},
	{"kapso-docs-message-received", "whatsapp.message.received"},
	{"kapso-v1-docs-message-received", "whatsapp.message.received"},
	{"kapso-skill-webhook-payload", "whatsapp.phone_number.created"},
	{"kapso-skill-whatsapp-conversation-created", "whatsapp.conversation.created"},
	{"kapso-skill-whatsapp-conversation-ended", "whatsapp.conversation.ended"},
	{"kapso-skill-whatsapp-conversation-inactive", "whatsapp.conversation.inactive"},
	{"kapso-skill-whatsapp-message-delivered", "whatsapp.message.delivered"},
	{"kapso-skill-whatsapp-message-failed", "whatsapp.message.failed"},
	{"kapso-skill-whatsapp-message-received", "whatsapp.message.received"},
	{"kapso-skill-whatsapp-message-sent", "whatsapp.message.sent"},
	{"kapso-skill-workflow-execution-failed", "workflow.execution.failed"},
	{"kapso-skill-workflow-execution-handoff", "workflow.execution.handoff"},
	{"kapso-skill-", "whatsapp.message.received"}, // excerpts that show one message type each
}

// TestFixtures decodes public webhook bodies that are kept beside the
// repository.
func TestFixtures(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(crmtest.Shared(t, "fixtures", "webhooks"), "*.json"))
	if err != nil || len(files) < 100 {
		t.Fatalf("found %d fixtures, %v; want more than 100", len(files), err)
	}
	for _, file := range files {
		fixture := strings.TrimSuffix(filepath.Base(file), ".json")
		t.Run(fixture, func(t *testing.T) {
			t.Parallel()
			provider, event := crm.Meta, ""
			for _, known := range fixtureEvents {
				if strings.HasPrefix(fixture, known.prefix) {
					provider, event = crm.Kapso, known.event
					break
				}
			}
			facts, err := webhook.Decode(provider, event, read(t, file))
			if err != nil {
				t.Fatalf("Decode = %v", err)
			}
			compare(t, fixture, describe(facts))
		})
	}
}

// TestOwn decodes bodies made here, which cover every type, form and trap. A
// file is named provider--event--what.json; "listed" is Kapso's message list.
func TestOwn(t *testing.T) {
	t.Parallel()
	for _, own := range ownFiles(t) {
		t.Run(own.name, func(t *testing.T) {
			t.Parallel()
			facts, err := own.decode()
			if err != nil {
				t.Fatalf("Decode = %v", err)
			}
			compare(t, own.name, describe(facts))
		})
	}
}

// TestGoldensAreAllUsed finds goldens whose input is gone.
func TestGoldensAreAllUsed(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, own := range ownFiles(t) {
		used[own.name] = true
	}
	fixtures := crmtest.Shared(t, "fixtures", "webhooks")
	goldens, err := filepath.Glob(filepath.Join("testdata", "golden", "*.txt"))
	if err != nil || len(goldens) == 0 {
		t.Fatalf("found %d goldens, %v", len(goldens), err)
	}
	for _, golden := range goldens {
		name := strings.TrimSuffix(filepath.Base(golden), ".txt")
		if _, err := os.Stat(filepath.Join(fixtures, name+".json")); err != nil && !used[name] {
			t.Errorf("%s belongs to no input", golden)
		}
	}
}

// ownFile is a file of testdata/own.
type ownFile struct {
	name     string
	provider string // meta, kapso or listed
	event    string
	body     []byte
}

func (f ownFile) decode() ([]webhook.Fact, error) {
	if f.provider == "listed" {
		fact, err := webhook.DecodeListed("100000000000001", f.body)
		return []webhook.Fact{fact}, err
	}
	return webhook.Decode(crm.Provider(f.provider), f.event, f.body)
}

func ownFiles(tb testing.TB) []ownFile {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "own", "*.json"))
	if err != nil || len(files) == 0 {
		tb.Fatalf("found %d files in testdata/own, %v", len(files), err)
	}
	own := make([]ownFile, len(files))
	for i, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		parts := strings.Split(name, "--")
		own[i] = ownFile{name: name, provider: parts[0], body: read(tb, file)}
		if len(parts) == 3 {
			own[i].event = parts[1]
		}
	}
	return own
}

func read(tb testing.TB, file string) []byte {
	tb.Helper()
	body, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	return body
}

// compare holds got against the golden of the name.
func compare(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: review the input and run with -update", err)
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		if i >= len(gotLines) || i >= len(wantLines) || gotLines[i] != wantLines[i] {
			t.Errorf("%s differs from line %d on: got\n%s\nwant\n%s", file, i+1,
				strings.Join(gotLines[min(i, len(gotLines)):min(i+8, len(gotLines))], "\n"), strings.Join(wantLines[min(i, len(wantLines)):min(i+8, len(wantLines))], "\n"))
			return
		}
	}
}

// describe writes facts for a person, a paragraph each. It shows the whole of
// ids that people choose, the ends of those that embed a phone number, the
// beginning of texts and the initial of people's names.
func describe(facts []webhook.Fact) string {
	var b strings.Builder
	for _, f := range facts {
		line(&b, string(f.Kind), f.Event)
		line(&b, "  channel", f.PhoneNumberID, field("account", f.AccountID))
		line(&b, "  id", short(f.ProviderID), string(f.Direction), string(f.Origin), stamp(f.Time))
		line(&b, "  peer", field("wa", f.Peer.WaID), field("user", f.Peer.UserID), field("parent", f.Peer.ParentUserID),
			field("username", f.Peer.Username), field("name", initial(f.Peer.Name)))
		describeParts(&b, f)
		line(&b, "  problem", f.Problem)
		line(&b, "  raw", fmt.Sprintf("%.16s… (%d bytes)", strings.Join(strings.Fields(string(f.Raw)), " "), len(f.Raw)))
	}
	return b.String()
}

func describeParts(b *strings.Builder, f webhook.Fact) {
	if m := f.Message; m != nil {
		describeContent(b, m.Content)
		line(b, "  message", field("reply to", short(m.ReplyTo)), flagged("forwarded", m.Forwarded), field("group", m.GroupID),
			field("status", string(m.Status)), field("error", errorText(m.Error)), field("ours", m.Opaque))
		if r := m.Referral; r != nil {
			line(b, "  referral", r.Kind, field("ad", r.AdID), field("url", r.URL), field("title", r.Title), field("click", r.ClickID))
		}
	}
	if s := f.Status; s != nil {
		line(b, "  status", field("status", string(s.Status)), field("word", s.Word), field("error", errorText(s.Error)), field("ours", s.Opaque), field("group", s.GroupID))
		if p := s.Pricing; p != nil {
			line(b, "  price", flagged("billable", p.Billable), field("model", p.Model), field("type", p.Type), field("category", p.Category))
		}
	}
	if a := f.Amendment; a != nil {
		line(b, "  amends", short(a.Target), flagged("taken back", a.Content == nil))
		describeContent(b, a.Content)
	}
	if p := f.Preference; p != nil {
		line(b, "  preference", flagged("stop", p.Stop), flagged("resume", !p.Stop), field("detail", clip(p.Detail)))
	}
	if i := f.Identity; i != nil {
		line(b, "  identity", field("old wa", i.OldWaID), field("new wa", i.NewWaID), field("old user", i.OldUserID), field("new user", i.NewUserID))
	}
	if c := f.Contact; c != nil {
		line(b, "  contact", field("name", initial(c.Name)), flagged("removed", c.Removed))
	}
	if t := f.Template; t != nil {
		line(b, "  template", field("id", t.ProviderID), field("name", t.Name), field("language", t.Language), field("status", t.Status), field("category", t.Category), field("reason", t.Reason))
	}
	if c := f.Call; c != nil {
		line(b, "  call", field("event", c.Event), field("status", c.Status))
	}
}

// describeContent writes the content's own JSON with its texts clipped, so that
// no field can be forgotten here.
func describeContent(b *strings.Builder, content crm.Content) {
	if content == nil {
		return
	}
	encoded, err := crm.EncodeContent(content)
	if err != nil {
		line(b, "  content", "cannot be encoded: "+err.Error())
		return
	}
	var fields map[string]any
	if err := json.Unmarshal(encoded, &fields); err != nil {
		line(b, "  content", err.Error())
		return
	}
	for key, value := range fields {
		switch v := value.(type) {
		case string:
			fields[key] = clip(v)
			if key == "message_id" {
				fields[key] = short(v)
			} else if content.Kind() == crm.KindSystem && key == "body" {
				fields[key] = initial(v) // a sentence with somebody's name
			}
		case []any, map[string]any:
			for i, name := range listOf(v, key == "names") {
				v.([]any)[i] = initial(name)
			}
			if key != "items" && key != "names" && key != "error" {
				whole, _ := json.Marshal(v)
				fields[key] = fmt.Sprintf("%d bytes", len(whole))
			}
		}
	}
	shown, _ := json.Marshal(fields)
	line(b, "  "+string(content.Kind()), string(shown))
}

// listOf returns a list's texts if it is wanted.
func listOf(value any, wanted bool) (texts []string) {
	list, _ := value.([]any)
	for _, text := range list {
		if wanted {
			texts = append(texts, text.(string))
		}
	}
	return texts
}

// line writes a label and what of the parts is not empty; nothing if all are.
func line(b *strings.Builder, label string, parts ...string) {
	text := strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
	if text != "" || !strings.HasPrefix(label, " ") {
		fmt.Fprintln(b, strings.TrimRight(label+" "+text, " "))
	}
}

func field(label, value string) string {
	if value == "" {
		return ""
	}
	return label + "=" + value
}

func flagged(label string, set bool) string {
	if set {
		return label
	}
	return ""
}

func errorText(e *crm.ProviderError) string {
	if e == nil {
		return ""
	}
	return clip(e.Error())
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2006-01-02T15:04:05.999Z07:00")
}

// initial shows the first letter of a name and how long it is.
func initial(name string) string {
	if name == "" {
		return ""
	}
	runes := []rune(name)
	return fmt.Sprintf("%c…(%d)", runes[0], len(runes))
}

// short shows the ends of a long id.
func short(id string) string {
	if len(id) <= 24 {
		return id
	}
	return fmt.Sprintf("%s…%s(%d)", id[:6], id[len(id)-10:], len(id))
}

// clip shows the beginning of a long text.
func clip(text string) string {
	runes := []rune(text)
	if !utf8.ValidString(text) {
		return "NOT UTF-8"
	}
	if len(runes) <= 36 {
		return text
	}
	return fmt.Sprintf("%s…(%d)", string(runes[:30]), len(runes))
}
