package inbox_test

import (
	"fmt"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/webhook"
)

// takes receives a body of which only a share is for this host.
func (o *office) takes(body string, share *crm.Share) (inbox.Receipt, error) {
	_, value := webhook.Sign(crm.Meta, secret, []byte(body))
	return o.box.Receive(o.t.Context(), webhook.Request{Provider: crm.Meta, Hub: []string{value}, Body: []byte(body), Share: share})
}

// both is a Meta webhook with a message to each of the office's two numbers.
func (o *office) both() string {
	return fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[%s,%s]}`,
		entry(o.text("100", "6281200000001", "wamid.1", "to the first")), entry(o.text("101", "6281200000002", "wamid.2", "to the second")))
}

// previews returns what the inbox shows, by the message's number.
func (o *office) previews() map[string]int {
	seen := map[string]int{}
	for _, cv := range o.list(inbox.ConversationQuery{}) {
		seen[cv.LastMessage.Preview] += cv.Unread
	}
	return seen
}

func (o *office) wantPreviews(what string, want map[string]int) {
	o.t.Helper()
	if got := o.previews(); fmt.Sprint(got) != fmt.Sprint(want) {
		o.t.Errorf("%s: the inbox shows %v, want %v", what, got, want)
	}
}

// A number that moved brings its facts with the same bytes, of which the host
// has taken another share before. Nothing is applied twice.
func TestReceiveTakesItsShareAlone(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.open(o.me, crm.Meta, "101", secret)
	body := o.both()
	take := func(numbers ...string) inbox.Receipt {
		t.Helper()
		receipt, err := o.takes(body, &crm.Share{Numbers: numbers})
		must(t, err)
		return receipt
	}
	first := take("100")
	if first.Verdict != crm.DeliveryApplied || first.Facts != 1 || first.Applied != 1 {
		t.Errorf("the receipt for one of two numbers is %+v", first)
	}
	o.wantPreviews("after the first share", map[string]int{"to the first": 1})
	if again := take("100"); again.DeliveryID != first.DeliveryID || again.Verdict != crm.DeliveryApplied {
		t.Errorf("the repeat's receipt is %+v, the first one's %+v", again, first)
	}
	if second := take("101"); second.DeliveryID == first.DeliveryID || second.Applied != 1 {
		t.Errorf("the receipt for the other number is %+v", second)
	}
	both := map[string]int{"to the first": 1, "to the second": 1}
	o.wantPreviews("after the other share", both)
	if all := take("101", "100"); all.Facts != 2 || all.Applied != 0 {
		t.Errorf("the receipt for both numbers is %+v, want two facts that were known", all)
	}
	if whole := o.hears(body); whole.Facts != 2 || whole.Applied != 0 {
		t.Errorf("the receipt for all of it is %+v, want two facts that were known", whole)
	}
	o.wantPreviews("after all of it", both)
}

// What is another host's may be another tenant's: the workspace's log does not
// show it.
func TestAShareKeepsTheBodyFromTheWorkspace(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	_, err := o.takes(o.both(), &crm.Share{Numbers: []string{"100"}})
	must(t, err)
	rows, err := o.box.Deliveries(t.Context(), o.me, inbox.DeliveryQuery{})
	must(t, err)
	if len(rows) != 1 || rows[0].Verdict != crm.DeliveryApplied || rows[0].Facts != 1 {
		t.Fatalf("the workspace's log is %+v, want its part, applied", rows)
	}
	mine, err := o.box.Delivery(t.Context(), o.me, rows[0].ID)
	must(t, err)
	if len(mine.Body) > 0 {
		t.Error("the workspace's log shows a body that holds another host's message")
	}
	_, err = o.box.Replay(t.Context(), o.me, mine.ID)
	wantReason(t, err, "shared_delivery")

	alone, err := o.takes(o.text("100", "6281200000001", "wamid.3", "alone"), &crm.Share{Numbers: []string{"100"}})
	must(t, err)
	mine, err = o.box.Delivery(t.Context(), o.me, alone.DeliveryID)
	must(t, err)
	if len(mine.Body) == 0 {
		t.Error("the workspace's log does not show a body that is its alone")
	}
}

// A replay applies the share that was taken, not what else is in the bytes.
func TestReplayKeepsToTheShare(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	receipt, err := o.takes(o.both(), &crm.Share{Numbers: []string{"101"}})
	must(t, err)
	if receipt.Verdict != crm.DeliveryUnknown {
		t.Errorf("the receipt for a number that is not here yet is %+v", receipt)
	}
	o.open(o.me, crm.Meta, "101", secret)
	for range 2 {
		receipt, err = o.box.ReplayUnclaimed(t.Context(), receipt.DeliveryID)
		must(t, err)
		if receipt.Verdict != crm.DeliveryApplied || receipt.Facts != 1 {
			t.Errorf("the replay's receipt is %+v", receipt)
		}
		o.wantPreviews("after the replay", map[string]int{"to the second": 1})
	}
}

func TestAShareDecidesOnWhatNamesNoNumber(t *testing.T) {
	t.Parallel()
	account := `{"object":"whatsapp_business_account","entry":[{"id":"9100","time":1793606400,"changes":[{"field":"account_update","value":{"event":"VERIFIED_ACCOUNT"}}]}]}`
	nobody := `{"object":"page","entry":[]}`
	for _, c := range []struct {
		name, body string
		share      *crm.Share
		facts      int
		verdict    crm.Verdict
	}{
		{"an account's news", account, &crm.Share{Accounts: []string{"9100"}}, 1, crm.DeliveryApplied},
		{"another account's news", account, &crm.Share{Accounts: []string{"9101"}, Numbers: []string{"100"}, Rest: true}, 0, crm.DeliveryApplied},
		{"what names nobody", nobody, &crm.Share{Rest: true}, 1, crm.DeliveryUnknown},
		{"what names nobody, elsewhere", nobody, &crm.Share{Numbers: []string{"100"}}, 0, crm.DeliveryApplied},
	} {
		o := newOffice(t)
		receipt, err := o.takes(c.body, c.share)
		if err != nil || receipt.Facts != c.facts || receipt.Verdict != c.verdict {
			t.Errorf("%s: the receipt is %+v, %v; want %d facts, %s", c.name, receipt, err, c.facts, c.verdict)
		}
	}
}

// Bytes that cannot be read are kept whoever they are for.
func TestWhatCannotBeReadIsKeptWithAnyShare(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for i, share := range []*crm.Share{{Rest: true}, {Numbers: []string{"100"}}} {
		_, err := o.takes(`{"object":`, share)
		wantCode(t, err, crm.Invalid)
		log, err := o.box.Unclaimed(t.Context(), inbox.DeliveryQuery{})
		must(t, err)
		if len(log) != i+1 || log[0].Verdict != crm.DeliveryUnreadable {
			t.Errorf("with the share %+v the journal is %+v", share, log)
		}
	}
}

// A share gives no right: the signature is verified all the same.
func TestAShareProvesNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	body := []byte(o.text("100", "6281200000001", "wamid.1", "Halo"))
	_, value := webhook.Sign(crm.Meta, "another secret", body)
	_, err := o.box.Receive(t.Context(), webhook.Request{Provider: crm.Meta, Hub: []string{value}, Body: body, Share: &crm.Share{Numbers: []string{"100"}, Rest: true}})
	wantCode(t, err, crm.Unauthenticated)
	if log, err := o.box.Unclaimed(t.Context(), inbox.DeliveryQuery{}); err != nil || len(log) > 0 {
		t.Errorf("a forgery is in the journal: %+v, %v", log, err)
	}
}
