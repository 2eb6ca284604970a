package edge_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/textproto"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/edgetest"
	"github.com/my21staff/my21staff/edge/mac"
)

// both decides a request natively and with the module, and returns what both
// say.
func (p *pair) both(t *testing.T, r *edge.Request, now int64) (d edge.Decision) {
	t.Helper()
	frame := edge.AppendRequest(nil, r, now)
	if why := p.handle(frame); why != "" {
		t.Fatalf("the module (%s) is not what the source says:\n%s", shipped.from, why)
	}
	if !d.Read(bytes.Clone(p.out)) {
		t.Fatalf("the decision of %x is no frame: %x", frame, p.out)
	}
	return d
}

// load reads a file of vectors.
func load(tb testing.TB, into any, elem ...string) {
	tb.Helper()
	contents, err := os.ReadFile(crmtest.Shared(tb, elem...))
	if err == nil {
		err = json.Unmarshal(contents, into)
	}
	if err != nil {
		tb.Fatal(err)
	}
}

// bodies returns the files of a pattern.
func bodies(tb testing.TB, least int, pattern string) map[string][]byte {
	tb.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) < least {
		tb.Fatalf("%s has %d files, %v; want %d", pattern, len(files), err, least)
	}
	all := map[string][]byte{}
	for _, file := range files {
		if all[filepath.Base(file)], err = os.ReadFile(file); err != nil {
			tb.Fatal(err)
		}
	}
	return all
}

// TestFixtures decides every fixture natively and with the module, by every
// configuration.
func TestFixtures(t *testing.T) {
	t.Parallel()
	p := newPair(t, openShipped(t))
	fixtures := bodies(t, 100, filepath.Join(crmtest.Shared(t, "fixtures", "webhooks"), "*.json"))
	for i, c := range p.configs {
		if why := p.swap(i); why != "" {
			t.Fatal(why)
		}
		for name, body := range fixtures {
			for _, event := range []string{"", "whatsapp.message.received", "whatsapp.message.sent", "whatsapp.message.failed"} {
				r := &edge.Request{Provider: edge.Meta, Method: edge.Post, Event: []byte(event), Body: body}
				if event != "" || i == 9 {
					r.Provider = edge.Kapso
				}
				c.Keys(r, edgetest.Now, func(source, key int) bool {
					edgetest.Sign(r, c.Sources[source].Secrets[key].Value)
					return false
				})
				d := p.both(t, r, edgetest.Now)
				if why := unsound(c, r, &d); why != "" || i == 0 && d.Reason != edge.Routed {
					t.Errorf("%s by configuration %d: %v; %s", name, i, d.Reason, why)
				}
			}
		}
	}
}

// TestJSONTestSuite decides what must be accepted, what must be refused and what
// may be either.
func TestJSONTestSuite(t *testing.T) {
	t.Parallel()
	p := newPair(t, openShipped(t))
	p.swap(0)
	documents := bodies(t, 318, filepath.Join(crmtest.Shared(t, "vectors", "JSONTestSuite", "test_parsing"), "*.json"))
	for name, document := range documents {
		for _, provider := range []edge.Provider{edge.Meta, edge.Kapso} {
			d := p.both(t, edgetest.Signed(provider, "", document), 0)
			taken := d.Reason == edge.Routed
			want := json.Valid(document) && utf8.Valid(document)
			if name[0] == 'y' && !taken || name[0] == 'n' && taken || taken != want && d.Reason != edge.TooDeep || d.Verdict != edge.Forward {
				t.Errorf("%s: %v %v; to encoding/json and utf8 it is valid: %v", name, d.Verdict, d.Reason, want)
			}
		}
	}
}

