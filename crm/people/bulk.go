package people

import (
	"context"
	"errors"
	"slices"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/filter"
)

// MaxBulk is how many contacts one call changes at most.
const MaxBulk = 500

// Bulk is one change to many contacts: to those named, or to those that fit a
// filter, of which a call does MaxBulk in the order of their ids. Who asks goes
// on from BulkResult.Next until there is none. So it knows how far it is, may
// stop at any time, and loses nothing if it dies: what was done is done, and
// doing it again changes nothing.
type Bulk struct {
	IDs    []crm.ContactID // at most MaxBulk; excludes Filter
	Filter *filter.Test
	After  crm.ContactID // where a filter goes on; zero: from the beginning

	Edit     Edit          // names and identities are nobody's in bulk
	Assignee *crm.MemberID // of every conversation that is not resolved; the zero id: nobody
}

// BulkResult says what a call did.
type BulkResult struct {
	Seen    int           // contacts that were looked at
	Changed int           // of these, became different
	Failed  []BulkFailure // of these, could not be changed
	Next    crm.ContactID // where to go on; zero: that was all
}

// BulkFailure is a contact that could not be changed, and why.
type BulkFailure struct {
	ID  crm.ContactID
	Err error // Invalid, or NotFound for one that was named and is not there
}

// Bulk changes contacts in one transaction. A contact that cannot be changed
// keeps none of the others from it. NotFound if there is no such tag or no such
// member at work, Invalid if nothing or too much is asked for.
func (s *Service) Bulk(ctx context.Context, p access.Principal, b Bulk) (*BulkResult, error) {
	const op = "change contacts"
	if err := b.check(p); err != nil {
		return nil, crm.Wrap(op, err)
	}
	var err error
	if b.Edit, err = b.Edit.checked(""); err != nil {
		return nil, crm.Wrap(op, err)
	}
	result := new(BulkResult)
	if b.Filter != nil {
		fitting, err := s.store.Contacts(ctx, p.WorkspaceID, ContactQuery{Filter: b.Filter, Sort: ByID, After: ContactCursor{ID: b.After}, Limit: MaxBulk})
		if err != nil {
			return nil, crm.Wrap(op, err)
		}
		for _, c := range fitting {
			b.IDs = append(b.IDs, c.ID)
		}
		if len(fitting) == MaxBulk {
			result.Next = b.IDs[MaxBulk-1]
		}
	}
	if len(b.IDs) == 0 {
		return result, nil
	}
	next := result.Next
	err = s.update(ctx, b.need(p.WorkspaceID), func(state *State) (crm.Changes, error) {
		result = &BulkResult{Seen: len(b.IDs), Next: next}
		return b.decide(state, p.Actor, s.mint, result)
	})
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	return result, nil
}

func (b *Bulk) check(p access.Principal) error {
	if err := p.Check(access.WriteContacts); err != nil {
		return err
	}
	if b.Assignee != nil {
		if err := p.Check(access.WriteConversations); err != nil {
			return err
		}
	}
	e := b.Edit
	slices.SortFunc(b.IDs, crm.ContactID.Compare)
	b.IDs = slices.Compact(b.IDs)
	switch {
	case (len(b.IDs) > 0) == (b.Filter != nil):
		return invalid("ids", "Say which contacts: either ids or a filter.")
	case len(b.IDs) > MaxBulk:
		return invalid("ids", "At most %d contacts can be changed at once.", MaxBulk)
	case e.Name != nil || len(e.AddIdentities) > 0:
		return invalid("name", "Names and numbers are a contact's own.")
	case e.LeadStatus == nil && len(e.Fields)+len(e.AddTags)+len(e.RemoveTags) == 0 && e.OptOut == nil && e.Blocked == nil && b.Assignee == nil:
		return invalid("action", "Say what to change.")
	}
	return nil
}

func (b *Bulk) need(ws crm.WorkspaceID) Need {
	need := b.Edit.need(ws)
	need.Contacts, need.Threads = b.IDs, true
	if b.Assignee != nil && !b.Assignee.IsZero() {
		need.Members = []crm.MemberID{*b.Assignee}
	}
	return need
}

// decide changes each contact by itself.
func (b *Bulk) decide(s *State, by crm.Actor, mint *crm.Mint, result *BulkResult) (crm.Changes, error) {
	var all crm.Changes
	if b.Assignee != nil && !b.Assignee.IsZero() && !slices.ContainsFunc(s.Members, func(m *crm.Member) bool { return m.DisabledAt.IsZero() }) {
		return all, missing("member to assign to")
	}
	threads := make(map[crm.ContactID][]*crm.Conversation)
	for _, cv := range s.Conversations {
		threads[cv.ContactID] = append(threads[cv.ContactID], cv)
	}
	now := mint.Now()
	for _, id := range b.IDs {
		c, err := s.contact(id)
		if err != nil {
			result.Failed = append(result.Failed, BulkFailure{id, err})
			continue
		}
		one := *s
		one.Conversations = threads[id]
		changes, err := decideEdit(c, &one, b.Edit, by, now)
		switch {
		case errors.Is(err, crm.Invalid):
			result.Failed = append(result.Failed, BulkFailure{id, err})
			continue
		case err != nil:
			return crm.Changes{}, err
		}
		b.assign(threads[id], by, mint, &changes)
		if !changes.Empty() {
			result.Changed++
		}
		all.Add(changes)
	}
	return all, nil
}

// assign gives a contact's conversations to the member.
func (b *Bulk) assign(threads []*crm.Conversation, by crm.Actor, mint *crm.Mint, changes *crm.Changes) {
	for _, cv := range threads {
		if b.Assignee == nil || cv.Status == crm.Resolved || cv.AssigneeID == *b.Assignee {
			continue
		}
		cv.Assign(*b.Assignee)
		cv.UpdatedAt = mint.Now()
		if !slices.Contains(changes.Conversations, cv) {
			changes.Conversations = append(changes.Conversations, cv)
		}
		changes.Facts = append(changes.Facts, crm.Fact{
			WorkspaceID: cv.WorkspaceID, Kind: crm.ConversationChanged, At: cv.UpdatedAt, Actor: by,
			ConversationID: cv.ID, ContactID: cv.ContactID, Data: data(map[string]any{"assignee_id": cv.AssigneeID}),
		})
	}
}
