package webtest_test

import (
	"net/url"
	"testing"

	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/simulator"
)

// site is a host with its simulator, and the people who use it.
type site struct {
	*hosttest.World
	tb testing.TB
}

func newSite(tb testing.TB, o hosttest.Options) *site {
	tb.Helper()
	return &site{World: hosttest.Start(tb, o), tb: tb}
}

// onBoth runs a test on the embedded database and on PostgreSQL.
func onBoth(t *testing.T, test func(t *testing.T, s *site)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, newSite(t, hosttest.Options{}))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, newSite(t, hosttest.Options{DSN: pgtest.DSN(t)}))
	})
}

// member makes a member of the team.
func (s *site) member(name string, role crm.Role) *crm.Member {
	s.tb.Helper()
	m, err := s.Host.Directory.SaveMember(s.tb.Context(), access.System(s.Workspace.ID), crm.Member{
		Name: name, Email: string(role) + "@example.com", Role: role,
	})
	if err != nil {
		s.tb.Fatal(err)
	}
	return m
}

// owner is who may do everything.
func (s *site) owner() access.Principal { return access.OfMember(s.Owner) }

// link returns the path of a new one-time link that signs a member in.
func (s *site) link(m *crm.Member) string {
	s.tb.Helper()
	token, err := s.Host.Directory.SignInLink(s.tb.Context(), s.Workspace.ID, m.ID)
	if err != nil {
		s.tb.Fatal(err)
	}
	return "/login?token=" + url.QueryEscape(string(token))
}

// signIn opens a tab in which a member is signed in, on the inbox.
func (s *site) signIn(tb testing.TB, m *crm.Member) *tab {
	tb.Helper()
	t := newTab(tb, s.URL)
	t.open(s.link(m))
	t.clickOn(`form:has([name="token"]) button`)
	t.until("the inbox is open", func() bool { return t.path() == "/inbox" })
	return t
}

// say lets a customer write to the first channel, and waits until the host has
// it.
func (s *site) say(in simulator.Inbound) {
	s.tb.Helper()
	if in.Provider == "" {
		in.Provider = crm.Kapso
	}
	s.hear(in)
	s.Settle()
}

// hear lets a customer say something without waiting for it.
func (s *site) hear(in simulator.Inbound) {
	s.tb.Helper()
	if _, err := s.Sim.Say(in); err != nil {
		s.tb.Fatal(err)
	}
}

// text is a customer's text message.
func text(customer, words string) simulator.Inbound {
	return simulator.Inbound{Chat: simulator.Chat{Provider: crm.Kapso, Customer: customer}, Text: words}
}

// phone returns the messages that a customer's phone shows, oldest first.
func (s *site) phone(customer string) []simulator.Message {
	s.tb.Helper()
	chat, err := s.Sim.Chat(simulator.Chat{Provider: crm.Kapso, Customer: customer})
	if err != nil {
		s.tb.Fatal(err)
	}
	return chat.Messages
}

// thread returns the path of a customer's conversation.
func (s *site) thread(customer string) string {
	s.tb.Helper()
	card, err := s.Host.People.ByPhone(s.tb.Context(), access.System(s.Workspace.ID), customer, "ID")
	if err != nil {
		s.tb.Fatal(err)
	}
	return "/inbox/" + card.Conversations[0].ID.String()
}
