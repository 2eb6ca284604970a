package directory_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/directory"
)

// link makes a link for a principal's member that must be made.
func (o *office) link(p access.Principal) string {
	o.t.Helper()
	link, err := o.SignInLink(o.t.Context(), p.WorkspaceID, p.Member)
	if err != nil {
		o.t.Fatal(err)
	}
	return string(link)
}

// signIn signs a principal's member in.
func (o *office) signIn(p access.Principal) string {
	o.t.Helper()
	token, _, err := o.SignIn(o.t.Context(), o.link(p), "")
	if err != nil {
		o.t.Fatal(err)
	}
	return string(token)
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	link := o.link(o.me)
	token, p, err := o.SignIn(t.Context(), link, "")
	if err != nil || p.Actor != o.me.Actor || p.WorkspaceID != o.me.WorkspaceID || p.Role != crm.Owner {
		t.Fatalf("the link signs in %+v, %v, want %+v", p, err, o.me)
	}
	if len(token) != 43 || len(link) != 43 || string(token) == link {
		t.Errorf("link and session are %d and %d characters of base64url, and the same: %t", len(link), len(token), string(token) == link)
	}
	if got, err := o.Session(t.Context(), string(token)); err != nil || got.Actor != o.me.Actor || got.Member != o.me.Member {
		t.Errorf("the session is %+v, %v", got, err)
	}
	if _, _, err := o.SignIn(t.Context(), link, ""); code(err) != "unauthenticated" {
		t.Errorf("the link a second time: %v", err)
	}
	o.wantUnseen(token)
	o.wantUnseen(crm.Secret(link))
}

// TestLinkWorksOnce, however many race for it.
func TestLinkWorksOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	link := o.link(o.me)
	var in, denied atomic.Int64
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			switch _, _, err := o.SignIn(t.Context(), link, ""); code(err) {
			case "ok":
				in.Add(1)
			case "unauthenticated":
				denied.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if in.Load() != 1 || denied.Load() != 7 {
		t.Errorf("of 8 who used one link %d came in and %d did not", in.Load(), denied.Load())
	}
}

func TestHowLongTheyLast(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, c := range []struct {
		name  string
		lasts time.Duration
		made  func() string
		use   func(token string) error
	}{
		{"link", directory.LinkFor, func() string { return o.link(o.me) },
			func(token string) error { _, _, err := o.SignIn(t.Context(), token, ""); return err }},
		{"session", directory.SessionFor, func() string { return o.signIn(o.me) },
			func(token string) error { _, err := o.Session(t.Context(), token); return err }},
	} {
		early, late := c.made(), c.made()
		o.clock.Advance(c.lasts - time.Millisecond)
		if err := c.use(early); err != nil {
			t.Errorf("a %s in its last millisecond: %v", c.name, err)
		}
		o.clock.Advance(time.Millisecond)
		if err := c.use(late); code(err) != "unauthenticated" {
			t.Errorf("a %s after %v: %v, want Unauthenticated", c.name, c.lasts, err)
		}
	}
	if directory.LinkFor != time.Hour || directory.SessionFor != 30*24*time.Hour {
		t.Errorf("a link lasts %v and a session %v, want an hour and 30 days", directory.LinkFor, directory.SessionFor)
	}
}

// TestTokensAreNotInterchangeable: a link is no session, a session no link, and
// neither is an API key.
func TestTokensAreNotInterchangeable(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	link, token := o.link(o.me), o.signIn(o.me)
	key := string(o.key(o.me, time.Time{}, "read").Secret)
	for name, strange := range map[string]string{"a link": link, "a key": key, "nothing": "", "a long text": strings.Repeat("x", 1<<20)} {
		if p, err := o.Session(t.Context(), strange); code(err) != "unauthenticated" || p.Can(access.ReadContacts) {
			t.Errorf("%s as a session: %+v, %v", name, p, err)
		}
	}
	for name, strange := range map[string]string{"a session": token, "a key": key, "nothing": ""} {
		if _, p, err := o.SignIn(t.Context(), strange, ""); code(err) != "unauthenticated" || p.Can(access.ReadContacts) {
			t.Errorf("%s as a link: %+v, %v", name, p, err)
		}
	}
	for name, strange := range map[string]string{"a link": link, "a session": token} {
		if p, err := o.Authenticate(t.Context(), strange); code(err) != "unauthenticated" || p.Can(access.ReadContacts) {
			t.Errorf("%s as a key: %+v, %v", name, p, err)
		}
	}
	if err := o.SignOut(t.Context(), link); err != nil {
		t.Errorf("signing a link out: %v", err)
	}
	if _, _, err := o.SignIn(t.Context(), link, ""); err != nil {
		t.Errorf("the link after all that: %v", err)
	}
	if _, err := o.Session(t.Context(), token); err != nil {
		t.Errorf("the session after all that: %v", err)
	}
}

