package inbox_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/my21staff/my21staff/adapters/chacha"
	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/outbox"
	"github.com/my21staff/my21staff/crm/webhook"
)

// A program of your own with an inbox in it: open a store, hand it a signed
// webhook, read the inbox. Errors are left out here, not in your program.
func Example() {
	ctx, mint := context.Background(), crm.NewMint(time.Now, rand.Reader)
	sealer, _ := chacha.New(chacha.NewKey())
	store, _ := sqlite.Open(ctx, "", sqlite.Options{Sealer: sealer}) // "": in memory
	defer store.Close()

	company := directory.New(store.Directory(), mint, rand.Reader)
	_, owner, _ := company.CreateWorkspace(ctx, crm.Workspace{Name: "Toko Contoh"}, crm.Member{Name: "Sari"})
	me := access.OfMember(owner)
	company.SaveChannel(ctx, me, crm.Channel{Provider: crm.Meta, PhoneNumberID: "106540352242922",
		Credentials: crm.Credentials{WebhookSecrets: []crm.Secret{"app-secret"}}})

	box := inbox.New(store.Inbox(), company, mint)
	_, signature := webhook.Sign(crm.Meta, "app-secret", hello)
	box.Receive(ctx, webhook.Request{Provider: crm.Meta, Hub: []string{signature}, Body: hello})

	list, _ := box.Conversations(ctx, me, inbox.ConversationQuery{})
	fmt.Printf("%s: %s (%d unread)\n", list[0].ContactName, list[0].LastMessage.Preview, list[0].Unread)
	// Output: Ani: Halo, masih buka? (1 unread)
}

var hello = fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{
	"messaging_product":"whatsapp","metadata":{"display_phone_number":"15550000001","phone_number_id":"106540352242922"},
	"contacts":[{"profile":{"name":"Ani"},"wa_id":"6281200000001"}],
	"messages":[{"from":"6281200000001","id":"wamid.1","timestamp":"%d","type":"text","text":{"body":"Halo, masih buka?"}}]}}]}]}`, time.Now().Unix())

// printer is a sender that prints instead of calling WhatsApp.
type printer struct{}

func (printer) Send(_ context.Context, _ *crm.Channel, m crm.Outgoing) (crm.Accepted, error) {
	fmt.Println("to", m.To, "-", m.Content.Preview())
	return crm.Accepted{ProviderID: "wamid.2"}, nil
}

// Replying takes two steps: the inbox decides whether the message may be sent
// and promises it; the outbox keeps the promise through a sender, here one of
// our own; adapters/meta and adapters/kapso are the real ones.
func ExampleService_Send() {
	ctx, mint := context.Background(), crm.NewMint(time.Now, rand.Reader)
	box, out, me := shop(ctx, mint) // what Example makes, and an outbox with the sender
	list, _ := box.Conversations(ctx, me, inbox.ConversationQuery{})

	sent, _ := box.Send(ctx, me, inbox.SendCommand{ConversationID: list[0].ID, Content: crm.Text{Body: "Buka sampai jam 9."}})
	fmt.Println(sent.Message.Status)

	out.Work(ctx)
	m, _ := box.Message(ctx, me, sent.Message.ID)
	fmt.Println(m.Status)

	_, err := box.Send(ctx, me, inbox.SendCommand{To: "0812 0000 0002", Region: "ID", Content: crm.Text{Body: "Promo!"}})
	fmt.Println(err)
	// Output:
	// queued
	// to +6281200000001 - Buka sampai jam 9.
	// sent
	// send message: send: refused: window_never: This person has not written to you here yet, so WhatsApp only allows an approved template.
}

// shop is the program of [Example] after its first webhook.
func shop(ctx context.Context, mint *crm.Mint) (*inbox.Service, *outbox.Service, access.Principal) {
	sealer, _ := chacha.New(chacha.NewKey())
	store, _ := sqlite.Open(ctx, "", sqlite.Options{Sealer: sealer})
	company := directory.New(store.Directory(), mint, rand.Reader)
	_, owner, _ := company.CreateWorkspace(ctx, crm.Workspace{Name: "Toko Contoh"}, crm.Member{Name: "Sari"})
	me := access.OfMember(owner)
	company.SaveChannel(ctx, me, crm.Channel{Provider: crm.Meta, PhoneNumberID: "106540352242922",
		Credentials: crm.Credentials{WebhookSecrets: []crm.Secret{"app-secret"}}})
	box := inbox.New(store.Inbox(), company, mint)
	_, signature := webhook.Sign(crm.Meta, "app-secret", hello)
	box.Receive(ctx, webhook.Request{Provider: crm.Meta, Hub: []string{signature}, Body: hello})
	out := outbox.New(store.Outbox(), map[crm.Provider]outbox.Sender{crm.Meta: printer{}}, mint)
	return box, out, me
}