// TestWycheproof puts Google's keys, messages and tags through the package mac.
// The keys are not text, so none can stand in a document: through the whole
// edge, natively and as the module, go the keys' digits with the same messages,
// the tag made by the standard library, and cut where Google's is.
func TestWycheproof(t *testing.T) {
	t.Parallel()
	p := newPair(t, openShipped(t))
	var vectors struct {
		NumberOfTests int `json:"numberOfTests"`
		TestGroups    []struct {
			TagSize int `json:"tagSize"`
			Tests   []struct {
				ID            int    `json:"tcId"`
				Key, Msg, Tag string // hexadecimal
				Result        string
			}
		} `json:"testGroups"`
	}
	load(t, &vectors, "vectors", "wycheproof", "hmac_sha256_test.json")
	ran := 0
	for _, group := range vectors.TestGroups {
		for _, c := range group.Tests {
			ran++
			key, _ := hex.DecodeString(c.Key)
			message, _ := hex.DecodeString(c.Msg)
			tag, _ := hex.DecodeString(c.Tag)
			var sum [mac.Size]byte
			mac.NewKey(key).Sum(message, &sum)
			if got := bytes.Equal(sum[:group.TagSize/8], tag); got != (c.Result == "valid") {
				t.Errorf("case %d: the MAC is %x, the tag %s; want it %s", c.ID, sum, c.Tag, c.Result)
			}
			if why := p.configure([]byte(`{"version":1,"sources":[{"name":"app","provider":"meta","secrets":["` + c.Key + `"]}],"cells":[{"name":"a"}]}`)); why != "" {
				t.Fatal(why)
			}
			made := edgetest.MAC(c.Key, message)
			want, reason := edge.Forward, edge.NotJSON
			if c.Result != "valid" {
				made[len(message)%32] ^= 1
				want, reason = edge.Refuse, edge.SignatureWrong
			}
			if group.TagSize != 256 {
				want, reason = edge.Refuse, edge.SignatureMalformed
			}
			r := &edge.Request{Provider: edge.Meta, Method: edge.Post, Body: message}
			r.Hub = edge.Header{Value: []byte("sha256=" + hex.EncodeToString(made[:group.TagSize/8])), Count: 1}
			if d := p.both(t, r, 0); d.Verdict != want || d.Reason != reason && d.Reason != edge.NotUTF8 && d.Reason != edge.Routed {
				t.Errorf("case %d (%s, %d bits): %v %v, want %v %v", c.ID, c.Result, group.TagSize, d.Verdict, d.Reason, want, reason)
			}
		}
	}
	if ran != vectors.NumberOfTests || ran < 174 {
		t.Errorf("ran %d cases of %d", ran, vectors.NumberOfTests)
	}
}

// TestMACs holds the module's own SHA-256 against the standard library for
// bodies and keys of every length about the blocks.
func TestMACs(t *testing.T) {
	t.Parallel()
	p := newPair(t, openShipped(t))
	for _, length := range []int{1, 2, 31, 32, 54, 55, 56, 63, 64, 65, 119, 120, 127, 128, 129, 300} {
		secret := strings.Repeat("k", length)
		if why := p.configure([]byte(`{"version":1,"sources":[{"name":"k","provider":"kapso","secrets":["` + secret + `"]}],"cells":[{"name":"a"}]}`)); why != "" {
			t.Fatal(why)
		}
		for n := range 400 {
			r := &edge.Request{Provider: edge.Kapso, Method: edge.Post, Body: bytes.Repeat([]byte{' '}, n)}
			edgetest.Sign(r, secret)
			if d := p.both(t, r, 0); d.Verdict != edge.Forward || d.MAC != edgetest.MAC(secret, r.Body) {
				t.Fatalf("a body of %d bytes under a key of %d: %v %v", n, length, d.Verdict, d.Reason)
			}
		}
	}
}

func TestForgeries(t *testing.T) {
	t.Parallel()
	p := newPair(t, openShipped(t))
	var vectors struct {
		Secret string
		Cases  []struct {
			Name    string
			Headers [][2]string
			Body    string `json:"body_b64"`
			Valid   any
		}
	}
	load(t, &vectors, "vectors", "own", "webhook_signature_forgeries.json")
	// Two tenants, each with its secret and its number.
	if why := p.configure([]byte(`{"version":1,"sources":[
		{"name":"one","provider":"meta","secrets":["` + vectors.Secret + `"],"numbers":["100"]},
		{"name":"two","provider":"meta","secrets":["other_app_secret"],"numbers":["200"]}],
		"cells":[{"name":"a"},{"name":"b"}],"routes":{"100":"a","200":"b"}}`)); why != "" {
		t.Fatal(why)
	}
	tenants := 0
	for _, c := range vectors.Cases {
		r := &edge.Request{Provider: edge.Meta, Method: edge.Post, Source: []byte("one")}
		var err error
		if r.Body, err = base64.StdEncoding.DecodeString(c.Body); err != nil {
			t.Fatal(err)
		}
		for _, h := range c.Headers {
			if textproto.CanonicalMIMEHeaderKey(h[0]) != textproto.CanonicalMIMEHeaderKey(webhook.HubHeader) {
				continue
			}
			if r.Hub.Count++; r.Hub.Count == 1 {
				r.Hub.Value = []byte(h[1])
			}
		}
		d := p.both(t, r, edgetest.Now)
		valid, plain := c.Valid.(bool)
		if plain {
			if (d.Verdict == edge.Forward) != valid || !valid && unclean(&d) != "" || valid && d.Cells != 1 {
				t.Errorf("%s: %v %v, cells %b; want it valid: %v", c.Name, d.Verdict, d.Reason, d.Cells, c.Valid)
			}
			continue
		}
		tenants++
		if len(d.Targets) != 2 || string(d.Targets[0].ID) != "100" || d.Targets[0].Cells != 1 || string(d.Targets[1].ID) != "200" || d.Targets[1].How != edge.Foreign || d.Cells != 1 {
			t.Errorf("%s: %+v, cells %b; want number 100 to cell 0 and number 200 to nobody", c.Name, d.Targets, d.Cells)
		}
	}
	if len(vectors.Cases) < 25 || tenants != 1 {
		t.Errorf("ran %d cases, %d with two tenants; want 25 and 1", len(vectors.Cases), tenants)
	}
}
