package edge_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/edgetest"
)

// TestReasons has a request for every reason of a decision.
func TestReasons(t *testing.T) {
	t.Parallel()
	configs := edgetest.Configs(t)
	with := func(change func(r *edge.Request)) *edge.Request {
		r := edgetest.Signed(edge.Meta, "", []byte(`{"entry":[{"id":"900000000000001","changes":[{"field":"messages"}]}]}`))
		change(r)
		return r
	}
	holding := func(text string) *edge.Request { return edgetest.Signed(edge.Meta, "", []byte(text)) }
	query := func(text string) *edge.Request {
		return with(func(r *edge.Request) { r.Method, r.Query = edge.Get, []byte(text) })
	}
	long := []byte(strings.Repeat("x", edge.MaxHeader+1))
	for _, tt := range []struct {
		name    string
		config  int
		request *edge.Request
		status  int
		reason  edge.Reason
		cells   uint64
	}{
		{"another method", 0, with(func(r *edge.Request) { r.Method = edge.Other }), 405, edge.BadMethod, 0},
		{"another method and all else wrong", 0, &edge.Request{Method: 9}, 405, edge.BadMethod, 0},
		{"a provider without a source", 9, holding(`{}`), 404, edge.UnknownSource, 0},
		{"no provider", 0, with(func(r *edge.Request) { r.Provider = 0 }), 404, edge.UnknownSource, 0},
		{"a source that there is not", 0, with(func(r *edge.Request) { r.Source = []byte("nobody") }), 404, edge.UnknownSource, 0},
		{"the other provider's source", 0, with(func(r *edge.Request) { r.Source = []byte("kapso") }), 404, edge.UnknownSource, 0},
		{"all secrets have ended", 3, with(func(r *edge.Request) { r.Provider = edge.Kapso }), 404, edge.UnknownSource, 0},
		{"a body over the document's limit", 7, holding(strings.Repeat(" ", 701)), 413, edge.BodyTooLarge, 0},
		{"a body at the document's limit", 7, holding(strings.Repeat(" ", 698) + "{}"), 200, edge.Routed, 1},
		{"a body over our limit, unsigned", 0, &edge.Request{Provider: edge.Meta, Method: edge.Post, Body: make([]byte, edge.MaxBody+1)}, 413, edge.BodyTooLarge, 0},
		{"a long signature", 0, with(func(r *edge.Request) { r.Hub.Value = long }), 431, edge.HeaderTooLong, 0},
		{"a long signature of Kapso's", 0, with(func(r *edge.Request) { r.Signature.Value = long }), 431, edge.HeaderTooLong, 0},
		{"a long event", 0, with(func(r *edge.Request) { r.Event = long }), 431, edge.HeaderTooLong, 0},
		{"the longest event", 0, with(func(r *edge.Request) { r.Event = long[1:] }), 200, edge.Routed, 1},
		{"a long query", 1, query(string(long)), 431, edge.HeaderTooLong, 0},
		{"a handshake", 1, query("hub.mode=subscribe&hub.verify_token=tok&hub.challenge=1"), 200, edge.HandshakeDone, 0},
		{"a handshake of another mode", 1, query("hub.mode=unsubscribe&hub.verify_token=tok"), 400, edge.HandshakeMode, 0},
		{"a handshake without a token", 1, query("hub.mode=subscribe"), 403, edge.HandshakeToken, 0},
		{"a handshake for a source without tokens", 0, query("hub.mode=subscribe&hub.verify_token=&hub.challenge=1"), 403, edge.HandshakeToken, 0},
		{"a handshake with a long challenge", 1, query("hub.mode=subscribe&hub.verify_token=tok&hub.challenge=" + strings.Repeat("1", 1025)), 400, edge.HandshakeChallenge, 0},
		{"no signature", 0, with(func(r *edge.Request) { r.Hub = edge.Header{} }), 401, edge.SignatureMissing, 0},
		{"two signatures", 0, with(func(r *edge.Request) { r.Hub.Count = 2 }), 401, edge.SignatureRepeated, 0},
		{"a signature in capitals", 0, with(func(r *edge.Request) { r.Hub.Value = []byte(strings.ToUpper(string(r.Hub.Value))) }), 401, edge.SignatureMalformed, 0},
		{"another's signature", 0, with(func(r *edge.Request) { edgetest.Sign(r, "another") }), 401, edge.SignatureWrong, 0},
		{"a secret that has ended", 3, with(func(r *edge.Request) { edgetest.Sign(r, "old") }), 401, edge.SignatureWrong, 0},
		{"a secret that has not begun", 3, with(func(r *edge.Request) { edgetest.Sign(r, "last") }), 401, edge.SignatureWrong, 0},
		{"no JSON", 1, holding(`{"entry":[}`), 200, edge.NotJSON, 1 << 1},
		{"nothing", 1, holding(``), 200, edge.NotJSON, 1 << 1},
		{"no UTF-8", 1, holding("{\"entry\":\"\xff\"}"), 200, edge.NotUTF8, 1 << 1},
		{"48 deep", 0, holding(strings.Repeat("[", 48) + strings.Repeat("]", 48)), 200, edge.Routed, 1},
		{"49 deep", 1, holding(strings.Repeat("[", 49) + strings.Repeat("]", 49)), 200, edge.TooDeep, 1 << 1},
		{"as many events as there may be", 1, holding(`{"entry":[0,1,2,3,4]}`), 200, edge.Routed, 1 << 1},
		{"one event more", 1, holding(`{"entry":[0,1,2,3,4,5]}`), 200, edge.TooManyEvents, 1 << 1},
		{"an account's cells", 1, with(func(*edge.Request) {}), 200, edge.Routed, 1 | 1<<1},
		{"another account's cells", 1, holding(`{"entry":[{"id":"7"}]}`), 200, edge.Routed, 7},
		{"what nobody wants", 1, holding(`{"entry":[{"changes":[{"field":"calls","value":{"calls":[{"id":"1"}]}}]}]}`), 200, edge.NothingWanted, 0},
		{"another source's number", 2, with(func(r *edge.Request) {
			r.Body = []byte(`{"entry":[{"changes":[{"value":{"metadata":{"phone_number_id":"555000000000003"}}}]}]}`)
			edgetest.Sign(r, "third")
		}), 200, edge.NothingWanted, 0},
	} {
		d := edge.Decide(configs[tt.config], tt.request, edgetest.Now+5)
		if d.Status != tt.status || d.Reason != tt.reason || d.Cells != tt.cells || d.Reason.String() == "" || d.Verdict.String() == "" {
			t.Errorf("%s: %d %v, cells %b; want %d %v, %b", tt.name, d.Status, d.Reason, d.Cells, tt.status, tt.reason, tt.cells)
		}
	}
	door := edge.New(nil)
	var d edge.Decision
	door.Decide(holding(`{}`), 0, &d)
	if d.Status != 503 || d.Reason != edge.NotConfigured || unclean(&d) != "" {
		t.Errorf("without a configuration: %+v", d)
	}
	if !d.Read(door.Handle([]byte("no frame"), nil)) || d.Status != 400 || d.Reason != edge.BadFrame || unclean(&d) != "" {
		t.Errorf("without a frame: %+v", d)
	}
}

