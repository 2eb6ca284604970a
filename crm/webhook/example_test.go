package webhook_test

import (
	"errors"
	"fmt"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
)

func ExampleVerify() {
	body := []byte(`{"object":"whatsapp_business_account","entry":[]}`)
	_, signature := webhook.Sign(crm.Meta, "the new app secret", body)
	request := webhook.Request{Provider: crm.Meta, Hub: []string{signature}, Body: body}

	// While a secret is rotated two are good.
	secrets := []crm.Secret{"the old app secret", "the new app secret"}
	index, err := webhook.Verify(request, secrets)
	fmt.Println(index, err)

	request.Body = append(body, '\n')
	_, err = webhook.Verify(request, secrets)
	fmt.Println(errors.Is(err, crm.Unauthenticated))
	// Output:
	// 1 <nil>
	// true
}

func ExampleDecode() {
	body := []byte(`{
		"message": {
			"id": "wamid.1", "timestamp": "1790000000", "from": "6281200000001",
			"type": "text", "text": {"body": "Halo kak, masih buka?"},
			"kapso": {"direction": "inbound"}
		},
		"conversation": {"contact_name": "Sari"},
		"phone_number_id": "100000000000001"
	}`)
	facts, err := webhook.Decode(crm.Kapso, "whatsapp.message.received", body)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, fact := range facts {
		fmt.Println(fact.Kind, fact.Direction, fact.PhoneNumberID, fact.Peer.WaID, fact.Peer.Name)
		fmt.Println(fact.Message.Content.Preview())
	}
	// Output:
	// message inbound 100000000000001 6281200000001 Sari
	// Halo kak, masih buka?
}

func ExampleHandshake_Answer() {
	handshake := webhook.Handshake{Mode: "subscribe", Token: "our verify token", Challenge: "1158201444"}
	challenge, err := handshake.Answer([]crm.Secret{"our verify token"})
	fmt.Println(challenge, err)
	// Output: 1158201444 <nil>
}
