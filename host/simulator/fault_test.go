package simulator_test

import (
	"slices"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/simulator"
)

func TestDuplicates(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p crm.Provider) {
		w := newWorld(t)
		w.fault(simulator.Fault{Kind: simulator.FaultDuplicate, N: 5, Count: 1})
		w.says(p, simulator.Inbound{Text: "once"})
		hits := w.hooks.wait(t, p, 5)
		for _, h := range hits[1:] {
			if string(h.body) != string(hits[0].body) || h.header["X-Idempotency-Key"] != hits[0].header["X-Idempotency-Key"] {
				t.Errorf("a repeat differs:\n%s\n%s", h.body, hits[0].body)
			}
		}
		w.says(p, simulator.Inbound{Text: "twice"})
		if hits := w.hooks.wait(t, p, 6); len(hits) != 6 {
			t.Errorf("%d deliveries, want 6: the fault was for one update", len(hits))
		}
	})
}

// TestRepeatedBatchAndReorder: faults come together, too.
func TestRepeatedBatchAndReorder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fault(simulator.Fault{Kind: simulator.FaultDuplicate, N: 3})
	w.fault(simulator.Fault{Kind: simulator.FaultBatch, N: 4, MS: 60_000, Count: 4})
	w.says(crm.Meta, simulator.Inbound{Count: 4})
	for _, h := range w.hooks.wait(t, crm.Meta, 3) {
		if n := len(h.facts(t)); n != 4 {
			t.Errorf("a repeat of the batch holds %d messages, want 4", n)
		}
	}
	w.fault(simulator.Fault{Kind: simulator.FaultReorder, N: 2, MS: 60_000})
	said := w.says(crm.Meta, simulator.Inbound{Count: 2})
	var got []string
	for _, h := range w.hooks.wait(t, crm.Meta, 9)[3:] {
		got = append(got, h.facts(t)[0].ProviderID)
	}
	a, b := said[0].ID, said[1].ID
	if want := []string{b, b, b, a, a, a}; !slices.Equal(slices.Sorted(slices.Values(got)), slices.Sorted(slices.Values(want))) || got[0] != b {
		t.Errorf("arrived: %v, want each three times with the second first", got)
	}
}

func TestReorder(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p crm.Provider) {
		w := newWorld(t)
		w.fault(simulator.Fault{Kind: simulator.FaultReorder, N: 6, MS: 60_000, Count: 6})
		said := w.says(p, simulator.Inbound{Count: 6})
		var got, want []string
		for _, h := range w.hooks.wait(t, p, 6) {
			got = append(got, h.facts(t)[0].ProviderID)
		}
		for _, m := range said {
			want = append(want, m.ID)
		}
		if slices.Equal(got, want) {
			t.Errorf("six messages arrived in their order in spite of the fault")
		}
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("arrived: %v, said: %v", got, want)
		}
	})
}

// TestReorderOfTwo: of two there is one other order.
func TestReorderOfTwo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fault(simulator.Fault{Kind: simulator.FaultReorder, MS: 60_000})
	for i := range 8 {
		said := w.says(crm.Meta, simulator.Inbound{Count: 2})
		hits := w.hooks.wait(t, crm.Meta, 2*i+2)[2*i:]
		if first := hits[0].facts(t)[0].ProviderID; first != said[1].ID {
			t.Errorf("pair %d arrived in its order in spite of the fault", i)
		}
	}
}

// TestReorderGivesUpWaiting: too few updates leave when their time is over.
func TestReorderGivesUpWaiting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fault(simulator.Fault{Kind: simulator.FaultReorder, N: 100, MS: 20})
	w.says(crm.Meta, simulator.Inbound{Count: 3})
	w.hooks.wait(t, crm.Meta, 3)
}

func TestBatchOfAThousand(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fault(simulator.Fault{Kind: simulator.FaultBatch, N: 1000, MS: 60_000, Provider: crm.Meta})
	said := w.says(crm.Meta, simulator.Inbound{Count: 1000})
	hits := w.hooks.wait(t, crm.Meta, 1)
	facts := hits[0].facts(t)
	if len(facts) != 1000 {
		t.Fatalf("the batch holds %d facts, want 1000", len(facts))
	}
	for i, f := range facts {
		if f.Kind != webhook.Message || f.ProviderID != said[i].ID || f.Peer.WaID != budiWaID {
			t.Fatalf("fact %d is %s %s of %q, want message %s", i, f.Kind, f.ProviderID, f.Peer.WaID, said[i].ID)
		}
	}
	if err := hits[0].verify(); err != nil {
		t.Error(err)
	}
}

