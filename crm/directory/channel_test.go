package directory_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/directory"
)

// TestSaveChannel follows a channel: what is empty of its credentials stays, and
// so does when it began.
func TestSaveChannel(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	connected := o.clock.Now()
	c := o.channel(o.me, crm.Channel{
		Provider: crm.Meta, PhoneNumberID: "1001", BusinessAccountID: "2001", DisplayNumber: " +62 812 0000 0001 ", Name: " Sales ",
		BaseURL:     "http://127.0.0.1:9000",
		Credentials: crm.Credentials{Token: "token-one-of-ours", VerifyToken: "verify-word-of-ours", WebhookSecrets: []crm.Secret{"secret-one-of-ours"}},
	})
	want := *c
	want.WorkspaceID, want.Name, want.DisplayNumber, want.CreatedAt = o.me.WorkspaceID, "Sales", "+62 812 0000 0001", connected
	off := o.clock.Advance(time.Hour)
	for _, step := range []struct {
		name   string
		change func(c *crm.Channel)
		expect func()
	}{
		{"nothing", func(c *crm.Channel) { c.Credentials = crm.Credentials{} }, func() {}},
		{"names", func(c *crm.Channel) { c.Name, c.BaseURL, c.BusinessAccountID = "Admissions", "", "" },
			func() { want.Name, want.BaseURL, want.BusinessAccountID = "Admissions", "", "" }},
		{"token", func(c *crm.Channel) { c.Credentials = crm.Credentials{Token: "token-two-of-ours"} },
			func() { want.Credentials.Token = "token-two-of-ours" }},
		{"a second secret", func(c *crm.Channel) {
			c.Credentials = crm.Credentials{WebhookSecrets: []crm.Secret{"secret-one-of-ours", "secret-two-of-ours"}}
		},
			func() { want.Credentials.WebhookSecrets = []crm.Secret{"secret-one-of-ours", "secret-two-of-ours"} }},
		{"the first secret dropped, a new word", func(c *crm.Channel) {
			c.Credentials = crm.Credentials{VerifyToken: "another-verify-word", WebhookSecrets: []crm.Secret{"secret-two-of-ours"}}
		}, func() {
			want.Credentials.VerifyToken, want.Credentials.WebhookSecrets = "another-verify-word", []crm.Secret{"secret-two-of-ours"}
		}},
		{"switched off", func(c *crm.Channel) { c.DisabledAt = off.Add(time.Hour) }, func() { want.DisabledAt = off }},
		{"off still", func(c *crm.Channel) { c.DisabledAt = o.clock.Advance(time.Hour) }, func() {}},
		{"on again", func(c *crm.Channel) { c.DisabledAt = time.Time{} }, func() { want.DisabledAt = time.Time{} }},
		{"pausing is not the team's", func(c *crm.Channel) { c.PausedReason = "made up" }, func() {}},
		{"age and workspace stay", func(c *crm.Channel) { c.CreatedAt, c.WorkspaceID = off, o.them.WorkspaceID }, func() {}},
	} {
		next := *c
		step.change(&next)
		step.expect()
		got, err := o.SaveChannel(t.Context(), o.me, next)
		if err != nil || !reflect.DeepEqual(got, &want) {
			t.Fatalf("%s: the channel is %+v, %v, want %+v", step.name, got, err, want)
		}
		list, err := o.Channels(t.Context(), o.me)
		if err != nil || len(list) != 1 || !reflect.DeepEqual(list[0], &want) {
			t.Fatalf("%s: the channel is kept as %+v, %v, want %+v", step.name, list, err, want)
		}
		c = got
	}
	for _, secret := range []crm.Secret{"token-one-of-ours", "token-two-of-ours", "verify-word-of-ours", "secret-one-of-ours"} {
		o.wantUnseen(secret)
	}
}

