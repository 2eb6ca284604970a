package directory_test

import (
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/directory"
)

func TestLookUps(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	a := o.channel(o.me, crm.Channel{Provider: crm.Meta, PhoneNumberID: "1001", BusinessAccountID: "2001", Credentials: crm.Credentials{
		Token: "token", VerifyToken: "word", WebhookSecrets: []crm.Secret{"shared secret", "old secret"}}})
	b := o.channel(o.them, crm.Channel{Provider: crm.Meta, PhoneNumberID: "1002", BusinessAccountID: "2001", DisabledAt: o.clock.Now(),
		Credentials: crm.Credentials{VerifyToken: "word", WebhookSecrets: []crm.Secret{"shared secret"}}})
	c := o.channel(o.me, crm.Channel{Provider: crm.Kapso, PhoneNumberID: "1001", Credentials: crm.Credentials{WebhookSecrets: []crm.Secret{"kapso secret"}}})
	for _, want := range []*crm.Channel{a, b, c} {
		got, err := o.Channel(t.Context(), want.Provider, want.PhoneNumberID)
		if err != nil || got.ID != want.ID || got.WorkspaceID != want.WorkspaceID || got.Credentials.Token != want.Credentials.Token {
			t.Errorf("the channel of %s %s is %+v, %v, want %+v", want.Provider, want.PhoneNumberID, got, err, want)
		}
	}
	for _, strange := range []struct {
		provider crm.Provider
		number   string
	}{{crm.Kapso, "1002"}, {crm.Meta, ""}, {"", "1001"}} {
		if got, err := o.Channel(t.Context(), strange.provider, strange.number); code(err) != "not_found" {
			t.Errorf("the channel of %q %q is %v, %v, want NotFound", strange.provider, strange.number, got, err)
		}
	}
	secrets, err := o.Secrets(t.Context(), crm.Meta)
	if err != nil || !slices.Equal(sorted(secrets), []string{"old secret", "shared secret"}) {
		t.Errorf("Meta's secrets are %q, %v", sorted(secrets), err)
	}
	words, err := o.VerifyTokens(t.Context(), crm.Meta)
	if err != nil || !slices.Equal(sorted(words), []string{"word"}) {
		t.Errorf("Meta's verify tokens are %q, %v", sorted(words), err)
	}
	if none, err := o.VerifyTokens(t.Context(), crm.Kapso); err != nil || len(none) != 0 {
		t.Errorf("Kapso's verify tokens are %q, %v, want none: an empty one is no token", sorted(none), err)
	}
	for account, want := range map[string]int{"2001": 2, "2002": 0, "": 0} {
		if found, err := o.Account(t.Context(), crm.Meta, account); err != nil || len(found) != want {
			t.Errorf("the account %q has the channels %v, %v, want %d", account, found, err, want)
		}
	}
	if found, err := o.Account(t.Context(), crm.Kapso, ""); err != nil || len(found) != 0 {
		t.Errorf("no account has the channels %v, %v", found, err)
	}
	if all, err := o.AllChannels(t.Context()); err != nil || len(all) != 3 {
		t.Errorf("all channels are %v, %v", all, err)
	}
}

func sorted(secrets []crm.Secret) []string {
	var texts []string
	for _, s := range secrets {
		texts = append(texts, string(s))
	}
	slices.Sort(texts)
	return texts
}

// TestAnswersAreTheCallers: who changes what a look-up returned changes nothing
// for others.
func TestAnswersAreTheCallers(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.channel(o.me, crm.Channel{Provider: crm.Meta, PhoneNumberID: "1001", BusinessAccountID: "2001", Credentials: crm.Credentials{
		VerifyToken: "word", WebhookSecrets: []crm.Secret{"the secret"}}})
	for range 2 {
		one, err := o.Channel(t.Context(), crm.Meta, "1001")
		if err != nil {
			t.Fatal(err)
		}
		account, _ := o.Account(t.Context(), crm.Meta, "2001")
		all, _ := o.AllChannels(t.Context())
		for _, c := range []*crm.Channel{one, account[0], all[0]} {
			if c.PausedReason != "" || c.Credentials.WebhookSecrets[0] != "the secret" {
				t.Fatalf("a look-up answers with what a caller made of it: %+v", c)
			}
			c.PausedReason, c.Credentials.WebhookSecrets[0] = "changed", "changed"
		}
		secrets, _ := o.Secrets(t.Context(), crm.Meta)
		words, _ := o.VerifyTokens(t.Context(), crm.Meta)
		if secrets[0] != "the secret" || words[0] != "word" {
			t.Fatal("a look-up answers with secrets a caller changed")
		}
		secrets[0], words[0] = "changed", "changed"
	}
}

