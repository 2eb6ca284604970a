package inbox_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/webhook"
)

// assigns puts the next version of the rules in force, with a change.
func (o *office) assigns(change func(*lead.Document)) {
	o.t.Helper()
	o.rules++
	doc := lead.Education().Document()
	doc.Version, doc.Routing.Enabled = crm.DefaultRules+o.rules, true
	change(&doc)
	rules, err := lead.New(doc)
	must(o.t, err)
	must(o.t, o.store.Update(o.t.Context(), []crm.WorkspaceID{o.me.WorkspaceID}, func(ctx context.Context, tx inbox.Tx) error {
		return tx.Write(ctx, &crm.Changes{Rules: []*crm.LeadRules{{WorkspaceID: o.me.WorkspaceID, Version: doc.Version, Document: rules.Encode(), CreatedAt: o.mint.Now()}}})
	}))
}

func inTurn(*lead.Document) {}

// joins adds somebody to the team. The owner, who is there from the beginning, is
// set aside by away.
func (o *office) joins(m crm.Member) crm.MemberID {
	o.t.Helper()
	m.Role = crm.Agent
	saved, err := o.dir.SaveMember(o.t.Context(), o.me, m)
	must(o.t, err)
	return saved.ID
}

func (o *office) changes(id crm.MemberID, change func(*crm.Member)) {
	o.t.Helper()
	m, err := o.dir.Member(o.t.Context(), o.me.WorkspaceID, id)
	must(o.t, err)
	change(m)
	_, err = o.dir.SaveMember(o.t.Context(), o.me, *m)
	must(o.t, err)
}

func away(m *crm.Member) { m.Away = true }

// asks has the n-th customer write, and returns the conversation.
func (o *office) asks(n int) *crm.Conversation {
	o.t.Helper()
	o.said++
	o.hears(o.text("100", number(n), fmt.Sprintf("wamid.asks.%d", o.said), "Halo"))
	return o.of(n)
}

func number(n int) string { return fmt.Sprintf("62812000%05d", n) }

// of returns the n-th customer's conversation.
func (o *office) of(n int) *crm.Conversation {
	o.t.Helper()
	for _, cv := range o.list(inbox.ConversationQuery{Limit: 200}) {
		if strings.HasSuffix(cv.ContactHandle, number(n)) {
			return cv
		}
	}
	o.t.Fatalf("customer %d has no conversation", n)
	return nil
}

func (o *office) change(cv *crm.Conversation, c inbox.Change) {
	o.t.Helper()
	_, err := o.box.Change(o.t.Context(), o.me, cv.ID, c)
	must(o.t, err)
}

// assigned are the facts of the feed that tell what the rules decided, in order.
// Each conversation has kept what they tell of it.
func (o *office) assigned() (told []decision) {
	o.t.Helper()
	kept := map[crm.ConversationID][]crm.Routing{} // newest first
	defer func() {
		for id, want := range kept {
			got, err := o.box.Routings(o.t.Context(), o.me, inbox.RoutingQuery{ConversationID: id, Limit: crm.MaxPageRows})
			if err != nil || !slices.EqualFunc(got, want, func(a, b crm.Routing) bool {
				return a.At.Equal(b.At) && a.AssigneeID == b.AssigneeID && a.Reason == b.Reason
			}) {
				o.t.Errorf("%s has kept %+v, %v, of %+v", id, got, err, want)
			}
		}
	}()
	for after := int64(0); ; {
		page, err := o.feed.After(o.t.Context(), o.me, after, 1000)
		must(o.t, err)
		for _, f := range page.Facts {
			after = f.Seq
			if f.Kind != crm.ConversationChanged || f.Actor.Kind != crm.BySystem {
				continue
			}
			d := decision{ConversationID: f.ConversationID}
			must(o.t, json.Unmarshal(f.Data, &d))
			if d.Reason != "" {
				told = append(told, d)
				all := kept[d.ConversationID]
				if len(all) > 0 && all[0].At.Equal(f.At) {
					all = all[1:]
				}
				kept[d.ConversationID] = slices.Insert(all, 0, crm.Routing{At: f.At, AssigneeID: d.Assignee, Reason: d.Reason})
			}
		}
		if len(page.Facts) == 0 {
			return told
		}
	}
}