// TestBatchMixesStatuses: a batch holds messages and statuses in one value.
func TestBatchMixesStatuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fault(simulator.Fault{Kind: simulator.FaultBatch, N: 3, MS: 60_000})
	w.says(crm.Meta, simulator.Inbound{})
	w.send(crm.Meta, nil)
	kinds := map[webhook.Kind]int{}
	for _, f := range w.hooks.wait(t, crm.Meta, 1)[0].facts(t) {
		kinds[f.Kind]++
	}
	if kinds[webhook.Message] != 1 || kinds[webhook.Status] != 2 {
		t.Errorf("the batch holds %v, want a message and two statuses", kinds)
	}
}

// TestBatchOfSeveralNumbers: one app has one address for all its numbers, and a
// batch holds updates of several, of one account and of two.
func TestBatchOfSeveralNumbers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *simulator.Options) {
		for _, account := range []string{waba, "999000"} {
			other := number(crm.Meta, o.Numbers[0].Webhook.URL)
			other.PhoneNumberID, other.BusinessAccountID = "1"+account, account
			o.Numbers = append(o.Numbers, other)
		}
	})
	w.fault(simulator.Fault{Kind: simulator.FaultBatch, N: 4, MS: 60_000})
	order := []string{pnid, "1" + waba, "1999000", pnid}
	for _, id := range order {
		if _, err := w.Say(simulator.Inbound{Chat: simulator.Chat{Provider: crm.Meta, Number: id, Customer: budi}}); err != nil {
			t.Fatal(err)
		}
	}
	facts := w.hooks.wait(t, crm.Meta, 1)[0].facts(t)
	for i, f := range facts {
		account := waba
		if order[i] == "1999000" {
			account = "999000"
		}
		if f.PhoneNumberID != order[i] || f.AccountID != account {
			t.Errorf("fact %d is of %s in %s, want %s in %s", i, f.PhoneNumberID, f.AccountID, order[i], account)
		}
	}
	if len(facts) != 4 {
		t.Errorf("%d facts, want 4", len(facts))
	}
}

func TestBigBody(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p crm.Provider) {
		w := newWorld(t)
		w.fault(simulator.Fault{Kind: simulator.FaultBig, Count: 1})
		w.says(p, simulator.Inbound{Text: "big"})
		h := w.hooks.wait(t, p, 1)[0]
		if n := len(h.body); n < 29<<20/10 || n > 4<<20 {
			t.Errorf("the body has %d bytes, want between 2.9 and 4 MiB", n)
		}
		if facts := h.facts(t); len(facts) != 1 || facts[0].Message == nil {
			t.Errorf("the body holds %d facts, want the one message", len(facts))
		}
		if err := h.verify(); err != nil {
			t.Error(err)
		}
	})
}

func TestLateAndLostStatuses(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p crm.Provider) {
		w := newWorld(t)
		w.says(p, simulator.Inbound{})
		w.fault(simulator.Fault{Kind: simulator.FaultLate, Status: "sent", MS: 50, Count: 1})
		w.send(p, nil)
		hosttest.Until(t, "both statuses", func() bool { return len(statuses(t, w.hooks.of(p))) == 2 })
		if words := statuses(t, w.hooks.of(p)); words[0] != "delivered" {
			t.Errorf("statuses arrived as %v, want sent to come late", words)
		}
		w.fault(simulator.Fault{Kind: simulator.FaultDrop, Status: "sent", Count: 1})
		w.send(p, nil)
		hosttest.Until(t, "the status that is left", func() bool { return len(statuses(t, w.hooks.of(p))) == 3 && w.Waiting() == 0 })
		if words := statuses(t, w.hooks.of(p)); words[2] != "delivered" {
			t.Errorf("statuses = %v, want the last to be delivered", words)
		}
	})
}

func TestUsernameOnly(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p crm.Provider) {
		w := newWorld(t)
		w.fault(simulator.Fault{Kind: simulator.FaultUsernameOnly, Count: 1})
		w.says(p, simulator.Inbound{})
		w.says(p, simulator.Inbound{})
		hits := w.hooks.wait(t, p, 2)
		hidden, plain := hits[0].facts(t)[0].Peer, hits[1].facts(t)[0].Peer
		if hidden.WaID != "" || hidden.UserID == "" {
			t.Errorf("the sender is %+v, want one without a number", hidden)
		}
		if plain.WaID != budiWaID || plain.UserID != hidden.UserID {
			t.Errorf("the sender after the fault is %+v, want the same person with the number", plain)
		}
	})
}

func TestWrongSignature(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, p crm.Provider) {
		w := newWorld(t)
		w.fault(simulator.Fault{Kind: simulator.FaultSignature, Count: 1})
		w.says(p, simulator.Inbound{})
		w.says(p, simulator.Inbound{})
		hits := w.hooks.wait(t, p, 2)
		if err := hits[0].verify(); crm.CodeOf(err) != crm.Unauthenticated {
			t.Errorf("the first webhook verifies: %v", err)
		}
		if err := hits[1].verify(); err != nil {
			t.Errorf("the second webhook: %v", err)
		}
	})
}