// TestPausedChannel: the outbox pauses a channel, and the team lets it go on.
func TestPausedChannel(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.channel(o.me, crm.Channel{Provider: crm.Meta, PhoneNumberID: "1001"})
	c.PausedReason = "The provider refused the token."
	if err := o.store.SaveChannel(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	c.Name = "Sales"
	if c = o.channel(o.me, *c); c.PausedReason != "The provider refused the token." {
		t.Errorf("renaming a paused channel: it is paused for %q", c.PausedReason)
	}
	c.PausedReason = ""
	if c = o.channel(o.me, *c); c.PausedReason != "" {
		t.Errorf("the channel is still paused for %q", c.PausedReason)
	}
}

func TestSaveChannelRefuses(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	theirs := o.channel(o.them, crm.Channel{Provider: crm.Meta, PhoneNumberID: "1009"})
	good := func(change func(*crm.Channel)) crm.Channel {
		c := crm.Channel{Provider: crm.Kapso, PhoneNumberID: "1001"}
		change(&c)
		return c
	}
	secrets := func(secrets ...crm.Secret) func(*crm.Channel) {
		return func(c *crm.Channel) { c.Credentials.WebhookSecrets = secrets }
	}
	for _, c := range []struct {
		name   string
		change func(*crm.Channel)
		want   string
	}{
		{"no provider", func(c *crm.Channel) { c.Provider = "" }, "invalid bad_provider"},
		{"an unknown provider", func(c *crm.Channel) { c.Provider = "twilio" }, "invalid bad_provider"},
		{"no number", func(c *crm.Channel) { c.PhoneNumberID = "" }, "invalid bad_phone_number_id"},
		{"a number with a plus", func(c *crm.Channel) { c.PhoneNumberID = "+6281200000001" }, "invalid bad_phone_number_id"},
		{"a number too long", func(c *crm.Channel) { c.PhoneNumberID = strings.Repeat("1", 33) }, "invalid bad_phone_number_id"},
		{"a number in another script", func(c *crm.Channel) { c.PhoneNumberID = "١٢٣" }, "invalid bad_phone_number_id"},
		{"an account that is no number", func(c *crm.Channel) { c.BusinessAccountID = "waba" }, "invalid bad_business_account_id"},
		{"a name too long", func(c *crm.Channel) { c.Name = strings.Repeat("é", directory.MaxName+1) }, "invalid bad_name"},
		{"a display number too long", func(c *crm.Channel) { c.DisplayNumber = strings.Repeat("1", 41) }, "invalid bad_display_number"},
		{"three secrets", secrets("12345678", "22345678", "32345678"), "invalid bad_webhook_secrets"},
		{"a short secret", secrets("1234567"), "invalid bad_webhook_secrets"},
		{"an empty secret", secrets("12345678", ""), "invalid bad_webhook_secrets"},
		{"a blank secret", secrets("        "), "invalid bad_webhook_secrets"},
		{"a token with NUL", func(c *crm.Channel) { c.Credentials.Token = "a\x00" }, "invalid bad_token"},
		{"a verify token too long", func(c *crm.Channel) { c.Credentials.VerifyToken = crm.Secret(strings.Repeat("a", 4097)) }, "invalid bad_verify_token"},
		{"another workspace's number", func(c *crm.Channel) { c.Provider, c.PhoneNumberID = crm.Meta, "1009" }, "conflict number_taken"},
		{"an unknown channel", func(c *crm.Channel) { c.ID = crm.ChannelID{9} }, "not_found"},
		{"another workspace's channel", func(c *crm.Channel) { c.ID = theirs.ID }, "not_found"},
	} {
		if saved, err := o.SaveChannel(t.Context(), o.me, good(c.change)); !strings.HasPrefix(code(err), c.want) || saved != nil {
			t.Errorf("%s: SaveChannel = %v, %v, want %s", c.name, saved, err, c.want)
		}
	}
	if list, err := o.Channels(t.Context(), o.me); err != nil || len(list) != 0 {
		t.Errorf("what was refused was saved: %v, %v", list, err)
	}
	if _, err := o.SaveChannel(t.Context(), o.me, good(secrets("12345678", "22345678"))); err != nil {
		t.Errorf("two secrets of exactly the least length: %v", err)
	}
	agent := access.Principal{WorkspaceID: o.me.WorkspaceID, Role: crm.Agent}
	if _, err := o.SaveChannel(t.Context(), agent, good(secrets("12345678"))); code(err) != "forbidden channels:manage" {
		t.Errorf("SaveChannel by a member: %v", err)
	}
	if _, err := o.Channels(t.Context(), access.Principal{}); code(err) != "unauthenticated" {
		t.Errorf("Channels by nobody: %v", err)
	}
}

// TestBaseURL: a provider is talked to with TLS, but for a simulator on this
// machine.
func TestBaseURL(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.channel(o.me, crm.Channel{Provider: crm.Kapso, PhoneNumberID: "1001"})
	for address, good := range map[string]bool{
		"": true, "https://api.kapso.ai/meta/whatsapp": true, "http://127.0.0.1:9000": true, "http://[::1]:9000/x": true, "http://localhost": true,
		"http://127.9.9.9": true, "HTTPS://graph.example": true,
		"http://api.kapso.ai": false, "http://10.0.0.1": false, "http://127.0.0.1.example.com": false, "http://localhost.example.com": false,
		"ftp://127.0.0.1": false, "api.kapso.ai": false, "//api.kapso.ai": false, "https://": false, "https://user:pass@api.kapso.ai": false,
		"https://api.kapso.ai?x=1": false, "https://api.kapso.ai#x": false, "https://api.kapso.ai/\n": false, "javascript:alert(1)": false,
		"https://a.example/" + strings.Repeat("a", 2048): false,
	} {
		next := *c
		next.BaseURL = address
		if _, err := o.SaveChannel(t.Context(), o.me, next); (err == nil) != good || err != nil && code(err) != "invalid bad_base_url" {
			t.Errorf("a channel at %.60q: %v, want it taken: %t", address, err, good)
		}
	}
}
