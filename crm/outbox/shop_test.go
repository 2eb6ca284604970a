package outbox_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/adapters/sqlite/sqlitetest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/feed"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/outbox"
)

// shop is a company with one number, on a store of its own, whose messages go
// out over a network that does as it is told.
type shop struct {
	*crmtest.Company
	t       testing.TB
	clock   *crmtest.Clock
	mint    *crm.Mint
	store   outbox.Store
	inbox   inbox.Store
	feed    feed.Store
	network *network
	out     *outbox.Service
	jobs    map[crm.MessageID]*crm.Job
}

func newShop(t testing.TB) *shop {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlitetest.Path(t), sqlite.Options{})
	must(t, err)
	t.Cleanup(func() { _ = store.Close() }) // the file goes with it
	clock := crmtest.NewClock()
	mint := clock.Mint(1)
	s := &shop{
		Company: crmtest.NewCompany(mint), t: t, clock: clock, mint: mint, store: store.Outbox(), inbox: store.Inbox(), feed: store.Feed(),
		network: &network{clock: clock, taken: map[crm.MessageID]int{}}, jobs: map[crm.MessageID]*crm.Job{},
	}
	s.Channel.Credentials = crm.Credentials{} // this store has no key to seal any with
	must(t, store.Directory().SaveWorkspace(t.Context(), s.Workspace))
	must(t, store.Directory().SaveChannel(t.Context(), s.Channel))
	s.restart()
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// restart begins anew with what is stored, as a program does after a crash.
func (s *shop) restart() {
	s.out = outbox.New(s.store, map[crm.Provider]outbox.Sender{crm.Kapso: s.network}, s.mint)
}

func (s *shop) write(changes crm.Changes) {
	s.t.Helper()
	must(s.t, s.store.Update(s.t.Context(), s.Workspace.ID, func(ctx context.Context, tx outbox.Tx) error {
		return tx.Write(ctx, &changes)
	}))
}

// thread stores a conversation with a customer who has just written.
func (s *shop) thread() *crm.Conversation {
	s.t.Helper()
	ct := s.Contact()
	cv := s.Conversation(ct)
	m := s.Inbound(cv, "Halo?")
	s.write(crm.Changes{Contacts: []*crm.Contact{ct}, Conversations: []*crm.Conversation{cv}, Messages: []*crm.Message{m}})
	return cv
}

// queue stores a reply that waits to be sent.
func (s *shop) queue(cv *crm.Conversation, content crm.Content) *crm.Message {
	s.t.Helper()
	m, job := s.Outbound(cv, "")
	m.Content = content
	cv.LastMessage.Preview = content.Preview()
	s.jobs[m.ID] = job
	s.write(crm.Changes{Conversations: []*crm.Conversation{cv}, Messages: []*crm.Message{m}, Jobs: []*crm.Job{job}})
	return m
}

func (s *shop) say(cv *crm.Conversation) *crm.Message {
	s.t.Helper()
	return s.queue(cv, crm.Text{Body: "Selamat pagi"})
}

// crowd stores as many conversations, each with a reply that waits to be sent.
func (s *shop) crowd(size int) {
	s.t.Helper()
	var changes crm.Changes
	for range size {
		ct := s.Contact()
		cv := s.Conversation(ct)
		question := s.Inbound(cv, "Halo?")
		reply, job := s.Outbound(cv, "Selamat pagi")
		changes.Contacts, changes.Conversations = append(changes.Contacts, ct), append(changes.Conversations, cv)
		changes.Messages, changes.Jobs = append(changes.Messages, question, reply), append(changes.Jobs, job)
	}
	s.write(changes)
}

// change loads what is stored around a message and writes what fn makes of it.
func (s *shop) change(m *crm.Message, fn func(*outbox.State) crm.Changes) {
	s.t.Helper()
	must(s.t, s.store.Update(s.t.Context(), s.Workspace.ID, func(ctx context.Context, tx outbox.Tx) error {
		states, err := tx.Load(ctx, outbox.Ask{Job: s.jobs[m.ID]})
		if err != nil {
			return err
		}
		changes := fn(states[0])
		return tx.Write(ctx, &changes)
	}))
}

