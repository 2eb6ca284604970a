package people

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/lead"
)

// MaxMerged is how many messages a merge moves at most from the conversations
// that both contacts have on a channel.
const MaxMerged = 10_000

// A merge makes two contacts one. The one that is kept takes over the other's
// identities, tags, notes and tasks, its name and fields where it has none, and
// its conversations. Where both have one on the same channel, the messages and what
// the rules of assignment decided move to the kept one's, which then shows the newest
// of both and is open if either was; a channel and a contact have one lasting thread,
// and the next message has to have a place. The other contact is gone until the merge
// is undone.
//
// Its score is that of all that both have said, and each one's own again after
// the merge is undone: it is worked out anew from what is stored then.
//
// Undoing gives both back what they had. What happened meanwhile stays with the
// contact that was kept: new messages in a shared thread, and whatever of the
// contact is no longer as the merge left it.

// mergeRecord is what undoing a merge has to know.
type mergeRecord struct {
	Kept    crm.Contact    `json:"kept"` // as it was
	Gone    crm.Contact    `json:"gone"`
	Merged  crm.Contact    `json:"merged"` // as it was then
	Moved   []threadRecord `json:"moved"`  // the other's conversations, as they were
	Clashes []clash        `json:"clashes"`
	Notes   []crm.NoteID   `json:"notes"`
	Tasks   []crm.TaskID   `json:"tasks"`
}

// threadRecord is a conversation with what its JSON leaves out.
type threadRecord struct {
	crm.Conversation
	LastIngest int64 `json:"last_ingest"`
}

// clash is a channel on which both had a conversation.
type clash struct {
	Kept     threadRecord    `json:"kept"` // as it was
	Merged   threadRecord    `json:"merged"`
	Gone     threadRecord    `json:"gone"`
	Messages []crm.MessageID `json:"messages"` // that moved
	Notes    []crm.NoteID    `json:"notes"`    // that were written there
	Routings []crm.Routing   `json:"routings"` // that moved
	Covered  []crm.Routing   `json:"covered"`  // that did not: about the kept one something was decided at the same time
}

func recordOf(cv *crm.Conversation) threadRecord { return threadRecord{*cv, cv.LastMessage.Ingest} }

func (r *threadRecord) conversation() *crm.Conversation {
	cv := r.Conversation
	cv.LastMessage.Ingest = r.LastIngest
	return &cv
}

// Merge makes gone and kept one contact: kept. NotFound if either is not there;
// Invalid for one contact twice; Refused if messages of gone wait to be sent on
// a channel that both have, or are too many there.
func (s *Service) Merge(ctx context.Context, p access.Principal, kept, gone crm.ContactID) (*crm.Merge, *crm.Contact, error) {
	const op = "merge contacts"
	if err := p.Check(access.ManageLeads); err != nil {
		return nil, nil, crm.Wrap(op, err)
	}
	if kept == gone {
		return nil, nil, crm.Wrap(op, invalid("other_id", "A contact cannot be merged with itself."))
	}
	var merge *crm.Merge
	var merged *crm.Contact
	err := s.store.Update(ctx, p.WorkspaceID, func(ctx context.Context, tx Tx) error {
		state, err := tx.Load(ctx, Need{WorkspaceID: p.WorkspaceID, Contacts: []crm.ContactID{kept, gone}, Threads: true})
		if err != nil {
			return err
		}
		into, from := clashing(state, kept, gone)
		rest, err := tx.Load(ctx, Need{
			WorkspaceID: p.WorkspaceID, BesideOf: []crm.ContactID{gone}, MessagesOf: from, RoutingsOf: slices.Concat(into, from),
		})
		if err != nil {
			return err
		}
		state.Messages, state.Routings, state.Notes, state.Tasks = rest.Messages, rest.Routings, rest.Notes, rest.Tasks
		merge = &crm.Merge{ID: crm.NewID[crm.Merge](s.mint), WorkspaceID: p.WorkspaceID, KeptID: kept, GoneID: gone, Actor: p.Actor, At: s.mint.Now()}
		var changes crm.Changes
		if merged, changes, err = decideMerge(merge, state); err != nil {
			return err
		}
		if err := tx.Write(ctx, &changes); err != nil {
			return err
		}
		scored, err := s.scoreAgain(ctx, tx, p.WorkspaceID, kept)
		if err == nil {
			merged, err = scored.contact(kept)
		}
		return err
	})
	if err != nil {
		return nil, nil, crm.Wrap(op, err)
	}
	return merge, merged, nil
}

