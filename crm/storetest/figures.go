package storetest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leanovate/gopter/gen"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/figures"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/crm/webhook"
)

var figureTests = []test{
	{"that stand are what a count of all rows gives, whatever was done", figuresStand},
	{"of a day say what happened on it, in the workspace's time zone", figuresOfDays},
	{"are added up by day, channel and member, and picked by any of them", figuresPicked},
	{"of a transaction that is taken back are not counted", figuresTakenBack},
	{"stay where they are when the time zone changes", figuresZone},
	{"of a conversation follow its contact, loaded or not", figuresFollow},
	{"of days know nothing of merges", figuresMerge},
	{"of one workspace are nobody else's", figuresApart},
}

// tally are figures by what they are of.
type tally map[string]int64

// add counts n of a measure: in all, of the channel and of the member.
func (c tally) add(channel crm.ChannelID, member crm.MemberID, m figures.Measure, n int64) {
	for _, of := range []string{"", "channel " + channel.String() + " ", "member " + member.String() + " "} {
		c[of+string(m)] += n
	}
}

// differ says where two tally differ.
func (c tally) differ(want tally) string {
	var lines []string
	for _, of := range slices.Sorted(maps.Keys(want)) {
		if c[of] != want[of] {
			lines = append(lines, fmt.Sprintf("%s is %d, want %d", of, c[of], want[of]))
		}
	}
	for _, of := range slices.Sorted(maps.Keys(c)) {
		if _, known := want[of]; !known {
			lines = append(lines, fmt.Sprintf("%s is %d, want none", of, c[of]))
		}
	}
	return strings.Join(lines, "\n\t")
}

// standing returns a workspace's standing figures: in all, by channel, by member.
func (w *world) standing(t *testing.T, ws crm.WorkspaceID) tally {
	t.Helper()
	sums := must[*figures.Sums](t)(w.store.Figures().Figures(t.Context(), ws, figures.Query{From: 1, To: 0}))
	got := make(tally)
	for _, row := range sums.Standing {
		got[string(row.Measure)] = row.Value
	}
	for _, row := range sums.Channels {
		got["channel "+row.ChannelID.String()+" "+string(row.Measure)] = row.Value
	}
	for _, row := range sums.Members {
		got["member "+row.MemberID.String()+" "+string(row.Measure)] = row.Value
	}
	if len(sums.Days) > 0 {
		t.Errorf("no days were asked for, and %d figures of days came", len(sums.Days))
	}
	return got
}

// scan tally all rows of a workspace.
func (w *world) scan(t *testing.T, ws crm.WorkspaceID) tally {
	t.Helper()
	want := make(tally)
	by := make(map[crm.ContactID]*crm.Contact)
	for _, c := range must[[]*crm.Contact](t)(w.store.People().Contacts(t.Context(), ws, people.ContactQuery{Sort: people.ByID, Limit: all})) {
		by[c.ID] = c
		want.add(crm.ChannelID{}, crm.MemberID{}, figures.ContactStageOf(c.LeadStatus), 1)
		want.add(crm.ChannelID{}, crm.MemberID{}, figures.ContactWarmthOf(c.Temperature), 1)
	}
	for _, cv := range must[[]*crm.Conversation](t)(w.store.Inbox().Conversations(t.Context(), ws, inbox.ConversationQuery{Limit: all})) {
		c := by[cv.ContactID]
		measures := []figures.Measure{figures.StatusOf(cv.Status), figures.StageOf(c.LeadStatus), figures.WarmthOf(c.Temperature)}
		if !cv.WaitingSince.IsZero() {
			measures = append(measures, figures.Waiting)
		}
		if cv.Unread > 0 {
			measures = append(measures, figures.Unread)
		}
		for _, m := range measures {
			want.add(cv.ChannelID, cv.AssigneeID, m, 1)
		}
	}
	return want
}

