package inbox

import (
	"context"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

// Change is what to change of a conversation; nil fields stay as they are.
type Change struct {
	Status       *crm.ConversationStatus
	SnoozedUntil *time.Time    // goes with Status Snoozed, and lies ahead
	AssigneeID   *crm.MemberID // the zero id: nobody
	Mode         *crm.Mode
	Read         bool // nothing is unread any more
}

// Change changes a conversation. Invalid names a field that is wrong, NotFound
// a conversation or an assignee that is not the workspace's.
func (s *Service) Change(ctx context.Context, p access.Principal, id crm.ConversationID, c Change) (*crm.Conversation, error) {
	const op = "change conversation"
	if err := p.Check(access.WriteConversations); err != nil {
		return nil, crm.Wrap(op, err)
	}
	need := Need{WorkspaceID: p.WorkspaceID, Conversations: []crm.ConversationID{id}}
	if c.AssigneeID != nil && !c.AssigneeID.IsZero() {
		need.Members = []crm.MemberID{*c.AssigneeID}
	}
	var changed *crm.Conversation
	err := s.store.Update(ctx, []crm.WorkspaceID{p.WorkspaceID}, func(ctx context.Context, tx Tx) error {
		state, err := tx.Load(ctx, need)
		if err != nil {
			return err
		}
		if len(state.Conversations) == 0 {
			return missing("conversation")
		}
		changed = state.Conversations[0]
		changes, err := decideChange(changed, state.Members, p.Actor, c, s.mint.Now())
		if err != nil || changes.Empty() {
			return err
		}
		return tx.Write(ctx, &changes)
	})
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	return changed, nil
}

// decideChange applies a change to a conversation and says in the feed what
// became different; nothing does if it already was so.
func decideChange(cv *crm.Conversation, members []*crm.Member, by crm.Actor, c Change, now time.Time) (crm.Changes, error) {
	if err := c.check(members, now); err != nil {
		return crm.Changes{}, err
	}
	news := make(map[string]any)
	if c.Status != nil {
		until := time.Time{}
		if c.SnoozedUntil != nil {
			until = c.SnoozedUntil.UTC().Truncate(time.Millisecond)
		}
		if cv.Status != *c.Status || !cv.SnoozedUntil.Equal(until) {
			cv.Status, cv.SnoozedUntil = *c.Status, until
			news["status"] = cv.Status
		}
		if cv.Status == crm.Resolved { // whoever closes it says that nothing is left to answer
			cv.WaitingSince = time.Time{}
		}
		if !until.IsZero() {
			news["snoozed_until"] = until
		}
	}
	if c.AssigneeID != nil && cv.AssigneeID != *c.AssigneeID {
		cv.Assign(*c.AssigneeID)
		news["assignee_id"] = cv.AssigneeID
	}
	if c.Mode != nil && cv.Mode != *c.Mode {
		cv.Mode = *c.Mode
		news["mode"] = cv.Mode
	}
	if c.Read && cv.Unread != 0 {
		cv.Unread = 0
		news["unread"] = 0
	}
	if len(news) == 0 {
		return crm.Changes{}, nil
	}
	cv.UpdatedAt = now
	return crm.Changes{
		Conversations: []*crm.Conversation{cv},
		Facts: []crm.Fact{{
			WorkspaceID: cv.WorkspaceID, Kind: crm.ConversationChanged, At: now, Actor: by,
			ConversationID: cv.ID, ContactID: cv.ContactID, Data: data(news),
		}},
	}, nil
}

// check finds what is wrong with a change.
func (c *Change) check(members []*crm.Member, now time.Time) error {
	snoozes := c.Status != nil && *c.Status == crm.Snoozed
	switch {
	case c.Status != nil && !knownStatus(*c.Status):
		return invalid("status", "A conversation is open, pending, snoozed or resolved.")
	case snoozes != (c.SnoozedUntil != nil):
		return invalid("snoozed_until", "Snoozing needs a time in snoozed_until, and nothing else has one.")
	case snoozes && !c.SnoozedUntil.After(now):
		return invalid("snoozed_until", "The time to wake up must lie ahead.")
	case c.Mode != nil && *c.Mode != crm.Human && *c.Mode != crm.Bot:
		return invalid("mode", "A conversation is answered by human or bot.")
	}
	if c.AssigneeID == nil || c.AssigneeID.IsZero() {
		return nil
	}
	for _, m := range members {
		if m.ID == *c.AssigneeID && m.DisabledAt.IsZero() {
			return nil
		}
	}
	return missing("member to assign to")
}

func knownStatus(s crm.ConversationStatus) bool {
	switch s {
	case crm.Open, crm.Pending, crm.Snoozed, crm.Resolved:
		return true
	}
	return false
}

// Wake opens the conversations whose snooze has ended, at most 200 a call, and
// returns how many. Several hosts may call it at once.
func (s *Service) Wake(ctx context.Context) (int, error) {
	const op = "wake snoozed conversations"
	due, err := s.store.Snoozed(ctx, s.mint.Now(), crm.MaxPageRows)
	if err != nil {
		return 0, crm.Wrap(op, err)
	}
	woken := 0
	for _, cv := range due {
		awake, err := s.wake(ctx, cv)
		if err != nil {
			return woken, crm.Wrap(op, err)
		}
		if awake {
			woken++
		}
	}
	return woken, nil
}

// wake opens one conversation if it is still due.
func (s *Service) wake(ctx context.Context, due *crm.Conversation) (awake bool, err error) {
	err = s.store.Update(ctx, []crm.WorkspaceID{due.WorkspaceID}, func(ctx context.Context, tx Tx) error {
		awake = false
		state, err := tx.Load(ctx, Need{WorkspaceID: due.WorkspaceID, Conversations: []crm.ConversationID{due.ID}})
		if err != nil || len(state.Conversations) == 0 {
			return err
		}
		cv, now, open := state.Conversations[0], s.mint.Now(), crm.Open
		if cv.Status != crm.Snoozed || cv.SnoozedUntil.After(now) {
			return nil
		}
		changes, err := decideChange(cv, nil, crm.Actor{Kind: crm.BySystem}, Change{Status: &open}, now)
		if err != nil {
			return err
		}
		awake = true
		return tx.Write(ctx, &changes)
	})
	return awake, err
}
