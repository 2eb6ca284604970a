package meta_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	"github.com/my21staff/my21staff/adapters/meta"
	"github.com/my21staff/my21staff/crm"
)

func ExampleClient_Send() {
	cloud := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println(r.Method, r.URL.Path)
		_, _ = io.WriteString(w, `{"contacts":[{"wa_id":"6281200000001"}],"messages":[{"id":"wamid.A"}]}`)
	}))
	defer cloud.Close()

	channel := &crm.Channel{
		Provider:      crm.Meta,
		PhoneNumberID: "106540352242922",
		BaseURL:       cloud.URL, // leave it empty for the real one
		Credentials:   crm.Credentials{Token: "an access token"},
	}
	accepted, err := meta.New(meta.Options{}).Send(context.Background(), channel, crm.Outgoing{
		To:      "+6281200000001",
		Content: crm.Text{Body: "Halo! Ada yang bisa kami bantu?"},
	})
	var failure *crm.SendError
	if errors.As(err, &failure) && failure.Ambiguous {
		fmt.Println("nobody knows: wait for a status report, do not send again")
	}
	fmt.Println(accepted.ProviderID, err)
	// Output:
	// POST /v24.0/106540352242922/messages
	// wamid.A <nil>
}
