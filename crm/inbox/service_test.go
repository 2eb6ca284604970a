package inbox_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/chacha"
	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/adapters/sqlite/sqlitetest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/crm/feed"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/webhook"
)

// office is a workspace with a Meta and a Kapso channel, on a store of its own.
type office struct {
	t       *testing.T
	clock   *crmtest.Clock
	mint    *crm.Mint
	store   inbox.Store
	box     *inbox.Service
	feed    *feed.Service
	dir     *directory.Service
	me      access.Principal
	channel *crm.Channel // the Meta one
	rules   int          // versions of rules that were written
	said    int          // messages that customers wrote
}

const secret = "secret-of-the-office"

func newOffice(t *testing.T) *office {
	t.Helper()
	sealer, err := chacha.New(chacha.NewKey())
	must(t, err)
	store, err := sqlite.Open(t.Context(), sqlitetest.Path(t), sqlite.Options{Sealer: sealer})
	must(t, err)
	t.Cleanup(func() { must(t, store.Close()) })
	clock := crmtest.NewClock()
	mint := clock.Mint(1)
	o := &office{t: t, clock: clock, mint: mint, store: store.Inbox(), feed: feed.New(store.Feed()),
		dir: directory.New(store.Directory(), mint, rand.NewChaCha8([32]byte{2}))}
	o.box = inbox.New(o.store, o.dir, mint)
	o.me = o.workspace("Toko Contoh")
	o.channel = o.open(o.me, crm.Meta, "100", secret)
	o.open(o.me, crm.Kapso, "200", secret+"-kapso")
	return o
}

func (o *office) workspace(name string) access.Principal {
	o.t.Helper()
	_, owner, err := o.dir.CreateWorkspace(o.t.Context(), crm.Workspace{Name: name, Region: "ID", TimeZone: "Asia/Jakarta", Locale: "id"}, crm.Member{Name: "Owner", Email: "owner@example.com"})
	must(o.t, err)
	return access.OfMember(owner)
}

func (o *office) open(p access.Principal, provider crm.Provider, number, secret string) *crm.Channel {
	o.t.Helper()
	ch, err := o.dir.SaveChannel(o.t.Context(), p, crm.Channel{Provider: provider, PhoneNumberID: number, BusinessAccountID: "9" + number,
		Name: number, Credentials: crm.Credentials{Token: "token", WebhookSecrets: []crm.Secret{crm.Secret(secret)}}})
	must(o.t, err)
	return ch
}

// text is a Meta webhook of one text message.
func (o *office) text(number, from, id, body string) string {
	return fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"9100","changes":[{"field":"messages","value":{"messaging_product":"whatsapp",`+
		`"metadata":{"display_phone_number":"15550000001","phone_number_id":%q},"contacts":[{"profile":{"name":"Ani"},"wa_id":%q}],`+
		`"messages":[{"from":%q,"id":%q,"timestamp":"%d","type":"text","text":{"body":%q}}]}}]}]}`,
		number, from, from, id, o.clock.Now().Unix(), body)
}

func (o *office) status(id, word, opaque string) string {
	return fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"9100","changes":[{"field":"messages","value":{"messaging_product":"whatsapp",`+
		`"metadata":{"display_phone_number":"15550000001","phone_number_id":"100"},`+
		`"statuses":[{"id":%q,"status":%q,"timestamp":"%d","recipient_id":"6281200000001","biz_opaque_callback_data":%q}]}}]}]}`,
		id, word, o.clock.Now().Unix(), opaque)
}

func (o *office) receive(body string) (inbox.Receipt, error) {
	_, value := webhook.Sign(crm.Meta, secret, []byte(body))
	return o.box.Receive(o.t.Context(), webhook.Request{Provider: crm.Meta, Hub: []string{value}, Body: []byte(body)})
}

