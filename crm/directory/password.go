package directory

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

// Bounds of a password, in characters. There is no rule about which: length is what
// makes it hard to guess.
const (
	MinPassword = 10
	MaxPassword = 128
)

// FreshFor is how long after it signed in with a link a member may set a password
// without giving the one it had: this is how one that was forgotten is set anew.
const FreshFor = LinkFor

// maxMemberships bounds in how many workspaces a password is tried for one address:
// each try takes a noticeable part of a second.
const maxMemberships = 4

// Hasher makes of a password what may be stored, and tells whether another is the
// same. It is slow on purpose, and may be used from several goroutines.
type Hasher interface {
	Hash(password crm.Secret) (string, error)
	Matches(hash string, password crm.Secret) bool
}

// Option changes what New makes.
type Option func(*Service)

// WithPasswords lets members sign in with passwords; without it they have links
// alone.
func WithPasswords(h Hasher) Option { return func(s *Service) { s.hasher = h } }

// SignInWithPassword trades an e-mail address and a password for a session's token.
// A password is a member's, so of several workspaces with the address it is that of
// the first whose password this is. Anything wrong is the same Unauthenticated, and
// takes as long, whether the address is known or not.
func (s *Service) SignInWithPassword(ctx context.Context, email string, password crm.Secret, browser string) (crm.Secret, access.Principal, error) {
	const op = "sign in with a password"
	members, err := s.whose(ctx, email, password, 1)
	if err != nil {
		return "", access.Principal{}, crm.Wrap(op, err)
	}
	entry, err := s.enter(ctx, members[0], browser)
	return entry.Token, entry.Principal, crm.Wrap(op, err)
}

// Entry is a session that just began.
type Entry struct {
	Token     crm.Secret
	Principal access.Principal
}

// SignInEverywhere is SignInWithPassword into every workspace, the oldest
// first, in which the member with the address has this password. The address alone
// opens none: who may add members can give one of them any address.
func (s *Service) SignInEverywhere(ctx context.Context, email string, password crm.Secret, browser string) ([]Entry, error) {
	const op = "sign in everywhere"
	members, err := s.whose(ctx, email, password, maxMemberships)
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	entries := make([]Entry, len(members))
	for i, m := range members {
		if entries[i], err = s.enter(ctx, m, browser); err != nil {
			return nil, crm.Wrap(op, err)
		}
	}
	return entries, nil
}

// whose returns the members, at most so many and at least one, who have the address
// and this password; else Unauthenticated.
func (s *Service) whose(ctx context.Context, email string, password crm.Secret, most int) ([]*crm.Member, error) {
	denied := unauthenticated("The e-mail address or the password is not right.")
	if s.hasher == nil || utf8.RuneCountInString(string(password)) > MaxPassword {
		return nil, denied
	}
	members, err := s.MembersByEmail(ctx, email)
	if err != nil {
		return nil, err
	}
	var found []*crm.Member
	tried := false
	for _, m := range members[:min(len(members), maxMemberships)] {
		kept, err := s.store.Password(ctx, m.WorkspaceID, m.ID)
		if crm.CodeOf(err) == crm.NotFound {
			continue
		}
		if err != nil {
			return nil, err
		}
		tried = true
		if s.hasher.Matches(kept.Hash, password) {
			found = append(found, m)
		}
		if len(found) == most {
			break
		}
	}
	if !tried {
		_, _ = s.hasher.Hash(password)
	}
	if len(found) == 0 {
		return nil, denied
	}
	return found, nil
}

// enter begins a session of a member.
func (s *Service) enter(ctx context.Context, m *crm.Member, browser string) (Entry, error) {
	token, err := s.begin(ctx, crm.Session{WorkspaceID: m.WorkspaceID, MemberID: m.ID, Browser: browser}, SessionFor)
	return Entry{token, access.OfMember(m)}, err
}