func TestWords(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for i := range 256 {
		for _, word := range []string{edge.Reason(i).String(), edge.Kind(i).String()} {
			if word != "" && seen[word] {
				t.Errorf("%s is the word of two", word)
			}
			seen[word] = true
		}
		if kind := edge.Kind(i); kind.String() != "" && edge.KindOf(kind.String()) != kind {
			t.Errorf("the kind of %q is %d, want %d", kind, edge.KindOf(kind.String()), kind)
		}
	}
	for _, p := range []edge.Provider{edge.Meta, edge.Kapso} {
		if edge.ProviderOf(p.String()) != p {
			t.Errorf("the provider of %q is %d", p, edge.ProviderOf(p.String()))
		}
	}
	if edge.KindOf("") != 0 || edge.KindOf("calls") != 0 || edge.ProviderOf("") != 0 || edge.Provider(9).String() != "" || edge.Verdict(9).String() != "" {
		t.Error("a word that there is not means something")
	}
	for word, want := range map[string]edge.Method{"GET": edge.Get, "POST": edge.Post, "get": edge.Other, "HEAD": edge.Other, "": edge.Other} {
		if got := edge.MethodOf(word); got != want {
			t.Errorf("the method of %q is %d, want %d", word, got, want)
		}
	}
}

// TestManyEvents decides bodies with as many events as there may be, and one
// more, of one number and of as many.
func TestManyEvents(t *testing.T) {
	t.Parallel()
	c := parse(t, edgetest.Documents[6])
	for _, tt := range []struct {
		n      int
		reason edge.Reason
	}{{edge.MaxEvents, edge.Routed}, {edge.MaxEvents + 1, edge.TooManyEvents}} {
		same := `{"entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"5"},"statuses":[` +
			strings.TrimSuffix(strings.Repeat(`{"id":"x","status":"read"},`, tt.n), ",") + `]}}]}]}`
		for name, body := range map[string][]byte{"of one number": []byte(same), "each of its number": edgetest.New(1).Many(tt.n)} {
			d := edge.Decide(c, edgetest.Signed(edge.Meta, "", body), 0)
			if d.Reason != tt.reason || tt.reason == edge.Routed && len(d.Events) != tt.n || tt.reason != edge.Routed && (len(d.Events) > 0 || d.Cells != 1<<63) {
				t.Errorf("%d events %s: %v with %d events, cells %b; want %v", tt.n, name, d.Reason, len(d.Events), d.Cells, tt.reason)
			}
			compareFacts(t, parse(t, edgetest.OneCell), edge.Meta, "", body)
		}
		batch := `{"batch":true,"data":[` + strings.TrimSuffix(strings.Repeat(`{"phone_number_id":"5","message":{"id":"x","from":"62"}},`, tt.n), ",") + `]}`
		compareFacts(t, parse(t, edgetest.OneCell), edge.Kapso, "whatsapp.message.received", []byte(batch))
	}
}

