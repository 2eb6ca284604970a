package directory_test

import (
	"crypto/sha256"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/directory"
)

// key makes a key that must be made.
func (o *office) key(p access.Principal, expires time.Time, scopes ...string) *directory.NewKey {
	o.t.Helper()
	made, err := o.CreateKey(o.t.Context(), p, "Website form", scopes, expires)
	if err != nil {
		o.t.Fatal(err)
	}
	return made
}

func TestCreateKey(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	expires := o.clock.Now().Add(time.Hour)
	made := o.key(o.me, expires, "messages:send", "read", "messages:send")
	secret := string(made.Secret)
	if !regexp.MustCompile(`^m21_[A-Za-z0-9_-]{43}$`).MatchString(secret) {
		t.Errorf("the secret is %q, want m21_ and 43 characters of base64url", secret)
	}
	list, err := o.Keys(t.Context(), o.me)
	if err != nil || len(list) != 1 {
		t.Fatalf("the keys are %v, %v", list, err)
	}
	for _, k := range []*crm.APIKey{made.Key, list[0]} {
		if k.ID != made.Key.ID || k.WorkspaceID != o.me.WorkspaceID || k.Name != "Website form" || k.Prefix != secret[:12] ||
			k.Hash != sha256.Sum256([]byte(secret)) || !slices.Equal(k.Scopes, []string{"messages:send", "read"}) ||
			!k.CreatedAt.Equal(o.clock.Now()) || !k.ExpiresAt.Equal(expires) || !k.RevokedAt.IsZero() || !k.LastUsedAt.IsZero() {
			t.Errorf("the key is %+v", k)
		}
	}
	o.wantUnseen(made.Secret)
	if other := o.key(o.me, time.Time{}, "read"); other.Secret == made.Secret || other.Key.ID == made.Key.ID {
		t.Error("two keys are the same")
	}
	if theirs, err := o.Keys(t.Context(), o.them); err != nil || len(theirs) != 0 {
		t.Errorf("the other workspace sees the keys %v, %v", theirs, err)
	}
}

func TestCreateKeyRefuses(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	now := o.clock.Now()
	for _, c := range []struct {
		what    string
		name    string
		scopes  []string
		expires time.Time
		want    string
	}{
		{"no name", " ", []string{"read"}, time.Time{}, "invalid bad_name"},
		{"a name too long", strings.Repeat("é", directory.MaxName+1), []string{"read"}, time.Time{}, "invalid bad_name"},
		{"no scope", "Key", nil, time.Time{}, "invalid bad_scopes"},
		{"an unknown scope", "Key", []string{"read", "everything"}, time.Time{}, "invalid bad_scopes"},
		{"an empty scope", "Key", []string{""}, time.Time{}, "invalid bad_scopes"},
		{"an end that is now", "Key", []string{"read"}, now, "invalid bad_expires_at"},
		{"an end after dates", "Key", []string{"read"}, time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), "invalid bad_expires_at"},
	} {
		if made, err := o.CreateKey(t.Context(), o.me, c.name, c.scopes, c.expires); code(err) != c.want || made != nil {
			t.Errorf("%s: CreateKey = %v, %v, want %s", c.what, made, err, c.want)
		}
	}
	if list, err := o.Keys(t.Context(), o.me); err != nil || len(list) != 0 {
		t.Errorf("what was refused was made: %v, %v", list, err)
	}
}

// TestKeysGiveNoMoreThanTheirMakerHas tries every maker with every scope.
func TestKeysGiveNoMoreThanTheirMakerHas(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	makers := map[string]access.Principal{
		"owner": o.me,
		"admin": {WorkspaceID: o.me.WorkspaceID, Role: crm.Admin},
	}
	scopes := []string{access.ScopeRead, access.ScopeWrite, access.ScopeAdmin}
	for _, action := range access.Actions() {
		scopes = append(scopes, string(action))
		makers["a key for keys and "+string(action)] = access.Principal{WorkspaceID: o.me.WorkspaceID, Scopes: []string{"keys:manage", string(action)}}
	}
	for name, maker := range makers {
		for _, scope := range scopes {
			made := access.Principal{WorkspaceID: o.me.WorkspaceID, Scopes: []string{scope}}
			want := "ok"
			for _, action := range access.Actions() {
				if made.Can(action) && !maker.Can(action) {
					want = "forbidden " + string(action)
					break
				}
			}
			if _, err := o.CreateKey(t.Context(), maker, "Key", []string{scope}, time.Time{}); code(err) != want {
				t.Errorf("%s makes a key for %s: %v, want %s", name, scope, err, want)
			}
		}
	}
	agent := access.Principal{WorkspaceID: o.me.WorkspaceID, Role: crm.Agent}
	_, made := o.CreateKey(t.Context(), agent, "Key", []string{"read"}, time.Time{})
	_, listed := o.Keys(t.Context(), agent)
	revoked := o.RevokeKey(t.Context(), agent, crm.APIKeyID{1})
	for what, err := range map[string]error{"CreateKey": made, "Keys": listed, "RevokeKey": revoked} {
		if code(err) != "forbidden keys:manage" {
			t.Errorf("%s by a member: %v, want Forbidden", what, err)
		}
	}
}

func TestAuthenticate(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	made := o.key(o.me, time.Time{}, "read", "messages:send")
	p, err := o.Authenticate(t.Context(), string(made.Secret))
	want := access.OfKey(made.Key)
	if err != nil || p.WorkspaceID != want.WorkspaceID || p.Actor != want.Actor || !slices.Equal(p.Scopes, want.Scopes) || p.Role != "" {
		t.Errorf("the key acts as %+v, %v, want %+v", p, err, want)
	}
}

