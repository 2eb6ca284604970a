package api_test

import (
	"testing"
	"time"
)

// Who said STOP gets answers and no marketing, until MULAI.
func TestStopMeansNoMarketing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.ours, 1, "A", "Halo")
	template := `{"to":"+6281200000001","type":"template","template":{"name":"promo","language":{"code":"id"}}}`
	w.us("POST", "/api/messages/send", template).is(201)
	w.clock.Advance(time.Minute)
	w.hear(w.ours, 1, "B", "Berhenti!")
	w.us("POST", "/api/messages/send", template).fails(422, "opted_out")
	w.us("POST", "/api/messages/send", `{"to":"+6281200000001","type":"text","text":{"body":"Baik, kak."}}`).is(201)
	contact := w.us("GET", "/api/contacts/by-phone?phone=081200000001", "").is(200)
	if got := contact.object("opt_out"); got["out"] != true || got["reason"] != "BERHENTI" || got["at"] != "2026-11-02T08:01:00.000Z" {
		t.Errorf("after BERHENTI the contact's wish is %v", got)
	}
	w.clock.Advance(time.Minute)
	w.hear(w.ours, 1, "C", "mulai")
	w.us("POST", "/api/messages/send", template).is(201)
}