// TestForeignNumbers asks each source for each number.
func TestForeignNumbers(t *testing.T) {
	t.Parallel()
	c := parse(t, edgetest.Documents[2]) // one: 1 and 2; two: 3; rest: what is left; k1: 4; k2: what is left
	for _, tt := range []struct {
		source, secret string
		provider       edge.Provider
		speaks         string // last digits of the numbers
	}{
		{"one", "first", edge.Meta, "12"}, {"two", "second", edge.Meta, "3"}, {"rest", "third", edge.Meta, "056789"},
		{"k1", "first", edge.Kapso, "4"}, {"k2", "fourth", edge.Kapso, "056789"},
	} {
		var changes []string
		for n := range 10 {
			changes = append(changes, fmt.Sprintf(`{"field":"messages","value":{"metadata":{"phone_number_id":"55500000000000%d"},"messages":[{"id":"m%d"}]}}`, n, n))
		}
		r := &edge.Request{Provider: tt.provider, Method: edge.Post, Source: []byte(tt.source), Body: []byte(`{"entry":[{"id":"1","changes":[` + strings.Join(changes, ",") + `]}]}`)}
		edgetest.Sign(r, tt.secret)
		d := edge.Decide(c, r, edgetest.Now)
		got, cells := "", uint64(0)
		for _, e := range d.Events {
			target := d.Targets[e.Target]
			if (target.Cells == 0) != (target.How == edge.Foreign) {
				t.Errorf("%s: %q goes %v to %b", tt.source, target.ID, target.How, target.Cells)
			}
			if cells |= target.Cells; target.Cells != 0 {
				got += string(target.ID[len(target.ID)-1])
			}
		}
		if got != tt.speaks || d.Cells != cells || len(d.Events) != 10 {
			t.Errorf("%s speaks for %s in %d events, cells %b; want %s", tt.source, got, len(d.Events), d.Cells, tt.speaks)
		}
	}
}

