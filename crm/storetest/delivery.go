package storetest

import (
	"context"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

var deliveryTests = []test{
	{"comes back byte for byte, and is listed without its body", deliveryStored},
	{"of the same bytes is counted as seen again", deliveryAgain},
	{"of nobody is the operator's alone", deliveryNobodys},
	{"pages of any verdict join to what fits, newest first", deliveryPages},
	{"is loaded by its key, without its body", deliveryLoad},
}

func (w *world) delivery(t *testing.T, ws crm.WorkspaceID, id crm.DeliveryID) *crm.Delivery {
	t.Helper()
	return must[*crm.Delivery](t)(w.store.Inbox().Delivery(t.Context(), ws, id))
}

// newDelivery returns a delivery of a body, not yet stored.
func (w *world) newDelivery(ws crm.WorkspaceID, body string, verdict crm.Verdict) *crm.Delivery {
	return &crm.Delivery{
		ID: crm.NewID[crm.Delivery](w.mint), WorkspaceID: ws, Key: sha256.Sum256([]byte(body)), Provider: crm.Meta,
		Verdict: verdict, Body: []byte(body), ReceivedAt: w.clock.Now(), Seen: 1,
	}
}

// bodiless returns the rows as a list shows them.
func bodiless(rows ...*crm.Delivery) []*crm.Delivery {
	var list []*crm.Delivery
	for _, row := range rows {
		row = copied(row)
		row.Body = nil
		list = append(list, row)
	}
	return list
}

func deliveryStored(t *testing.T, w *world) {
	same(t, "a delivery", w.delivery(t, w.ours.ws, w.ours.delivery.ID), w.ours.delivery)
	raw := w.newDelivery(w.ours.ws, "\x00\xff\xfe{\"a\":\"\\u0000\"}\r\n", crm.DeliveryPartly)
	raw.Event, raw.Signer, raw.Facts, raw.Applied, raw.Reason = "whatsapp.message.failed", "fedcba9876543210", 3, 2, "could not be read"
	raw.Share = &crm.Share{Numbers: []string{"1", "\x00\"<é"}, Accounts: []string{"2"}, Rest: true}
	bare := w.newDelivery(w.ours.ws, "without a body", crm.DeliveryApplied)
	bare.Share = &crm.Share{}
	bare.Body = nil
	w.write(t, w.ours.ws, &crm.Changes{Deliveries: []*crm.Delivery{copied(raw), copied(bare)}})
	same(t, "a delivery that is no text", w.delivery(t, w.ours.ws, raw.ID), raw)
	same(t, "a delivery without a body", w.delivery(t, w.ours.ws, bare.ID), bare)
	same(t, "the list", must[[]*crm.Delivery](t)(w.store.Inbox().Deliveries(t.Context(), w.ours.ws, inbox.DeliveryQuery{Limit: all})),
		bodiless(bare, raw, w.ours.delivery))
}

func deliveryAgain(t *testing.T, w *world) {
	want := w.ours.delivery
	again := copied(want)
	again.ID, again.Body, again.ReceivedAt = crm.NewID[crm.Delivery](w.mint), slices.Clone(want.Body), w.clock.Advance(time.Hour)
	again.Verdict, again.Facts, again.Applied, again.Reason = crm.DeliveryPartly, 4, 2, "a group's message"
	want.Verdict, want.Facts, want.Applied, want.Reason = again.Verdict, again.Facts, again.Applied, again.Reason
	for range 2 {
		w.write(t, w.ours.ws, &crm.Changes{Deliveries: []*crm.Delivery{copied(again)}})
		want.Seen++
		same(t, "a delivery seen again", w.delivery(t, w.ours.ws, want.ID), want)
	}
	replayed := copied(again) // by us: it did not come again
	replayed.Seen, replayed.Verdict, replayed.Reason = 0, crm.DeliveryApplied, ""
	want.Verdict, want.Reason = replayed.Verdict, ""
	w.write(t, w.ours.ws, &crm.Changes{Deliveries: []*crm.Delivery{replayed}})
	same(t, "a delivery replayed", w.delivery(t, w.ours.ws, want.ID), want)
	same(t, "the list", must[[]*crm.Delivery](t)(w.store.Inbox().Deliveries(t.Context(), w.ours.ws, inbox.DeliveryQuery{Limit: all})), bodiless(want))
}

func deliveryNobodys(t *testing.T, w *world) {
	var nobody crm.WorkspaceID
	unknown := w.newDelivery(nobody, "an unknown number", crm.DeliveryUnknown)
	shared := w.newDelivery(w.ours.ws, "an unknown number", crm.DeliveryApplied) // the same bytes, in part ours
	shared.Body = nil
	err := w.store.Inbox().Update(t.Context(), []crm.WorkspaceID{nobody, w.ours.ws}, func(ctx context.Context, tx inbox.Tx) error {
		if err := tx.Write(ctx, &crm.Changes{Deliveries: []*crm.Delivery{copied(unknown)}}); err != nil {
			return err
		}
		return tx.Write(ctx, &crm.Changes{Deliveries: []*crm.Delivery{copied(shared)}})
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "the operator's delivery", w.delivery(t, nobody, unknown.ID), unknown)
	same(t, "our part of it", w.delivery(t, w.ours.ws, shared.ID), shared)
	same(t, "the operator's list", must[[]*crm.Delivery](t)(w.store.Inbox().Deliveries(t.Context(), nobody, inbox.DeliveryQuery{Limit: all})), bodiless(unknown))
	same(t, "the operator's delivery by key", w.load(t, inbox.Need{Deliveries: [][32]byte{unknown.Key}}).Deliveries, bodiless(unknown))
	for what, read := range map[string][2]any{
		"a workspace":  {w.ours.ws, unknown.ID},
		"the operator": {nobody, w.ours.delivery.ID},
	} {
		_, err := w.store.Inbox().Delivery(t.Context(), read[0].(crm.WorkspaceID), read[1].(crm.DeliveryID))
		wantCode(t, what+" reads the other's delivery", err, crm.NotFound)
	}
}

func deliveryPages(t *testing.T, w *world) {
	verdicts := []crm.Verdict{crm.DeliveryApplied, crm.DeliveryPartly, crm.DeliveryUnreadable}
	rows, changes := bodiless(w.ours.delivery), &crm.Changes{}
	for i := range 20 {
		row := w.newDelivery(w.ours.ws, "body "+string(rune('a'+i)), verdicts[i%3])
		rows, changes.Deliveries = append(rows, bodiless(row)...), append(changes.Deliveries, row)
	}
	w.write(t, w.ours.ws, changes)
	slices.Reverse(rows)
	for _, verdict := range append(verdicts, "", crm.DeliveryUnknown) {
		want := slices.DeleteFunc(slices.Clone(rows), func(d *crm.Delivery) bool { return verdict != "" && d.Verdict != verdict })
		for _, limit := range []int{1, 4, 30} {
			q := inbox.DeliveryQuery{Verdict: verdict, Limit: limit}
			got, err := pages(limit, func(last *crm.Delivery) ([]*crm.Delivery, error) {
				if last != nil {
					q.After = last.ID
				}
				return w.store.Inbox().Deliveries(t.Context(), w.ours.ws, q)
			})
			if err != nil {
				t.Fatal(err)
			}
			same(t, "the deliveries of verdict "+string(verdict), got, want)
		}
	}
}

func deliveryLoad(t *testing.T, w *world) {
	state := w.load(t, inbox.Need{WorkspaceID: w.ours.ws, Deliveries: [][32]byte{w.ours.delivery.Key, {9}}})
	same(t, "a delivery by key", state.Deliveries, bodiless(w.ours.delivery))
}
