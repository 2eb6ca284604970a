package crm_test

import (
	"errors"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
)

func TestReportKeepsTheError(t *testing.T) {
	t.Parallel()
	undeliverable := &crm.ProviderError{Code: 131026, Title: "Message undeliverable"}
	m := &crm.Message{Direction: crm.Outbound, Status: crm.Sent}
	if !m.Report(crm.StatusReport{Status: crm.Failed, Error: undeliverable}) || m.Status != crm.Failed || m.Error != undeliverable {
		t.Errorf("a failed message is %s with %v, want failed with its error", m.Status, m.Error)
	}
	if !m.Report(crm.StatusReport{Status: crm.Delivered}) || m.Status != crm.Delivered || m.Error != undeliverable {
		t.Errorf("a failed message that arrived is %s with %v, want delivered with the error kept", m.Status, m.Error)
	}
	if m.Report(crm.StatusReport{Status: crm.Failed, Error: &crm.ProviderError{Code: 1}}) || m.Error != undeliverable {
		t.Errorf("a late failure replaced %v by %v", undeliverable, m.Error)
	}
	late := &crm.Message{Direction: crm.Outbound, Status: crm.Read}
	if !late.Report(crm.StatusReport{Status: crm.Failed, Error: undeliverable}) || late.Status != crm.Read || late.Error != undeliverable {
		t.Errorf("a read message reported failed is %s with %v, want read with the error noted", late.Status, late.Error)
	}
}

func TestReportLeavesInboundAlone(t *testing.T) {
	t.Parallel()
	m := &crm.Message{Direction: crm.Inbound, Status: crm.Received}
	if m.Report(crm.StatusReport{Status: crm.Read, Error: &crm.ProviderError{}}) || m.Status != crm.Received || m.Error != nil {
		t.Errorf("an inbound message became %s with %v", m.Status, m.Error)
	}
}

// TestAmendInAnyOrder: edits and take-backs of different times give the same
// message in any order and with repeats.
func TestAmendInAnyOrder(t *testing.T) {
	t.Parallel()
	properties := gopter.NewProperties(nil)
	properties.Property("order and repeats do not matter", prop.ForAll(
		func(edits []bool, seed uint64) bool {
			var all []crm.Amendment
			for i, edit := range edits {
				a := crm.Amendment{At: crmtest.Start.Add(time.Duration(i) * time.Second)}
				if edit {
					a.Content = crm.Text{Body: a.At.String()}
				}
				all = append(all, a)
			}
			shuffled := append(append([]crm.Amendment{}, all...), all...)
			rand.New(rand.NewPCG(seed, 0)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			return amended(all) == amended(shuffled)
		}, gen.SliceOf(gen.Bool()), gen.UInt64()))
	properties.TestingRun(t)
}

// state is what amendments change of a message.
type state struct {
	content       crm.Content
	edited, taken time.Time
}

func amended(all []crm.Amendment) state {
	m := &crm.Message{Content: crm.Text{Body: "as sent"}}
	for _, a := range all {
		before := state{m.Content, m.EditedAt, m.RevokedAt}
		changed := m.Amend(a)
		if after := (state{m.Content, m.EditedAt, m.RevokedAt}); changed != (after != before) {
			panic("Amend returned the opposite of what it did")
		}
	}
	return state{m.Content, m.EditedAt, m.RevokedAt}
}

func TestAmend(t *testing.T) {
	t.Parallel()
	at := func(s int) time.Time { return crmtest.Start.Add(time.Duration(s) * time.Second) }
	edit := func(s int, body string) crm.Amendment { return crm.Amendment{At: at(s), Content: crm.Text{Body: body}} }
	m := &crm.Message{Content: crm.Text{Body: "as sent"}}
	for _, step := range []struct {
		amendment crm.Amendment
		changed   bool
		body      string
		taken     time.Time
	}{
		{edit(2, "second"), true, "second", time.Time{}},
		{edit(1, "first, late"), false, "second", time.Time{}},
		{edit(2, "again"), false, "second", time.Time{}},
		{crm.Amendment{At: at(9)}, true, "second", at(9)},
		{crm.Amendment{At: at(9)}, false, "second", at(9)},
		{edit(10, "after"), true, "after", at(9)}, // nothing brings it back
		{crm.Amendment{At: at(8)}, true, "after", at(8)},
	} {
		changed := m.Amend(step.amendment)
		if changed != step.changed || m.Content != crm.Content(crm.Text{Body: step.body}) || !m.RevokedAt.Equal(step.taken) {
			t.Errorf("Amend(%v) = %t, leaving %v taken back at %v; want %t, %q, %v",
				step.amendment, changed, m.Content, m.RevokedAt, step.changed, step.body, step.taken)
		}
	}
}

func TestProviderErrorText(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]crm.ProviderError{
		"131047: Re-engagement message: More than 24 hours": {Code: 131047, Title: "Re-engagement message", Detail: "More than 24 hours"},
		"131026: Undeliverable":                             {Code: 131026, Title: "Undeliverable", Detail: "Undeliverable"},
		"insufficient_credits: Top up":                      {Word: "insufficient_credits", Detail: "Top up"},
		"just words":                                        {Title: "just words"},
	} {
		if got := err.Error(); got != want {
			t.Errorf("%#v says %q, want %q", err, got, want)
		}
	}
}

func TestSendErrorText(t *testing.T) {
	t.Parallel()
	reset := errors.New("connection reset")
	for want, err := range map[string]*crm.SendError{
		"provider answered 400: 100: Invalid parameter": {Status: 400, Provider: &crm.ProviderError{Code: 100, Title: "Invalid parameter"}},
		"no answer from the provider: connection reset": {Err: reset, Ambiguous: true},
		"provider answered 502":                         {Status: 502},
	} {
		if got := err.Error(); got != want {
			t.Errorf("%#v says %q, want %q", err, got, want)
		}
	}
	if err := error(&crm.SendError{Err: reset}); !errors.Is(err, reset) {
		t.Error("a SendError hides the transport's error")
	}
}
