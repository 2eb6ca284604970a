package outbox_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/outbox"
)

// play is a shop to which anything may happen, with what it remembers to judge
// by.
type play struct {
	*shop
	threads  []*crm.Conversation
	messages []*crm.Message
	claims   []outbox.Claim // claimed and not attempted yet
	highest  map[crm.MessageID]crm.MessageStatus
	wrong    string // the first law that was broken
}

// outcomes are what the network may do with a message. Of those in doubt it
// takes some and not others.
var outcomes = []answer{
	{}, {}, {}, lost,
	{err: &crm.SendError{Ambiguous: true, Status: 502}},
	{err: &crm.SendError{Err: errors.New("connection refused")}},
	{reply: crm.Accepted{Held: true}},
	refusal(131016), refusal(130429), refusal(131056), refusal(131026), refusal(190),
	{err: &crm.SendError{Status: 409}},
}

// moves are what may happen, each chosen by one byte and given another.
var moves = []func(*play, int){
	func(p *play, n int) { p.messages = append(p.messages, p.say(p.threads[n%len(p.threads)])) },
	func(p *play, n int) { p.messages = append(p.messages, p.say(p.threads[n%len(p.threads)])) },
	(*play).sendOne, (*play).sendOne, (*play).sendOne,
	func(p *play, n int) { p.clock.Advance([]time.Duration{1, 3 * second, minute, 2*minute + second}[n%4]) },
	(*play).claimOnly, (*play).dieAfterwards, (*play).dieAfterwards, (*play).reportFirst,
	func(p *play, n int) { // the host that claimed was slow
		if len(p.claims) > 0 {
			i := n % len(p.claims)
			claim := p.claims[i]
			p.claims = append(p.claims[:i:i], p.claims[i+1:]...)
			p.network.next(outcomes[n%len(outcomes)])
			p.attempt(claim)
		}
	},
	func(p *play, n int) { p.claims = nil; p.restart() }, // the host died before it attempted what it claimed
	(*play).report,
	(*play).resume,
}

// sendOne claims one message and attempts it.
func (p *play) sendOne(n int) {
	claims, err := p.out.Claim(p.t.Context(), 1)
	must(p.t, err)
	if len(claims) > 0 {
		p.network.next(outcomes[n%len(outcomes)])
		p.attempt(claims[0])
		p.network.script = nil // an attempt that did not begin left its answer
	}
}

// dieAfterwards claims one message and attempts it on a host that dies before it
// can record what came of it.
func (p *play) dieAfterwards(n int) {
	claims, err := p.out.Claim(p.t.Context(), 1)
	must(p.t, err)
	if len(claims) == 0 {
		return
	}
	p.network.next(outcomes[n%len(outcomes)])
	dying := outbox.New(brokenStore{p.store}, map[crm.Provider]outbox.Sender{crm.Kapso: p.network}, p.mint)
	if _, err := dying.Attempt(p.t.Context(), claims[0]); !errors.Is(err, crm.Unavailable) {
		p.t.Errorf("an attempt without a database ends with %v", err)
	}
	p.network.script = nil
}

// claimOnly claims up to two messages and attempts none.
func (p *play) claimOnly(n int) {
	claims, err := p.out.Claim(p.t.Context(), 1+n%2)
	must(p.t, err)
	p.claims = append(p.claims, claims...)
}

// report lets the provider report on a message it took.
func (p *play) report(n int) {
	if sent := p.network.sent; len(sent) > 0 {
		m := sent[n%len(sent)]
		p.status(&crm.Message{ID: m.MessageID}, []crm.MessageStatus{crm.Sent, crm.Delivered, crm.Read, crm.Failed}[n%4])
	}
}

// reportFirst sends one message whose report comes before the provider's answer,
// which may be lost.
func (p *play) reportFirst(n int) {
	claims, err := p.out.Claim(p.t.Context(), 1)
	must(p.t, err)
	if len(claims) > 0 {
		a := []answer{{}, lost}[n%2]
		m := claims[0].Message
		a.before = func() {
			p.status(m, crm.Delivered)
			p.highest[m.ID] = p.highest[m.ID].Join(crm.Delivered)
		}
		p.network.next(a)
		p.attempt(claims[0])
		p.network.script = nil
	}
}

