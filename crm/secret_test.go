package crm_test

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
)

const hidden = "EAAG-not-a-real-token"

// TestSecretIsNeverShown: not by any verb of fmt, right or wrong, nor by JSON,
// XML or slog, alone or inside of what holds it.
func TestSecretIsNeverShown(t *testing.T) {
	t.Parallel()
	secret := crm.Secret(hidden)
	credentials := crm.Credentials{Token: secret, VerifyToken: secret, WebhookSecrets: []crm.Secret{secret}}
	channel := &crm.Channel{Credentials: credentials}
	for _, value := range []any{secret, &secret, []crm.Secret{secret}, map[string]crm.Secret{"k": secret}, credentials, channel} {
		var shown strings.Builder
		for _, flags := range []string{"", "+", "#", " ", "-40", "040", ".99"} {
			for verb := 'A'; verb <= 'z'; verb++ {
				// %p shows where, %[ is no verb, and %w is for errors alone: fmt asks
				// no method then, and go vet refuses it.
				if !strings.ContainsRune("p[w", verb) {
					fmt.Fprintf(&shown, "%"+flags+string(verb)+"\n", value)
				}
			}
		}
		fmt.Fprint(&shown, value)
		for _, encode := range []func(any) ([]byte, error){json.Marshal, xml.Marshal} {
			if encoded, err := encode(value); err == nil {
				shown.Write(encoded)
			}
		}
		slog.New(slog.NewTextHandler(&shown, nil)).Info("shown", "value", value)
		slog.New(slog.NewJSONHandler(&shown, nil)).Info("shown", "value", value)
		for _, form := range []string{hidden, hidden[5:], fmt.Sprintf("%x", hidden), fmt.Sprintf("%X", hidden)} {
			if at := strings.Index(shown.String(), form); at >= 0 {
				t.Errorf("%T shows itself: %q", value, shown.String()[max(0, at-40):at+len(form)])
			}
		}
	}
}

func TestSecretText(t *testing.T) {
	t.Parallel()
	if got := fmt.Sprintf("%s|%v|%#v|%q", crm.Secret(hidden), crm.Secret(hidden), crm.Secret(""), crm.Secret("x")); got != "[secret]|[secret]||[secret]" {
		t.Errorf("secrets print as %s", got)
	}
	if string(crm.Secret(hidden)) != hidden {
		t.Error("string(secret) is not the secret")
	}
	if encoded, err := json.Marshal(crm.Secret("")); err != nil || string(encoded) != `""` {
		t.Errorf("an empty secret encodes as %s, %v, so that one sees it is missing", encoded, err)
	}
}
