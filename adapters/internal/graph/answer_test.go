package graph_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"testing"

	"github.com/my21staff/my21staff/adapters/internal/graph"
	"github.com/my21staff/my21staff/crm"
)

// canned is a transport that answers everything alike.
type canned struct {
	status int
	body   []byte
}

// RoundTrip implements http.RoundTripper.
func (c canned) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: c.status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(c.body))}, nil
}

// FuzzAnswer holds whatever a provider answers to a send against the rule that a
// message is either named by the provider, or refused below 500, or in doubt, or
// refused by a Graph error.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		`{"contacts":[{"input":"+6281200000001","wa_id":"6281200000001"}],"messages":[{"id":"wamid.A"}]}`,
		`{"messages":[{"id":"wamid.A","message_status":"held_for_quality_assessment"}]}`,
		`{"messages":[]}`, `{"messages":[{"id":7}]}`, `{"success":true}`, `[]`, `null`, ``, `{"error":{"code":2}}`,
	} {
		f.Add(200, []byte(body))
		f.Add(500, []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		client := graph.New(graph.Options{
			BaseURL: "https://provider.invalid", Version: "v24.0", HTTP: &http.Client{Transport: canned{status, body}},
			Authorize: func(http.Header, crm.Secret) {},
		})
		accepted, err := client.Send(t.Context(), &crm.Channel{PhoneNumberID: "1"}, crm.Outgoing{To: "+6281200000001", Content: crm.Text{Body: "Halo"}})
		var failure *crm.SendError
		success := status/100 == 2
		switch {
		case err == nil && (!success || accepted.ProviderID == ""):
			t.Errorf("%d %q was taken as %+v", status, body, accepted)
		case err == nil:
		case !errors.As(err, &failure):
			t.Errorf("%d %q: %v is no *crm.SendError", status, body, err)
		case success && !failure.Ambiguous:
			t.Errorf("%d %q is not in doubt: %v", status, body, err)
		case status >= 500 && !failure.Ambiguous && failure.Provider == nil:
			t.Errorf("%d %q is taken for a refusal: %v", status, body, err)
		}
	})
}
