package host_test

import (
	"bytes"
	"fmt"
	"html"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/hosttest"
)

// newLead makes a contact with a number of its own and returns it.
func newLead(t *testing.T, w *hosttest.World, name string, n int, e people.Edit) *crm.Contact {
	t.Helper()
	e.Name = &name
	e.AddIdentities = []crm.Identity{{Kind: crm.ByPhone, Value: fmt.Sprintf("+62812000%05d", n)}}
	made, err := w.Host.People.Create(t.Context(), access.OfMember(w.Owner), e, "ID")
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func leadTag(t *testing.T, w *hosttest.World, name string) crm.TagID {
	t.Helper()
	tag, err := w.Host.People.SaveTag(t.Context(), access.OfMember(w.Owner), crm.Tag{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	return tag.ID
}

func leadNow(t *testing.T, w *hosttest.World, id crm.ContactID) *crm.Contact {
	t.Helper()
	card, err := w.Host.People.Card(t.Context(), access.OfMember(w.Owner), id)
	if err != nil {
		t.Fatal(err)
	}
	return card.Contact
}

// send posts a form with the token of a page and follows where it leads.
func (b *browser) send(page, path string, values url.Values) (hosttest.Answer, string) {
	b.t.Helper()
	for name, token := range fill(b.get(page)) {
		values[name] = token
	}
	got := b.post(path, values)
	location := got.Header.Get("Location")
	if got.Status == 303 {
		b.t.Logf("%s leads to %s", path, location)
		return b.get(location), location
	}
	return got, location
}

// wants reports which of some texts a page lacks, and which it has that begin
// with an exclamation mark.
func wants(t *testing.T, what string, page hosttest.Answer, status int, texts ...string) {
	t.Helper()
	if page.Status != status {
		t.Errorf("%s answers %d, want %d", what, page.Status, status)
	}
	_, shown, _ := strings.Cut(html.UnescapeString(string(page.Body)), "<main")
	for _, text := range texts {
		text, not := strings.CutPrefix(text, "!")
		if strings.Contains(shown, text) == not {
			t.Errorf("%s: the page has %q: %t\n%s", what, text, not, shown)
		}
	}
}

// asked returns an address with its parameters in pairs.
func asked(path string, pairs ...string) string {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return path + "?" + values.Encode()
}

func TestLeadsInTheBrowser(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		w := hosttest.Start(t, o)
		b, me := signIn(t, w), access.OfMember(w.Owner)
		wants(t, "nobody yet", b.get("/leads"), 200, "There are no contacts yet")
		if _, err := w.Host.People.AddField(t.Context(), me, "budget", crm.NumberField, people.FieldEdit{Label: new("Budget")}); err != nil {
			t.Fatal(err)
		}
		vip := leadTag(t, w, "VIP")
		dewi := newLead(t, w, "Dewi", 1, people.Edit{AddTags: []crm.TagID{vip}, Fields: map[string]*string{"budget": new("75000000")}})
		newLead(t, w, "Tono", 2, people.Edit{LeadStatus: new("won"), Fields: map[string]*string{"budget": new("1000")}})
		wants(t, "the list", b.get("/leads"), 200, "Dewi", "Tono", "+6281200000001", "VIP", "!Budget</th>")
		wants(t, "a search", b.get("/leads?q=dew"), 200, ">Dewi<", "!>Tono<")

		for _, c := range []struct {
			what  string
			pairs []string
			texts []string
		}{
			{"a number", []string{"f0", "fields.budget", "o0", "at_least", "v0", "50000000"}, []string{">Dewi<", "!>Tono<", "Budget is at least 50,000,000"}},
			{"a tag", []string{"f0", "tag", "o0", "any_of", "v0", vip.String()}, []string{">Dewi<", "!>Tono<", "Tag is any of VIP"}},
			{"one of two", []string{"join", "or", "f0", "lead_status", "o0", "is", "v0", "won", "f1", "tag", "o1", "is", "v1", vip.String()}, []string{">Dewi<", ">Tono<"}},
			{"both of two", []string{"f0", "lead_status", "o0", "is", "v0", "won", "f1", "tag", "o1", "is", "v1", vip.String()}, []string{"!>Dewi<", "!>Tono<", "No contact fits"}},
			{"a line just added", []string{"add", "fields.budget"}, []string{">Dewi<", ">Tono<", "Fill in the value", `name="f0" value="fields.budget"`}},
			{"a gap between lines", []string{"f3", "lead_status", "o3", "is", "v3", "won"}, []string{"!>Dewi<", ">Tono<"}},
			{"an operator of another field", []string{"f0", "lead_status", "o0", "at_least", "v0", "won"}, []string{"!>Dewi<", ">Tono<"}},
			{"in the last days", []string{"f0", "created_at", "o0", "in_last", "v0", "2", "u0", "days"}, []string{">Dewi<", "Created in the last 2 days"}},
		} {
			wants(t, c.what, b.get(asked("/leads", c.pairs...)), 200, c.texts...)
		}
		wants(t, "a value that cannot be", b.get(asked("/leads", "f0", "fields.budget", "o0", "is", "v0", "much")), 422, "This filter is not right", "This value is not right", "!>Dewi<")

		list := asked("/leads", "f0", "fields.budget", "o0", "at_least", "v0", "50000000")
		page, at := b.send(list, "/leads/views", url.Values{"next": {list}, "name": {"Rich"}, "fresh": {"1"}, "shared": {"1"}})
		wants(t, "a view", page, 200, "View saved", ">Dewi<", "!>Tono<", `aria-current="page" dir="auto">Rich`)
		page, _ = b.send(at, "/leads/views", url.Values{"next": {at}, "name": {""}, "fresh": {"1"}})
		wants(t, "a view without a name", page, 422, "A name has at least 1")
		altered := at + "&own=1&f0=lead_status&o0=is&v0=won"
		page, at = b.send(altered, "/leads/views", url.Values{"next": {altered}, "name": {"Winners"}})
		wants(t, "a view that was changed", page, 200, ">Winners", "!>Rich<", ">Tono<", "!>Dewi<")
		id := regexp.MustCompile(`view=([0-9a-f-]{36})`).FindStringSubmatch(at)[1]
		page, _ = b.send(at, "/leads/views/"+id+"/delete", url.Values{})
		wants(t, "a view that was deleted", page, 200, "View deleted", "!>Winners")
		wants(t, "a view that is gone", b.get("/leads?view="+id), 404)
		wants(t, "a view that is none", b.get("/leads?view=x"), 404)
		wants(t, "a cursor that is none", b.get("/leads?after=x"), 400)

		wants(t, "the board", b.get("/leads?board=1"), 200, ">Dewi<", ">Tono<", `data-stage="won"`)
		page, _ = b.send("/leads?board=1", "/contacts/"+dewi.ID.String()+"/status", url.Values{"next": {"/leads?board=1"}, "lead_status": {"proposal"}})
		wants(t, "a card that was moved", page, 200, "Contact moved")
		if got := leadNow(t, w, dewi.ID).LeadStatus; got != "proposal" {
			t.Errorf("the contact that was moved is %s", got)
		}
	})
}

func TestLeadColumnsAreTheBrowsers(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	b := signIn(t, w)
	if _, err := w.Host.People.AddField(t.Context(), access.OfMember(w.Owner), "kota asal~1", crm.TextField, people.FieldEdit{Label: new("Kota asal")}); err != nil {
		t.Fatal(err)
	}
	newLead(t, w, "Dewi", 1, people.Edit{Fields: map[string]*string{"kota asal~1": new("Medan")}})
	form := fill(b.get("/leads"), "next", "/leads")
	form["column"] = []string{"fields.kota asal~1", "created_at"}
	got := b.post("/leads/columns", form)
	cookie, _, _ := strings.Cut(got.Header.Get("Set-Cookie"), ";")
	b.cookie += "; " + cookie
	wants(t, "the chosen columns", b.get("/leads"), 200, "Kota asal</th>", ">Medan<", "!Phone number</th>")
	delete(form, "column")
	got = b.post("/leads/columns", form)
	cookie, _, _ = strings.Cut(got.Header.Get("Set-Cookie"), ";")
	b.cookie, _, _ = strings.Cut(b.cookie, "; ")
	b.cookie += "; " + cookie
	wants(t, "no columns", b.get("/leads"), 200, ">Dewi<", "!Kota asal</th>", "!Phone number</th>")
}

func TestLeadPagesJoin(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	b := signIn(t, w)
	for i := range 120 {
		newLead(t, w, fmt.Sprintf("Nomor %03d", i), i, people.Edit{})
	}
	for _, shape := range []struct {
		address string
		pages   int
	}{{"/leads?sort=name", 3}, {"/leads?sort=created", 3}, {"/leads", 3}, {"/leads?board=1&stage=new&sort=name", 5}} {
		seen, pages := map[string]int{}, 0
		for at := shape.address; at != ""; pages++ {
			page := b.get(at)
			for _, found := range regexp.MustCompile(`>Nomor \d{3}</span>`).FindAll(page.Body, -1) {
				seen[string(found)]++
			}
			at = ""
			if next := regexp.MustCompile(`href="([^"]*)" rel="next"|data-more href="([^"]*)"`).FindSubmatch(page.Body); next != nil {
				at = strings.ReplaceAll(string(next[1])+string(next[2]), "&amp;", "&")
			}
		}
		if len(seen) != 120 || pages != shape.pages {
			t.Errorf("%s has %d contacts on %d pages, want 120 on %d", shape.address, len(seen), pages, shape.pages)
		}
		for name, n := range seen {
			if n != 1 {
				t.Errorf("%s shows %s %d times", shape.address, name, n)
			}
		}
	}
}

func TestLeadsInBulk(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		w := hosttest.Start(t, o)
		b := signIn(t, w)
		vip := leadTag(t, w, "VIP")
		dewi := newLead(t, w, "Dewi", 1, people.Edit{AddTags: []crm.TagID{vip}})
		tono := newLead(t, w, "Tono", 2, people.Edit{LeadStatus: new("won")})
		chosen := []string{dewi.ID.String(), tono.ID.String()}
		form := fill(b.get("/leads"), "next", "/leads", "lead_status", "proposal", "add_tag", vip.String())
		form["id"] = chosen
		got := b.post("/leads/bulk", form)
		if got.Status != 303 || !strings.Contains(got.Header.Get("Location"), "done=leads_changed") {
			t.Fatalf("changing two answers %d %s", got.Status, got.Body)
		}
		for _, c := range []*crm.Contact{dewi, tono} {
			if now := leadNow(t, w, c.ID); now.LeadStatus != "proposal" || len(now.Tags) != 1 {
				t.Errorf("%s is %s with the tags %v", c.Name, now.LeadStatus, now.Tags)
			}
		}
		cookie, _, _ := strings.Cut(got.Header.Get("Set-Cookie"), ";")
		session := b.cookie
		b.cookie += "; " + cookie
		wants(t, "what was done", b.get("/leads?done=leads_changed"), 200, `action="/leads/undo"`)
		// Somebody moves one on: that stays.
		if _, err := w.Host.People.Edit(t.Context(), access.OfMember(w.Owner), tono.ID, people.Edit{LeadStatus: new("lost")}, "ID"); err != nil {
			t.Fatal(err)
		}
		page, _ := b.send("/leads", "/leads/undo", url.Values{"next": {"/leads"}})
		wants(t, "what was undone", page, 200, "The change was taken back")
		if now := leadNow(t, w, dewi.ID); now.LeadStatus != "new" || len(now.Tags) != 1 {
			t.Errorf("after the undo Dewi is %s with the tags %v, want new with the one it had", now.LeadStatus, now.Tags)
		}
		if now := leadNow(t, w, tono.ID); now.LeadStatus != "lost" || len(now.Tags) != 0 {
			t.Errorf("after the undo Tono is %s with the tags %v, want lost, as somebody said since, with none", now.LeadStatus, now.Tags)
		}
		b.cookie = session
		page, _ = b.send("/leads", "/leads/undo", url.Values{"next": {"/leads"}})
		wants(t, "an undo of nothing", page, 409, "cannot be undone any more")

		page, _ = b.send("/leads", "/leads/bulk", url.Values{"next": {"/leads"}, "lead_status": {"won"}})
		wants(t, "nobody chosen", page, 422, "Choose contacts first")
		page, _ = b.send("/leads", "/leads/bulk", url.Values{"next": {"/leads"}, "id": chosen})
		wants(t, "nothing to change", page, 422, "Say what to change first")
		list := asked("/leads", "f0", "tag", "o0", "is", "v0", vip.String())
		page, _ = b.send(list, "/leads/bulk", url.Values{"next": {list}, "whole": {"1"}, "lead_status": {"qualified"}, "assignee": {w.Owner.ID.String()}})
		wants(t, "all that fit", page, 200, "Looked at: 1. Changed: 1.")
		if a, b := leadNow(t, w, dewi.ID).LeadStatus, leadNow(t, w, tono.ID).LeadStatus; a != "qualified" || b != "lost" {
			t.Errorf("Dewi is %s and Tono %s, want only who fits changed", a, b)
		}
		page, _ = b.send("/leads", "/leads/bulk", url.Values{"next": {"/leads"}, "whole": {"1"}, "lead_status": {"won"}})
		wants(t, "everybody without a filter", page, 422)
		gone := crm.ContactID{15: 9}
		page, _ = b.send("/leads", "/leads/bulk", url.Values{"next": {"/leads"}, "id": {gone.String(), chosen[0]}, "blocked": {"true"}})
		wants(t, "one that is gone", page, 200, "Looked at: 2. Changed: 1.", "/contacts/"+gone.String())
	})
}

