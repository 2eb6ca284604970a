package edgetest_test

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/edgetest"
)

func TestSameSeedSameCases(t *testing.T) {
	t.Parallel()
	configs := edgetest.Configs(t)
	one, other, next := edgetest.New(7), edgetest.New(7), edgetest.New(8)
	different := false
	for i := range 200 {
		c := configs[i%len(configs)]
		a, b := one.Frame(c), other.Frame(c)
		if !bytes.Equal(a, b) {
			t.Fatalf("case %d of one seed is\n%x\nand\n%x", i, a, b)
		}
		different = different || !bytes.Equal(a, next.Frame(c))
	}
	if !different {
		t.Error("another seed makes the same cases")
	}
}

// TestCasesMeetEverything counts what is decided. A generator that meets one
// branch seldom finds no difference in it.
func TestCasesMeetEverything(t *testing.T) {
	t.Parallel()
	const cases = 30_000
	found := map[string]int{}
	var d edge.Decision
	m := edgetest.New(1)
	for i, c := range edgetest.Configs(t) {
		door := edge.New(c)
		for range cases / len(edgetest.Documents) {
			frame := m.Frame(c)
			if !d.Read(door.Handle(frame, nil)) {
				t.Fatalf("document %d: the decision of %x is no frame", i, frame)
			}
			found[d.Verdict.String()]++
			found[d.Reason.String()]++
			for _, target := range d.Targets {
				found[target.How.String()]++
			}
			for _, e := range d.Events {
				found[e.Kind.String()]++
				found[e.How.String()]++
				found["peer by "+[]string{"nothing", "number", "user id"}[e.PeerKind]]++
				if len(e.ID) > 500 {
					found["long id"]++
				}
				if e.Time%1000 != 0 {
					found["time with milliseconds"]++
				}
			}
			if len(d.Targets) > 16 {
				found["many targets"]++
			}
			if d.Key > 0 {
				found["another key than the first"]++
			}
			if r, _, ok := edgetest.ReadFrame(frame); ok && len(r.MACs) > 0 && d.Reason == edge.Routed {
				found["MACs given"]++
			}
		}
	}
	want := []string{
		"refuse", "answer", "forward", "bad_frame", "bad_method", "unknown_source", "body_too_large", "header_too_long", "handshake_done", "handshake_mode",
		"handshake_token", "handshake_challenge", "signature_missing", "signature_repeated", "signature_malformed", "signature_wrong", "not_json", "not_utf8", "too_deep",
		"too_many_events", "routed", "nothing_wanted", "by_table", "by_rendezvous", "by_account", "to_all", "to_journal", "dropped", "foreign",
		"message", "status", "amendment", "preference", "identity", "contact", "template", "account", "call", "other", "unreadable",
		"peer by nothing", "peer by number", "peer by user id", "long id", "time with milliseconds", "many targets", "another key than the first", "MACs given",
	}
	for _, what := range want {
		if found[what] < 3 {
			t.Errorf("of %d cases %d have %s", cases, found[what], what)
		}
	}
	if found["routed"] < cases/3 {
		t.Errorf("only %d of %d cases are routed", found["routed"], cases)
	}
}

// TestBodiesAreJSON holds what is not spoilt to be JSON in UTF-8.
func TestBodiesAreJSON(t *testing.T) {
	t.Parallel()
	m := edgetest.New(2)
	depths := map[int]int{}
	for range 5000 {
		_, kapso := m.KapsoBody()
		for _, body := range [][]byte{m.MetaBody(), kapso, m.Document(), m.Many(3)} {
			if !json.Valid(body) || !utf8.Valid(body) {
				t.Fatalf("%q is no JSON in UTF-8", body)
			}
			depths[depth(body)]++
		}
	}
	for _, n := range []int{47, 48, 49} { // 48 are taken
		if depths[n] < 3 {
			t.Errorf("%d of 20,000 bodies are nested %d deep", depths[n], n)
		}
	}
}

// depth returns the most arrays and objects open at once.
func depth(body []byte) int {
	most, open, inside := 0, 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case inside && c == '\\':
			i++
		case c == '"':
			inside = !inside
		case !inside && (c == '[' || c == '{'):
			open++
			most = max(most, open)
		case !inside && (c == ']' || c == '}'):
			open--
		}
	}
	return most
}

func TestFramesReadAndSign(t *testing.T) {
	t.Parallel()
	c := edgetest.Configs(t)[0]
	r := edgetest.Signed(edge.Meta, "event", []byte(`{"a":1}`))
	frame := edge.AppendRequest(nil, r, 5)
	frame[len(frame)-2] = '2' // the body is another now
	got, now, ok := edgetest.ReadFrame(edgetest.Resign(c, frame))
	if !ok || now != 5 || string(got.Body) != `{"a":2}` || string(got.Event) != "event" {
		t.Fatalf("the frame reads %+v at %d, %v", got, now, ok)
	}
	if d := edge.Decide(c, got, now); d.Verdict != edge.Forward {
		t.Errorf("a frame that was signed anew is decided %v", d.Reason)
	}
	if again := edgetest.Resign(c, []byte("no frame")); string(again) != "no frame" {
		t.Errorf("what is no frame becomes %q", again)
	}
}
