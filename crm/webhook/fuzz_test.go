package webhook_test

import (
	"encoding/json"
	"errors"
	"testing"
	"unicode/utf8"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
)

func FuzzDecodeMeta(f *testing.F) {
	for _, own := range ownFiles(f) {
		f.Add(own.body)
	}
	f.Fuzz(func(t *testing.T, body []byte) { holds(t, crm.Meta, "", body) })
}

func FuzzDecodeKapso(f *testing.F) {
	for _, own := range ownFiles(f) {
		f.Add(own.event, own.body)
	}
	f.Fuzz(func(t *testing.T, event string, body []byte) { holds(t, crm.Kapso, event, body) })
}

func FuzzDecodeListed(f *testing.F) {
	for _, own := range ownFiles(f) {
		if own.provider == "listed" {
			f.Add(own.body)
		}
	}
	f.Fuzz(func(t *testing.T, item []byte) {
		fact, err := webhook.DecodeListed("100000000000001", item)
		if (err == nil) != (json.Valid(item) && utf8.Valid(item)) && !errors.Is(err, crm.Invalid) {
			t.Fatalf("DecodeListed(%q) = %v", item, err)
		}
		if err == nil {
			holdsFact(t, fact)
			if fact.PhoneNumberID != "100000000000001" || fact.Provider != crm.Kapso {
				t.Errorf("DecodeListed(%q) belongs to %s %q", item, fact.Provider, fact.PhoneNumberID)
			}
		}
	})
}

func FuzzVerify(f *testing.F) {
	_, value := webhook.Sign(crm.Kapso, secret, []byte("body"))
	f.Add("sha256="+value, value, true, []byte("body"))
	f.Add("sha256="+value, "", false, []byte("body"))
	f.Add("", " "+value+"\t", true, []byte("body"))
	f.Fuzz(func(t *testing.T, hub, bare string, kapso bool, body []byte) {
		provider, header := crm.Meta, hub
		if kapso {
			provider, header = crm.Kapso, bare
		}
		r := webhook.Request{Provider: provider, Hub: []string{hub}, Signature: []string{bare}, Body: body}
		index, err := webhook.Verify(r, []crm.Secret{"", secret})
		_, want := webhook.Sign(provider, secret, body)
		for header != "" && (header[0] == ' ' || header[0] == '\t') {
			header = header[1:]
		}
		for header != "" && (header[len(header)-1] == ' ' || header[len(header)-1] == '\t') {
			header = header[:len(header)-1]
		}
		if (err == nil) != (header == want) || err == nil && index != 1 || err != nil && !errors.Is(err, crm.Unauthenticated) {
			t.Errorf("Verify(%q) = %d, %v; the signature is %q", header, index, err, want)
		}
	})
}

// holds checks what is true of every body.
func holds(t *testing.T, provider crm.Provider, event string, body []byte) {
	t.Helper()
	facts, err := webhook.Decode(provider, event, body)
	if err != nil {
		if !errors.Is(err, crm.Invalid) && !errors.Is(err, crm.TooLarge) {
			t.Fatalf("Decode(%q) = %v, want Invalid or TooLarge", body, err)
		}
		return
	}
	if !json.Valid(body) || !utf8.Valid(body) {
		t.Fatalf("Decode accepts %q", body)
	}
	if len(facts) == 0 || len(facts) > webhook.MaxUpdates {
		t.Fatalf("Decode(%q) = %d facts", body, len(facts))
	}
	for _, fact := range facts {
		holdsFact(t, fact)
		if fact.Provider != provider {
			t.Errorf("a fact of %q belongs to %q", body, fact.Provider)
		}
	}
}

// holdsFact checks what is true of every fact.
func holdsFact(t *testing.T, f webhook.Fact) {
	t.Helper()
	parts := map[webhook.Kind]bool{
		webhook.Message: f.Message != nil, webhook.Status: f.Status != nil, webhook.Amendment: f.Amendment != nil,
		webhook.Preference: f.Preference != nil, webhook.Contact: f.Contact != nil, webhook.Template: f.Template != nil, webhook.Call: f.Call != nil,
	}
	for kind, set := range parts {
		if set != (f.Kind == kind) {
			t.Errorf("a fact of kind %s has a part of %s: %v", f.Kind, kind, set)
		}
	}
	switch {
	case f.Kind == "", f.Kind == webhook.Unreadable && f.Problem == "":
		t.Errorf("a fact of kind %q has problem %q", f.Kind, f.Problem)
	case f.Kind == webhook.Identity && f.Identity == nil, f.Identity != nil && f.Kind != webhook.Identity && f.Kind != webhook.Message:
		t.Errorf("a fact of kind %s has identity %v", f.Kind, f.Identity)
	case len(f.Raw) == 0 || !json.Valid(f.Raw):
		t.Errorf("Raw is %q", f.Raw)
	case (f.Message != nil || f.Status != nil || f.Amendment != nil) && f.ProviderID == "":
		t.Errorf("a %s has no id", f.Kind)
	case !digitsOnly(f.Peer.WaID):
		t.Errorf("the number is %q", f.Peer.WaID)
	case !f.Time.IsZero() && (f.Time.Year() < 1970 || f.Time.Year() > 2099 || f.Time.Nanosecond()%1e6 != 0):
		t.Errorf("the time is %v", f.Time)
	}
	if f.Message != nil {
		holdsContent(t, f.Message.Content)
	}
	if f.Amendment != nil && f.Amendment.Content != nil {
		holdsContent(t, f.Amendment.Content)
	}
}

func holdsContent(t *testing.T, content crm.Content) {
	t.Helper()
	encoded, err := crm.EncodeContent(content)
	if err != nil {
		t.Fatalf("EncodeContent(%+v) = %v", content, err)
	}
	if _, err := crm.DecodeContent(content.Kind(), encoded); err != nil {
		t.Errorf("DecodeContent(%s) = %v", encoded, err)
	}
	if !utf8.ValidString(content.Preview()) {
		t.Errorf("the preview of %s is not UTF-8", encoded)
	}
}

func digitsOnly(number string) bool {
	for _, c := range number {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// TestSeedsHold runs the fuzz targets' checks over all own payloads for both
// providers, whoever they are from.
func TestSeedsHold(t *testing.T) {
	t.Parallel()
	for _, own := range ownFiles(t) {
		holds(t, crm.Meta, "", own.body)
		holds(t, crm.Kapso, own.event, own.body)
	}
}
