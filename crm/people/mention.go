package people

import (
	"context"
	"slices"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

// MentionQuery selects the mentions of a member.
type MentionQuery struct {
	MemberID  crm.MemberID
	ContactID crm.ContactID // zero: of any contact
	Unseen    bool          // only those it has not seen
	Limit     int
	After     crm.NoteID // the last note of the page before; zero: from the newest
}

// Mentioned is a mention with the note that it stands in and whom that is about.
type Mentioned struct {
	crm.Mention
	Note    *crm.Note
	Contact *crm.Contact
}

// Mentions returns a page of the notes that name the member who asks, newest first;
// q says nothing of whose they are. A program, that has no name, is in none.
func (s *Service) Mentions(ctx context.Context, p access.Principal, q MentionQuery) ([]Mentioned, error) {
	const op = "list mentions"
	if err := p.Check(access.ReadContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	var err error
	if q.Limit, err = crm.CheckPage(q.Limit); err != nil {
		return nil, crm.Wrap(op, err)
	}
	if q.MemberID = p.Member; p.Member.IsZero() {
		return nil, nil
	}
	list, err := s.store.Mentions(ctx, p.WorkspaceID, q)
	return list, crm.Wrap(op, err)
}

// MaxUnseen is where counting what a member has not seen ends.
const MaxUnseen = 100

// UnseenMentions counts the notes that name the member who asks and that it has not
// seen; MaxUnseen stands for that many and more.
func (s *Service) UnseenMentions(ctx context.Context, p access.Principal) (int, error) {
	const op = "count mentions"
	if err := p.Check(access.ReadContacts); err != nil {
		return 0, crm.Wrap(op, err)
	}
	if p.Member.IsZero() {
		return 0, nil
	}
	n, err := s.store.CountUnseen(ctx, p.WorkspaceID, p.Member, MaxUnseen)
	return n, crm.Wrap(op, err)
}

// SeeMentions marks what names the member who asks as seen, in the notes about a
// contact or in all for the zero id, and returns how many there were. More than
// MaxPageRows take several calls.
func (s *Service) SeeMentions(ctx context.Context, p access.Principal, contact crm.ContactID) (int, error) {
	const op = "see mentions"
	if err := p.Check(access.ReadContacts); err != nil {
		return 0, crm.Wrap(op, err)
	}
	if p.Member.IsZero() {
		return 0, nil
	}
	unseen := MentionQuery{MemberID: p.Member, ContactID: contact, Unseen: true, Limit: crm.MaxPageRows}
	// Nearly always there are none, and to find that out takes no transaction.
	if some, err := s.store.Mentions(ctx, p.WorkspaceID, MentionQuery{MemberID: p.Member, ContactID: contact, Unseen: true, Limit: 1}); err != nil || len(some) == 0 {
		return 0, crm.Wrap(op, err)
	}
	seen := 0
	err := s.update(ctx, Need{WorkspaceID: p.WorkspaceID, Mentions: unseen}, func(state *State) (crm.Changes, error) {
		if seen = len(state.Mentions); seen == 0 {
			return crm.Changes{}, nil
		}
		now := s.mint.Now()
		for _, m := range state.Mentions {
			m.SeenAt = now
		}
		return crm.Changes{Mentions: state.Mentions, Facts: []crm.Fact{{
			WorkspaceID: p.WorkspaceID, Kind: crm.MentionSeen, At: now, Actor: p.Actor, ContactID: contact,
			Data: data(map[string]any{"member_id": p.Member, "count": seen}),
		}}}, nil
	})
	return seen, crm.Wrap(op, err)
}

// mentions are those of a note: each member at work that it names, once, but not who
// wrote it. Members of one name are all meant.
func mentions(n *crm.Note, members []*crm.Member) (all []*crm.Mention) {
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = m.Name
	}
	for _, naming := range crm.Namings(n.Body, names) {
		for _, m := range members {
			known := slices.ContainsFunc(all, func(other *crm.Mention) bool { return other.MemberID == m.ID })
			if m.Name != names[naming.Name] || known || !m.DisabledAt.IsZero() || m.ID == n.Author.Member() {
				continue
			}
			all = append(all, &crm.Mention{WorkspaceID: n.WorkspaceID, NoteID: n.ID, MemberID: m.ID})
		}
	}
	return all
}
