package api_test

import (
	"testing"

	"github.com/my21staff/my21staff/crm"
)

func TestContactIsErased(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.ours, 1, "A", "Halo")
	w.hear(w.ours, 2, "B", "Halo dari nomor lain")
	card := w.us("GET", "/api/contacts/by-phone?phone=081200000001", "").is(200)
	id, thread := card.text("id"), card.list("conversations")[0].text("id")
	other := w.us("GET", "/api/contacts/by-phone?phone=081200000002", "").is(200).text("id")
	path := "/api/contacts/" + id
	w.us("GET", path+"/erasure", "").fails(404, "not_found")
	member := w.key(w.ours, "write")
	w.do(member, "DELETE", path, "").fails(403, "forbidden")
	w.do(member, "GET", path+"/erasure", "").fails(403, "forbidden")
	begun := w.us("DELETE", path, "").is(202)
	if begun.text("contact_id") != id || begun.text("stage") != string(crm.EraseJournal) || begun["ended_at"] != nil {
		t.Errorf("what is begun is %v", begun)
	}
	for _, gone := range []string{path, "/api/contacts/by-phone?phone=081200000001", "/api/conversations/" + thread, "/api/conversations/" + thread + "/messages"} {
		w.us("GET", gone, "").fails(404, "not_found")
	}
	w.us("DELETE", path, "").is(202)
	if worked, err := w.api.Erasures.Turn(t.Context()); !worked || err != nil {
		t.Fatalf("Turn() = %v, %v", worked, err)
	}
	done := w.us("GET", path+"/erasure", "").is(200)
	counts := done.object("erased")
	if done.text("stage") != string(crm.EraseDone) || done["ended_at"] == nil || counts["inbound"] != 1.0 || counts["bodies"] != 1.0 {
		t.Errorf("what is done is %v", done)
	}
	w.us("DELETE", "/api/contacts/"+crm.NewID[crm.Contact](w.clock.Mint(9)).String(), "").fails(404, "not_found")
	w.us("GET", "/api/contacts/"+other, "").is(200)
	w.hear(w.ours, 1, "C", "Halo lagi")
	if again := w.us("GET", "/api/contacts/by-phone?phone=081200000001", "").is(200); again.text("id") == id {
		t.Error("who writes from the number later is the contact that was erased")
	}
}
