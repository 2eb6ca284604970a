package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"math/rand/v2"
	"slices"
	"sync/atomic"
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
	{"has a body of any size and kind", deliveryBodies},
	{"whose body retention took is listed, and says so when it is asked for", deliveryBodyExpired},
	{"is taken by retention when it is old enough, a bounded number at a time", deliveryExpired},
	{"is taken once by many at once", deliveryExpiredByMany},
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
	everyField(t, "a delivery", raw, nil, "Expired")
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

// noise returns bytes that nothing makes smaller.
func noise(n int) []byte {
	r, b := rand.New(rand.NewPCG(uint64(n), 0)), make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint64())
	}
	return b
}

func deliveryBodies(t *testing.T, w *world) {
	var rows []*crm.Delivery
	for i, body := range [][]byte{
		{}, {0}, []byte("{"), make([]byte, 621), bytes.Repeat([]byte(`{"object":"whatsapp_business_account"},`), 16), noise(621),
		bytes.Repeat([]byte(`{"messaging_product":"whatsapp","text":{"body":"Halo kak"}}`), 4<<20/59), noise(4 << 20),
	} {
		row := w.newDelivery(w.ours.ws, "", crm.DeliveryApplied)
		row.Key, row.Body = [32]byte{byte(i), 1}, body
		rows = append(rows, row)
	}
	changes := &crm.Changes{}
	for _, row := range rows {
		changes.Deliveries = append(changes.Deliveries, copied(row))
	}
	w.write(t, w.ours.ws, changes)
	for _, row := range rows {
		got := w.delivery(t, w.ours.ws, row.ID)
		if got.Body == nil || !bytes.Equal(got.Body, row.Body) {
			t.Errorf("a body of %d bytes comes back as %d, nil: %t", len(row.Body), len(got.Body), got.Body == nil)
		}
		got.Body, row.Body = nil, nil
		same(t, "a delivery beside its body", got, row)
	}
}

// later is when retention that keeps something for a day takes what is stored
// now, even where whole months go.
func (w *world) later() time.Time { return w.clock.Now().AddDate(0, 3, 0) }

// expire calls one of the store's methods that take rows until there are no
// more, and checks that each takes at most two.
func expire(t *testing.T, take func(ctx context.Context, before time.Time, limit int) (int, error), before time.Time) (taken int) {
	t.Helper()
	for {
		n, err := take(t.Context(), before, 2)
		if err != nil {
			t.Fatal(err)
		}
		if n > 2 {
			t.Errorf("retention took %d at once, want 2 at most", n)
		}
		if n == 0 {
			return taken
		}
		taken += n
	}
}

func deliveryBodyExpired(t *testing.T, w *world) {
	box := w.store.Inbox()
	var nobody crm.WorkspaceID
	bare := w.newDelivery(w.ours.ws, "without a body", crm.DeliveryApplied)
	bare.Body = nil
	unknown := w.newDelivery(nobody, "an unknown number", crm.DeliveryUnknown)
	w.write(t, w.ours.ws, &crm.Changes{Deliveries: []*crm.Delivery{copied(bare)}})
	w.write(t, w.ours.ws, &crm.Changes{Deliveries: []*crm.Delivery{copied(unknown)}})
	if n := expire(t, box.ExpireBodies, w.clock.Now().Add(-24*time.Hour)); n != 0 {
		t.Errorf("retention took %d bodies that are not old enough", n)
	}
	same(t, "a delivery that is not old enough", w.delivery(t, w.ours.ws, w.ours.delivery.ID), w.ours.delivery)
	if n := expire(t, box.ExpireBodies, w.later()); n == 0 {
		t.Error("retention took no body")
	}
	for _, d := range []*crm.Delivery{w.ours.delivery, w.theirs.delivery, unknown} {
		want := bodiless(d)[0]
		want.Expired = true
		same(t, "a delivery whose body was taken", w.delivery(t, d.WorkspaceID, d.ID), want)
	}
	same(t, "a delivery that had none", w.delivery(t, w.ours.ws, bare.ID), bare)
	same(t, "the list", must[[]*crm.Delivery](t)(box.Deliveries(t.Context(), w.ours.ws, inbox.DeliveryQuery{Limit: all})), bodiless(bare, w.ours.delivery))
	again := w.newDelivery(w.ours.ws, "what comes after", crm.DeliveryApplied)
	w.write(t, w.ours.ws, &crm.Changes{Deliveries: []*crm.Delivery{copied(again)}})
	same(t, "a delivery that came after", w.delivery(t, w.ours.ws, again.ID), again)
}

