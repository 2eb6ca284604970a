package inbox_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/inbox"
)

// together commits commands in one go and says of each what became of it.
func (o *office) together(p access.Principal, cmds ...inbox.SendCommand) []string {
	o.t.Helper()
	var orders []*inbox.Order
	for _, cmd := range cmds {
		order, err := o.box.PrepareSend(p, cmd)
		must(o.t, err)
		orders = append(orders, order)
	}
	var told []string
	for _, r := range o.box.CommitSends(o.t.Context(), orders) {
		told = append(told, became(r.Sent, r.Err))
	}
	return told
}

// became tells the result of a send without what differs from one time to another.
func became(sent *inbox.Sent, err error) string {
	var e *crm.Error
	switch {
	case errors.As(err, &e):
		return strings.Trim(string(e.Code)+" "+e.Reason, " ")
	case sent.Repeated:
		return "again " + sent.Message.Content.Preview()
	default:
		return "sent " + sent.Message.Content.Preview()
	}
}

func text(body string) crm.Text { return crm.Text{Body: body} }

var greeting = crm.FilledTemplate{Name: "hello", Language: "id"}

func TestCommitSendsKeepsABadOrderFromSpoilingTheOthers(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"poison", "panic"} {
		o, store := weakOffice(t)
		o.hears(o.text("100", "6281200000001", "wamid.in", "Halo"))
		cv := o.only().ID
		store.write, store.updates = poison, 0
		told := o.together(o.me, inbox.SendCommand{ConversationID: cv, Content: text("one")}, inbox.SendCommand{ConversationID: cv, Content: text("two")},
			inbox.SendCommand{ConversationID: cv, Content: text(bad)}, inbox.SendCommand{ConversationID: cv, Content: text("four")})
		want := "[sent one sent two internal sent four]"
		if bad == "panic" {
			want = "[sent one sent two internal panic sent four]"
		}
		if got := fmt.Sprint(told); got != want {
			t.Errorf("the orders end %s, want %s", got, want)
		}
		if store.updates != 5 { // of four, two, two, one and one
			t.Errorf("%d transactions were begun, want 5", store.updates)
		}
		if got := o.words(o.me); got != "+6281200000001: Halo, one, two, four" {
			t.Errorf("after %s the inbox has %s", bad, got)
		}
	}
}

func TestCommitSendsDoesNotSplitWhenTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	for _, code := range []crm.Code{crm.Unavailable, crm.Uncertain} {
		o, store := weakOffice(t)
		store.begin = func() error { return &crm.Error{Op: "begin", Code: code} }
		told := o.together(o.me, inbox.SendCommand{To: "+6281200000001", Content: greeting}, inbox.SendCommand{To: "+6281200000002", Content: greeting})
		if got := fmt.Sprint(told); got != fmt.Sprintf("[%s %s]", code, code) || store.updates != 1 {
			t.Errorf("the orders end %s after %d transactions", got, store.updates)
		}
	}
}

// A refused order to somebody new leaves nobody behind, and does not keep the next
// from making them.
func TestARefusedOrderLeavesNobody(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	stranger := inbox.SendCommand{To: "0812 0000 0009", Region: "ID", ChannelID: o.channel.ID, Content: text("Promo")}
	greeted := stranger
	greeted.Content = greeting
	if got := fmt.Sprint(o.together(o.me, stranger, stranger)); got != "[refused window_never refused window_never]" {
		t.Errorf("texts to somebody who never wrote end %s", got)
	}
	if facts := o.facts(); len(o.list(inbox.ConversationQuery{})) != 0 || len(facts) != 0 {
		t.Errorf("refused orders left a conversation, or told the feed of %v", facts)
	}
	if got := fmt.Sprint(o.together(o.me, stranger, greeted, stranger, greeted)); got != "[refused window_never sent [template hello] refused window_never sent [template hello]]" {
		t.Errorf("a template between texts ends %s", got)
	}
	if got := o.words(o.me); got != "+6281200000009: [template hello], [template hello]" {
		t.Errorf("the inbox has %s", got)
	}
	if got := o.told(o.me); got != "contact.created conversation.created message.created message.created" {
		t.Errorf("the feed tells %s", got)
	}
}

