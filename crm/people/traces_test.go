package people_test

import (
	"encoding/base64"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

// traces are those of somebody with a number, a user id and an e-mail address.
func traces(t testing.TB) *people.Traces {
	t.Helper()
	of := people.Traces{Identities: []crm.Identity{
		{Kind: crm.ByWaID, Value: "6281200000001"}, {Kind: crm.ByUserID, Value: "ID.13491208655302741"},
		{Kind: crm.ByEmail, Value: "sari@example.com"}, {Kind: crm.ByExternal, Value: "42"},
	}}
	read, err := people.ReadTraces(of.Encode())
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func TestTracesInBodies(t *testing.T) {
	t.Parallel()
	in := traces(t)
	wamid := func(inside string) string {
		return `"wamid.` + base64.StdEncoding.EncodeToString([]byte(inside)) + `"`
	}
	for _, c := range []struct {
		body string
		want bool
	}{
		{`{"from":"6281200000001"}`, true},
		{`{"from":6281200000001,"at":1}`, true},
		{`{"phone":"+62 812-0000-0001"}`, true},
		{`{"phone":"(62) 812.0000/0001"}`, true},
		{`{"text":"call 2 or +62 812 0000 0001 2 times"}`, true},
		{`{"text":"on 1.6281200000001"}`, true},
		{`{"user_id":"ID.13491208655302741"}`, true},
		{`{"mail":"sari@example.com"}`, true},
		{wamid("\x1c\x18\x0d6281200000001\x15\x02"), true},
		{wamid("x6281200000001\x15"), true},
		{wamid("xy6281200000001\x15"), true},
		{wamid("6281200000000\x15\x02") + wamid("6281200000001\x15\x02"), true}, // behind one that is nearly it
		{``, false},
		{`{"from":"6281200000002"}`, false},
		{`{"from":"62812000000012"}`, false},
		{`{"from":"16281200000001"}`, false},
		{`{"from":"628120000","at":"0001"}`, false},
		{`{"id":"42"}`, false}, // somebody else's key may be anything
		{wamid("6281200000000\x15\x02"), false},
		{wamid("x6281200000000\x15"), false},
		{wamid("xy6281200000000\x15"), false},
	} {
		if got := in.In([]byte(c.body)); got != c.want {
			t.Errorf("In(%s) = %v, want %v", c.body, got, c.want)
		}
	}
}

func TestTracesInCells(t *testing.T) {
	t.Parallel()
	in := traces(t)
	for cell, want := range map[string]bool{
		"081200000001": true, "0812 0000 0001": true, "+62 812-0000-0001": true, "'+6281200000001": true, "1: 0812.0000.0001 (WA)": true,
		"8120000000001": false, "SARI@example.com": true, "<sari@example.com>": true, " 42 ": true, "id.13491208655302741": true,
		"": false, "081200000002": false, "142": false, "Sari": false, "0812": false,
	} {
		if got := in.InCell(cell); got != want {
			t.Errorf("InCell(%q) = %v, want %v", cell, got, want)
		}
		if cell != " 42 " && cell != "" {
			if got := in.InText([]byte("Nama;" + cell + ";Kota\r\n")); got != want {
				t.Errorf("InText with %q = %v, want %v", cell, got, want)
			}
		}
	}
}

// FuzzReadTraces holds what is read of any bytes to what it was written as.
func FuzzReadTraces(f *testing.F) {
	f.Add([]byte(`{"contacts":["01a2212b-7c81-7000-893b-3ea7d7d14ac6"],"identities":[{"kind":"phone","value":"+6281200000001"}]}`), []byte("6281200000001"))
	f.Add([]byte(`{"identities":[{"kind":"wa_id","value":"1"},{"kind":"phone","value":""},{"kind":"user_id","value":""}]}`), []byte(""))
	f.Fuzz(func(t *testing.T, stored, body []byte) {
		traces, err := people.ReadTraces(stored)
		if err != nil {
			return
		}
		again, err := people.ReadTraces(traces.Encode())
		if err != nil || again.In(body) != traces.In(body) || again.InCell(string(body)) != traces.InCell(string(body)) {
			t.Fatalf("read again %s is not itself: %v", stored, err)
		}
	})
}
