package outbox_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/outbox"
)

// coded is a refusal with one of Meta's codes.
func coded(code int) *crm.SendError {
	return &crm.SendError{Status: 400, Provider: &crm.ProviderError{Code: code, Title: "as Meta words it"}}
}

// worded is a refusal with one of Kapso's flat codes.
func worded(status int, word string) *crm.SendError {
	return &crm.SendError{Status: status, Provider: &crm.ProviderError{Word: word, Title: "as Kapso words it"}}
}

// decisions is section C1 of the facts, row for row, and what stands for an
// answer without a code.
var decisions = []struct {
	errs    []*crm.SendError
	class   outbox.Class
	outcome outbox.Outcome
}{
	{codes(4, 80007, 130429, 133016), outbox.Throttled, outbox.Retry},
	{codes(131056), outbox.PairLimited, outbox.Retry},
	{codes(131048), outbox.SpamLimited, outbox.Retry},
	{codes(1, 2, 131000, 131016, 131057, 133004), outbox.Server, outbox.Retry},
	{codes(190, 3, 10, 200, 250, 299, 131005), outbox.Account, outbox.Stopped},
	{codes(368, 130497, 131031), outbox.Account, outbox.Stopped},
	{codes(131042), outbox.Account, outbox.Stopped},
	{codes(133010, 131045, 131037, 133000, 133999), outbox.Account, outbox.Stopped},
	{codes(131047), outbox.Rejected, outbox.Failed},
	{codes(131026), outbox.Rejected, outbox.Failed},
	{codes(131049), outbox.Rejected, outbox.Failed},
	{codes(131050), outbox.Unwanted, outbox.Failed},
	{codes(130472), outbox.Rejected, outbox.Failed},
	{codes(131021, 131008, 131009, 100, 33, 131051, 135000), outbox.Rejected, outbox.Failed},
	{codes(131052, 131053), outbox.Rejected, outbox.Failed},
	{codes(132000, 132001, 132005, 132007, 132012, 132015, 132016, 132018, 132068, 132069), outbox.Rejected, outbox.Failed},
	{codes(131062), outbox.Rejected, outbox.Failed},
	{codes(131035, 131036), outbox.Rejected, outbox.Failed},
	{codes(134100, 134102, 131055), outbox.Rejected, outbox.Failed},

	{[]*crm.SendError{worded(401, "AuthException")}, outbox.Account, outbox.Stopped}, // code 0
	{[]*crm.SendError{worded(402, "insufficient_credits"), worded(422, "messaging_account_mismatch")}, outbox.Account, outbox.Stopped},
	{[]*crm.SendError{worded(422, "marketing_preference_stopped")}, outbox.Unwanted, outbox.Failed},
	{[]*crm.SendError{worded(0, "unsendable")}, outbox.Rejected, outbox.Failed},

	{[]*crm.SendError{worded(409, ""), worded(409, "unheard_of"), {Status: 409}}, outbox.Busy, outbox.Retry},
	{[]*crm.SendError{worded(429, ""), {Status: 429}, {Status: 429, Provider: &crm.ProviderError{Code: 999999}}}, outbox.Throttled, outbox.Retry},
	{[]*crm.SendError{{Status: 500, Provider: &crm.ProviderError{Code: 999999}}}, outbox.Server, outbox.Retry},
	{[]*crm.SendError{{Status: 401}, {Status: 403}, {Status: 402}}, outbox.Account, outbox.Stopped},
	{[]*crm.SendError{{Status: 400}, {Status: 404}, {Status: 302}, coded(999999), coded(-1)}, outbox.Rejected, outbox.Failed},
	{[]*crm.SendError{{Err: errors.New("connection refused")}}, outbox.Offline, outbox.Retry},
	{[]*crm.SendError{
		{Ambiguous: true, Err: errors.New("timeout")},
		{Ambiguous: true, Status: 502},
		{Ambiguous: true, Status: 200},
		{Ambiguous: true, Status: 504, Provider: &crm.ProviderError{Code: 2}}, // doubt goes before any code
	}, outbox.Ambiguous, outbox.Unknown},
}

