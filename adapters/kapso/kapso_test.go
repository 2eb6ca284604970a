package kapso_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/internal/graphtest"
	"github.com/my21staff/my21staff/adapters/kapso"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
)

func provider() graphtest.Provider {
	return graphtest.Provider{
		Name: crm.Kapso,
		New: func(base string, client *http.Client, timeout time.Duration) graphtest.Client {
			return kapso.New(kapso.Options{BaseURL: base, HTTP: client, Timeout: timeout})
		},
		Path:   "/meta/whatsapp",
		Header: "X-Api-Key",
		Value:  string(graphtest.Token),
	}
}

func TestClient(t *testing.T) {
	t.Parallel()
	graphtest.Run(t, provider())
}

// TestDirectDownload checks that a file is fetched from Kapso's own address,
// which needs no credentials, rather than from Meta's, which would get a key it
// has no use for.
func TestDirectDownload(t *testing.T) {
	t.Parallel()
	files := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintf(w, "%s key %q", r.URL.Path, r.Header.Get("X-API-Key"))
	}))
	t.Cleanup(files.Close)
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `{"url":"https://lookaside.fbsbx.com/1","download_url":"%s/direct","file_size":"5"}`, files.URL)
	}))
	t.Cleanup(api.Close)
	file, err := kapso.New(kapso.Options{BaseURL: api.URL}).Download(t.Context(), channel(), "7")
	if err != nil {
		t.Fatalf("Download = %v", err)
	}
	got, err := io.ReadAll(file.Body)
	_ = file.Body.Close() // it was read to its end
	if err != nil || string(got) != `/direct key ""` {
		t.Errorf("fetched %s, %v, want /direct without a key", got, err)
	}
}

func channel() *crm.Channel {
	return &crm.Channel{Provider: crm.Kapso, PhoneNumberID: "647015955153740", Credentials: crm.Credentials{Token: "an API key"}}
}

// message is one item of Kapso's list.
func message(n int, direction string) string {
	return fmt.Sprintf(`{"id":"wamid.%d","timestamp":"1793606400","type":"text","text":{"body":"Halo"},
		"from":"6281200000001","to":"6281200000001","kapso":{"direction":%q,"status":"delivered","phone_number":"+6281200000001"}}`, n, direction)
}

func TestRecent(t *testing.T) {
	t.Parallel()
	var asked []url.Values
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Query())
		if r.URL.Path != "/v24.0/647015955153740/messages" || r.Header.Get("X-API-Key") != "an API key" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		if r.URL.Query().Get("after") == "" {
			_, _ = fmt.Fprintf(w, `{"data":[%s,%s],"paging":{"cursors":{"after":"c2"},"next":"more"}}`, message(1, "inbound"), `"nonsense"`)
			return
		}
		_, _ = fmt.Fprintf(w, `{"data":[%s],"paging":{"cursors":{"before":"c1","after":null}}}`, message(2, "outbound"))
	}))
	t.Cleanup(api.Close)

	since := time.Date(2026, 11, 2, 15, 0, 0, 0, time.FixedZone("WIB", 7*3600))
	facts, err := kapso.New(kapso.Options{BaseURL: api.URL}).Recent(t.Context(), channel(), since)
	if err != nil {
		t.Fatalf("Recent = %v", err)
	}
	var got []string
	for _, fact := range facts {
		got = append(got, fmt.Sprintf("%s %s %s", fact.Kind, fact.ProviderID, fact.Direction))
	}
	want := "message wamid.1 inbound, unreadable  , message wamid.2 outbound"
	if strings.Join(got, ", ") != want || facts[1].Kind != webhook.Unreadable {
		t.Errorf("Recent = %q, want %q", got, want)
	}
	if len(asked) != 2 || asked[0].Get("since") != "2026-11-02T08:00:00Z" || asked[0].Get("limit") != "100" || !strings.HasPrefix(asked[1].Get("fields"), "kapso(") {
		t.Errorf("asked %v, want two pages since 08:00 UTC with Kapso's fields", asked)
	}
}

func TestRecentFails(t *testing.T) {
	t.Parallel()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("after") == "" {
			_, _ = fmt.Fprintf(w, `{"data":[%s],"paging":{"cursors":{"after":"c2"},"next":"more"}}`, message(1, "inbound"))
			return
		}
		w.Header().Set("Retry-After", "60")
		http.Error(w, `{"error":"Rate limit exceeded"}`, http.StatusTooManyRequests)
	}))
	t.Cleanup(api.Close)
	facts, err := kapso.New(kapso.Options{BaseURL: api.URL}).Recent(t.Context(), channel(), time.Unix(0, 0))
	if crm.CodeOf(err) != crm.Limited || len(facts) != 1 {
		t.Errorf("Recent = %d facts, %v, want the first page and Limited", len(facts), err)
	}
}
