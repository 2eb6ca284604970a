package api_test

import (
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/host/api"
)

// owned are ids of one row of each kind that a company has, by the first part of
// the paths they stand in.
func (w *world) owned(c *company) map[string]string {
	w.tb.Helper()
	w.hear(c, 1, "I", "Halo")
	conversation := w.conversation(c)
	id := conversation.text("id")
	contact := conversation.text("contact_id")
	made := func(target, body string) string {
		w.tb.Helper()
		return w.do(c.key, "POST", target, body).is(201).text("id")
	}
	return map[string]string{
		"conversations":  id,
		"contacts":       contact,
		"messages":       conversation.object("last_message").text("id"),
		"tasks":          made("/api/contacts/"+contact+"/tasks", `{"title":"Telepon"}`),
		"tags":           made("/api/tags", `{"name":"Beasiswa"}`),
		"fields":         made("/api/fields", `{"key":"city","type":"text"}`),
		"merges":         merged(w, c),
		"views":          made("/api/views", `{"name":"New","shared":true,"filter":{"field":"lead_status","op":"is","value":"new"}}`),
		"canned-replies": made("/api/canned-replies", `{"shortcut":"thanks","body":"Terima kasih!"}`),
		"members":        made("/api/members", `{"name":"Dewi","role":"member"}`),
		"keys":           made("/api/keys", `{"name":"Form","scopes":["read"]}`),
		"channels":       c.channel.ID.String(),
		"imports":        w.do(c.key, "POST", "/api/imports", "nama,hp,tag,Kota\nBudi,081200000077,,\n", "Content-Type", "text/csv").is(201).text("id"),
		"webhooks":       w.do(c.key, "GET", "/api/webhooks", "").is(200).list("data")[0].text("id"),
		"bulks":          w.do(c.key, "POST", "/api/contacts/bulk", `{"filter":{"field":"name","op":"is_set"},"blocked":true,"background":true}`).is(202).text("id"),
	}
}

// merged merges two contacts of the company and returns the merge's id.
func merged(w *world, c *company) string {
	w.tb.Helper()
	made := func() string { return w.do(c.key, "POST", "/api/contacts", `{"name":"Kembar"}`).is(201).text("id") }
	return w.do(c.key, "POST", "/api/merges", `{"keep_id":"`+made()+`","other_id":"`+made()+`"}`).is(201).text("id")
}

// kindOf is the kind of row that a route's id names: the part of its path after
// "/api/".
func kindOf(r api.Route) string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(r.Path, "/api/"), "/")
	return kind
}

// call calls a route with its example, its id replaced.
func (w *world) call(key string, r api.Route, id string) reply {
	w.tb.Helper()
	return w.do(key, r.Method, strings.Replace(r.Path, "{id}", id, 1), r.Example)
}

// Every route that takes an id answers a stranger's as it answers one that does
// not exist, byte for byte, and one that is no id as not found.
func TestForeignIdIsAMissingId(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	theirs, ours := w.owned(w.theirs), w.owned(w.ours)
	missing := crm.NewID[crm.Contact](crmtest.NewClock().Mint(9)).String()
	before, called := w.seen(w.theirs), 0
	for _, r := range w.api.Routes() {
		if !strings.Contains(r.Path, "{id}") {
			continue
		}
		called++
		kind := kindOf(r)
		if theirs[kind] == "" {
			t.Errorf("%s %s takes an id of a kind this test does not know", r.Method, r.Path)
			continue
		}
		foreign, absent := w.call(w.ours.key, r, theirs[kind]), w.call(w.ours.key, r, missing)
		if foreign.status != absent.status || foreign.body != absent.body {
			t.Errorf("%s %s answers a stranger's id %d %s and a missing one %d %s", r.Method, r.Path, foreign.status, foreign.body, absent.status, absent.body)
		}
		list := r.Method == "GET" && r.Path == "/api/contacts/{id}/tasks" // nobody's tasks are none
		if !list && foreign.status != 404 {
			t.Errorf("%s %s answers a stranger's id %d, want 404", r.Method, r.Path, foreign.status)
		}
		if got := w.call(w.ours.key, r, "1"); got.status != 404 {
			t.Errorf("%s %s answers the id 1 with %d %s, want 404", r.Method, r.Path, got.status, got.body)
		}
		own := w.call(w.ours.key, r, ours[kind])
		if own.status >= 300 && !strings.HasSuffix(r.Path, "/media") { // the message has none
			t.Errorf("%s %s answers our own id %d %s, so that this test shows nothing", r.Method, r.Path, own.status, own.body)
		}
	}
	if called < 15 {
		t.Errorf("%d routes take an id, want all of them to be tried", called)
	}
	if after := w.seen(w.theirs); after != before {
		t.Errorf("calls with its ids changed the other company from %s to %s", before, after)
	}
}

// seen is all that a company sees of itself in lists.
func (w *world) seen(c *company) string {
	w.tb.Helper()
	var all strings.Builder
	for _, list := range []string{"conversations", "contacts", "tasks", "tags", "fields", "views", "canned-replies", "pipeline", "members", "keys", "channels", "webhooks", "workspace"} {
		all.WriteString(w.do(c.key, "GET", "/api/"+list, "").body)
	}
	return all.String()
}

