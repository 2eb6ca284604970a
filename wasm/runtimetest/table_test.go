package runtimetest_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/edge"
)

// The secrets of the tests' configuration.
const (
	metaSecret  = "meta-secret-of-the-tests"
	pastSecret  = "meta-secret-until-2026"
	kapsoSecret = "kapso-secret-of-jakarta"
	otherSecret = "kapso-secret-of-bandung"
	metaToken   = "meta token/of+the&tests"
)

// cellSecrets are what each cell's envelopes are signed with.
var cellSecrets = map[string][]string{
	"a": {"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwd"},
	"b": {"whsec_ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8="},
	"c": {"whsec_QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8="},
}

// document returns the configuration of the tests, whose cells answer below an
// address.
func document(address string) []byte {
	type object = map[string]any
	var cells []object
	for _, name := range []string{"a", "b", "c"} {
		cells = append(cells, object{"name": name, "url": address + "/" + name, "secrets": cellSecrets[name]})
	}
	cells[2]["weight"] = 0
	document, err := json.Marshal(object{
		"version": 1, "epoch": 77,
		"sources": []object{
			{"name": "app", "provider": "meta", "verify_tokens": []string{metaToken}, "secrets": []any{
				metaSecret, object{"secret": pastSecret, "not_after": "2026-01-01T00:00:00Z"},
			}},
			{"name": "jakarta", "provider": "kapso", "secrets": []string{kapsoSecret}, "numbers": []string{"555000000000004"}},
			{"name": "bandung", "provider": "kapso", "secrets": []string{otherSecret}},
		},
		"cells":    cells,
		"routes":   object{"555000000000001": "a", "555000000000002": "b", "555000000000003": "b", "555000000000004": "a"},
		"accounts": object{"900000000000001": []string{"a", "c"}},
		"journal":  "c",
		"drop":     []string{"call"},
		"limits":   object{"body": 200_000, "events": 64},
	})
	if err != nil {
		panic(err) // texts and numbers can be written
	}
	return document
}

// row is a request of the decision table.
type row struct {
	name    string
	want    edge.Reason
	request edge.Request
	now     int64 // milliseconds; 0: the row is good at any time, and goes over HTTP too
}

// frame returns the row's frame at a time.
func (r *row) frame(now int64) []byte {
	if r.now != 0 {
		now = r.now
	}
	return edge.AppendRequest(nil, &r.request, now)
}

// table returns the decision table: every reason, both providers, and what is
// surprising about bodies. A row whose reason is 0 may have any.
func table(tb testing.TB) []row {
	tb.Helper()
	return slices.Concat(doorRows(), signatureRows(), bodyRows(), fixtureRows(tb))
}

// get is a handshake.
func get(name string, want edge.Reason, query string) row {
	return row{name: name, want: want, request: edge.Request{Provider: edge.Meta, Method: edge.Get, Query: []byte(query)}}
}

// signed is a POST that is signed as its provider does.
func signed(name string, want edge.Reason, provider edge.Provider, secret, event, body string) row {
	r := row{name: name, want: want, request: edge.Request{
		Provider: provider, Method: edge.Post, Event: []byte(event), Body: []byte(body),
	}}
	header := edge.Header{Value: []byte(sum(secret, body)), Count: 1}
	if provider == edge.Kapso {
		r.request.Signature = header
	} else {
		header.Value = append([]byte("sha256="), header.Value...)
		r.request.Hub = header
	}
	return r
}

func sum(secret, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(body))
	return hex.EncodeToString(mac.Sum(nil))
}

// with returns the row with its request changed.
func (r row) with(change func(*edge.Request)) row {
	change(&r.request)
	return r
}