type decision struct {
	ConversationID crm.ConversationID `json:"-"`
	Assignee       crm.MemberID       `json:"assignee_id"`
	Queue          string             `json:"queue"`
	Reason         string             `json:"reason"`
}

// wants checks whose a conversation is and why.
func (o *office) wants(what string, cv *crm.Conversation, who crm.MemberID, why lead.Reason) {
	o.t.Helper()
	if cv.AssigneeID != who || cv.RoutedFor != why.Code || cv.RoutedAt.IsZero() != (why.Code == "") {
		o.t.Errorf("%s: it is %v's for %q since %v, want %v for %q", what, cv.AssigneeID, cv.RoutedFor, cv.RoutedAt, who, why.Code)
	}
}

// TestAssign: a message comes in, and its conversation is somebody's.
func TestAssign(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	if cv := o.asks(1); !cv.AssigneeID.IsZero() || cv.RoutedFor != "" || len(o.assigned()) != 0 {
		t.Fatalf("without rules that assign it is %v's", cv.AssigneeID)
	}
	o.assigns(inTurn)
	cv := o.asks(1)
	o.wants("the first", cv, o.me.Member, lead.InTurn)
	want := decision{cv.ID, o.me.Member, "", "turn"}
	if told := o.assigned(); len(told) != 1 || told[0] != want {
		t.Errorf("the feed tells %v, want %v", told, want)
	}
	dewi := o.joins(crm.Member{Name: "Dewi"})
	o.wants("the next, after somebody joined", o.asks(2), dewi, lead.InTurn)
	o.wants("then the owner's turn", o.asks(3), o.me.Member, lead.InTurn)
	before, facts := o.of(2), len(o.facts())
	body := o.text("100", number(2), "wamid.asks.3", "Halo")
	d := o.hears(body)
	o.hears(body)
	_, err := o.box.Replay(t.Context(), o.me, d.DeliveryID)
	must(t, err)
	if got := o.of(2); got.AssigneeID != dewi || !got.RoutedAt.Equal(before.RoutedAt) || len(o.facts()) != facts {
		t.Errorf("a message told again and replayed left %+v and %d more facts", got, len(o.facts())-facts)
	}
	o.wants("whoever has it keeps it", o.asks(2), dewi, lead.InTurn)
	if told := o.assigned(); len(told) != 3 {
		t.Errorf("three conversations were assigned %d times: %v", len(told), told)
	}
}

// TestAssignFollowsTheTeam goes through what happens to a team.
func TestAssignFollowsTheTeam(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.assigns(inTurn)
	o.changes(o.me.Member, away)
	dewi, eka := o.joins(crm.Member{Name: "Dewi"}), o.joins(crm.Member{Name: "Eka"})
	o.wants("who is away gets nothing", o.asks(1), dewi, lead.InTurn)
	o.changes(dewi, away)
	o.wants("who goes away keeps what it has", o.asks(1), dewi, lead.InTurn)
	o.wants("and gets nothing new", o.asks(2), eka, lead.InTurn)
	o.wants("and gets nothing new", o.asks(3), eka, lead.InTurn)
	o.changes(dewi, func(m *crm.Member) { m.DisabledAt = o.clock.Now() })
	o.wants("what a member had who left is another's, when the customer writes", o.asks(1), eka, lead.InTurn)

	o.change(o.of(1), inbox.Change{AssigneeID: &o.me.Member})
	o.wants("a person's word", o.of(1), o.me.Member, lead.Reason{})
	o.wants("and it counts for more than the rules, though it is away", o.asks(1), o.me.Member, lead.Reason{})

	o.changes(eka, func(m *crm.Member) { m.DisabledAt = o.clock.Now() })
	o.wants("nobody is in: what it had waits", o.asks(2), crm.MemberID{}, lead.NobodyIn)
	told := o.assigned()
	if last := told[len(told)-1]; last.Reason != "nobody_in" || last.Queue != "inbox" || !last.Assignee.IsZero() {
		t.Errorf("the feed tells %+v", last)
	}
}

