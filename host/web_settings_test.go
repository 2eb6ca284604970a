package host_test

import (
	"html"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/simulator"
)

// clerk is a browser that goes through the settings.
type clerk struct{ *browser }

// do sends the form of a page and wants a status and a word in the answer or in the
// address it leads to.
func (c clerk) do(page, action string, want int, word string, pairs ...string) hosttest.Answer {
	c.t.Helper()
	got := c.post(action, fill(c.get(page), pairs...))
	if got.Status != want || !strings.Contains(html.UnescapeString(string(got.Body))+got.Header.Get("Location"), word) {
		c.t.Errorf("%s with %v answers %d %s %.3000s, want %d with %q", action, pairs, got.Status, got.Header.Get("Location"), text(got), want, word)
	}
	return got
}

// sees wants texts on a page, and not others, which begin with "!".
func (c clerk) sees(page string, words ...string) {
	c.t.Helper()
	got := c.get(page)
	body := html.UnescapeString(string(got.Body))
	for _, word := range words {
		word, not := strings.CutPrefix(word, "!")
		if got.Status != 200 || strings.Contains(body, word) == not {
			c.t.Errorf("%s answers %d, with %q: %t", page, got.Status, word, !not)
		}
	}
}

var markup = regexp.MustCompile(`<[^>]*>|\s+`)

func text(a hosttest.Answer) string { return markup.ReplaceAllString(string(a.Body), " ") }

// shown returns the secrets that a page shows once.
func shown(a hosttest.Answer) (secrets []string) {
	for _, found := range regexp.MustCompile(`<code tabindex="0">([^<]*)</code>`).FindAllSubmatch(a.Body, -1) {
		secrets = append(secrets, html.UnescapeString(string(found[1])))
	}
	return secrets
}

func newClerk(t *testing.T, w *hosttest.World) clerk { return clerk{signIn(t, w)} }

func TestWorkspaceAndTagsInTheBrowser(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		w := hosttest.Start(t, o)
		c := newClerk(t, w)
		if got := c.get("/settings"); got.Status != 303 || got.Header.Get("Location") != "/settings/workspace" {
			t.Errorf("/settings answers %d %s", got.Status, got.Header.Get("Location"))
		}
		const page = "/settings/workspace"
		c.do(page, page, 422, "no such time zone", "name", "Sekolah <b>", "zone", "Asia/Nowhere", "locale", "id", "region", "ID")
		c.do(page, page, 422, `value="Sekolah <b>"`, "name", "Sekolah <b>", "zone", "Local", "locale", "id", "region", "ID")
		c.do(page, page, 303, "done=saved", "name", "Sekolah <b>", "zone", "Asia/Makassar", "locale", "id", "region", "sg")
		c.sees(page, "Asia/Makassar", `value="SG"`, "Sekolah <b>")

		const tags = "/settings/tags"
		c.sees(tags, "no tag yet")
		c.do(tags, tags, 303, "done=saved", "name", "VIP", "color", "#112233", "colored", "1")
		c.do(tags, tags, 303, "done=saved", "name", "Beasiswa", "color", "#112233")
		c.do(tags, tags, 422, "This name is taken", "name", "vip")
		list := tagIDs(t, w)
		c.do(tags, tags+"/"+list["Beasiswa"], 422, `value="vip"`, "name", "vip")
		c.do(tags, tags+"/"+list["Beasiswa"], 303, "done=saved", "name", "Beasiswa 2027")
		c.sees(tags, "Beasiswa 2027", `fill="#112233"`, `fill="none"`)
		c.sees(tags+"/"+list["VIP"]+"/delete", "Delete this tag?", "VIP", "cannot be undone")
		c.do(tags+"/"+list["VIP"]+"/delete", tags+"/"+list["VIP"]+"/delete", 303, "done=deleted")
		c.do(tags, tags+"/"+list["VIP"]+"/delete", 404, "Not found")
		if left := tagIDs(t, w); len(left) != 1 || left["Beasiswa 2027"] == "" {
			t.Errorf("the tags that are left are %v", left)
		}
	})
}

