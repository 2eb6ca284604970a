package envelope_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/edge/envelope"
)

// Secrets of tests, which nothing else is signed with.
var (
	first  = secretOf("first ", 24)
	second = secretOf("second", 32)
	third  = secretOf("third ", 64)
)

func secretOf(word string, size int) string {
	return "whsec_" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte(word), 12)[:size])
}

// signed returns an envelope of a payload that Seal would not write.
func signed(id, timestamp, payload string) envelope.Sealed {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(first, "whsec_"))
	if err != nil {
		panic(err)
	}
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, timestamp, payload)
	return envelope.Sealed{
		ID: id, Timestamp: timestamp, Payload: []byte(payload),
		Signature: "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)),
	}
}

// open opens a payload that is signed now.
func open(payload string) ([]envelope.Part, error) {
	h := signed("env_1", strconv.FormatInt(crmtest.Start.Unix(), 10), payload)
	return envelope.Open(h, []string{first}, crmtest.Start)
}

func TestSealWritesTheFormThatIsDocumented(t *testing.T) {
	t.Parallel()
	got, err := envelope.Seal("env_1", time.Unix(1793606400, 999_999_999), []string{first}, []envelope.Part{
		{Provider: "meta", Hub: "sha256=aa", Numbers: []string{"555000000000001"}, Epoch: 7, Body: []byte("{\"a\":\n1}")},
		{Provider: "kapso", Event: "x.y", Signature: "bb", Accounts: []string{"9"}, Rest: true},
	})
	payload := `{"provider":"meta","hub":"sha256=aa","numbers":["555000000000001"],"epoch":7,"size":8}` + "\n{\"a\":\n1}\n" +
		`{"provider":"kapso","event":"x.y","signature":"bb","accounts":["9"],"rest":true,"size":0}` + "\n\n"
	want := signed("env_1", "1793606400", payload)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Seal = %+v, %v\nwant %+v\nwith the payload %s", got, err, want, payload)
	}
}

func TestSealRefuses(t *testing.T) {
	t.Parallel()
	one := []envelope.Part{{Provider: "meta"}}
	large := bytes.Repeat([]byte("x"), 1<<20)
	for _, c := range []struct {
		name    string
		id      string
		secrets []string
		parts   []envelope.Part
		want    crm.Code
	}{
		{"nothing wrong", "env_A-z_09", []string{first, second}, one, ""},
		{"the longest id", strings.Repeat("a", 128), []string{first}, one, ""},
		{"no id", "", []string{first}, one, crm.Invalid},
		{"a longer id", strings.Repeat("a", 129), []string{first}, one, crm.Invalid},
		{"a full stop in the id", "env.1", []string{first}, one, crm.Invalid},
		{"a line feed in the id", "env\n", []string{first}, one, crm.Invalid},
		{"no secret", "env_1", nil, one, crm.Internal},
		{"three secrets", "env_1", []string{first, second, third}, one, crm.Internal},
		{"a secret without its prefix", "env_1", []string{strings.TrimPrefix(first, "whsec_")}, one, crm.Internal},
		{"no part", "env_1", []string{first}, nil, crm.Invalid},
		{"no provider", "env_1", []string{first}, []envelope.Part{{Body: []byte("x")}}, crm.Invalid},
		{"as many parts as may be", "env_1", []string{first}, times(one[0], 4096), ""},
		{"a part more", "env_1", []string{first}, times(one[0], 4097), crm.TooLarge},
		{"as many numbers as may be", "env_1", []string{first}, []envelope.Part{{Provider: "meta", Numbers: make([]string, 4096)}}, ""},
		{"a number more", "env_1", []string{first}, []envelope.Part{{Provider: "meta", Numbers: make([]string, 4097)}}, crm.TooLarge},
		{"an account more", "env_1", []string{first}, []envelope.Part{{Provider: "meta", Accounts: make([]string, 4097)}}, crm.TooLarge},
		{"more than 64 MiB", "env_1", []string{first}, times(envelope.Part{Provider: "meta", Body: large}, 64), crm.TooLarge},
	} {
		if _, err := envelope.Seal(c.id, crmtest.Start, c.secrets, c.parts); crm.CodeOf(err) != c.want {
			t.Errorf("%s: Seal = %v, want the class %q", c.name, err, c.want)
		}
	}
}

func times(p envelope.Part, n int) []envelope.Part {
	parts := make([]envelope.Part, n)
	for i := range parts {
		parts[i] = p
	}
	return parts
}