func TestSignOut(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	one, other := o.signIn(o.me), o.signIn(o.me)
	for range 2 { // again does nothing
		if err := o.SignOut(t.Context(), one); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := o.Session(t.Context(), one); code(err) != "unauthenticated" {
		t.Errorf("a session that was ended: %v", err)
	}
	if _, err := o.Session(t.Context(), other); err != nil {
		t.Errorf("the same member's other session: %v", err)
	}
}

// TestSessionFollowsItsMember: a session is its member as it is now.
func TestSessionFollowsItsMember(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	m := o.member(o.me, crm.Member{Name: "Dewi", Role: crm.Admin})
	token, link := o.signIn(access.OfMember(m)), o.link(access.OfMember(m))
	m.Role = crm.Agent
	m = o.member(o.me, *m)
	if p, err := o.Session(t.Context(), token); err != nil || p.Role != crm.Agent {
		t.Errorf("the session of somebody demoted is %+v, %v", p, err)
	}
	m.DisabledAt = o.clock.Now()
	m = o.member(o.me, *m)
	if _, err := o.Session(t.Context(), token); code(err) != "unauthenticated" {
		t.Errorf("the session of somebody disabled: %v", err)
	}
	if _, _, err := o.SignIn(t.Context(), link, ""); code(err) != "unauthenticated" {
		t.Errorf("the link of somebody disabled: %v", err)
	}
	for name, member := range map[string]crm.MemberID{"disabled": m.ID, "unknown": {9}, "of another workspace": o.them.Member} {
		if link, err := o.SignInLink(t.Context(), o.me.WorkspaceID, member); code(err) != "not_found" || link != "" {
			t.Errorf("a link for a member that is %s: %v, %v, want NotFound", name, link, err)
		}
	}
}

// TestClaimsHoldForThoseWhoMayWork looks at many claims at once, each of which would be
// judged the same by itself: those hold whose key or session authenticates, with the
// rights that are claimed.
func TestClaimsHoldForThoseWhoMayWork(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dewi, rani := o.member(o.me, crm.Member{Name: "Dewi", Role: crm.Agent}), o.member(o.me, crm.Member{Name: "Rani", Role: crm.Agent})
	former := o.member(o.me, crm.Member{Name: "Former", Role: crm.Admin})
	secrets, tokens := map[string]string{"nonsense": "m21_nonsense"}, map[string]string{"nonsense": "nonsense"}
	for name, expires := range map[string]time.Duration{"good": 0, "revoked": 0, "of an hour": time.Hour, "of a minute": time.Minute} {
		var at time.Time
		if expires > 0 {
			at = o.clock.Now().Add(expires)
		}
		key := o.key(o.me, at, "read")
		secrets[name], tokens["the secret of a key, "+name] = string(key.Secret), string(key.Secret)
		if name == "revoked" {
			if err := o.RevokeKey(t.Context(), o.me, key.Key.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, p := range map[string]access.Principal{
		"mine": o.me, "theirs": o.them, "Dewi's": access.OfMember(dewi), "of one who was promoted": access.OfMember(rani), "of somebody disabled": access.OfMember(former), "ended": o.me,
	} {
		token := o.signIn(p)
		tokens[name], secrets["the token of a session, "+name] = token, token
		if name == "ended" {
			if err := o.SignOut(t.Context(), token); err != nil {
				t.Fatal(err)
			}
		}
	}
	tokens["a link"] = o.link(access.OfMember(dewi))
	former.DisabledAt, rani.Role = o.clock.Now(), crm.Admin
	o.member(o.me, *former)
	o.member(o.me, *rani)
	o.clock.Advance(time.Minute)
	as := []*access.Principal{
		&o.me, &o.them, {WorkspaceID: o.me.WorkspaceID, Role: crm.Agent}, {WorkspaceID: o.me.WorkspaceID, Role: crm.Admin},
		{WorkspaceID: o.me.WorkspaceID, Scopes: []string{"read"}}, {WorkspaceID: o.me.WorkspaceID, Scopes: []string{"write"}}, {WorkspaceID: o.them.WorkspaceID, Scopes: []string{"read"}},
	}
	var claims []directory.Claim
	var names []string
	var hold []bool
	judge := func(name string, claim directory.Claim, p access.Principal, err error) {
		claims, names = append(claims, claim), append(names, fmt.Sprintf("%s as %+v", name, *claim.As))
		hold = append(hold, err == nil && p.WorkspaceID == claim.As.WorkspaceID && p.Role == claim.As.Role && slices.Equal(p.Scopes, claim.As.Scopes))
	}
	for _, who := range as {
		judge("nothing", directory.Claim{As: who}, access.Principal{}, crm.Unauthenticated)
		for name, secret := range secrets {
			p, err := o.Authenticate(t.Context(), secret)
			judge(name, directory.Claim{Secret: secret, As: who}, p, err)
		}
		for name, token := range tokens {
			p, err := o.Session(t.Context(), token)
			judge(name, directory.Claim{Token: token, As: who}, p, err)
		}
	}
	fallen, err := o.Fallen(t.Context(), claims)
	if err != nil {
		t.Fatal(err)
	}
	holding := 0
	for i, name := range names {
		if slices.Contains(fallen, i) == hold[i] {
			t.Errorf("%s: it holds by itself: %t, among all: %t", name, hold[i], !hold[i])
		}
		if hold[i] {
			holding++
		}
	}
	if holding != 6 { // two keys, and the sessions of four
		t.Errorf("%d claims hold, want 6", holding)
	}
	slices.Sort(fallen)
	if len(slices.Compact(fallen)) != len(claims)-holding {
		t.Errorf("of %d claims %d hold and %d are said to have fallen", len(claims), holding, len(fallen))
	}
	if fallen, err := o.Fallen(t.Context(), nil); err != nil || len(fallen) > 0 {
		t.Errorf("of no claims have fallen %v, %v", fallen, err)
	}
}

// A member sees where it is signed in and ends one of these; a token that is renewed
// is the same place.
func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	enter := func(browser string) string {
		t.Helper()
		token, _, err := o.SignIn(t.Context(), o.link(o.me), browser)
		if err != nil {
			t.Fatal(err)
		}
		return string(token)
	}
	places := func(token string) []directory.SignedIn {
		t.Helper()
		all, err := o.Sessions(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	began := o.clock.Now()
	phone := enter("phone")
	o.clock.Advance(time.Hour)
	laptop := enter(strings.Repeat("x", crm.MaxBrowser-1) + "é\x00")
	o.link(o.me) // which is no place
	o.clock.Advance(25 * time.Hour)
	renewed, err := o.Renew(t.Context(), phone)
	if err != nil || renewed == "" {
		t.Fatalf("after a day the token is renewed to %q, %v", renewed, err)
	}
	all := places(string(renewed))
	if len(all) != 2 || all[0].Browser != "phone" || !all[0].Here || !all[0].BeganAt.Equal(began) || !all[0].SeenAt.Equal(o.clock.Now()) ||
		all[1].Browser != strings.Repeat("x", crm.MaxBrowser-1) || all[1].Here {
		t.Fatalf("the member is signed in at %+v", all)
	}
	if mine := places(laptop); len(mine) != 2 || mine[0].Here || !mine[1].Here {
		t.Errorf("seen from the other place, it is signed in at %+v", mine)
	}
	for _, key := range []string{all[1].Key, all[1].Key, "unknown"} { // the second time it has ended already
		if err := o.EndSession(t.Context(), string(renewed), key); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := o.Session(t.Context(), laptop); code(err) != "unauthenticated" {
		t.Errorf("the session that was ended: %v", err)
	}
	if left := places(string(renewed)); len(left) != 1 || !left[0].Here {
		t.Errorf("then it is signed in at %+v", left)
	}
	if _, err := o.Sessions(t.Context(), laptop); code(err) != "unauthenticated" {
		t.Errorf("who was signed out lists sessions: %v", err)
	}
}

// Nobody ends another member's session.
func TestSessionsOfOthersStay(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	mine := o.signIn(o.me)
	other, err := o.SaveMember(t.Context(), o.me, crm.Member{Name: "Other", Email: "other@example.com", Role: crm.Agent})
	if err != nil {
		t.Fatal(err)
	}
	theirs := o.signIn(access.OfMember(other))
	all, err := o.Sessions(t.Context(), theirs)
	if err != nil || len(all) != 1 {
		t.Fatalf("the other is signed in at %+v, %v", all, err)
	}
	if err := o.EndSession(t.Context(), mine, all[0].Key); err != nil {
		t.Fatal(err)
	}
	if _, err := o.Session(t.Context(), theirs); err != nil {
		t.Errorf("somebody ended another's session: %v", err)
	}
}