func tagIDs(t *testing.T, w *hosttest.World) map[string]string {
	t.Helper()
	tags, err := w.Host.People.Tags(t.Context(), access.System(w.Workspace.ID))
	if err != nil {
		t.Fatal(err)
	}
	ids := map[string]string{}
	for _, tag := range tags {
		ids[tag.Name] = tag.ID.String()
	}
	return ids
}

func TestCannedRepliesInTheBrowser(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	c := newClerk(t, w)
	const page = "/settings/canned"
	c.sees(page, "There is none yet")
	c.do(page, page, 422, "only letters", "shortcut", "biaya kuliah", "body", "Biaya <b>")
	c.do(page, page, 422, "Biaya <b>", "shortcut", "é", "body", "Biaya <b>")
	c.do(page, page, 303, "done=saved", "shortcut", "/Biaya", "body", "Biayanya:\r\n- kuliah\r\n- visa")
	c.do(page, page, 422, "shortcut is taken", "shortcut", "biaya", "body", "x")
	list, err := w.Host.People.CannedReplies(t.Context(), access.System(w.Workspace.ID))
	if err != nil || len(list) != 1 || list[0].Shortcut != "biaya" || list[0].Body != "Biayanya:\n- kuliah\n- visa" {
		t.Fatalf("the replies are %+v, %v", list, err)
	}
	at := page + "/" + list[0].ID.String()
	c.do(page, at, 422, ">Baru</textarea>", "shortcut", "a b", "body", "Baru")
	c.do(page, at, 303, "done=saved", "shortcut", "harga", "body", "Baru")
	c.sees(page, "/harga", "Baru", "!/biaya")
	c.sees(at+"/delete", "Delete this canned reply?", "/harga")
	c.do(at+"/delete", at+"/delete", 303, "done=deleted")
	c.sees(page, "There is none yet")
}

func TestMembersInTheBrowser(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	c := newClerk(t, w)
	const page = "/settings/members"
	c.do(page, page, 422, "Another member has", "name", "Dewi", "email", "Owner@example.com", "role", "member")
	made := c.do(page, page, 200, "works once, for 3 days", "name", "Dewi <i>", "email", "dewi@example.com", "role", "admin")
	links := shown(made)
	if len(links) != 1 || !strings.HasPrefix(links[0], w.URL+"/login?token=") {
		t.Fatalf("the page shows %q", links)
	}
	token, _ := url.QueryUnescape(strings.TrimPrefix(links[0], w.URL+"/login?token="))
	dewi := clerk{&browser{t: t, w: w, site: "same-origin"}}
	dewi.open("/inbox", "token", token)
	c.sees(page, "Dewi <i>", "dewi@example.com", "!"+token)

	members, err := w.Host.Directory.Members(t.Context(), access.System(w.Workspace.ID))
	if err != nil || len(members) != 2 {
		t.Fatalf("there are %d members, %v", len(members), err)
	}
	owner, at := page+"/"+w.Owner.ID.String(), page+"/"+members[1].ID.String()
	// An admin neither changes an owner nor opens its account.
	dewi.sees(page, "!"+owner+`"`, at, "!>Owner</option>")
	dewi.do(page, owner, 403, "not allowed", "name", "Thief", "email", "dewi2@example.com", "role", "owner")
	dewi.do(page, owner+"/link", 403, "not allowed")
	dewi.do(page, owner+"/reset", 403, "not allowed")
	dewi.do(page, at, 403, "not allowed", "name", "Dewi", "email", "dewi@example.com", "role", "owner")
	dewi.do(page, at+"/reset", 422, "under your account")
	if got := dewi.get("/settings/workspace"); got.Status != 403 {
		t.Errorf("an admin sees the workspace's settings: %d", got.Status)
	}

	c.do(page, owner, 422, "last owner", "name", "Owner", "email", "owner@example.com", "role", "member")
	c.do(page, owner+"/state", 422, "last owner", "state", "off")
	c.do(page, at, 303, "done=saved", "name", "Dewi Lestari", "email", "dewi@example.com", "role", "member")
	if got := dewi.get("/settings/members"); got.Status != 403 {
		t.Errorf("who is no admin any more sees the members: %d", got.Status)
	}
	if got := dewi.get("/settings"); got.Header.Get("Location") != "/settings/canned" {
		t.Errorf("a member is led to %s", got.Header.Get("Location"))
	}
	dewi.sees("/settings/canned", "!/settings/members", "!/settings/tags")
	c.sees(at+"/reset", "Reset this member's access?", "Dewi Lestari")
	c.do(at+"/reset", at+"/reset", 200, "Sign-in link for Dewi Lestari")
	if got := dewi.get("/inbox"); got.Status != 303 {
		t.Errorf("who was reset is still signed in: %d", got.Status)
	}
	c.do(page, at+"/state", 303, "done=saved", "state", "off")
	c.sees(page, "Disabled since")
	c.do(page, at+"/link", 404, "Not found")
	c.do(page, at+"/state", 303, "done=saved", "state", "on")
	c.sees(page, "!Disabled since")
}