// TestAssignNotWithoutCause: what the customer did not just say to the team asks
// for nobody.
func TestAssignNotWithoutCause(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.asks(1)
	o.assigns(inTurn)
	nobodys := func(what string, n int) {
		t.Helper()
		o.wants(what, o.of(n), crm.MemberID{}, lead.Reason{})
	}
	nobodys("a change of the rules", 1)
	_, err := o.box.Send(t.Context(), o.me, inbox.SendCommand{ConversationID: o.of(1).ID, Content: crm.Text{Body: "Halo juga"}})
	must(t, err)
	nobodys("what the team writes", 1)
	bot := crm.Bot
	o.change(o.of(1), inbox.Change{Mode: &bot})
	o.asks(1)
	nobodys("what a bot answers", 1)

	apply := func(fact webhook.Fact) {
		t.Helper()
		fact.Kind, fact.Provider, fact.PhoneNumberID, fact.Time = webhook.Message, crm.Meta, "100", o.clock.Now()
		fact.Peer = webhook.Peer{WaID: number(2)}
		o.applies(o.channel, &fact)
	}
	apply(webhook.Fact{ProviderID: "wamid.past", Direction: crm.Inbound, Origin: webhook.History, Message: &webhook.MessagePart{Content: crm.Text{Body: "dulu"}}})
	nobodys("what was said before the number was connected", 2)
	apply(webhook.Fact{ProviderID: "wamid.echo", Direction: crm.Outbound, Origin: webhook.Live, Message: &webhook.MessagePart{Content: crm.Text{Body: "dari HP"}}})
	nobodys("what the business wrote on its phone", 2)
	apply(webhook.Fact{ProviderID: "wamid.now", Direction: crm.Inbound, Origin: webhook.Live, Message: &webhook.MessagePart{Content: crm.Text{Body: "sekarang"}}})
	o.wants("what the customer writes", o.of(2), o.me.Member, lead.InTurn)
}

