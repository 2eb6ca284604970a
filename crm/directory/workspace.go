package directory

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

// MaxName is how many characters a name may have: of a workspace, a member, a
// key or a channel.
const MaxName = 200

// CreateWorkspace makes a workspace with its owner. What is empty of the
// workspace is as in Indonesia: Asia/Jakarta, id, ID. Only the operator calls
// it: there is no principal.
func (s *Service) CreateWorkspace(ctx context.Context, w crm.Workspace, owner crm.Member) (*crm.Workspace, *crm.Member, error) {
	const op = "create workspace"
	now := s.mint.Now()
	w.ID, w.CreatedAt = crm.NewID[crm.Workspace](s.mint), now
	w, err := readWorkspace(w, crm.Workspace{TimeZone: "Asia/Jakarta", Locale: "id", Region: "ID"})
	if err != nil {
		return nil, nil, crm.Wrap(op, err)
	}
	owner.ID, owner.WorkspaceID, owner.Role, owner.DisabledAt = crm.NewID[crm.Member](s.mint), w.ID, crm.Owner, time.Time{}
	if owner, err = readMember(owner, crm.Member{CreatedAt: now}, now); err != nil {
		return nil, nil, crm.Wrap(op, err)
	}
	if err := s.store.SaveWorkspace(ctx, &w); err != nil {
		return nil, nil, crm.Wrap(op, err)
	}
	if err := s.store.SaveMember(ctx, &owner); err != nil {
		return nil, nil, crm.Wrap(op, err)
	}
	return &w, &owner, nil
}

// Workspaces returns every workspace, oldest first. Only the operator and the
// program itself call it.
func (s *Service) Workspaces(ctx context.Context) ([]*crm.Workspace, error) {
	list, err := s.store.Workspaces(ctx)
	return list, crm.Wrap("list workspaces", err)
}

// Workspace returns a workspace, or NotFound. Whoever has a principal in it may
// see it.
func (s *Service) Workspace(ctx context.Context, id crm.WorkspaceID) (*crm.Workspace, error) {
	w, err := s.store.Workspace(ctx, id)
	return w, crm.Wrap("read workspace", err)
}

// EditWorkspace changes the principal's workspace: name, time zone, locale and
// region; what is empty stays as it is. Another workspace's id is NotFound.
func (s *Service) EditWorkspace(ctx context.Context, p access.Principal, w crm.Workspace) (*crm.Workspace, error) {
	const op = "edit workspace"
	if err := p.Check(access.ManageWorkspace); err != nil {
		return nil, crm.Wrap(op, err)
	}
	if !w.ID.IsZero() && w.ID != p.WorkspaceID {
		return nil, crm.Wrap(op, missing("workspace"))
	}
	old, err := s.store.Workspace(ctx, p.WorkspaceID)
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	w.ID, w.CreatedAt = old.ID, old.CreatedAt
	if w, err = readWorkspace(w, *old); err != nil {
		return nil, crm.Wrap(op, err)
	}
	defer s.forget()
	if err := s.store.SaveWorkspace(ctx, &w); err != nil {
		return nil, crm.Wrap(op, err)
	}
	return &w, nil
}

// readWorkspace returns the workspace as it is stored, with what is empty taken
// from old, or what is wrong with it.
func readWorkspace(w, old crm.Workspace) (crm.Workspace, error) {
	w.Name = cmp.Or(strings.TrimSpace(w.Name), old.Name)
	w.TimeZone = cmp.Or(w.TimeZone, old.TimeZone)
	w.Locale = cmp.Or(w.Locale, old.Locale)
	w.Region = strings.ToUpper(cmp.Or(w.Region, old.Region))
	switch {
	case !isTimeZone(w.TimeZone):
		return w, invalid("time_zone", "A time zone is UTC or a name such as Asia/Jakarta.")
	case w.Locale != "id" && w.Locale != "en":
		return w, invalid("locale", "The locale is id or en.")
	case len(w.Region) != 2 || !upper(w.Region):
		return w, invalid("region", "A region is the two letters of a country, such as ID.")
	default:
		return w, crm.CheckText("name", "The name", w.Name, 1, MaxName)
	}
}

// isTimeZone reports whether name has the form of an IANA time zone. Whether
// there is one, only the machine's files say, and they are not asked here.
func isTimeZone(name string) bool {
	if name == "UTC" {
		return true
	}
	parts := strings.Split(name, "/")
	for _, part := range parts {
		if part == "" || !letter(part[0]) || strings.ContainsFunc(part, func(r rune) bool {
			return r >= 0x80 || !letter(byte(r)) && (r < '0' || r > '9') && !strings.ContainsRune("_-+", r)
		}) {
			return false
		}
	}
	return (len(parts) == 2 || len(parts) == 3) && len(name) <= 64
}

func letter(b byte) bool { return b >= 'A' && b <= 'Z' || b >= 'a' && b <= 'z' }

func upper(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < 'A' || r > 'Z' })
}