func TestKeysInTheBrowser(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	c := newClerk(t, w)
	const page = "/settings/keys"
	c.do(page, page, 422, "at least one thing", "name", "Website")
	c.do(page, page, 422, "must lie ahead", "name", "Website", "scope", "read", "expires", "2020-01-01")
	c.do(page, page, 422, "must lie ahead", "name", "Website", "scope", "read", "expires", "soon")
	c.do(page, page, 422, "at least one thing", "name", "Website", "scope", "everything")
	form := fill(c.get(page), "name", "Website", "expires", "2099-12-31")
	form["scope"] = []string{"contacts:read", "channels:read"}
	got := c.post(page, form)
	secrets := shown(got)
	if got.Status != 200 || len(secrets) != 1 || !strings.HasPrefix(secrets[0], "m21_") {
		t.Fatalf("making a key answers %d %q", got.Status, secrets)
	}
	ask := func(path string) int { return w.Ask("GET", path, nil, "X-Api-Key: "+secrets[0]).Status }
	if ask("/api/contacts") != 200 || ask("/api/channels") != 200 || ask("/api/conversations") != 403 {
		t.Errorf("the key may not do what was ticked, or more: %d %d %d", ask("/api/contacts"), ask("/api/channels"), ask("/api/conversations"))
	}
	c.sees(page, "Website", secrets[0][:12], "!"+secrets[0], "contacts:read", "2099")
	keys, err := w.Host.Directory.Keys(t.Context(), access.System(w.Workspace.ID))
	if err != nil {
		t.Fatal(err)
	}
	at := page + "/" + keys[len(keys)-1].ID.String() + "/revoke"
	c.sees(at, "Revoke this key?", "Website", "cannot be undone")
	if ask("/api/contacts") != 200 {
		t.Error("being asked whether to revoke a key revokes it")
	}
	c.do(at, at, 303, "done=revoked")
	if ask("/api/contacts") != 401 {
		t.Error("a revoked key still works")
	}
	c.sees(page, "Revoked")
}