// hears receives a body that must be taken.
func (o *office) hears(body string) inbox.Receipt {
	o.t.Helper()
	receipt, err := o.receive(body)
	must(o.t, err)
	return receipt
}

func (o *office) list(q inbox.ConversationQuery) []*crm.Conversation {
	o.t.Helper()
	list, err := o.box.Conversations(o.t.Context(), o.me, q)
	must(o.t, err)
	return list
}

// only returns the one conversation there is.
func (o *office) only() *crm.Conversation {
	o.t.Helper()
	list := o.list(inbox.ConversationQuery{})
	if len(list) != 1 {
		o.t.Fatalf("the inbox has %d conversations, want 1", len(list))
	}
	return list[0]
}

func (o *office) thread() []*crm.Message {
	o.t.Helper()
	list, err := o.box.Messages(o.t.Context(), o.me, inbox.MessageQuery{ConversationID: o.only().ID})
	must(o.t, err)
	return list
}

func (o *office) facts() []crm.Fact {
	o.t.Helper()
	page, err := o.feed.After(o.t.Context(), o.me, 0, 1000)
	must(o.t, err)
	return page.Facts
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, code crm.Code) {
	t.Helper()
	if !errors.Is(err, code) {
		t.Errorf("error is %v, want %s", err, code)
	}
}

func wantReason(t *testing.T, err error, reason string) {
	t.Helper()
	var e *crm.Error
	if !errors.As(err, &e) || e.Reason != reason {
		t.Errorf("error is %v, want reason %s", err, reason)
	}
}

func TestReceiveMakesContactConversationAndMessage(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	receipt := o.hears(o.text("100", "6281200000001", "wamid.1", "Halo, masih buka?"))
	if receipt.Verdict != crm.DeliveryApplied || receipt.Facts != 1 || receipt.Applied != 1 {
		t.Errorf("receipt is %+v, want one fact, applied", receipt)
	}
	cv := o.only()
	if cv.ContactName != "Ani" || cv.ContactHandle != "+6281200000001" || cv.Unread != 1 || cv.LastMessage.Preview != "Halo, masih buka?" {
		t.Errorf("conversation is %+v", cv)
	}
	if want := o.clock.Now().Add(24 * time.Hour); !cv.WindowUntil().Equal(want) {
		t.Errorf("window is open until %v, want %v", cv.WindowUntil(), want)
	}
	var kinds []crm.FactKind
	for i, f := range o.facts() {
		kinds = append(kinds, f.Kind)
		if f.Seq != int64(i+1) {
			t.Errorf("fact %d has number %d", i+1, f.Seq)
		}
	}
	if got, want := fmt.Sprint(kinds), "[contact.created conversation.created message.received]"; got != want {
		t.Errorf("feed has %s, want %s", got, want)
	}
}

func TestReceiveIsOnce(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	body := o.text("100", "6281200000001", "wamid.1", "Halo")
	first := o.hears(body)
	facts := len(o.facts())
	second := o.hears(body)
	if second.DeliveryID != first.DeliveryID || second.Verdict != crm.DeliveryApplied {
		t.Errorf("the repeat's receipt is %+v, the first one's %+v", second, first)
	}
	o.hears(o.text("100", "6281200000001", "wamid.1", "Halo again, rebatched")) // same id, other bytes
	if n := len(o.thread()); n != 1 {
		t.Errorf("%d messages after repeats, want 1", n)
	}
	if cv := o.only(); cv.Unread != 1 {
		t.Errorf("unread is %d after repeats, want 1", cv.Unread)
	}
	if n := len(o.facts()); n != facts {
		t.Errorf("the feed grew from %d to %d facts by repeats", facts, n)
	}
	d, err := o.box.Delivery(t.Context(), o.me, first.DeliveryID)
	must(t, err)
	if d.Seen != 2 || string(d.Body) != body {
		t.Errorf("journal row was seen %d times with %d bytes, want 2 and %d", d.Seen, len(d.Body), len(body))
	}
}

