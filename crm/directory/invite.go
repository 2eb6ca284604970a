package directory

import (
	"context"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

// InviteFor is how long a link is good that one member hands to another: over a
// weekend, and not until everybody forgot where it lies.
const InviteFor = 3 * 24 * time.Hour

// Invite makes a token that signs a member in once, within InviteFor, for somebody
// to hand over: this is how a new member comes in, and one who forgot the password.
//
// Whoever may not do what the member may is Forbidden: the link could be used by
// whoever made it. A member that is not there or disabled is NotFound.
func (s *Service) Invite(ctx context.Context, p access.Principal, member crm.MemberID) (crm.Secret, error) {
	const op = "invite member"
	m, err := s.entrusted(ctx, p, member)
	if err != nil {
		return "", crm.Wrap(op, err)
	}
	token, err := s.begin(ctx, crm.Session{WorkspaceID: m.WorkspaceID, MemberID: m.ID, Link: true}, InviteFor, s.told(crm.MemberInvited, m, p.Actor))
	return token, crm.Wrap(op, err)
}

// Reset takes from a member its password, its sessions and its links, and makes a
// new link as Invite does: for a lost device, or a password somebody else knows. It
// counts here at once, on other hosts within KnownFor. Who resets itself is Refused
// ("own_access"): it would be out before it could read the link.
func (s *Service) Reset(ctx context.Context, p access.Principal, member crm.MemberID) (crm.Secret, error) {
	const op = "reset member"
	m, err := s.entrusted(ctx, p, member)
	if err != nil {
		return "", crm.Wrap(op, err)
	}
	if m.ID == p.Member {
		return "", &crm.Error{Op: op, Code: crm.Refused, Reason: "own_access", Msg: "Change your own password under your account."}
	}
	if err := s.expel(ctx, m, p.Actor); err != nil {
		return "", crm.Wrap(op, err)
	}
	token, err := s.begin(ctx, crm.Session{WorkspaceID: m.WorkspaceID, MemberID: m.ID, Link: true}, InviteFor, s.told(crm.MemberInvited, m, p.Actor))
	return token, crm.Wrap(op, err)
}

// expel takes from a member all it signs in with. The password goes first: who has
// it could sign in between.
func (s *Service) expel(ctx context.Context, m *crm.Member, by crm.Actor) error {
	defer s.forget()
	if err := s.store.DropPassword(ctx, m.WorkspaceID, m.ID); err != nil {
		return err
	}
	return s.store.DropSessions(ctx, m.WorkspaceID, m.ID, [32]byte{}, s.told(crm.MemberReset, m, by))
}

// entrusted returns a member at work whose access p may hand out.
func (s *Service) entrusted(ctx context.Context, p access.Principal, member crm.MemberID) (*crm.Member, error) {
	if err := p.Check(access.ManageMembers); err != nil {
		return nil, err
	}
	m, err := s.active(ctx, p.WorkspaceID, member, missing("member at work"))
	if err != nil {
		return nil, err
	}
	return m, checkGrant(p, access.OfMember(m))
}

// Rename changes the name of the member who asks, which needs no leave. A key is
// NotFound: it is no member.
func (s *Service) Rename(ctx context.Context, p access.Principal, name string) (*crm.Member, error) {
	name = strings.TrimSpace(name)
	if err := crm.CheckText("name", "The name", name, 1, MaxName); err != nil {
		return nil, crm.Wrap("rename oneself", err)
	}
	m, err := s.changeSelf(ctx, p, func(m *crm.Member) { m.Name = name })
	return m, crm.Wrap("rename oneself", err)
}

// SetAway says that the member who asks is away, or back, which needs no leave: the
// rules of assignment give it nothing new meanwhile. A key is NotFound: it is no
// member.
func (s *Service) SetAway(ctx context.Context, p access.Principal, away bool) (*crm.Member, error) {
	m, err := s.changeSelf(ctx, p, func(m *crm.Member) { m.Away = away })
	return m, crm.Wrap("set oneself away", err)
}

// changeSelf changes the member who asks.
func (s *Service) changeSelf(ctx context.Context, p access.Principal, change func(*crm.Member)) (*crm.Member, error) {
	s.owners.Lock()
	defer s.owners.Unlock()
	m, err := s.active(ctx, p.WorkspaceID, p.Member, missing("member at work"))
	if err != nil {
		return nil, err
	}
	old := *m
	change(m)
	return m, s.store.SaveMember(ctx, m, s.changed(old, *m, p.Actor)...)
}
