package main_test

import (
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
)

// What came for a number before it was connected is applied when it is, from
// the bytes in the journal.
func TestReplayAppliesWhatCameBeforeTheChannel(t *testing.T) {
	onBoth(t, func(t *testing.T, i *installation) {
		const secret = "app-secret"
		channel := func(number string) {
			t.Helper()
			i.must(`channel  \S+`, "channel", "add", "-provider", "meta", "-phone-number-id", number, "-number", "+62 812 0000 0100", "-token", "none", "-webhook-secret", secret)
		}
		i.must(`workspace`, "workspace", "create", "-name", "Contoh Study", "-owner", "Owner", "-email", "owner@example.com")
		channel("100000000000001")
		host := i.serve()
		body := `{"object":"whatsapp_business_account","entry":[{"id":"9","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"100000000000002"},` +
			`"contacts":[{"profile":{"name":"Ani"},"wa_id":"6281200000001"}],` +
			`"messages":[{"id":"wamid.1","from":"6281200000001","timestamp":"1796083200","type":"text","text":{"body":"Halo kak"}}]}}]}]}`
		req, err := http.NewRequestWithContext(t.Context(), "POST", host.url+"/api/webhook/meta", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(webhook.Sign(crm.Meta, secret, []byte(body)))
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if _ = res.Body.Close(); res.StatusCode != 200 {
			t.Errorf("a webhook for an unknown number is answered %d", res.StatusCode)
		}
		i.must(`unknown  no channel with this number\n1 requests`, "replay", "-dry-run")
		i.must(`unknown: 0 of 1 facts were news \(no channel with this number\)\n1 requests`, "replay")
		channel("100000000000002")
		i.must(`applied: 1 of 1 facts were news\n1 requests`, "replay")
		i.must(`applied: 0 of 1 facts were news`, "replay")
		if code := host.end(syscall.SIGTERM); code != 0 {
			t.Errorf("SIGTERM ends the host with %d", code)
		}
	})
}