// now returns what is stored around a message.
func (s *shop) now(m *crm.Message) *outbox.State {
	s.t.Helper()
	var found *outbox.State
	s.change(m, func(state *outbox.State) crm.Changes { found = state; return crm.Changes{} })
	return found
}

// status does what the inbox does with a status report about a message whose job
// somebody holds.
func (s *shop) status(m *crm.Message, status crm.MessageStatus) {
	s.t.Helper()
	s.report(m, status, crm.Changes{})
}

// settle does what the inbox does with one about a message that nobody holds.
func (s *shop) settle(m *crm.Message, status crm.MessageStatus) {
	s.t.Helper()
	s.report(m, status, crm.Changes{Settled: []*crm.Message{m}})
}

func (s *shop) report(m *crm.Message, status crm.MessageStatus, changes crm.Changes) {
	s.t.Helper()
	s.change(m, func(state *outbox.State) crm.Changes {
		state.Message.ProviderID = s.network.name(m.ID)
		state.Message.Report(crm.StatusReport{Status: status})
		changes.Messages = []*crm.Message{state.Message}
		return changes
	})
}

// facts returns what happened, as "kind data", since the shop opened.
func (s *shop) facts() []string {
	s.t.Helper()
	found, err := s.feed.Facts(s.t.Context(), s.Workspace.ID, 0, 1000)
	must(s.t, err)
	var texts []string
	for _, f := range found {
		texts = append(texts, fmt.Sprintf("%s %s", f.Kind, f.Data))
	}
	return texts
}

// claim claims the one job that is due.
func (s *shop) claim() outbox.Claim {
	s.t.Helper()
	claims, err := s.out.Claim(s.t.Context(), 1)
	if err != nil || len(claims) != 1 {
		s.t.Fatalf("Claim = %d claims, %v, want one", len(claims), err)
	}
	return claims[0]
}

// attempt attempts a claim.
func (s *shop) attempt(c outbox.Claim) outbox.Outcome {
	s.t.Helper()
	outcome, err := s.out.Attempt(s.t.Context(), c)
	must(s.t, err)
	return outcome
}

// work does all that is due.
func (s *shop) work() int {
	s.t.Helper()
	attempts, err := s.out.Work(s.t.Context())
	must(s.t, err)
	return attempts
}

// network is a provider: it takes messages, refuses them, or takes them and
// says nothing, by what is scripted for the next ones; with nothing scripted it
// takes them.
type network struct {
	clock  *crmtest.Clock
	mu     sync.Mutex
	script []answer
	sent   []crm.Outgoing // what was taken, in order
	at     []time.Time    // and when
	taken  map[crm.MessageID]int
	calls  int
	called []time.Time // when each call came
}

// answer is what the network does with one message.
type answer struct {
	err    *crm.SendError // refused, or in doubt when ambiguous
	taken  bool           // the message is taken although err says that nobody knows
	reply  crm.Accepted
	before func() // happens while the message is under way
}

// name is the id the network gives a message.
func (*network) name(id crm.MessageID) string { return "wamid." + id.String() }

// next scripts the answers to the next messages.
func (n *network) next(answers ...answer) { n.script = append(n.script, answers...) }

// pick returns the answer to the message that comes now.
func (n *network) pick() (a answer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.calls++
	n.called = append(n.called, n.clock.Now())
	if len(n.script) > 0 {
		a, n.script = n.script[0], n.script[1:]
	}
	return a
}

// Send implements outbox.Sender.
func (n *network) Send(_ context.Context, _ *crm.Channel, m crm.Outgoing) (crm.Accepted, error) {
	a := n.pick()
	if a.before != nil {
		a.before()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if a.err == nil || a.taken {
		n.sent, n.at = append(n.sent, m), append(n.at, n.clock.Now())
		n.taken[m.MessageID]++
	}
	if a.err != nil {
		return crm.Accepted{}, a.err
	}
	a.reply.ProviderID = n.name(m.MessageID)
	return a.reply, nil
}

var lost = answer{err: &crm.SendError{Ambiguous: true, Err: context.DeadlineExceeded}, taken: true}

func refusal(code int) answer { return answer{err: coded(code)} }

const (
	second = time.Second
	minute = time.Minute
	hour   = time.Hour
)
