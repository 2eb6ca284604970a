package api_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm/lead"
)

// ownRules is a document that scores by two signals alone.
const ownRules = `{"name":"Ours","caps":{"fit":20,"intent":30,"engagement":20,"readiness":30,"negative":100},
	"temperature":{"hot":60,"warm":20,"margin":5},"signals":[
	{"id":"known","category":"fit","points":5,"most":3,"why":{"id":"Terisi.","en":"It is filled in."},"fields":["name","city"]},
	{"id":"asks_price","category":"intent","points":25,"why":{"id":"Menanyakan harga.","en":"Asks for the price."},"words":["harga"]}]}`

func setRules(version, document string) string {
	return `{"version":` + version + `,"document":` + document + `}`
}

func TestLeadRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.us("GET", "/api/lead-rules", "").is(200)
	if first["version"] != 1.0 || first["author"] != nil || first["created_at"] != nil {
		t.Errorf("the rules of who wrote none are version %v by %v at %v", first["version"], first["author"], first["created_at"])
	}
	for _, name := range []string{"education", "sales"} {
		document, err := json.Marshal(first.object("defaults")[name])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := lead.Parse(document); err != nil {
			t.Errorf("the default %s does not read back: %v", name, err)
		}
	}
	contact := "/api/contacts/" + w.us("POST", "/api/contacts", `{"name":"Dewi","fields":{"city":"Bandung"}}`).is(201).text("id")
	total := func() any { return w.us("GET", contact, "").is(200).object("score")["total"] }
	before := total()
	set := w.us("PUT", "/api/lead-rules", setRules("1", ownRules)).is(200)
	if got := w.us("GET", "/api/lead-rules", "").is(200); got.object("document").text("name") != "Ours" || got.object("author").text("kind") == "" || got["created_at"] == nil || set.object("document").text("name") != "Ours" {
		t.Errorf("the rules are now %v by %v", got["document"], got["author"])
	}
	w.us("PUT", "/api/lead-rules", setRules("1", ownRules)).fails(409, "rules_changed")
	w.us("PUT", "/api/lead-rules", setRules("3", ownRules)).fails(409, "rules_changed")
	w.us("PATCH", contact, `{"fields":{"city":"Jakarta"}}`).is(200)
	if after := total(); after == before {
		t.Errorf("by the new rules the contact scores %v, as before", after)
	}
	member := w.key(w.ours, "write")
	w.do(member, "GET", "/api/lead-rules", "").fails(403, "forbidden")
	w.do(member, "PUT", "/api/lead-rules", setRules("2", ownRules)).fails(403, "forbidden")
	w.do(member, "POST", "/api/lead-rules/try", `{}`).fails(403, "forbidden")
	if got := w.do(w.theirs.key, "GET", "/api/lead-rules", "").is(200); got["author"] != nil {
		t.Errorf("the others' rules are by %v", got["author"])
	}
}

func TestBadLeadRulesNameEveryField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bad := strings.NewReplacer(`"hot":60`, `"hot":600`, `"points":5`, `"points":0`, `"harga"`, `"?"`).Replace(ownRules)
	for path, body := range map[string]string{"/api/lead-rules": setRules("1", bad), "/api/lead-rules/try": `{"document":` + bad + `}`} {
		method := map[bool]string{true: "POST", false: "PUT"}[strings.HasSuffix(path, "try")]
		doc := w.us(method, path, body).fails(422, "bad_rules")
		var fields []string
		for _, e := range doc.list("errors") {
			fields = append(fields, e.text("field"))
		}
		if got, want := strings.Join(fields, " "), "document.temperature.hot document.signals[0].points document.signals[1].words[0]"; got != want {
			t.Errorf("%s %s: wrong are %s, want %s", method, path, got, want)
		}
	}
	for _, body := range []string{`{"version":1,"document":[]}`, `{"version":1,"document":{"signals":7}}`, `{"version":1,"document":""}`} {
		w.us("PUT", "/api/lead-rules", body).fails(422, "bad_rules")
	}
	w.us("PUT", "/api/lead-rules", `{"version":1}`).fails(400, "missing_field")
}

func TestTryLeadRules(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	said := `"messages":["berapa harga?"],"fields":{"name":"Dewi"}`
	got := w.us("POST", "/api/lead-rules/try", `{`+said+`,"document":`+ownRules+`}`).is(200)
	if got["total"] != 30.0 || got.text("temperature") != "warm" {
		t.Errorf("by a document of two signals a trial has %v and is %v", got["total"], got["temperature"])
	}
	line := got.list("parts")[1].list("lines")[0]
	if line.text("match") != "harga" || line.object("why").text("id") != "Menanyakan harga." || line.object("why").text("en") != "Asks for the price." {
		t.Errorf("a trial explains itself by %v", line)
	}
	if got := w.us("POST", "/api/lead-rules/try", `{`+said+`}`).is(200); got.text("temperature") != "cold" {
		t.Errorf("by the rules in force the trial is %v", got["temperature"])
	}
	if got := w.us("GET", "/api/lead-rules", "").is(200); got["author"] != nil {
		t.Error("a trial put rules in force")
	}
	if got := w.us("POST", "/api/lead-rules/try", `{`+said+`}`).is(200).object("assignment"); got["assignee_id"] != nil || got.text("reason") != "routing_off" || got.text("queue") != "inbox" {
		t.Errorf("by rules that assign nothing it would be %v", got)
	}
	assigns := strings.TrimSuffix(ownRules, "}") + `,"routing":{"enabled":true,"off_hours":"assign"}}`
	if got := w.us("POST", "/api/lead-rules/try", `{`+said+`,"document":`+assigns+`}`).is(200).object("assignment"); got.text("assignee_id") != w.ours.owner.ID.String() ||
		got.text("reason") != "turn" || got["queue"] != nil || got.object("why").text("en") != "Given to the member whose turn it is." {
		t.Errorf("by rules that assign it would be %v", got)
	}
	w.us("POST", "/api/lead-rules/try", `{"messages":[`+strings.TrimSuffix(strings.Repeat(`"a",`, 51), ",")+`]}`).fails(400, "bad_messages")
}

func TestRescore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const path = "/api/lead-rules/rescore"
	w.us("GET", path, "").fails(404, "not_found")
	w.us("DELETE", path, "").fails(404, "not_found")
	w.us("PUT", "/api/lead-rules", setRules("1", ownRules)).is(200)
	if got := w.us("GET", path, "").is(200); got.text("state") != "running" || got["version"] != 2.0 || got["ended_at"] != nil {
		t.Errorf("after the rules changed the rescore is %v", got)
	}
	if got := w.us("DELETE", path, "").is(200); got.text("state") != "cancelled" || got["ended_at"] == nil {
		t.Errorf("cancelled it is %v", got)
	}
	w.us("DELETE", path, "").fails(404, "not_found")
	if got := w.us("POST", path+"/resume", "").is(200); got.text("state") != "running" || got["ended_at"] != nil {
		t.Errorf("gone on with it is %v", got)
	}
	w.us("POST", path+"/resume", "").fails(404, "not_found")
	if got := w.us("POST", path, "").is(200); got.text("state") != "running" || got.object("author").text("kind") == "" {
		t.Errorf("begun again it is %v", got)
	}
	w.do(w.theirs.key, "GET", path, "").fails(404, "not_found")
	for _, method := range []string{"GET", "POST", "DELETE"} {
		w.do(w.key(w.ours, "write"), method, path, "").fails(403, "forbidden")
	}
}