func TestReceiveRefusesForgeries(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	body := []byte(o.text("100", "6281200000001", "wamid.1", "Halo"))
	_, value := webhook.Sign(crm.Meta, "another secret", body)
	_, err := o.box.Receive(t.Context(), webhook.Request{Provider: crm.Meta, Hub: []string{value}, Body: body})
	wantCode(t, err, crm.Unauthenticated)
	_, err = o.box.Receive(t.Context(), webhook.Request{Provider: crm.Meta, Body: body})
	wantCode(t, err, crm.Unauthenticated)
	if n := len(o.list(inbox.ConversationQuery{})); n != 0 {
		t.Errorf("a forgery made %d conversations", n)
	}
	log, err := o.box.Unclaimed(t.Context(), inbox.DeliveryQuery{})
	must(t, err)
	if len(log) != 0 {
		t.Errorf("a forgery is in the journal")
	}
}

// One workspace's secret signs for its own numbers only, also in a batch and
// also at replay.
func TestReceiveDoesNotTrustOneTenantsSecretForAnother(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	other := o.workspace("Other")
	o.open(other, crm.Meta, "300", "secret-of-the-other")
	mixed := fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[%s,%s]}`,
		entry(o.text("100", "6281200000001", "wamid.1", "mine")), entry(o.text("300", "6281200000001", "wamid.2", "forged")))
	receipt := o.hears(mixed)
	if receipt.Verdict != crm.DeliveryPartly || receipt.Applied != 1 {
		t.Errorf("receipt is %+v, want partly with one applied", receipt)
	}
	_, err := o.box.ReplayUnclaimed(t.Context(), receipt.DeliveryID)
	must(t, err)
	forged, err := o.box.Conversations(t.Context(), other, inbox.ConversationQuery{})
	must(t, err)
	if len(forged) != 0 {
		t.Errorf("a message signed by another tenant reached the inbox: %+v", forged[0])
	}
	if got := o.only().LastMessage.Preview; got != "mine" {
		t.Errorf("the tenant's own message is %q", got)
	}
	rows, err := o.box.Deliveries(t.Context(), o.me, inbox.DeliveryQuery{})
	must(t, err)
	if len(rows) != 1 {
		t.Fatalf("the tenant's log has %d rows, want 1", len(rows))
	}
	mine, err := o.box.Delivery(t.Context(), o.me, rows[0].ID)
	must(t, err)
	if len(mine.Body) != 0 {
		t.Error("the tenant's log shows a body that holds another's message")
	}
}

// asked counts how often every secret was asked for.
type asked struct {
	inbox.Channels
	times *int
}

func (a asked) Secrets(ctx context.Context, p crm.Provider) ([]crm.Secret, error) {
	*a.times++
	return a.Channels.Secrets(ctx, p)
}

// The secrets of the number that a body names first are tried before everybody's,
// and a body that names another's number first is as good.
func TestReceiveTriesTheLikelySecretFirst(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.open(o.workspace("Other"), crm.Meta, "300", "secret-of-the-other")
	times := 0
	o.box = inbox.New(o.store, asked{o.dir, &times}, o.mint)
	o.hears(o.text("100", "6281200000001", "wamid.1", "one"))
	if times != 0 {
		t.Errorf("every secret was asked for, and the first would have done")
	}
	for i, number := range []string{"300", "999"} {
		id := fmt.Sprintf("wamid.%d", 2+i)
		receipt := o.hears(fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[%s,%s]}`,
			entry(o.text(number, "6281200000001", id+"0", "another's")), entry(o.text("100", "6281200000001", id, "mine"))))
		if receipt.Applied != 1 || times != i+1 {
			t.Errorf("receipt is %+v after %d times, want one applied", receipt, times)
		}
	}
}

// entry cuts the one entry out of a Meta webhook.
func entry(body string) string {
	return body[len(`{"object":"whatsapp_business_account","entry":[`) : len(body)-len(`]}`)]
}

