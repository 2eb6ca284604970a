package people

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

// Unmerge undoes a merge and returns the contact that comes back. NotFound if
// there is no such merge; Conflict if it was undone already, if the contact that
// was kept is gone itself, or if somebody else has one of the identities by now.
func (s *Service) Unmerge(ctx context.Context, p access.Principal, id crm.MergeID) (*crm.Contact, error) {
	const op = "undo a merge"
	if err := p.Check(access.ManageLeads); err != nil {
		return nil, crm.Wrap(op, err)
	}
	var back *crm.Contact
	err := s.store.Update(ctx, p.WorkspaceID, func(ctx context.Context, tx Tx) error {
		merge, record, err := loadMerge(ctx, tx, p.WorkspaceID, id)
		if err != nil {
			return err
		}
		need := Need{WorkspaceID: p.WorkspaceID, Contacts: []crm.ContactID{merge.KeptID}, Leads: true, Threads: true, BesideOf: []crm.ContactID{merge.KeptID}}
		for _, c := range record.Clashes {
			need.Messages = append(need.Messages, c.Messages...)
		}
		state, err := tx.Load(ctx, need)
		if err != nil {
			return err
		}
		var changes crm.Changes
		if back, changes, err = decideUnmerge(merge, record, state, p.Actor, s.mint.Now()); err != nil {
			return err
		}
		if err := tx.Write(ctx, &changes); err != nil {
			return err
		}
		scored, err := s.scoreAgain(ctx, tx, p.WorkspaceID, merge.KeptID, back.ID)
		if err == nil {
			back, err = scored.contact(back.ID)
		}
		return err
	})
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	return back, nil
}

func loadMerge(ctx context.Context, tx Tx, ws crm.WorkspaceID, id crm.MergeID) (*crm.Merge, *mergeRecord, error) {
	state, err := tx.Load(ctx, Need{WorkspaceID: ws, Merges: []crm.MergeID{id}})
	if err != nil {
		return nil, nil, err
	}
	if len(state.Merges) == 0 {
		return nil, nil, missing("merge")
	}
	m := state.Merges[0]
	if !m.UndoneAt.IsZero() {
		return nil, nil, &crm.Error{Op: "undo", Code: crm.Conflict, Reason: "undone", Msg: "This merge was undone already."}
	}
	record := new(mergeRecord)
	return m, record, json.Unmarshal(m.Record, record)
}

// decideUnmerge returns the contact that comes back, and what to write. The
// state holds the kept contact with its conversations, notes and tasks, and the
// messages that moved.
func decideUnmerge(m *crm.Merge, r *mergeRecord, s *State, by crm.Actor, now time.Time) (*crm.Contact, crm.Changes, error) {
	kept, err := s.contact(m.KeptID)
	if err != nil {
		return nil, crm.Changes{}, &crm.Error{Op: "undo", Code: crm.Conflict, Reason: "contact_gone",
			Msg: "The contact that was kept is gone. If it was merged, undo that first."}
	}
	gone := new(r.Gone)
	part(kept, r, now)
	m.UndoneAt = now
	changes := crm.Changes{Contacts: []*crm.Contact{kept, gone}, Merges: []*crm.Merge{m}}
	for _, moved := range r.Moved {
		for _, cv := range s.Conversations {
			if cv.ID == moved.ID {
				cv.ContactID, cv.ContactName, cv.ContactHandle, cv.Temperature, cv.UpdatedAt = gone.ID, moved.ContactName, moved.ContactHandle, moved.Temperature, now
				changes.Conversations = append(changes.Conversations, cv)
				changes.Handovers = append(changes.Handovers, crm.Handover{ConversationID: cv.ID, ContactID: gone.ID})
			}
		}
	}
	for _, c := range r.Clashes {
		s.partThreads(&c, gone.ID, now, &changes)
	}
	for _, n := range s.Notes {
		if slices.Contains(r.Notes, n.ID) {
			n.ContactID = gone.ID
			changes.Notes = append(changes.Notes, n)
		}
	}
	for _, t := range s.Tasks {
		if slices.Contains(r.Tasks, t.ID) {
			t.ContactID = gone.ID
			changes.Tasks = append(changes.Tasks, t)
		}
	}
	show(kept, s.Conversations, now, &changes)
	if slices.ContainsFunc(changes.Conversations, queued) { // and nobody may have looked at an empty queue for long
		changes.Queues = []crm.Queue{{WorkspaceID: m.WorkspaceID, DueAt: now, Rules: s.Rules.Version()}}
	}
	changes.Facts = []crm.Fact{{
		WorkspaceID: m.WorkspaceID, Kind: crm.ContactParted, At: now, Actor: by, ContactID: kept.ID,
		Data: data(map[string]any{"merge_id": m.ID, "contact_id": gone.ID}),
	}}
	return gone, changes, nil
}