func TestFieldsInTheBrowser(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	c := newClerk(t, w)
	const page = "/settings/fields"
	c.do(page, page, 422, "needs at least one", "label", "Program studi", "type", "choice", "choices", " \r\n ")
	c.do(page, page, 303, "done=saved", "label", "Program studi", "type", "choice", "choices", "Hukum\r\nTeknik\r\n")
	c.do(page, page, 422, "has this key", "label", "Other", "key", "program_studi", "type", "text")
	c.do(page, page, 303, "done=saved", "label", "Anggaran", "type", "number", "choices", "ignored")
	c.do(page, page, 303, "done=saved", "label", "Kunjungan", "key", "visit", "type", "date")
	order := func() (keys string, fields []*crm.Field) {
		fields, err := w.Host.People.Fields(t.Context(), access.System(w.Workspace.ID))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fields {
			if keys += f.Key; !f.ArchivedAt.IsZero() {
				keys += "(archived)"
			}
			keys += " "
		}
		return keys, fields
	}
	keys, fields := order()
	if keys != "program_studi anggaran visit " || strings.Join(fields[0].Choices, ",") != "Hukum,Teknik" {
		t.Fatalf("the fields are %s with %v", keys, fields[0].Choices)
	}
	study, budget, visit := page+"/"+fields[0].ID.String(), page+"/"+fields[1].ID.String(), page+"/"+fields[2].ID.String()
	for _, step := range []struct{ action, key, value, want string }{
		{visit + "/move", "to", "up", "program_studi visit anggaran "},
		{visit + "/move", "to", "up", "visit program_studi anggaran "},
		{visit + "/move", "to", "up", "visit program_studi anggaran "},
		{study + "/archive", "state", "off", "visit program_studi(archived) anggaran "},
		{budget + "/move", "to", "up", "anggaran visit program_studi(archived) "},
		{study + "/archive", "state", "on", "anggaran visit program_studi "},
		{budget + "/move", "to", "down", "visit anggaran program_studi "},
	} {
		c.do(page, step.action, 303, page, step.key, step.value)
		if got, _ := order(); got != step.want {
			t.Errorf("%s %s leaves the order %s, want %s", step.action, step.value, got, step.want)
		}
	}
	c.do(page, study, 422, "needs at least one", "label", "Jurusan", "choices", "")
	c.do(page, study, 303, "done=saved", "label", "Jurusan", "choices", "Hukum\nTeknik\nSeni")
	c.do(page, budget, 303, "done=saved", "label", "Dana")
	c.sees(page, "Jurusan", "Dana", "Hukum\nTeknik\nSeni")
}

func TestPipelineInTheBrowser(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	c := newClerk(t, w)
	const page = "/settings/pipeline"
	lines := func(lines ...[5]string) (pairs []string) {
		for i, l := range lines {
			n := string(rune('1' + i))
			pairs = append(pairs, "key"+n, l[0], "label"+n, l[1], "kind"+n, l[2], "place"+n, l[3], "remove"+n, l[4])
		}
		return pairs
	}
	c.do(page, page, 422, "one is won and one lost", lines([5]string{"new", "Baru", "open", "1"})...)
	c.do(page, page, 303, "done=saved", lines(
		[5]string{"new", "Baru", "open", "1"}, [5]string{"contacted", "Dihubungi", "open", "2"}, [5]string{"qualified", "Layak", "open", "3", "1"},
		[5]string{"won", "Daftar", "won", "4"}, [5]string{"lost", "Batal", "lost", "5"}, [5]string{"", "Wawancara 1", "open", "1,5"}, [5]string{"", "", "open", "7"},
		[5]string{"", "Contacted", "open", "strange"})...)
	pipeline, err := w.Host.People.Pipeline(t.Context(), access.System(w.Workspace.ID))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, s := range pipeline.Stages {
		got = append(got, s.Key+"="+s.Label+"/"+string(s.Kind))
	}
	const want = "new=Baru/open wawancara_1=Wawancara 1/open contacted=Dihubungi/open won=Daftar/won lost=Batal/lost contacted_2=Contacted/open"
	if strings.Join(got, " ") != want {
		t.Errorf("the pipeline is %s, want %s", strings.Join(got, " "), want)
	}
	c.sees(page, "Wawancara 1", "Dihubungi", "contacts begin here")
	thread(t, w, "Halo") // a contact that is new
	if _, err := w.Host.People.SetPipeline(t.Context(), access.System(w.Workspace.ID), pipeline.Stages); err != nil {
		t.Fatal(err)
	}
}

