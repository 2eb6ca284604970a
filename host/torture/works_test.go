//go:build torture

package torture_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/people"
)

// importing imports a file of a few pupils and returns what became of its rows.
func (r *rig) importing() crm.ImportProgress {
	r.t.Helper()
	file := "name,external_id,note\n"
	for i := range 6 {
		file += fmt.Sprintf("Murid %d,m-%d,Catatan %d\n", i, i, i)
	}
	im, _, err := r.imports.Upload(r.t.Context(), system(r.ours), people.Upload{File: strings.NewReader(file), Region: "ID"})
	r.must(err)
	_, err = r.imports.Start(r.t.Context(), system(r.ours), im.ID, people.Start{})
	r.must(err)
	_, err = r.imports.Run(r.t.Context(), im.ID)
	r.must(err)
	im, err = r.imports.Import(r.t.Context(), system(r.ours), im.ID)
	r.must(err)
	if im.State != crm.ImportDone {
		r.t.Fatalf("the import is %s: %s", im.State, im.Reason)
	}
	return im.Progress
}

// contacts returns who is there, by their ids.
func (r *rig) contacts() []*crm.Contact {
	r.t.Helper()
	list, err := r.store.People().Contacts(r.t.Context(), r.ours.WorkspaceID, people.ContactQuery{Sort: people.ByID, Limit: 100})
	r.must(err)
	return list
}

// erase erases the only customer, who wrote one message, and returns what went.
func (r *rig) erase() crm.ErasedCounts {
	r.t.Helper()
	r.post(r.ours, text("m1", 0))
	id := r.contacts()[0].ID
	_, err := r.erasures.Erase(r.t.Context(), system(r.ours), id)
	r.must(err)
	_, err = r.erasures.Run(r.t.Context(), id)
	r.must(err)
	e, err := r.erasures.Erasure(r.t.Context(), system(r.ours), id)
	r.must(err)
	if !e.Ended() {
		r.t.Fatalf("the erasure stands at %s", e.Stage)
	}
	return e.Erased
}

func erasedLeavesNoMessage(r *rig) string {
	n := r.erase().Inbound
	return says(n != 1, "of one message %d are gone", n)
}

func erasedLeavesNoBody(r *rig) string {
	r.erase()
	list, err := r.inbox.Deliveries(r.t.Context(), system(r.ours), inbox.DeliveryQuery{Limit: 10})
	r.must(err)
	for _, d := range list {
		body, err := r.inbox.Body(r.t.Context(), system(r.ours), d.ID)
		if err == nil {
			return fmt.Sprintf("the journal has the body %.60s", body)
		}
	}
	return says(len(list) != 1, "the journal has %d rows", len(list))
}

func erasedLeavesNothingInTheFile(r *rig) string {
	if r.dsn != "" {
		return "" // its files are not ours to read
	}
	file := filepath.Join(r.t.TempDir(), "store.db")
	newRig(r.t, file, r.environ...).erase()
	for _, name := range []string{file, file + "-wal"} {
		held, err := os.ReadFile(name)
		if err == nil && bytes.Contains(held, []byte("halo m1")) {
			return "the message stands in " + filepath.Base(name)
		}
	}
	return ""
}

func rescoreScoresAll(r *rig) string {
	r.importing()
	rules := `{"version":1,"name":"Murid","caps":{"fit":100,"intent":0,"engagement":0,"readiness":0,"negative":0},"temperature":{"hot":90,"warm":50,"margin":5},` +
		`"signals":[{"id":"named","category":"fit","points":70,"why":{"id":"Punya nama.","en":"Has a name."},"fields":["name"]}]}`
	_, _, err := r.people.SetLeadRules(r.t.Context(), system(r.ours), []byte(rules), lead.Education().Version())
	r.must(err)
	_, err = r.people.RescoreTurn(r.t.Context())
	r.must(err)
	done, err := r.people.Rescore(r.t.Context(), system(r.ours))
	r.must(err)
	for _, c := range r.contacts() {
		if c.Score != 70 {
			return fmt.Sprintf("the rescore is %s, and %s has %d points", done.State, c.Name, c.Score)
		}
	}
	return says(done.State != crm.RescoreDone, "the rescore is %s", done.State)
}

func rowIsOneContact(r *rig) string {
	made := r.importing().Created
	n := len(r.contacts())
	return says(n != made, "%d rows made %d contacts", made, n)
}

func sameFileNotesNothing(r *rig) string {
	r.importing()
	r.importing()
	for _, c := range r.contacts() {
		notes, err := r.store.People().Notes(r.t.Context(), r.ours.WorkspaceID, c.ID, crm.NoteID{}, 10)
		r.must(err)
		if len(notes) != 1 {
			return fmt.Sprintf("%s has %d notes", c.Name, len(notes))
		}
	}
	return ""
}

func bulkChangesAll(r *rig) string {
	r.importing()
	return r.bulk()
}

// bulk brings everybody to another stage, and says who is not.
func (r *rig) bulk() string {
	r.t.Helper()
	test, err := r.people.Test(r.t.Context(), system(r.ours), []byte(`{"field":"lead_status","op":"is","value":"new"}`), time.UTC)
	r.must(err)
	_, err = r.bulks.Start(r.t.Context(), system(r.ours), people.Bulk{Filter: test, Edit: people.Edit{LeadStatus: new("contacted")}})
	r.must(err)
	_, err = r.bulks.Turn(r.t.Context())
	r.must(err)
	for _, c := range r.contacts() {
		if c.LeadStatus != "contacted" {
			return fmt.Sprintf("%s is %s", c.Name, c.LeadStatus)
		}
	}
	return ""
}

func figuresAreWhatIsThere(r *rig) string {
	r.importing()
	r.bulk()
	wrong, err := r.store.Figures().Recount(r.t.Context(), r.ours.WorkspaceID)
	r.must(err)
	return says(wrong > 0, "%d figures are not what is there", wrong)
}
