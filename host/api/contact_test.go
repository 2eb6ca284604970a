package api_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/people"
)

func TestContactByPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.ours, 1, "A", "Halo")
	id := w.conversation(w.ours).text("contact_id")
	w.us("POST", "/api/contacts/"+id+"/notes", `{"body":"Mau ke Jepang."}`).is(201)
	w.us("POST", "/api/contacts/"+id+"/tasks", `{"title":"Kirim brosur"}`).is(201)
	tag := w.us("POST", "/api/tags", `{"name":"Jepang","color":"#AA0000"}`).is(201)
	w.us("PATCH", "/api/contacts/"+id, `{"name":"Sari","add_tags":["`+tag.text("id")+`"]}`).is(200)
	for _, spelling := range []string{"%2B6281200000001", "+6281200000001", "6281200000001", "081200000001", "0812-0000-0001", "%2B62%20812%200000%200001"} {
		card := w.us("GET", "/api/contacts/by-phone?phone="+spelling, "").is(200)
		if card.text("id") != id {
			t.Errorf("by-phone of %s is %v, want Sari", spelling, card["display_name"])
		}
	}
	card := w.us("GET", "/api/contacts/by-phone?phone=081200000001", "").is(200)
	for list, want := range map[string]string{"tags": `"Jepang"`, "notes": "Mau ke Jepang.", "tasks": "Kirim brosur", "conversations": `"Halo"`} {
		if rows := card.list(list); len(rows) != 1 || !strings.Contains(encode(t, rows[0]), want) {
			t.Errorf("the card's %s are %v, want one with %s", list, rows, want)
		}
	}
	if card.text("display_name") != "Sari" || card.text("phone") != "+6281200000001" || card["open_conversation"] == nil {
		t.Errorf("the card is %v", card)
	}
	w.us("GET", "/api/contacts/by-phone?phone=081200000002", "").fails(404, "not_found")
	w.us("GET", "/api/contacts/by-phone?phone=halo", "").is(400)
	w.us("GET", "/api/contacts/by-phone", "").fails(400, "bad_value")
	w.do(w.theirs.key, "GET", "/api/contacts/by-phone?phone=081200000001", "").fails(404, "not_found")
	w.us("PATCH", "/api/workspace", `{"region":"US"}`).is(200)
	if got := w.us("GET", "/api/contacts/by-phone?phone=+6281200000001", "").is(200); got.text("id") != id {
		t.Errorf("in the United States by-phone of the number with its plus is %v, want Sari", got)
	}
}

func TestContactShowsItsScore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.ours, 1, "A", "Halo, brp biaya kuliah di Malaysia? Mau daftar, budget 50jt")
	conversation := w.conversation(w.ours)
	id := conversation.text("contact_id")
	note := w.us("POST", "/api/contacts/"+id+"/notes", `{"body":"Siap bayar."}`).is(201)
	for _, path := range []string{"/api/contacts/" + id, "/api/contacts/by-phone?phone=081200000001"} {
		card := w.us("GET", path, "").is(200)
		var score struct {
			Total       int
			Temperature string
			Rules       int
			Parts       []struct {
				Category string
				Points   int
				Lines    []struct {
					Signal    string
					Points    int
					Why       struct{ ID, EN string }
					Match     string
					MessageID string `json:"message_id"`
					NoteID    string `json:"note_id"`
				}
			}
		}
		if err := json.Unmarshal([]byte(encode(t, card["score"])), &score); err != nil {
			t.Fatal(err)
		}
		sum, found := 0, map[string]string{}
		for _, part := range score.Parts {
			sum += part.Points
			for _, line := range part.Lines {
				found[line.Signal] = line.Match + line.NoteID
				if line.Why.ID == "" || line.Why.EN == "" || line.Signal == "asks_price" && line.MessageID == "" {
					t.Errorf("%s has the line %+v without its reason or its message", path, line)
				}
			}
		}
		if score.Total != sum || score.Total < 60 || score.Temperature != "hot" || score.Rules != 1 || len(score.Parts) != 5 ||
			found["asks_price"] != "biaya" || found["team_says"] != "siap bayar"+note.text("id") || found["known"] == "" {
			t.Errorf("%s has the score %s", path, encode(t, card["score"]))
		}
		if card.text("temperature") != "hot" {
			t.Errorf("%s is %v, want hot", path, card["temperature"])
		}
	}
	if hot := w.us("GET", "/api/conversations?temperature=hot", "").is(200); len(hot.list("data")) != 1 {
		t.Errorf("the hot conversations are %v, want the one", hot)
	}
}

