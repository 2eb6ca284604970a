//go:build torture

package torture_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/chacha"
	"github.com/my21staff/my21staff/adapters/postgres"
	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/crm/feed"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/outbox"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host/gather"
	"github.com/my21staff/my21staff/host/hook"
	"github.com/my21staff/my21staff/host/sse"
	"github.com/my21staff/my21staff/host/torture"
)

// rig is the library on a real store with the harness between, as the host puts
// it, and two workspaces.
type rig struct {
	t        *testing.T
	dsn      string // of a server, a file, or "" for a database in memory
	environ  []string
	h        *torture.Harness
	store    *bunstore.Store // without the harness at its ports
	inbox    *inbox.Service
	outbox   *outbox.Service
	receiver hook.Receiver
	stream   sse.Feed
	people   *people.Service
	imports  *people.Imports
	bulks    *people.Bulks
	erasures *people.Erasures
	network  *network
	mint     *crm.Mint
	ahead    atomic.Int64 // how far the clock is ahead

	ours, theirs *crm.Channel
}

func newRig(t *testing.T, dsn string, environ ...string) *rig {
	t.Helper()
	r := &rig{t: t, dsn: dsn, environ: environ, network: &network{}}
	var err error
	r.h, err = torture.Open(environ)
	r.must(err)
	sealer, err := chacha.New(chacha.NewKey())
	r.must(err)
	if !strings.HasPrefix(dsn, "postgres") {
		r.store, err = sqlite.Open(t.Context(), dsn, sqlite.Options{Sealer: sealer, Wrap: r.h.Connector()})
	} else {
		r.store, err = postgres.Open(t.Context(), dsn, postgres.Options{Sealer: sealer, Wrap: r.h.Connector()})
	}
	r.must(err)
	t.Cleanup(func() { _ = r.store.Close() })
	mint := crm.NewMint(func() time.Time { return time.Now().Add(time.Duration(r.ahead.Load())) }, rand.Reader)
	channels := directory.New(r.store.Directory(), mint, rand.Reader)
	r.inbox = inbox.New(r.h.Inbox(r.store.Inbox()), r.h.Channels(channels), mint)
	r.receiver = r.h.Receiver(gather.New(r.inbox, uncounted{}, gather.Options{}))
	r.stream = r.h.Stream(feed.New(r.h.Feed(r.store.Feed())))
	r.mint = mint
	r.people = people.New(r.h.People(r.store.People()), mint)
	r.imports = people.NewImports(r.h.Imports(r.store.Imports()), mint)
	r.bulks = people.NewBulks(r.h.Bulks(r.store.Bulks()), mint)
	r.erasures = people.NewErasures(r.h.Erasures(r.store.Erasures()), r.store.Imports(), mint)
	r.outbox = r.newOutbox()
	r.ours, r.theirs = r.channel(channels, 1), r.channel(channels, 2)
	return r
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// newOutbox returns the outbox of a host that was just started.
func (r *rig) newOutbox() *outbox.Service {
	return outbox.New(r.h.Outbox(r.store.Outbox()), map[crm.Provider]outbox.Sender{crm.Meta: r.h.Sender(r.network)}, r.mint)
}

// channel makes a workspace with a number.
func (r *rig) channel(d *directory.Service, n int) *crm.Channel {
	ws, _, err := d.CreateWorkspace(r.t.Context(), crm.Workspace{Name: fmt.Sprint("Test ", n)}, crm.Member{Name: "Owner", Email: fmt.Sprintf("owner%d@example.com", n)})
	r.must(err)
	ch := crm.Channel{
		WorkspaceID: ws.ID, Provider: crm.Meta, PhoneNumberID: fmt.Sprint("55500000000000", n), DisplayNumber: fmt.Sprint("+62 812 0000 010", n), Name: "Meta",
		Credentials: crm.Credentials{Token: "t", VerifyToken: "v", WebhookSecrets: []crm.Secret{crm.Secret(rand.Text())}},
	}
	saved, err := d.SaveChannel(r.t.Context(), access.System(ws.ID), ch)
	r.must(err)
	ch.ID = saved.ID
	return &ch
}

// system is the principal that may do everything in the channel's workspace.
func system(ch *crm.Channel) access.Principal { return access.System(ch.WorkspaceID) }

// uncounted counts nothing.
type uncounted struct{}

// Commit implements gather.Counter.
func (uncounted) Commit(int, int, time.Duration) {}

// CommitSends implements gather.Counter.
func (uncounted) CommitSends(int, time.Duration) {}

// Panic implements gather.Counter.
func (uncounted) Panic(string) {}

// began is the time of the first message of every scenario.
const began = 1_790_000_000

// text is a message, as an item of a webhook.
func text(id string, second int) string {
	return fmt.Sprintf(`{"from":"6281200000001","id":%q,"timestamp":"%d","type":"text","text":{"body":"halo %s"}}`, id, began+second, id)
}

// body is a webhook with items of messages or statuses.
func body(ch *crm.Channel, kind string, items ...string) []byte {
	return fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"messaging_product":"whatsapp",`+
		`"metadata":{"display_phone_number":"628120000010","phone_number_id":%q},"contacts":[{"profile":{"name":"Contoh"},"wa_id":"6281200000001"}],%q:[%s]}}]}]}`,
		ch.PhoneNumberID, kind, strings.Join(items, ","))
}

// signed is a webhook's request with a signature by a channel's secret.
func signed(by *crm.Channel, text []byte) webhook.Request {
	_, value := webhook.Sign(crm.Meta, by.Credentials.WebhookSecrets[0], text)
	return webhook.Request{Provider: crm.Meta, Hub: []string{value}, Body: text}
}

// post hands messages in, and fails the test if they are not taken.
func (r *rig) post(ch *crm.Channel, items ...string) {
	r.t.Helper()
	r.must(r.receive(signed(ch, body(ch, "messages", items...))))
}

// receive hands a request in.
func (r *rig) receive(request webhook.Request) error {
	return r.receiver.Receive(r.t.Context(), request)[0].Err
}

// again is the body of a message in other bytes.
func again(item string) string { return strings.Replace(item, `{"from"`, `{ "from"`, 1) }

// messages returns what a workspace has stored, newest first.
func (r *rig) messages(ch *crm.Channel) []*crm.Message {
	r.t.Helper()
	store := r.store.Inbox()
	threads, err := store.Conversations(r.t.Context(), ch.WorkspaceID, inbox.ConversationQuery{Limit: 100})
	r.must(err)
	var all []*crm.Message
	for _, cv := range threads {
		some, err := store.Messages(r.t.Context(), ch.WorkspaceID, inbox.MessageQuery{ConversationID: cv.ID, Limit: 200})
		r.must(err)
		all = append(all, some...)
	}
	return all
}

// ids returns the provider ids of messages.
func ids(messages []*crm.Message) []string {
	var all []string
	for _, m := range messages {
		all = append(all, m.ProviderID)
	}
	return all
}

// count returns how often an id is stored.
func (r *rig) count(ch *crm.Channel, id string) int {
	r.t.Helper()
	n := 0
	for _, stored := range ids(r.messages(ch)) {
		if stored == id {
			n++
		}
	}
	return n
}

// thread returns a workspace's only conversation.
func (r *rig) thread(ch *crm.Channel) crm.ConversationID {
	r.t.Helper()
	threads, err := r.store.Inbox().Conversations(r.t.Context(), ch.WorkspaceID, inbox.ConversationQuery{Limit: 2})
	r.must(err)
	if len(threads) != 1 {
		r.t.Fatalf("there are %d conversations, want one", len(threads))
	}
	return threads[0].ID
}

// received counts what the feed tells of messages that came in.
func (r *rig) received(ch *crm.Channel) int {
	r.t.Helper()
	facts, err := r.store.Feed().Facts(r.t.Context(), ch.WorkspaceID, 0, 1000)
	r.must(err)
	return len(slices.DeleteFunc(facts, func(f crm.Fact) bool { return f.Kind != crm.MessageReceived }))
}

// send takes a message to our customer on, whose window is open.
func (r *rig) send(key string) *crm.Message {
	r.t.Helper()
	if len(r.messages(r.ours)) == 0 {
		r.post(r.ours, strings.Replace(text("opening", 0), fmt.Sprint(began), fmt.Sprint(time.Now().Unix()), 1))
	}
	sent, err := r.inbox.Send(r.t.Context(), system(r.ours), inbox.SendCommand{
		ConversationID: r.thread(r.ours), Content: crm.Text{Body: "Selamat datang"}, IdempotencyKey: key,
	})
	r.must(err)
	return sent.Message
}

// claim claims what is due.
func (r *rig) claim() []outbox.Claim {
	r.t.Helper()
	claims, err := r.outbox.Claim(r.t.Context(), 16)
	r.must(err)
	return claims
}

// work attempts what is due until nothing is.
func (r *rig) work() {
	r.t.Helper()
	for claims := r.claim(); len(claims) > 0; claims = r.claim() {
		for _, c := range claims {
			_, err := r.outbox.Attempt(r.t.Context(), c)
			r.must(err)
		}
	}
}

// status returns how far a message of ours is.
func (r *rig) status(id crm.MessageID) crm.MessageStatus {
	r.t.Helper()
	m, err := r.store.Inbox().Message(r.t.Context(), r.ours.WorkspaceID, id)
	r.must(err)
	return m.Status
}

// report hands a status report in.
func (r *rig) report(m *crm.Message, word string) {
	r.t.Helper()
	item := fmt.Sprintf(`{"id":%q,"status":%q,"timestamp":"%d","recipient_id":"6281200000001","biz_opaque_callback_data":%q}`, nameOf(m.ID), word, began, m.ID)
	r.must(r.receive(signed(r.ours, body(r.ours, "statuses", item))))
}

func nameOf(id crm.MessageID) string { return "wamid." + id.String() }

// network is a provider: it takes every message, and loses as many of its
// answers as it is told to.
type network struct {
	mu    sync.Mutex
	taken []crm.MessageID
	lose  int
}

// Send implements outbox.Sender.
func (n *network) Send(_ context.Context, _ *crm.Channel, m crm.Outgoing) (crm.Accepted, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.taken = append(n.taken, m.MessageID)
	if n.lose > 0 {
		n.lose--
		return crm.Accepted{}, &crm.SendError{Ambiguous: true}
	}
	return crm.Accepted{ProviderID: nameOf(m.MessageID)}, nil
}

// most returns how often the message that was taken most often was.
func (n *network) most() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	count := map[crm.MessageID]int{}
	most := 0
	for _, id := range n.taken {
		count[id]++
		most = max(most, count[id])
	}
	return most
}