// TestDropRules drops each kind by itself.
func TestDropRules(t *testing.T) {
	t.Parallel()
	body := edgetest.New(7).Many(9)
	kinds := map[edge.Kind]int{}
	count := func(document string) (wanted int, d edge.Decision) {
		d = edge.Decide(parse(t, document), edgetest.Signed(edge.Meta, "", body), 0)
		for _, e := range d.Events {
			if e.How != edge.Dropped {
				wanted++
			}
			if kinds[e.Kind]++; (e.How == edge.Dropped) != (e.Target == edge.None) {
				t.Errorf("an event of kind %v goes %v to target %d", e.Kind, e.How, e.Target)
			}
		}
		return wanted, d
	}
	all, _ := count(edgetest.OneCell)
	perKind := map[edge.Kind]int{edge.Message: kinds[edge.Message], edge.Status: kinds[edge.Status]}
	if all != 9 || perKind[edge.Message] == 0 || perKind[edge.Status] == 0 {
		t.Fatalf("the body has %v", kinds)
	}
	for _, kind := range []edge.Kind{edge.Message, edge.Status, edge.Call} {
		document := strings.TrimSuffix(edgetest.OneCell, "}") + fmt.Sprintf(`,"drop":[%q]}`, kind)
		if wanted, d := count(document); wanted != 9-perKind[kind] || len(d.Events) != 9 {
			t.Errorf("dropping %v leaves %d of %d events, want %d of 9", kind, wanted, len(d.Events), 9-perKind[kind])
		}
	}
	wanted, d := count(strings.TrimSuffix(edgetest.OneCell, "}") + `,"drop":["message","status"]}`)
	if wanted != 0 || d.Verdict != edge.Answer || d.Reason != edge.NothingWanted || d.Status != 200 || len(d.Targets) > 0 {
		t.Errorf("dropping all leaves %d: %v %v %d", wanted, d.Verdict, d.Reason, d.Status)
	}
}

// TestDecidingAllocatesNothing decides every fixture again with a door that has
// seen it.
func TestDecidingAllocatesNothing(t *testing.T) {
	c := parse(t, edgetest.OneCell)
	files, err := filepath.Glob(filepath.Join(crmtest.Shared(t, "fixtures", "webhooks"), "*.json"))
	if err != nil || len(files) < 100 {
		t.Fatalf("%d fixtures, %v", len(files), err)
	}
	door, out, d := edge.New(c), []byte(nil), edge.Decision{}
	for i, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		r := edgetest.Signed(edge.Provider(1+i%2), "whatsapp.message.sent", body)
		frame := edge.AppendRequest(nil, r, 0)
		out = door.Handle(frame, out[:0])
		if n := testing.AllocsPerRun(5, func() { out = door.Handle(frame, out[:0]) }); n != 0 {
			t.Errorf("handling %s again takes %v allocations", filepath.Base(file), n)
		}
		door.Decide(r, 0, &d)
		if n := testing.AllocsPerRun(5, func() { door.Decide(r, 0, &d) }); n != 0 || d.Verdict != edge.Forward {
			t.Errorf("deciding %s again takes %v allocations: %v", filepath.Base(file), n, d.Verdict)
		}
	}
}

// TestReservedDoorAllocatesNothing decides a body of the size that was reserved
// for, the first time.
func TestReservedDoorAllocatesNothing(t *testing.T) {
	c := parse(t, edgetest.OneCell)
	var door edge.Door
	door.Reserve(64 << 10)
	door.Configure(c)
	out := make([]byte, 0, 32<<10)
	small := edge.AppendRequest(nil, edgetest.Signed(edge.Meta, "", []byte(`{}`)), 0)
	out = door.Handle(small, out[:0])
	large := edge.AppendRequest(nil, edgetest.Signed(edge.Meta, "", body(60<<10)), 0)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	out = door.Handle(large, out[:0])
	runtime.ReadMemStats(&after)
	if n := after.Mallocs - before.Mallocs; n != 0 || len(out) < 1000 {
		t.Errorf("the first body of 60 KB takes %v allocations and %d bytes of decision", n, len(out))
	}
}
