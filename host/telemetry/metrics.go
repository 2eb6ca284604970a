package telemetry

import (
	"io"
	"strconv"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/my21staff/my21staff/crm"
)

// Metrics are the host's counters. One belongs to one host, so that several in
// one process do not mix.
type Metrics struct{ set *metrics.Set }

// New returns counters that stand at zero.
func New() *Metrics { return &Metrics{set: metrics.NewSet()} }

// Request counts an answered request. The route is the pattern, never the path.
func (m *Metrics) Request(method, route string, status int, took time.Duration) {
	labels := `{method="` + method + `",route="` + route + `"`
	m.set.GetOrCreateCounter(`m21_http_requests_total` + labels + `,status="` + strconv.Itoa(status) + `"}`).Inc()
	m.set.GetOrCreateHistogram(`m21_http_request_seconds` + labels + `}`).Update(took.Seconds())
}

// Database counts the queries of one request and the time they took.
func (m *Metrics) Database(queries int, took time.Duration) {
	m.set.GetOrCreateCounter(`m21_db_queries_total`).Add(queries)
	m.set.GetOrCreateHistogram(`m21_db_request_seconds`).Update(took.Seconds())
}

// Webhook counts a provider's request: its verdict, or the class of the error
// it was refused with, and how many facts it brought.
func (m *Metrics) Webhook(provider crm.Provider, verdict string, facts int) {
	m.set.GetOrCreateCounter(`m21_webhooks_total{provider="` + string(provider) + `",verdict="` + verdict + `"}`).Inc()
	m.set.GetOrCreateCounter(`m21_webhook_facts_total{provider="` + string(provider) + `"}`).Add(facts)
}

// Commit counts a commit of webhooks: how many requests and facts shared it and
// how long it took.
func (m *Metrics) Commit(requests, facts int, took time.Duration) {
	m.set.GetOrCreateHistogram(`m21_commit_requests`).Update(float64(requests))
	m.set.GetOrCreateHistogram(`m21_commit_facts`).Update(float64(facts))
	m.set.GetOrCreateHistogram(`m21_commit_seconds`).Update(took.Seconds())
}

// CommitSends counts a commit of messages to send: how many shared it and how long
// it took.
func (m *Metrics) CommitSends(messages int, took time.Duration) {
	m.set.GetOrCreateHistogram(`m21_send_commit_messages`).Update(float64(messages))
	m.set.GetOrCreateHistogram(`m21_send_commit_seconds`).Update(took.Seconds())
}

// Waiting sets where the number of facts that wait for a commit is read from.
func (m *Metrics) Waiting(facts func() int) {
	m.set.GetOrCreateGauge(`m21_commit_waiting_facts`, func() float64 { return float64(facts()) })
}

// Send counts an attempt to send by what came of it.
func (m *Metrics) Send(outcome string) {
	m.set.GetOrCreateCounter(`m21_sends_total{outcome="` + outcome + `"}`).Inc()
}

// Reconciled counts facts that a poll of the provider found and no webhook had
// brought.
func (m *Metrics) Reconciled(facts int) {
	m.set.GetOrCreateCounter(`m21_reconciled_facts_total`).Add(facts)
}

// Panic counts a panic that was caught in the named part.
func (m *Metrics) Panic(where string) {
	m.set.GetOrCreateCounter(`m21_panics_total{where="` + where + `"}`).Inc()
}

// Outbox sets how many messages wait to be sent and how long the oldest has.
func (m *Metrics) Outbox(waiting int, oldest time.Duration) {
	m.set.GetOrCreateGauge(`m21_outbox_waiting`, nil).Set(float64(waiting))
	m.set.GetOrCreateGauge(`m21_outbox_oldest_seconds`, nil).Set(oldest.Seconds())
}

// Streams sets where the number of open event streams is read from.
func (m *Metrics) Streams(open func() int) {
	m.set.GetOrCreateGauge(`m21_streams_open`, func() float64 { return float64(open()) })
}

// LargeBodies sets where it is read from how much memory is lent to large bodies:
// when it is near its bound, more of them are refused.
func (m *Metrics) LargeBodies(bytes func() int) {
	m.set.GetOrCreateGauge(`m21_large_bodies_bytes`, func() float64 { return float64(bytes()) })
}

// Write writes all of them, and the process's own, as Prometheus reads them.
func (m *Metrics) Write(w io.Writer) {
	m.set.WritePrometheus(w)
	metrics.WriteProcessMetrics(w)
}