func codes(all ...int) []*crm.SendError {
	errs := make([]*crm.SendError, len(all))
	for i, code := range all {
		errs[i] = coded(code)
	}
	return errs
}

func TestDecide(t *testing.T) {
	t.Parallel()
	for _, tt := range decisions {
		for _, err := range tt.errs {
			d := outbox.Decide(err, outbox.Try{Attempt: 1})
			if d.Class != tt.class || d.Outcome != tt.outcome {
				t.Errorf("Decide(%v) = %s, %s, want %s, %s", err, d.Class, d.Outcome, tt.class, tt.outcome)
			}
			if !strings.HasSuffix(d.Reason, ".") || strings.Contains(d.Reason, "words it") {
				t.Errorf("Decide(%v) says %q, want a sentence of ours", err, d.Reason)
			}
			if (d.Error != nil) != (d.Outcome == outbox.Failed) || (d.After > 0) != (d.Outcome == outbox.Retry) {
				t.Errorf("Decide(%v) is %s with error %v after %v", err, d.Outcome, d.Error, d.After)
			}
			if d.OptOut != (tt.class == outbox.Unwanted) || d.Warn != (tt.class == outbox.SpamLimited) {
				t.Errorf("Decide(%v) opts out: %t, warns: %t", err, d.OptOut, d.Warn)
			}
		}
	}
}

// TestDecideKeeps checks that a failed message keeps what the provider said
// beside our sentence.
func TestDecideKeeps(t *testing.T) {
	t.Parallel()
	got := outbox.Decide(coded(131026), outbox.Try{Attempt: 1}).Error
	if got.Code != 131026 || got.Detail != "as Meta words it" || !strings.HasPrefix(got.Title, "The message cannot be delivered") {
		t.Errorf("131026 keeps %+v", got)
	}
	if got := outbox.Decide(&crm.SendError{Status: 404}, outbox.Try{Attempt: 1}).Error; got.Word != "http_404" {
		t.Errorf("404 without words keeps %+v", got)
	}
}

// TestDecideWaits pins how the waits grow and where they end; the spread adds up
// to a quarter.
func TestDecideWaits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		err     *crm.SendError
		attempt int
		want    time.Duration // 0: given up
	}{
		{"a server error", coded(131016), 1, 2 * time.Second},
		{"a server error", coded(131016), 4, 16 * time.Second},
		{"a server error", coded(131016), 39, 2 * time.Minute},
		{"a server error", coded(131016), 40, 0},
		{"no network", &crm.SendError{}, 500, 2 * time.Minute},
		{"the pair limit", coded(131056), 1, time.Second},
		{"the pair limit", coded(131056), 2, 4 * time.Second},
		{"the pair limit", coded(131056), 5, 256 * time.Second},
		{"the pair limit", coded(131056), 19, 20 * time.Minute},
		{"the pair limit", coded(131056), 20, 0},
		{"the spam limit", coded(131048), 1, 15 * time.Minute},
		{"the spam limit", coded(131048), 9, 2 * time.Hour},
		{"a limiter", &crm.SendError{Status: http.StatusTooManyRequests, RetryAfter: time.Minute}, 1, time.Minute},
		{"a limiter", &crm.SendError{Status: http.StatusTooManyRequests, RetryAfter: time.Second}, 9, time.Minute},
		{"one in flight", &crm.SendError{Status: http.StatusConflict}, 9, 30 * time.Second},
	} {
		d := outbox.Decide(tt.err, outbox.Try{Attempt: tt.attempt})
		if d.After < tt.want || d.After > tt.want*5/4 || (tt.want == 0) != (d.Outcome == outbox.Failed) {
			t.Errorf("%s at attempt %d: %s after %v, want %v and up to a quarter more", tt.name, tt.attempt, d.Outcome, d.After, tt.want)
		}
	}
	old := outbox.Decide(coded(131016), outbox.Try{Attempt: 3, Age: outbox.MaxAge - time.Second})
	if old.Outcome != outbox.Failed || !strings.Contains(old.Reason, "Given up after 3 attempts") {
		t.Errorf("a message about to be a day old: %s, %q, want it given up", old.Outcome, old.Reason)
	}
}