// resume lets a paused channel go on.
func (p *play) resume(int) {
	must(p.t, p.store.Update(p.t.Context(), p.Workspace.ID, func(ctx context.Context, tx outbox.Tx) error {
		p.Channel.PausedReason = ""
		return tx.Write(ctx, &crm.Changes{Channels: []*crm.Channel{p.Channel}})
	}))
}

// judge notes the first law that does not hold.
func (p *play) judge(move int) {
	fail := func(law string, args ...any) {
		if p.wrong == "" {
			p.wrong = fmt.Sprintf("move %d: ", move) + fmt.Sprintf(law, args...)
		}
	}
	for _, cv := range p.threads {
		page, err := p.inbox.Messages(p.t.Context(), p.Workspace.ID, inbox.MessageQuery{ConversationID: cv.ID, Limit: 100})
		must(p.t, err)
		for _, m := range page {
			now, before, taken := m.Status, p.highest[m.ID], p.network.taken[m.ID]
			p.highest[m.ID] = now
			switch {
			case taken > 1:
				fail("a message was taken %d times", taken)
			case before.Join(now) != now:
				fail("a message went from %s to %s", before, now)
			case m.Direction == crm.Outbound && taken == 0 && crm.Unknown.Join(now) != crm.Unknown && now != crm.Failed:
				fail("a message that was never taken is %s", now)
			}
		}
	}
	if !p.inOrder() {
		fail("a message overtook an older one of its conversation")
	}
}

// inOrder reports whether the network took each conversation's messages in the
// order they were written.
func (p *play) inOrder() bool {
	place := map[crm.MessageID]int{}
	for i, m := range p.messages {
		place[m.ID] = i + 1
	}
	last := map[crm.ConversationID]int{}
	for _, sent := range p.network.sent {
		i := place[sent.MessageID]
		cv := p.messages[i-1].ConversationID
		if i < last[cv] {
			return false
		}
		last[cv] = i
	}
	return true
}

// settle lets all end well and returns the first law that was broken: in the end
// nothing waits, and only a message that is held for a check is still sending.
func (p *play) settle() string {
	p.network.script = nil
	for range 40 {
		p.resume(0)
		p.clock.Advance(3 * minute)
		p.work()
	}
	p.judge(-1)
	if waiting, _, err := p.out.Depth(p.t.Context()); p.wrong == "" && (waiting > 0 || err != nil) {
		p.wrong = fmt.Sprintf("%d messages never settle, %v", waiting, err)
	}
	for _, m := range p.messages {
		status := p.highest[m.ID]
		if p.wrong == "" && (status == crm.Queued || status == crm.Sending && p.network.taken[m.ID] == 0) {
			p.wrong = fmt.Sprintf("a message that nobody took stays %s", status)
		}
	}
	return p.wrong
}

// TestLaws plays random sequences of sends, refusals, losses, crashes, late
// hosts, reports and pauses. Whatever happens, no message is taken twice, no
// status goes back, a conversation's messages leave in their order, nothing is
// said to be sent that was not, and nothing is forgotten.
func TestLaws(t *testing.T) {
	t.Parallel()
	parameters := gopter.DefaultTestParameters()
	parameters.MinSuccessfulTests = 30
	properties := gopter.NewProperties(parameters)
	properties.Property("nothing is sent twice, out of order or forgotten", prop.ForAllNoShrink(
		func(script []uint16) string {
			p := &play{shop: newShop(t), highest: map[crm.MessageID]crm.MessageStatus{}}
			p.threads = []*crm.Conversation{p.thread(), p.thread()}
			for i, step := range script {
				moves[int(step>>8)%len(moves)](p, int(step&0xff))
				p.judge(i)
			}
			return p.settle()
		},
		gen.SliceOfN(50, gen.UInt16()),
	))
	properties.TestingRun(t)
}