// doorRows are decided without looking at a signature.
func doorRows() []row {
	const subscribe = "hub.mode=subscribe&hub.verify_token=meta+token%2Fof%2Bthe%26tests"
	empty := edge.Request{Provider: edge.Meta, Method: edge.Post}
	return []row{
		get("handshake", edge.HandshakeDone, subscribe+"&hub.challenge=1158201444"),
		get("handshake with an escaped challenge", edge.HandshakeDone, subscribe+"&hub.challenge=%3Cb%3E%E2%9C%93+1"),
		get("handshake without a challenge", edge.HandshakeDone, subscribe),
		get("handshake with the wrong token", edge.HandshakeToken, "hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=1"),
		get("handshake without a token", edge.HandshakeToken, "hub.mode=subscribe&hub.challenge=1"),
		get("handshake of another mode", edge.HandshakeMode, "hub.mode=unsubscribe&hub.verify_token=meta+token%2Fof%2Bthe%26tests"),
		get("handshake with a broken escape", edge.HandshakeMode, "hub.mode=subscribe%zz"),
		get("handshake with no query", edge.HandshakeMode, ""),
		get("handshake with a long challenge", edge.HandshakeChallenge, subscribe+"&hub.challenge="+strings.Repeat("1", 1025)),
		get("handshake with a query that is too long", edge.HeaderTooLong, subscribe+"&x="+strings.Repeat("y", edge.MaxHeader)),
		get("handshake of one source", edge.HandshakeDone, subscribe+"&hub.challenge=2").with(func(r *edge.Request) { r.Source = []byte("app") }),
		get("handshake of a Kapso webhook, which has none", edge.HandshakeToken, subscribe).with(func(r *edge.Request) { r.Provider = edge.Kapso }),
		{name: "another method", want: edge.BadMethod, request: edge.Request{Provider: edge.Meta}},
		{name: "no provider", want: edge.UnknownSource, request: edge.Request{Method: edge.Post}},
		{name: "an unknown source", want: edge.UnknownSource, request: edge.Request{Provider: edge.Kapso, Method: edge.Post, Source: []byte("nobody")}},
		{name: "a source of the other provider", want: edge.UnknownSource, request: edge.Request{Provider: edge.Meta, Method: edge.Post, Source: []byte("jakarta")}},
		{name: "a long signature", want: edge.HeaderTooLong, request: edge.Request{
			Provider: edge.Meta, Method: edge.Post, Hub: edge.Header{Value: []byte("sha256=" + strings.Repeat("a", edge.MaxHeader)), Count: 1},
		}},
		{name: "a long event", want: edge.HeaderTooLong, request: edge.Request{
			Provider: edge.Kapso, Method: edge.Post, Event: []byte(strings.Repeat("e", edge.MaxHeader+1)),
		}},
		row{name: "a body that is too large", want: edge.BodyTooLarge, request: empty}.with(func(r *edge.Request) { r.Body = make([]byte, 200_001) }),
		row{name: "a body that is much too large", want: edge.BodyTooLarge, request: empty}.with(func(r *edge.Request) { r.Body = make([]byte, edge.MaxBody+1) }),
	}
}

