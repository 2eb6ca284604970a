package envelope_test

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/edge/envelope"
)

// The constants of Standard Webhooks' own tests. Their payload is none of ours,
// so one whose signature and time are good is refused for its form, and that
// tells it from the others.
//
// At five minutes of age exactly the reference says yes by its code and no by
// its test, whose clock has moved on by then; we say no, either way.
func TestStandardVectors(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(crmtest.Shared(t, "vectors", "standard-webhooks", "vectors.json"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Secret string
		Cases  []struct {
			Name          string
			ID, Signature string // null reads as empty: the header is missing
			Timestamp     json.Number
			Now           int64
			Payload       string
			Valid         bool
		}
	}
	if err := json.Unmarshal(text, &vectors); err != nil || len(vectors.Cases) < 10 {
		t.Fatalf("%d cases, %v", len(vectors.Cases), err)
	}
	for _, c := range vectors.Cases {
		want := crm.Unauthenticated
		if c.Valid {
			want = crm.Invalid
		}
		h := envelope.Sealed{ID: c.ID, Timestamp: c.Timestamp.String(), Signature: c.Signature, Payload: []byte(c.Payload)}
		if _, err := envelope.Open(h, []string{vectors.Secret}, time.Unix(c.Now, 0)); crm.CodeOf(err) != want {
			t.Errorf("%s: Open = %v, want the class %q", c.Name, err, want)
		}
	}
}

func TestTolerance(t *testing.T) {
	t.Parallel()
	h, err := envelope.Seal("env_1", crmtest.Start, []string{first}, []envelope.Part{{Provider: "meta"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		age  time.Duration
		good bool
	}{
		{0, true},
		{5*time.Minute - 1, true},
		{5 * time.Minute, false},
		{24 * time.Hour, false},
		{-5*time.Minute + 1, true},
		{-5 * time.Minute, false},
		{1<<63 - 1, false}, // about 292 years
		{-1 << 63, false},
	} {
		want := crm.Code("")
		if !c.good {
			want = crm.Unauthenticated
		}
		if _, err := envelope.Open(h, []string{first}, crmtest.Start.Add(c.age)); crm.CodeOf(err) != want {
			t.Errorf("at the age of %v Open = %v, want the class %q", c.age, err, want)
		}
	}
	if _, err := envelope.Open(h, []string{first}, time.Time{}); crm.CodeOf(err) != crm.Unauthenticated {
		t.Errorf("by a clock that was never set Open = %v", err)
	}
}