// TestDecideLaws holds any error against what is true of all.
func TestDecideLaws(t *testing.T) {
	t.Parallel()
	properties := gopter.NewProperties(nil)
	try := func(job []byte, attempt int, age time.Duration) outbox.Try {
		t := outbox.Try{Attempt: attempt, Age: age}
		copy(t.Job[:], job)
		return t
	}
	properties.Property("a doubtful send is never sent again, and a decision repeats", prop.ForAll(
		func(status, code, attempt int, ambiguous bool, job []byte, retryAfter, age time.Duration) string {
			err := &crm.SendError{Status: status, Ambiguous: ambiguous, RetryAfter: retryAfter, Provider: &crm.ProviderError{Code: code}}
			d := outbox.Decide(err, try(job, attempt, age))
			again := outbox.Decide(err, try(job, attempt, age))
			switch {
			case ambiguous != (d.Outcome == outbox.Unknown):
				return fmt.Sprintf("ambiguous %t is %s", ambiguous, d.Outcome)
			case d.Outcome == outbox.Retry && (d.After < retryAfter || d.After < time.Second):
				return fmt.Sprintf("tried again after %v, asked for %v", d.After, retryAfter)
			case d.Outcome == outbox.Retry && d.After > 150*time.Minute:
				return fmt.Sprintf("sleeps %v", d.After)
			case d.Outcome == outbox.Retry && age+d.After > outbox.MaxAge:
				return fmt.Sprintf("is tried again when %v old", age+d.After)
			case d.After != again.After || d.Outcome != again.Outcome:
				return "differs when repeated"
			}
			return ""
		},
		gen.OneConstOf(0, 200, 400, 401, 403, 409, 422, 429, 500, 503), gen.OneGenOf(gen.IntRange(0, 400), gen.IntRange(130000, 135001)),
		gen.IntRange(1, 100), gen.Bool(), gen.SliceOfN(16, gen.UInt8()),
		gen.Int64Range(0, int64(time.Hour)).Map(func(n int64) time.Duration { return time.Duration(n) }),
		gen.Int64Range(0, int64(25*time.Hour)).Map(func(n int64) time.Duration { return time.Duration(n) }),
	))
	properties.TestingRun(t)
}

// TestSpread checks that what failed together does not come back together: of a
// thousand jobs no twentieth of the quarter holds more than twice its share.
func TestSpread(t *testing.T) {
	t.Parallel()
	const jobs, bins = 1000, 20
	var filled [bins]int
	for n := range jobs {
		job := crm.JobID{15: byte(n), 14: byte(n >> 8)}
		after := outbox.Decide(coded(131016), outbox.Try{Job: job, Attempt: 6}).After
		base := 64 * time.Second
		filled[min(int((after-base)*bins/(base/4)), bins-1)]++
	}
	for bin, n := range filled {
		if n > 2*jobs/bins {
			t.Errorf("%d of %d jobs come back in part %d of %d", n, jobs, bin+1, bins)
		}
	}
}

func TestExplain(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  *crm.ProviderError
		want string
	}{
		{&crm.ProviderError{Code: 131021, Title: "t"}, "A number cannot write to itself."},
		{&crm.ProviderError{Code: 299, Title: "t"}, "The access token lacks a permission."},
		{&crm.ProviderError{Word: "insufficient_credits", Title: "t"}, "The Kapso account has not enough credits."},
		{&crm.ProviderError{Code: 987654, Title: "t", Detail: "d"}, "d"},
		{&crm.ProviderError{Word: "new_word", Title: "t"}, "t"},
		{&crm.ProviderError{}, ""},
		{nil, ""},
	} {
		if got := outbox.Explain(tt.err); got != tt.want {
			t.Errorf("Explain(%+v) = %q, want %q", tt.err, got, tt.want)
		}
	}
}
