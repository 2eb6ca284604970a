package host_test

import (
	"bytes"
	"database/sql"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/simulator"
)

// customer is somebody whose every word is only theirs.
type customer struct {
	word   string // that all they say and all that is said about them has in it
	name   string
	digits string
	second string // another number of theirs, of a contact that becomes one with the first
	id     string // of the contact
}

func (c *customer) national() string { return "0" + c.digits[2:] }

// needles are the ways in which the customer could still be found.
func (c *customer) needles() map[string]string {
	found := map[string]string{"word": c.word, "name": c.name, "e-mail": strings.ToLower(c.word) + "@example.com"}
	for n, digits := range map[string]string{"": c.digits, "second ": c.second} {
		national := "0" + digits[2:]
		found[n+"number"], found[n+"national number"] = digits, national
		found[n+"number with spaces"] = national[:4] + " " + national[4:8] + " " + national[8:]
		found[n+"number with dashes"] = national[:4] + "-" + national[4:8] + "-" + national[8:]
		for before := range 3 {
			whole := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", before) + digits + "\x15\x02")) // as in a message's id
			found[fmt.Sprint(n, "number in base64 after ", before)] = whole[[]int{0, 2, 3}[before] : (before+len(digits)+1)*8/6]
		}
	}
	return found
}

// plain are the needles that are in the database as they are, and not packed.
var plain = []string{"e-mail", "name", "number", "number in base64 after 0", "second number", "second number in base64 after 0", "word"}

// found returns which of the needles are in a heap of bytes.
func (c *customer) found(heap []byte) []string {
	heap = bytes.ToLower(heap)
	var found []string
	for name, needle := range c.needles() {
		if bytes.Contains(heap, bytes.ToLower([]byte(needle))) {
			found = append(found, name)
		}
	}
	slices.Sort(found)
	return found
}

// TestErasedContactIsNowhere lets two people use everything there is, erases one,
// and looks for every trace of it in all that is stored.
func TestErasedContactIsNowhere(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		dir := t.TempDir()
		o.Settings = map[string]string{"data_dir": dir}
		w := hosttest.Start(t, o)
		gone := &customer{word: "Zkwartjx", name: "Zkwartjx Vimpulq", digits: "6281200000001", second: "6281200000003"}
		kept := &customer{word: "Yblomphe", name: "Yblomphe Grentow", digits: "6281200000002", second: "6281200000004"}
		for _, c := range []*customer{gone, kept} {
			live(t, w, c)
		}
		w.Settle()
		before, beforeJournal := view(t, w, kept), journal(t, w)
		for _, c := range []*customer{gone, kept} {
			if found := c.found(slices.Concat(beforeJournal, stored(t, o, dir))); len(without(plain, found)) > 0 {
				t.Errorf("before, only %v of %s is found: this test shows nothing", found, c.name)
			}
		}
		rows, seqs := journalRows(t, w), feedKinds(t, w)
		if answer := w.Ask("DELETE", "/api/contacts/"+gone.id, nil); answer.Status != 202 {
			t.Fatalf("erasing is answered %d %s", answer.Status, answer.Body)
		}
		hosttest.Until(t, "all is erased", func() bool {
			answer := w.Ask("GET", "/api/contacts/"+gone.id+"/erasure", nil)
			return hosttest.Decode[struct{ Stage string }](t, answer).Stage == "done"
		})
		if after := view(t, w, kept); after != before {
			at := 0
			for at < min(len(after), len(before)) && after[at] == before[at] {
				at++
			}
			t.Errorf("the other contact is\n%.400s\nand was\n%.400s", after[max(0, at-200):], before[max(0, at-200):])
		}
		if after := journalRows(t, w); !slices.Equal(after, rows) {
			t.Errorf("the journal has rows\n%v\nand had\n%v", after, rows)
		}
		if after := feedKinds(t, w); !slices.Equal(after[:len(seqs)], seqs) {
			t.Errorf("the feed has %v and had %v", after, seqs)
		}
		afterJournal := journal(t, w)
		w.Ask("GET", "/api/contacts?limit=5", nil)
		if o.DSN == "" {
			everywhere := slices.Concat(afterJournal, stored(t, o, dir)) // while it runs, with its WAL
			if found := gone.found(everywhere); len(found) > 0 {
				t.Errorf("while the host runs there is still %v", found)
			}
		}
		w.Stop()
		heap := slices.Concat(afterJournal, stored(t, o, dir))
		if found := gone.found(heap); len(found) > 0 {
			t.Errorf("there is still %v%s", found, gone.where(heap))
		}
		if found := kept.found(heap); len(without(plain, found)) > 0 {
			t.Errorf("of the other only %v is left", found)
		}
	})
}

// without returns what of a list is not in another.
func without(list, other []string) []string {
	return slices.DeleteFunc(slices.Clone(list), func(s string) bool { return slices.Contains(other, s) })
}