func TestContactInTheBrowser(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		w := hosttest.Start(t, o)
		b, me := signIn(t, w), access.OfMember(w.Owner)
		if _, err := w.Host.People.AddField(t.Context(), me, "budget", crm.NumberField, people.FieldEdit{Label: new("Budget")}); err != nil {
			t.Fatal(err)
		}
		vip, old := leadTag(t, w, "VIP"), leadTag(t, w, "Old")
		page, _ := b.send("/contacts/new", "/contacts", url.Values{"next": {"/leads"}, "name": {"Dewi"}, "phone": {"123"}})
		wants(t, "a number that is none", page, 422, "That is not a phone number", `value="Dewi"`, `value="123"`)
		page, at := b.send("/contacts/new", "/contacts", url.Values{
			"next": {"/leads"}, "name": {"Dewi"}, "phone": {"0812 0000 0042"}, "tags": {"1"}, "tag": {old.String()}, "fields.budget": {"5"},
		})
		wants(t, "a new contact", page, 200, "Contact added", "<h1><span dir=\"auto\">Dewi</span>", "+6281200000042", "Old", "Budget")
		at, _, _ = strings.Cut(at, "?")
		id, err := crm.ParseID[crm.Contact](strings.TrimPrefix(at, "/contacts/"))
		if err != nil {
			t.Fatal(err)
		}
		page, _ = b.send(at+"/edit", at+"/edit", url.Values{"next": {at}, "name": {"Dewi L"}, "tags": {"1"}, "tag": {vip.String()}, "fields.budget": {"much"}})
		wants(t, "a field that cannot be", page, 422, "does not fit its type", `value="much"`, `value="Dewi L"`)
		page, _ = b.send(at+"/edit", at+"/edit", url.Values{"next": {at}, "name": {"Dewi L"}, "tags": {"1"}, "tag": {vip.String()}, "fields.budget": {""}, "lead_status": {"won"}})
		wants(t, "an edit", page, 200, "Saved.", "Dewi L")
		if c := leadNow(t, w, id); c.LeadStatus != "won" || len(c.Tags) != 1 || c.Tags[0] != vip || c.Fields["budget"] != "" {
			t.Errorf("after the edit the contact is %+v", c)
		}
		for _, act := range []struct {
			path   string
			values url.Values
			texts  []string
		}{
			{"/notes", url.Values{"body": {"Call after 5 pm"}}, []string{"Note saved", "Call after 5 pm"}},
			{"/tasks", url.Values{"title": {"Send the brochure"}, "due": {"2020-01-02T10:00"}, "assignee": {w.Owner.ID.String()}}, []string{"Task added", "Send the brochure", "Overdue"}},
			{"/consent", url.Values{"out": {"true"}}, []string{"wants no marketing messages"}},
			{"/block", url.Values{"blocked": {"true"}}, []string{"Blocked by the team since"}},
			{"/tags", url.Values{"remove": {vip.String()}}, []string{"Saved."}},
		} {
			act.values.Set("next", at)
			page, _ := b.send(at, at+act.path, act.values)
			wants(t, act.path, page, 200, act.texts...)
		}
		page, _ = b.send(at, at+"/notes", url.Values{"next": {at}, "body": {" "}})
		wants(t, "an empty note", page, 422)
		page, _ = b.send(at, at+"/tasks", url.Values{"next": {at}, "title": {"Ring"}, "due": {"soon"}})
		wants(t, "a date that is none", page, 422, "The date is not right", `value="Ring"`)

		tasks := b.get("/tasks")
		wants(t, "my tasks", tasks, 200, "Send the brochure", "Overdue", "Dewi L")
		form := regexp.MustCompile(`action="(/tasks/[0-9a-f-]{36}/done)"`).FindSubmatch(tasks.Body)
		page, _ = b.send("/tasks", string(form[1]), url.Values{"next": {"/tasks"}, "done": {"true"}})
		wants(t, "a task that is done", page, 200, "Task updated", "!Send the brochure")
		wants(t, "all tasks", b.get("/tasks?who=done"), 200, "Send the brochure")

		twin := newLead(t, w, "Dewi L", 7, people.Edit{})
		wants(t, "a twin", b.get(at), 200, "Perhaps the same person", twin.ID.String())
		page, merged := b.send(at, at+"/merge", url.Values{"other": {twin.ID.String()}})
		wants(t, "a merge", page, 200, "The two contacts are one now", "This merge can be undone", "+6281200000007")
		merge := regexp.MustCompile(`merge=([0-9a-f-]{36})`).FindStringSubmatch(merged)[1]
		page, _ = b.send(merged, at+"/unmerge", url.Values{"merge": {merge}})
		wants(t, "a merge undone", page, 200, "The merge was undone", "+6281200000007")
		page, _ = b.send(at, at+"/unmerge", url.Values{"merge": {merge}})
		wants(t, "a merge undone twice", page, 422, "was undone already")
		wants(t, "the question before erasing", b.get(at+"/erase"), 200, "This cannot be undone", "Dewi L")
		page, _ = b.send(at+"/erase", at+"/erase", url.Values{})
		wants(t, "erasing without a tick", page, 422, "Tick the box first")
		wants(t, "who was not erased", b.get(at), 200, "Dewi L")
		page, _ = b.send(at+"/erase", at+"/erase", url.Values{"sure": {"1"}})
		wants(t, "an erased contact", page, 200, "The contact is gone")
		wants(t, "what was erased", b.get(at), 404)
		for _, path := range []string{"/contacts/nothing", "/contacts/" + crm.ContactID{15: 1}.String(), "/contacts/" + crm.ContactID{15: 1}.String() + "/edit"} {
			wants(t, path, b.get(path), 404)
		}
	})
}

