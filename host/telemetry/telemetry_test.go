package telemetry_test

import (
	"bytes"
	"errors"
	"log/slog"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/telemetry"
)

func TestMaskHidesNumbersAndKeepsIDs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"no contact +6281200000001 here", "no contact ************01 here"},
		{"6281200000001", "***********01"},
		{"0812 0000 0001", "************01"},
		{"0812-0000-0001.", "************01."},
		{"two: 6281200000001, 6281200000002", "two: ***********01, ***********02"},
		{"message wamid.HBgNNjI4MTIwMDAwMDAwMRUCABIYIA== is unknown", "message wamid.[masked] is unknown"},
		{"01928374-1234-7123-8123-123456789012", "01928374-1234-7123-8123-123456789012"},
		{"code 131047 in 1500 ms", "code 131047 in 1500 ms"},
		{"127.0.0.1:2121", "127.0.0.1:2121"},
		{"POST /api/contacts/{id}", "POST /api/contacts/{id}"},
	} {
		if got := telemetry.Mask(c.in); got != c.want {
			t.Errorf("Mask(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

// TestMaskMissesNothing: that a text is not looked at when it has too few digits
// never lets a number through that is there.
func TestMaskMissesNothing(t *testing.T) {
	t.Parallel()
	characters, random := "0123456789  --+ab.", rand.New(rand.NewPCG(1, 2))
	seven := regexp.MustCompile(`(?:^|[^0-9A-Za-z_.:-])\+?[0-9](?:[ -]?[0-9]){6,14}(?:$|[^0-9A-Za-z_-])`)
	hidden := 0
	for range 100_000 {
		text := make([]byte, 1+random.IntN(24))
		for i := range text {
			text[i] = characters[random.IntN(len(characters))]
		}
		masked := telemetry.Mask(string(text)) != string(text)
		if want := seven.Match(text); masked != want {
			t.Fatalf("Mask(%q) = %q", text, telemetry.Mask(string(text)))
		}
		if masked {
			hidden++
		}
	}
	if hidden < 1000 {
		t.Errorf("only %d of the texts had a number", hidden)
	}
}

func TestLoggerMasksAndHidesSecrets(t *testing.T) {
	t.Parallel()
	for _, format := range []string{"json", "text"} {
		var out bytes.Buffer
		log := telemetry.Logger(&out, format, slog.LevelInfo)
		log.Info("answered +6281200000001", "error", errors.New("no 6281200000001"), "token", crm.Secret("hunter2"), "request_id", "01928374-1234-7123-8123-123456789012")
		line := out.String()
		for _, bad := range []string{"6281200000001", "hunter2"} {
			if strings.Contains(line, bad) {
				t.Errorf("the %s log shows %q: %s", format, bad, line)
			}
		}
		if !strings.Contains(line, "01928374-1234-7123-8123-123456789012") {
			t.Errorf("the %s log lost the request id: %s", format, line)
		}
	}
}

func TestMetricsAreWritten(t *testing.T) {
	t.Parallel()
	m := telemetry.New()
	m.Request("GET", "/api/conversations/{id}", 404, 3*time.Millisecond)
	m.Request("GET", "/api/conversations/{id}", 404, 4*time.Millisecond)
	m.Webhook(crm.Kapso, "applied", 3)
	m.Send("accepted")
	m.Database(5, time.Millisecond)
	m.Outbox(7, 90*time.Second)
	m.Streams(func() int { return 4 })
	m.LargeBodies(func() int { return 70_000 })
	var out bytes.Buffer
	m.Write(&out)
	for _, want := range []string{
		`m21_http_requests_total{method="GET",route="/api/conversations/{id}",status="404"} 2`,
		`m21_http_request_seconds_count{method="GET",route="/api/conversations/{id}"} 2`,
		`m21_webhooks_total{provider="kapso",verdict="applied"} 1`,
		`m21_webhook_facts_total{provider="kapso"} 3`,
		`m21_sends_total{outcome="accepted"} 1`,
		`m21_db_queries_total 5`,
		`m21_outbox_waiting 7`,
		`m21_outbox_oldest_seconds 90`,
		`m21_streams_open 4`,
		`m21_large_bodies_bytes 70000`,
		`process_resident_memory_bytes`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the metrics lack %s", want)
		}
	}
}