// TestHowOldAnswersMayBe: a host that did not make a change sees it after
// CacheFor, or after a second when it is asked for a number it does not know;
// the host that made it sees it at once.
func TestHowOldAnswersMayBe(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	other := o.host()
	known := func(on *directory.Service, number string) bool {
		_, err := on.Channel(t.Context(), crm.Meta, number)
		if err != nil && code(err) != "not_found" {
			t.Fatal(err)
		}
		return err == nil
	}
	secret := func(on *directory.Service) string {
		secrets, err := on.Secrets(t.Context(), crm.Meta)
		if err != nil {
			t.Fatal(err)
		}
		return sorted(secrets)[0]
	}
	first := o.channel(o.me, crm.Channel{Provider: crm.Meta, PhoneNumberID: "1001", Credentials: crm.Credentials{WebhookSecrets: []crm.Secret{"old secret"}}})
	if !known(o.Service, "1001") || !known(other, "1001") {
		t.Fatal("a channel just connected is not known")
	}
	first.Credentials.WebhookSecrets = []crm.Secret{"new secret"}
	o.channel(o.me, *first)
	o.channel(o.me, crm.Channel{Provider: crm.Meta, PhoneNumberID: "1002"})
	if !known(o.Service, "1002") || secret(o.Service) != "new secret" {
		t.Error("the host that saved a channel does not see it")
	}
	o.clock.Advance(time.Second - time.Millisecond)
	if known(other, "1002") {
		t.Error("another host asks again for a strange number within a second")
	}
	if secret(other) != "old secret" {
		t.Error("another host asks again within CacheFor")
	}
	o.clock.Advance(time.Millisecond)
	if !known(other, "1002") || secret(other) != "new secret" {
		t.Error("after a second a number just connected elsewhere is not found")
	}
	first.Credentials.WebhookSecrets = []crm.Secret{"newest secret"}
	o.channel(o.me, *first)
	o.clock.Advance(directory.CacheFor - time.Millisecond)
	if secret(other) != "new secret" {
		t.Error("another host asks again before CacheFor has passed")
	}
	o.clock.Advance(time.Millisecond)
	if secret(other) != "newest secret" {
		t.Error("after CacheFor another host answers with what was")
	}
	o.channel(o.me, crm.Channel{Provider: crm.Meta, PhoneNumberID: "1003"})
	o.clock.Advance(-time.Minute)
	if !known(other, "1003") {
		t.Error("a clock that stepped back keeps an old answer")
	}
}

// TestStoreDownForAMoment: what is known stays known for CacheFor, and what is
// not is the store's error, not NotFound.
func TestStoreDownForAMoment(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.channel(o.me, crm.Channel{Provider: crm.Meta, PhoneNumberID: "1001"})
	if err := o.close(); err != nil {
		t.Fatal(err)
	}
	o.clock.Advance(directory.CacheFor - time.Millisecond)
	if _, err := o.Channel(t.Context(), crm.Meta, "1001"); err != nil {
		t.Errorf("a known number: %v", err)
	}
	if _, err := o.Channel(t.Context(), crm.Meta, "1002"); err == nil || code(err) == "not_found" {
		t.Errorf("a number that may have been connected since: %v, want the store's error", err)
	}
	o.clock.Advance(time.Millisecond)
	if _, err := o.Channel(t.Context(), crm.Meta, "1001"); err == nil || code(err) == "not_found" {
		t.Errorf("a number known too long ago: %v, want the store's error", err)
	}
}

// gated is a store whose channels are read when somebody opens the gate.
type gated struct {
	directory.Store
	asked chan struct{}
	gate  chan struct{}
	reads atomic.Int64
}

func (g *gated) AllChannels(ctx context.Context) ([]*crm.Channel, error) {
	g.reads.Add(1)
	g.asked <- struct{}{}
	<-g.gate
	return g.Store.AllChannels(ctx)
}

// TestOneAsksForAll: while one caller reads the channels the others wait for it,
// each as long as it wants to, and all share what it read.
func TestOneAsksForAll(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.channel(o.me, crm.Channel{Provider: crm.Meta, PhoneNumberID: "1001"})
	store := &gated{Store: o.store, asked: make(chan struct{}, 99), gate: make(chan struct{})}
	host := directory.New(store, o.mint, rand.Reader)
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if _, err := host.Channel(t.Context(), crm.Meta, "1001"); err != nil {
				t.Error(err)
			}
		})
	}
	<-store.asked
	impatient, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := host.Channel(impatient, crm.Meta, "1001"); code(err) != "unavailable" {
		t.Errorf("who does not wait: %v, want Unavailable", err)
	}
	close(store.gate)
	wait.Wait()
	if reads := store.reads.Load(); reads != 1 {
		t.Errorf("8 callers read the channels %d times, want once", reads)
	}
}
