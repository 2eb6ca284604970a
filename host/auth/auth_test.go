package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/crmtest"
	crmdirectory "github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/host/auth"
	"github.com/my21staff/my21staff/host/problem"
	"github.com/my21staff/my21staff/host/request"
)

var workspace = crm.WorkspaceID{1}

// directory knows one key and one session.
type directory struct{}

func (directory) KnownKey(_ context.Context, secret string) (access.Principal, error) {
	switch secret {
	case "m21_good":
		return access.Principal{WorkspaceID: workspace, Scopes: []string{access.ScopeRead}}, nil
	case "m21_down":
		return access.Principal{}, crm.Unavailable
	}
	return access.Principal{}, &crm.Error{Code: crm.Unauthenticated}
}

func (directory) KnownSession(_ context.Context, token string) (access.Principal, error) {
	if token == "token" {
		return access.Principal{WorkspaceID: workspace, Role: crm.Agent}, nil
	}
	return access.Principal{}, &crm.Error{Code: crm.Unauthenticated}
}

func (d directory) Fallen(ctx context.Context, claims []crmdirectory.Claim) (fallen []int, err error) {
	for i, c := range claims {
		p, err := d.KnownSession(ctx, c.Token)
		if c.Secret != "" {
			p, err = d.KnownKey(ctx, c.Secret)
		}
		switch {
		case crm.CodeOf(err) == crm.Unavailable:
			return nil, err
		case err != nil || !reflect.DeepEqual(p, *c.As):
			fallen = append(fallen, i)
		}
	}
	return fallen, nil
}

// ask makes a request from an address, with headers as "Name: value".
func ask(method, from string, headers ...string) *fasthttp.RequestCtx {
	var ctx fasthttp.RequestCtx
	var req fasthttp.Request
	req.Header.SetMethod(method)
	req.SetRequestURI("http://crm.example.com/api/conversations")
	for _, header := range headers {
		name, value, _ := strings.Cut(header, ": ")
		req.Header.Add(name, value)
	}
	ctx.Init(&req, net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.MustParseAddr(from), 4000)), nil)
	return &ctx
}

func guard(clock *crmtest.Clock, o auth.Origin) *auth.Guard {
	o.Now = clock.Now
	return auth.New(directory{}, o)
}

func TestRequireKnowsKeysAndSessions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		headers []string
		want    crm.Code
	}{
		{"key", []string{"X-Api-Key: m21_good"}, ""},
		{"bearer", []string{"Authorization: Bearer m21_good"}, ""},
		{"bearer in small letters", []string{"Authorization: bearer  m21_good"}, ""},
		{"cookie", []string{"Cookie: m21_session=token"}, ""},
		{"key beside a wrong cookie", []string{"X-Api-Key: m21_good", "Cookie: m21_session=old"}, ""},
		{"nothing", nil, crm.Unauthenticated},
		{"empty key", []string{"X-Api-Key: "}, crm.Unauthenticated},
		{"wrong key", []string{"X-Api-Key: m21_bad"}, crm.Unauthenticated},
		{"wrong key beside a good cookie", []string{"X-Api-Key: m21_bad", "Cookie: m21_session=token"}, crm.Unauthenticated},
		{"other scheme", []string{"Authorization: Basic bTIxX2dvb2Q="}, crm.Unauthenticated},
		{"wrong cookie", []string{"Cookie: m21_session=old"}, crm.Unauthenticated},
		{"database down", []string{"X-Api-Key: m21_down"}, crm.Unavailable},
	} {
		ctx := ask("GET", "192.0.2.1", c.headers...)
		err := guard(crmtest.NewClock(), auth.Origin{}).Require(ctx)
		if crm.CodeOf(err) != c.want {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
		known := request.PrincipalOf(ctx).WorkspaceID == workspace && !auth.CredentialOf(ctx).IsZero()
		if known != (c.want == "") {
			t.Errorf("%s: the handlers behind are told of %+v", c.name, request.PrincipalOf(ctx))
		}
	}
}

