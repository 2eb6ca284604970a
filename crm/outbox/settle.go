package outbox

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// settlement is what a decision writes, and what it came to.
type settlement struct {
	crm.Changes
	outcome Outcome
	state   *State
	now     time.Time
}

// settle decides what is written after an attempt. It reads nothing but its
// arguments and changes the state's rows.
//
// A claim whose job is gone, or was claimed anew meanwhile, has nothing to say
// any more, with one exception: that the provider accepted is a fact whoever
// holds the job.
func settle(st *State, c Claim, d Decision, now time.Time) settlement {
	s := settlement{outcome: d.Outcome, state: st, now: now}
	ours := st.Job != nil && st.Job.Attempt == c.Job.Attempt && st.Job.LockedUntil.Equal(c.Job.LockedUntil)
	if st.Message == nil || !ours && d.Outcome != Accepted {
		s.outcome = Gone
		return s
	}
	switch d.Outcome {
	case Accepted:
		s.accept(d.accepted)
	case Unknown:
		s.raise(crm.Unknown, nil, d.Reason)
	case Failed:
		s.raise(crm.Failed, d.Error, d.Reason)
		if d.OptOut {
			s.optOut()
		}
	case Retry:
		s.putBack(d)
		return s
	case Stopped:
		s.stop(d.Reason)
		s.putBack(d)
		return s
	}
	if st.Job != nil {
		s.DoneJobs = []*crm.Job{st.Job}
	}
	return s
}

// accept records the provider's word that it took the message. The message is
// Sent with it, for the API's answer is that word as much as the status report
// "sent" that follows; only one that is held for a quality check waits for the
// report.
func (s *settlement) accept(a crm.Accepted) {
	st, m := s.state, s.state.Message
	before := m.Status
	if m.ProviderID == "" {
		m.ProviderID = a.ProviderID
	}
	if !a.Held {
		m.Report(crm.StatusReport{Status: crm.Sent})
	}
	for _, report := range st.Statuses {
		m.Report(report)
		report.MessageID = m.ID
		s.Statuses = append(s.Statuses, report)
		if why, known := explain(report.Error); known && why.class == Unwanted {
			s.optOut()
		}
	}
	s.amend()
	s.Messages = []*crm.Message{m}
	if m.Status != before {
		s.told(crm.MessageStatusRaised, statusOf(m, ""))
	}
	s.list()
	s.identify(a)
}

// amend applies the edits and take-backs that came before the provider's
// answer.
func (s *settlement) amend() {
	slices.SortStableFunc(s.state.Amendments, func(a, b crm.Amendment) int { return a.At.Compare(b.At) })
	changed := false
	for _, amendment := range s.state.Amendments {
		changed = s.state.Message.Amend(amendment) || changed
	}
	if changed {
		s.told(crm.MessageAmended, nil)
	}
}

// raise lifts the message to a status; one that stands higher stays.
func (s *settlement) raise(status crm.MessageStatus, e *crm.ProviderError, reason string) {
	m := s.state.Message
	if !m.Report(crm.StatusReport{Status: status, Error: e}) {
		return
	}
	s.Messages = []*crm.Message{m}
	s.told(crm.MessageStatusRaised, statusOf(m, reason))
	s.list()
}

// list keeps the conversation's line in the inbox in step with its last message.
func (s *settlement) list() {
	cv, m := s.state.Conversation, s.state.Message
	if cv == nil || cv.LastMessage.ID != m.ID {
		return
	}
	last := crm.LastOf(m)
	if cv.LastMessage == last {
		return
	}
	cv.LastMessage = last
	s.Conversations = []*crm.Conversation{cv}
}

// identify adds what the provider knows the recipient by, so that the answer
// finds the contact. The store refuses an identity that another contact has.
func (s *settlement) identify(a crm.Accepted) {
	ct := s.state.Contact
	if ct == nil {
		return
	}
	known := len(ct.Identities)
	digits := strings.Trim(a.WaID, "0123456789") == ""
	for _, id := range []crm.Identity{{Kind: crm.ByWaID, Value: a.WaID}, {Kind: crm.ByUserID, Value: a.UserID}} {
		if id.Value != "" && (digits || id.Kind != crm.ByWaID) && !ct.Has(id) {
			ct.Identities = append(ct.Identities, id)
		}
	}
	if len(ct.Identities) == known {
		return
	}
	ct.UpdatedAt = s.now
	s.Contacts = []*crm.Contact{ct}
	if cv := s.state.Conversation; cv != nil { // the list shows how the person is reached
		cv.ContactName, cv.ContactHandle = ct.DisplayName(), ct.Handle()
		s.Conversations = []*crm.Conversation{cv}
	}
	s.told(crm.ContactChanged, nil)
}

// optOut notes that the person wants no marketing messages.
func (s *settlement) optOut() {
	ct := s.state.Contact
	if ct == nil || ct.OptOut.Out {
		return
	}
	ct.OptOut = ct.OptOut.Newer(crm.OptOut{Out: true, At: s.now, Reason: "marketing preference"})
	ct.UpdatedAt = s.now
	s.Contacts = []*crm.Contact{ct}
	s.told(crm.ContactChanged, map[string]any{"opt_out": ct.OptOut})
}

// stop pauses the channel, once however many of its messages are told so.
func (s *settlement) stop(reason string) {
	ch := s.state.Channel
	if ch == nil || ch.PausedReason != "" {
		return
	}
	ch.PausedReason = reason
	s.Channels = []*crm.Channel{ch}
	s.told(crm.ChannelChanged, map[string]any{"channel_id": ch.ID, "paused": reason})
}

// putBack frees the job for a later claim. What was not tried is not counted.
func (s *settlement) putBack(d Decision) {
	job := s.state.Job
	switch {
	case d.held:
		job.Attempt--
	case d.Cause != nil:
		job.LastError = d.Cause.Error()
	default:
		job.LastError = d.Reason
	}
	job.RunAt, job.LockedUntil = s.now.Add(d.After), time.Time{}
	s.Jobs = []*crm.Job{job}
	if d.Warn && s.state.Channel != nil {
		s.told(crm.ChannelChanged, map[string]any{"channel_id": s.state.Channel.ID, "warning": d.Reason})
	}
}

// statusData is the Data of a MessageStatusRaised fact.
type statusData struct {
	Status crm.MessageStatus  `json:"status"`
	Error  *crm.ProviderError `json:"error,omitempty"`
	Reason string             `json:"reason,omitempty"` // for people
}

func statusOf(m *crm.Message, reason string) statusData {
	data := statusData{Status: m.Status, Reason: reason}
	if m.Status == crm.Failed {
		data.Error = m.Error
	}
	return data
}

// told adds a fact about the message; one about the channel or the contact
// names no more than it is about.
func (s *settlement) told(kind crm.FactKind, data any) {
	m := s.state.Message
	fact := crm.Fact{WorkspaceID: m.WorkspaceID, Kind: kind, At: s.now, Actor: crm.Actor{Kind: crm.BySystem}}
	switch kind {
	case crm.ChannelChanged:
	case crm.ContactChanged:
		fact.ContactID = m.ContactID
	default:
		fact.ConversationID, fact.ContactID, fact.MessageID = m.ConversationID, m.ContactID, m.ID
	}
	if data != nil {
		fact.Data, _ = json.Marshal(data) // words and ids: it cannot fail
	}
	s.Facts = append(s.Facts, fact)
}