// part takes from a contact what a merge gave it, as far as that is still as it
// was given.
func part(kept *crm.Contact, r *mergeRecord, now time.Time) {
	before, merged := &r.Kept, &r.Merged
	undo(&kept.Name, merged.Name, before.Name)
	undo(&kept.ProfileName, merged.ProfileName, before.ProfileName)
	undo(&kept.Username, merged.Username, before.Username)
	undo(&kept.LeadStatus, merged.LeadStatus, before.LeadStatus)
	kept.Temperature = before.Temperature // both are scored again, each from where it stood
	if kept.ProfileAt.Equal(merged.ProfileAt) {
		kept.ProfileAt = before.ProfileAt
	}
	if kept.Source.At.Equal(merged.Source.At) && kept.Source.Kind == merged.Source.Kind && kept.Source.AdID == merged.Source.AdID {
		kept.Source = before.Source
	}
	if kept.OptOut.Out == merged.OptOut.Out && kept.OptOut.At.Equal(merged.OptOut.At) {
		kept.OptOut = before.OptOut
	}
	if kept.BlockedAt.Equal(merged.BlockedAt) {
		kept.BlockedAt = before.BlockedAt
	}
	kept.Identities = slices.DeleteFunc(slices.Clone(kept.Identities), r.Gone.Has)
	kept.Tags = slices.DeleteFunc(slices.Clone(kept.Tags), func(id crm.TagID) bool {
		return slices.Contains(r.Gone.Tags, id) && !slices.Contains(before.Tags, id)
	})
	fields := make(map[string]string, len(kept.Fields))
	for name, value := range kept.Fields {
		had, was := before.Fields[name]
		switch {
		case value != merged.Fields[name]:
			fields[name] = value
		case was:
			fields[name] = had
		}
	}
	if kept.Fields != nil && (len(fields) > 0 || before.Fields != nil) {
		kept.Fields = fields
	} else {
		kept.Fields = nil
	}
	kept.UpdatedAt = now
}

// undo gives a value back that is still as the merge left it.
func undo[T comparable](value *T, merged, before T) {
	if *value == merged {
		*value = before
	}
}

// partThreads makes the gone contact's conversation anew and moves its messages, and
// what was decided about it, there.
func (s *State) partThreads(c *clash, gone crm.ContactID, now time.Time, changes *crm.Changes) {
	from := c.Gone.conversation()
	from.UpdatedAt = now
	changes.Conversations = append(changes.Conversations, from)
	changes.GoneRoutings = append(changes.GoneRoutings, c.Routings...)
	for _, r := range slices.Concat(c.Routings, c.Covered) {
		r.ConversationID = from.ID
		changes.Routings = append(changes.Routings, r)
	}
	for _, m := range s.Messages {
		if slices.Contains(c.Messages, m.ID) {
			m.ConversationID, m.ContactID = from.ID, gone
			changes.Messages = append(changes.Messages, m)
			if m.ID == from.LastMessage.ID { // its status may have risen
				from.LastMessage = crm.LastOf(m)
			}
		}
	}
	for _, n := range s.Notes { // which is written with all others
		if slices.Contains(c.Notes, n.ID) {
			n.ConversationID = from.ID
		}
	}
	at := slices.IndexFunc(s.Conversations, func(cv *crm.Conversation) bool { return cv.ID == c.Kept.ID })
	if at < 0 {
		return
	}
	into, before, merged := s.Conversations[at], c.Kept.conversation(), c.Merged.conversation()
	into.Unread = max(into.Unread-from.Unread, 0)
	undo(&into.Status, merged.Status, before.Status)
	if into.AssigneeID == merged.AssigneeID && into.RoutedFor == merged.RoutedFor && into.RoutedAt.Equal(merged.RoutedAt) {
		into.AssigneeID, into.RoutedAt, into.RoutedFor = before.AssigneeID, before.RoutedAt, before.RoutedFor
	}
	if into.SnoozedUntil.Equal(merged.SnoozedUntil) {
		into.SnoozedUntil = before.SnoozedUntil
	}
	if into.LastInbound.Equal(merged.LastInbound) {
		into.LastInbound = before.LastInbound
	}
	if into.ProfileAt.Equal(merged.ProfileAt) {
		into.ProfileAt = before.ProfileAt
	}
	if into.WaitingSince.Equal(merged.WaitingSince) {
		into.WaitingSince = before.WaitingSince
	}
	if into.LastMessage.ID == merged.LastMessage.ID {
		into.LastMessage = before.LastMessage
	}
	into.UpdatedAt = now
	changes.Conversations = append(changes.Conversations, into)
}
