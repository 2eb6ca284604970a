package api_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm/crmtest"
)

func TestInboxListShowsWhatCame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.ours, 1, "A", "Halo, saya mau tanya")
	got := w.conversation(w.ours)
	window := got.object("window")
	last := got.object("last_message")
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"status", got["status"], "open"},
		{"mode", got["mode"], "human"},
		{"unread", got["unread"], 1.0},
		{"handle", got["contact_handle"], "+6281200000001"},
		{"assignee", got["assignee_id"], nil},
		{"snooze", got["snoozed_until"], nil},
		{"window open", window["open"], true},
		{"window end", window["until"], crmtest.Start.Add(24 * time.Hour).Format("2006-01-02T15:04:05.000Z")},
		{"window reason", window["reason"], nil},
		{"preview", last["preview"], "Halo, saya mau tanya"},
		{"direction", last["direction"], "inbound"},
		{"last status", last["status"], nil},
	} {
		if c.got != c.want {
			t.Errorf("%s is %v, want %v", c.what, c.got, c.want)
		}
	}
	detail := w.us("GET", "/api/conversations/"+got.text("id"), "").is(200)
	if phone := detail.object("contact").text("phone"); phone != "+6281200000001" {
		t.Errorf("the conversation's contact has the number %q", phone)
	}
}

func TestWindowCloses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.ours, 1, "A", "Halo")
	w.clock.Advance(25 * time.Hour)
	window := w.conversation(w.ours).object("window")
	if window["open"] != false || window["reason"] != "window_closed" {
		t.Errorf("a day later the window is %v, want closed with window_closed", window)
	}
	sent := w.us("POST", "/api/contacts", `{"phone":"+62 812 0000 0002"}`).is(201)
	w.us("POST", "/api/messages/send", `{"contact_id":"`+sent.text("id")+`","type":"template","template":{"name":"hello","language":{"code":"id"}}}`).is(201)
	window = w.conversation(w.ours).object("window")
	if window["open"] != false || window["reason"] != "window_never" || window["until"] != nil {
		t.Errorf("with somebody who never wrote the window is %v, want closed with window_never", window)
	}
}

func TestInboxListFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	me := w.ours.owner.ID.String()
	tag := w.us("POST", "/api/tags", `{"name":"Beasiswa"}`).is(201).text("id")
	ids := make([]string, 3)
	for i := range ids {
		w.clock.Advance(time.Minute)
		w.hear(w.ours, i+1, fmt.Sprint("F", i), fmt.Sprint("pesan nomor ", i))
		ids[i] = w.conversation(w.ours).text("id")
	}
	w.us("PATCH", "/api/conversations/"+ids[0], `{"status":"resolved","read":true}`).is(200)
	w.us("PATCH", "/api/conversations/"+ids[1], `{"assignee_id":"`+me+`"}`).is(200)
	contact := w.us("GET", "/api/conversations/"+ids[2], "").is(200).text("contact_id")
	w.us("PATCH", "/api/contacts/"+contact, `{"add_tags":["`+tag+`"]}`).is(200)

	channel := w.ours.channel.ID.String()
	for query, want := range map[string][]string{
		"":                         {ids[2], ids[1], ids[0]},
		"?status=open":             {ids[2], ids[1]},
		"?status=resolved":         {ids[0]},
		"?status=snoozed":          {},
		"?unread=true":             {ids[2], ids[1]},
		"?assignee=none":           {ids[2], ids[0]},
		"?assignee=" + me:          {ids[1]},
		"?tag=" + tag:              {ids[2]},
		"?contact=" + contact:      {ids[2]},
		"?channel=" + channel:      {ids[2], ids[1], ids[0]},
		"?channel=" + me:           {},
		"?temperature=hot":         {},
		"?q=%2B6281200000002":      {ids[1]},
		"?status=open&tag=" + tag:  {ids[2]},
		"?unread=false&limit=2":    {ids[2], ids[1]},
		"?assignee=none&limit=100": {ids[2], ids[0]},
	} {
		var got []string
		for _, c := range w.us("GET", "/api/conversations"+query, "").is(200).list("data") {
			got = append(got, c.text("id"))
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("the list %q has %v, want %v", query, got, want)
		}
	}
}

func TestMeIsAMember(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.ours, 1, "A", "Halo")
	w.hear(w.ours, 2, "B", "Halo")
	mine := w.conversation(w.ours).text("id")
	header, cookie := w.session(w.ours.owner)
	w.us("PATCH", "/api/conversations/"+mine, `{"assignee_id":"`+w.ours.owner.ID.String()+`"}`).is(200)
	list := w.do("", "GET", "/api/conversations?assignee=me", "", header, cookie).is(200).list("data")
	if len(list) != 1 || list[0].text("id") != mine {
		t.Errorf("a member's own conversations are %v, want the one it was given", list)
	}
	note := w.do("", "POST", "/api/conversations/"+mine+"/notes", `{"body":"Saya yang jawab."}`, header, cookie).is(201).object("author")
	if note.text("kind") != "member" || note.text("id") != w.ours.owner.ID.String() {
		t.Errorf("a member's note is by %v", note)
	}
	me := w.do("", "GET", "/api/me", "", header, cookie).is(200)
	if me.object("member").text("name") != w.ours.owner.Name || me.object("member").text("role") != "owner" {
		t.Errorf("a member is told that it is %v", me)
	}
	for _, target := range []string{"/api/conversations?assignee=me", "/api/tasks?assignee=me"} {
		got := w.us("GET", target, "").fails(400, "bad_value")
		if errs := got.list("errors"); len(errs) != 1 || errs[0].text("field") != "assignee" {
			t.Errorf("a key that asks for its own is told %v", got)
		}
	}
}

