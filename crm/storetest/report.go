package storetest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

// reportTests are about what a provider says of a message: status reports and
// amendments, which may come before the message.
var reportTests = []test{
	{"waits for its message and is found by provider id", reportParked},
	{"names its message once that is stored", reportLinked},
	{"of a status is kept once, as first told", reportOnce},
	{"is kept with its error and price", reportWhole},
	{"is kept apart from another channel's", reportChannel},
	{"of an edit is kept once, by the edit's own id", amendmentOnce},
}

// reports loads what is stored under provider ids on our channel.
func (w *world) reports(t *testing.T, providerIDs ...string) ([]crm.StatusReport, []crm.Amendment) {
	t.Helper()
	need := inbox.Need{WorkspaceID: w.ours.ws}
	for _, id := range providerIDs {
		need.Provided = append(need.Provided, inbox.Provided{ChannelID: w.ours.Channel.ID, ProviderID: id})
	}
	state := w.load(t, need)
	slices.SortFunc(state.Statuses, byStatus)
	slices.SortFunc(state.Amendments, func(a, b crm.Amendment) int { return strings.Compare(a.SourceID, b.SourceID) })
	return state.Statuses, state.Amendments
}

func reportParked(t *testing.T, w *world) {
	statuses, amendments := w.reports(t, w.ours.status.ProviderID)
	same(t, "a parked status", statuses, []crm.StatusReport{w.ours.status})
	same(t, "a parked edit", amendments, []crm.Amendment{w.ours.amendment})
	statuses, amendments = w.reports(t, "wamid.none", "")
	if len(statuses)+len(amendments) > 0 {
		t.Errorf("a provider id nobody reported on finds %d statuses and %d edits", len(statuses), len(amendments))
	}
	job := w.loadJob(t, w.ours.job, w.ours.status.ProviderID)
	same(t, "a parked status, for the outbox", job.Statuses, []crm.StatusReport{w.ours.status})
	same(t, "a parked edit, for the outbox", job.Amendments, []crm.Amendment{w.ours.amendment})
	if job := w.loadJob(t, w.ours.job, ""); len(job.Statuses)+len(job.Amendments) > 0 {
		t.Errorf("the outbox loads %d statuses and %d edits of no provider id", len(job.Statuses), len(job.Amendments))
	}
}

func reportLinked(t *testing.T, w *world) {
	sent := copied(w.ours.reply)
	sent.ProviderID, sent.Status = w.ours.status.ProviderID, crm.Delivered
	w.write(t, w.ours.ws, &crm.Changes{Messages: []*crm.Message{sent}})
	want := w.ours.status
	want.MessageID = sent.ID
	statuses, _ := w.reports(t, want.ProviderID)
	same(t, "a status that was parked", statuses, []crm.StatusReport{want})
}

func reportOnce(t *testing.T, w *world) {
	repeat := w.ours.status
	repeat.At = repeat.At.Add(time.Hour)
	repeat.Error = &crm.ProviderError{Code: 1}
	higher := w.ours.status
	higher.Status = crm.Read
	for range 2 {
		w.write(t, w.ours.ws, &crm.Changes{Statuses: []crm.StatusReport{repeat, higher, repeat}})
	}
	statuses, _ := w.reports(t, w.ours.status.ProviderID)
	same(t, "the reports", statuses, []crm.StatusReport{w.ours.status, higher})
}

func reportWhole(t *testing.T, w *world) {
	want := crm.StatusReport{
		WorkspaceID: w.ours.ws, ChannelID: w.ours.Channel.ID, ProviderID: "wamid.priced", Status: crm.Failed, MessageID: w.ours.reply.ID,
		At:      w.clock.Now(),
		Error:   &crm.ProviderError{Code: 131026, Title: "undeliverable", Detail: "not on WhatsApp", Subcode: 7, Word: "x"},
		Pricing: &crm.Pricing{Billable: true, Model: "PMP", Type: "regular", Category: "marketing"},
	}
	everyField(t, "a report", want, nil)
	w.write(t, w.ours.ws, &crm.Changes{Statuses: []crm.StatusReport{want}})
	statuses, _ := w.reports(t, want.ProviderID)
	same(t, "a report with every field", statuses, []crm.StatusReport{want})
}

func reportChannel(t *testing.T, w *world) {
	channel := w.ours.NewChannel()
	if err := w.store.Directory().SaveChannel(t.Context(), channel); err != nil {
		t.Fatal(err)
	}
	status, amendment := w.ours.status, w.ours.amendment
	status.ChannelID, amendment.ChannelID = channel.ID, channel.ID
	w.write(t, w.ours.ws, &crm.Changes{Statuses: []crm.StatusReport{status}, Amendments: []crm.Amendment{amendment}})
	statuses, amendments := w.reports(t, status.ProviderID)
	same(t, "the status on our first channel", statuses, []crm.StatusReport{w.ours.status})
	same(t, "the edit on our first channel", amendments, []crm.Amendment{w.ours.amendment})
}

func amendmentOnce(t *testing.T, w *world) {
	repeat, revoke := w.ours.amendment, w.ours.amendment
	repeat.Content, repeat.At = crm.Text{Body: "lain"}, repeat.At.Add(time.Hour)
	revoke.SourceID, revoke.Content = "wamid.revoke", nil
	for range 2 {
		w.write(t, w.ours.ws, &crm.Changes{Amendments: []crm.Amendment{repeat, revoke, repeat}})
	}
	_, amendments := w.reports(t, repeat.ProviderID)
	same(t, "the edits", amendments, []crm.Amendment{w.ours.amendment, revoke})
}
