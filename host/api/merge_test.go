package api_test

import "testing"

func TestContactsAreMergedAndParted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.ours, 1, "A", "Halo")
	w.hear(w.ours, 2, "B", "Halo dari nomor lain")
	keep := w.us("GET", "/api/contacts/by-phone?phone=081200000001", "").is(200).text("id")
	other := w.us("GET", "/api/contacts/by-phone?phone=081200000002", "").is(200).text("id")
	w.us("PATCH", "/api/contacts/"+keep, `{"name":"Sari Dewi"}`).is(200)
	w.us("PATCH", "/api/contacts/"+other, `{"name":"sari  dewi"}`).is(200)
	found := w.us("GET", "/api/contacts/"+keep+"/duplicates", "").is(200).list("data")
	if len(found) != 1 || found[0].text("id") != other {
		t.Errorf("the duplicates of a contact are %v, want the one of its name", found)
	}
	merge := w.us("POST", "/api/merges", `{"keep_id":"`+keep+`","other_id":"`+other+`"}`).is(201)
	if ids := merge.object("contact").list("identities"); len(ids) != 4 {
		t.Errorf("the contact that is left is known by %v, want two numbers", ids)
	}
	w.us("GET", "/api/contacts/"+other, "").fails(404, "not_found")
	card := w.us("GET", "/api/contacts/by-phone?phone=081200000002", "").is(200)
	if card.text("id") != keep || len(card.list("conversations")) != 1 {
		t.Errorf("the other number finds %v", card)
	}
	thread := card.list("conversations")[0].text("id")
	w.hear(w.ours, 2, "C", "Masih di sini") // on the number that was the other's
	if got := w.us("GET", "/api/conversations/"+thread+"/messages", "").is(200).list("data"); len(got) != 3 {
		t.Errorf("the thread has %d messages, want all three", len(got))
	}
	if got := w.us("GET", "/api/contacts/"+keep+"/duplicates", "").is(200).list("data"); len(got) != 0 {
		t.Errorf("after the merge the duplicates are %v", got)
	}
	member := w.key(w.ours, "write")
	w.do(member, "POST", "/api/merges", `{"keep_id":"`+keep+`","other_id":"`+other+`"}`).fails(403, "forbidden")
	w.do(member, "DELETE", "/api/merges/"+merge.text("id"), "").fails(403, "forbidden")
	if back := w.us("DELETE", "/api/merges/"+merge.text("id"), "").is(200); back.text("id") != other || back.text("name") != "sari  dewi" {
		t.Errorf("undoing the merge gives back %v", back)
	}
	w.us("DELETE", "/api/merges/"+merge.text("id"), "").fails(409, "undone")
	if card := w.us("GET", "/api/contacts/by-phone?phone=081200000002", "").is(200); card.text("id") != other || len(card.list("conversations")) != 1 {
		t.Errorf("after undoing the other number finds %v", card)
	}
}
