package simulator_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/host/simulator"
)

// recorded is a request of the published client, and what a logger replied.
type recorded struct {
	Call, Method, Path string
	Query              map[string]string
	Headers            map[string]string
	Body               json.RawMessage
	RepliedWith        struct {
		Status int
		Body   json.RawMessage
	}
}

// standIns are the calls to which the logger replied with something that the
// API does not answer: "data" to everything it did not know. They are held
// against the keys that are documented instead.
var standIns = map[string][]string{
	"markRead":                         {"success"},
	"markRead+typing":                  {"success"},
	"templates.get":                    {"id", "name", "language", "status"},
	"messages.get":                     {"id", "type", "timestamp", "kapso"},
	"conversations.get":                {"id", "status", "phone_number_id"},
	"contacts.get":                     {"wa_id", "profile_name"},
	"phoneNumbers.settings.get":        {"id"},
	"phoneNumbers.businessProfile.get": {"data"},
}

// TestPublishedClient replays every request the published client makes.
func TestPublishedClient(t *testing.T) {
	t.Parallel()
	requests := readRecorded(t)
	recipient, _ := answer{body: requests[0].Body}.field("to").(string)
	w := newWorld(t, knowsWhatTheClientNames(recipient))
	for _, p := range providers {
		w.says(p, simulator.Inbound{Chat: simulator.Chat{Customer: recipient}})
		w.says(p, simulator.Inbound{Chat: simulator.Chat{Customer: recipient}, ID: "wamid.HBgN/AB+C=="})
	}
	blobs := map[string]string{}
	for i, r := range requests {
		provider, call, _ := strings.Cut(r.Call, ":")
		p := crm.Provider(provider)
		if p != crm.Kapso && p != crm.Meta {
			continue // error:... and validation:..., tested by themselves
		}
		if call == "media.get" || call == "media.download" && r.Path != "/blob/1" {
			w.AddMedia(simulator.Media{ID: "1037543291543636", MIME: "image/jpeg", Data: []byte("12345")})
		}
		got := w.must(r.Method, address(r, blobs[provider]), r.Headers, bodyOf(r))
		if got.status != 200 {
			t.Errorf("%d %s: %s %s = %d %s, want 200", i, r.Call, r.Method, r.Path, got.status, got.body)
			continue
		}
		if link, ok := got.field("download_url").(string); ok {
			blobs[provider] = strings.TrimPrefix(link, w.url)
		} else if link, ok := got.field("url").(string); ok {
			blobs[provider] = strings.TrimPrefix(link, w.url)
		}
		for _, problem := range shapeProblems(r, call, p, got) {
			t.Errorf("%d %s: %s", i, r.Call, problem)
		}
	}
}

// knowsWhatTheClientNames gives the simulator what the invented ids stand for.
func knowsWhatTheClientNames(recipient string) func(*simulator.Options) {
	return func(o *simulator.Options) {
		o.Customers = []simulator.Customer{{Phone: recipient, UserID: "US.13491208655302741918", Conversation: "3c90c3cc-0d44-4b50-8888-8dd25736052a"}}
		for i := range o.Numbers {
			o.Numbers[i].OpenMedia = true // the client keeps the token from hosts that are not Meta's
			o.Numbers[i].Templates = append(simulator.SampleTemplates(), simulator.Template{ID: "99", Name: "known", Language: "id", Status: "APPROVED"})
		}
	}
}

func readRecorded(t *testing.T) []recorded {
	t.Helper()
	raw, err := os.ReadFile(crmtest.Shared(t, "fixtures", "kapso-client-requests.json"))
	if err != nil {
		t.Fatal(err)
	}
	var all struct{ Requests []recorded }
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	if len(all.Requests) < 90 {
		t.Fatalf("there are %d recorded requests, want 90 and more", len(all.Requests))
	}
	return all.Requests
}

// address is where a recorded request goes: the logger's one blob is the file
// that the request before asked for.
func address(r recorded, blob string) string {
	if r.Path == "/blob/1" {
		return blob
	}
	query := url.Values{}
	for name, value := range r.Query {
		query.Set(name, value)
	}
	if len(query) == 0 {
		return r.Path
	}
	return r.Path + "?" + query.Encode()
}

// bodyOf is a recorded body; that of an upload is kept as a string, and its
// boundary has to be read from it.
func bodyOf(r recorded) any {
	var text string
	if json.Unmarshal(r.Body, &text) == nil && text != "" {
		boundary, _, _ := strings.Cut(text, "\r\n")
		r.Headers["content-type"] = "multipart/form-data; boundary=" + strings.TrimPrefix(boundary, "--")
		return text
	}
	if string(r.Body) == "null" || len(r.Body) == 0 {
		return nil
	}
	return string(r.Body)
}