func TestOpenConversationIsNotAResolvedOne(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.ours, 1, "A", "Halo")
	conversation := w.conversation(w.ours)
	w.us("PATCH", "/api/conversations/"+conversation.text("id"), `{"status":"resolved"}`).is(200)
	card := w.us("GET", "/api/contacts/"+conversation.text("contact_id"), "").is(200)
	if card["open_conversation"] != nil || len(card.list("conversations")) != 1 {
		t.Errorf("with its one conversation resolved, a contact has the open conversation %v", card["open_conversation"])
	}
}

func TestContactsAreMadeAndChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.us("POST", "/api/contacts", `{"name":"Dewi","phone":"0812 0000 0003","email":"Dewi@Example.com","external_id":"crm-7","fields":{"kota":"Bandung"}}`).is(201)
	path := "/api/contacts/" + made.text("id")
	if made.text("phone") != "+6281200000003" || made.text("email") != "dewi@example.com" || made.object("fields").text("kota") != "Bandung" {
		t.Errorf("the contact is %v", made)
	}
	w.us("POST", "/api/contacts", `{"phone":"+6281200000003"}`).is(409)
	w.us("POST", "/api/contacts", `{}`).is(400)
	w.us("POST", "/api/contacts", `{"fields":{"a":1}}`).fails(400, "wrong_type")
	changed := w.us("PATCH", path, `{"fields":{"kota":null,"jurusan":"Teknik"},"lead_status":"qualified","opt_out":true,"blocked":true,"add_identities":[{"kind":"external_id","value":"x-1"}]}`).is(200)
	fields := changed.object("fields")
	if len(fields) != 1 || fields.text("jurusan") != "Teknik" || changed.text("lead_status") != "qualified" {
		t.Errorf("the contact is now %v", changed)
	}
	if changed.object("opt_out")["out"] != true || changed.text("blocked_at") != "2026-11-02T08:00:00.000Z" {
		t.Errorf("the contact is now %v, want it opted out and blocked", changed)
	}
	w.us("PATCH", path, `{"add_identities":[{"kind":"fax","value":"1"}]}`).fails(400, "bad_value")
	w.us("PATCH", path, `{"add_tags":["`+w.ours.owner.ID.String()+`"]}`).fails(404, "not_found")
	found := w.us("GET", "/api/contacts?q=dewi&lead_status=qualified", "").is(200).list("data")
	if len(found) != 1 || found[0].text("id") != made.text("id") {
		t.Errorf("the search finds %v", found)
	}
}

func TestTags(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	tag := w.us("POST", "/api/tags", `{"name":" Beasiswa ","color":"#2F7D4F"}`).is(201)
	path := "/api/tags/" + tag.text("id")
	if tag.text("name") != "Beasiswa" || tag.text("color") != "#2f7d4f" {
		t.Errorf("the tag is %v", tag)
	}
	w.us("POST", "/api/tags", `{"name":"BEASISWA"}`).fails(409, "name_taken")
	w.us("POST", "/api/tags", `{"color":"#000000"}`).fails(400, "missing_field")
	if got := w.us("PATCH", path, `{"name":"Hibah"}`).is(200); got.text("name") != "Hibah" || got.text("color") != "#2f7d4f" {
		t.Errorf("a renamed tag is %v, want its color kept", got)
	}
	if got := w.us("PATCH", path, `{"color":null}`).is(200); got.text("name") != "Hibah" || got["color"] != nil {
		t.Errorf("a tag without color is %v", got)
	}
	contact := w.us("POST", "/api/contacts", `{"name":"Dewi","tag_ids":["`+tag.text("id")+`"]}`).is(201)
	if got := w.us("DELETE", path, ""); got.status != 204 || got.body != "" {
		t.Errorf("deleting a tag answered %d %q", got.status, got.body)
	}
	w.us("DELETE", path, "").fails(404, "not_found")
	if got := w.us("GET", "/api/contacts/"+contact.text("id"), "").is(200); len(got.list("tags")) != 0 || encode(t, got["tag_ids"]) != "[]" {
		t.Errorf("a contact keeps the tags %v of a deleted one", got["tag_ids"])
	}
}

func TestCannedReplies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.us("POST", "/api/canned-replies", `{"shortcut":"/Jam","body":"Kami buka 9-17."}`).is(201)
	path := "/api/canned-replies/" + made.text("id")
	w.us("POST", "/api/canned-replies", `{"shortcut":"jam","body":"x"}`).fails(409, "shortcut_taken")
	w.us("POST", "/api/canned-replies", `{"shortcut":"jam"}`).fails(400, "missing_field")
	w.us("POST", "/api/canned-replies", `{"shortcut":"a b","body":"x"}`).fails(400, "bad_shortcut")
	if got := w.us("PATCH", path, `{"body":"Kami buka 8-17."}`).is(200); got.text("shortcut") != "jam" || got.text("body") != "Kami buka 8-17." {
		t.Errorf("a changed reply is %v", got)
	}
	if list := w.us("GET", "/api/canned-replies", "").is(200).list("data"); len(list) != 1 || list[0].text("id") != made.text("id") {
		t.Errorf("the list is %v", list)
	}
	if got := w.us("DELETE", path, ""); got.status != 204 {
		t.Errorf("deleting answers %d", got.status)
	}
	w.us("DELETE", path, "").fails(404, "not_found")
}