// signatureRows are about who signed.
func signatureRows() []row {
	body := meta(entry("900000000000001", message("555000000000001", "wamid.S", "6281100000001", "sign")))
	good := signed("Meta's signature", edge.Routed, edge.Meta, metaSecret, "", body)
	kapso := signed("Kapso's signature", edge.Routed, edge.Kapso, otherSecret, "whatsapp.message.received", kapsoMessage("555000000000002", "wamid.K", "6281100000002"))
	value := func(r row, name string, want edge.Reason, change func(string) string) row {
		r.name, r.want = name, want
		for _, header := range []*edge.Header{&r.request.Hub, &r.request.Signature} {
			if header.Count > 0 {
				header.Value = []byte(change(string(header.Value)))
			}
		}
		return r
	}
	past := signed("an old secret in its time", edge.Routed, edge.Meta, pastSecret, "", body)
	past.now = time.Date(2025, 12, 31, 23, 59, 59, 0, time.UTC).UnixMilli()
	expired := signed("an old secret after its time", edge.SignatureWrong, edge.Meta, pastSecret, "", body)
	expired.now = past.now + 1000
	return []row{
		good, kapso, past, expired,
		signed("a forged request", edge.SignatureWrong, edge.Meta, "forged", "", body),
		signed("another source's secret", edge.SignatureWrong, edge.Kapso, otherSecret, "", "{}").with(func(r *edge.Request) { r.Source = []byte("jakarta") }),
		signed("a source's own secret", edge.Routed, edge.Kapso, kapsoSecret, "whatsapp.message.received", kapsoMessage("555000000000004", "wamid.J", "6281100000003")).
			with(func(r *edge.Request) { r.Source = []byte("jakarta") }),
		signed("Meta's header at Kapso's address", edge.Routed, edge.Meta, otherSecret, "", body).with(func(r *edge.Request) {
			r.Provider = edge.Kapso
			r.Body = []byte(meta(entry("1", message("555000000000003", "wamid.H", "6281100000004", "hub"))))
			r.Hub.Value = []byte("sha256=" + sum(otherSecret, string(r.Body)))
		}),
		good.with(func(r *edge.Request) { r.Body = append(slices.Clone(r.Body), ' ') }).named("a body with a byte more", edge.SignatureWrong),
		good.with(func(r *edge.Request) { r.Hub = edge.Header{} }).named("no signature", edge.SignatureMissing),
		kapso.with(func(r *edge.Request) { r.Signature = edge.Header{} }).named("no signature of Kapso", edge.SignatureMissing),
		good.with(func(r *edge.Request) { r.Hub.Count = 2 }).named("the signature twice", edge.SignatureRepeated),
		kapso.with(func(r *edge.Request) { r.Signature.Count = 2 }).named("Kapso's signature twice", edge.SignatureRepeated),
		value(good, "a signature in capitals", edge.SignatureMalformed, func(s string) string { return "sha256=" + strings.ToUpper(s[7:]) }),
		value(good, "a signature without its prefix", edge.SignatureMalformed, func(s string) string { return s[7:] }),
		value(good, "half a signature", edge.SignatureMalformed, func(s string) string { return s[:39] }),
		value(good, "a signature that is not hexadecimal", edge.SignatureMalformed, func(s string) string { return s[:70] + "g" }),
		value(kapso, "Kapso's signature with Meta's prefix", edge.SignatureMalformed, func(s string) string { return "sha256=" + s }),
		value(good, "an empty signature", edge.SignatureMalformed, func(string) string { return "" }),
	}
}

func (r row) named(name string, want edge.Reason) row {
	r.name, r.want = name, want
	return r
}