func deliveryExpired(t *testing.T, w *world) {
	box, changes := w.store.Inbox(), &crm.Changes{}
	var old []*crm.Delivery
	for i := range 5 {
		old = append(old, w.newDelivery(w.ours.ws, "old "+string(rune('a'+i)), crm.DeliveryApplied))
		changes.Deliveries = append(changes.Deliveries, copied(old[i]))
	}
	w.write(t, w.ours.ws, changes)
	cut := w.clock.Advance(time.Hour)
	fresh := w.newDelivery(w.ours.ws, "fresh", crm.DeliveryApplied)
	w.write(t, w.ours.ws, &crm.Changes{Deliveries: []*crm.Delivery{copied(fresh)}})
	expire(t, box.ExpireBodies, cut)
	if n := expire(t, box.ExpireDeliveries, cut); n != 5+2 {
		t.Errorf("retention took %d rows, want the five old ones and the one each company began with", n)
	}
	if n := expire(t, box.ExpireDeliveries, cut); n != 0 {
		t.Errorf("retention took %d rows more", n)
	}
	same(t, "the list", must[[]*crm.Delivery](t)(box.Deliveries(t.Context(), w.ours.ws, inbox.DeliveryQuery{Limit: all})), bodiless(fresh))
	same(t, "a delivery that is not old enough", w.delivery(t, w.ours.ws, fresh.ID), fresh)
	for _, d := range append(old, w.ours.delivery, w.theirs.delivery) {
		_, err := box.Delivery(t.Context(), d.WorkspaceID, d.ID)
		wantCode(t, "a delivery that retention took", err, crm.NotFound)
	}
	once := w.newDelivery(w.ours.ws, "old a", crm.DeliveryApplied)
	w.write(t, w.ours.ws, &crm.Changes{Deliveries: []*crm.Delivery{copied(once)}})
	same(t, "the same bytes after their row was taken", w.delivery(t, w.ours.ws, once.ID), once)
}

func deliveryExpiredByMany(t *testing.T, w *world) {
	box, changes := w.store.Inbox(), &crm.Changes{}
	for i := range 40 {
		changes.Deliveries = append(changes.Deliveries, w.newDelivery(w.ours.ws, "old "+string(rune('a'+i)), crm.DeliveryApplied))
	}
	w.write(t, w.ours.ws, changes)
	var taken atomic.Int64
	before := w.later()
	race(t, func(int) error {
		for {
			bodies, err := box.ExpireBodies(t.Context(), before, 3)
			rows, failed := box.ExpireDeliveries(t.Context(), before, 3)
			taken.Add(int64(rows))
			if err = errors.Join(err, failed); err != nil || bodies+rows == 0 {
				return err
			}
		}
	})
	if left := must[[]*crm.Delivery](t)(box.Deliveries(t.Context(), w.ours.ws, inbox.DeliveryQuery{Limit: all})); len(left) > 0 || taken.Load() != 42 {
		t.Errorf("%d rows are left, and %d were taken of 42", len(left), taken.Load())
	}
}

func deliveryLoad(t *testing.T, w *world) {
	state := w.load(t, inbox.Need{WorkspaceID: w.ours.ws, Deliveries: [][32]byte{w.ours.delivery.Key, {9}}})
	same(t, "a delivery by key", state.Deliveries, bodiless(w.ours.delivery))
}
