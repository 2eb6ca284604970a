package host_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host/hosttest"
)

// problem is a problem document.
type problem struct {
	Type, Title, Detail, Code, Reason string
	Status                            int
	RequestID                         string `json:"request_id"`
	Templates                         []struct{ Name string }
}

// signed returns a webhook request with a signature.
func signed(t *testing.T, w *hosttest.World, ch *crm.Channel, body []byte) *http.Request {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", w.URL+"/api/webhook/"+string(ch.Provider), bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	name, value := webhook.Sign(ch.Provider, ch.Credentials.WebhookSecrets[0], body)
	req.Header.Set(name, value)
	return req
}

// inbound returns Meta's webhook about one text message.
func inbound(ch *crm.Channel, id, from, text string) []byte {
	return fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":%q,"changes":[{"field":"messages","value":{"messaging_product":"whatsapp",`+
		`"metadata":{"display_phone_number":"6281200000102","phone_number_id":%q},"contacts":[{"profile":{"name":"Contoh"},"wa_id":%q}],`+
		`"messages":[{"from":%q,"id":%q,"timestamp":"1793600000","type":"text","text":{"body":%q}}]}}]}]}`,
		ch.BusinessAccountID, ch.PhoneNumberID, from, from, id, text)
}

func TestErrorsAreProblemDocuments(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		w := hosttest.Start(t, o)
		stranger := crm.ConversationID{15: 1}
		body := inbound(w.Meta, "wamid.one", "6281200000001", "Halo")
		forged := signed(t, w, w.Meta, body)
		forged.Header.Set("X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64))
		unsigned := signed(t, w, w.Meta, body)
		unsigned.Header.Del("X-Hub-Signature-256")
		twice := signed(t, w, w.Meta, body)
		twice.Header.Add("X-Hub-Signature-256", twice.Header.Get("X-Hub-Signature-256"))
		for _, c := range []struct {
			name   string
			answer hosttest.Answer
			status int
			code   string
		}{
			{"forged webhook", w.Send(forged), 401, ""},
			{"unsigned webhook", w.Send(unsigned), 401, ""},
			{"two signatures", w.Send(twice), 401, ""},
			{"webhook that is no JSON", w.Send(signed(t, w, w.Meta, []byte(`{"object":`))), 400, ""},
			{"webhook beyond 4 MiB", w.Send(signed(t, w, w.Meta, bytes.Repeat([]byte(" "), 4<<20+1))), 413, "too_large"},
			{"wrong verify token", w.Ask("GET", "/api/webhook/meta?hub.mode=subscribe&hub.verify_token=x&hub.challenge=1", nil), 403, ""},
			{"nobody", w.Ask("GET", "/api/conversations", nil, "X-Api-Key: "), 401, "unauthenticated"},
			{"unknown key", w.Ask("GET", "/api/conversations", nil, "X-Api-Key: m21_unknown"), 401, "unauthenticated"},
			{"unknown bearer", w.Ask("GET", "/api/events", nil, "X-Api-Key: ", "Authorization: Bearer m21_unknown"), 401, "unauthenticated"},
			{"unknown cookie", w.Ask("GET", "/api/me", nil, "X-Api-Key: ", "Cookie: m21_session=unknown"), 401, "unauthenticated"},
			{"missing conversation", w.Ask("GET", "/api/conversations/"+stranger.String(), nil), 404, "not_found"},
			{"unknown address", w.Ask("GET", "/api/nothing", nil), 404, "not_found"},
			{"other method", w.Ask("DELETE", "/api/conversations", nil), 405, "method_not_allowed"},
			{"body beyond 1 MiB", w.Ask("POST", "/api/messages/send", strings.Repeat("x", 1<<20)), 413, "too_large"},
			{"body that is no JSON object", w.Ask("POST", "/api/messages/send", "x"), 400, ""},
		} {
			var doc problem
			if err := json.Unmarshal(c.answer.Body, &doc); err != nil {
				t.Errorf("%s: answered %d %.200s, want a problem document", c.name, c.answer.Status, c.answer.Body)
				continue
			}
			if c.answer.Status != c.status || doc.Status != c.status || c.code != "" && doc.Code != c.code {
				t.Errorf("%s: answered %d with %+v, want %d %s", c.name, c.answer.Status, doc, c.status, c.code)
			}
			if kind := c.answer.Header.Get("Content-Type"); kind != "application/problem+json" || doc.Code == "" || doc.Detail == "" || doc.RequestID == "" {
				t.Errorf("%s: the document is %s %+v", c.name, kind, doc)
			}
		}
		seen := hosttest.Decode[list[conversation]](t, w.Ask("GET", "/api/conversations", nil))
		if len(seen.Data) != 0 {
			t.Errorf("after nothing but refused requests the list shows %+v", seen.Data)
		}
	})
}