func TestReceiveKeepsWhatItCannotRead(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, err := o.receive(`{"object":`)
	wantCode(t, err, crm.Invalid)
	o.hears(o.text("999", "6281200000001", "wamid.9", "to nobody"))
	log, err := o.box.Unclaimed(t.Context(), inbox.DeliveryQuery{})
	must(t, err)
	if len(log) != 2 || log[0].Verdict != crm.DeliveryUnknown || log[1].Verdict != crm.DeliveryUnreadable {
		t.Fatalf("journal is %+v, want an unknown and an unreadable row", log)
	}
	// The number becomes ours; the replay brings the message in.
	o.open(o.me, crm.Meta, "999", secret)
	receipt, err := o.box.ReplayUnclaimed(t.Context(), log[0].ID)
	must(t, err)
	if receipt.Applied != 1 || o.only().LastMessage.Preview != "to nobody" {
		t.Errorf("replay applied %d facts", receipt.Applied)
	}
}

func TestStatusWaitsForItsMessage(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.hears(o.text("100", "6281200000001", "wamid.in", "Halo"))
	sent, err := o.box.Send(t.Context(), o.me, inbox.SendCommand{ConversationID: o.only().ID, Content: crm.Text{Body: "Buka"}})
	must(t, err)
	o.hears(o.status("wamid.out", "read", "")) // before our send returned: nobody knows the id
	if got := o.thread()[0].Status; got != crm.Queued {
		t.Errorf("a status of an unknown id moved the message to %s", got)
	}
	o.hears(o.status("wamid.out", "sent", sent.Message.ID.String())) // now the provider says whose it is
	m := o.thread()[0]
	if m.Status != crm.Read || m.ProviderID != "wamid.out" {
		t.Errorf("message is %s under %q, want read under wamid.out", m.Status, m.ProviderID)
	}
	o.hears(o.status("wamid.out", "delivered", ""))
	if got := o.thread()[0].Status; got != crm.Read {
		t.Errorf("a late status lowered the message to %s", got)
	}
	if got := o.only().LastMessage.Status; got != crm.Read {
		t.Errorf("the list shows %s, want read", got)
	}
}

func TestSend(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.hears(o.text("100", "6281200000001", "wamid.in", "Halo"))
	id := o.only().ID
	hello := inbox.SendCommand{ConversationID: id, Content: crm.Text{Body: "Selamat pagi"}, IdempotencyKey: "k", RequestHash: sha256.Sum256([]byte("a"))}
	first, err := o.box.Send(t.Context(), o.me, hello)
	must(t, err)
	again, err := o.box.Send(t.Context(), o.me, hello)
	must(t, err)
	if !again.Repeated || again.Message.ID != first.Message.ID {
		t.Errorf("the repeat is message %s repeated=%v, want %s", again.Message.ID, again.Repeated, first.Message.ID)
	}
	hello.RequestHash = sha256.Sum256([]byte("b"))
	_, err = o.box.Send(t.Context(), o.me, hello)
	wantCode(t, err, crm.Conflict)
	wantReason(t, err, "idempotency_key_reused")
	if n := len(o.thread()); n != 2 {
		t.Errorf("%d messages, want the customer's and one of ours", n)
	}
	if cv := o.only(); cv.Unread != 0 || cv.LastMessage.Status != crm.Queued {
		t.Errorf("after a reply the list shows %+v", cv)
	}
}