// TestAssignChooses: the owner first, then the skill, then the order; what is too
// cold waits for the customer.
func TestAssignChooses(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.assigns(func(d *lead.Document) { d.Routing.BySkill, d.Routing.Order = true, lead.LeastLoaded })
	tag := &crm.Tag{ID: crm.NewID[crm.Tag](o.mint), WorkspaceID: o.me.WorkspaceID, Name: "Japan", Color: "#ff8800", CreatedAt: o.mint.Now()}
	o.write(&crm.Changes{Tags: []*crm.Tag{tag}})
	o.changes(o.me.Member, away)
	dewi := o.joins(crm.Member{Name: "Dewi"})
	eka := o.joins(crm.Member{Name: "Eka", Skills: []crm.TagID{tag.ID}, Capacity: 3})
	o.wants("the fewest, and of equals who never had one, the first", o.asks(1), dewi, lead.Freest)
	o.wants("the fewest", o.asks(2), eka, lead.Freest)
	for n := 3; n < 6; n++ { // contacts that the team tagged before anybody had them
		o.assigns(func(d *lead.Document) { d.Routing.Enabled = false })
		cv := o.asks(n)
		_, ct, err := o.box.Conversation(t.Context(), o.me, cv.ID)
		must(t, err)
		ct.Tags = []crm.TagID{tag.ID}
		o.write(&crm.Changes{Contacts: []*crm.Contact{ct}})
	}
	o.assigns(func(d *lead.Document) { d.Routing.BySkill, d.Routing.Order = true, lead.LeastLoaded })
	o.wants("who is good with it", o.asks(3), eka, lead.Skilled)
	o.wants("who is good with it", o.asks(4), eka, lead.Skilled)
	o.wants("who is good with it has no room", o.asks(5), dewi, lead.Freest)
	o.change(o.of(2), inbox.Change{AssigneeID: &o.me.Member}) // by which the others are as busy as each other
	o.wants("on another number of the business the contact returns to whom it knows, though that is another's turn", o.hearsKapso(number(1)), dewi, lead.Returned)
	o.assigns(func(d *lead.Document) { d.Routing.AtLeast = crm.Hot })
	told := len(o.assigned())
	o.wants("too cold", o.asks(6), crm.MemberID{}, lead.TooCold)
	o.wants("still too cold", o.asks(6), crm.MemberID{}, lead.TooCold)
	if got := len(o.assigned()) - told; got != 1 {
		t.Errorf("that a lead is too cold is told %d times", got)
	}
	o.hears(o.text("100", number(6), "wamid.hot", "Brp biaya kuliah di Malaysia? Mau daftar tahun depan, budget 50jt"))
	if cv := o.of(6); cv.AssigneeID.IsZero() || cv.RoutedFor != lead.InTurn.Code {
		t.Errorf("when it has become %s it is %v's for %q", cv.Temperature, cv.AssigneeID, cv.RoutedFor)
	}
}

// hearsKapso has a customer write on the other channel, and returns the
// conversation there.
func (o *office) hearsKapso(from string) *crm.Conversation {
	o.t.Helper()
	channels, err := o.dir.Channels(o.t.Context(), o.me)
	must(o.t, err)
	at := slices.IndexFunc(channels, func(c *crm.Channel) bool { return c.Provider == crm.Kapso })
	fact := webhook.Fact{Kind: webhook.Message, Provider: crm.Kapso, PhoneNumberID: "200", ProviderID: "wamid.kapso", Direction: crm.Inbound, Origin: webhook.Live,
		Time: o.clock.Now(), Peer: webhook.Peer{WaID: from}, Message: &webhook.MessagePart{Content: crm.Text{Body: "di nomor lain"}}}
	o.applies(channels[at], &fact)
	list := o.list(inbox.ConversationQuery{ChannelID: channels[at].ID})
	if len(list) != 1 {
		o.t.Fatalf("there are %d conversations on the other number", len(list))
	}
	return list[0]
}

// applies takes a fact in that no webhook of these tests would bring.
func (o *office) applies(ch *crm.Channel, fact *webhook.Fact) {
	o.t.Helper()
	items := []inbox.Item{{Channel: ch, Fact: fact}}
	must(o.t, o.store.Update(o.t.Context(), []crm.WorkspaceID{o.me.WorkspaceID}, func(ctx context.Context, tx inbox.Tx) error {
		state, err := tx.Load(ctx, inbox.NeedOf(o.me.WorkspaceID, items))
		if err != nil {
			return err
		}
		changes, _ := inbox.Apply(o.me.WorkspaceID, state, items, o.mint)
		return tx.Write(ctx, &changes)
	}))
}

func (o *office) write(changes *crm.Changes) {
	o.t.Helper()
	must(o.t, o.store.Update(o.t.Context(), []crm.WorkspaceID{o.me.WorkspaceID}, func(ctx context.Context, tx inbox.Tx) error { return tx.Write(ctx, changes) }))
}

// worksThrough has what waits looked at until nothing is due, and returns how often.
func (o *office) worksThrough() (turns int) {
	o.t.Helper()
	for {
		worked, err := o.box.Assign(o.t.Context())
		must(o.t, err)
		if !worked {
			return turns
		}
		turns++
	}
}