func TestTasks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	contact := w.us("POST", "/api/contacts", `{"name":"Dewi"}`).is(201).text("id")
	me := w.ours.owner.ID.String()
	task := w.us("POST", "/api/contacts/"+contact+"/tasks", `{"title":"Telepon","assignee_id":"`+me+`","due_at":"2026-11-05T09:00:00.1239+07:00"}`).is(201)
	if task.text("due_at") != "2026-11-05T02:00:00.123Z" || task.text("assignee_id") != me {
		t.Errorf("the task is %v", task)
	}
	path := "/api/tasks/" + task.text("id")
	if got := w.us("PATCH", path, `{"due_at":null,"assignee_id":null}`).is(200); got["due_at"] != nil || got["assignee_id"] != nil {
		t.Errorf("the task is %v, want no date and nobody's", got)
	}
	if got := w.us("PATCH", path, `{"done":true}`).is(200); got.text("done_at") != "2026-11-02T08:00:00.000Z" {
		t.Errorf("the task is done at %v", got["done_at"])
	}
	for query, want := range map[string]int{"": 1, "?open=true": 0, "?open=false": 1, "?assignee=" + me: 0, "?contact=" + contact: 1, "?contact=" + me: 0} {
		if got := len(w.us("GET", "/api/tasks"+query, "").is(200).list("data")); got != want {
			t.Errorf("the tasks %q are %d, want %d", query, got, want)
		}
	}
	w.us("GET", "/api/tasks?open=1", "").fails(400, "bad_value")
	w.us("PATCH", path, `{"due_at":"tomorrow"}`).fails(400, "bad_value")
	w.us("PATCH", path, `{"due_at":"0001-01-01T00:00:00Z"}`).fails(400, "bad_value")
}

// Naughty strings come back code point for code point, or are refused as too
// long or blank.
func TestTextsComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	contact := "/api/contacts/" + w.us("POST", "/api/contacts", `{"name":"Dewi"}`).is(201).text("id")
	tag := "/api/tags/" + w.us("POST", "/api/tags", `{"name":"a tag"}`).is(201).text("id")
	for _, text := range naughty(t) {
		body, trimmed := encode(t, text), strings.TrimSpace(text)
		fits := func(least, most int) bool {
			n := utf8.RuneCountInString(trimmed)
			return n >= least && n <= most
		}
		note := w.us("POST", contact+"/notes", `{"body":`+body+`}`)
		named := w.us("PATCH", contact, `{"name":`+body+`}`)
		tagged := w.us("PATCH", tag, `{"name":`+body+`}`)
		w.us("PATCH", contact, `{"fields":{"naughty":`+body+`}}`).is(200)
		card := w.us("GET", contact, "").is(200)
		if got, _ := card.object("fields")["naughty"].(string); got != text {
			t.Errorf("the field %q comes back as %q", text, got)
		}
		if got, _ := card["name"].(string); fits(0, people.MaxName) && (named.status != 200 || got != trimmed) {
			t.Errorf("the name %q is answered %d and comes back as %q", text, named.status, got)
		}
		if fits(1, people.MaxNote) && (note.status != 201 || card.list("notes")[0].text("body") != text) {
			t.Errorf("the note %q is answered %d and comes back as %v", text, note.status, card.list("notes")[0])
		}
		if fits(1, people.MaxTag) && tagged.is(200).text("name") != trimmed {
			t.Errorf("the tag %q comes back as %s", text, tagged.body)
		}
		for _, got := range []reply{note, named, tagged} {
			if got.status != 200 && got.status != 201 && got.status != 400 {
				t.Errorf("%s with %q answered %d %s", got.what, text, got.status, got.body)
			}
		}
		w.us("GET", "/api/contacts?q="+escape(text), "").is(200)
		w.us("GET", "/api/conversations?q="+escape(text), "").is(200)
	}
}

// naughty returns the big list of naughty strings.
func naughty(t *testing.T) []string {
	t.Helper()
	raw, err := os.ReadFile(crmtest.Shared(t, "vectors", "blns", "blns.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	if err := json.Unmarshal(raw, &list); err != nil {
		t.Fatal(err)
	}
	if len(list) < 500 {
		t.Fatalf("the list has %d strings, want at least 500", len(list))
	}
	return list
}
