package directory_test

import (
	"context"
	"crypto/rand"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/directory"
)

// signedIn returns a token of a new agent's session.
func (o *office) signedIn() (*crm.Member, string) {
	o.t.Helper()
	m := o.member(o.me, crm.Member{Name: "Sari", Role: crm.Agent})
	link, err := o.SignInLink(o.t.Context(), o.me.WorkspaceID, m.ID)
	if err != nil {
		o.t.Fatal(err)
	}
	token, _, err := o.SignIn(o.t.Context(), string(link), "")
	if err != nil {
		o.t.Fatal(err)
	}
	return m, string(token)
}

// TestWhatIsKnownIsNoOlderThanASecond changes each thing on this host and on
// another: it counts at once here, and within KnownFor there.
func TestWhatIsKnownIsNoOlderThanASecond(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		make func(o *office) (look func(*directory.Service) string, change func(*directory.Service) error)
		was  string
		is   string
	}{
		{"a key that is revoked", func(o *office) (func(*directory.Service) string, func(*directory.Service) error) {
			key := o.key(o.me, time.Time{}, "read")
			return func(s *directory.Service) string {
					p, err := s.KnownKey(o.t.Context(), string(key.Secret))
					return code(err) + " " + string(p.Actor.Kind)
				}, func(s *directory.Service) error {
					return s.RevokeKey(o.t.Context(), o.me, key.Key.ID)
				}
		}, "ok api", "unauthenticated "},
		{"a role that is another", func(o *office) (func(*directory.Service) string, func(*directory.Service) error) {
			m, token := o.signedIn()
			return func(s *directory.Service) string {
					p, err := s.KnownSession(o.t.Context(), token)
					return code(err) + " " + string(p.Role)
				}, func(s *directory.Service) error {
					_, err := s.SaveMember(o.t.Context(), o.me, crm.Member{ID: m.ID, Name: m.Name, Role: crm.Admin})
					return err
				}
		}, "ok member", "ok admin"},
		{"a member that is disabled", func(o *office) (func(*directory.Service) string, func(*directory.Service) error) {
			m, token := o.signedIn()
			return func(s *directory.Service) string {
					p, err := s.KnownSession(o.t.Context(), token)
					return code(err) + " " + string(p.Role)
				}, func(s *directory.Service) error {
					_, err := s.SaveMember(o.t.Context(), o.me, crm.Member{ID: m.ID, Name: m.Name, Role: m.Role, DisabledAt: o.clock.Now()})
					return err
				}
		}, "ok member", "unauthenticated "},
		{"a session that is ended", func(o *office) (func(*directory.Service) string, func(*directory.Service) error) {
			_, token := o.signedIn()
			return func(s *directory.Service) string {
				p, err := s.KnownSession(o.t.Context(), token)
				return code(err) + " " + string(p.Role)
			}, func(s *directory.Service) error { return s.SignOut(o.t.Context(), token) }
		}, "ok member", "unauthenticated "},
		{"a workspace that moves", func(o *office) (func(*directory.Service) string, func(*directory.Service) error) {
			return func(s *directory.Service) string {
					w, err := s.KnownWorkspace(o.t.Context(), o.me.WorkspaceID)
					if err != nil {
						return code(err)
					}
					defer func() { w.Region = "XX" }() // it is the caller's own
					return w.Region
				}, func(s *directory.Service) error {
					_, err := s.EditWorkspace(o.t.Context(), o.me, crm.Workspace{Region: "AU"})
					return err
				}
		}, "ID", "AU"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := newOffice(t)
			look, change := c.make(o)
			other := o.host()
			want := func(when string, s *directory.Service, want string) {
				t.Helper()
				if got := look(s); got != want {
					t.Errorf("%s: %q, want %q", when, got, want)
				}
			}
			want("before, here", o.Service, c.was)
			want("before, there", other, c.was)
			if err := change(o.Service); err != nil {
				t.Fatal(err)
			}
			want("at once, here", o.Service, c.is)
			o.clock.Advance(directory.KnownFor - time.Millisecond)
			want("within a second, there", other, c.was)
			o.clock.Advance(time.Millisecond)
			want("after a second, there", other, c.is)
		})
	}
}

// TestKnownKeyExpires: a memory is no longer good than what it remembers.
func TestKnownKeyExpires(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	key := o.key(o.me, o.clock.Now().Add(time.Hour), "read")
	o.clock.Advance(time.Hour - 10*time.Millisecond)
	if _, err := o.KnownKey(t.Context(), string(key.Secret)); err != nil {
		t.Fatal(err)
	}
	o.clock.Advance(10 * time.Millisecond)
	if _, err := o.KnownKey(t.Context(), string(key.Secret)); code(err) != "unauthenticated" {
		t.Errorf("a key that expired while it was known: %v", err)
	}
	if _, err := o.KnownSession(t.Context(), string(o.key(o.me, time.Time{}, "read").Secret)); code(err) != "unauthenticated" {
		t.Errorf("a key in the place of a session: %v", err)
	}
}

// slowKeys holds the first look-up of a key, after its answer was read, until it
// is told to go on.
type slowKeys struct {
	directory.Store
	held         *sync.Once
	read, answer chan struct{}
}

func (s slowKeys) KeyByHash(ctx context.Context, hash [32]byte) (*crm.APIKey, error) {
	key, err := s.Store.KeyByHash(ctx, hash)
	s.held.Do(func() {
		close(s.read)
		<-s.answer
	})
	return key, err
}

// TestChangeDuringALookUp: what was read before a change and came after it is
// not remembered.
func TestChangeDuringALookUp(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	key := o.key(o.me, time.Time{}, "read")
	slow := slowKeys{o.store, new(sync.Once), make(chan struct{}), make(chan struct{})}
	s := directory.New(slow, o.mint, rand.Reader)
	var looking sync.WaitGroup
	var before error
	looking.Go(func() { _, before = s.KnownKey(t.Context(), string(key.Secret)) })
	<-slow.read
	revoked := s.RevokeKey(t.Context(), o.me, key.Key.ID)
	close(slow.answer)
	looking.Wait()
	if revoked != nil || before != nil {
		t.Errorf("revoking: %v; the look-up that began before: %v", revoked, before)
	}
	if _, err := s.KnownKey(t.Context(), string(key.Secret)); code(err) != "unauthenticated" {
		t.Errorf("a revoked key whose look-up had begun before: %v", err)
	}
}