// clashing returns kept's conversations on channels on which both have one, and
// gone's there.
func clashing(s *State, kept, gone crm.ContactID) (into, from []crm.ConversationID) {
	for _, cv := range s.Conversations {
		if cv.ContactID != gone {
			continue
		}
		if there := s.threadOn(kept, cv.ChannelID); there != nil {
			into, from = append(into, there.ID), append(from, cv.ID)
		}
	}
	return into, from
}

// threadOn returns a contact's conversation on a channel, or nil.
func (s *State) threadOn(contact crm.ContactID, channel crm.ChannelID) *crm.Conversation {
	for _, cv := range s.Conversations {
		if cv.ContactID == contact && cv.ChannelID == channel {
			return cv
		}
	}
	return nil
}

// decideMerge returns the contact that is left and what to write. The state
// holds both contacts with their conversations, the gone one's notes, tasks, and
// messages on channels that both have, and what was decided there about either's.
func decideMerge(m *crm.Merge, s *State) (*crm.Contact, crm.Changes, error) {
	kept, err := s.contact(m.KeptID)
	if err != nil {
		return nil, crm.Changes{}, err
	}
	gone, err := s.contact(m.GoneID)
	if err != nil {
		return nil, crm.Changes{}, err
	}
	if len(s.Messages) > MaxMerged {
		return nil, crm.Changes{}, &crm.Error{Op: "merge", Code: crm.Refused, Reason: "too_long",
			Msg: fmt.Sprintf("The conversations that would become one have more than %d messages. Merge the other way round.", MaxMerged)}
	}
	for _, msg := range s.Messages {
		if msg.Status == crm.Queued || msg.Status == crm.Sending {
			return nil, crm.Changes{}, &crm.Error{Op: "merge", Code: crm.Refused, Reason: "sending",
				Msg: "Messages to this contact are on their way. Try again when they have left."}
		}
	}
	record := mergeRecord{Kept: *kept, Gone: *gone}
	if err := join(kept, gone, m.At); err != nil {
		return nil, crm.Changes{}, err
	}
	record.Merged = *kept
	changes := crm.Changes{Contacts: []*crm.Contact{kept}, GoneContacts: []crm.ContactID{gone.ID}, Merges: []*crm.Merge{m}}
	for _, cv := range slices.Clone(s.Conversations) {
		if cv.ContactID != gone.ID {
			continue
		}
		if into := s.threadOn(kept.ID, cv.ChannelID); into != nil {
			record.Clashes = append(record.Clashes, s.joinThreads(into, cv, kept.ID, m.At, &changes))
			continue
		}
		record.Moved = append(record.Moved, recordOf(cv))
		cv.ContactID, cv.UpdatedAt = kept.ID, m.At
		changes.Handovers = append(changes.Handovers, crm.Handover{ConversationID: cv.ID, ContactID: kept.ID})
		changes.Conversations = append(changes.Conversations, cv)
	}
	for _, n := range s.Notes {
		n.ContactID = kept.ID
		record.Notes, changes.Notes = append(record.Notes, n.ID), append(changes.Notes, n)
	}
	for _, t := range s.Tasks {
		t.ContactID = kept.ID
		record.Tasks, changes.Tasks = append(record.Tasks, t.ID), append(changes.Tasks, t)
	}
	show(kept, s.Conversations, m.At, &changes)
	changes.Facts = []crm.Fact{{
		WorkspaceID: m.WorkspaceID, Kind: crm.ContactMerged, At: m.At, Actor: m.Actor, ContactID: kept.ID,
		Data: data(map[string]any{"merge_id": m.ID, "gone_contact_id": gone.ID}),
	}}
	m.Record, err = json.Marshal(record)
	return kept, changes, err
}

// join gives a contact what another has beyond it.
func join(kept, gone *crm.Contact, now time.Time) error {
	if kept.Name == "" {
		kept.Name = gone.Name
	}
	if gone.ProfileAt.After(kept.ProfileAt) {
		kept.ProfileName, kept.ProfileAt = gone.ProfileName, gone.ProfileAt
	}
	if kept.Username == "" {
		kept.Username = gone.Username
	}
	kept.Identities = slices.Concat(kept.Identities, gone.Identities)
	kept.Tags = slices.Concat(kept.Tags, without(gone.Tags, kept.Tags))
	fields := make(map[string]string, len(kept.Fields)+len(gone.Fields))
	maps.Copy(fields, gone.Fields)
	for name, value := range kept.Fields {
		if value != "" || fields[name] == "" {
			fields[name] = value
		}
	}
	if len(fields) > MaxFields {
		return invalid("other_id", "Together they would have more than %d fields.", MaxFields)
	}
	if len(fields) > 0 {
		kept.Fields = fields
	}
	if kept.LeadStatus == crm.NewLead {
		kept.LeadStatus = gone.LeadStatus
	}
	if kept.Temperature == "" {
		kept.Temperature = gone.Temperature
	}
	if gone.CreatedAt.Before(kept.CreatedAt) {
		kept.Source = gone.Source
	}
	kept.OptOut = kept.OptOut.Newer(gone.OptOut)
	if kept.BlockedAt.IsZero() {
		kept.BlockedAt = gone.BlockedAt
	}
	kept.UpdatedAt = now
	return nil
}

