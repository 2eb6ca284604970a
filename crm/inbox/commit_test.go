package inbox_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/webhook"
)

// weak is a store that fails in what the tests tell it to.
type weak struct {
	inbox.Store
	updates int                              // transactions that were begun
	begin   func() error                     // before one
	write   func(changes *crm.Changes) error // before a write
	faults  []fault                          // what was told
}

func (s *weak) Update(ctx context.Context, workspaces []crm.WorkspaceID, fn func(context.Context, inbox.Tx) error) error {
	s.updates++
	if err := s.begin(); err != nil {
		return err
	}
	return s.Store.Update(ctx, workspaces, func(ctx context.Context, tx inbox.Tx) error { return fn(ctx, weakTx{tx, s}) })
}

// fault is what the inbox told of a webhook that it failed on.
type fault struct {
	receipt inbox.Receipt
	err     error
}

type weakTx struct {
	inbox.Tx
	store *weak
}

func (tx weakTx) Write(ctx context.Context, changes *crm.Changes) error {
	if err := tx.store.write(changes); err != nil {
		return err
	}
	return tx.Tx.Write(ctx, changes)
}

func sound() error { return nil }

func stores(*crm.Changes) error { return nil }

// poison fails a write that holds a message with the word, as a mistake of ours
// would.
func poison(changes *crm.Changes) error {
	for _, m := range changes.Messages {
		switch text, _ := m.Content.(crm.Text); text.Body {
		case "poison":
			return &crm.Error{Op: "write", Code: crm.Internal, Err: errors.New("the database does not take this")}
		case "panic":
			panic("this breaks the program")
		}
	}
	return nil
}

// weakOffice is an office on a weak store.
func weakOffice(t *testing.T) (*office, *weak) {
	t.Helper()
	o := newOffice(t)
	store := &weak{Store: o.store, begin: sound, write: stores}
	o.box = inbox.New(store, o.dir, o.mint, inbox.WithStack(debug.Stack), inbox.WithFaults(func(r inbox.Receipt, err error) { store.faults = append(store.faults, fault{r, err}) }))
	return o, store
}