// SetPassword gives the member that a session's token is of a new password, and
// ends its other sessions. Who has a password gives it, unless the session began
// with a link, within FreshFor. A wrong one is Refused ("wrong_password"), one that
// is too short or long Invalid.
func (s *Service) SetPassword(ctx context.Context, token string, old, fresh crm.Secret) error {
	const op = "set a password"
	denied := unauthenticated("You are not signed in, or no longer.")
	session, err := s.find(ctx, token, false, denied)
	if err != nil {
		return crm.Wrap(op, err)
	}
	m, err := s.active(ctx, session.WorkspaceID, session.MemberID, denied)
	if err != nil {
		return crm.Wrap(op, err)
	}
	if err := s.checkPassword(m, fresh); err != nil {
		return crm.Wrap(op, err)
	}
	kept, err := s.store.Password(ctx, m.WorkspaceID, m.ID)
	switch {
	case crm.CodeOf(err) == crm.NotFound:
	case err != nil:
		return crm.Wrap(op, err)
	case session.ByLink && s.mint.Now().Sub(session.CreatedAt) < FreshFor:
	case !s.hasher.Matches(kept.Hash, old):
		return &crm.Error{Op: op, Code: crm.Refused, Reason: "wrong_password", Msg: "This is not the password you have now."}
	}
	hash, err := s.hasher.Hash(fresh)
	if err != nil {
		return crm.Wrap(op, err)
	}
	if err := s.store.SavePassword(ctx, &crm.Password{WorkspaceID: m.WorkspaceID, MemberID: m.ID, Hash: hash, SetAt: s.mint.Now()}); err != nil {
		return crm.Wrap(op, err)
	}
	return crm.Wrap(op, s.endOthers(ctx, session))
}

// checkPassword returns what is wrong with a new password.
func (s *Service) checkPassword(m *crm.Member, fresh crm.Secret) error {
	n := utf8.RuneCountInString(string(fresh))
	switch {
	case s.hasher == nil:
		return &crm.Error{Op: "check password", Code: crm.Refused, Reason: "no_passwords", Msg: "Passwords are not used here."}
	case m.Email == "":
		return &crm.Error{Op: "check password", Code: crm.Refused, Reason: "no_email", Msg: "You need an e-mail address to sign in with a password."}
	case n < MinPassword:
		return invalid("password", "A password has at least 10 characters. A few words are easy to keep in mind.")
	case n > MaxPassword:
		return invalid("password", "A password has at most 128 characters.")
	case strings.EqualFold(string(fresh), m.Email):
		return invalid("password", "Your e-mail address is no password.")
	}
	return nil
}

// HasPassword reports whether a member has a password.
func (s *Service) HasPassword(ctx context.Context, p access.Principal) (bool, error) {
	_, err := s.store.Password(ctx, p.WorkspaceID, p.Member)
	if crm.CodeOf(err) == crm.NotFound {
		return false, nil
	}
	return err == nil, crm.Wrap("look for a password", err)
}

// SignOutOthers ends every session of the member that a session's token is of, and
// its links, but for that session: here at once, on other hosts within KnownFor.
func (s *Service) SignOutOthers(ctx context.Context, token string) error {
	const op = "sign out everywhere else"
	session, err := s.find(ctx, token, false, unauthenticated("You are not signed in, or no longer."))
	if err != nil {
		return crm.Wrap(op, err)
	}
	return crm.Wrap(op, s.endOthers(ctx, session))
}

func (s *Service) endOthers(ctx context.Context, but *crm.Session) error {
	defer s.forget()
	return s.store.DropSessions(ctx, but.WorkspaceID, but.MemberID, but.Hash)
}

// A session that is older than renewAfter gets a new token; the old one is good for
// renewGrace more, for what the browser asked for at the same time.
const (
	renewAfter = 24 * time.Hour
	renewGrace = time.Minute
)

// Renew gives a session that is older than a day a new token and its whole time
// again, and returns it; "" while there is no need, and for all but one of those who
// ask at once.
func (s *Service) Renew(ctx context.Context, token string) (crm.Secret, error) {
	const op = "renew a session"
	session, err := s.find(ctx, token, false, unauthenticated("You are not signed in, or no longer."))
	now := s.mint.Now()
	if err != nil || now.Sub(session.CreatedAt) < renewAfter || session.ExpiresAt.Sub(now) <= renewGrace {
		return "", crm.Wrap(op, err)
	}
	taken, err := s.store.TakeSession(ctx, session.WorkspaceID, session.Hash)
	if err != nil || !taken {
		return "", crm.Wrap(op, err)
	}
	session.ExpiresAt = now.Add(renewGrace)
	if err := s.store.SaveSession(ctx, session); err != nil {
		return "", crm.Wrap(op, err)
	}
	fresh, err := s.begin(ctx, crm.Session{WorkspaceID: session.WorkspaceID, MemberID: session.MemberID, Browser: session.Browser, BeganAt: session.BeganAt}, SessionFor)
	return fresh, crm.Wrap(op, err)
}