// Ids in queries and bodies are the workspace's own or nobody's.
func TestForeignIdsInQueriesAndBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	theirs, ours := w.owned(w.theirs), w.owned(w.ours)
	missing := crm.NewID[crm.Contact](crmtest.NewClock().Mint(9)).String()
	for _, c := range []struct{ method, target, body, id string }{
		{"GET", "/api/conversations?contact=%s", "", theirs["contacts"]},
		{"GET", "/api/conversations?channel=%s", "", theirs["channels"]},
		{"GET", "/api/conversations?tag=%s", "", theirs["tags"]},
		{"GET", "/api/conversations?assignee=%s", "", theirs["members"]},
		{"GET", "/api/contacts?tag=%s", "", theirs["tags"]},
		{"POST", "/api/merges", `{"keep_id":"` + ours["contacts"] + `","other_id":"%s"}`, theirs["contacts"]},
		{"GET", "/api/contacts?view=%s", "", theirs["views"]},
		{"GET", `/api/contacts?filter={"field":"tag","op":"is","value":"%s"}`, "", theirs["tags"]},
		{"GET", `/api/contacts?filter={"field":"assignee","op":"is","value":"%s"}`, "", theirs["members"]},
		{"GET", "/api/tasks?contact=%s", "", theirs["contacts"]},
		{"GET", "/api/tasks?assignee=%s", "", theirs["members"]},
		{"GET", "/api/templates?channel=%s", "", theirs["channels"]},
		{"POST", "/api/media?channel=%s", "a file", theirs["channels"]},
		{"PATCH", "/api/conversations/" + ours["conversations"], `{"assignee_id":"%s"}`, theirs["members"]},
		{"PATCH", "/api/tasks/" + ours["tasks"], `{"assignee_id":"%s"}`, theirs["members"]},
		{"PATCH", "/api/contacts/" + ours["contacts"], `{"add_tags":["%s"]}`, theirs["tags"]},
		{"POST", "/api/contacts", `{"name":"a","tag_ids":["%s"]}`, theirs["tags"]},
		{"POST", "/api/messages/send", `{"conversation_id":"%s","type":"text","text":{"body":"a"}}`, theirs["conversations"]},
		{"POST", "/api/messages/send", `{"contact_id":"%s","type":"text","text":{"body":"a"}}`, theirs["contacts"]},
		{"POST", "/api/messages/send", `{"to":"+6281200000001","channel_id":"%s","type":"text","text":{"body":"a"}}`, theirs["channels"]},
		{"POST", "/api/messages/send", `{"to":"+6281200000001","reply_to":"%s","type":"text","text":{"body":"a"}}`, theirs["messages"]},
		{"POST", "/api/messages/send", `{"to":"+6281200000001","type":"reaction","reaction":{"message_id":"%s","emoji":"a"}}`, theirs["messages"]},
	} {
		ask := func(id string) reply {
			fill := func(text string) string { return strings.Replace(text, "%s", id, 1) }
			return w.us(c.method, fill(c.target), fill(c.body))
		}
		foreign, absent := ask(c.id), ask(missing)
		if foreign.status != absent.status || foreign.body != absent.body {
			t.Errorf("%s %s %s answers a stranger's id %d %s and a missing one %d %s", c.method, c.target, c.body, foreign.status, foreign.body, absent.status, absent.body)
		}
		if foreign.status == 201 || foreign.status == 200 && len(foreign.is(200).list("data")) != 0 {
			t.Errorf("%s %s %s takes a stranger's id: %s", c.method, c.target, c.body, foreign.body)
		}
	}
}

// Every route says 401 to nobody, and 403 to a key that may do everything else.
func TestEveryRouteAsksWhoAndWhether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ours := w.owned(w.ours)
	keys := map[access.Action]string{}
	for _, missing := range access.Actions() {
		var scopes []string
		for _, action := range access.Actions() {
			if action != missing {
				scopes = append(scopes, string(action))
			}
		}
		keys[missing] = w.key(w.ours, scopes...)
	}
	for _, r := range w.api.Routes() {
		id := ours[kindOf(r)]
		nobody := w.call("", r, id)
		if r.Public {
			if nobody.status != 200 {
				t.Errorf("%s %s answers nobody %d, want 200", r.Method, r.Path, nobody.status)
			}
			continue
		}
		nobody.fails(401, "unauthenticated")
		if r.Action == "" {
			continue
		}
		doc := w.call(keys[r.Action], r, id).fails(403, "forbidden")
		if doc.text("reason") != string(r.Action) {
			t.Errorf("%s %s misses %v, want %s", r.Method, r.Path, doc["reason"], r.Action)
		}
	}
}

// A key with exactly a route's action can call it.
func TestActionIsEnough(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ours := w.owned(w.ours)
	more := map[string]string{ // what a route reads on the way
		"PATCH /api/tags/{id}":              "contacts:read",
		"PATCH /api/channels/{id}":          "channels:read",
		"POST /api/contacts/bulk":           "contacts:read", // a filter tells what contacts have
		"GET /api/conversations/{id}/notes": "conversations:read",
		"POST /api/keys":                    "contacts:write", // nobody hands out what it has not
		"POST /api/members":                 "admin",
		"PATCH /api/members/{id}":           "admin",
	}
	for _, r := range w.api.Routes() {
		if r.Action == "" || r.File || strings.HasSuffix(r.Path, "/media") || strings.HasSuffix(r.Path, "/by-phone") {
			continue
		}
		scopes := []string{string(r.Action)}
		if extra := more[r.Method+" "+r.Path]; extra != "" {
			scopes = append(scopes, extra)
		}
		got := w.call(w.key(w.ours, scopes...), r, ours[kindOf(r)])
		nobodys := r.Path == "/api/merges" && got.status == 404 // the contacts of its example
		if got.status >= 300 && !nobodys {
			t.Errorf("%s %s with %v answers %d %s", r.Method, r.Path, scopes, got.status, got.body)
		}
	}
}
