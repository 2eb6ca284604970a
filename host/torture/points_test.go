//go:build torture

package torture_test

import (
	"bufio"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/simulator"
	"github.com/my21staff/my21staff/host/torture"
)

type list struct {
	Data []struct{ ID, Status, Type string }
}

// TestEveryPointIsPassed drives a whole host in the ordinary ways and sees that
// no point stands where nobody comes by.
func TestEveryPointIsPassed(t *testing.T) {
	t.Parallel()
	for database, dsn := range map[string]func() string{"sqlite": func() string { return "" }, "postgres": func() string { return pgtest.DSN(t) }} {
		t.Run(database, func(t *testing.T) {
			empty := t.TempDir() // so that the schema is made
			w := hosttest.Start(t, hosttest.Options{DSN: dsn(), Settings: map[string]string{"reconcile_every": "1s", "data_dir": empty}})
			h := w.Host.Torture()
			at := simulator.Chat{Provider: crm.Kapso, Customer: "6281200000001"}
			say(t, w, simulator.Inbound{Chat: at, Text: "Halo"})
			say(t, w, simulator.Inbound{Chat: at, Kind: "image"})
			var threads list
			hosttest.Until(t, "the conversation is there", func() bool {
				threads = hosttest.Decode[list](t, w.Ask("GET", "/api/conversations", nil))
				return len(threads.Data) == 1
			})
			thread := "/api/conversations/" + threads.Data[0].ID
			send := func() {
				answers(t, w, 201, "POST", "/api/messages/send", map[string]any{
					"conversation_id": threads.Data[0].ID, "type": "text", "text": map[string]string{"body": "Selamat datang"},
				})
			}
			send()
			files(t, w, thread)
			replay(t, w)
			background(t, w)
			answers(t, w, 200, "PATCH", thread, map[string]any{"status": "snoozed", "snoozed_until": time.Now().Add(time.Second).UTC().Format(time.RFC3339)})
			ends := []string{"close.beforeDrain", "close.midDrain", "close.afterDrain"}
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for end := time.Now().Add(20 * time.Second); len(missing(h, ends)) > 0 && time.Now().Before(end); <-tick.C { // a snooze ends within six
				if h.Passed()["outbox.beforeClaim"] == 0 { // a claim that was under way took the job before anybody saw it wait
					send()
				}
			}
			if not := missing(h, ends); len(not) > 0 {
				t.Errorf("not passed are %v", not)
			}
			w.Stop()
			if not := missing(h, nil); len(not) > 0 {
				t.Errorf("after the end %v are not passed", not)
			}
		})
	}
}

// missing returns the points that were not passed, but for some.
func missing(h *torture.Harness, but []string) []string {
	var not []string
	for name, n := range h.Passed() {
		if n == 0 && !slices.Contains(but, name) {
			not = append(not, name)
		}
	}
	return not
}

func say(t *testing.T, w *hosttest.World, in simulator.Inbound) {
	t.Helper()
	if _, err := w.Sim.Say(in); err != nil {
		t.Fatal(err)
	}
}

func answers(t *testing.T, w *hosttest.World, want int, method, path string, body any) hosttest.Answer {
	t.Helper()
	answer := w.Ask(method, path, body)
	if answer.Status != want {
		t.Fatalf("%s %s is answered %d %s", method, path, answer.Status, answer.Body)
	}
	return answer
}

// files uploads a file and downloads one that a customer sent.
func files(t *testing.T, w *hosttest.World, thread string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", w.URL+"/api/media?channel="+w.Kapso.ID.String(), strings.NewReader("a file"))
	if err != nil {
		t.Fatal(err)
	}
	if up := w.Send(req, "X-Api-Key: "+string(w.Key), "Content-Type: image/png"); up.Status != 201 {
		t.Fatalf("the upload is answered %d %s", up.Status, up.Body)
	}
	image := ""
	hosttest.Until(t, "the image is there", func() bool {
		for _, m := range hosttest.Decode[list](t, w.Ask("GET", thread+"/messages", nil)).Data {
			if m.Type == "image" {
				image = m.ID
			}
		}
		return image != ""
	})
	answers(t, w, 200, "GET", "/api/messages/"+image+"/media", nil)
}

// background has the host do what it does in the background: an import, a bulk
// change, a rescore and an erasure.
func background(t *testing.T, w *hosttest.World) {
	t.Helper()
	send := func(want int, method, path, kind, body string) map[string]any {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, w.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		answer := w.Send(req, "X-Api-Key: "+string(w.Key), "Content-Type: "+kind)
		if answer.Status != want {
			t.Fatalf("%s %s is answered %d %s", method, path, answer.Status, answer.Body)
		}
		return hosttest.Decode[map[string]any](t, answer)
	}
	ends := func(path string) {
		t.Helper()
		hosttest.Until(t, path+" has ended", func() bool { return send(200, "GET", path, "application/json", "")["ended_at"] != nil })
	}
	file := "/api/imports/" + send(201, "POST", "/api/imports", "text/csv", "name,phone\nMurid,+62 812 0000 0002\n")["id"].(string)
	send(200, "POST", file+"/start", "application/json", "{}")
	ends(file)
	pupil := send(200, "GET", "/api/contacts/by-phone?phone=%2B6281200000002", "application/json", "")["id"].(string)
	send(200, "PATCH", "/api/contacts/"+pupil, "application/json", `{"name":"Murid Contoh"}`)
	bulk := send(202, "POST", "/api/contacts/bulk", "application/json", `{"filter":{"field":"lead_status","op":"is","value":"new"},"lead_status":"contacted","background":true}`)
	ends("/api/bulks/" + bulk["id"].(string))
	send(200, "POST", "/api/lead-rules/rescore", "application/json", "")
	ends("/api/lead-rules/rescore")
	send(202, "DELETE", "/api/contacts/"+pupil, "application/json", "")
	ends("/api/contacts/" + pupil + "/erasure")
}

// replay reads the stream from its beginning until there is something.
func replay(t *testing.T, w *hosttest.World) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", w.URL+"/api/events?after=0", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", string(w.Key))
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	for lines := bufio.NewScanner(response.Body); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "event: message.received") {
			return
		}
	}
	t.Fatal("the stream ended before it told of a message")
}