// The usual stages speak each visitor's language, also after a visitor saved them
// in hers; one that somebody named keeps its name.
func TestUsualStagesSpeakTheVisitorsLanguage(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	address := thread(t, w, "Halo")
	en := newClerk(t, w)
	id := clerk{&browser{t: t, w: w, cookie: en.cookie, site: "same-origin", lang: "id"}}
	const page = "/settings/pipeline"
	id.sees(page, `value="Baru"`, `value="Dihubungi"`, `!value="Contacted"`)
	id.sees(address, `<dd dir="auto">Baru</dd>`)
	id.sees("/dashboard", ">Dihubungi<", "!>Contacted<")
	id.do(page, page, 303, "done=saved", "key1", "new", "label1", "Baru", "kind1", "open", "key2", "contacted", "label2", "Ditelepon", "kind2", "open",
		"key3", "won", "label3", "Menang", "kind3", "won", "key4", "lost", "label4", "Kalah", "kind4", "lost")
	en.sees(page, `value="New"`, `value="Ditelepon"`, `value="Won"`, `!value="Baru"`)
	id.sees(page, `value="Baru"`, `value="Ditelepon"`, `value="Menang"`)
}

func TestNoPageSpeaksTheVisitorsLanguage(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	b := &browser{t: t, w: w, lang: "id"}
	wants(t, "no page", b.get("/nowhere"), 404, "Tidak ditemukan", "Yang Anda cari tidak ada di sini.", "!There is nothing")
}

func TestChannelsInTheBrowser(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		w := hosttest.Start(t, o)
		c := newClerk(t, w)
		const list, fresh = "/settings/channels", "/settings/channels/new"
		c.sees(list, "kapso", "meta", "No webhook came")
		c.do(fresh, fresh, 422, "digits only", "provider", "meta", "phone_number_id", "abc", "name", "Sales <b>", "token", "a-token-that-is-typed")
		if got := c.do(fresh, fresh, 422, "connected already", "provider", "meta", "phone_number_id", w.Meta.PhoneNumberID, "token", "a-token-that-is-typed"); strings.Contains(string(got.Body), "a-token-that-is-typed") {
			t.Error("a token that was typed comes back")
		}
		meta := shown(c.do(fresh, fresh, 200, "is connected", "provider", "meta", "phone_number_id", "555000000000003", "token", "a-token-that-is-typed", "secret", "an-app-secret"))
		if len(meta) != 2 || meta[0] != w.URL+"/api/webhook/meta" || len(meta[1]) < 20 {
			t.Fatalf("connecting with Meta shows %q, want the address and a verify token", meta)
		}
		if got := w.Ask("GET", "/api/webhook/meta?hub.mode=subscribe&hub.challenge=42&hub.verify_token="+meta[1], nil, "X-Api-Key: "); string(got.Body) != "42" {
			t.Errorf("the handshake with the shown token answers %d %s", got.Status, got.Body)
		}
		kapso := shown(c.do(fresh, fresh, 200, "is connected", "provider", "kapso", "phone_number_id", "555000000000004"))
		if len(kapso) != 2 || kapso[0] != w.URL+"/api/webhook/kapso" || len(kapso[1]) < 20 {
			t.Fatalf("connecting with Kapso shows %q, want the address and a secret", kapso)
		}

		at := list + "/" + w.Kapso.ID.String()
		c.do(at, at+"/check", 303, "done=channel_works")
		c.do(at, at+"/token", 400, "at least 1", "token", "")
		c.do(at, at+"/token", 303, "done=saved", "token", "a-wrong-token")
		c.do(at, at+"/check", 422, "refused this token")
		c.do(at, at+"/token", 303, "done=saved", "token", string(w.Kapso.Credentials.Token))
		c.do(at, at+"/check", 303, "done=channel_works")
		c.do(at, at, 303, "done=saved", "name", "Penerimaan", "number", "+62 812 0000 0009", "account_id", "77")
		c.do(at, at, 422, "digits only", "name", "Penerimaan", "account_id", "x")
		for _, secret := range []crm.Secret{w.Kapso.Credentials.Token, w.Kapso.Credentials.WebhookSecrets[0], w.Kapso.Credentials.VerifyToken} {
			c.sees(at, "Penerimaan", "!"+string(secret))
		}
		rotate(t, w, c, at)
	})
}

