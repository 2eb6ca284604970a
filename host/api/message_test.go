package api_test

import (
	"strings"
	"testing"
	"time"
)

// kapsoMessage is a Kapso webhook with a message as it is written on the wire.
func (w *world) kapsoMessage(message object) object {
	for key, value := range (object{"timestamp": w.clock.Now().Unix(), "from": "6281200000001", "kapso": object{"direction": "inbound"}}) {
		message[key] = value
	}
	return object{
		"message":         message,
		"conversation":    object{"id": "c", "phone_number": "+6281200000001", "phone_number_id": w.ours.channel.PhoneNumberID},
		"phone_number_id": w.ours.channel.PhoneNumberID,
	}
}

func TestRevokedMessageShowsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.ours, 1, "A", "salah kirim")
	path := "/api/conversations/" + w.conversation(w.ours).text("id") + "/messages"
	w.clock.Advance(time.Minute)
	w.receive(w.ours, w.kapsoMessage(object{"id": "wamid.B", "type": "revoke", "revoke": object{"original_message_id": "wamid.A"}}))
	got := w.us("GET", path, "")
	message := got.is(200).list("data")[0]
	if message.text("revoked_at") != "2026-11-02T08:01:00.000Z" || message["content"] != nil || message.text("type") != "text" {
		t.Errorf("a message the sender took back is %v", message)
	}
	if strings.Contains(got.body, "salah kirim") {
		t.Errorf("a message the sender took back can be read: %s", got.body)
	}
}

// What is not understood is named; its raw part may hold the address of a file,
// and stays in the webhook log.
func TestUnknownTypeKeepsItsRawPartToItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.receive(w.ours, w.kapsoMessage(object{"id": "wamid.A", "type": "hologram", "hologram": object{"url": "https://files.example.com/secret"}}))
	got := w.us("GET", "/api/conversations/"+w.conversation(w.ours).text("id")+"/messages", "")
	message := got.is(200).list("data")[0]
	if message.text("type") != "unsupported" || message.object("content").text("type") != "hologram" || strings.Contains(got.body, "secret") {
		t.Errorf("a message of an unknown type is %s", got.body)
	}
	log := w.us("GET", "/api/webhooks", "").is(200).list("data")[0].text("id")
	if entry := w.us("GET", "/api/webhooks/"+log, "").is(200); !strings.Contains(entry.text("body"), "secret") {
		t.Errorf("the webhook log shows %v", entry)
	}
}