// words tells all that is in a workspace's inbox: of each number what was said,
// the oldest first, and to what.
func (o *office) words(p access.Principal) string {
	o.t.Helper()
	list, err := o.box.Conversations(o.t.Context(), p, inbox.ConversationQuery{Limit: 100})
	must(o.t, err)
	var all []string
	for _, cv := range list {
		messages, err := o.box.Messages(o.t.Context(), p, inbox.MessageQuery{ConversationID: cv.ID, Limit: 100})
		must(o.t, err)
		var said []string
		for _, m := range slices.Backward(messages) {
			said = append(said, strings.TrimRight(m.Content.Preview()+" > "+m.ReplyTo, " >"))
		}
		all = append(all, cv.ContactHandle+": "+strings.Join(said, ", "))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// told tells what a workspace's feed says, and that its numbers have no gap.
func (o *office) told(p access.Principal) string {
	o.t.Helper()
	page, err := o.feed.After(o.t.Context(), p, 0, 1000)
	must(o.t, err)
	var kinds []string
	for i, f := range page.Facts {
		if f.Seq != int64(i+1) {
			o.t.Errorf("fact %d has number %d", i+1, f.Seq)
		}
		kinds = append(kinds, string(f.Kind))
	}
	return strings.Join(kinds, " ")
}

// desk is a workspace whose sends are compared with another's.
type desk struct {
	access.Principal
	channel crm.ChannelID
	thread  crm.ConversationID // of a customer who wrote
	heard   crm.MessageID      // what was written
}

// desk makes a workspace with a number that one customer wrote to.
func (o *office) desk(number string) *desk {
	o.t.Helper()
	d := &desk{Principal: o.workspace("Toko " + number)}
	ch := o.open(d.Principal, crm.Meta, number, secret)
	must(o.t, o.box.SyncTemplates(o.t.Context(), ch, []*crm.Template{{Name: "hello", Language: "id", Category: "utility", Status: "approved", Body: "Salam"}}))
	o.hears(o.text(number, "6281200000001", "wamid.in", "Halo"))
	list, err := o.box.Conversations(o.t.Context(), d.Principal, inbox.ConversationQuery{})
	must(o.t, err)
	messages, err := o.box.Messages(o.t.Context(), d.Principal, inbox.MessageQuery{ConversationID: list[0].ID})
	must(o.t, err)
	d.channel, d.thread, d.heard = ch.ID, list[0].ID, messages[0].ID
	return d
}

// command makes one of the sends that may meet in a batch: few customers, written
// in several ways, some of whom never wrote; few keys; a conversation, a channel and
// a message that are not there.
func (d *desk) command(choice uint16, n int) inbox.SendCommand {
	cmd := inbox.SendCommand{ChannelID: d.channel, Content: text(fmt.Sprint("text", n)), Region: "ID"}
	if choice&1 > 0 {
		cmd.Content = greeting
	}
	switch choice >> 1 % 8 {
	case 0, 1:
		cmd.ConversationID = d.thread
	case 2:
		cmd.To = "0812-0000-0001" // who wrote
	case 3:
		cmd.To = "+62 812 0000 0002"
	case 4:
		cmd.To = "081200000002"
	case 5:
		cmd.To = "081200000003"
	case 6:
		cmd.To, cmd.ChannelID = "081200000004", crm.ChannelID{15: 1}
	default:
		cmd.ConversationID = crm.ConversationID{15: 1}
	}
	if key := choice >> 4 % 8; key < 3 {
		cmd.IdempotencyKey, cmd.RequestHash = fmt.Sprint("key", key), [32]byte{byte(choice >> 7 % 2)}
	}
	switch choice >> 8 % 8 {
	case 0:
		cmd.ReplyTo = crm.MessageID{15: 1}
	case 1, 2:
		cmd.ReplyTo = d.heard
	}
	return cmd
}

// TestSendsTogetherAreSendsOneByOne: what becomes of sends does not depend on which
// share a commit, with others of their workspace and with those of others.
func TestSendsTogetherAreSendsOneByOne(t *testing.T) {
	t.Parallel()
	parameters := gopter.DefaultTestParameters()
	parameters.MinSuccessfulTests = 20
	properties := gopter.NewProperties(parameters)
	properties.Property("together as one by one", prop.ForAllNoShrink(
		func(script []uint16) string {
			o := newOffice(t)
			var desks []*desk
			for _, number := range []string{"301", "302", "303"} {
				desks = append(desks, o.desk(number))
			}
			alone, both := desks[0], desks[1:]
			var want []string
			for n, choice := range script {
				sent, err := o.box.Send(t.Context(), alone.Principal, alone.command(choice, n))
				want = append(want, became(sent, err))
			}
			got := make([][]string, len(both))
			for first := 0; first < len(script); {
				batch := script[first:min(len(script), first+1+int(script[first]>>11))]
				var orders []*inbox.Order
				for n, choice := range batch {
					for _, d := range both {
						order, err := o.box.PrepareSend(d.Principal, d.command(choice, first+n))
						must(t, err)
						orders = append(orders, order)
					}
				}
				for i, r := range o.box.CommitSends(t.Context(), orders) {
					got[i%2] = append(got[i%2], became(r.Sent, r.Err))
				}
				first += len(batch)
			}
			for i, d := range both {
				switch {
				case !slices.Equal(got[i], want):
					return fmt.Sprintf("one by one they end %q, together %q", want, got[i])
				case o.words(d.Principal) != o.words(alone.Principal):
					return fmt.Sprintf("one by one the inbox has\n%s\ntogether\n%s", o.words(alone.Principal), o.words(d.Principal))
				case o.told(d.Principal) != o.told(alone.Principal):
					return fmt.Sprintf("one by one the feed tells\n%s\ntogether\n%s", o.told(alone.Principal), o.told(d.Principal))
				}
			}
			return ""
		},
		gen.SliceOfN(24, gen.UInt16()),
	))
	properties.TestingRun(t)
}