// joinThreads moves what is in one conversation into another.
func (s *State) joinThreads(into, from *crm.Conversation, contact crm.ContactID, now time.Time, changes *crm.Changes) clash {
	c := clash{Kept: recordOf(into), Gone: recordOf(from)}
	for _, m := range s.Messages {
		if m.ConversationID == from.ID {
			m.ConversationID, m.ContactID = into.ID, contact
			c.Messages, changes.Messages = append(c.Messages, m.ID), append(changes.Messages, m)
		}
	}
	for _, n := range s.Notes { // which is written with all others
		if n.ConversationID == from.ID {
			n.ConversationID = into.ID
			c.Notes = append(c.Notes, n.ID)
		}
	}
	s.joinRoutings(&c, changes)
	into.Unread += from.Unread
	if from.LastInbound.After(into.LastInbound) {
		into.LastInbound = from.LastInbound
	}
	if from.ProfileAt.After(into.ProfileAt) {
		into.ProfileAt = from.ProfileAt
	}
	if last := from.LastMessage; last.At.After(into.LastMessage.At) || last.At.Equal(into.LastMessage.At) && last.Ingest > into.LastMessage.Ingest {
		into.LastMessage = last
	}
	if into.Status != crm.Open && from.Status != crm.Resolved {
		into.Status, into.SnoozedUntil = from.Status, from.SnoozedUntil
	}
	if into.AssigneeID.IsZero() && (!from.AssigneeID.IsZero() || queuedBefore(from, into)) {
		into.AssigneeID, into.RoutedAt, into.RoutedFor = from.AssigneeID, from.RoutedAt, from.RoutedFor
	}
	if since := from.WaitingSince; !since.IsZero() && (into.WaitingSince.IsZero() || since.Before(into.WaitingSince)) {
		into.WaitingSince = since
	}
	into.UpdatedAt = now
	c.Merged = recordOf(into)
	changes.Conversations, changes.GoneThreads = append(changes.Conversations, into), append(changes.GoneThreads, from.ID)
	s.Conversations = slices.DeleteFunc(s.Conversations, func(cv *crm.Conversation) bool { return cv.ID == from.ID })
	return c
}

// joinRoutings moves what was decided about the gone conversation into the kept one.
// Of two decisions of one time the kept one's stays.
func (s *State) joinRoutings(c *clash, changes *crm.Changes) {
	taken := make(map[int64]bool)
	for _, r := range s.Routings {
		if r.ConversationID == c.Kept.ID {
			taken[r.At.UnixNano()] = true
		}
	}
	for _, r := range s.Routings {
		switch {
		case r.ConversationID != c.Gone.ID:
		case taken[r.At.UnixNano()]:
			c.Covered = append(c.Covered, r)
		default:
			r.ConversationID = c.Kept.ID
			c.Routings, changes.Routings = append(c.Routings, r), append(changes.Routings, r)
		}
	}
}

// queuedBefore reports whether a conversation is in the queue, and before another.
func queuedBefore(cv, other *crm.Conversation) bool {
	return queued(cv) && (!queued(other) || cv.RoutedAt.Before(other.RoutedAt))
}

// queued reports whether a conversation waits for a member to have it.
func queued(cv *crm.Conversation) bool { return lead.ReasonOf(cv.RoutedFor).Waits() }

// show brings what a contact's conversations show of it up to date.
func show(c *crm.Contact, threads []*crm.Conversation, now time.Time, changes *crm.Changes) {
	name, handle := c.DisplayName(), c.Handle()
	for _, cv := range threads {
		if cv.ContactID != c.ID || cv.ContactName == name && cv.ContactHandle == handle && cv.Temperature == c.Temperature {
			continue
		}
		cv.ContactName, cv.ContactHandle, cv.Temperature, cv.UpdatedAt = name, handle, c.Temperature, now
		if !slices.Contains(changes.Conversations, cv) {
			changes.Conversations = append(changes.Conversations, cv)
		}
	}
}