// figuresStand has a team do this and that, and tally after it.
func figuresStand(t *testing.T, w *world) {
	law(t, "the standing figures are a count of the rows", 6, func(seed uint64) string {
		f := newFloor(t, w, seed)
		for i := range 40 {
			did, err := f.step()
			if err != nil && !expected(err) {
				return fmt.Sprintf("step %d, %s: %v", i, did, err)
			}
			if i%5 != 4 {
				continue
			}
			if wrong := w.standing(t, f.ws).differ(w.scan(t, f.ws)); wrong != "" {
				return fmt.Sprintf("after step %d, %s:\n\t%s", i, did, wrong)
			}
		}
		return ""
	}, gen.UInt64())
	if wrong := w.standing(t, w.ours.ws).differ(w.scan(t, w.ours.ws)); wrong != "" {
		t.Errorf("who did nothing:\n\t%s", wrong)
	}
}

// expected reports whether a step was refused for a reason the services have.
func expected(err error) bool {
	return errors.Is(err, crm.Refused) || errors.Is(err, crm.NotFound) || errors.Is(err, crm.Conflict) || errors.Is(err, crm.Invalid)
}

// floor is a company whose team does things at random, by the services.
type floor struct {
	*tenant
	w        *world
	t        *testing.T
	random   *rand.Rand
	inbox    *inbox.Service
	people   *people.Service
	who      access.Principal
	members  []*crm.Member
	channels []*crm.Channel
	merges   []crm.MergeID
	said     int
}