func TestOpenRefusesWhatIsNotInItsForm(t *testing.T) {
	t.Parallel()
	good := `{"provider":"meta","size":2}` + "\nab\n"
	for _, c := range []struct {
		name, payload string
		want          crm.Code
	}{
		{"one part", good, ""},
		{"two parts", good + good, ""},
		{"another order, and spaces", ` { "size" : 2 , "provider" : "meta" } ` + "\nab\n", ""},
		{"everything spelled out", `{"provider":"kapso","event":"","hub":"","signature":"","numbers":[],"accounts":[],"rest":false,"epoch":0,"size":0}` + "\n\n", ""},
		{"nothing", "", crm.Invalid},
		{"a line feed", "\n", crm.Invalid},
		{"no line feed", `{"provider":"meta","size":2}`, crm.Invalid},
		{"no body", `{"provider":"meta","size":2}` + "\n", crm.Invalid},
		{"no line feed after the body", `{"provider":"meta","size":2}` + "\nab", crm.Invalid},
		{"another byte after the body", `{"provider":"meta","size":1}` + "\nab", crm.Invalid},
		{"a size too small", `{"provider":"meta","size":1}` + "\nab\n", crm.Invalid},
		{"a size too large", `{"provider":"meta","size":3}` + "\nab\n", crm.Invalid},
		{"a size below zero", `{"provider":"meta","size":-1}` + "\nab\n", crm.Invalid},
		{"a size beyond all numbers", `{"provider":"meta","size":9223372036854775808}` + "\nab\n", crm.Invalid},
		{"the largest size", `{"provider":"meta","size":9223372036854775807}` + "\nab\n", crm.Invalid},
		{"a broken size", `{"provider":"meta","size":1.5}` + "\nab\n", crm.Invalid},
		{"no size", `{"provider":"meta"}` + "\nab\n", crm.Invalid},
		{"something after the last part", good + " ", crm.Invalid},
		{"something after the JSON", `{"provider":"meta","size":2} {}` + "\nab\n", crm.Invalid},
		{"an unknown member", `{"provider":"meta","size":2,"cell":"a"}` + "\nab\n", crm.Invalid},
		{"no object", `null` + "\n\n", crm.Invalid},
		{"a list", `[]` + "\n\n", crm.Invalid},
		{"no provider", `{"size":2}` + "\nab\n", crm.Invalid},
		{"an epoch too large", `{"provider":"meta","size":2,"epoch":4294967296}` + "\nab\n", crm.Invalid},
		{"a number that is no text", `{"provider":"meta","size":2,"numbers":[5]}` + "\nab\n", crm.Invalid},
		{"too many numbers", `{"provider":"meta","size":2,"numbers":["1"` + strings.Repeat(`,"1"`, 4096) + "]}\nab\n", crm.TooLarge},
		{"as many parts as may be", strings.Repeat(good, 4096), ""},
		{"too many parts", strings.Repeat(good, 4097), crm.TooLarge},
	} {
		if _, err := open(c.payload); crm.CodeOf(err) != c.want {
			t.Errorf("%s: Open = %v, want the class %q", c.name, err, c.want)
		}
	}
}

func TestOpenRefusesAPayloadBeyondItsBoundUnhashed(t *testing.T) {
	t.Parallel()
	_, err := envelope.Open(envelope.Sealed{Payload: make([]byte, 64<<20+1)}, []string{first}, crmtest.Start)
	if crm.CodeOf(err) != crm.TooLarge {
		t.Errorf("Open of 64 MiB and a byte = %v, want the class %q", err, crm.TooLarge)
	}
}

func TestOpenChecksTheHeaders(t *testing.T) {
	t.Parallel()
	h, err := envelope.Seal("env_1", crmtest.Start, []string{first, second}, []envelope.Part{{Provider: "meta"}})
	if err != nil {
		t.Fatal(err)
	}
	one, two, _ := strings.Cut(h.Signature, " ")
	filler := strings.Repeat("v1,x ", 15)
	for _, c := range []struct {
		name      string
		signature string
		secrets   []string
		want      crm.Code
	}{
		{"both and both", h.Signature, []string{first, second}, ""},
		{"both and the older secret alone", h.Signature, []string{second}, ""},
		{"the older signature and both secrets", two, []string{first, second}, ""},
		{"another secret", h.Signature, []string{third}, crm.Unauthenticated},
		{"no secrets", h.Signature, nil, crm.Unauthenticated},
		{"no signature", "", []string{first}, crm.Unauthenticated},
		{"a secret that is none", h.Signature, []string{"whsec_"}, crm.Internal},
		{"three secrets", h.Signature, []string{first, second, third}, crm.Internal},
		{"sixteen signatures", filler + one, []string{first}, ""},
		{"seventeen signatures, the first good", one + " " + filler + "v1,x", []string{first}, crm.Unauthenticated},
		{"seventeen signatures, the last good", "v1,x " + filler + one, []string{first}, crm.Unauthenticated},
		{"another version", "v2" + one[2:], []string{first}, crm.Unauthenticated},
		{"no padding", strings.TrimSuffix(one, "="), []string{first}, crm.Unauthenticated},
		{"a line feed after it", one + "\n", []string{first}, crm.Unauthenticated},
		{"commas for spaces", one + "," + two, []string{first}, crm.Unauthenticated},
	} {
		changed := h
		changed.Signature = c.signature
		if _, err := envelope.Open(changed, c.secrets, crmtest.Start); crm.CodeOf(err) != c.want {
			t.Errorf("%s: Open = %v, want the class %q", c.name, err, c.want)
		}
	}
}

