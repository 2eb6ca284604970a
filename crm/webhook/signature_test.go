package webhook_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/textproto"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/webhook"
)

const secret = crm.Secret("own-secret-0123456789")

// signed returns a request as the provider sends it.
func signed(provider crm.Provider, secret crm.Secret, body []byte) webhook.Request {
	header, value := webhook.Sign(provider, secret, body)
	return request(provider, body, [2]string{header, value})
}

// request returns a request with headers, as a server would fill it in.
func request(provider crm.Provider, body []byte, headers ...[2]string) webhook.Request {
	r := webhook.Request{Provider: provider, Body: body}
	for _, h := range headers {
		switch textproto.CanonicalMIMEHeaderKey(h[0]) {
		case textproto.CanonicalMIMEHeaderKey(webhook.HubHeader):
			r.Hub = append(r.Hub, h[1])
		case textproto.CanonicalMIMEHeaderKey(webhook.KapsoHeader):
			r.Signature = append(r.Signature, h[1])
		}
	}
	return r
}

func TestVerify(t *testing.T) {
	t.Parallel()
	body := []byte(`{"a":1}`)
	_, hub := webhook.Sign(crm.Meta, secret, body)
	_, bare := webhook.Sign(crm.Kapso, secret, body)
	_, other := webhook.Sign(crm.Kapso, "another", body)
	_, empty := webhook.Sign(crm.Kapso, "", body)
	cases := []struct {
		name           string
		provider       crm.Provider
		hub, signature []string
		secrets        []crm.Secret
		want           int // -1: refused
	}{
		{"Meta", crm.Meta, []string{hub}, nil, []crm.Secret{secret}, 0},
		{"Kapso", crm.Kapso, nil, []string{bare}, []crm.Secret{secret}, 0},
		{"the second secret", crm.Meta, []string{hub}, nil, []crm.Secret{"new", secret}, 1},
		{"the first of two that fit", crm.Meta, []string{hub}, nil, []crm.Secret{secret, secret}, 0},
		{"after an empty secret", crm.Meta, []string{hub}, nil, []crm.Secret{"", secret}, 1},
		{"white space round it", crm.Meta, []string{" \t" + hub + "\t "}, nil, []crm.Secret{secret}, 0},
		{"Kapso with Meta's header", crm.Kapso, []string{hub}, nil, []crm.Secret{secret}, 0},
		{"Kapso with both, its own good", crm.Kapso, []string{"sha256=" + other}, []string{bare}, []crm.Secret{secret}, 0},
		{"Kapso with both, its own bad", crm.Kapso, []string{hub}, []string{other}, []crm.Secret{secret}, -1},
		{"Kapso with both, its own empty", crm.Kapso, []string{hub}, []string{""}, []crm.Secret{secret}, -1},
		{"Kapso with a prefix", crm.Kapso, nil, []string{hub}, []crm.Secret{secret}, -1},
		{"Kapso twice", crm.Kapso, nil, []string{bare, bare}, []crm.Secret{secret}, -1},
		{"Meta with Kapso's header", crm.Meta, nil, []string{bare}, []crm.Secret{secret}, -1},
		{"Meta ignores Kapso's header", crm.Meta, []string{hub}, []string{other}, []crm.Secret{secret}, 0},
		{"Meta without the prefix", crm.Meta, []string{bare}, nil, []crm.Secret{secret}, -1},
		{"Meta's prefix in upper case", crm.Meta, []string{"SHA256=" + bare}, nil, []crm.Secret{secret}, -1},
		{"digits in upper case", crm.Meta, []string{"sha256=" + strings.ToUpper(bare)}, nil, []crm.Secret{secret}, -1},
		{"a digit short", crm.Meta, []string{hub[:len(hub)-1]}, nil, []crm.Secret{secret}, -1},
		{"a byte short", crm.Kapso, nil, []string{bare[2:]}, []crm.Secret{secret}, -1},
		{"a byte more", crm.Kapso, nil, []string{bare + "00"}, []crm.Secret{secret}, -1},
		{"a comma list", crm.Meta, []string{hub + "," + hub}, nil, []crm.Secret{secret}, -1},
		{"twice", crm.Meta, []string{hub, hub}, nil, []crm.Secret{secret}, -1},
		{"the prefix twice", crm.Meta, []string{"sha256=" + hub}, nil, []crm.Secret{secret}, -1},
		{"space inside", crm.Meta, []string{"sha256= " + bare}, nil, []crm.Secret{secret}, -1},
		{"a line break after it", crm.Meta, []string{hub + "\n"}, nil, []crm.Secret{secret}, -1},
		{"no secrets", crm.Meta, []string{hub}, nil, nil, -1},
		{"signed with the empty secret", crm.Kapso, nil, []string{empty}, []crm.Secret{""}, -1},
		{"no header", crm.Kapso, nil, nil, []crm.Secret{secret}, -1},
	}
	for _, c := range cases {
		r := webhook.Request{Provider: c.provider, Hub: c.hub, Signature: c.signature, Body: body}
		got, err := webhook.Verify(r, c.secrets)
		if got != c.want || (err == nil) != (c.want >= 0) || err != nil && !errors.Is(err, crm.Unauthenticated) {
			t.Errorf("%s: Verify = %d, %v; want %d", c.name, got, err, c.want)
		}
	}
}

