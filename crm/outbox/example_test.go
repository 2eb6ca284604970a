package outbox_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/outbox"
)

// printer is a provider that prints what it is given.
type printer struct{}

func (printer) Send(_ context.Context, _ *crm.Channel, m crm.Outgoing) (crm.Accepted, error) {
	fmt.Println("to", m.To+":", m.Content.Preview())
	return crm.Accepted{ProviderID: "wamid.example"}, nil
}

// A program without goroutines of its own calls Work when it has stored a
// message, and now and then for those that wait to be tried again.
func ExampleService_Work() {
	ctx := context.Background()
	store, err := sqlite.Open(ctx, "", sqlite.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer store.Close()
	mint := crmtest.NewClock().Mint(1) // crm.NewMint(time.Now, rand.Reader) in a program
	company := storeReply(ctx, store, mint)

	out := outbox.New(store.Outbox(), map[crm.Provider]outbox.Sender{company.Channel.Provider: printer{}}, mint)
	attempts, err := out.Work(ctx)
	fmt.Println(attempts, err)
	// Output:
	// to +6281200000002: Baik, kami bantu.
	// 1 <nil>
}

// storeReply stores a company and its reply to a customer, as the inbox does.
func storeReply(ctx context.Context, store interface {
	Outbox() outbox.Store
}, mint *crm.Mint) *crmtest.Company {
	company := crmtest.NewCompany(mint)
	company.Channel.Credentials = crm.Credentials{} // the store was opened without a key to seal them
	contact := company.Contact()
	conversation := company.Conversation(contact)
	question := company.Inbound(conversation, "Halo, bisa bantu?")
	reply, job := company.Outbound(conversation, "Baik, kami bantu.")
	err := store.Outbox().Update(ctx, company.Workspace.ID, func(ctx context.Context, tx outbox.Tx) error {
		return tx.Write(ctx, &crm.Changes{
			Channels: []*crm.Channel{company.Channel}, Contacts: []*crm.Contact{contact},
			Conversations: []*crm.Conversation{conversation}, Messages: []*crm.Message{question, reply}, Jobs: []*crm.Job{job},
		})
	})
	if err != nil {
		log.Fatal(err)
	}
	return company
}

func ExampleDecide() {
	try := outbox.Try{Attempt: 3, Age: time.Minute}
	for _, err := range []*crm.SendError{
		{Status: 400, Provider: &crm.ProviderError{Code: 131056}},
		{Status: 401, Provider: &crm.ProviderError{Code: 190}},
		{Status: 502, Ambiguous: true},
	} {
		d := outbox.Decide(err, try)
		fmt.Printf("%s: %s %s\n", d.Outcome, d.Reason, d.After.Truncate(time.Second*16))
	}
	// Output:
	// retry: Too many messages were sent to this person in a short time. 16s
	// stopped: The access token is wrong or has expired. 0s
	// unknown: No answer came, so WhatsApp may or may not have the message. 0s
}
