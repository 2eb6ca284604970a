package graph_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/my21staff/my21staff/adapters/internal/graph"
	"github.com/my21staff/my21staff/crm"
)

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func TestDecodeError(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status int
		body   string
		want   crm.SendError
		words  crm.ProviderError
	}{
		{
			"a Graph error with details", 400,
			`{"error":{"message":"(#131047) Re-engagement message","type":"OAuthException","code":131047,"error_subcode":2494,"error_data":{"details":"Too late."}}}`,
			crm.SendError{}, crm.ProviderError{Code: 131047, Subcode: 2494, Title: "(#131047) Re-engagement message", Detail: "Too late."},
		},
		{
			"a Graph error with words for the user", 400, `{"error":{"code":"100","error_user_title":"Bad","error_user_msg":"Worse","error_data":"text"}}`,
			crm.SendError{}, crm.ProviderError{Code: 100, Title: "Bad", Detail: "Worse"},
		},
		{"a Graph error with code 0", 401, `{"error":{"message":"No","code":0}}`, crm.SendError{}, crm.ProviderError{Word: "AuthException", Title: "No"}},
		{"a Graph error with 500", 500, `{"error":{"message":"Again","code":2}}`, crm.SendError{}, crm.ProviderError{Code: 2, Title: "Again"}},
		{"a Graph error with 504", 504, `{"error":{"message":"Again","code":2}}`, crm.SendError{Ambiguous: true}, crm.ProviderError{Code: 2, Title: "Again"}},
		{
			"a flat error", 422, `{"error":"The customer opted out","code":"marketing_preference_stopped","id":7}`,
			crm.SendError{}, crm.ProviderError{Word: "marketing_preference_stopped", Title: "The customer opted out"},
		},
		{"a flat error with a number", 422, `{"error":"Too late","code":131047}`, crm.SendError{}, crm.ProviderError{Code: 131047, Title: "Too late"}},
		{"a limiter's error", 429, `{"error":"Rate limit exceeded","message":"Wait."}`, crm.SendError{}, crm.ProviderError{Title: "Rate limit exceeded", Detail: "Wait."}},
		{"a flat error with 500", 500, `{"error":"Oops"}`, crm.SendError{Ambiguous: true}, crm.ProviderError{Title: "Oops"}},
		{"a Graph error without a code", 500, `{"error":{"message":"Oops"}}`, crm.SendError{Ambiguous: true}, crm.ProviderError{}},
		{"a page", 502, `<html>`, crm.SendError{Ambiguous: true}, crm.ProviderError{}},
		{"a page with 403", 403, `<html>`, crm.SendError{}, crm.ProviderError{}},
		{"another object", 400, `{"errors":[]}`, crm.SendError{}, crm.ProviderError{}},
		{"an error that is a list", 400, `{"error":[1]}`, crm.SendError{}, crm.ProviderError{}},
		{"a long story", 400, `{"error":"` + strings.Repeat("é", 501) + `"}`, crm.SendError{}, crm.ProviderError{Title: strings.Repeat("é", 499) + "…"}},
		{
			"personal words", 400, `{"error":{"message":"Token EAAtesttoken, secret-token, wamid.HBgLNjI4MTIwMDAwMDA= to +6281200000001 failed (#100)","code":100}}`,
			crm.SendError{}, crm.ProviderError{Code: 100, Title: "Token …, …, … to … failed (#100)"},
		},
	} {
		got := graph.DecodeError(tt.status, nil, []byte(tt.body), "secret-token", noon)
		var words crm.ProviderError
		if got.Provider != nil {
			words = *got.Provider
		}
		if got.Status != tt.status || got.Ambiguous != tt.want.Ambiguous || words != tt.words {
			t.Errorf("%s: DecodeError = %+v with %+v, want ambiguous %t with %+v", tt.name, got, words, tt.want.Ambiguous, tt.words)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		asked, date string
		want        time.Duration
	}{
		{"60", "", time.Minute},
		{" 60 ", "", time.Minute},
		{"0", "", 0},
		{"-5", "", 0},
		{"1.5", "", 0},
		{"soon", "", 0},
		{"", "", 0},
		{"86400", "", time.Hour},
		{"9223372036854775807", "", time.Hour},
		{"99999999999999999999", "", 0},
		{"Mon, 02 Nov 2026 12:00:30 GMT", "", 30 * time.Second},
		{"Mon, 02 Nov 2026 11:59:00 GMT", "", 0},
		{"Mon, 02 Nov 2036 12:00:00 GMT", "", time.Hour},
		// The provider's clock is ten minutes ahead of ours.
		{"Mon, 02 Nov 2026 12:10:30 GMT", "Mon, 02 Nov 2026 12:10:00 GMT", 30 * time.Second},
		{"60", "Mon, 02 Nov 2026 12:10:00 GMT", time.Minute},
	} {
		header := http.Header{}
		header.Set("Retry-After", tt.asked)
		header.Set("Date", tt.date)
		if got := graph.DecodeError(http.StatusTooManyRequests, header, nil, "", noon).RetryAfter; got != tt.want {
			t.Errorf("Retry-After %q, Date %q = %v, want %v", tt.asked, tt.date, got, tt.want)
		}
	}
}

// FuzzError holds any answer against what must be true of its error: nothing
// personal in it, and ambiguous exactly when a gateway may have spoken.
func FuzzError(f *testing.F) {
	for _, body := range []string{
		`{"error":{"message":"(#130429) Rate limit hit","code":130429,"error_data":{"details":"d"},"fbtrace_id":"A"}}`,
		`{"error":"text","code":"insufficient_credits"}`,
		`{"error":"Rate limit exceeded","message":"You have exceeded the rate limit."}`,
		`{"error":{"message":"wamid.HBgLNjI4 EAAB secret-token 6281200000001","code":"1"}}`,
		`<html>`, ``, `null`, `{"error":null}`, `{"error":{"code":1e99}}`, "{\"error\":\"\xff\"}",
	} {
		f.Add(400, "60", []byte(body))
		f.Add(503, "Mon, 02 Nov 2026 12:00:30 GMT", []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, asked string, body []byte) {
		got := graph.DecodeError(status, http.Header{"Retry-After": {asked}}, body, "secret-token", noon)
		if got.RetryAfter < 0 || got.RetryAfter > time.Hour {
			t.Errorf("RetryAfter = %v", got.RetryAfter)
		}
		if got.Ambiguous && status < 500 || !got.Ambiguous && status >= 500 && got.Provider == nil {
			t.Errorf("status %d is ambiguous: %t", status, got.Ambiguous)
		}
		if got.Provider == nil {
			return
		}
		for _, text := range []string{got.Provider.Title, got.Provider.Detail, got.Provider.Word} {
			if strings.Contains(text, "secret-token") || strings.Contains(text, "wamid.") || !utf8.ValidString(text) {
				t.Errorf("the error says %q", text)
			}
		}
	})
}
