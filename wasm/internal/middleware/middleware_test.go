package middleware_test

import (
	"encoding/base64"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/wasm/internal/middleware"
)

const configuration = `{"version":1,
	"sources":[{"name":"app","provider":"meta","verify_tokens":["token"],"secrets":["secret"]}],
	"cells":[{"name":"a","url":"http://a.example.com"},{"name":"b","url":"http://b.example.com"}]}`

var now = time.Date(2026, 11, 28, 0, 0, 0, 0, time.UTC)

func TestAddress(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		path     string
		provider edge.Provider
		source   string
	}{
		{"/api/webhook/meta", edge.Meta, ""},
		{"/api/webhook/kapso/jakarta", edge.Kapso, "jakarta"},
		{"/api/webhook/kapso/jakarta/", edge.Kapso, "jakarta"},
		{"/below/api/webhook/kapso", edge.Kapso, ""},
		{"/kapso/jakarta", edge.Kapso, "jakarta"}, // what a server leaves of it
		{"/api/webhook/kapso/jakarta/more", edge.Kapso, "jakarta/more"},
		{"/api/webhook/", 0, ""},
		{"/api/contacts", 0, "contacts"},
		{"", 0, ""},
	} {
		provider, source := middleware.Address(test.path)
		if provider != test.provider || string(source) != test.source {
			t.Errorf("Address(%q) = %v, %q, want %v, %q", test.path, provider, source, test.provider, test.source)
		}
	}
}

func TestHeader(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		values []string
		value  string
		count  uint8
	}{
		{nil, "", 0},
		{[]string{""}, "", 1},
		{[]string{"sha256=aa"}, "sha256=aa", 1},
		{[]string{" sha256=aa\t"}, "sha256=aa", 1},
		{[]string{"sha256=aa", "sha256=bb"}, "sha256=aa", 2},
		{[]string{"sha256=aa, sha256=bb,sha256=cc"}, "sha256=aa", 2},
	} {
		got := middleware.Header(test.values...)
		if string(got.Value) != test.value || got.Count != test.count {
			t.Errorf("Header(%q) = %q, %d times, want %q, %d times", test.values, got.Value, got.Count, test.value, test.count)
		}
	}
}

func TestRefusedConfiguration(t *testing.T) {
	t.Parallel()
	door, err := middleware.New([]byte("{}"))
	if err == nil {
		t.Fatal("New({}) has no error")
	}
	if got := door.Decide(&edge.Request{Provider: edge.Meta, Method: edge.Post}, now); got.Forward || got.Status != 503 {
		t.Errorf("Decide = %+v, want 503", got)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	door := open(t)
	got := door.Decide(&edge.Request{
		Provider: edge.Meta, Method: edge.Get, Query: []byte("hub.mode=subscribe&hub.verify_token=token&hub.challenge=42"),
	}, now)
	if got.Forward || got.Status != 200 || string(got.Body) != "42" || got.Headers != [3]middleware.Field{} {
		t.Errorf("a handshake gives %+v, want 200 with 42", got)
	}
}

func TestForwards(t *testing.T) {
	t.Parallel()
	got := open(t).Decide(signed(`{"object":"whatsapp_business_account","entry":[{"id":"9","changes":[{"field":"account_update","value":{}}]}]}`), now)
	if !got.Forward || got.Status != 200 {
		t.Fatalf("the answer is %+v, want to forward", got)
	}
	frame, err := base64.StdEncoding.DecodeString(valueOf(got, middleware.DecisionHeader))
	var d edge.Decision
	if err != nil || !d.Read(frame) || d.Reason != edge.Routed {
		t.Errorf("the decision's header is %q, want the frame", valueOf(got, middleware.DecisionHeader))
	}
	if cells, verdict := valueOf(got, middleware.CellsHeader), valueOf(got, middleware.VerdictHeader); cells != "a b" || verdict != "forward" {
		t.Errorf("the headers are %q and %q, want both cells and forward", cells, verdict)
	}
}

// TestLongDecision shows that a frame which is too long for a header is left out,
// and its header is taken away if the client sent one.
func TestLongDecision(t *testing.T) {
	t.Parallel()
	var changes []string
	for i := range 100 {
		changes = append(changes, `{"field":"account_update","value":{"phone_number":"`+strconv.Itoa(i)+`"}}`)
	}
	got := open(t).Decide(signed(`{"object":"whatsapp_business_account","entry":[{"id":"9","changes":[`+strings.Join(changes, ",")+`]}]}`), now)
	if got.Headers[2] != (middleware.Field{Name: middleware.DecisionHeader}) || valueOf(got, middleware.CellsHeader) != "a b" {
		t.Errorf("the headers are %+v, want the cells and an empty decision", got.Headers)
	}
}

func open(t *testing.T) *middleware.Door {
	t.Helper()
	door, err := middleware.New([]byte(configuration))
	if err != nil {
		t.Fatal(err)
	}
	return door
}

// signed returns a request whose MAC the caller has computed, so the header is
// what is compared with it.
func signed(body string) *edge.Request {
	sum := [32]byte{0xab}
	header := "sha256=ab" + strings.Repeat("00", 31)
	return &edge.Request{
		Provider: edge.Meta, Method: edge.Post, Body: []byte(body), MACs: [][32]byte{sum},
		Hub: edge.Header{Value: []byte(header), Count: 1},
	}
}

func valueOf(a middleware.Answer, name string) string {
	for _, field := range a.Headers {
		if field.Name == name {
			return field.Value
		}
	}
	return ""
}
