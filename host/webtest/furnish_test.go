package webtest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/simulator"
)

// The customers of a furnished site.
const (
	chatty = "6281200000001" // has said a message of every kind
	asking = "6281200000002" // waits for an answer
	gone   = "6281200000003" // wrote thirty hours ago: outside the window
	failed = "6281200000004" // cannot be reached: our message failed
)

// furnished is a site in which everything has happened that a page can show.
func furnished(s *site) *site {
	s.tb.Helper()
	s.Sim.PutCustomer(simulator.Customer{Phone: chatty, Name: "Ibu Contoh"})
	s.Sim.PutCustomer(simulator.Customer{Phone: asking, Name: "Siswa Contoh"})
	s.Sim.PutCustomer(simulator.Customer{Phone: gone, Name: "Pak Contoh"})
	s.Sim.PutCustomer(simulator.Customer{Phone: failed, Name: "Calon Contoh"})
	s.say(text(chatty, "Selamat pagi, apakah pendaftaran untuk tahun depan sudah dibuka?"))
	s.say(text(asking, "Halo kak, berapa nilai IELTS yang diperlukan untuk kuliah di Australia?"))
	s.say(text(failed, "Boleh minta brosur?"))
	late := text(gone, "Terima kasih, saya pikir dulu.")
	late.At = time.Now().Add(-30 * time.Hour)
	s.say(late)
	s.reply(chatty, "Selamat pagi, Ibu. Sudah, sampai 31 Maret. Untuk siapa rencananya?")
	s.everyKind(chatty)
	s.failToReach(failed)
	s.fillShelves()
	s.importFile("Nama;No. HP;Kota\nBudi Contoh;081200000021;Bandung\nSari Contoh;6,28E+12;Medan\nTono Contoh;081200000023;Solo\n")
	return s
}

// everyKind lets a customer say a message of every kind: one is edited, one taken back,
// and of the reactions to our message the last one stays.
func (s *site) everyKind(customer string) {
	s.tb.Helper()
	about := []string{"text", "edit", "text", "revoke", "reaction", "unreaction", "reaction"}
	kinds := slices.DeleteFunc(simulator.Kinds(), func(kind string) bool { return slices.Contains(about, kind) })
	for _, kind := range append(kinds, about...) {
		s.say(simulator.Inbound{Chat: simulator.Chat{Provider: crm.Kapso, Customer: customer}, Kind: kind})
	}
	s.say(text(customer, "Anak saya kelas 12 dan ingin kuliah di luar negeri. Anggarannya sekitar Rp200 juta per tahun."))
}

// reply sends a customer a text by the API and waits until the phone has it.
func (s *site) reply(customer, words string) {
	s.tb.Helper()
	s.ask("POST", "/api/messages/send", object{"channel_id": s.Kapso.ID.String(), "to": "+" + customer, "type": "text", "text": object{"body": words}})
	hosttest.Until(s.tb, "the reply is on the phone", func() bool {
		on := s.phone(customer)
		last := on[len(on)-1]
		return last.Direction == crm.Outbound && last.Status == "delivered" && s.Sim.Waiting() == 0
	})
}

// failToReach lets a reply fail for good.
func (s *site) failToReach(customer string) {
	s.tb.Helper()
	if err := s.Sim.AddFaults(simulator.Fault{Kind: simulator.FaultFail, Customer: customer, Count: 1, Code: 131026}); err != nil {
		s.tb.Fatal(err)
	}
	s.ask("POST", "/api/messages/send", object{"channel_id": s.Kapso.ID.String(), "to": "+" + customer, "type": "text", "text": object{"body": "Brosurnya kami kirim sekarang."}})
	hosttest.Until(s.tb, "the reply failed", func() bool {
		on := s.phone(customer)
		return on[len(on)-1].Status == "failed" && s.Sim.Waiting() == 0
	})
}

// fillShelves makes what a team keeps beside its conversations.
func (s *site) fillShelves() {
	s.tb.Helper()
	tag := s.ask("POST", "/api/tags", object{"name": "Pameran Jakarta", "color": "#2F7D4F"})
	s.ask("POST", "/api/tags", object{"name": "Beasiswa", "color": "#8A4FBF"})
	s.ask("POST", "/api/fields", object{"key": "negara", "label": "Negara tujuan", "type": "text"})
	s.ask("POST", "/api/fields", object{"key": "anggaran", "label": "Anggaran", "type": "number"})
	contact := s.ask("GET", "/api/contacts/by-phone?phone=%2B"+chatty, nil)
	address := fmt.Sprintf("/api/contacts/%v", contact["id"])
	s.ask("PATCH", address, object{
		"add_tags": []any{tag["id"]}, "lead_status": "qualified", "fields": object{"negara": "Australia", "anggaran": "200"},
	})
	s.ask("POST", address+"/notes", object{"body": "Ayahnya yang memutuskan; telepon setelah jam empat."})
	s.ask("POST", address+"/tasks", object{"title": "Kirim daftar universitas", "due_at": time.Now().Add(20 * time.Hour).UTC().Format(time.RFC3339)})
	s.ask("POST", "/api/views", object{"name": "Siap mendaftar", "shared": true, "sort": "name",
		"filter": object{"field": "lead_status", "op": "is", "value": "qualified"}})
}

// importFile uploads a CSV file and imports it.
func (s *site) importFile(file string) {
	s.tb.Helper()
	req, err := http.NewRequestWithContext(s.tb.Context(), "POST", s.URL+"/api/imports?filename=pameran.csv", bytes.NewReader([]byte(file)))
	if err != nil {
		s.tb.Fatal(err)
	}
	up := s.decode(s.Send(req, "Content-Type: text/csv", "X-Api-Key: "+string(s.Key)))
	address := fmt.Sprintf("/api/imports/%v", up["id"])
	s.ask("POST", address+"/start", object{})
	hosttest.Until(s.tb, "the import is done", func() bool { return s.ask("GET", address, nil)["state"] == "done" })
}

// object is a JSON object.
type object = map[string]any

// ask asks the API with the site's key; an error fails the test.
func (s *site) ask(method, path string, body any) object {
	s.tb.Helper()
	return s.decode(s.Ask(method, path, body))
}

func (s *site) decode(a hosttest.Answer) object {
	s.tb.Helper()
	var answered object
	if a.Status >= 300 {
		s.tb.Fatalf("the API answers %d %s", a.Status, a.Body)
	}
	if err := json.Unmarshal(a.Body, &answered); err != nil {
		s.tb.Fatal(err)
	}
	return answered
}
