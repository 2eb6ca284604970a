package api_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

// names lists who a list of contacts shows.
func (w *world) names(key, query string) string {
	w.tb.Helper()
	var names []string
	for _, c := range w.do(key, "GET", "/api/contacts"+query, "").is(200).list("data") {
		names = append(names, c.text("display_name"))
	}
	return strings.Join(names, " ")
}

func TestContactsAreFiltered(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.us("POST", "/api/fields", `{"key":"budget","type":"number"}`).is(201)
	w.us("POST", "/api/fields", `{"key":"intake","label":"Intake","type":"choice","choices":["July","February"]}`).is(201)
	for name, rest := range map[string]string{
		"Ani":  `"lead_status":"won","fields":{"budget":"10.50","intake":"july"}`,
		"Budi": `"fields":{"budget":"9"}`,
		"Cici": `"fields":{"kota":"Bandung"}`,
	} {
		w.clock.Advance(time.Second)
		w.us("POST", "/api/contacts", `{"name":"`+name+`",`+rest+`}`).is(201)
	}
	for expression, want := range map[string]string{
		`{"field":"lead_status","op":"is","value":"won"}`:                                                                           "Ani",
		`{"field":"fields.budget","op":"at_least","value":9}`:                                                                       "Ani Budi",
		`{"field":"fields.budget","op":"more_than","value":9}`:                                                                      "Ani",
		`{"field":"fields.intake","op":"is_not","value":"July"}`:                                                                    "Budi Cici",
		`{"or":[{"field":"name","op":"starts_with","value":"b"},{"field":"fields.intake","op":"is_set"}]}`:                          "Ani Budi",
		`{"and":[{"field":"created_at","op":"in_last","value":{"days":1}},{"field":"lead_status","op":"none_of","value":["won"]}]}`: "Budi Cici",
		`{"and":[{"field":"created_at","op":"before","value":"2026-11-02"}]}`:                                                       "",
		`{"field":"last_message_at","op":"is_not_set"}`:                                                                             "Ani Budi Cici",
	} {
		if got := w.names(w.ours.key, "?sort=name&filter="+escape(expression)); got != want {
			t.Errorf("the filter %s finds %q, want %q", expression, got, want)
		}
	}
	if got := w.names(w.ours.key, "?sort=name&q=i&filter="+escape(`{"field":"lead_status","op":"is","value":"new"}`)); got != "Budi Cici" {
		t.Errorf("a filter beside a search finds %q", got)
	}
	for expression, names := range map[string]string{
		`{"field":"colour","op":"is","value":"red"}`:         "colour",
		`{"field":"fields.kota","op":"is","value":"red"}`:    "fields.kota", // no field of the workspace's
		`{"field":"name","op":"like","value":"red"}`:         "like",
		`{"field":"fields.intake","op":"is","value":"June"}`: "June",
		`{`: "JSON",
		`{"field":"assignee","op":"is","value":"me"}`: "API key",
	} {
		doc := w.us("GET", "/api/contacts?filter="+escape(expression), "").fails(400, "invalid_filter")
		if !strings.Contains(doc.text("detail"), names) {
			t.Errorf("the filter %s is refused with %q, which does not name %s", expression, doc.text("detail"), names)
		}
	}
	if got := w.names(w.theirs.key, "?filter="+escape(`{"field":"name","op":"is_set"}`)); got != "" {
		t.Errorf("the others' filter finds %q of ours", got)
	}
	fields := w.us("GET", "/api/contacts/filter", "").is(200).list("data")
	if last := fields[len(fields)-1]; last.text("field") != "fields.intake" || encode(t, last["choices"]) != `["July","February"]` || last.text("label") != "Intake" {
		t.Errorf("the last field that filters may name is %v", last)
	}
}