// WhatsApp tells times in whole seconds: an answer within the second of our
// message comes after it, in the list and in the thread.
func TestAnAnswerWithinTheSecondIsLast(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.hears(o.text("100", "6281200000001", "wamid.1", "Halo"))
	o.clock.Advance(300 * time.Millisecond)
	_, err := o.box.Send(t.Context(), o.me, inbox.SendCommand{ConversationID: o.only().ID, Content: crm.Text{Body: "Ya?"}})
	must(t, err)
	o.clock.Advance(300 * time.Millisecond)
	o.hears(o.text("100", "6281200000001", "wamid.2", "Masih buka?"))
	if got := o.only().LastMessage.Preview; got != "Masih buka?" {
		t.Errorf("the list shows %q, want the answer", got)
	}
	var thread []string
	for _, m := range o.thread() {
		thread = append(thread, m.Content.Preview())
	}
	if got := fmt.Sprint(thread); got != "[Masih buka? Ya? Halo]" {
		t.Errorf("the thread is %s, newest first", got)
	}
}

func TestSendToANumberNotYetKnown(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	template := crm.FilledTemplate{Name: "hello", Language: "id"}
	cmd := inbox.SendCommand{To: "0812-0000-0009", Region: "ID", ChannelID: o.channel.ID, Content: template}
	sent, err := o.box.Send(t.Context(), o.me, cmd)
	must(t, err)
	if got := o.only().ContactHandle; got != "+6281200000009" {
		t.Errorf("the contact's number is %q", got)
	}
	cmd.To = "+62 812 0000 0009"
	second, err := o.box.Send(t.Context(), o.me, cmd)
	must(t, err)
	if second.Message.ConversationID != sent.Message.ConversationID {
		t.Error("another spelling of the number made another conversation")
	}
	cmd.ChannelID = crm.ChannelID{}
	_, err = o.box.Send(t.Context(), o.me, cmd)
	wantReason(t, err, "bad_channel_id")
	cmd.To, cmd.ChannelID = "not a number", o.channel.ID
	_, err = o.box.Send(t.Context(), o.me, cmd)
	wantCode(t, err, crm.Invalid)
	if n := len(o.list(inbox.ConversationQuery{})); n != 1 {
		t.Errorf("%d conversations after a refused send, want 1", n)
	}
}

func TestSendObeysTheWindow(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	must(t, o.box.SyncTemplates(t.Context(), o.channel, []*crm.Template{
		{Name: "hello", Language: "id", Category: "utility", Status: "approved", Body: "Halo {{1}}"},
		{Name: "paused", Language: "id", Category: "marketing", Status: "paused"},
	}))
	o.hears(o.text("100", "6281200000001", "wamid.in", "Halo"))
	cmd := inbox.SendCommand{ConversationID: o.only().ID, Content: crm.Text{Body: "late"}}
	o.clock.Advance(24*time.Hour - time.Millisecond)
	_, err := o.box.Send(t.Context(), o.me, cmd)
	must(t, err)
	o.clock.Advance(time.Millisecond)
	_, err = o.box.Send(t.Context(), o.me, cmd)
	wantReason(t, err, crm.WindowClosed)
	var refused *inbox.RefusedError
	if !errors.As(err, &refused) || len(refused.Templates) != 1 || refused.Templates[0].Name != "hello" {
		t.Errorf("refusal is %v with %+v, want the template hello", err, refused)
	}
	cmd.Content = crm.FilledTemplate{Name: "hello", Language: "id", Components: []byte(`[{"type":"body","parameters":[{"type":"text","text":"Ani"}]}]`)}
	sent, err := o.box.Send(t.Context(), o.me, cmd)
	must(t, err)
	if got := sent.Message.Content.Preview(); got != "Halo Ani" {
		t.Errorf("the template reads %q, want its words", got)
	}
	cmd.Content = crm.FilledTemplate{Name: "paused", Language: "id"}
	_, err = o.box.Send(t.Context(), o.me, cmd)
	wantReason(t, err, "template_unusable")
}

