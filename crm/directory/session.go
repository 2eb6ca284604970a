package directory

import (
	"context"
	"encoding/hex"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

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

// SignIn trades a link's token for a session's, good for SessionFor, and notes what
// the browser calls itself. The first time is told of. A link that is unknown, used
// or expired, or whose member is disabled, is Unauthenticated.
func (s *Service) SignIn(ctx context.Context, link, browser string) (crm.Secret, access.Principal, error) {
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
	token, err := s.begin(ctx, crm.Session{WorkspaceID: found.WorkspaceID, MemberID: found.MemberID, ByLink: true, Browser: browser}, SessionFor)
	if err == nil {
		joined := s.told(crm.MemberJoined, member, crm.Actor{Kind: crm.ByMember, ID: member.ID.String()})
		err = s.store.Join(ctx, member.WorkspaceID, member.ID, s.mint.Now(), joined)
	}
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

// Claim is who somebody was taken for, by the secret of an API key or the token of a
// session.
type Claim struct {
	Secret string // of an API key, else
	Token  string // of a session
	As     *access.Principal
}

// Fallen returns the places, in no order, of the claims that do not hold any more: what
// they rest on does not authenticate, or it gives other rights. The store is asked once
// for each of the two kinds, however many there are.
func (s *Service) Fallen(ctx context.Context, claims []Claim) ([]int, error) {
	const op = "look at claims"
	var fallen, ofKeys, ofSessions []int // places
	for i := range claims {
		switch {
		case claims[i].Secret != "":
			ofKeys = append(ofKeys, i)
		case claims[i].Token != "":
			ofSessions = append(ofSessions, i)
		default:
			fallen = append(fallen, i)
		}
	}
	byKeys, err := s.fallenKeys(ctx, claims, ofKeys)
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	said := make([]Standing, len(ofSessions))
	for n, i := range ofSessions {
		said[n] = Standing{Hash: hashOf(claims[i].Token), WorkspaceID: claims[i].As.WorkspaceID, Role: claims[i].As.Role}
	}
	lapsed, err := s.store.Lapsed(ctx, s.mint.Now(), said)
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	for _, n := range lapsed {
		fallen = append(fallen, ofSessions[n])
	}
	return append(fallen, byKeys...), nil
}

// fallenKeys returns those of some places whose claims rest on keys and do not hold.
func (s *Service) fallenKeys(ctx context.Context, claims []Claim, places []int) (fallen []int, err error) {
	if len(places) == 0 {
		return nil, nil
	}
	hashes := make([][32]byte, len(places))
	for n, i := range places {
		hashes[n] = hashOf(claims[i].Secret)
	}
	found, err := s.store.KeysByHash(ctx, hashes...)
	if err != nil {
		return nil, err
	}
	good := make(map[[32]byte]access.Principal, len(found))
	for _, key := range found {
		if s.good(ctx, key) {
			good[key.Hash] = access.OfKey(key)
		}
	}
	for n, i := range places {
		as := claims[i].As
		if p, is := good[hashes[n]]; !is || p.WorkspaceID != as.WorkspaceID || p.Role != as.Role || !slices.Equal(p.Scopes, as.Scopes) {
			fallen = append(fallen, i)
		}
	}
	return fallen, nil
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
// token. The facts are told with it.
func (s *Service) begin(ctx context.Context, session crm.Session, lasts time.Duration, told ...crm.Fact) (crm.Secret, error) {
	token, err := s.token()
	if err != nil {
		return "", err
	}
	session.Hash, session.CreatedAt = hashOf(token), s.mint.Now()
	session.Browser = kept(session.Browser)
	if session.BeganAt.IsZero() {
		session.BeganAt = session.CreatedAt
	}
	session.ExpiresAt = session.CreatedAt.Add(lasts)
	if err := s.store.SaveSession(ctx, &session, told...); err != nil {
		return "", err
	}
	return crm.Secret(token), nil
}

// kept is what a browser calls itself, as it is kept.
func kept(browser string) string {
	browser = strings.ToValidUTF8(strings.ReplaceAll(browser, "\x00", ""), "")
	for len(browser) > crm.MaxBrowser {
		_, last := utf8.DecodeLastRuneInString(browser)
		browser = browser[:len(browser)-last]
	}
	return browser
}

// SignedIn is a place where a member is signed in.
type SignedIn struct {
	Key     string // names it to EndSession, and opens nothing
	Browser string // what it calls itself
	BeganAt time.Time
	SeenAt  time.Time // it was used then, and at most a day later
	Here    bool      // it is the session that asked
}

// Sessions returns where the member of a session's token is signed in, the one that
// was used last first. A token that is about to end because another took its place
// is left out.
func (s *Service) Sessions(ctx context.Context, token string) ([]SignedIn, error) {
	const op = "list sessions"
	here, all, err := s.sessions(ctx, token)
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	var places []SignedIn
	for _, one := range all {
		if one.ExpiresAt.Sub(s.mint.Now()) > renewGrace {
			places = append(places, SignedIn{keyOf(one), one.Browser, one.BeganAt, one.CreatedAt, one.Hash == here.Hash})
		}
	}
	return places, nil
}

// EndSession ends one of the sessions of the member of a session's token, by its
// key: here at once, on other hosts within KnownFor. One that is not there has ended
// already.
func (s *Service) EndSession(ctx context.Context, token, key string) error {
	const op = "end a session"
	_, all, err := s.sessions(ctx, token)
	if err != nil {
		return crm.Wrap(op, err)
	}
	defer s.forget()
	for _, one := range all {
		if keyOf(one) == key {
			_, err = s.store.TakeSession(ctx, one.WorkspaceID, one.Hash)
			return crm.Wrap(op, err)
		}
	}
	return nil
}

// sessions returns the session of a token and all of its member's.
func (s *Service) sessions(ctx context.Context, token string) (*crm.Session, []*crm.Session, error) {
	here, err := s.find(ctx, token, false, unauthenticated("You are not signed in, or no longer."))
	if err != nil {
		return nil, nil, err
	}
	all, err := s.store.Sessions(ctx, here.WorkspaceID, here.MemberID, s.mint.Now())
	return here, all, err
}

// keyOf names a session by part of its token's hash.
func keyOf(session *crm.Session) string { return hex.EncodeToString(session.Hash[:8]) }

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
