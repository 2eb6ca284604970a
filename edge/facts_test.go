package edge_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"unsafe"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/edgetest"
)

func parse(tb testing.TB, document string) *edge.Config {
	tb.Helper()
	c, err := edge.Parse([]byte(document))
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// compareFacts holds the events of a body against the facts that the host reads
// from it.
func compareFacts(tb testing.TB, c *edge.Config, p edge.Provider, event string, body []byte) {
	tb.Helper()
	facts, err := webhook.Decode(crm.Provider(p.String()), event, body)
	d := edge.Decide(c, edgetest.Signed(p, event, body), 0)
	if err != nil {
		if d.Verdict != edge.Forward || len(d.Events) > 0 || d.Cells != 1 {
			tb.Errorf("%.200s: the host says %v, the edge %v %v", body, err, d.Verdict, d.Reason)
		}
		return
	}
	facts = items(facts)
	if len(facts) != len(d.Events) {
		tb.Errorf("%.300s: the host reads %d items, the edge %d", body, len(facts), len(d.Events))
		return
	}
	for i, e := range d.Events {
		compareFact(tb, body, &facts[i], &d, &e)
	}
}

// items leaves out the second fact about one item.
func items(facts []webhook.Fact) []webhook.Fact {
	var kept []webhook.Fact
	for i, f := range facts {
		if i > 0 && f.Provider == crm.Kapso && same(f.Raw, facts[i-1].Raw) {
			continue
		}
		kept = append(kept, f)
	}
	return kept
}

func same(a, b []byte) bool { return len(a) > 0 && len(a) == len(b) && &a[0] == &b[0] }

func compareFact(tb testing.TB, body []byte, f *webhook.Fact, d *edge.Decision, e *edge.Event) {
	tb.Helper()
	start := int(uintptr(unsafe.Pointer(&f.Raw[0])) - uintptr(unsafe.Pointer(&body[0])))
	if start != e.Start || start+len(f.Raw) != e.End {
		tb.Errorf("%s: the host reads it at %d:%d, the edge at %d:%d", f.Raw, start, start+len(f.Raw), e.Start, e.End)
		return
	}
	target := d.Targets[e.Target]
	if id := string(target.ID); f.PhoneNumberID != "" && (target.Kind != edge.OfNumber || id != f.PhoneNumberID) ||
		f.PhoneNumberID == "" && f.AccountID != "" && (target.Kind != edge.OfAccount || id != f.AccountID) ||
		f.PhoneNumberID == "" && f.AccountID == "" && target.Kind != edge.Nobody {
		tb.Errorf("%s: the host says number %q, account %q; the edge %v %q", f.Raw, f.PhoneNumberID, f.AccountID, target.Kind, id)
	}
	if f.Kind == webhook.Unreadable {
		return // the edge does not read contents
	}
	if e.Kind.String() != string(f.Kind) || string(e.ID) != f.ProviderID {
		tb.Errorf("%s: the host says %s %q, the edge %s %q", f.Raw, f.Kind, f.ProviderID, e.Kind, e.ID)
	}
	if ms := f.Time.UnixMilli(); f.Time.IsZero() && e.Time != 0 || !f.Time.IsZero() && e.Time != ms {
		tb.Errorf("%s: the host says %v, the edge %d", f.Raw, f.Time, e.Time)
	}
	want, kind := f.Peer.WaID, edge.ByWaID
	if want == "" {
		want, kind = f.Peer.UserID, edge.ByUserID
	}
	if want == "" {
		kind = edge.ByNothing
	}
	if string(e.Peer) != want || e.PeerKind != kind {
		tb.Errorf("%s: the host says it is %q, the edge %q", f.Raw, want, e.Peer)
	}
}

// TestEventsAreTheHostsFacts reads every body of the fixtures and of the host's
// own test data at both ends.
func TestEventsAreTheHostsFacts(t *testing.T) {
	t.Parallel()
	c := parse(t, edgetest.OneCell)
	n := 0
	for _, pattern := range []string{
		filepath.Join(crmtest.Shared(t, "fixtures", "webhooks"), "*.json"),
		filepath.Join(crmtest.ModuleRoot(t), "crm", "webhook", "testdata", "*", "*.json"),
		filepath.Join(crmtest.ModuleRoot(t), "crm", "webhook", "testdata", "*.json"),
	} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			body, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if body = bytes.TrimSpace(body); len(body) == 0 {
				continue
			}
			n++
			compareFacts(t, c, edge.Meta, "", body)
			compareFacts(t, c, edge.Kapso, "", body)
			compareFacts(t, c, edge.Kapso, "whatsapp.message.received", body)
			compareFacts(t, c, edge.Kapso, "whatsapp.message.sent", body)
			compareFacts(t, c, edge.Kapso, "whatsapp.message.delivered", body)
			compareFacts(t, c, edge.Kapso, "whatsapp.conversation.created", body)
		}
	}
	if n < 200 {
		t.Errorf("only %d bodies were found", n)
	}
}