// Walking the pages of a list of any length, at any page size, sees each row
// once and in order.
func TestPagesJoinToTheList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const rows = 7
	for i := range rows {
		if i%2 == 0 { // some share their moment: then the id decides
			w.clock.Advance(time.Second)
		}
		w.hear(w.ours, i+1, fmt.Sprint("P", i), fmt.Sprint("pesan ", i))
	}
	id := w.conversation(w.ours).text("id")
	contact := w.conversation(w.ours).text("contact_id")
	for i := range rows - 1 {
		w.hear(w.ours, rows, fmt.Sprint("PM", i), fmt.Sprint("lagi ", i))
		w.us("POST", "/api/contacts/"+contact+"/notes", `{"body":"catatan"}`).is(201)
		w.us("POST", "/api/contacts/"+contact+"/tasks", `{"title":"telepon"}`).is(201)
	}
	w.us("POST", "/api/contacts/"+contact+"/notes", `{"body":"catatan"}`).is(201)
	w.us("POST", "/api/contacts/"+contact+"/tasks", `{"title":"telepon"}`).is(201)
	for path, want := range map[string]int{
		"/api/conversations":                     rows,
		"/api/conversations/" + id + "/messages": rows,
		"/api/conversations/" + id + "/notes":    rows,
		"/api/contacts":                          rows,
		"/api/contacts/" + contact + "/notes":    rows,
		"/api/contacts/" + contact + "/tasks":    rows,
		"/api/tasks":                             rows,
		"/api/webhooks":                          2*rows - 1,
	} {
		whole := fmt.Sprint(w.walk(path, 100))
		for _, size := range []int{1, 2, 3, rows - 1, rows, rows + 1} {
			got := w.walk(path, size)
			if len(got) != want || fmt.Sprint(got) != whole {
				t.Errorf("%s in pages of %d has %d rows %v, want the %d rows %s", path, size, len(got), got, want, whole)
			}
		}
	}
}

// walk follows a list's cursors and returns the ids it saw.
func (w *world) walk(path string, size int) []string {
	w.tb.Helper()
	var ids []string
	for cursor, pages := "", 0; pages < 50; pages++ {
		page := w.us("GET", fmt.Sprintf("%s?limit=%d&cursor=%s", path, size, cursor), "").is(200)
		rows := page.list("data")
		if len(rows) > size {
			w.tb.Errorf("%s answered %d rows on a page of %d", path, len(rows), size)
		}
		for _, row := range rows {
			ids = append(ids, row.text("id"))
		}
		if page["next"] == nil {
			return ids
		}
		if cursor = page.text("next"); len(rows) != size {
			w.tb.Errorf("%s has a next page after one of %d rows, of at most %d", path, len(rows), size)
		}
	}
	w.tb.Fatalf("%s never ends", path)
	return nil
}

func TestConversationChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.ours, 1, "A", "Halo")
	path := "/api/conversations/" + w.conversation(w.ours).text("id")
	me := w.ours.owner.ID.String()
	for _, c := range []struct {
		patch       string
		field, want any
	}{
		{`{"status":"pending"}`, "status", "pending"},
		{`{"status":"snoozed","snoozed_until":"2026-11-03T10:00:00+07:00"}`, "snoozed_until", "2026-11-03T03:00:00.000Z"},
		{`{"status":"open"}`, "snoozed_until", nil},
		{`{"assignee_id":"` + me + `"}`, "assignee_id", me},
		{`{}`, "assignee_id", me},
		{`{"assignee_id":null}`, "assignee_id", nil},
		{`{"mode":"bot"}`, "mode", "bot"},
		{`{"read":false}`, "unread", 1.0},
		{`{"read":true}`, "unread", 0.0},
	} {
		changed := w.us("PATCH", path, c.patch).is(200)
		again := w.us("GET", path, "").is(200)
		for _, got := range []object{changed, again} {
			if field := fmt.Sprint(c.field); got[field] != c.want {
				t.Errorf("after %s %s is %v, want %v", c.patch, field, got[field], c.want)
			}
		}
	}
	for patch, code := range map[string]string{
		`{"status":"done"}`:       "bad_value",
		`{"status":"snoozed"}`:    "bad_snoozed_until",
		`{"snoozed_until":"now"}`: "bad_value",
		`{"assignee_id":"me"}`:    "bad_value",
		`{"unread":0}`:            "unknown_field",
		`{"status":null}`:         "wrong_type",
		`{"Status":"open"}`:       "unknown_field",
	} {
		w.us("PATCH", path, patch).fails(400, code)
	}
	w.us("PATCH", path, `{"assignee_id":"`+w.theirs.owner.ID.String()+`"}`).fails(404, "not_found")
}

func TestConversationNotes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.ours, 1, "A", "Halo")
	conversation := w.conversation(w.ours)
	path := "/api/conversations/" + conversation.text("id") + "/notes"
	note := w.us("POST", path, `{"body":"Tanya beasiswa."}`).is(201)
	if note.text("conversation_id") != conversation.text("id") || note.object("author").text("kind") != "api" {
		t.Errorf("the note is %v", note)
	}
	w.us("POST", "/api/contacts/"+conversation.text("contact_id")+"/notes", `{"body":"Dari telepon."}`).is(201)
	notes := w.us("GET", path, "").is(200).list("data")
	if len(notes) != 2 || notes[0].text("body") != "Dari telepon." || notes[0]["conversation_id"] != nil {
		t.Errorf("the notes are %v, want both, newest first", notes)
	}
	w.us("POST", path, `{"body":"  "}`).fails(400, "bad_body")
}
