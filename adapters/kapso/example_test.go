package kapso_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/my21staff/my21staff/adapters/kapso"
	"github.com/my21staff/my21staff/crm"
)

// A program that was away asks for what it missed, and hands the facts to
// inbox.Service.Reconcile.
func ExampleClient_Recent() {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Println("since", r.URL.Query().Get("since"))
		_, _ = io.WriteString(w, `{"data":[{"id":"wamid.A","timestamp":"1793606400","type":"text","text":{"body":"Halo"},
			"from":"6281200000001","kapso":{"direction":"inbound"}}]}`)
	}))
	defer api.Close()

	channel := &crm.Channel{
		Provider:      crm.Kapso,
		PhoneNumberID: "647015955153740",
		BaseURL:       api.URL, // leave it empty for the real one
		Credentials:   crm.Credentials{Token: "an API key"},
	}
	away := time.Date(2026, 11, 2, 7, 30, 0, 0, time.UTC)
	facts, err := kapso.New(kapso.Options{}).Recent(context.Background(), channel, away)
	fmt.Println(len(facts), facts[0].Peer.WaID, facts[0].Message.Content.Preview(), err)
	// Output:
	// since 2026-11-02T07:30:00Z
	// 1 6281200000001 Halo <nil>
}
