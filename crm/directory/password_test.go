package directory_test

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/directory"
)

// quick is a hasher for tests that counts its work.
type quick struct{ times atomic.Int32 }

func (q *quick) Hash(password crm.Secret) (string, error) {
	q.times.Add(1)
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:]), nil
}

func (q *quick) Matches(hash string, password crm.Secret) bool {
	got, _ := q.Hash(password)
	return got == hash
}

const (
	email    = "owner@example.com"
	password = crm.Secret("kopi susu gula aren")
	other    = crm.Secret("teh manis dan kue")
)

// newGate returns an office whose members have addresses and may have passwords.
func newGate(t *testing.T) (*office, *quick) {
	t.Helper()
	o, q := newOffice(t), new(quick)
	o.Service = directory.New(o.store, o.mint, rand.Reader, directory.WithPasswords(q))
	for _, p := range []access.Principal{o.me, o.them} {
		members, err := o.Members(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		m := *members[0]
		m.Email = email
		if _, err := o.SaveMember(t.Context(), p, m); err != nil {
			t.Fatal(err)
		}
	}
	return o, q
}

// enter signs in with a password that must do.
func (o *office) enter(password crm.Secret) (string, access.Principal) {
	o.t.Helper()
	token, p, err := o.SignInWithPassword(o.t.Context(), " Owner@Example.com ", password, "")
	if err != nil {
		o.t.Fatal(err)
	}
	return string(token), p
}

func (o *office) set(token string, old, fresh crm.Secret) string {
	o.t.Helper()
	return code(o.SetPassword(o.t.Context(), token, old, fresh))
}

func TestPassword(t *testing.T) {
	t.Parallel()
	o, q := newGate(t)
	wrong := func(email string, password crm.Secret) {
		t.Helper()
		before := q.times.Load()
		if token, _, err := o.SignInWithPassword(t.Context(), email, password, ""); code(err) != "unauthenticated" || token != "" {
			t.Errorf("%q with a wrong password: %v", email, err)
		}
		if q.times.Load() == before {
			t.Errorf("%q with a wrong password was refused without work: who measures learns who is a member", email)
		}
	}
	wrong(email, password)
	if got := o.set(o.signIn(o.me), "", password); got != "ok" {
		t.Fatalf("setting the first password: %s", got)
	}
	token, p := o.enter(password)
	if p.WorkspaceID != o.me.WorkspaceID || p.Member != o.me.Member {
		t.Errorf("the password signs in %+v, want %+v", p, o.me)
	}
	o.wantUnseen(crm.Secret(token))
	o.wantUnseen(password)
	wrong(email, other)
	wrong("nobody@example.com", password)
	wrong("", password)

	// The same person has another password in another workspace.
	if got := o.set(o.signIn(o.them), "", other); got != "ok" {
		t.Fatalf("setting a password in another workspace: %s", got)
	}
	if _, p := o.enter(other); p.WorkspaceID != o.them.WorkspaceID {
		t.Errorf("the other password signs in to %s, want %s", p.WorkspaceID, o.them.WorkspaceID)
	}
	if _, p := o.enter(password); p.WorkspaceID != o.me.WorkspaceID {
		t.Errorf("the first password signs in to %s, want %s", p.WorkspaceID, o.me.WorkspaceID)
	}
	if _, _, err := directory.New(o.store, o.mint, rand.Reader).SignInWithPassword(t.Context(), email, password, ""); code(err) != "unauthenticated" {
		t.Errorf("where there are no passwords: %v", err)
	}
	if _, _, err := o.SignInWithPassword(t.Context(), email, crm.Secret(strings.Repeat("x", 1<<20)), ""); code(err) != "unauthenticated" {
		t.Errorf("a password of a megabyte: %v", err)
	}
}

func TestPasswordOfDisabledMember(t *testing.T) {
	t.Parallel()
	o, _ := newGate(t)
	m := o.member(o.me, crm.Member{Name: "Agent", Email: "agent@example.com", Role: crm.Agent})
	if got := o.set(o.signIn(access.OfMember(m)), "", password); got != "ok" {
		t.Fatal(got)
	}
	if _, _, err := o.SignInWithPassword(t.Context(), m.Email, password, ""); err != nil {
		t.Fatal(err)
	}
	m.DisabledAt = o.clock.Now()
	if _, err := o.SaveMember(t.Context(), o.me, *m); err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.SignInWithPassword(t.Context(), m.Email, password, ""); code(err) != "unauthenticated" {
		t.Errorf("a disabled member signs in: %v", err)
	}
}

func TestSetPassword(t *testing.T) {
	t.Parallel()
	o, _ := newGate(t)
	byLink := o.signIn(o.me)
	for fresh, want := range map[crm.Secret]string{
		"short": "invalid bad_password", crm.Secret(strings.Repeat("é", directory.MaxPassword+1)): "invalid bad_password", email: "invalid bad_password",
		crm.Secret(strings.Repeat("é", directory.MinPassword)): "ok",
	} {
		if got := o.set(byLink, "", fresh); got != want {
			t.Errorf("setting %d bytes: %q, want %q", len(fresh), got, want)
		}
	}
	if got := o.set(byLink, "", password); got != "ok" {
		t.Errorf("within the hour of a link: %s", got)
	}
	byPassword, _ := o.enter(password)
	if got := o.set(byPassword, "", other); got != "refused wrong_password" {
		t.Errorf("without the old password: %q", got)
	}
	o.clock.Advance(directory.FreshFor)
	if got := o.set(byLink, "", other); got != "refused wrong_password" {
		t.Errorf("an hour after a link: %q", got)
	}
	if got := o.set(byLink, password, other); got != "ok" {
		t.Errorf("with the old password: %q", got)
	}
	if _, err := o.Session(t.Context(), byPassword); code(err) != "unauthenticated" {
		t.Errorf("another session after the password changed: %v", err)
	}
	if _, err := o.Session(t.Context(), byLink); err != nil {
		t.Errorf("the session that changed it: %v", err)
	}
	if got := o.set("nobody's", "", other); got != "unauthenticated" {
		t.Errorf("without a session: %q", got)
	}
	if has, err := o.HasPassword(t.Context(), o.me); !has || err != nil {
		t.Errorf("HasPassword() = %v, %v", has, err)
	}
	if has, err := o.HasPassword(t.Context(), o.them); has || err != nil {
		t.Errorf("HasPassword() of the other = %v, %v", has, err)
	}
}

func TestSignOutOthers(t *testing.T) {
	t.Parallel()
	o, _ := newGate(t)
	here, there, link, theirs := o.signIn(o.me), o.signIn(o.me), o.link(o.me), o.signIn(o.them)
	if err := o.SignOutOthers(t.Context(), here); err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{here, theirs} {
		if _, err := o.Session(t.Context(), token); err != nil {
			t.Errorf("a session that stays: %v", err)
		}
	}
	if _, err := o.Session(t.Context(), there); code(err) != "unauthenticated" {
		t.Errorf("a session elsewhere: %v", err)
	}
	if _, _, err := o.SignIn(t.Context(), link, ""); code(err) != "unauthenticated" {
		t.Errorf("a link that was about: %v", err)
	}
}

func TestRenew(t *testing.T) {
	t.Parallel()
	o, _ := newGate(t)
	old := o.signIn(o.me)
	if fresh, err := o.Renew(t.Context(), old); fresh != "" || err != nil {
		t.Errorf("a new session is renewed: %v", err)
	}
	o.clock.Advance(24 * time.Hour)
	fresh, err := o.Renew(t.Context(), old)
	if err != nil || fresh == "" || string(fresh) == old {
		t.Fatalf("a session of a day is renewed as %d characters, %v", len(fresh), err)
	}
	if again, err := o.Renew(t.Context(), old); again != "" || err != nil {
		t.Errorf("a session is renewed twice: %v", err)
	}
	for _, token := range []string{old, string(fresh)} {
		if _, err := o.Session(t.Context(), token); err != nil {
			t.Errorf("right after it was renewed: %v", err)
		}
	}
	o.clock.Advance(time.Minute)
	if _, err := o.Session(t.Context(), old); code(err) != "unauthenticated" {
		t.Errorf("the old token a minute later: %v", err)
	}
	if got := o.set(string(fresh), "", password); got != "ok" {
		t.Errorf("setting a first password with a renewed session: %s", got)
	}
	if got := o.set(string(fresh), "", other); got != "refused wrong_password" {
		t.Errorf("a renewed session counts as one of a link: %q", got)
	}
	o.clock.Advance(directory.SessionFor - 2*time.Minute)
	if _, err := o.Session(t.Context(), string(fresh)); err != nil {
		t.Errorf("a renewed session has not its whole time: %v", err)
	}
}
