package crm_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
)

// Ids carry the millisecond they were made in and sort by it. A program hands
// the mint time.Now and crypto/rand.Reader; a test hands it a clock of its own.
func ExampleNewID() {
	clock := crmtest.NewClock()
	mint := clock.Mint(1)
	first := crm.NewID[crm.Contact](mint)
	clock.Advance(time.Second)
	second := crm.NewID[crm.Contact](mint)
	fmt.Println(first.Time().Format(time.RFC3339), second.Time().Format(time.RFC3339))
	fmt.Println(first.String() < second.String())
	// Output:
	// 2026-11-02T08:00:00Z 2026-11-02T08:00:01Z
	// true
}

// A class is an error, so errors.Is asks for it; Msg is what a person reads.
func ExampleWrap() {
	err := crm.Wrap("show contact", &crm.Error{Op: "find contact", Code: crm.NotFound, Msg: "There is no such contact."})
	var problem *crm.Error
	fmt.Println(errors.Is(err, crm.NotFound), crm.CodeOf(err))
	if errors.As(err, &problem) {
		fmt.Println(problem.Msg)
	}
	fmt.Println(err)
	// Output:
	// true not_found
	// There is no such contact.
	// show contact: find contact: not_found: There is no such contact.
}

// Reports may come in any order: a message keeps the highest status it was told.
func ExampleMessage_Report() {
	m := &crm.Message{Direction: crm.Outbound, Status: crm.Sending}
	for _, status := range []crm.MessageStatus{crm.Read, crm.Sent, crm.Delivered} {
		fmt.Println(status, m.Report(crm.StatusReport{Status: status}), m.Status)
	}
	// Output:
	// read true read
	// sent false read
	// delivered false read
}

// Outside the 24 hours after a customer's message only a template may be sent.
func ExampleCheckSend() {
	now := crmtest.Start
	channel := &crm.Channel{}
	contact := &crm.Contact{Identities: []crm.Identity{{Kind: crm.ByPhone, Value: "+6281200000001"}}}
	thread := &crm.Conversation{LastInbound: now.Add(-23 * time.Hour)}
	fmt.Println(crm.CheckSend(channel, contact, thread, crm.Text{Body: "Halo"}, now))

	tomorrow := now.Add(24 * time.Hour)
	err := crm.CheckSend(channel, contact, thread, crm.Text{Body: "Halo"}, tomorrow)
	var refused *crm.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.Reason)
		fmt.Println(refused.Msg)
	}
	fmt.Println(crm.CheckSend(channel, contact, thread, crm.FilledTemplate{Name: "class_reminder", Language: "id"}, tomorrow))
	// Output:
	// <nil>
	// window_closed
	// The 24 hours after the customer's last message are over, so WhatsApp only allows an approved template.
	// <nil>
}

// A content is kept as JSON with its kind beside it.
func ExampleDecodeContent() {
	encoded, err := crm.EncodeContent(crm.Media{Type: crm.KindDocument, Filename: "fees.pdf", Caption: "The fees"})
	fmt.Println(string(encoded), err)
	content, err := crm.DecodeContent(crm.KindDocument, encoded)
	fmt.Println(content.Kind(), content.Preview(), err)
	// Output:
	// {"caption":"The fees","filename":"fees.pdf"} <nil>
	// document [document] The fees <nil>
}

// A secret does not show itself; who needs the text says string(s).
func ExampleSecret() {
	credentials := crm.Credentials{Token: "EAAG-example"}
	fmt.Printf("%+v\n", credentials)
	fmt.Println(len(string(credentials.Token)))
	// Output:
	// {Token:[secret] VerifyToken: WebhookSecrets:[]}
	// 12
}