func TestCheckFindsWhatHoldsNoMore(t *testing.T) {
	t.Parallel()
	g := guard(crmtest.NewClock(), auth.Origin{})
	reader, agent := access.Principal{WorkspaceID: workspace, Scopes: []string{access.ScopeRead}}, access.Principal{WorkspaceID: workspace, Role: crm.Agent}
	claim := func(header string, as *access.Principal) auth.Claim {
		ctx := ask("GET", "192.0.2.1", header)
		_, c, _ := g.Identify(ctx)
		return auth.Claim{Credential: c, As: as}
	}
	good := []auth.Claim{claim("X-Api-Key: m21_good", &reader), claim("Cookie: m21_session=token", &agent)}
	bad := []auth.Claim{
		claim("X-Api-Key: m21_bad", &reader), claim("Cookie: m21_session=m21_good", &reader), claim("X-Api-Key: token", &agent), {As: &agent},
		claim("X-Api-Key: m21_good", &agent), claim("Cookie: m21_session=token", &reader),
	}
	got, err := g.Check(t.Context(), []auth.Claim{bad[0], good[0], bad[1], bad[2], good[1], bad[3], bad[4], bad[5]})
	if err != nil || !reflect.DeepEqual(got, bad) {
		t.Errorf("of %d claims %d hold no more (%v), want all but the good key and the session", len(good)+len(bad), len(got), err)
	}
	if got, err := g.Check(t.Context(), []auth.Claim{good[0], claim("X-Api-Key: m21_down", &reader)}); crm.CodeOf(err) != crm.Unavailable || len(got) > 0 {
		t.Errorf("with the database down %d hold no more, %v", len(got), err)
	}
}