func TestContactsAreSorted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := map[string]string{}
	for _, name := range []string{"budi", "Ani", "Éva", "cici"} {
		w.clock.Advance(time.Second)
		ids[name] = w.us("POST", "/api/contacts", `{"name":"`+name+`"}`).is(201).text("id")
	}
	w.clock.Advance(time.Second)
	w.us("PATCH", "/api/contacts/"+ids["Ani"], `{"lead_status":"won"}`).is(200)
	for i, name := range []string{"Ani", "budi", "cici", "Éva"} { // a score of its own each, but for the last two
		id, err := crm.ParseID[crm.Contact](ids[name])
		w.must(err)
		w.must(w.store.People().Update(t.Context(), w.ours.system.WorkspaceID, func(ctx context.Context, tx people.Tx) error {
			return tx.Write(ctx, &crm.Changes{Leads: []*crm.Lead{{WorkspaceID: w.ours.system.WorkspaceID, ContactID: id, Profile: []byte{}, Rules: 1, Total: min(i*40, 80), ScoredAt: w.clock.Now()}}})
		}))
	}
	for sort, want := range map[string]string{"score": "cici Éva budi Ani", "": "Ani cici Éva budi", "recent": "Ani cici Éva budi", "created": "cici Éva Ani budi", "name": "Ani budi cici Éva"} {
		var names []string
		for target := "/api/contacts?limit=1&sort=" + sort; target != ""; {
			page := w.us("GET", target, "").is(200)
			names = append(names, page.list("data")[0].text("display_name"))
			if target = ""; page["next"] != nil {
				target = "/api/contacts?limit=1&sort=" + sort + "&cursor=" + page.text("next")
			}
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("sorted by %q the pages are %q, want %q", sort, got, want)
		}
	}
	next := w.us("GET", "/api/contacts?limit=1&sort=name", "").is(200).text("next")
	w.us("GET", "/api/contacts?sort=created&cursor="+next, "").fails(400, "bad_cursor")
	w.us("GET", "/api/contacts?sort=name&cursor="+w.us("GET", "/api/contacts?limit=1", "").is(200).text("next"), "").fails(400, "bad_cursor")
	w.us("GET", "/api/contacts?sort=warmth", "").fails(400, "bad_value")
}

func TestViews(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"Budi", "Ani"} {
		w.us("POST", "/api/contacts", `{"name":"`+name+`"}`).is(201)
	}
	agent, err := w.api.Directory.SaveMember(t.Context(), w.ours.system, crm.Member{Name: "Dewi", Role: crm.Agent})
	w.must(err)
	header, cookie := w.session(agent)
	as := func(method, target, body string) reply { return w.do("", method, target, body, header, cookie) }
	view := func(name string, shared bool) string {
		return fmt.Sprintf(`{"name":%q,"shared":%t,"sort":"name","filter":{ "or": [ {"field":"name","op":"is","value":"ani"}, {"field":"assignee","op":"is","value":"me"} ] }}`, name, shared)
	}
	mine := as("POST", "/api/views", view("Mine", false)).is(201)
	if mine["shared"] != false || encode(t, mine["filter"]) != `{"or":[{"field":"name","op":"is","value":"ani"},{"field":"assignee","op":"is","value":"me"}]}` {
		t.Errorf("the view is %v", mine)
	}
	all := w.us("POST", "/api/views", `{"name":"All","shared":true,"sort":"name","filter":{"field":"name","op":"is_set"}}`).is(201)
	list := func(r reply) (names []string) {
		for _, v := range r.is(200).list("data") {
			names = append(names, v.text("name"))
		}
		return names
	}
	if got := list(as("GET", "/api/views", "")); !slices.Equal(got, []string{"All", "Mine"}) {
		t.Errorf("the member sees the views %v", got)
	}
	if got := list(w.us("GET", "/api/views", "")); !slices.Equal(got, []string{"All"}) {
		t.Errorf("a key sees the views %v, want everybody's", got)
	}
	if got := as("GET", "/api/contacts?view="+mine.text("id"), "").is(200).list("data"); len(got) != 1 || got[0].text("name") != "Ani" {
		t.Errorf("the view shows %v", got)
	}
	if got := w.names(w.ours.key, "?view="+all.text("id")); got != "Ani Budi" {
		t.Errorf("everybody's view shows %q, want its own order", got)
	}
	for _, r := range []reply{
		w.us("GET", "/api/contacts?view="+mine.text("id"), ""), w.us("PATCH", "/api/views/"+mine.text("id"), `{"name":"Yours"}`),
		w.us("DELETE", "/api/views/"+mine.text("id"), ""),
	} {
		r.fails(404, "not_found")
	}
	w.us("POST", "/api/views", `{"name":"x","filter":{"field":"colour","op":"is_set"}}`).fails(400, "invalid_filter")
	w.us("POST", "/api/views", `{"name":" ","filter":{"field":"name","op":"is_set"}}`).fails(400, "bad_name")
	w.us("GET", "/api/contacts?view="+all.text("id")+"&filter={}", "").fails(400, "bad_value")
	reader := w.key(w.ours, "read")
	w.do(reader, "POST", "/api/views", view("Theirs", true)).fails(403, "forbidden")
	w.do(reader, "PATCH", "/api/views/"+all.text("id"), `{"name":"x"}`).fails(403, "forbidden")
	w.do(reader, "DELETE", "/api/views/"+all.text("id"), "").fails(403, "forbidden")
	if got := as("PATCH", "/api/views/"+mine.text("id"), `{"name":"Ours","filter":{"field":"name","op":"is","value":"budi"}}`).is(200); got.text("name") != "Ours" || got.text("sort") != "name" {
		t.Errorf("the view is now %v", got)
	}
	as("DELETE", "/api/views/"+mine.text("id"), "").is(204)
	if got := list(as("GET", "/api/views", "")); !slices.Equal(got, []string{"All"}) {
		t.Errorf("after one was deleted the member sees the views %v", got)
	}
}