func newFloor(t *testing.T, w *world, seed uint64) *floor {
	t.Helper()
	c := w.settle(t)
	f := &floor{
		tenant: c, w: w, t: t, random: rand.New(rand.NewPCG(seed, 6)), who: access.OfMember(c.Owner),
		inbox: inbox.New(w.store.Inbox(), nil, w.mint), people: people.New(w.store.People(), w.mint),
		members: []*crm.Member{c.Owner, c.Member()}, channels: []*crm.Channel{c.Channel, c.NewChannel()},
	}
	for _, err := range []error{
		w.store.Directory().SaveMember(t.Context(), copied(f.members[1])),
		w.store.Directory().SaveChannel(t.Context(), copied(f.channels[1])),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// step does one thing and names it.
func (f *floor) step() (string, error) {
	f.w.clock.Advance(time.Duration(f.random.IntN(100)) * time.Second)
	steps := []struct {
		name string
		do   func(context.Context) error
	}{
		{"customers write", f.write}, {"customers write", f.write}, {"reply", f.reply}, {"change a conversation", f.change}, {"change a conversation", f.change},
		{"make a contact", f.create}, {"edit a contact", f.edit}, {"change many", f.bulk}, {"merge", f.merge}, {"undo a merge", f.unmerge},
	}
	step := steps[f.random.IntN(len(steps))]
	return step.name, step.do(f.t.Context())
}

// pickOf draws one.
func pickOf[T any](f *floor, from []T) T { return from[f.random.IntN(len(from))] }

func (f *floor) contacts() []*crm.Contact {
	return must[[]*crm.Contact](f.t)(f.w.store.People().Contacts(f.t.Context(), f.ws, people.ContactQuery{Sort: people.ByID, Limit: all}))
}

func (f *floor) conversations() []*crm.Conversation {
	return must[[]*crm.Conversation](f.t)(f.w.store.Inbox().Conversations(f.t.Context(), f.ws, inbox.ConversationQuery{Limit: all}))
}

// write stores some messages of customers, and of the business by its own phone,
// as one batch of webhooks does.
func (f *floor) write(ctx context.Context) error {
	var items []inbox.Item
	for range 1 + f.random.IntN(4) {
		f.said++
		ch := pickOf(f, f.channels)
		fact := webhook.Fact{
			Kind: webhook.Message, Provider: ch.Provider, PhoneNumberID: ch.PhoneNumberID, ProviderID: fmt.Sprint("wamid.floor", f.said),
			Peer: webhook.Peer{WaID: fmt.Sprint("6281200008", 800+f.random.IntN(6))}, Time: f.w.clock.Now(), Origin: webhook.Live, Direction: crm.Inbound,
			Message: &webhook.MessagePart{Content: crm.Text{Body: pickOf(f, []string{"halo", "berapa biayanya?", "saya mau daftar minggu ini, budget 50 juta", "STOP"})}},
		}
		if f.random.IntN(4) == 0 {
			fact.Direction, fact.Origin = crm.Outbound, webhook.App
		}
		items = append(items, inbox.Item{Channel: ch, Fact: &fact})
	}
	return f.w.store.Inbox().Update(ctx, []crm.WorkspaceID{f.ws}, func(ctx context.Context, tx inbox.Tx) error {
		state, err := tx.Load(ctx, inbox.NeedOf(f.ws, items))
		if err != nil {
			return err
		}
		changes, _ := inbox.Apply(f.ws, state, items, f.w.mint)
		return tx.Write(ctx, &changes)
	})
}

func (f *floor) reply(ctx context.Context) error {
	_, err := f.inbox.Send(ctx, f.who, inbox.SendCommand{ConversationID: pickOf(f, f.conversations()).ID, Content: crm.Text{Body: "siap"}})
	return err
}

func (f *floor) change(ctx context.Context) error {
	change := inbox.Change{}
	switch f.random.IntN(3) {
	case 0:
		change.Status = new(pickOf(f, []crm.ConversationStatus{crm.Open, crm.Pending, crm.Resolved, crm.Resolved}))
	case 1:
		change.AssigneeID = new(pickOf(f, []crm.MemberID{{}, f.members[0].ID, f.members[1].ID}))
	default:
		change.Read = true
	}
	_, err := f.inbox.Change(ctx, f.who, pickOf(f, f.conversations()).ID, change)
	return err
}

var floorStages = []string{"new", "contacted", "qualified", "won"}

func (f *floor) create(ctx context.Context) error {
	_, err := f.people.Create(ctx, f.who, people.Edit{Name: new("Sari"), LeadStatus: new(pickOf(f, floorStages))}, "ID")
	return err
}

func (f *floor) edit(ctx context.Context) error {
	_, err := f.people.Edit(ctx, f.who, pickOf(f, f.contacts()).ID, people.Edit{LeadStatus: new(pickOf(f, floorStages))}, "ID")
	return err
}

func (f *floor) bulk(ctx context.Context) error {
	bulk := people.Bulk{IDs: []crm.ContactID{pickOf(f, f.contacts()).ID, pickOf(f, f.contacts()).ID}}
	if f.random.IntN(2) == 0 {
		bulk.Assignee = new(pickOf(f, f.members).ID)
	} else {
		bulk.Edit.LeadStatus = new(pickOf(f, floorStages))
	}
	_, err := f.people.Bulk(ctx, f.who, bulk)
	return err
}

func (f *floor) merge(ctx context.Context) error {
	merge, _, err := f.people.Merge(ctx, f.who, pickOf(f, f.contacts()).ID, pickOf(f, f.contacts()).ID)
	if err == nil {
		f.merges = append(f.merges, merge.ID)
	}
	return err
}

func (f *floor) unmerge(ctx context.Context) error {
	if len(f.merges) == 0 {
		return nil
	}
	_, err := f.people.Unmerge(ctx, f.who, pickOf(f, f.merges))
	return err
}

// day is a day of 2026 in November, as a figure has it.
func day(date int) figures.Day {
	return figures.DayOf(time.Date(2026, 11, date, 12, 0, 0, 0, time.UTC), time.UTC)
}

// days returns figures of days: by day, and in all by channel and member.
func (w *world) days(t *testing.T, ws crm.WorkspaceID, q figures.Query) tally {
	t.Helper()
	sums := must[*figures.Sums](t)(w.store.Figures().Figures(t.Context(), ws, q))
	got := make(tally)
	for _, row := range sums.Days {
		got[row.Day.String()+" "+string(row.Measure)] = row.Value
	}
	stands := make(map[figures.Measure]bool)
	for _, row := range sums.Standing {
		stands[row.Measure] = true
	}
	for _, row := range sums.Channels {
		if !stands[row.Measure] {
			got["channel "+row.ChannelID.String()+" "+string(row.Measure)] = row.Value
		}
	}
	for _, row := range sums.Members {
		if !stands[row.Measure] {
			got["member "+row.MemberID.String()+" "+string(row.Measure)] = row.Value
		}
	}
	return got
}

// month is November 2026.
func month() figures.Query { return figures.Query{From: day(1), To: day(30)} }

// figuresOfDays writes what happens between customers and a team, with times a
// little before and after midnight in Jakarta, which is 17:00 UTC.
func figuresOfDays(t *testing.T, w *world) {
	c := w.settle(t)
	before := w.days(t, c.ws, figures.Query{From: day(20), To: day(22)})
	if len(before) > 0 {
		t.Fatalf("%v happened before anything did", before)
	}
	ani := c.Member()
	evening := time.Date(2026, 11, 20, 16, 59, 0, 0, time.UTC) // of the 20th in Jakarta
	night := evening.Add(2 * time.Minute)                      // of the 21st
	ct := c.Contact()
	ct.CreatedAt, ct.UpdatedAt = evening, evening
	cv := c.Conversation(ct)
	in := c.Inbound(cv, "halo")
	cv.CreatedAt, cv.UpdatedAt, in.ProviderTime, cv.WaitingSince = evening, evening, evening, evening
	w.write(t, c.ws, &crm.Changes{Contacts: []*crm.Contact{copied(ct)}, Conversations: []*crm.Conversation{copied(cv)}, Messages: []*crm.Message{copied(in)}})

	out, job := c.Outbound(cv, "selamat malam")
	out.ProviderTime, out.Author = night, crm.Actor{Kind: crm.ByMember, ID: ani.ID.String()}
	cv.Status, cv.AssigneeID, cv.UpdatedAt, cv.WaitingSince = crm.Resolved, c.Owner.ID, night, time.Time{}
	ct.LeadStatus, ct.Temperature, ct.UpdatedAt = "won", crm.Hot, night
	byAni := crm.Fact{WorkspaceID: c.ws, At: night, Actor: out.Author, ConversationID: cv.ID, ContactID: ct.ID}
	closed, moved := byAni, byAni
	closed.Kind, moved.Kind = crm.ConversationChanged, crm.ContactChanged
	w.write(t, c.ws, &crm.Changes{
		Contacts: []*crm.Contact{copied(ct)}, Conversations: []*crm.Conversation{copied(cv)}, Messages: []*crm.Message{copied(out)}, Jobs: []*crm.Job{job},
		Responses: []crm.Response{{WorkspaceID: c.ws, ChannelID: c.Channel.ID, MemberID: ani.ID, At: night, Waited: 2 * time.Minute}},
		Facts:     []crm.Fact{closed, moved},
	})

	next := night.Add(24 * time.Hour)
	cv.Status, cv.UpdatedAt = crm.Open, next
	w.write(t, c.ws, &crm.Changes{Conversations: []*crm.Conversation{copied(cv)}})
	cv.Status = crm.Resolved // by nobody we know of: the assignee's
	w.write(t, c.ws, &crm.Changes{Conversations: []*crm.Conversation{copied(cv)}})

	want := make(tally)
	for _, happened := range []struct {
		date    int
		channel crm.ChannelID
		member  crm.MemberID
		measure figures.Measure
	}{
		{20, c.Channel.ID, crm.MemberID{}, figures.Arrived},
		{20, c.Channel.ID, crm.MemberID{}, figures.Opened},
		{20, c.Channel.ID, crm.MemberID{}, figures.Received},
		{21, c.Channel.ID, ani.ID, figures.Written},
		{21, c.Channel.ID, ani.ID, figures.Closed},
		{21, c.Channel.ID, ani.ID, figures.Response(2 * time.Minute)},
		{21, crm.ChannelID{}, ani.ID, figures.MovedTo("won")},
		{21, crm.ChannelID{}, crm.MemberID{}, figures.WarmedTo(crm.Hot)},
		{22, c.Channel.ID, c.Owner.ID, figures.Opened},
		{22, c.Channel.ID, c.Owner.ID, figures.Closed},
	} {
		want[day(happened.date).String()+" "+string(happened.measure)]++
		want["channel "+happened.channel.String()+" "+string(happened.measure)]++
		want["member "+happened.member.String()+" "+string(happened.measure)]++
	}
	if wrong := w.days(t, c.ws, figures.Query{From: day(20), To: day(22)}).differ(want); wrong != "" {
		t.Errorf("the days:\n\t%s", wrong)
	}
	if wrong := w.standing(t, c.ws).differ(w.scan(t, c.ws)); wrong != "" {
		t.Errorf("what stands:\n\t%s", wrong)
	}
}

// figuresPicked asks for parts of what two members did on two channels in three
// days.
func figuresPicked(t *testing.T, w *world) {
	c := w.settle(t)
	members, channels := []crm.MemberID{c.Owner.ID, c.Member().ID}, []crm.ChannelID{c.Channel.ID, c.NewChannel().ID}
	type done struct {
		date            int
		channel, member int
	}
	var all []done
	changes := new(crm.Changes)
	for date := 20; date <= 22; date++ {
		for channel := range channels {
			for member := range members {
				for range 1 + len(all)%3 {
					d := done{date, channel, member}
					all = append(all, d)
					changes.Responses = append(changes.Responses, crm.Response{
						WorkspaceID: c.ws, ChannelID: channels[channel], MemberID: members[member], Waited: time.Minute,
						At: time.Date(2026, 11, date, 5, 0, 0, 0, time.UTC),
					})
				}
			}
		}
	}
	w.write(t, c.ws, changes)
	for _, ask := range []struct {
		from, to, channel, member int // -1: any
	}{{20, 22, -1, -1}, {21, 21, -1, -1}, {20, 22, 1, -1}, {20, 22, -1, 0}, {21, 22, 0, 1}, {23, 30, -1, -1}} {
		q, want := figures.Query{From: day(ask.from), To: day(ask.to)}, make(tally)
		if ask.channel >= 0 {
			q.ChannelID = channels[ask.channel]
		}
		if ask.member >= 0 {
			q.MemberID = members[ask.member]
		}
		for _, d := range all {
			if d.date < ask.from || d.date > ask.to || ask.channel >= 0 && d.channel != ask.channel || ask.member >= 0 && d.member != ask.member {
				continue
			}
			m := string(figures.Response(time.Minute))
			want[day(d.date).String()+" "+m]++
			want["channel "+channels[d.channel].String()+" "+m]++
			want["member "+members[d.member].String()+" "+m]++
		}
		if wrong := w.days(t, c.ws, q).differ(want); wrong != "" {
			t.Errorf("%+v:\n\t%s", ask, wrong)
		}
	}
	// What stands is picked by channel and member too; see the company's own thread.
	c.conversation.AssigneeID = members[1]
	w.write(t, c.ws, &crm.Changes{Conversations: []*crm.Conversation{copied(c.conversation)}})
	for _, ask := range []struct {
		channel crm.ChannelID
		member  crm.MemberID
		want    int64
	}{{channels[0], crm.MemberID{}, 1}, {channels[1], crm.MemberID{}, 0}, {crm.ChannelID{}, members[1], 1}, {crm.ChannelID{}, members[0], 0}, {channels[0], members[1], 1}} {
		sums := must[*figures.Sums](t)(w.store.Figures().Figures(t.Context(), c.ws, figures.Query{ChannelID: ask.channel, MemberID: ask.member}))
		got := int64(0)
		for _, row := range sums.Standing {
			if row.Measure == figures.StatusOf(c.conversation.Status) {
				got += row.Value
			}
		}
		if got != ask.want {
			t.Errorf("%d conversations stand on the channel %v with %v, want %d", got, ask.channel, ask.member, ask.want)
		}
	}
}

func figuresTakenBack(t *testing.T, w *world) {
	before, days := w.standing(t, w.ours.ws), w.days(t, w.ours.ws, month())
	err := w.store.Inbox().Update(t.Context(), []crm.WorkspaceID{w.ours.ws}, func(ctx context.Context, tx inbox.Tx) error {
		ct := w.ours.Contact()
		cv := w.ours.Conversation(ct)
		m := w.ours.Inbound(cv, "halo")
		if err := tx.Write(ctx, &crm.Changes{Contacts: []*crm.Contact{ct}, Conversations: []*crm.Conversation{cv}, Messages: []*crm.Message{m}}); err != nil {
			return err
		}
		return errRollback
	})
	if !errors.Is(err, errRollback) {
		t.Fatal(err)
	}
	if wrong := w.standing(t, w.ours.ws).differ(before); wrong != "" {
		t.Errorf("what stands:\n\t%s", wrong)
	}
	if wrong := w.days(t, w.ours.ws, month()).differ(days); wrong != "" {
		t.Errorf("the days:\n\t%s", wrong)
	}
}

func figuresZone(t *testing.T, w *world) {
	c := w.settle(t)
	at := time.Date(2026, 11, 20, 20, 0, 0, 0, time.UTC) // the 21st in Jakarta, the 20th in London
	respond := func() {
		w.write(t, c.ws, &crm.Changes{Responses: []crm.Response{{WorkspaceID: c.ws, ChannelID: c.Channel.ID, At: at, Waited: time.Minute}}})
	}
	zone := func(want string) {
		t.Helper()
		if got := must[*time.Location](t)(w.store.Figures().Zone(t.Context(), c.ws)); got.String() != want {
			t.Errorf("the zone is %s, want %s", got, want)
		}
	}
	respond()
	zone("Asia/Jakarta")
	c.Workspace.TimeZone = "Europe/London"
	if err := w.store.Directory().SaveWorkspace(t.Context(), copied(c.Workspace)); err != nil {
		t.Fatal(err)
	}
	respond()
	respond()
	zone("Europe/London")
	got := w.days(t, c.ws, figures.Query{From: day(20), To: day(21)})
	m := string(figures.Response(time.Minute))
	if got[day(20).String()+" "+m] != 2 || got[day(21).String()+" "+m] != 1 {
		t.Errorf("the days have %v, want 1 on the 21st, counted in Jakarta, and 2 on the 20th, counted in London", got)
	}
	_, err := w.store.Figures().Zone(t.Context(), crm.WorkspaceID{1})
	wantCode(t, "the zone of no workspace", err, crm.NotFound)
}

func figuresApart(t *testing.T, w *world) {
	theirs := w.standing(t, w.theirs.ws)
	_, cv, _ := w.newThread(t, w.ours, nil)
	w.write(t, w.ours.ws, &crm.Changes{Responses: []crm.Response{{WorkspaceID: w.ours.ws, ChannelID: cv.ChannelID, At: w.clock.Now(), Waited: time.Minute}}})
	if wrong := w.standing(t, w.theirs.ws).differ(theirs); wrong != "" {
		t.Errorf("theirs:\n\t%s", wrong)
	}
	if got := w.days(t, w.theirs.ws, month())["member "+crm.MemberID{}.String()+" "+string(figures.Response(time.Minute))]; got != 0 {
		t.Errorf("they answered %d times, want never", got)
	}
	err := w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{Responses: []crm.Response{{WorkspaceID: w.theirs.ws, At: w.clock.Now()}}})
	wantCode(t, "an answer of a workspace that the transaction does not name", err, crm.Internal)
}

// figuresFollow moves a contact to another stage without a look at its
// conversations.
func figuresFollow(t *testing.T, w *world) {
	ct := copied(w.ours.contact)
	ct.LeadStatus, ct.Temperature = "won", crm.Warm
	w.write(t, w.ours.ws, &crm.Changes{Contacts: []*crm.Contact{ct}})
	got := w.standing(t, w.ours.ws)
	if wrong := got.differ(w.scan(t, w.ours.ws)); wrong != "" {
		t.Error(wrong)
	}
	if got[string(figures.StageOf("won"))] != 1 {
		t.Errorf("%v: no conversation is with somebody won", got)
	}
}

func figuresMerge(t *testing.T, w *world) {
	f := newFloor(t, w, 1)
	other, _, _ := w.newThread(t, f.tenant, nil)
	w.scoreAgain(t, f.people, f.who)
	before := w.days(t, f.ws, month())
	merge, _, err := f.people.Merge(t.Context(), f.who, f.contact.ID, other.ID)
	if err == nil {
		_, err = f.people.Unmerge(t.Context(), f.who, merge.ID)
	}
	if err != nil {
		t.Fatal(err)
	}
	if wrong := w.days(t, f.ws, month()).differ(before); wrong != "" {
		t.Errorf("after a merge and its undoing:\n\t%s", wrong)
	}
}