func TestCookieChangesNothingForAnotherSite(t *testing.T) {
	t.Parallel()
	cookie := "Cookie: m21_session=token"
	for _, c := range []struct {
		name    string
		method  string
		headers []string
		want    crm.Code
	}{
		{"reading from anywhere", "GET", []string{cookie, "Sec-Fetch-Site: cross-site"}, ""},
		{"own page", "POST", []string{cookie, "Sec-Fetch-Site: same-origin"}, ""},
		{"own page, older browser", "POST", []string{cookie, "Origin: http://crm.example.com"}, ""},
		{"other site", "POST", []string{cookie, "Sec-Fetch-Site: cross-site", "Origin: http://crm.example.com"}, crm.Forbidden},
		{"sister site", "POST", []string{cookie, "Sec-Fetch-Site: same-site"}, crm.Forbidden},
		{"other origin", "DELETE", []string{cookie, "Origin: http://evil.example.com"}, crm.Forbidden},
		{"other scheme", "PATCH", []string{cookie, "Origin: https://crm.example.com"}, crm.Forbidden},
		{"hidden origin", "POST", []string{cookie, "Origin: null"}, crm.Forbidden},
		{"says nothing", "POST", []string{cookie}, crm.Forbidden},
		{"a key may", "POST", []string{"X-Api-Key: m21_good", "Origin: http://evil.example.com"}, ""},
	} {
		err := guard(crmtest.NewClock(), auth.Origin{}).Require(ask(c.method, "192.0.2.1", c.headers...))
		if crm.CodeOf(err) != c.want {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

func TestGuessingIsLimitedByAddress(t *testing.T) {
	t.Parallel()
	clock := crmtest.NewClock()
	g := guard(clock, auth.Origin{})
	try := func(from, key string) error { return g.Require(ask("GET", from, "X-Api-Key: "+key)) }
	for i := range 20 {
		if err := try("192.0.2.1", fmt.Sprint("m21_guess", i)); crm.CodeOf(err) != crm.Unauthenticated {
			t.Fatalf("guess %d gets %v", i, err)
		}
	}
	err := try("192.0.2.1", "m21_good")
	var wait *problem.Error
	if crm.CodeOf(err) != crm.Limited || !errors.As(err, &wait) || wait.RetryAfter <= 0 || wait.RetryAfter > time.Minute {
		t.Errorf("after 20 wrong keys another try gets %v, want Limited and how long to wait", err)
	}
	if err := try("192.0.2.2", "m21_good"); err != nil {
		t.Errorf("another address is limited as well: %v", err)
	}
	clock.Advance(time.Minute)
	if err := try("192.0.2.1", "m21_good"); err != nil {
		t.Errorf("a minute later the address is still limited: %v", err)
	}
}

// A program with an old key that asks every second must not lock its office
// out.
func TestSameWrongKeyCountsOnce(t *testing.T) {
	t.Parallel()
	g := guard(crmtest.NewClock(), auth.Origin{})
	for range 100 {
		_ = g.Require(ask("GET", "192.0.2.1", "X-Api-Key: m21_old"))
	}
	if err := g.Require(ask("GET", "192.0.2.1", "X-Api-Key: m21_good")); err != nil {
		t.Errorf("a good key is refused beside an old one: %v", err)
	}
}

func TestNeighboursInAnIPv6NetworkCountAsOne(t *testing.T) {
	t.Parallel()
	g := guard(crmtest.NewClock(), auth.Origin{})
	for i := range 20 {
		_ = g.Require(ask("GET", fmt.Sprintf("2001:db8::%x", i+1), fmt.Sprint("X-Api-Key: m21_guess", i)))
	}
	if err := g.Require(ask("GET", "2001:db8::ffff", "X-Api-Key: m21_good")); crm.CodeOf(err) != crm.Limited {
		t.Errorf("guessing from one /64 is not limited: %v", err)
	}
	if err := g.Require(ask("GET", "2001:db8:0:1::1", "X-Api-Key: m21_good")); err != nil {
		t.Errorf("the next network is limited as well: %v", err)
	}
}

func TestForgottenAddressesStayBounded(t *testing.T) {
	t.Parallel()
	g := guard(crmtest.NewClock(), auth.Origin{})
	for i := range 30_000 {
		from := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		_ = g.Require(ask("GET", from.String(), "X-Api-Key: m21_bad"))
	}
	if n := g.Remembered(); n > 10_000 {
		t.Errorf("%d addresses are remembered, want 10,000 at most", n)
	}
}

func TestOriginBelievesOnlyTrustedProxies(t *testing.T) {
	t.Parallel()
	o := auth.Origin{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("::1/128")}}
	for _, c := range []struct {
		name, from   string
		headers      []string
		client, self string
	}{
		{"direct", "192.0.2.1", nil, "192.0.2.1", "http://crm.example.com"},
		{"stranger pretends", "192.0.2.1", []string{"X-Forwarded-For: 1.1.1.1", "X-Forwarded-Proto: https"}, "192.0.2.1", "http://crm.example.com"},
		{"proxy", "10.0.0.1", []string{"X-Forwarded-For: 203.0.113.7", "X-Forwarded-Proto: https"}, "203.0.113.7", "https://crm.example.com"},
		{"two proxies", "10.0.0.1", []string{"X-Forwarded-For: 203.0.113.7, 10.9.9.9"}, "203.0.113.7", "http://crm.example.com"},
		{"client adds its own", "10.0.0.1", []string{"X-Forwarded-For: 1.1.1.1, 203.0.113.7"}, "203.0.113.7", "http://crm.example.com"},
		{"nonsense", "10.0.0.1", []string{"X-Forwarded-For: me"}, "10.0.0.1", "http://crm.example.com"},
		{"mapped", "::ffff:10.0.0.1", []string{"X-Forwarded-For: ::ffff:203.0.113.7"}, "203.0.113.7", "http://crm.example.com"},
	} {
		ctx := ask("GET", c.from, c.headers...)
		if got := o.Client(ctx).String(); got != c.client {
			t.Errorf("%s: the client is %s, want %s", c.name, got, c.client)
		}
		if got := o.URL(ctx); got != c.self {
			t.Errorf("%s: we are %s, want %s", c.name, got, c.self)
		}
	}
	o.PublicURL = "https://inbox.example.com"
	if got := o.URL(ask("GET", "192.0.2.1")); got != "https://inbox.example.com" {
		t.Errorf("with a public address we are %s", got)
	}
}

func TestCookieIsNarrow(t *testing.T) {
	t.Parallel()
	g := guard(crmtest.NewClock(), auth.Origin{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.1/32")}})
	plain, secure := ask("POST", "127.0.0.1"), ask("POST", "10.0.0.1", "X-Forwarded-Proto: https")
	g.SetCookie(plain, "token")
	g.SetCookie(secure, "token")
	for _, c := range []struct {
		name string
		ctx  *fasthttp.RequestCtx
		want []string
		not  string
	}{
		{"without TLS", plain, []string{"m21_session=token", "HttpOnly", "SameSite=Lax", "path=/", "max-age=2592000"}, "secure"},
		{"behind TLS", secure, []string{"m21_session=token", "HttpOnly", "SameSite=Lax", "secure"}, "domain"},
	} {
		cookie := string(c.ctx.Response.Header.PeekCookie("m21_session"))
		for _, want := range c.want {
			if !strings.Contains(cookie, want) {
				t.Errorf("%s: the cookie %q lacks %s", c.name, cookie, want)
			}
		}
		if strings.Contains(cookie, c.not) {
			t.Errorf("%s: the cookie %q has %s", c.name, cookie, c.not)
		}
	}
	g.ClearCookie(plain)
	if cookie := string(plain.Response.Header.PeekCookie("m21_session")); !strings.Contains(cookie, "m21_session=;") || !strings.Contains(cookie, "expires=") {
		t.Errorf("signing out leaves the cookie %q", cookie)
	}
}

func TestCredentialDoesNotPrint(t *testing.T) {
	t.Parallel()
	ctx := ask("GET", "192.0.2.1", "X-Api-Key: m21_good")
	if err := guard(crmtest.NewClock(), auth.Origin{}).Require(ctx); err != nil {
		t.Fatal(err)
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if shown := fmt.Sprintf(verb, auth.CredentialOf(ctx)); strings.Contains(shown, "m21_good") {
			t.Errorf("%s shows the key: %s", verb, shown)
		}
	}
}
