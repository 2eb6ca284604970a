package inbox

import (
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
)

// userStoppedMarketing is Meta's code for a customer who asked for no more
// marketing messages.
const userStoppedMarketing = 131050

// status keeps a delivery report and raises its message. A report whose message
// is not known yet (it came first, or somebody else sends on the number) waits
// for it.
func (w *world) status(ch *crm.Channel, f *webhook.Fact) Outcome {
	part := f.Status
	switch {
	case part.GroupID != "":
		return problem("a status of a group's message; groups have no inbox")
	case part.Status == "":
		return problem("a status with an unknown word: " + part.Word)
	}
	m := w.reported(ch, f)
	if f.ProviderID == "" && m == nil {
		return problem("a status of no message we could know")
	}
	r := crm.StatusReport{
		WorkspaceID: w.ws, ChannelID: ch.ID, ProviderID: f.ProviderID, Status: part.Status,
		At: w.eventTime(f), Error: part.Error, Pricing: part.Pricing,
	}
	if m != nil {
		w.known(m, f.ProviderID)
		r.MessageID = m.ID
	}
	fresh := w.keepReport(r)
	if m == nil {
		return Outcome{Applied: fresh}
	}
	return Outcome{Applied: w.raise(m, r) || fresh}
}

// reported finds the message a status is about: under its provider id, else
// under our own id, which the provider sends back.
func (w *world) reported(ch *crm.Channel, f *webhook.Fact) *crm.Message {
	if m := w.byProvided[Provided{ch.ID, f.ProviderID}]; m != nil && f.ProviderID != "" {
		return m
	}
	return w.echoed(ch, f)
}

// keepReport stores a report unless its like is stored, and reports whether it
// was new. Without a provider id there is nothing to keep it under.
func (w *world) keepReport(r crm.StatusReport) bool {
	if r.ProviderID == "" {
		return false
	}
	key := Provided{r.ChannelID, r.ProviderID}
	for _, known := range w.reports[key] {
		if known.Status == r.Status {
			return false
		}
	}
	w.reports[key] = append(w.reports[key], r)
	w.changes.Statuses = append(w.changes.Statuses, r)
	return true
}

// raise lifts a message to a report's status and says so in the feed; a report
// that the person wants no marketing is also heard. It reports whether the
// message changed.
func (w *world) raise(m *crm.Message, r crm.StatusReport) bool {
	if c := w.contacts[m.ContactID]; c != nil && r.Error != nil && r.Error.Code == userStoppedMarketing {
		w.optOut(c, crm.OptOut{Out: true, At: r.At, Reason: "marketing preference"})
	}
	if !m.Report(r) {
		return false
	}
	w.saveMessage(m)
	w.shown(m)
	news := map[string]any{"status": m.Status}
	if m.Error != nil && m.Status == crm.Failed {
		news["error"] = m.Error
	}
	w.fact(crm.Fact{
		Kind: crm.MessageStatusRaised, Actor: crm.Actor{Kind: crm.BySystem},
		ConversationID: m.ConversationID, ContactID: m.ContactID, MessageID: m.ID, Data: data(news),
	})
	return true
}

// parked applies to a message the reports and amendments that came before it.
func (w *world) parked(m *crm.Message) {
	key := Provided{m.ChannelID, m.ProviderID}
	for _, r := range w.reports[key] {
		w.raise(m, r)
	}
	for _, a := range w.amendments[key] {
		if m.Amend(a) {
			w.saveMessage(m)
			w.shown(m)
		}
	}
}

// amendment keeps a sender's edit or take-back and applies it to its message,
// now or when it appears.
func (w *world) amendment(ch *crm.Channel, f *webhook.Fact) Outcome {
	part := f.Amendment
	if part.Target == "" || f.ProviderID == "" {
		return problem("a change of no message we could know")
	}
	key := Provided{ch.ID, part.Target}
	for _, known := range w.amendments[key] {
		if known.SourceID == f.ProviderID {
			return unchanged
		}
	}
	a := crm.Amendment{
		WorkspaceID: w.ws, ChannelID: ch.ID, ProviderID: part.Target, SourceID: f.ProviderID,
		Content: part.Content, At: w.eventTime(f),
	}
	w.amendments[key] = append(w.amendments[key], a)
	w.changes.Amendments = append(w.changes.Amendments, a)
	if m := w.byProvided[key]; m != nil && m.Amend(a) {
		w.saveMessage(m)
		w.shown(m)
		w.reheard(m)
		w.fact(crm.Fact{
			Kind: crm.MessageAmended, Actor: m.Author,
			ConversationID: m.ConversationID, ContactID: m.ContactID, MessageID: m.ID,
		})
	}
	return applied
}

// call shows a call in the thread; like a message it opens the customer service
// window when the customer calls.
func (w *world) call(ch *crm.Channel, f *webhook.Fact) Outcome {
	if f.Direction != crm.Inbound || f.Call.Event != "connect" {
		return w.event(ch, f)
	}
	asMessage := *f
	asMessage.Message = &webhook.MessagePart{Content: crm.System{Type: "call", At: w.eventTime(f)}}
	return w.message(ch, &asMessage)
}