// uploadForm posts a file as the browser's form does.
func (b *browser) uploadForm(token, name, file string) hosttest.Answer {
	b.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.WriteField("csrf", token) // a buffer takes all
	_ = form.WriteField("delimiter", "")
	if name != "" {
		part, err := form.CreateFormFile("file", name)
		if err != nil {
			b.t.Fatal(err)
		}
		_, _ = part.Write([]byte(file))
	}
	_ = form.Close()
	req, err := http.NewRequestWithContext(b.t.Context(), "POST", b.w.URL+"/imports", &body)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.w.Send(req, "Content-Type: "+form.FormDataContentType(), b.cookies(), "Accept: text/html", "Sec-Fetch-Site: "+b.site)
}

func TestImportInTheBrowser(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		w := hosttest.Start(t, o)
		b := signIn(t, w)
		token := fill(b.get("/imports")).Get("csrf")
		file := "Nama;No. HP;Kota\nDewi;0812 0000 0001;Medan\nTono;6,28E+12;Bandung\nSari;0812 0000 0003;Medan\n"
		wants(t, "another page's token", b.uploadForm("x", "kontak.csv", file), 403, "out of date")
		b.site = "cross-site"
		wants(t, "another site", b.uploadForm(token, "kontak.csv", file), 403)
		b.site = "same-origin"
		wants(t, "no file", b.uploadForm(token, "", ""), 422, "Choose a file first")
		wants(t, "an empty file", b.uploadForm(token, "kontak.csv", "nama;hp\n"), 422, "no contacts in it")
		got := b.uploadForm(token, `C:\Users\x\kontak.csv`, file)
		at := got.Header.Get("Location")
		if got.Status != 303 || !strings.HasPrefix(at, "/imports/") {
			t.Fatalf("an upload answers %d %s", got.Status, got.Body)
		}
		page := b.get(at)
		wants(t, "the mapping", page, 200, ">kontak.csv<", "3 rows", "delimited by semicolon", `<option value="phone" selected>`, `<option value="field:Kota" selected>`,
			"Excel shortened", "0812 0000 0003")
		page, _ = b.send(at, at+"/start", url.Values{"m0": {"name"}, "m1": {"name"}, "m2": {"skip"}, "policy": {"fill"}})
		wants(t, "a mapping that cannot be", page, 422, "The columns cannot be used like this", `name="m1"`)
		ended := func(state string) {
			t.Helper()
			hosttest.Until(t, "the import is "+state, func() bool { page = b.get(at); return strings.Contains(string(page.Body), ">"+state+"<") })
		}
		_, _ = b.send(at, at+"/start", url.Values{"m0": {"name"}, "m1": {"phone"}, "m2": {"field:Kota"}, "policy": {"overwrite"}, "dry": {"1"}})
		ended("Tried out")
		wants(t, "a dry run", page, 200, "If it is imported", "<dd>2</dd>", "Import now", `value="overwrite" checked`)
		wants(t, "nobody yet", b.get("/leads"), 200, "!>Dewi<")
		_, _ = b.send(at, at+"/start", url.Values{"m0": {"name"}, "m1": {"phone"}, "m2": {"field:Kota"}, "policy": {"fill"}})
		ended("Done")
		wants(t, "an import", page, 200, "What became of it", "<dd>2</dd>", "Excel shortened", "Tono", at[len("/imports/"):]+"/errors", "!Import now")
		wants(t, "who was imported", b.get("/leads"), 200, ">Dewi<", ">Sari<", "!>Tono<")
		page, _ = b.send("/imports", at+"/start", url.Values{"m1": {"phone"}})
		wants(t, "a start too many", page, 200, "What became of it")
		wants(t, "the list", b.get("/imports"), 200, "kontak.csv", "Done")
		again := b.uploadForm(token, "lagi.csv", file).Header.Get("Location")
		page, _ = b.send(again, again+"/cancel", url.Values{})
		wants(t, "a file that is dropped", page, 200, "Stopped", "!Import now")
		wants(t, "no import", b.get("/imports/x"), 404)
		if got := (&browser{t: t, w: w, site: "same-origin"}).uploadForm(token, "x.csv", file); got.Status != 303 || got.Header.Get("Location") != "/login" {
			t.Errorf("nobody's upload answers %d %s", got.Status, got.Header.Get("Location"))
		}
	})
}
