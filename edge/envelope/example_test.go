package envelope_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/edge/envelope"
)

func Example() {
	const current, previous = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz", "whsec_emVybyBvbmUgdHdvIHRocmVlIGZvdXIh"
	now := time.Unix(1793606400, 0)

	// The edge hands on what a provider sent, and says what of it is whose.
	parts := []envelope.Part{{
		Provider: "meta", Hub: "sha256=5e1f...", Numbers: []string{"555000000000001"}, Epoch: 7,
		Body: []byte(`{"object":"whatsapp_business_account","entry":[]}`),
	}}
	sealed, err := envelope.Seal(envelope.Key(parts), now, []string{current}, parts)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s", sealed.Payload)

	// The origin still takes the secret before.
	secrets := []string{previous, current}
	opened, err := envelope.Open(sealed, secrets, now.Add(time.Second))
	fmt.Println(len(opened), opened[0].Numbers, err)

	_, err = envelope.Open(sealed, secrets, now.Add(time.Hour))
	fmt.Println(errors.Is(err, crm.Unauthenticated))
	// Output:
	// {"provider":"meta","hub":"sha256=5e1f...","numbers":["555000000000001"],"epoch":7,"size":49}
	// {"object":"whatsapp_business_account","entry":[]}
	// 1 [555000000000001] <nil>
	// true
}