func TestFieldsAndTheirValues(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := map[string]string{}
	for _, kind := range []string{"text", "number", "date", "bool", "choice", "url", "phone", "email"} {
		choices := ""
		if kind == "choice" {
			choices = `,"choices":["July","Februari 2027"]`
		}
		ids[kind] = w.us("POST", "/api/fields", `{"key":"`+kind+`","label":"A `+kind+`","type":"`+kind+`"`+choices+`}`).is(201).text("id")
	}
	contact := "/api/contacts/" + w.us("POST", "/api/contacts", `{"name":"Dewi","fields":{"free":"anything"}}`).is(201).text("id")
	for _, c := range []struct{ kind, given, kept string }{
		{"text", " as it is ", " as it is "}, {"number", " 50000000.50 ", "50000000.5"}, {"number", "1e3", ""}, {"number", "ten", ""},
		{"date", "2026-11-02", "2026-11-02"}, {"date", "2026-02-30", ""}, {"date", "2/11/2026", ""},
		{"bool", "Ya", "true"}, {"bool", "tidak", "false"}, {"bool", "maybe", ""},
		{"choice", "JULY", "July"}, {"choice", "februari  2027", "Februari 2027"}, {"choice", "May", ""},
		{"url", "https://example.com/a", "https://example.com/a"}, {"url", "javascript:alert(1)", ""}, {"url", "example.com", ""},
		{"phone", "0812 0000 0042", "+6281200000042"}, {"phone", "halo", ""},
		{"email", "Dewi@Example.com", "dewi@example.com"}, {"email", "dewi", ""},
	} {
		got := w.us("PATCH", contact, fmt.Sprintf(`{"fields":{%q:%q}}`, c.kind, c.given))
		if c.kept == "" {
			doc := got.fails(400, "bad_fields")
			if !strings.Contains(doc.text("detail"), c.kind) {
				t.Errorf("the %s %q is refused with %q, which does not name the field", c.kind, c.given, doc.text("detail"))
			}
		} else if kept := got.is(200).object("fields").text(c.kind); kept != c.kept {
			t.Errorf("the %s %q is kept as %q, want %q", c.kind, c.given, kept, c.kept)
		}
	}
	w.us("PATCH", contact, `{"fields":{"number":""}}`).is(200)
	w.us("PATCH", contact, `{"fields":{"number":null}}`).is(200)
	w.us("POST", "/api/fields", `{"key":"text","type":"number"}`).fails(409, "key_taken")
	w.us("POST", "/api/fields", `{"key":"x","type":"colour"}`).fails(400, "bad_value")
	w.us("POST", "/api/fields", `{"key":"x","type":"choice"}`).fails(400, "bad_choices")
	w.us("POST", "/api/fields", `{"key":"x","type":"choice","choices":["a","A "]}`).fails(400, "bad_choices")
	w.us("POST", "/api/fields", `{"key":"x","type":"text","choices":["a"]}`).fails(400, "bad_choices")
	w.us("POST", "/api/fields", `{"key":" ","type":"text"}`).fails(400, "bad_key")
	w.us("PATCH", "/api/fields/"+ids["text"], `{"label":"Text","position":99,"archived":true}`).is(200)
	w.us("PATCH", contact, `{"fields":{"text":"new"}}`).fails(400, "bad_fields")
	list := w.us("GET", "/api/fields", "").is(200).list("data")
	if last := list[len(list)-1]; last.text("key") != "text" || last["archived_at"] == nil || last.text("label") != "Text" || list[0].text("key") != "number" {
		t.Errorf("the fields are %v", list)
	}
	member := w.key(w.ours, "write")
	w.do(member, "POST", "/api/fields", `{"key":"y","type":"text"}`).fails(403, "forbidden")
	w.do(member, "PATCH", "/api/fields/"+ids["url"], `{"label":"y"}`).fails(403, "forbidden")
}