// where shows what stands round the first needle that is found.
func (c *customer) where(heap []byte) string {
	folded := bytes.ToLower(heap)
	for _, name := range slices.Sorted(maps.Keys(c.needles())) {
		if at := bytes.Index(folded, bytes.ToLower([]byte(c.needles()[name]))); at >= 0 {
			return fmt.Sprintf(", %s here: %q", name, heap[max(0, at-200):min(len(heap), at+200)])
		}
	}
	return ""
}

// live lets a customer do all that leaves something behind.
func live(t *testing.T, w *hosttest.World, c *customer) {
	t.Helper()
	word := func(text string) string { return c.word + " " + text }
	for _, digits := range []string{c.digits, c.second} {
		if _, err := w.Sim.PutCustomer(simulator.Customer{Phone: digits, Name: c.name, Username: strings.ToLower(c.word) + digits[9:]}); err != nil {
			t.Fatal(err)
		}
	}
	say := func(ch *crm.Channel, digits string, in simulator.Inbound) string {
		t.Helper()
		in.Chat = simulator.Chat{Provider: ch.Provider, Number: ch.PhoneNumberID, Customer: digits}
		said, err := w.Sim.Say(in)
		if err != nil {
			t.Fatal(err)
		}
		return said[0].ID
	}
	ask := func(method, path string, body any, headers ...string) map[string]any {
		t.Helper()
		answer := w.Ask(method, path, body, headers...)
		if answer.Status >= 300 {
			t.Fatalf("%s %s is answered %d %s", method, path, answer.Status, answer.Body)
		}
		return hosttest.Decode[map[string]any](t, answer)
	}
	for _, ch := range []*crm.Channel{w.Kapso, w.Meta} {
		first := say(ch, c.digits, simulator.Inbound{Text: word("halo"), Referral: json.RawMessage(`{"source_url":"https://example.com/` + c.word + `","headline":"` + c.word + `"}`)})
		for _, kind := range []string{"image", "document", "location"} {
			say(ch, c.digits, simulator.Inbound{Kind: kind, Text: word(kind)})
		}
		say(ch, c.digits, simulator.Inbound{Kind: "reaction", Text: "👍", ReplyTo: first})
		say(ch, c.digits, simulator.Inbound{Text: word("kutipan"), ReplyTo: first})
		say(ch, c.digits, simulator.Inbound{Text: word("lagi"), Count: 60})
	}
	last := say(w.Meta, c.digits, simulator.Inbound{Text: word("salah")})
	say(w.Meta, c.digits, simulator.Inbound{Kind: "edit", Text: word("ralat"), ReplyTo: last})
	say(w.Meta, c.digits, simulator.Inbound{Kind: "revoke", ReplyTo: last})
	say(w.Meta, c.second, simulator.Inbound{Text: word("dari nomor lain")})
	w.Settle()
	var other string
	for digits, id := range map[string]*string{c.digits: &c.id, c.second: &other} {
		hosttest.Until(t, "the customer is a contact", func() bool {
			answer := w.Ask("GET", "/api/contacts/by-phone?phone="+digits, nil)
			*id, _ = hosttest.Decode[map[string]any](t, answer)["id"].(string)
			return answer.Status == 200
		})
	}
	tag := ask("POST", "/api/tags", map[string]string{"name": "Tag of " + c.digits[11:], "color": "#ff8800"})["id"]
	ask("PATCH", "/api/contacts/"+c.id, map[string]any{
		"name": c.name, "fields": map[string]string{"kota": word("Bandung")}, "add_tags": []any{tag},
		"add_identities": []map[string]string{{"kind": "email", "value": strings.ToLower(c.word) + "@example.com"}, {"kind": "external_id", "value": c.word + "-42"}},
	})
	ask("PATCH", "/api/contacts/"+c.id, map[string]any{"name": c.name + " Lama"})
	ask("PATCH", "/api/contacts/"+c.id, map[string]any{"name": c.name})
	ask("POST", "/api/contacts/"+c.id+"/notes", map[string]string{"body": word("catatan")})
	ask("POST", "/api/contacts/"+c.id+"/tasks", map[string]string{"title": word("telepon")})
	for i, ch := range []*crm.Channel{w.Kapso, w.Meta} {
		thread := hosttest.Decode[list[conversation]](t, w.Ask("GET", "/api/conversations?channel="+ch.ID.String()+"&contact="+c.id, nil)).Data[0].ID
		text := map[string]any{"conversation_id": thread, "type": "text", "text": map[string]string{"body": word("balasan")}}
		ask("POST", "/api/messages/send", text, "Idempotency-Key: "+fmt.Sprint("key-", c.digits[12:], i))
		if err := w.Sim.AddFaults(simulator.Fault{Kind: simulator.FaultFail, Count: 1}); err != nil {
			t.Fatal(err)
		}
		ask("POST", "/api/messages/send", text)
		hosttest.Until(t, "one of them failed and one arrived", func() bool {
			messages := hosttest.Decode[list[message]](t, w.Ask("GET", "/api/conversations/"+thread+"/messages", nil))
			had := func(status string) bool {
				return slices.ContainsFunc(messages.Data, func(m message) bool { return m.Status == status })
			}
			return had("failed") && had("delivered")
		})
	}
	ask("POST", "/api/merges", map[string]string{"keep_id": c.id, "other_id": other})
	file := "Nama,Nomor HP,Email\n" + c.name + "," + c.national() + "9999999999,bukan-" + c.word + "\n" + c.name + "," + c.national()[:4] + " " + c.national()[4:8] + " " + c.national()[8:] + ",bukan surel\n"
	req, err := http.NewRequestWithContext(t.Context(), "POST", w.URL+"/api/imports?filename=kontak.csv", strings.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/csv")
	req.Header.Set("X-Api-Key", string(w.Key))
	answer := w.Send(req)
	imported, _ := hosttest.Decode[map[string]any](t, answer)["id"].(string)
	ask("POST", "/api/imports/"+imported+"/start", map[string]any{})
	hosttest.Until(t, "the import is done", func() bool { return ask("GET", "/api/imports/"+imported, nil)["state"] == "done" })
	if rows := w.Ask("GET", "/api/imports/"+imported+"/errors", nil); !bytes.Contains(rows.Body, []byte(c.name)) {
		t.Fatalf("no row of the import failed: %s", rows.Body)
	}
}

// view is all that the API shows of a contact.
func view(t *testing.T, w *hosttest.World, c *customer) string {
	t.Helper()
	var all strings.Builder
	for _, path := range []string{"/api/contacts/" + c.id, "/api/contacts/" + c.id + "/notes", "/api/contacts?q=" + c.word, "/api/conversations?q=" + c.word} {
		all.Write(w.Ask("GET", path, nil).Body)
	}
	for _, cv := range hosttest.Decode[list[conversation]](t, w.Ask("GET", "/api/conversations?contact="+c.id, nil)).Data {
		all.Write(w.Ask("GET", "/api/conversations/"+cv.ID+"/messages?limit=100", nil).Body)
	}
	return scoredAt.ReplaceAllString(all.String(), "$1")
}

// scoredAt is the moment for which a score is told.
var scoredAt = regexp.MustCompile(`("score":\{[^[]*)"at":"[^"]*"`)

// journal returns every body that is still kept, of the workspace and of nobody.
func journal(t *testing.T, w *hosttest.World) []byte {
	t.Helper()
	var bodies []byte
	for _, d := range deliveries(t, w) {
		if body, err := w.Host.Inbox.Body(t.Context(), access.System(w.Workspace.ID), d.ID); err == nil {
			bodies = append(bodies, body...)
		}
	}
	return bodies
}

func deliveries(t *testing.T, w *hosttest.World) (all []*crm.Delivery) {
	t.Helper()
	for q := (inbox.DeliveryQuery{Limit: crm.MaxPageRows}); ; q.After = all[len(all)-1].ID {
		page, err := w.Host.Inbox.Deliveries(t.Context(), access.System(w.Workspace.ID), q)
		if err != nil {
			t.Fatal(err)
		}
		if all = append(all, page...); len(page) < q.Limit {
			return all
		}
	}
}

// journalRows is the journal without its bodies.
func journalRows(t *testing.T, w *hosttest.World) (rows []string) {
	t.Helper()
	for _, d := range deliveries(t, w) {
		rows = append(rows, fmt.Sprint(d.ID, d.Verdict, d.Facts, d.Applied, d.ReceivedAt, d.Seen))
	}
	return rows
}

// feedKinds is the feed as far as it is no one's.
func feedKinds(t *testing.T, w *hosttest.World) (kinds []string) {
	t.Helper()
	for after := int64(0); ; {
		page, err := w.Host.Feed.After(t.Context(), access.System(w.Workspace.ID), after, 500)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range page.Facts {
			after, kinds = f.Seq, append(kinds, fmt.Sprint(f.Seq, f.Kind, f.ContactID))
		}
		if len(page.Facts) < 500 {
			return kinds
		}
	}
}

// stored returns every byte of the database: the embedded one's file and WAL with
// the words of its full-text index, or the rows of every table of PostgreSQL.
func stored(t *testing.T, o hosttest.Options, dir string) []byte {
	t.Helper()
	if o.DSN != "" {
		return pgtest.Dump(t, o.DSN)
	}
	var all []byte
	files, err := filepath.Glob(filepath.Join(dir, "my21staff.db*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the database's files are %v, %v", files, err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "-shm") { // the index of the WAL
			continue
		}
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, content...)
	}
	return append(all, indexed(t, filepath.Join(dir, "my21staff.db"))...)
}

// indexed returns the terms of the embedded database's full-text index, and what
// the parts of names among them stand for.
func indexed(t *testing.T, path string) (terms []byte) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.ExecContext(t.Context(), "create virtual table temp.terms using fts5vocab (main, search_index, row)"); err != nil {
		t.Fatal(err)
	}
	rows, err := db.QueryContext(t.Context(), "select term from temp.terms order by term")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var term string
		if err := rows.Scan(&term); err != nil {
			t.Fatal(err)
		}
		terms = append(append(terms, term...), '\n')
	}
	return terms
}