// TestQueue: what waits is assigned when the reason has passed, those first that
// have waited longest.
func TestQueue(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.assigns(func(d *lead.Document) {
		d.Hours = lead.WorkingTime{Week: map[string][]string{"mon": {"08:00-17:00"}, "tue": {"08:00-17:00"}}}
	})
	o.changes(o.me.Member, func(m *crm.Member) { m.Capacity = 2 })
	nobody := crm.MemberID{}
	o.clock.Advance(2 * time.Hour) // it is 17:00 in Jakarta
	for n := range 4 {
		o.wants("after hours", o.asks(n), nobody, lead.Closed)
		o.clock.Advance(time.Second)
	}
	o.asks(0) // writing again does not cost it its place
	if told := o.assigned(); len(told) != 4 {
		t.Errorf("that four wait is told %d times", len(told))
	}
	if o.worksThrough() != 0 {
		t.Error("the queue is looked at at once")
	}
	o.clock.Advance(14 * time.Hour)
	o.worksThrough()
	o.wants("an hour before it opens", o.of(0), nobody, lead.Closed)
	o.clock.Advance(2 * time.Minute)
	if o.worksThrough() != 0 {
		t.Error("while the team does not work the queue is looked at every minute")
	}
	o.clock.Advance(57 * time.Minute)
	if turns := o.worksThrough(); turns != 1 {
		t.Errorf("what waits is looked at %d times at once", turns)
	}
	o.clock.Advance(56 * time.Second) // it is 08:00:00
	o.worksThrough()
	o.wants("when it opens, the first", o.of(0), o.me.Member, lead.InTurn)
	o.wants("when it opens, the second", o.of(1), o.me.Member, lead.InTurn)
	o.wants("there is no room for the third", o.of(2), nobody, lead.AllAtWork)
	o.wants("nor for the fourth", o.of(3), nobody, lead.AllAtWork)
	if since := o.clock.Now().Add(-15*time.Hour + 2*time.Second); !o.of(2).RoutedAt.Equal(since) {
		t.Errorf("the third waits since %v, want %v: another reason does not cost it its place", o.of(2).RoutedAt, since)
	}
	resolved, snoozed, until := crm.Resolved, crm.Snoozed, o.clock.Now().Add(time.Hour)
	o.change(o.of(2), inbox.Change{Status: &snoozed, SnoozedUntil: &until})
	o.change(o.of(0), inbox.Change{Status: &resolved})
	o.clock.Advance(time.Minute)
	o.worksThrough()
	o.wants("what somebody put off waits no more", o.of(2), nobody, lead.Reason{})
	o.wants("and the next has the room", o.of(3), o.me.Member, lead.InTurn)
	o.wants("what was full is full again", o.asks(5), nobody, lead.AllAtWork)
	o.change(o.of(5), inbox.Change{AssigneeID: &o.me.Member})
	o.change(o.of(5), inbox.Change{AssigneeID: &nobody})
	o.changes(o.me.Member, func(m *crm.Member) { m.Capacity = 0 })
	o.clock.Advance(time.Hour)
	o.worksThrough()
	o.wants("what somebody took out of the queue does not come back by itself", o.of(5), nobody, lead.Reason{})
	o.wants("but when the customer writes", o.asks(5), o.me.Member, lead.InTurn)
	o.clock.Advance(24 * time.Hour)
	if o.worksThrough() != 0 {
		t.Error("a queue in which nothing waits is looked at")
	}
}

// TestQueueIsDropped: when the rules assign nothing any more nothing waits.
func TestQueueIsDropped(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.assigns(inTurn)
	o.changes(o.me.Member, away)
	o.wants("nobody in", o.asks(1), crm.MemberID{}, lead.NobodyIn)
	o.assigns(func(d *lead.Document) { d.Routing.Enabled = false })
	o.clock.Advance(time.Minute)
	if o.worksThrough() == 0 {
		t.Fatal("nothing was looked at")
	}
	o.wants("routing is off", o.of(1), crm.MemberID{}, lead.Reason{})
}