// rotate replaces the channel's webhook secret while messages come in.
func rotate(t *testing.T, w *hosttest.World, c clerk, at string) {
	t.Helper()
	channel := func() *crm.Channel {
		all, err := w.Host.Directory.Channels(t.Context(), access.System(w.Workspace.ID))
		if err != nil {
			t.Fatal(err)
		}
		for _, ch := range all {
			if ch.ID == w.Kapso.ID {
				return ch
			}
		}
		t.Fatal("the channel is gone")
		return nil
	}
	thread(t, w, "Halo")
	c.sees(at, "!No webhook came", "last used")
	c.do(at, at+"/secrets", 422, "at least 8", "secret", "short")
	made := shown(c.do(at, at+"/secrets", 200, "New webhook secret", "secret", ""))
	old := w.Kapso.Credentials.WebhookSecrets[0]
	if got := channel().Credentials.WebhookSecrets; len(made) != 1 || len(got) != 2 || got[0] != old || string(got[1]) != made[0] {
		t.Fatalf("a second secret leaves %d, of which %d are shown", len(got), len(made))
	}
	c.do(at, at+"/secrets", 422, "at most two", "secret", "one-too-many")
	c.sees(at, "Secret 2", "not used lately", at+"/retire")
	c.sees(at+"/retire", "cannot be undone")
	c.do(at+"/retire", at+"/retire", 303, "done=saved")
	got := channel().Credentials
	if len(got.WebhookSecrets) != 1 || string(got.WebhookSecrets[0]) != made[0] || got.Token != w.Kapso.Credentials.Token || got.VerifyToken != w.Kapso.Credentials.VerifyToken {
		t.Error("retiring the older secret leaves other credentials than the newer secret and what there was")
	}
	c.do(at, at+"/retire", 303, "done=saved") // of one, nothing
	if got := channel().Credentials.WebhookSecrets; len(got) != 1 {
		t.Errorf("retiring the only secret leaves %d", len(got))
	}
	c.do(at, at+"/state", 303, "done=saved", "state", "off")
	c.sees("/settings/channels", "Off")
	if channel().DisabledAt.IsZero() {
		t.Error("the channel is not off")
	}
	c.do(at, at+"/state", 303, "done=saved", "state", "on")
	if !channel().DisabledAt.IsZero() {
		t.Error("the channel is not on again")
	}
}

