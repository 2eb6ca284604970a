package crm_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
)

// statuses are those of an outbound message, lowest first.
var statuses = []crm.MessageStatus{
	crm.Queued, crm.Sending, crm.Unknown, crm.Sent, crm.Failed, crm.Delivered, crm.Read, crm.Played,
}

func genStatus() gopter.Gen {
	return gen.IntRange(-1, len(statuses)-1).Map(func(i int) crm.MessageStatus {
		if i < 0 {
			return "" // nothing said yet
		}
		return statuses[i]
	})
}

// TestStatusOrder states the line itself: of two statuses the higher one stays.
func TestStatusOrder(t *testing.T) {
	t.Parallel()
	for i, low := range statuses {
		for _, high := range statuses[i:] {
			if low.Join(high) != high || high.Join(low) != high {
				t.Errorf("%s and %s join to %s and %s, want %s", low, high, low.Join(high), high.Join(low), high)
			}
		}
		if !low.Known() {
			t.Errorf("%s is not known", low)
		}
	}
	for _, word := range []crm.MessageStatus{"", "deleted", "SENT"} {
		if word.Known() {
			t.Errorf("%q is known", word)
		}
	}
	if !crm.Received.Known() {
		t.Error("received is not known")
	}
}

func TestStatusLattice(t *testing.T) {
	t.Parallel()
	properties := gopter.NewProperties(nil)
	properties.Property("commutative", prop.ForAll(
		func(a, b crm.MessageStatus) bool { return a.Join(b) == b.Join(a) }, genStatus(), genStatus()))
	properties.Property("associative", prop.ForAll(
		func(a, b, c crm.MessageStatus) bool { return a.Join(b).Join(c) == a.Join(b.Join(c)) },
		genStatus(), genStatus(), genStatus()))
	properties.Property("idempotent", prop.ForAll(
		func(a, b crm.MessageStatus) bool { return a.Join(a) == a && a.Join(b).Join(b) == a.Join(b) }, genStatus(), genStatus()))
	properties.Property("a word that is no status never wins", prop.ForAll(
		func(a crm.MessageStatus, word string) bool {
			other := crm.MessageStatus(word)
			return other.Known() || a.Join(other) == a && (a == "" || other.Join(a) == a)
		}, genStatus(), gen.AlphaString()))
	properties.TestingRun(t)
}

// TestReportsInAnyOrder: whatever reports come in whatever order and however
// often, the message ends at the highest and never goes back on the way.
func TestReportsInAnyOrder(t *testing.T) {
	t.Parallel()
	properties := gopter.NewProperties(nil)
	properties.Property("the highest report stays", prop.ForAll(
		func(reports []crm.MessageStatus) bool {
			m := &crm.Message{Direction: crm.Outbound, Status: crm.Queued}
			highest := crm.Queued
			for _, status := range reports {
				before := m.Status
				changed := m.Report(crm.StatusReport{Status: status})
				highest = highest.Join(status)
				if m.Status != highest || changed != (before != m.Status) || m.Status.Join(before) != m.Status {
					return false
				}
			}
			return true
		}, gen.SliceOf(genStatus())))
	properties.TestingRun(t)
}

// TestStatusOrders runs the shared vectors: 128 orders in which reports arrive.
func TestStatusOrders(t *testing.T) {
	t.Parallel()
	encoded, err := os.ReadFile(crmtest.Shared(t, "vectors", "own", "status_orders.json"))
	if err != nil {
		t.Fatal(err)
	}
	var vectors struct {
		Cases []struct {
			Arrivals []crm.MessageStatus
			Final    crm.MessageStatus
		}
	}
	if err := json.Unmarshal(encoded, &vectors); err != nil {
		t.Fatal(err)
	}
	if len(vectors.Cases) != 128 {
		t.Fatalf("%d cases, want 128", len(vectors.Cases))
	}
	for _, c := range vectors.Cases {
		m := &crm.Message{Direction: crm.Outbound, Status: crm.Sending}
		for _, status := range c.Arrivals {
			m.Report(crm.StatusReport{Status: status})
		}
		if m.Status != c.Final {
			t.Errorf("after %v the message is %s, want %s", c.Arrivals, m.Status, c.Final)
		}
	}
}
