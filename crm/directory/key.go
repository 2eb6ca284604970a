package directory

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

// keyMark begins every API key, so that people and secret scanners know one
// when they see it.
const keyMark = "m21_"

// keyLen and prefixLen are the lengths of a key and of what is shown of it.
const (
	keyLen    = len(keyMark) + 43
	prefixLen = 12
)

// useNoted is how often at most the use of a key is written down.
const useNoted = time.Minute

// NewKey is a key just made. Secret is shown once and kept nowhere.
type NewKey struct {
	Key    *crm.APIKey
	Secret crm.Secret // "m21_" and 43 characters of base64url
}

// CreateKey makes an API key with at least one scope, good until expires (zero:
// for ever). A scope that allows what the principal may not do itself is
// Forbidden, one that is not known Invalid.
func (s *Service) CreateKey(ctx context.Context, p access.Principal, name string, scopes []string, expires time.Time) (*NewKey, error) {
	const op = "create key"
	if err := p.Check(access.ManageKeys); err != nil {
		return nil, crm.Wrap(op, err)
	}
	key := &crm.APIKey{
		ID: crm.NewID[crm.APIKey](s.mint), WorkspaceID: p.WorkspaceID, Name: strings.TrimSpace(name),
		Scopes: slices.Compact(slices.Sorted(slices.Values(scopes))), CreatedAt: s.mint.Now(),
	}
	if !expires.IsZero() {
		key.ExpiresAt = expires.UTC().Truncate(time.Millisecond)
	}
	if err := checkKey(key); err != nil {
		return nil, crm.Wrap(op, err)
	}
	if err := checkGrant(p, access.OfKey(key)); err != nil {
		return nil, crm.Wrap(op, err)
	}
	drawn, err := s.token()
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	secret := keyMark + drawn
	key.Prefix, key.Hash = secret[:prefixLen], hashOf(secret)
	if err := s.store.SaveKey(ctx, key); err != nil {
		return nil, crm.Wrap(op, err)
	}
	return &NewKey{Key: key, Secret: crm.Secret(secret)}, nil
}

func checkKey(k *crm.APIKey) error {
	if err := crm.CheckText("name", "The name", k.Name, 1, MaxName); err != nil {
		return err
	}
	if len(k.Scopes) == 0 {
		return invalid("scopes", "A key needs at least one scope.")
	}
	for _, scope := range k.Scopes {
		if !access.ValidScope(scope) {
			return invalid("scopes", "There is no such scope. A scope is read, write, admin or an action such as messages:send.")
		}
	}
	if !k.ExpiresAt.IsZero() && (!k.ExpiresAt.After(k.CreatedAt) || k.ExpiresAt.Year() > 9999) {
		return invalid("expires_at", "The day the key expires must lie ahead.")
	}
	return nil
}

// Keys returns the workspace's keys, oldest first, those revoked and expired
// among them.
func (s *Service) Keys(ctx context.Context, p access.Principal) ([]*crm.APIKey, error) {
	const op = "list keys"
	if err := p.Check(access.ManageKeys); err != nil {
		return nil, crm.Wrap(op, err)
	}
	list, err := s.store.Keys(ctx, p.WorkspaceID)
	return list, crm.Wrap(op, err)
}

// RevokeKey ends a key: here at once, on other hosts within KnownFor. One that is
// revoked stays so. NotFound if there is no such key.
func (s *Service) RevokeKey(ctx context.Context, p access.Principal, id crm.APIKeyID) error {
	const op = "revoke key"
	if err := p.Check(access.ManageKeys); err != nil {
		return crm.Wrap(op, err)
	}
	keys, err := s.store.Keys(ctx, p.WorkspaceID)
	if err != nil {
		return crm.Wrap(op, err)
	}
	at := slices.IndexFunc(keys, func(k *crm.APIKey) bool { return k.ID == id })
	if at < 0 {
		return crm.Wrap(op, missing("key"))
	}
	if !keys[at].RevokedAt.IsZero() {
		return nil
	}
	keys[at].RevokedAt = s.mint.Now()
	defer s.forget()
	return crm.Wrap(op, s.store.SaveKey(ctx, keys[at]))
}

// Authenticate returns the principal of a key's secret. A key that is unknown,
// revoked or expired is Unauthenticated, with the same sentence. It notes the
// use, at most once a minute.
func (s *Service) Authenticate(ctx context.Context, secret string) (access.Principal, error) {
	p, _, err := s.authenticate(ctx, secret)
	return p, err
}

// authenticate also returns when the key expires.
func (s *Service) authenticate(ctx context.Context, secret string) (access.Principal, time.Time, error) {
	const op = "authenticate key"
	denied := crm.Wrap(op, unauthenticated("This API key is not known, or no longer good."))
	if len(secret) != keyLen || !strings.HasPrefix(secret, keyMark) {
		return access.Principal{}, time.Time{}, denied
	}
	key, err := s.store.KeyByHash(ctx, hashOf(secret))
	switch {
	case crm.CodeOf(err) == crm.NotFound:
		return access.Principal{}, time.Time{}, denied
	case err != nil:
		return access.Principal{}, time.Time{}, crm.Wrap(op, err)
	case !s.good(ctx, key):
		return access.Principal{}, time.Time{}, denied
	}
	return access.OfKey(key), key.ExpiresAt, nil
}

// good reports whether a key is good, and notes its use.
func (s *Service) good(ctx context.Context, key *crm.APIKey) bool {
	now := s.mint.Now()
	if !key.Good(now) {
		return false
	}
	if s.firstUse(key, now) {
		// Whether it is noted does not decide who asks; a database that only
		// reads still authenticates.
		_ = s.store.TouchKey(ctx, key.WorkspaceID, key.ID, now)
	}
	return true
}

// firstUse reports whether a key's use is the first to be noted in a minute.
func (s *Service) firstUse(k *crm.APIKey, now time.Time) bool {
	s.using.Lock()
	defer s.using.Unlock()
	last := k.LastUsedAt
	if here := s.used[k.ID]; here.After(last) {
		last = here
	}
	if now.Sub(last) < useNoted {
		return false
	}
	s.used[k.ID] = now
	return true
}