func TestWebhookLogInTheBrowser(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	c := newClerk(t, w)
	const page = "/settings/webhooks"
	c.sees(page, "There is nothing here")
	thread(t, w, "Halo <script>alert(1)</script>")
	for range 59 {
		if _, err := w.Sim.Say(simulator.Inbound{Chat: simulator.Chat{Provider: crm.Kapso, Customer: "6281200000001"}, Text: "lagi"}); err != nil {
			t.Fatal(err)
		}
	}
	var list []*crm.Delivery
	hosttest.Until(t, "all messages came", func() bool {
		var err error
		list, err = w.Host.Inbox.Deliveries(t.Context(), access.System(w.Workspace.ID), inbox.DeliveryQuery{Limit: 200})
		return err == nil && len(list) >= 60
	})
	first := string(c.get(page).Body)
	next := html.UnescapeString(regexp.MustCompile(`href="(/settings/webhooks\?after=[^"]*)"`).FindStringSubmatch(first)[1])
	second := string(c.get(next).Body)
	rows := regexp.MustCompile(`<a href="/settings/webhooks/([0-9a-f-]{36})"><time`)
	var seen []string
	for _, body := range []string{first, second} {
		for _, found := range rows.FindAllStringSubmatch(body, -1) {
			seen = append(seen, found[1])
		}
	}
	if len(seen) != len(list) {
		t.Fatalf("two pages show %d deliveries of %d", len(seen), len(list))
	}
	for i, d := range list {
		if seen[i] != d.ID.String() {
			t.Fatalf("the delivery number %d is %s, want %s", i, seen[i], d.ID)
		}
	}
	at := page + "/" + list[len(list)-1].ID.String()
	got := c.get(at)
	if strings.Contains(string(got.Body), "<script>alert") {
		t.Error("a body is markup on its page")
	}
	c.sees(at, "Applied", "Halo", "  \"", "/body")
	if raw := c.get("/api/webhooks/" + list[0].ID.String() + "/body"); raw.Status != 200 || len(raw.Body) == 0 {
		t.Errorf("the bytes as they came are answered %d", raw.Status)
	}
	c.do(at, at+"/replay", 303, "done=replayed")
	c.sees(page+"?verdict=applied", rows.FindStringSubmatch(first)[1])
	c.sees(page+"?verdict=unreadable", "There is nothing here")
	for _, path := range []string{"?verdict=strange", "?after=x"} {
		if got := c.get(page + path); got.Status != 400 {
			t.Errorf("%s answers %d", path, got.Status)
		}
	}
	for _, path := range []string{page + "/x", page + "/" + crm.DeliveryID{15: 1}.String()} {
		if got := c.get(path); got.Status != 404 {
			t.Errorf("%s answers %d", path, got.Status)
		}
	}
}

// Nobody sees or changes another workspace's settings by its ids.
func TestSettingsOfOthers(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	other := company(t, w, "Second", "other@example.com", "kopi susu gula aren")
	theirs := access.System(other.ID)
	m, err := w.Host.Directory.SaveMember(t.Context(), theirs, crm.Member{Name: "Theirs", Role: crm.Agent})
	if err != nil {
		t.Fatal(err)
	}
	key, err := w.Host.Directory.CreateKey(t.Context(), theirs, "theirs", []string{"read"}, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	tag, err := w.Host.People.SaveTag(t.Context(), theirs, crm.Tag{Name: "theirs"})
	if err != nil {
		t.Fatal(err)
	}
	ch, err := w.Host.Directory.SaveChannel(t.Context(), theirs, crm.Channel{Provider: crm.Meta, PhoneNumberID: "9", Credentials: crm.Credentials{Token: "their-token"}})
	if err != nil {
		t.Fatal(err)
	}
	c := newClerk(t, w)
	for _, path := range []string{"/settings/members/" + m.ID.String() + "/reset", "/settings/keys/" + key.Key.ID.String() + "/revoke",
		"/settings/tags/" + tag.ID.String() + "/delete", "/settings/channels/" + ch.ID.String(), "/settings/channels/" + ch.ID.String() + "/retire"} {
		if got := c.get(path); got.Status != 404 {
			t.Errorf("%s answers %d", path, got.Status)
		}
		if got := c.post(path, fill(c.get("/settings/tags"), "name", "mine")); got.Status != 404 {
			t.Errorf("posting to %s answers %d", path, got.Status)
		}
	}
	for _, path := range []string{"/settings/members/" + m.ID.String(), "/settings/members/" + m.ID.String() + "/link", "/settings/members/" + m.ID.String() + "/state",
		"/settings/tags/" + tag.ID.String(), "/settings/channels/" + ch.ID.String() + "/check", "/settings/channels/" + ch.ID.String() + "/verify"} {
		if got := c.post(path, fill(c.get("/settings/tags"), "name", "mine", "role", "member")); got.Status != 404 {
			t.Errorf("posting to %s answers %d", path, got.Status)
		}
	}
	if directory.InviteFor != 3*24*time.Hour {
		t.Errorf("an invitation lasts %v, and the page's test says three days", directory.InviteFor)
	}
}
