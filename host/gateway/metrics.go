package gateway

import (
	"fmt"
	"strconv"
	"time"

	"github.com/VictoriaMetrics/metrics"

	"github.com/my21staff/my21staff/edge"
)

// metering is the gateway's counters. One belongs to one gateway.
type metering struct {
	set    *metrics.Set
	epoch  *metrics.Gauge
	queues map[string]bool // cells whose queue is shown; guarded by the gateway's swap
}

func newMetering() *metering {
	m := &metering{set: metrics.NewSet(), queues: map[string]bool{}}
	m.epoch = m.set.NewGauge(`m21_edge_epoch`, nil)
	return m
}

// decided counts a decision and its events.
func (m *metering) decided(p edge.Provider, d *edge.Decision) {
	m.set.GetOrCreateCounter(`m21_edge_decisions_total{provider="` + p.String() + `",reason="` + d.Reason.String() + `"}`).Inc()
	var kinds [edge.Unreadable + 1]int
	for i := range d.Events {
		if k := d.Events[i].Kind; int(k) < len(kinds) {
			kinds[k]++
		}
	}
	for k, n := range kinds {
		if n > 0 {
			m.set.GetOrCreateCounter(`m21_edge_events_total{kind="` + edge.Kind(k).String() + `"}`).Add(n)
		}
	}
}

// refusedUnread counts what was refused before there was anything to decide.
func (m *metering) refusedUnread(code string) {
	m.set.GetOrCreateCounter(`m21_edge_unread_total{code="` + code + `"}`).Inc()
}

// answered counts an answered webhook request.
func (m *metering) answered(p edge.Provider, status int, took time.Duration) {
	labels := `{provider="` + p.String() + `",status="` + strconv.Itoa(status) + `"}`
	m.set.GetOrCreateCounter(`m21_edge_requests_total` + labels).Inc()
	m.set.GetOrCreateHistogram(`m21_edge_request_seconds{provider="` + p.String() + `"}`).Update(took.Seconds())
}

// part counts a part by what became of it.
func (m *metering) part(cell string, o outcome) {
	m.set.GetOrCreateCounter(fmt.Sprintf(`m21_edge_parts_total{cell=%q,result="%s"}`, cell, o)).Inc()
}

// posted counts an envelope and the time its origin took.
func (m *metering) posted(cell string, took time.Duration) {
	m.set.GetOrCreateHistogram(fmt.Sprintf(`m21_edge_post_seconds{cell=%q}`, cell)).Update(took.Seconds())
}

// configured counts documents that were put in force, and those refused.
func (m *metering) configured(ok bool) {
	result := "refused"
	if ok {
		result = "taken"
	}
	m.set.GetOrCreateCounter(`m21_edge_configurations_total{result="` + result + `"}`).Inc()
}

// inForce shows a plan's epoch, and the queues of its cells instead of those
// before.
func (m *metering) inForce(p *plan) {
	m.epoch.Set(float64(p.config.Epoch))
	for name := range m.queues {
		m.set.UnregisterMetric(queueName(name))
	}
	clear(m.queues)
	for _, c := range p.cells {
		m.queues[c.name] = true
		m.set.NewGauge(queueName(c.name), func() float64 { return float64(c.waiting()) })
	}
}

func queueName(cell string) string { return fmt.Sprintf(`m21_edge_queue_parts{cell=%q}`, cell) }

// panicked counts a panic that was caught in the named part.
func (m *metering) panicked(where string) {
	m.set.GetOrCreateCounter(`m21_panics_total{where="` + where + `"}`).Inc()
}
