package api_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm/people"
)

func TestBulk(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.us("POST", "/api/fields", `{"key":"budget","type":"number"}`).is(201)
	tag := w.us("POST", "/api/tags", `{"name":"Pameran"}`).is(201).text("id")
	var ids []string
	for i := range 3 {
		w.hear(w.ours, i+1, fmt.Sprint("A", i), "Halo")
		ids = append(ids, w.us("GET", fmt.Sprintf("/api/contacts/by-phone?phone=62812000000%02d", i+1), "").is(200).text("id"))
	}
	theirs := w.do(w.theirs.key, "POST", "/api/contacts", `{"name":"Cahaya"}`).is(201).text("id")
	list := func(ids ...string) string { return `"ids":["` + strings.Join(ids, `","`) + `"]` }
	got := w.us("POST", "/api/contacts/bulk", `{`+list(ids[0], ids[1], ids[0], theirs)+`,"add_tags":["`+tag+`"],"lead_status":"won","fields":{"budget":" 7.50"},"assignee_id":"`+w.ours.owner.ID.String()+`"}`).is(200)
	if failed := got.list("failed"); got["seen"] != 3.0 || got["changed"] != 2.0 || len(failed) != 1 || failed[0].text("id") != theirs || failed[0].text("code") != "not_found" || got["next"] != nil {
		t.Errorf("changing two and a stranger's contact did %v", got)
	}
	for i, id := range ids {
		card := w.us("GET", "/api/contacts/"+id, "").is(200)
		changed := card.text("lead_status") == "won" && len(card.list("tags")) == 1 && card.object("fields").text("budget") == "7.5" &&
			card.list("conversations")[0].text("assignee_id") == w.ours.owner.ID.String()
		if changed != (i < 2) {
			t.Errorf("contact %d is now %v", i, card)
		}
	}
	again := w.us("POST", "/api/contacts/bulk", `{`+list(ids[:2]...)+`,"add_tags":["`+tag+`"],"lead_status":"won","assignee_id":"`+w.ours.owner.ID.String()+`"}`).is(200)
	if again["changed"] != 0.0 || again["seen"] != 2.0 {
		t.Errorf("the same again did %v, want nothing", again)
	}
	bad := w.us("POST", "/api/contacts/bulk", `{`+list(ids...)+`,"fields":{"budget":"much"}}`).is(200)
	if failed := bad.list("failed"); len(failed) != 3 || failed[0].text("code") != "bad_fields" || bad["changed"] != 0.0 {
		t.Errorf("a value that does not fit did %v", bad)
	}
	filtered := w.us("POST", "/api/contacts/bulk", `{"filter":{"field":"lead_status","op":"is","value":"won"},"remove_tags":["`+tag+`"],"assignee_id":null}`).is(200)
	if filtered["changed"] != 2.0 || filtered["next"] != nil {
		t.Errorf("by a filter it did %v", filtered)
	}
	if left := w.us("GET", "/api/contacts?tag="+tag, "").is(200).list("data"); len(left) != 0 {
		t.Errorf("the tag is still on %v", left)
	}
	if mine := w.us("GET", "/api/conversations?assignee="+w.ours.owner.ID.String(), "").is(200).list("data"); len(mine) != 0 {
		t.Errorf("the owner still has %v", mine)
	}
	for body, code := range map[string]string{
		`{"lead_status":"won"}`: "bad_ids", `{` + list(ids...) + `}`: "bad_action",
		`{` + list(ids...) + `,"filter":{"field":"name","op":"is_set"},"blocked":true}`: "bad_ids",
		`{"filter":{"field":"colour","op":"is_set"},"blocked":true}`:                    "invalid_filter",
		`{` + list(make([]string, 0)...) + `,"blocked":true}`:                           "bad_value",
	} {
		w.us("POST", "/api/contacts/bulk", body).fails(400, code)
	}
	w.us("POST", "/api/contacts/bulk", `{`+list(ids...)+`,"add_tags":["`+theirs+`"]}`).fails(404, "not_found")
	w.us("POST", "/api/contacts/bulk", `{`+list(ids...)+`,"assignee_id":"`+theirs+`"}`).fails(404, "not_found")
	w.do(w.key(w.ours, "contacts:write", "contacts:read"), "POST", "/api/contacts/bulk", `{`+list(ids...)+`,"assignee_id":null}`).fails(403, "forbidden")
}

// In the background a filter is answered at once; whoever works on it, it is
// told how far that is, and may be stopped.
func TestBulkInTheBackground(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"Ani", "Budi"} {
		w.us("POST", "/api/contacts", `{"name":"`+name+`"}`).is(201)
	}
	start := func() object {
		return w.us("POST", "/api/contacts/bulk", `{"filter":{"field":"lead_status","op":"is","value":"new"},"lead_status":"won","background":true}`).is(202)
	}
	run := start()
	if run.text("state") != "running" || run["seen"] != 0.0 || run["ended_at"] != nil {
		t.Errorf("it starts as %v", run)
	}
	path := "/api/bulks/" + run.text("id")
	w.do(w.theirs.key, "GET", path, "").fails(404, "not_found")
	if _, err := w.api.Bulks.Turn(t.Context()); err != nil {
		t.Fatal(err)
	}
	if done := w.us("GET", path, "").is(200); done.text("state") != "done" || done["seen"] != 2.0 || done["changed"] != 2.0 || done["failed"] != 0.0 || done["ended_at"] == nil {
		t.Errorf("it is done as %v", done)
	}
	second := start()
	if got := w.us("POST", "/api/bulks/"+second.text("id")+"/cancel", "").is(200).text("state"); got != "cancelled" {
		t.Errorf("stopped it is %s", got)
	}
	page := w.us("GET", "/api/bulks?limit=1", "").is(200)
	if list := page.list("data"); len(list) != 1 || list[0].text("id") != second.text("id") {
		t.Errorf("the newest is %v", list)
	}
	if rest := w.us("GET", "/api/bulks?cursor="+page.text("next"), "").is(200).list("data"); len(rest) != 1 || rest[0].text("id") != run.text("id") {
		t.Errorf("the others are %v", rest)
	}
	w.us("POST", "/api/contacts/bulk", `{"ids":["`+run.text("id")+`"],"lead_status":"won","background":true}`).fails(400, "bad_filter")
	w.do(w.key(w.ours, "contacts:read"), "POST", path+"/cancel", "").fails(403, "forbidden")
}

// A filter that many fit is done in steps, each contact once.
func TestBulkGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	many := people.MaxBulk + 3
	for i := range many {
		w.us("POST", "/api/contacts", fmt.Sprintf(`{"name":"Lead %d"}`, i)).is(201)
	}
	changed, calls, after := 0.0, 0, ""
	for {
		got := w.us("POST", "/api/contacts/bulk", `{"filter":{"field":"lead_status","op":"is","value":"new"}`+after+`,"lead_status":"lost"}`).is(200)
		n, _ := got["changed"].(float64)
		changed, calls = changed+n, calls+1
		if got["next"] == nil {
			break
		}
		after = `,"after":"` + got.text("next") + `"`
	}
	if int(changed) != many || calls != 2 {
		t.Errorf("%d calls changed %v contacts, want 2 and %d", calls, changed, many)
	}
}