// TestStrangersAreAnsweredAlike: a key that is unknown, revoked or expired gets
// one answer, word for word, so that the answer tells nothing.
func TestStrangersAreAnsweredAlike(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	expiring, revoked := o.key(o.me, o.clock.Now().Add(time.Hour), "read"), o.key(o.me, time.Time{}, "read")
	good := string(o.key(o.me, time.Time{}, "read").Secret)
	o.clock.Advance(time.Hour - time.Millisecond)
	if _, err := o.Authenticate(t.Context(), string(expiring.Secret)); err != nil {
		t.Errorf("a key until its last millisecond: %v", err)
	}
	o.clock.Advance(time.Millisecond)
	if err := o.RevokeKey(t.Context(), o.me, revoked.Key.ID); err != nil {
		t.Fatal(err)
	}
	answers := make(map[string]bool)
	for name, secret := range map[string]string{
		"expired": string(expiring.Secret), "revoked": string(revoked.Secret), "empty": "", "short": "m21_", "unknown": "m21_" + strings.Repeat("A", 43),
		"another mark": "m22_" + good[4:], "too long": good + "A", "another case": "M21_" + good[4:], "a hash": string(revoked.Key.Hash[:]),
		"a prefix": revoked.Key.Prefix, "huge": strings.Repeat("m21_", 1<<18),
	} {
		p, err := o.Authenticate(t.Context(), secret)
		if code(err) != "unauthenticated" || p.Can(access.ReadContacts) {
			t.Errorf("%s: Authenticate = %+v, %v, want Unauthenticated", name, p, err)
			continue
		}
		answers[err.Error()] = true
	}
	if len(answers) != 1 {
		t.Errorf("the answers differ: %v", answers)
	}
	if _, err := o.Authenticate(t.Context(), good); err != nil {
		t.Errorf("the good key: %v", err)
	}
}

// TestUseIsNotedOnceAMinute, however many requests come at once and on however
// many hosts.
func TestUseIsNotedOnceAMinute(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	made := o.key(o.me, time.Time{}, "read")
	used := func() time.Time {
		list, err := o.Keys(t.Context(), o.me)
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		return list[0].LastUsedAt
	}
	first := o.clock.Advance(time.Hour)
	for _, step := range []struct {
		after time.Duration
		want  time.Time
	}{
		{0, first},
		{59 * time.Second, first},
		{time.Second - time.Millisecond, first},
		{time.Millisecond, first.Add(time.Minute)},
		{30 * time.Second, first.Add(time.Minute)},
		{time.Hour, first.Add(time.Hour + 90*time.Second)},
	} {
		o.clock.Advance(step.after)
		var wait sync.WaitGroup
		for range 4 {
			wait.Go(func() {
				if _, err := o.Authenticate(t.Context(), string(made.Secret)); err != nil {
					t.Error(err)
				}
			})
		}
		wait.Wait()
		if _, err := o.host().Authenticate(t.Context(), string(made.Secret)); err != nil {
			t.Error(err)
		}
		if got := used(); !got.Equal(step.want) {
			t.Errorf("%v after the first use the last one noted is %v, want %v", o.clock.Now().Sub(first), got, step.want)
		}
	}
}

func TestRevokeKey(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	made, theirs := o.key(o.me, time.Time{}, "read"), o.key(o.them, time.Time{}, "read")
	revoked := o.clock.Advance(time.Hour)
	for range 2 { // again does nothing
		if err := o.RevokeKey(t.Context(), o.me, made.Key.ID); err != nil {
			t.Fatal(err)
		}
		o.clock.Advance(time.Hour)
	}
	list, err := o.Keys(t.Context(), o.me)
	if err != nil || len(list) != 1 || !list[0].RevokedAt.Equal(revoked) || list[0].Prefix != made.Key.Prefix {
		t.Errorf("the keys are %v, %v, want one revoked at %v", list, err, revoked)
	}
	foreign, unknown := o.RevokeKey(t.Context(), o.me, theirs.Key.ID), o.RevokeKey(t.Context(), o.me, crm.APIKeyID{9})
	if code(foreign) != "not_found" || code(unknown) != "not_found" || foreign.Error() != unknown.Error() {
		t.Errorf("another workspace's key: %v, an unknown one: %v, want the same NotFound", foreign, unknown)
	}
	if _, err := o.Authenticate(t.Context(), string(theirs.Secret)); err != nil {
		t.Errorf("the other workspace's key: %v", err)
	}
}

// TestStoreDown: what is not known is not an answer.
func TestStoreDown(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	made := o.key(o.me, time.Time{}, "read")
	if err := o.close(); err != nil {
		t.Fatal(err)
	}
	_, key := o.Authenticate(t.Context(), string(made.Secret))
	_, session := o.Session(t.Context(), "token")
	_, _, link := o.SignIn(t.Context(), "token", "")
	_, channel := o.Channel(t.Context(), crm.Meta, "1")
	for name, err := range map[string]error{"Authenticate": key, "Session": session, "SignIn": link, "Channel": channel, "SignOut": o.SignOut(t.Context(), "token")} {
		switch crm.CodeOf(err) {
		case "", crm.Unauthenticated, crm.NotFound:
			t.Errorf("%s on a store that is closed: %v, want its error", name, err)
		}
	}
}
