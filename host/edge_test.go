package host_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/simulator"
)

// post sends a body as Meta would if the secret were the app's.
func post(w *hosttest.World, t *testing.T, secret crm.Secret, body string) hosttest.Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", w.URL+"/api/webhook/meta", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(webhook.Sign(crm.Meta, secret, []byte(body)))
	return w.Send(req)
}

// With a door in front the host behaves as without: what is genuine arrives,
// what is not is refused with the same class, and the store is not asked.
func TestDoorInFront(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"off", "native", "wasm"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			w := hosttest.Start(t, hosttest.Options{Settings: map[string]string{"edge": engine}})
			for _, p := range []crm.Provider{crm.Kapso, crm.Meta} {
				if _, err := w.Sim.Say(simulator.Inbound{Chat: simulator.Chat{Provider: p, Customer: "6281200000001"}, Text: "halo"}); err != nil {
					t.Fatal(err)
				}
			}
			hosttest.Until(t, "both messages are in the inbox", func() bool {
				return strings.Count(string(w.Ask("GET", "/api/conversations", nil).Body), `"contact_name"`) == 2
			})
			var refused hosttest.Answer
			hosttest.Until(t, "a forged webhook is refused by what is known of the channels", func() bool {
				if refused = post(w, t, "no secret of ours", `{"object":"whatsapp_business_account","entry":[]}`); refused.Status != 401 {
					t.Fatalf("a forged webhook is answered %d: %s", refused.Status, refused.Body)
				}
				return strings.Contains(refused.Header.Get("Server-Timing"), `"0 queries"`)
			})
			if got := strings.Contains(string(refused.Body), `"signature_wrong"`); got != (engine != "off") {
				t.Errorf("a forged webhook is answered by another than the door: %s", refused.Body)
			}
			unread := post(w, t, w.Meta.Credentials.WebhookSecrets[0], `{"object":`)
			if unread.Status != 400 { // by the hook, which keeps it in the journal
				t.Errorf("a signed body that cannot be read is answered %d %s", unread.Status, unread.Body)
			}
			query := "/api/webhook/meta?hub.mode=subscribe&hub.challenge=42&hub.verify_token="
			if got := w.Ask("GET", query+string(w.Meta.Credentials.VerifyToken), nil); got.Status != 200 || string(got.Body) != "42" {
				t.Errorf("the handshake is answered %d %s", got.Status, got.Body)
			}
			if got := w.Ask("GET", query+"wrong", nil); got.Status != 403 {
				t.Errorf("a wrong token is answered %d %s", got.Status, got.Body)
			}
		})
	}
}

// A secret counts from the moment it is saved, however many there are.
func TestDoorKnowsSecretsAtOnce(t *testing.T) {
	t.Parallel()
	var log lines
	w := hosttest.Start(t, hosttest.Options{Settings: map[string]string{"edge": "native"}, Log: &log})
	save := func(n int) crm.Secret {
		secret := crm.Secret(fmt.Sprintf("secret-number-%03d", n))
		_, err := w.Host.Directory.SaveChannel(t.Context(), access.System(w.Workspace.ID), crm.Channel{
			Provider: crm.Meta, PhoneNumberID: fmt.Sprint(1000 + n), DisplayNumber: "x", Name: "x",
			Credentials: crm.Credentials{WebhookSecrets: []crm.Secret{secret, secret + "-next"}, VerifyToken: secret + "-verify"},
		})
		if err != nil {
			t.Fatal(err)
		}
		return secret
	}
	body := `{"object":"whatsapp_business_account","entry":[]}`
	for n := range 70 { // 140 secrets and more: the last ones do not fit a configuration
		secret := save(n)
		for _, signer := range []crm.Secret{secret, secret + "-next"} {
			if got := post(w, t, signer, body); got.Status != 200 {
				t.Fatalf("signed with secret %d it is answered %d %s", n, got.Status, got.Body)
			}
		}
		if got := w.Ask("GET", "/api/webhook/meta?hub.mode=subscribe&hub.challenge=1&hub.verify_token="+string(secret)+"-verify", nil); got.Status != 200 {
			t.Fatalf("the handshake of channel %d is answered %d %s", n, got.Status, got.Body)
		}
		if got := post(w, t, "forged-secret", body); got.Status != 401 {
			t.Fatalf("with %d channels a forged webhook is answered %d %s", n, got.Status, got.Body)
		}
	}
	if log.find("the edge cannot decide by this host's channels") == "" {
		t.Error("the log does not say that there are more secrets than the edge decides by")
	}
}