// TestWycheproof signs nothing here: keys and tags are Google's. A tag of 256
// bits is accepted exactly if it is valid; the truncated ones never are.
func TestWycheproof(t *testing.T) {
	t.Parallel()
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
			msg, _ := hex.DecodeString(c.Msg)
			want := c.Result == "valid" && group.TagSize == 256 && len(key) > 0
			for provider, header := range map[crm.Provider][2]string{
				crm.Meta:  {webhook.HubHeader, "sha256=" + c.Tag},
				crm.Kapso: {webhook.KapsoHeader, c.Tag},
			} {
				_, err := webhook.Verify(request(provider, msg, header), []crm.Secret{crm.Secret(key)})
				if (err == nil) != want {
					t.Errorf("%s, case %d (%s, %d bits): Verify = %v, want accepted: %v", provider, c.ID, c.Result, group.TagSize, err, want)
				}
			}
		}
	}
	if ran != vectors.NumberOfTests || ran == 0 {
		t.Errorf("ran %d cases of %d", ran, vectors.NumberOfTests)
	}
}

func TestForgeries(t *testing.T) {
	t.Parallel()
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
	tenants := 0
	for _, c := range vectors.Cases {
		body, err := base64.StdEncoding.DecodeString(c.Body)
		if err != nil {
			t.Fatal(err)
		}
		_, err = webhook.Verify(request(crm.Meta, body, c.Headers...), []crm.Secret{crm.Secret(vectors.Secret)})
		want, plain := c.Valid.(bool)
		if (err == nil) != (want || !plain) {
			t.Errorf("%s: Verify = %v, want valid: %v", c.Name, err, c.Valid)
		}
		if !plain {
			// The signature is good for the first number only. Verify cannot
			// know; the facts let the inbox tell the numbers apart.
			tenants++
			facts, err := webhook.Decode(crm.Meta, "", body)
			if err != nil || len(facts) != 2 || facts[0].PhoneNumberID != "100" || facts[1].PhoneNumberID != "200" {
				t.Errorf("%s: Decode = %+v, %v; want a fact of number 100 and one of 200", c.Name, facts, err)
			}
		}
	}
	if len(vectors.Cases) < 25 || tenants != 1 {
		t.Errorf("ran %d cases, %d with two tenants; want 25 and 1", len(vectors.Cases), tenants)
	}
}

func TestHandshake(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("1", webhook.MaxChallenge)
	cases := []struct {
		name   string
		h      webhook.Handshake
		tokens []crm.Secret
		want   crm.Code // empty: answered
	}{
		{"good", webhook.Handshake{Mode: "subscribe", Token: "tok", Challenge: "1158201444"}, []crm.Secret{"tok"}, ""},
		{"second token", webhook.Handshake{Mode: "subscribe", Token: "tok", Challenge: "x"}, []crm.Secret{"other", "tok"}, ""},
		{"any bytes", webhook.Handshake{Mode: "subscribe", Token: "tok", Challenge: "<b>\x00\xff 012"}, []crm.Secret{"tok"}, ""},
		{"longest", webhook.Handshake{Mode: "subscribe", Token: "tok", Challenge: long}, []crm.Secret{"tok"}, ""},
		{"too long", webhook.Handshake{Mode: "subscribe", Token: "tok", Challenge: long + "1"}, []crm.Secret{"tok"}, crm.Invalid},
		{"wrong token", webhook.Handshake{Mode: "subscribe", Token: "tok ", Challenge: "x"}, []crm.Secret{"tok"}, crm.Unauthenticated},
		{"empty token", webhook.Handshake{Mode: "subscribe", Challenge: "x"}, []crm.Secret{"", "tok"}, crm.Unauthenticated},
		{"no tokens", webhook.Handshake{Mode: "subscribe", Token: "tok", Challenge: "x"}, nil, crm.Unauthenticated},
		{"other mode", webhook.Handshake{Mode: "unsubscribe", Token: "tok", Challenge: "x"}, []crm.Secret{"tok"}, crm.Invalid},
		{"no mode", webhook.Handshake{Token: "tok", Challenge: "x"}, []crm.Secret{"tok"}, crm.Invalid},
	}
	for _, c := range cases {
		got, err := c.h.Answer(c.tokens)
		if crm.CodeOf(err) != c.want || c.want == "" && got != c.h.Challenge || c.want != "" && got != "" {
			t.Errorf("%s: Answer = %.20q, %v; want class %q", c.name, got, err, c.want)
		}
	}
}

// load reads a file of vectors.
func load(t *testing.T, into any, elem ...string) {
	t.Helper()
	if err := json.Unmarshal(read(t, crmtest.Shared(t, elem...)), into); err != nil {
		t.Fatal(err)
	}
}

// TestSeemsFor guesses the number a body is for, whatever the body is.
func TestSeemsFor(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"metadata":{"phone_number_id":"555000000000001"}}`:                        "555000000000001",
		"{\"phone_number_id\" :\r\n\t \"555000000000001\"}":                         "555000000000001",
		`{"phone_number_id":"555000000000001","phone_number_id":"555000000000002"}`: "555000000000001",
		`{"phone_number_id":555000000000001}`:                                       "",
		`{"phone_number_id":""}`:                                                    "",
		`{"phone_number_id":"`:                                                      "",
		`{"phone_number_id":"` + strings.Repeat("5", 100) + `"}`:                    "",
		`{"phone_number_id":"555`:                                                   "",
		`{"phone_number_id":`:                                                       "",
		`{"phone_number_id"`:                                                        "",
		`{}`:                                                                        "",
		``:                                                                          "",
	} {
		if got := (webhook.Request{Body: []byte(body)}).SeemsFor(); got != want {
			t.Errorf("SeemsFor() of %.60s = %q, want %q", body, got, want)
		}
	}
}

func FuzzSeemsFor(f *testing.F) {
	f.Add([]byte(`{"phone_number_id":"5550000"}`))
	f.Add([]byte(`"phone_number_id" :`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if got := (webhook.Request{Body: body}).SeemsFor(); len(got) > 32 || strings.Contains(got, `"`) {
			t.Errorf("the number is %q", got)
		}
	})
}
