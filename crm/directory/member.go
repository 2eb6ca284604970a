package directory

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

// Members returns the workspace's members, oldest first, those disabled among
// them.
func (s *Service) Members(ctx context.Context, p access.Principal) ([]*crm.Member, error) {
	const op = "list members"
	if err := p.Check(access.ReadMembers); err != nil {
		return nil, crm.Wrap(op, err)
	}
	list, err := s.store.Members(ctx, p.WorkspaceID)
	return list, crm.Wrap(op, err)
}

// Member returns a member, or NotFound; one that is disabled, too. It is for the
// program: there is no principal.
func (s *Service) Member(ctx context.Context, ws crm.WorkspaceID, id crm.MemberID) (*crm.Member, error) {
	m, err := s.store.Member(ctx, ws, id)
	return m, crm.Wrap("read member", err)
}

// MembersByEmail returns a person's memberships in every workspace, those
// disabled left out. It is for sign-in: there is no principal. An empty address
// is nobody's.
func (s *Service) MembersByEmail(ctx context.Context, email string) ([]*crm.Member, error) {
	email = readEmail(email)
	if email == "" {
		return nil, nil
	}
	list, err := s.store.MembersByEmail(ctx, email)
	list = slices.DeleteFunc(list, func(m *crm.Member) bool { return !m.DisabledAt.IsZero() })
	return list, crm.Wrap("find members by e-mail", err)
}

// The bounds of what a member takes.
const (
	MaxSkills   = 50
	MaxCapacity = 10_000 // conversations
)

// SaveMember adds a member (zero id) or changes one's name, e-mail address,
// role and what it takes of conversations, or disables it (DisabledAt set) or lets it work again (zero).
//
// Whoever may not do what the member may, before or after, is Forbidden: an
// admin neither makes owners nor changes one. Disabling or demoting the last
// owner is Refused ("last_owner"), a skill that is no tag of the workspace is
// Invalid, an e-mail address that another member has is Conflict ("email_taken"), an unknown id NotFound. Who is signed in has the new role, or none,
// here at once and on other hosts within KnownFor.
func (s *Service) SaveMember(ctx context.Context, p access.Principal, m crm.Member) (*crm.Member, error) {
	const op = "save member"
	if err := p.Check(access.ManageMembers); err != nil {
		return nil, crm.Wrap(op, err)
	}
	s.owners.Lock()
	defer s.owners.Unlock()
	members, err := s.store.Members(ctx, p.WorkspaceID)
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	now := s.mint.Now()
	old, fresh := crm.Member{ID: crm.NewID[crm.Member](s.mint), CreatedAt: now}, m.ID.IsZero()
	if at := slices.IndexFunc(members, func(have *crm.Member) bool { return have.ID == m.ID }); at >= 0 {
		old = *members[at]
	} else if !fresh {
		return nil, crm.Wrap(op, missing("member"))
	}
	m.ID, m.WorkspaceID = old.ID, p.WorkspaceID
	if m, err = readMember(m, old, now); err != nil {
		return nil, crm.Wrap(op, err)
	}
	if err := checkMember(p, old, m, members); err != nil {
		return nil, crm.Wrap(op, err)
	}
	if err := s.checkSkills(ctx, &m, old); err != nil {
		return nil, crm.Wrap(op, err)
	}
	defer s.forget()
	if err := s.store.SaveMember(ctx, &m, s.changed(old, m, p.Actor)...); err != nil {
		return nil, crm.Wrap(op, err)
	}
	return &m, nil
}

// checkSkills refuses skills that are no tags of the workspace. One that the member
// had before its tag was deleted goes.
func (s *Service) checkSkills(ctx context.Context, m *crm.Member, old crm.Member) error {
	if len(m.Skills) == 0 {
		return nil
	}
	gone, err := s.store.MissingTags(ctx, m.WorkspaceID, m.Skills)
	if err != nil {
		return err
	}
	for _, id := range gone {
		if !slices.Contains(old.Skills, id) {
			return invalid("skills", "A skill is one of the workspace's tags; "+id.String()+" is none.")
		}
	}
	m.Skills = slices.DeleteFunc(m.Skills, func(id crm.TagID) bool { return slices.Contains(gone, id) })
	return nil
}

// readMember returns the member as it is stored, or what is wrong with it.
func readMember(m, old crm.Member, now time.Time) (crm.Member, error) {
	m.Name, m.Email, m.CreatedAt = strings.TrimSpace(m.Name), readEmail(m.Email), old.CreatedAt
	switch {
	case m.DisabledAt.IsZero():
	case old.DisabledAt.IsZero():
		m.DisabledAt = now
	default:
		m.DisabledAt = old.DisabledAt
	}
	m.Skills = slices.Compact(slices.SortedFunc(slices.Values(m.Skills), crm.TagID.Compare))
	switch {
	case len(m.Skills) > MaxSkills:
		return m, invalid("skills", "A member has at most 50 skills.")
	case m.Capacity < 0 || m.Capacity > MaxCapacity:
		return m, invalid("capacity", "A member takes up to 10000 conversations, 0 for any number.")
	}
	if !slices.Contains([]crm.Role{crm.Owner, crm.Admin, crm.Agent}, m.Role) {
		return m, invalid("role", "A role is owner, admin or member.")
	}
	if m.Email != "" {
		if err := crm.CheckEmail("email", m.Email); err != nil {
			return m, err
		}
	}
	return m, crm.CheckText("name", "The name", m.Name, 1, MaxName)
}

func readEmail(address string) string { return strings.ToLower(strings.TrimSpace(address)) }

// checkMember decides whether p may make of the old member the new one.
func checkMember(p access.Principal, old, m crm.Member, members []*crm.Member) error {
	for _, member := range []crm.Member{old, m} {
		if err := checkGrant(p, access.OfMember(&crm.Member{WorkspaceID: p.WorkspaceID, Role: member.Role})); err != nil {
			return err
		}
	}
	if m.Email != "" && slices.ContainsFunc(members, func(other *crm.Member) bool { return other.ID != m.ID && other.Email == m.Email }) {
		return &crm.Error{Op: "check member", Code: crm.Conflict, Reason: "email_taken", Msg: "Another member has this e-mail address."}
	}
	owns := func(m *crm.Member) bool { return m.Role == crm.Owner && m.DisabledAt.IsZero() }
	if !owns(&old) || owns(&m) {
		return nil
	}
	if !slices.ContainsFunc(members, func(other *crm.Member) bool { return other.ID != m.ID && owns(other) }) {
		return &crm.Error{
			Op: "check member", Code: crm.Refused, Reason: "last_owner",
			Msg: "This is the last owner. Make somebody else an owner first.",
		}
	}
	return nil
}