// Id, time and payload are joined by full stops before they are signed: none of
// the first two may hold one, else bytes could move from one to the other.
func TestNothingMovesBetweenIDTimeAndPayload(t *testing.T) {
	t.Parallel()
	now := strconv.FormatInt(crmtest.Start.Unix(), 10)
	payload := now + "." + `{"provider":"meta","size":0}` + "\n\n"
	for _, h := range []envelope.Sealed{
		signed("env_1."+now, now, payload), signed("env_1", now+"."+now, payload), signed("env 1", now, payload),
		signed("env_1", "+"+now, payload), signed("env_1", "", payload), signed("", now, payload),
		signed("env_1", "99999999999999999999", payload), signed("env_1", now+".0", payload),
	} {
		if _, err := envelope.Open(h, []string{first}, crmtest.Start); crm.CodeOf(err) != crm.Unauthenticated {
			t.Errorf("with the id %q and the time %q: Open = %v, want the class %q", h.ID, h.Timestamp, err, crm.Unauthenticated)
		}
	}
}

func TestCheckSecret(t *testing.T) {
	t.Parallel()
	for _, secret := range []string{first, second, third} {
		if err := envelope.CheckSecret(secret); err != nil {
			t.Errorf("CheckSecret(%q) = %v", secret, err)
		}
	}
	for _, secret := range []string{
		"", "whsec_", secretOf("short ", 23), secretOf("long  ", 65), strings.TrimPrefix(first, "whsec_"),
		strings.ToUpper(first), first + "\n", first[:20] + "\n" + first[20:], first + " ", strings.ReplaceAll(second, "=", ""),
	} {
		if envelope.CheckSecret(secret) == nil {
			t.Errorf("CheckSecret(%q) = nil", secret)
		}
	}
}

// A retry has the id it had; anything else has another.
func TestKey(t *testing.T) {
	t.Parallel()
	parts := func() []envelope.Part {
		return []envelope.Part{
			{Provider: "meta", Hub: "h", Numbers: []string{"1"}, Epoch: 1, Body: []byte("ab")},
			{Provider: "kapso", Event: "e", Signature: "s", Accounts: []string{"2"}, Rest: true, Body: []byte("c")},
		}
	}
	key := envelope.Key(parts())
	if key != envelope.Key(parts()) || len(key) != 68 || !strings.HasPrefix(key, "env_") {
		t.Errorf("Key = %q and then %q", key, envelope.Key(parts()))
	}
	for name, change := range map[string]func(p []envelope.Part){
		"provider":  func(p []envelope.Part) { p[0].Provider = "kapso" },
		"event":     func(p []envelope.Part) { p[1].Event = "f" },
		"hub":       func(p []envelope.Part) { p[0].Hub = "" },
		"signature": func(p []envelope.Part) { p[1].Signature = "t" },
		"numbers":   func(p []envelope.Part) { p[0].Numbers = []string{"1", "2"} },
		"accounts":  func(p []envelope.Part) { p[1].Accounts = nil },
		"rest":      func(p []envelope.Part) { p[1].Rest = false },
		"epoch":     func(p []envelope.Part) { p[0].Epoch = 2 },
		"body":      func(p []envelope.Part) { p[1].Body = []byte("d") },
		"border":    func(p []envelope.Part) { p[0].Body, p[1].Body = []byte("a"), []byte("bc") },
		"order":     func(p []envelope.Part) { p[0], p[1] = p[1], p[0] },
	} {
		changed := parts()
		change(changed)
		if envelope.Key(changed) == key {
			t.Errorf("with another %s the parts have the same key", name)
		}
	}
}

// The bodies are of the payload and end where they end: who appends to one does
// not write into the next part.
func TestBodiesAreOfThePayload(t *testing.T) {
	t.Parallel()
	h, err := envelope.Seal("env_1", crmtest.Start, []string{first}, times(envelope.Part{Provider: "meta", Body: []byte("body")}, 2))
	if err != nil {
		t.Fatal(err)
	}
	parts, err := envelope.Open(h, []string{first}, crmtest.Start)
	if err != nil || len(parts) != 2 || cap(parts[0].Body) != 4 {
		t.Fatalf("Open = %+v, %v; want two bodies without room behind them", parts, err)
	}
	if at := bytes.Index(h.Payload, []byte("body")); &parts[0].Body[0] != &h.Payload[at] {
		t.Error("the body was copied")
	}
}
