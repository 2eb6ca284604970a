package directory

import (
	"context"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

// How long a sign-in link and a session are good for.
const (
	LinkFor    = time.Hour
	SessionFor = 30 * 24 * time.Hour
)

// SignInLink makes a token that signs the member in once, within LinkFor. Only
// the operator calls it. A member that is not there or disabled is NotFound.
func (s *Service) SignInLink(ctx context.Context, ws crm.WorkspaceID, member crm.MemberID) (crm.Secret, error) {
	const op = "make sign-in link"
	if _, err := s.active(ctx, ws, member, missing("member at work")); err != nil {
		return "", crm.Wrap(op, err)
	}
	token, err := s.begin(ctx, crm.Session{WorkspaceID: ws, MemberID: member, Link: true}, LinkFor)
	return token, crm.Wrap(op, err)
}

// SignIn trades a link's token for a session's, good for SessionFor. A link that
// is unknown, used or expired, or whose member is disabled, is Unauthenticated.
func (s *Service) SignIn(ctx context.Context, link string) (crm.Secret, access.Principal, error) {
	const op = "sign in"
	denied := unauthenticated("This sign-in link is not known, was used, or is over. Ask for a new one.")
	found, err := s.find(ctx, link, true, denied)
	if err != nil {
		return "", access.Principal{}, crm.Wrap(op, err)
	}
	member, err := s.active(ctx, found.WorkspaceID, found.MemberID, denied)
	if err != nil {
		return "", access.Principal{}, crm.Wrap(op, err)
	}
	switch taken, err := s.store.TakeSession(ctx, found.WorkspaceID, found.Hash); {
	case err != nil:
		return "", access.Principal{}, crm.Wrap(op, err)
	case !taken:
		return "", access.Principal{}, crm.Wrap(op, denied)
	}
	token, err := s.begin(ctx, crm.Session{WorkspaceID: found.WorkspaceID, MemberID: found.MemberID, ByLink: true}, SessionFor)
	if err != nil {
		return "", access.Principal{}, crm.Wrap(op, err)
	}
	return token, access.OfMember(member), nil
}

// Session returns the principal of a session's token, as its member is now. A
// token that is unknown, ended or expired, or whose member is disabled, is
// Unauthenticated.
func (s *Service) Session(ctx context.Context, token string) (access.Principal, error) {
	p, _, err := s.session(ctx, token)
	return p, err
}

// session also returns when the session expires.
func (s *Service) session(ctx context.Context, token string) (access.Principal, time.Time, error) {
	const op = "find session"
	denied := unauthenticated("You are not signed in, or no longer.")
	found, err := s.find(ctx, token, false, denied)
	if err != nil {
		return access.Principal{}, time.Time{}, crm.Wrap(op, err)
	}
	member, err := s.active(ctx, found.WorkspaceID, found.MemberID, denied)
	if err != nil {
		return access.Principal{}, time.Time{}, crm.Wrap(op, err)
	}
	return access.OfMember(member), found.ExpiresAt, nil
}

// SignOut ends a session: here at once, on other hosts within KnownFor. One that
// is not there has ended already.
func (s *Service) SignOut(ctx context.Context, token string) error {
	const op = "sign out"
	found, err := s.find(ctx, token, false, crm.NotFound)
	switch {
	case crm.CodeOf(err) == crm.NotFound:
		return nil
	case err != nil:
		return crm.Wrap(op, err)
	}
	defer s.forget()
	_, err = s.store.TakeSession(ctx, found.WorkspaceID, found.Hash)
	return crm.Wrap(op, err)
}

// begin stores a session or link that is good for a while, and returns its
// token.
func (s *Service) begin(ctx context.Context, session crm.Session, lasts time.Duration) (crm.Secret, error) {
	token, err := s.token()
	if err != nil {
		return "", err
	}
	session.Hash, session.CreatedAt = hashOf(token), s.mint.Now()
	session.ExpiresAt = session.CreatedAt.Add(lasts)
	if err := s.store.SaveSession(ctx, &session); err != nil {
		return "", err
	}
	return crm.Secret(token), nil
}

// find returns the link or session of a token, or denied.
func (s *Service) find(ctx context.Context, token string, link bool, denied error) (*crm.Session, error) {
	found, err := s.store.SessionByHash(ctx, hashOf(token), s.mint.Now())
	switch {
	case crm.CodeOf(err) == crm.NotFound:
		return nil, denied
	case err != nil:
		return nil, err
	case found.Link != link:
		return nil, denied
	default:
		return found, nil
	}
}