func TestPipeline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.us("GET", "/api/pipeline", "").is(200); len(got.list("stages")) != 6 || got["updated_at"] != nil {
		t.Errorf("the pipeline is %v, want the default", got)
	}
	contact := "/api/contacts/" + w.us("POST", "/api/contacts", `{"name":"Dewi","lead_status":"proposal"}`).is(201).text("id")
	w.us("PATCH", contact, `{"lead_status":"survey"}`).fails(400, "bad_lead_status")
	stages := func(keys ...string) string {
		var list []string
		for _, key := range keys {
			name, kind, _ := strings.Cut(key, ":")
			list = append(list, fmt.Sprintf(`{"key":%q,"label":%q,"kind":%q}`, name, strings.ToUpper(name), kind))
		}
		return `{"stages":[` + strings.Join(list, ",") + `]}`
	}
	fresh := stages("new:open", "survey:open", "deal:won", "batal:lost")
	doc := w.us("PUT", "/api/pipeline", fresh).fails(409, "status_in_use")
	if !strings.Contains(doc.text("detail"), "proposal") {
		t.Errorf("the refusal does not name the status in use: %q", doc.text("detail"))
	}
	w.us("PATCH", contact, `{"lead_status":"new"}`).is(200)
	if got := w.us("PUT", "/api/pipeline", fresh).is(200); len(got.list("stages")) != 4 || got["updated_at"] == nil {
		t.Errorf("the pipeline is now %v", got)
	}
	w.us("PATCH", contact, `{"lead_status":"survey"}`).is(200)
	w.us("PATCH", contact, `{"lead_status":"proposal"}`).fails(400, "bad_lead_status")
	for _, bad := range []string{
		stages(), stages("start:open", "deal:won", "batal:lost"), stages("new:open", "deal:won"), stages("new:open", "batal:lost"),
		stages("new:won", "deal:won", "batal:lost"), stages("new:open", "new:open", "deal:won", "batal:lost"), stages("new:open", " :won", "batal:lost"),
	} {
		w.us("PUT", "/api/pipeline", bad).fails(400, "bad_stages")
	}
	w.us("PUT", "/api/pipeline", stages("new:open", "deal:gone", "batal:lost")).fails(400, "bad_value")
	w.do(w.key(w.ours, "write"), "PUT", "/api/pipeline", fresh).fails(403, "forbidden")
	if got := w.do(w.theirs.key, "GET", "/api/pipeline", "").is(200); len(got.list("stages")) != 6 {
		t.Errorf("the others' pipeline is %v, want the default", got)
	}
}