// TestAssignSpreads: over any window of what was assigned to equal members, in
// commits of any size, each got as many as the others or one more.
func TestAssignSpreads(t *testing.T) {
	t.Parallel()
	parameters := gopter.DefaultTestParametersWithSeed(20261102)
	parameters.MinSuccessfulTests = 12
	properties := gopter.NewProperties(parameters)
	for _, order := range []lead.Order{lead.RoundRobin, lead.LeastLoaded} {
		properties.Property(string(order), prop.ForAll(func(seed uint64, members int) string {
			o, r := newOffice(t), rand.New(rand.NewPCG(seed, 7))
			o.assigns(func(d *lead.Document) { d.Routing.Order = order })
			for n := 1; n < members; n++ {
				o.joins(crm.Member{Name: fmt.Sprint("Member ", n)})
			}
			customers := 0
			for range 2 + r.IntN(6) {
				var batch []*inbox.Arrival
				for range 1 + r.IntN(9) {
					if r.IntN(4) > 0 || customers == 0 { // or one who wrote before writes again
						customers++
					}
					o.said++
					batch = append(batch, o.prepared(customers, fmt.Sprint("wamid.", o.said)))
				}
				for _, result := range o.box.Commit(t.Context(), batch) {
					must(t, result.Err)
				}
				o.clock.Advance(time.Second)
			}
			told := o.assigned()
			if len(told) != customers {
				return fmt.Sprintf("%d conversations were assigned %d times", customers, len(told))
			}
			return unfair(told, members)
		}, gen.UInt64(), gen.IntRange(1, 5)))
	}
	properties.TestingRun(t)
}

// TestAssignSeesTheCommit: what one webhook of a commit opened again counts when
// the next is assigned.
func TestAssignSeesTheCommit(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.assigns(func(d *lead.Document) { d.Routing.Order = lead.LeastLoaded })
	o.changes(o.me.Member, away)
	dewi, eka := o.joins(crm.Member{Name: "Dewi"}), o.joins(crm.Member{Name: "Eka"})
	resolved := crm.Resolved
	for n, who := range []crm.MemberID{dewi, eka} {
		cv := o.asks(n)
		o.wants("in turn", cv, who, lead.Freest)
		o.change(cv, inbox.Change{Status: &resolved})
	}
	var batch []*inbox.Arrival
	for n, id := range []string{"wamid.again", "wamid.new"} {
		batch = append(batch, o.prepared(2*n, id)) // the first customer, whose it is, and a new one
	}
	for _, result := range o.box.Commit(t.Context(), batch) {
		must(t, result.Err)
	}
	o.wants("what was resolved is opened again", o.of(0), dewi, lead.Freest)
	o.wants("so the other has less", o.of(2), eka, lead.Freest)
}

// prepared is a webhook of the n-th customer, ready to be committed.
func (o *office) prepared(n int, id string) *inbox.Arrival {
	o.t.Helper()
	body := []byte(o.text("100", number(n), id, "Halo"))
	_, value := webhook.Sign(crm.Meta, secret, body)
	a, err := o.box.Prepare(o.t.Context(), webhook.Request{Provider: crm.Meta, Hub: []string{value}, Body: body})
	must(o.t, err)
	return a
}

// unfair says in which window some got two more than others, or nothing.
func unfair(told []decision, members int) string {
	for from := range told {
		count := make(map[crm.MemberID]int)
		for to := from; to < len(told); to++ {
			count[told[to].Assignee]++
			least, most := len(told), 0
			for _, n := range count {
				least, most = min(least, n), max(most, n)
			}
			if len(count) < members {
				least = 0
			}
			if most-least > 1 {
				return fmt.Sprintf("from assignment %d to %d one got %d, another %d", from, to, least, most)
			}
		}
	}
	return ""
}
