package people

import (
	"context"
	"strings"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

// MaxCanned is how many canned replies a workspace may have.
const MaxCanned = 500

// CannedReplies returns the workspace's canned replies by shortcut.
func (s *Service) CannedReplies(ctx context.Context, p access.Principal) ([]*crm.CannedReply, error) {
	const op = "list canned replies"
	if err := p.Check(access.ReadConversations); err != nil {
		return nil, crm.Wrap(op, err)
	}
	list, err := s.store.CannedReplies(ctx, p.WorkspaceID)
	return list, crm.Wrap(op, err)
}

// CannedEdit is what to change of a canned reply; nil fields stay as they are.
type CannedEdit struct {
	Shortcut *string // 1 to MaxShortcut characters; a slash before it is left out
	Body     *string // 1 to crm.MaxText characters
}

// SaveCannedReply makes a canned reply (zero id), which needs both fields, or
// changes one; whoever may send messages may. A shortcut that another one has is
// Conflict, an unknown id NotFound.
func (s *Service) SaveCannedReply(ctx context.Context, p access.Principal, id crm.CannedReplyID, e CannedEdit) (*crm.CannedReply, error) {
	const op = "save canned reply"
	if err := p.Check(access.SendMessages); err != nil {
		return nil, crm.Wrap(op, err)
	}
	e, err := e.checked(id.IsZero())
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	var saved *crm.CannedReply
	err = s.update(ctx, Need{WorkspaceID: p.WorkspaceID, Canned: true}, func(state *State) (changes crm.Changes, err error) {
		now := s.mint.Now()
		wanted := &crm.CannedReply{ID: id, WorkspaceID: p.WorkspaceID, CreatedAt: now}
		if id.IsZero() {
			wanted.ID = crm.NewID[crm.CannedReply](s.mint)
			state.Canned = append(state.Canned, wanted)
		}
		if saved, err = e.decide(wanted.ID, state.Canned); err != nil || saved == nil {
			return crm.Changes{}, err
		}
		saved.UpdatedAt = now
		return crm.Changes{CannedReplies: []*crm.CannedReply{saved}, Facts: []crm.Fact{cannedFact(p, saved.ID, false, s.mint)}}, nil
	})
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	return saved, nil
}

// checked returns the edit as it is kept.
func (e CannedEdit) checked(fresh bool) (CannedEdit, error) {
	if fresh {
		e.Shortcut, e.Body = orEmpty(e.Shortcut), orEmpty(e.Body)
	}
	if e.Shortcut != nil {
		word := strings.ToLower(strings.TrimPrefix(strings.TrimSpace(*e.Shortcut), "/"))
		if err := crm.CheckText("shortcut", "The shortcut", word, 1, MaxShortcut); err != nil {
			return e, err
		}
		if strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return e, invalid("shortcut", "A shortcut has only letters a to z, digits, - and _.")
		}
		e.Shortcut = &word
	}
	if e.Body != nil {
		body := strings.TrimSpace(*e.Body)
		if err := crm.CheckText("body", "The reply", body, 1, crm.MaxText); err != nil {
			return e, err
		}
		e.Body = &body
	}
	return e, nil
}

// orEmpty returns a field that has to be there.
func orEmpty(field *string) *string {
	if field == nil {
		return new("")
	}
	return field
}

// decide changes the reply with the id among all of them.
func (e CannedEdit) decide(id crm.CannedReplyID, all []*crm.CannedReply) (*crm.CannedReply, error) {
	var found *crm.CannedReply
	for _, have := range all {
		switch {
		case have.ID == id:
			found = have
		case e.Shortcut != nil && have.Shortcut == *e.Shortcut:
			return nil, &crm.Error{Op: "check shortcut", Code: crm.Conflict, Reason: "shortcut_taken", Msg: "There already is a reply /" + have.Shortcut + "."}
		}
	}
	if found == nil {
		return nil, missing("canned reply")
	}
	if len(all) > MaxCanned {
		return nil, invalid("shortcut", "There are too many canned replies. Delete some first.")
	}
	if e.Shortcut != nil {
		found.Shortcut = *e.Shortcut
	}
	if e.Body != nil {
		found.Body = *e.Body
	}
	return found, nil
}

// DeleteCannedReply deletes a canned reply. NotFound if there is none.
func (s *Service) DeleteCannedReply(ctx context.Context, p access.Principal, id crm.CannedReplyID) error {
	const op = "delete canned reply"
	if err := p.Check(access.SendMessages); err != nil {
		return crm.Wrap(op, err)
	}
	err := s.update(ctx, Need{WorkspaceID: p.WorkspaceID, Canned: true}, func(state *State) (crm.Changes, error) {
		for _, have := range state.Canned {
			if have.ID == id {
				return crm.Changes{DeletedCanned: []crm.CannedReplyID{id}, Facts: []crm.Fact{cannedFact(p, id, true, s.mint)}}, nil
			}
		}
		return crm.Changes{}, missing("canned reply")
	})
	return crm.Wrap(op, err)
}

func cannedFact(p access.Principal, id crm.CannedReplyID, deleted bool, mint *crm.Mint) crm.Fact {
	what := map[string]any{"canned_reply_id": id}
	if deleted {
		what["deleted"] = true
	}
	return crm.Fact{WorkspaceID: p.WorkspaceID, Kind: crm.CannedReplyChanged, At: mint.Now(), Actor: p.Actor, Data: data(what)}
}