// shapeProblems compares an answer with what was replied: the same keys with
// the same types.
func shapeProblems(r recorded, call string, p crm.Provider, got answer) []string {
	if strings.HasPrefix(string(r.RepliedWith.Body), `"<`) {
		if string(got.body) != "12345" {
			return []string{fmt.Sprintf("the file is %q", got.body)}
		}
		return nil
	}
	var have, want any
	if err := json.Unmarshal(got.body, &have); err != nil {
		return []string{err.Error()}
	}
	if keys, ok := standIns[call]; ok {
		return missingKeys(have, keys)
	}
	if err := json.Unmarshal(r.RepliedWith.Body, &want); err != nil {
		return []string{err.Error()}
	}
	if m, ok := want.(map[string]any); ok && p == crm.Meta {
		delete(m, "download_url") // Kapso's alone; the logger gave it to both
	}
	return compare("", have, want)
}

func missingKeys(have any, keys []string) []string {
	m, _ := have.(map[string]any)
	var problems []string
	for _, key := range keys {
		if m[key] == nil {
			problems = append(problems, fmt.Sprintf("%s is missing in %v", key, have))
		}
	}
	return problems
}

// compare lists where have lacks a key of want or has another type. A null in
// want may be anything, an empty list holds anything.
func compare(at string, have, want any) []string {
	switch w := want.(type) {
	case nil:
		return nil
	case map[string]any:
		h, ok := have.(map[string]any)
		if !ok {
			return []string{fmt.Sprintf("%s is %T, want an object", at, have)}
		}
		var problems []string
		for key, part := range w {
			if _, there := h[key]; !there {
				problems = append(problems, at+"/"+key+" is missing")
				continue
			}
			problems = append(problems, compare(at+"/"+key, h[key], part)...)
		}
		return problems
	case []any:
		h, ok := have.([]any)
		if !ok || len(w) > 0 && len(h) == 0 {
			return []string{fmt.Sprintf("%s is %v, want a list", at, have)}
		}
		if len(w) == 0 {
			return nil
		}
		return compare(at+"[0]", h[0], w[0])
	}
	if fmt.Sprintf("%T", have) != fmt.Sprintf("%T", want) {
		return []string{fmt.Sprintf("%s is %T, want %T", at, have, want)}
	}
	return nil
}

// TestRecordedErrors provokes every error the fixture holds by a fault, and
// compares status, code and shape.
func TestRecordedErrors(t *testing.T) {
	t.Parallel()
	faults := map[string]simulator.Fault{
		"error:130429 graph":         {Kind: simulator.FaultError, Code: 130429, Text: "Cloud API message throughput has been reached."},
		"error:131047 kapso 422":     {}, // the closed window itself
		"error:kapso 409 in-flight":  {Kind: simulator.FaultInFlight},
		"error:kapso 429 plan limit": {Kind: simulator.FaultLimit},
		"error:kapso 402 credits":    {Kind: simulator.FaultCredits},
		"error:kapso 403 sandbox":    {Kind: simulator.FaultSandbox},
		"error:190 token":            {Kind: simulator.FaultError, Code: 190},
		"error:502 html":             {Kind: simulator.FaultHTML},
	}
	w := newWorld(t)
	seen := 0
	for _, r := range readRecorded(t) {
		if !strings.HasPrefix(r.Call, "error:") {
			continue
		}
		seen++
		fault, known := faults[r.Call]
		if !known {
			t.Errorf("%s has no fault", r.Call)
			continue
		}
		w.ClearFaults()
		if fault.Kind != "" {
			w.fault(fault)
		}
		got := w.must(r.Method, r.Path, r.Headers, bodyOf(r))
		if got.status != r.RepliedWith.Status {
			t.Errorf("%s = %d %s, want %d", r.Call, got.status, got.body, r.RepliedWith.Status)
		}
		var want any
		if json.Unmarshal(r.RepliedWith.Body, &want) != nil {
			t.Fatalf("%s: no reply recorded", r.Call)
		}
		if page, isText := want.(string); isText {
			if json.Valid(got.body) {
				t.Errorf("%s answered JSON, want a page such as %s", r.Call, page)
			}
			continue
		}
		for _, problem := range compare("", parsed(t, got.body), want) {
			t.Errorf("%s: %s", r.Call, problem)
		}
		for _, path := range [][]any{{"error", "code"}, {"code"}, {"message"}} {
			if code := (answer{body: r.RepliedWith.Body}).field(path...); code != nil && got.field(path...) != code {
				t.Errorf("%s: %v = %v, want %v", r.Call, path, got.field(path...), code)
			}
		}
	}
	if seen != len(faults) {
		t.Errorf("the fixture holds %d errors, the test knows %d", seen, len(faults))
	}
}

func parsed(t *testing.T, raw []byte) any {
	t.Helper()
	var v any
	if err := json.Unmarshal(raw, &v); err != nil {
		t.Fatalf("%q is not JSON: %v", raw, err)
	}
	return v
}