func TestChange(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.hears(o.text("100", "6281200000001", "wamid.1", "Halo"))
	id := o.only().ID
	change := func(c inbox.Change) (*crm.Conversation, error) { return o.box.Change(t.Context(), o.me, id, c) }
	snoozed, resolved, open, strange := crm.Snoozed, crm.Resolved, crm.Open, crm.ConversationStatus("strange")
	soon, past := o.clock.Now().Add(time.Hour), o.clock.Now().Add(-time.Hour)
	stranger := crm.MemberID{15: 9}
	for name, bad := range map[string]inbox.Change{
		"unknown status":         {Status: &strange},
		"snooze without a time":  {Status: &snoozed},
		"a time without snooze":  {SnoozedUntil: &soon},
		"a time with open":       {Status: &open, SnoozedUntil: &soon},
		"snooze into the past":   {Status: &snoozed, SnoozedUntil: &past},
		"assigned to a stranger": {AssigneeID: &stranger},
	} {
		if _, err := change(bad); !errors.Is(err, crm.Invalid) && !errors.Is(err, crm.NotFound) {
			t.Errorf("%s: error is %v, want invalid or not found", name, err)
		}
	}
	before := len(o.facts())
	cv, err := change(inbox.Change{Status: &snoozed, SnoozedUntil: &soon, AssigneeID: &o.me.Member, Read: true})
	must(t, err)
	if cv.Status != crm.Snoozed || cv.AssigneeID != o.me.Member || cv.Unread != 0 {
		t.Errorf("conversation is %+v", cv)
	}
	_, err = change(inbox.Change{AssigneeID: &o.me.Member, Read: true}) // nothing new
	must(t, err)
	if n := len(o.facts()) - before; n != 1 {
		t.Errorf("two changes of which one is none made %d facts, want 1", n)
	}
	woken, err := o.box.Wake(t.Context())
	must(t, err)
	o.clock.Advance(time.Hour)
	later, err := o.box.Wake(t.Context())
	must(t, err)
	if woken != 0 || later != 1 || o.only().Status != crm.Open {
		t.Errorf("woke %d before and %d after the time, status %s", woken, later, o.only().Status)
	}
	_, err = change(inbox.Change{Status: &resolved})
	must(t, err)
	o.hears(o.text("100", "6281200000001", "wamid.2", "one more thing"))
	if got := o.only().Status; got != crm.Open {
		t.Errorf("a new message left the conversation %s", got)
	}
}

func TestAForeignConversationIsAMissingOne(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.hears(o.text("100", "6281200000001", "wamid.1", "Halo"))
	id := o.only().ID
	other := o.workspace("Other")
	_, _, err := o.box.Conversation(t.Context(), other, id)
	wantCode(t, err, crm.NotFound)
	_, err = o.box.Messages(t.Context(), other, inbox.MessageQuery{ConversationID: id})
	wantCode(t, err, crm.NotFound)
	found, err := o.box.Quoted(t.Context(), other, inbox.QuotedQuery{ConversationID: id, ChannelID: o.only().ChannelID, ProviderIDs: []string{"wamid.1"}})
	if err != nil || len(found) > 0 {
		t.Errorf("%d messages are quoted from another workspace, %v", len(found), err)
	}
	_, err = o.box.Change(t.Context(), other, id, inbox.Change{Read: true})
	wantCode(t, err, crm.NotFound)
	_, err = o.box.Send(t.Context(), other, inbox.SendCommand{ConversationID: id, Content: crm.Text{Body: "x"}})
	wantCode(t, err, crm.NotFound)
	var nobody access.Principal
	_, err = o.box.Conversations(t.Context(), nobody, inbox.ConversationQuery{})
	wantCode(t, err, crm.Unauthenticated)
	_, err = o.box.Quoted(t.Context(), nobody, inbox.QuotedQuery{ConversationID: id})
	wantCode(t, err, crm.Unauthenticated)
	_, err = o.box.Quoted(t.Context(), o.me, inbox.QuotedQuery{ConversationID: id, ProviderIDs: make([]string, crm.MaxPageRows+1)})
	wantCode(t, err, crm.Invalid)
}