// bodyRows are signed, so their bodies decide.
func bodyRows() []row {
	m := func(name string, want edge.Reason, body string) row {
		return signed(name, want, edge.Meta, metaSecret, "", body)
	}
	k := func(name string, want edge.Reason, event, body string) row {
		return signed(name, want, edge.Kapso, otherSecret, event, body)
	}
	one := message("555000000000001", "wamid.1", "6281100000001", "one")
	two := message("555000000000002", "wamid.2", "6281100000002", "two")
	far := message("777000000000009", "wamid.9", "6281100000009", "by its hash")
	var many []string
	for i := range 65 {
		many = append(many, message("555000000000001", fmt.Sprintf("wamid.%d", i), "6281100000001", "many"))
	}
	batch := fmt.Sprintf(`{"batch":true,"data":[%s,%s]}`, kapsoMessage("555000000000002", "wamid.B1", "6281100000001"), kapsoMessage("777000000000010", "wamid.B2", "6281100000002"))
	return []row{
		m("split over two cells", edge.Routed, meta(entry("1", one, two))),
		m("split over entries", edge.Routed, meta(entry("1", one), entry("2", two), entry("3", far))),
		m("the same number in two entries", edge.Routed, meta(entry("1", one), entry("2", message("555000000000001", "wamid.3", "6281100000003", "again")))),
		m("64 events", edge.Routed, meta(entry("1", many[:64]...))),
		m("too many events", edge.TooManyEvents, meta(entry("1", many...))),
		m("a kind that nobody wants", edge.NothingWanted, meta(entry("1", change("calls", `{"metadata":{"phone_number_id":"555000000000001"},"calls":[{"id":"wacid.1","from":"6281100000001","timestamp":"1764547200"}]}`)))),
		m("a kind that nobody wants beside a message", edge.Routed, meta(entry("1", change("calls", `{"metadata":{"phone_number_id":"555000000000002"},"calls":[{"id":"wacid.2","from":"6281100000001","timestamp":"1764547200"}]}`), one))),
		m("news of an account with cells", edge.Routed, meta(entry("900000000000001", change("account_update", `{"event":"VERIFIED_ACCOUNT"}`)))),
		m("news of another account, for all", edge.Routed, meta(entry("900000000000009", change("message_template_status_update", `{"event":"APPROVED","message_template_id":1,"message_template_name":"hi","message_template_language":"id"}`)))),
		m("about nobody", edge.Routed, `{"object":"whatsapp_business_account","entry":[]}`),
		m("another product", edge.Routed, `{"object":"page","entry":[{"id":"1"}]}`),
		m("statuses", edge.Routed, meta(entry("1", change("messages", `{"metadata":{"phone_number_id":"555000000000001"},"statuses":[{"id":"wamid.1","status":"read","timestamp":"1764547201","recipient_id":"6281100000001"}]}`)))),
		m("a peer with a user id alone", edge.Routed, meta(entry("1", change("messages", `{"metadata":{"phone_number_id":"555000000000001"},"contacts":[{"user_id":"ID.1234567890abcdef"}],"messages":[{"id":"wamid.U","from_user_id":"ID.1234567890abcdef","timestamp":"1764547200","type":"text","text":{"body":"hi"}}]}`)))),
		m("escaped ids", edge.Routed, meta(entry("1", message(`555\u003000000000001`, `wamid.\u0041\/\"\\`, `\u00362811`, "escaped")))),
		m("ids with what JSON and HTML escape", edge.Routed, meta(entry("1", message(`5<5>5&\u2028\u2029\ud83d\ude00\b\f\n\u0001`, "wamid.E", "6281100000001", "escaped")))),
		m("an id that begins with a byte order mark", edge.Routed, meta(entry("1", message("\ufeff555", "\ufeffwamid.M", "6281100000001", "mark")))),
		m("an id with half a surrogate pair", edge.Routed, meta(entry("1", message(`555\ud83d`, `wamid.\ude00`, "6281100000001", "half")))),
		m("an id that is no text", edge.Routed, strings.Replace(meta(entry("1", one)), `"wamid.1"`, `12345`, 1)),
		m("members in another order and twice", edge.Routed, `{"entry":[{"changes":[{"value":{"messages":[{"from":"1","id":"x","id":"y","type":"text"}],"metadata":{"phone_number_id":"555000000000001","phone_number_id":"555000000000002"}},"field":"messages"}],"id":"1"}],"object":"whatsapp_business_account"}`),
		m("white space", edge.Routed, " \t\r\n"+strings.ReplaceAll(meta(entry("1", one)), ",", " ,\n ")+"\n"),
		m("no JSON", edge.NotJSON, `{"object":`),
		m("nothing", edge.NotJSON, ""),
		m("two documents", edge.NotJSON, "{}{}"),
		m("not UTF-8", edge.NotUTF8, "{\"object\":\"\xff\"}"),
		m("deep", edge.TooDeep, strings.Repeat("[", 200)+strings.Repeat("]", 200)),
		m("a list", 0, "[]"),
		m("a number", 0, "1"),
		m("a large body", edge.Routed, meta(entry("1", message("555000000000001", "wamid.L", "6281100000001", strings.Repeat("x", 190_000))))),
		k("a batch", edge.Routed, "whatsapp.message.received", batch),
		k("a number of another source", edge.NothingWanted, "whatsapp.message.received", kapsoMessage("555000000000004", "wamid.F", "6281100000001")),
		k("one's own number beside another's", edge.Routed, "whatsapp.message.received", fmt.Sprintf(`{"batch":true,"data":[%s,%s]}`, kapsoMessage("555000000000004", "wamid.F1", "6281100000001"), kapsoMessage("555000000000002", "wamid.F2", "6281100000002"))),
		k("without an event", 0, "", kapsoMessage("555000000000002", "wamid.N", "6281100000001")),
		k("an unknown event", edge.Routed, "whatsapp.something.new", `{"phone_number_id":"555000000000002"}`),
		k("a body in Meta's form", edge.Routed, "", meta(entry("1", two))),
		k("an event with what JSON escapes", edge.Routed, `whatsapp.<new> & "odd"`, `{"phone_number_id":"555000000000002"}`),
		k("no JSON of Kapso", edge.NotJSON, "whatsapp.message.received", "no"),
	}
}

