package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
)

func TestMe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.key(w.ours, "contacts:read", "messages:send")
	me := w.do(key, "GET", "/api/me", "").is(200)
	if me.object("actor").text("kind") != "api" || me["member"] != nil || me.object("workspace").text("name") != "Pelita" {
		t.Errorf("a key is told that it is %v", me)
	}
	if got := encode(t, me["actions"]); got != `["messages:send","contacts:read"]` {
		t.Errorf("a key is told that it may %s", got)
	}
}

func TestMembers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.us("POST", "/api/members", `{"name":"Dewi","email":"Dewi@example.com","role":"member"}`).is(201)
	path := "/api/members/" + made.text("id")
	if made.text("email") != "dewi@example.com" || made["disabled_at"] != nil {
		t.Errorf("the member is %v", made)
	}
	w.us("POST", "/api/members", `{"name":"D","email":"dewi@example.com","role":"member"}`).is(409)
	w.us("POST", "/api/members", `{"name":"D","role":"boss"}`).fails(400, "bad_value")
	if got := w.us("PATCH", path, `{"role":"admin","email":null}`).is(200); got.text("role") != "admin" || got["email"] != nil || got.text("name") != "Dewi" {
		t.Errorf("the member is now %v", got)
	}
	if got := w.us("PATCH", path, `{"disabled":true}`).is(200); got.text("disabled_at") == "" {
		t.Errorf("the disabled member is %v", got)
	}
	if got := w.us("PATCH", path, `{"disabled":false}`).is(200); got["disabled_at"] != nil {
		t.Errorf("the member that works again is %v", got)
	}
	w.us("PATCH", "/api/members/"+w.ours.owner.ID.String(), `{"disabled":true}`).fails(422, "last_owner")
	if list := w.us("GET", "/api/members", "").is(200); len(list.list("data")) != 2 || list["next"] != nil {
		t.Errorf("the members are %v", list)
	}
	forbidden := w.do(w.key(w.ours, "admin"), "POST", "/api/members", `{"name":"D","role":"owner"}`).fails(403, "forbidden")
	if forbidden.text("reason") != "workspace:manage" {
		t.Errorf("an admin that makes an owner is told %v", forbidden)
	}
}

func TestKeyIsShownOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.us("POST", "/api/keys", `{"name":"Form","scopes":["contacts:write","contacts:read"],"expires_at":"2027-01-01T00:00:00Z"}`).is(201)
	secret := made.text("secret")
	if !strings.HasPrefix(secret, made.text("prefix")) || made.text("prefix") == "" || made.text("expires_at") != "2027-01-01T00:00:00.000Z" {
		t.Errorf("the key is %v", made)
	}
	w.do(secret, "GET", "/api/contacts", "").is(200)
	if list := w.us("GET", "/api/keys", ""); strings.Contains(list.body, secret) || !strings.Contains(list.body, made.text("id")) {
		t.Errorf("the list of keys is %s", list.body)
	}
	if got := w.us("DELETE", "/api/keys/"+made.text("id"), ""); got.status != 204 {
		t.Errorf("revoking answered %d %s", got.status, got.body)
	}
	w.do(secret, "GET", "/api/contacts", "").fails(401, "unauthenticated")
	w.us("POST", "/api/keys", `{"name":"x","scopes":[]}`).fails(400, "bad_scopes")
	w.us("POST", "/api/keys", `{"name":"x","scopes":["everything"]}`).fails(400, "bad_scopes")
	w.us("POST", "/api/keys", `{"name":"x"}`).fails(400, "missing_field")
	w.do(w.key(w.ours, "keys:manage"), "POST", "/api/keys", `{"name":"x","scopes":["admin"]}`).fails(403, "forbidden")
}

func TestChannelNeverShowsItsCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.us("POST", "/api/channels", `{"provider":"meta","phone_number_id":"555000000000001","name":"Sales","display_number":"+1 555 0100",`+
		`"credentials":{"token":"TOKEN-A","verify_token":"VERIFY-A","webhook_secrets":["SECRET-A1"]}}`)
	channel := made.is(201)
	path := "/api/channels/" + channel.text("id")
	rotated := w.us("PATCH", path, `{"credentials":{"webhook_secrets":["SECRET-A1","SECRET-A2"]}}`)
	if got := rotated.is(200); got["webhook_secrets"] != 2.0 || got["has_token"] != true || got.text("name") != "Sales" {
		t.Errorf("the channel is now %v", got)
	}
	list := w.us("GET", "/api/channels", "")
	list.is(200)
	for _, got := range []reply{made, rotated, list} {
		for _, secret := range []string{"TOKEN-A", "VERIFY-A", "SECRET-A", "[secret]", webhookSecret} {
			if strings.Contains(got.body, secret) {
				t.Errorf("%s shows %s: %s", got.what, secret, got.body)
			}
		}
	}
	stored, err := w.api.Directory.Channel(t.Context(), crm.Meta, "555000000000001")
	w.must(err)
	if c := stored.Credentials; c.Token != "TOKEN-A" || c.VerifyToken != "VERIFY-A" || len(c.WebhookSecrets) != 2 {
		t.Error("rotating the webhook's secrets changed other credentials")
	}
	if got := w.us("PATCH", path, `{"disabled":true,"name":null}`).is(200); got.text("disabled_at") == "" || got["name"] != nil {
		t.Errorf("the channel that is off is %v", got)
	}
	w.us("POST", "/api/channels", `{"provider":"meta","phone_number_id":"555000000000001","credentials":{}}`).is(409)
	w.do(w.theirs.key, "POST", "/api/channels", `{"provider":"meta","phone_number_id":"555000000000001","credentials":{}}`).is(409)
	w.us("POST", "/api/channels", `{"provider":"meta","phone_number_id":"5","credentials":{},"base_url":"http://10.0.0.1"}`).fails(400, "unknown_field")
}

func TestWorkspace(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if got := w.us("GET", "/api/workspace", "").is(200); got.text("region") != "ID" || got.text("time_zone") != "Asia/Jakarta" {
		t.Errorf("the workspace is %v", got)
	}
	if got := w.us("PATCH", "/api/workspace", `{"time_zone":"Asia/Makassar","region":"sg"}`).is(200); got.text("time_zone") != "Asia/Makassar" || got.text("region") != "SG" || got.text("name") != "Pelita" {
		t.Errorf("the workspace is now %v", got)
	}
	for _, zone := range []string{"Asia/Atlantis", "Local", "../etc/passwd"} {
		w.us("PATCH", "/api/workspace", `{"time_zone":"`+zone+`"}`).fails(400, "bad_time_zone")
	}
	if got := w.do(w.theirs.key, "GET", "/api/workspace", "").is(200); got.text("region") != "ID" {
		t.Errorf("the other workspace is now %v", got)
	}
}

func TestWebhookLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.ours, 1, "A", "Halo")
	list := w.us("GET", "/api/webhooks", "").is(200).list("data")
	if len(list) != 1 || list[0].text("verdict") != "applied" || list[0]["facts"] != 1.0 {
		t.Fatalf("the log is %v, want one applied request", list)
	}
	path := "/api/webhooks/" + list[0].text("id")
	got := w.us("GET", path, "").is(200)
	if !strings.Contains(got.text("body"), `"wamid.A"`) {
		t.Errorf("the request is %v", got)
	}
	raw := w.us("GET", path+"/body", "")
	if raw.status != 200 || raw.body != got.text("body") || raw.header.Get("Content-Type") != "application/octet-stream" || !strings.HasPrefix(raw.header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the body alone is %v %s, want the same bytes to be saved", raw.header, raw.body)
	}
	if again := w.us("POST", path+"/replay", "").is(200); again.text("id") != list[0].text("id") || again["facts"] != 1.0 {
		t.Errorf("replaying answered %v", again)
	}
	if n, err := w.store.Inbox().ExpireBodies(t.Context(), w.clock.Now().AddDate(0, 3, 0), 100); n == 0 || err != nil {
		t.Fatalf("retention took %d bodies, %v", n, err)
	}
	if got := w.us("GET", path, "").is(200); got["body"] != nil || got["body_expired"] != true || got["facts"] != 1.0 {
		t.Errorf("the request whose body retention took is %v", got)
	}
	w.us("GET", path+"/body", "").fails(404, "body_expired")
	w.us("POST", path+"/replay", "").fails(422, "body_expired")
	if n := len(w.us("GET", "/api/webhooks?verdict=unknown", "").is(200).list("data")); n != 0 {
		t.Errorf("%d requests of the log are unknown, want none", n)
	}
	w.us("GET", "/api/webhooks?verdict=lost", "").fails(400, "bad_value")
	if n := len(w.do(w.theirs.key, "GET", "/api/webhooks", "").is(200).list("data")); n != 0 {
		t.Errorf("the other workspace's log has %d requests, want none", n)
	}
}

func TestUnknownKeyIsNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.do("m21_"+strings.Repeat("A", 43), "GET", "/api/me", "")
	got.fails(http.StatusUnauthorized, "unauthenticated")
	if !strings.HasPrefix(got.header.Get("WWW-Authenticate"), "Bearer ") {
		t.Errorf("a 401 challenges with %q", got.header.Get("WWW-Authenticate"))
	}
}