// What belongs to somebody else answers exactly like what does not exist.
func TestForeignIsLikeMissing(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		w := hosttest.Start(t, o)
		if got := w.Send(signed(t, w, w.Meta, inbound(w.Meta, "wamid.one", "6281200000001", "Halo"))); got.Status != 200 {
			t.Fatalf("the webhook gets %d %s", got.Status, got.Body)
		}
		mine := hosttest.Decode[list[conversation]](t, w.Ask("GET", "/api/conversations", nil)).Data[0].ID
		key := w.Stranger()
		missing := crm.ConversationID{15: 1}
		for _, ask := range []struct {
			method, path string
			body         any
		}{
			{"GET", "/api/conversations/%s", nil},
			{"GET", "/api/conversations/%s/messages", nil},
			{"PATCH", "/api/conversations/%s", map[string]string{"status": "resolved"}},
			{"POST", "/api/messages/send", map[string]any{"conversation_id": "%s", "type": "text", "text": map[string]string{"body": "x"}}},
		} {
			var answers []string
			for _, id := range []string{mine, missing.String()} {
				body := ask.body
				if send, ok := ask.body.(map[string]any); ok {
					body = map[string]any{"conversation_id": id, "type": send["type"], "text": send["text"]}
				}
				got := w.Ask(ask.method, strings.ReplaceAll(ask.path, "%s", id), body, "X-Api-Key: "+string(key), "X-Request-Id: the-same-one")
				answers = append(answers, fmt.Sprint(got.Status, " ", string(got.Body)))
			}
			if answers[0] != answers[1] || !strings.HasPrefix(answers[0], "404 ") {
				t.Errorf("%s %s: a foreign id answers %s, a missing one %s", ask.method, ask.path, answers[0], answers[1])
			}
		}
	})
}

func TestOutsideTheWindowTheAnswerNamesTemplates(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	hosttest.Until(t, "the templates are here", func() bool {
		return len(hosttest.Decode[list[any]](t, w.Ask("GET", "/api/templates?channel="+w.Kapso.ID.String(), nil)).Data) > 0
	})
	got := w.Ask("POST", "/api/messages/send", map[string]any{
		"to": "+62 812 0000 0001", "channel_id": w.Kapso.ID.String(), "type": "text", "text": map[string]string{"body": "Hi"},
	})
	doc := hosttest.Decode[problem](t, got)
	if got.Status != 422 || doc.Code != "window_never" || !strings.Contains(doc.Detail, "template") || len(doc.Templates) == 0 {
		t.Errorf("a text to somebody who never wrote gets %d %s", got.Status, got.Body)
	}
}

func TestDatabaseDownIsUnavailableAndHeals(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	w := hosttest.Start(t, hosttest.Options{DSN: server.DSN()})
	if got := w.Ask("GET", "/readyz", nil); got.Status != 200 {
		t.Fatalf("the host is not ready: %s", got.Body)
	}
	server.Stop()
	for _, c := range []struct {
		name string
		ask  func() hosttest.Answer
	}{
		{"webhook", func() hosttest.Answer {
			return w.Send(signed(t, w, w.Meta, inbound(w.Meta, "wamid.down", "6281200000001", "Halo")))
		}},
		{"list", func() hosttest.Answer { return w.Ask("GET", "/api/conversations", nil) }},
		{"send", func() hosttest.Answer {
			return w.Ask("POST", "/api/messages/send", map[string]any{"to": "+62 812 0000 0001", "channel_id": w.Meta.ID.String(), "type": "text", "text": map[string]string{"body": "x"}})
		}},
		{"ready", func() hosttest.Answer { return w.Ask("GET", "/readyz", nil) }},
	} {
		if got := c.ask(); got.Status != 503 || got.Header.Get("Retry-After") == "" {
			t.Errorf("%s: with the database down it answers %d, Retry-After %q: %s; want 503 and when to try again", c.name, got.Status, got.Header.Get("Retry-After"), got.Body)
		}
	}
	if got := w.Ask("GET", "/healthz", nil); got.Status != 200 {
		t.Errorf("with the database down the process is said not to live: %d", got.Status)
	}
	server.Start()
	hosttest.Until(t, "the host is ready again", func() bool { return w.Ask("GET", "/readyz", nil).Status == 200 })
	hosttest.Until(t, "the webhook that was refused is taken", func() bool {
		return w.Send(signed(t, w, w.Meta, inbound(w.Meta, "wamid.down", "6281200000001", "Halo"))).Status == 200
	})
	if seen := hosttest.Decode[list[conversation]](t, w.Ask("GET", "/api/conversations", nil)); len(seen.Data) != 1 || seen.Data[0].Unread != 1 {
		t.Errorf("the message that came twice is shown as %+v", seen.Data)
	}
}

// A fact that the program cannot store is kept for when it can, and the provider has
// its 200: so nobody but the log says why.
func TestLogSaysWhatTheHostFailedOn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var log lines
	w := hosttest.Start(t, hosttest.Options{Settings: map[string]string{"data_dir": dir}, Log: &log})
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "my21staff.db")+"?_pragma=busy_timeout(60000)&_txlock=immediate") // the host writes too
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	tx, err := db.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(t.Context(), "create trigger broken before insert on messages begin insert into nowhere values (1); end"); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	var receipt struct{ ID, Verdict string }
	answer := w.Send(signed(t, w, w.Meta, inbound(w.Meta, "wamid.one", "6281200000001", "Halo")))
	if err := json.Unmarshal(answer.Body, &receipt); err != nil || answer.Status != 200 || receipt.Verdict != "partly" {
		t.Fatalf("the webhook is answered %d %s, want 200 and that it was applied partly", answer.Status, answer.Body)
	}
	for _, want := range []string{"this program failed on a webhook", "no such table", "verdict=partly", "delivery=" + receipt.ID} {
		if !strings.Contains(log.text(), want) {
			t.Errorf("the log does not say %q", want)
		}
	}
}