// messages is a Meta webhook of text messages, each from another person.
func (o *office) messages(bodies ...string) string {
	list := make([]string, len(bodies))
	for i, body := range bodies {
		list[i] = fmt.Sprintf(`{"from":"62812%08d","id":"wamid.%s.%d","timestamp":"%d","type":"text","text":{"body":%q}}`, i, body, i, o.clock.Now().Unix(), body)
	}
	return fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"9100","changes":[{"field":"messages","value":{"messaging_product":"whatsapp",`+
		`"metadata":{"display_phone_number":"15550000001","phone_number_id":"100"},"messages":[%s]}}]}]}`, strings.Join(list, ","))
}

func (o *office) arrival(body string) *inbox.Arrival {
	o.t.Helper()
	_, value := webhook.Sign(crm.Meta, secret, []byte(body))
	a, err := o.box.Prepare(o.t.Context(), webhook.Request{Provider: crm.Meta, Hub: []string{value}, Body: []byte(body)})
	must(o.t, err)
	return a
}

// shown returns the last words of each conversation, sorted.
func (o *office) shown() string {
	var words []string
	for _, cv := range o.list(inbox.ConversationQuery{Limit: 100}) {
		words = append(words, cv.LastMessage.Preview)
	}
	slices.Sort(words)
	return strings.Join(words, " ")
}

func TestCommitKeepsABadArrivalFromSpoilingTheOthers(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"poison", "panic"} {
		o, store := weakOffice(t)
		store.write = poison
		var arrivals []*inbox.Arrival
		for i := range 7 {
			body := fmt.Sprintf("hello%d", i)
			if i == 4 {
				body = bad
			}
			arrivals = append(arrivals, o.arrival(o.text("100", fmt.Sprintf("628120000000%d", i), fmt.Sprintf("wamid.%d", i), body)))
		}
		results := o.box.Commit(t.Context(), arrivals)
		for i, r := range results {
			want := crm.DeliveryApplied
			if i == 4 {
				want = crm.DeliveryPartly
			}
			if r.Err != nil || r.Receipt.Verdict != want {
				t.Errorf("%s: arrival %d ends %q (%v), want %q", bad, i, r.Receipt.Verdict, r.Err, want)
			}
		}
		if got := o.shown(); got != "hello0 hello1 hello2 hello3 hello5 hello6" {
			t.Errorf("%s: the inbox shows %s", bad, got)
		}
		if len(store.faults) != 1 || store.faults[0].receipt != results[4].Receipt {
			t.Fatalf("%s: of what it failed on it told %v, want the one receipt", bad, store.faults)
		}
		if panicked := (*inbox.Panic)(nil); errors.As(store.faults[0].err, &panicked) != (bad == "panic") {
			t.Errorf("%s: it told of %v", bad, store.faults[0].err)
		} else if bad == "panic" && !bytes.Contains(panicked.Stack, []byte("inbox_test.poison")) {
			t.Errorf("where it panicked is not told: %s", panicked.Stack)
		}
		// It is kept, and once the program is mended it is taken in.
		store.write = stores
		receipt, err := o.box.Replay(t.Context(), o.me, results[4].Receipt.DeliveryID)
		must(t, err)
		if receipt.Verdict != crm.DeliveryApplied || !strings.Contains(o.shown(), bad) {
			t.Errorf("%s: the replay ends %+v and the inbox shows %s", bad, receipt, o.shown())
		}
	}
}

// A bad fact does not spoil its batch, wherever it stands.
func TestCommitLeavesOutTheFactsThatCannotBeStored(t *testing.T) {
	t.Parallel()
	for _, bad := range [][]int{{0}, {1}, {49}, {99}, {0, 99}, {10, 11, 12}, {3, 50, 97}} {
		o, store := weakOffice(t)
		store.write = poison
		bodies := make([]string, 100)
		for i := range bodies {
			bodies[i] = "fine"
			if slices.Contains(bad, i) {
				bodies[i] = "poison"
			}
		}
		receipt := o.hears(o.messages(bodies...))
		if receipt.Verdict != crm.DeliveryPartly || receipt.Facts != 100 || receipt.Applied != 100-len(bad) {
			t.Errorf("with bad facts at %v the receipt is %+v", bad, receipt)
		}
		if got := strings.Count(o.shown(), "fine"); got != 100-len(bad) {
			t.Errorf("with bad facts at %v %d of the others are there", bad, got)
		}
		d, err := o.box.Delivery(t.Context(), o.me, receipt.DeliveryID)
		must(t, err)
		if want := "this program failed on it"; !strings.Contains(d.Reason, want) || len(d.Body) == 0 || strings.Contains(d.Reason, "database does not take") {
			t.Errorf("the journal says %q and keeps %d bytes", d.Reason, len(d.Body))
		}
	}
}

// When nothing of a body can be stored, the body is.
func TestCommitJournalsWhatNothingCanBeStoredOf(t *testing.T) {
	t.Parallel()
	o, store := weakOffice(t)
	store.write = func(changes *crm.Changes) error {
		if len(changes.Deliveries) > 0 && !changes.Deliveries[0].WorkspaceID.IsZero() {
			return &crm.Error{Op: "write", Code: crm.Internal}
		}
		return nil
	}
	receipt := o.hears(o.messages("fine", "fine too"))
	if receipt.Verdict != crm.DeliveryUnreadable || o.shown() != "" {
		t.Errorf("the receipt is %+v and the inbox shows %q", receipt, o.shown())
	}
	store.write = stores
	if _, err := o.box.ReplayUnclaimed(t.Context(), receipt.DeliveryID); err != nil || o.shown() != "fine fine too" {
		t.Errorf("after the replay (%v) the inbox shows %q", err, o.shown())
	}
}

func TestCommitTellsWhenNothingCanBeKept(t *testing.T) {
	t.Parallel()
	o, store := weakOffice(t)
	store.write = func(*crm.Changes) error { return &crm.Error{Op: "write", Code: crm.Internal} }
	if _, err := o.receive(o.messages("fine")); crm.CodeOf(err) != crm.Internal {
		t.Errorf("with a journal that takes nothing the answer is %v", err)
	}
}

// A database that is away is nobody's fault: all are told, and nothing is tried
// over and over.
func TestCommitDoesNotSplitWhenTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	for _, code := range []crm.Code{crm.Unavailable, crm.Uncertain} {
		o, store := weakOffice(t)
		store.begin = func() error { return &crm.Error{Op: "begin", Code: code} }
		for i, r := range o.box.Commit(t.Context(), []*inbox.Arrival{o.arrival(o.messages("one")), o.arrival(o.messages("two"))}) {
			if crm.CodeOf(r.Err) != code {
				t.Errorf("arrival %d is told %v, want %s", i, r.Err, code)
			}
		}
		if store.updates != 1 || o.shown() != "" {
			t.Errorf("%s: %d transactions were begun, and the inbox shows %q", code, store.updates, o.shown())
		}
	}
	// It goes away while the bad one is looked for.
	o, store := weakOffice(t)
	store.write = poison
	store.begin = func() error {
		if store.updates > 2 {
			return &crm.Error{Op: "begin", Code: crm.Unavailable}
		}
		return nil
	}
	if _, err := o.receive(o.messages("fine", "poison")); crm.CodeOf(err) != crm.Unavailable || o.shown() != "" {
		t.Errorf("the answer is %v, and the inbox shows %q", err, o.shown())
	}
}

// Others that always come between are no reason to call a webhook bad.
func TestCommitAsksToComeAgainAfterConflicts(t *testing.T) {
	t.Parallel()
	o, store := weakOffice(t)
	store.begin = func() error { return &crm.Error{Op: "commit", Code: crm.Conflict} }
	if _, err := o.receive(o.messages("fine")); crm.CodeOf(err) != crm.Unavailable {
		t.Errorf("the answer is %v, want unavailable", err)
	}
}