func meta(entries ...string) string {
	return `{"object":"whatsapp_business_account","entry":[` + strings.Join(entries, ",") + `]}`
}

func entry(account string, changes ...string) string {
	return `{"id":"` + account + `","changes":[` + strings.Join(changes, ",") + `]}`
}

func change(field, value string) string { return `{"field":"` + field + `","value":` + value + `}` }

func message(number, id, from, text string) string {
	return change("messages", fmt.Sprintf(`{"messaging_product":"whatsapp","metadata":{"display_phone_number":"1","phone_number_id":"%s"},"messages":[{"from":"%s","id":"%s","timestamp":"1764547200","type":"text","text":{"body":"%s"}}]}`, number, from, id, text))
}

func kapsoMessage(number, id, from string) string {
	return fmt.Sprintf(`{"message":{"id":"%s","from":"%s","timestamp":"1764547200","type":"text","text":{"body":"halo"},"kapso":{"direction":"inbound"}},"conversation":{"phone_number":"%s"},"phone_number_id":"%s"}`, id, from, from, number)
}

// fixtureRows are public webhook bodies, signed with the tests' secrets.
func fixtureRows(tb testing.TB) []row {
	tb.Helper()
	files, err := filepath.Glob(filepath.Join(crmtest.Shared(tb, "fixtures", "webhooks"), "*.json"))
	if err != nil || len(files) < 100 {
		tb.Fatalf("found %d fixtures, %v; want more than 100", len(files), err)
	}
	rows := make([]row, len(files))
	for i, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			tb.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		if strings.HasPrefix(name, "kapso-") {
			rows[i] = signed(name, 0, edge.Kapso, otherSecret, kapsoEvent(name), string(body))
		} else {
			rows[i] = signed(name, 0, edge.Meta, metaSecret, "", string(body))
		}
	}
	return rows
}

// kapsoEvent returns the event that a fixture's name tells.
func kapsoEvent(name string) string {
	_, event, found := strings.Cut(name, "-whatsapp-")
	if !found {
		return "whatsapp.message.received"
	}
	return "whatsapp." + strings.ReplaceAll(event, "-", ".")
}

// open returns a door with the tests' configuration.
func open(tb testing.TB, document []byte) *edge.Door {
	tb.Helper()
	config, err := edge.Parse(document)
	if err != nil {
		tb.Fatal(err)
	}
	return edge.New(config)
}

// TestTable holds the table against the door in this process, and finds reasons
// that no row has. What a row is compared with elsewhere is this door.
func TestTable(t *testing.T) {
	t.Parallel()
	door := open(t, document("http://127.0.0.1:1"))
	seen := map[edge.Reason]bool{edge.BadFrame: true, edge.NotConfigured: true} // see TestDecisions
	for _, r := range table(t) {
		var got edge.Decision
		if !got.Read(door.Handle(r.frame(time.Now().UnixMilli()), nil)) {
			t.Fatalf("%s: the decision's frame cannot be read", r.name)
		}
		if r.want != 0 && got.Reason != r.want {
			t.Errorf("%s: the reason is %v, want %v", r.name, got.Reason, r.want)
		}
		seen[got.Reason] = true
		for _, target := range got.Targets {
			seen[target.How] = true
		}
		for _, event := range got.Events {
			seen[event.How] = true
		}
	}
	for reason := edge.Reason(1); reason <= edge.Foreign; reason++ {
		if reason.String() != "" && !seen[reason] {
			t.Errorf("no row has the reason %v", reason)
		}
	}
}
