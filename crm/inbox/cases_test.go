package inbox_test

import (
	"slices"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/webhook"
)

// teller tells single facts to a memory.
type teller struct {
	*memory
	mint    *crm.Mint
	last    inbox.Outcome
	settled []*crm.Message // by the last fact
}

func newTeller() *teller {
	return &teller{memory: &memory{State: inbox.State{Channels: channels}}, mint: crmtest.NewClock().Mint(1)}
}

func (tl *teller) tell(f webhook.Fact) {
	f.Provider, f.PhoneNumberID = crm.Meta, "100"
	if f.Origin == "" {
		f.Origin = webhook.Live
	}
	if f.Time.IsZero() {
		f.Time = crmtest.Start
	}
	items := []inbox.Item{{Channel: channels[0], Fact: &f}}
	state := tl.load()
	if need := inbox.NeedOf(workspace, items); !need.Pending { // as a store, which hands over what is asked for
		state.Messages = slices.DeleteFunc(state.Messages, func(m *crm.Message) bool { return m.ProviderID == "" && !slices.Contains(need.Messages, m.ID) })
	}
	changes, outcomes := inbox.Apply(workspace, state, items, tl.mint)
	tl.write(&changes)
	tl.last, tl.settled = outcomes[0], changes.Settled
}

var ani = webhook.Peer{WaID: "6281200000001", Name: "Ani"}

func said(id string, content crm.Content) webhook.Fact {
	return webhook.Fact{Kind: webhook.Message, ProviderID: id, Direction: crm.Inbound, Peer: ani, Message: &webhook.MessagePart{Content: content}}
}

func written(id string, body, opaque string) webhook.Fact {
	return webhook.Fact{Kind: webhook.Message, ProviderID: id, Direction: crm.Outbound, Peer: ani,
		Message: &webhook.MessagePart{Content: crm.Text{Body: body}, Opaque: opaque}}
}

// left is a message of ours that went out and was never answered for.
func (tl *teller) left(body string) *crm.Message {
	m := &crm.Message{ID: crm.NewID[crm.Message](tl.mint), WorkspaceID: workspace, ConversationID: tl.Conversations[0].ID,
		ChannelID: channels[0].ID, ContactID: tl.Contacts[0].ID, Direction: crm.Outbound, Status: crm.Unknown,
		Content: crm.Text{Body: body}, ProviderTime: crmtest.Start, CreatedAt: crmtest.Start}
	tl.write(&crm.Changes{Messages: []*crm.Message{m}})
	return m
}

func TestWhatOpensTheWindow(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fact  webhook.Fact
		opens bool
	}{
		"a text":     {said("1", crm.Text{Body: "Halo"}), true},
		"a reaction": {said("1", crm.Reaction{MessageID: "0", Emoji: "👍"}), false},
		"a call":     {webhook.Fact{Kind: webhook.Call, ProviderID: "1", Direction: crm.Inbound, Peer: ani, Call: &webhook.CallPart{Event: "connect"}}, true},
		"our own":    {written("1", "Halo", ""), false},
	} {
		tl := newTeller()
		tl.tell(c.fact)
		if got := !tl.Conversations[0].LastInbound.IsZero(); got != c.opens {
			t.Errorf("%s opens the window: %v, want %v", name, got, c.opens)
		}
	}
}

func TestHistoryIsNotNews(t *testing.T) {
	t.Parallel()
	tl := newTeller()
	f := said("1", crm.Unsupported{Type: "media_placeholder"})
	f.Origin, f.Time = webhook.History, crmtest.Start.Add(-48*time.Hour)
	tl.tell(f)
	cv := tl.Conversations[0]
	if cv.Unread != 0 || cv.WindowUntil().After(crmtest.Start) {
		t.Errorf("a message of two days ago left %d unread and a window until %v", cv.Unread, cv.WindowUntil())
	}
	f.Message = &webhook.MessagePart{Content: crm.Media{Type: crm.KindImage, ID: "9"}} // its file comes in a second webhook
	f.Peer = webhook.Peer{}                                                            // which may leave out whose it is
	tl.tell(f)
	if len(tl.Messages) != 1 || tl.Messages[0].Content.Kind() != crm.KindImage {
		t.Errorf("after the file came there are %d messages, the first of type %s", len(tl.Messages), tl.Messages[0].Content.Kind())
	}
}

func TestAnEchoSettlesOurOwnMessage(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		echo    func(m *crm.Message) webhook.Fact
		settled bool
	}{
		"with our id":          {func(m *crm.Message) webhook.Fact { return written("w", "other words", m.ID.String()) }, true},
		"without, same words":  {func(*crm.Message) webhook.Fact { return written("w", "Tentu!", "") }, true},
		"without, other words": {func(*crm.Message) webhook.Fact { return written("w", "Tidak", "") }, false},
		"same words, an hour off": {func(*crm.Message) webhook.Fact {
			f := written("w", "Tentu!", "")
			f.Time = crmtest.Start.Add(-time.Hour)
			return f
		}, false},
		"from the app": {func(*crm.Message) webhook.Fact {
			f := written("w", "Tentu!", "")
			f.Origin = webhook.App
			return f
		}, false},
	} {
		tl := newTeller()
		tl.tell(said("in", crm.Text{Body: "Halo"}))
		ours := tl.left("Tentu!")
		tl.tell(webhook.Fact{Kind: webhook.Status, ProviderID: "w", Status: &webhook.StatusPart{Status: crm.Delivered}}) // came first
		tl.tell(c.echo(ours))
		var got *crm.Message
		for _, m := range tl.Messages {
			if m.ID == ours.ID {
				got = m
			}
		}
		settled := got.ProviderID == "w" && got.Status == crm.Delivered
		if settled != c.settled || len(tl.Messages) != map[bool]int{true: 2, false: 3}[c.settled] {
			t.Errorf("%s: settled %v with %d messages, ours is %s; want settled %v", name, settled, len(tl.Messages), got.Status, c.settled)
		}
	}
}

// TestToldBeforeItIsRecorded tells of a message of ours that has no provider's id yet:
// its sender may have died, and is not needed.
func TestToldBeforeItIsRecorded(t *testing.T) {
	t.Parallel()
	report := func(id, opaque string) webhook.Fact {
		return webhook.Fact{Kind: webhook.Status, ProviderID: id, Status: &webhook.StatusPart{Status: crm.Sent, Opaque: opaque}}
	}
	for name, told := range map[string]struct {
		fact    func(ours *crm.Message) webhook.Fact
		settled bool
	}{
		"a report with our id":       {func(m *crm.Message) webhook.Fact { return report("w", m.ID.String()) }, true},
		"one with our id alone":      {func(m *crm.Message) webhook.Fact { return report("", m.ID.String()) }, true},
		"one with another id":        {func(*crm.Message) webhook.Fact { return report("w", crm.MessageID{1}.String()) }, false},
		"one with the provider's id": {func(*crm.Message) webhook.Fact { return report("w", "") }, false},
		"an echo":                    {func(*crm.Message) webhook.Fact { return written("w", "Tentu!", "") }, true},
		"an echo of something else":  {func(*crm.Message) webhook.Fact { return written("w", "Tidak", "") }, false},
		"an id that another has":     {func(m *crm.Message) webhook.Fact { return report("in", m.ID.String()) }, false},
	} {
		tl := newTeller()
		tl.tell(said("in", crm.Text{Body: "Halo"}))
		ours := tl.left("Tentu!")
		tl.tell(told.fact(ours))
		want := []*crm.Message{}
		if told.settled {
			want = append(want, ours)
		}
		if !slices.EqualFunc(tl.settled, want, func(a, b *crm.Message) bool { return a.ID == b.ID && a.ConversationID == b.ConversationID }) {
			t.Errorf("%s settles %d messages, want %d", name, len(tl.settled), len(want))
		}
	}
	tl := newTeller()
	tl.tell(said("in", crm.Text{Body: "Halo"}))
	tl.tell(report("w", tl.left("Tentu!").ID.String()))
	for _, next := range []webhook.Fact{report("w", ""), report("other", tl.Messages[1].ID.String())} {
		tl.tell(next)
		if len(tl.settled) != 0 || tl.Messages[1].ProviderID != "w" {
			t.Errorf("what was told of as w is %s after a report on %s, and %d messages are settled by it", tl.Messages[1].ProviderID, next.ProviderID, len(tl.settled))
		}
	}
}

func TestOnePersonUnderSeveralNames(t *testing.T) {
	t.Parallel()
	tl := newTeller()
	tl.tell(said("1", crm.Text{Body: "by number"}))
	both := said("2", crm.Text{Body: "by both"})
	both.Peer.UserID = "ID.1"
	tl.tell(both)
	only := said("3", crm.Text{Body: "by user id"})
	only.Peer = webhook.Peer{UserID: "ID.1", Username: "ani"}
	tl.tell(only)
	moved := said("4", crm.System{Type: "user_changed_number", WaID: "6281200000099"})
	moved.Identity = &webhook.IdentityPart{OldWaID: "6281200000001", NewWaID: "6281200000099"}
	tl.tell(moved)
	after := said("5", crm.Text{Body: "by the new number"})
	after.Peer.WaID = "6281200000099"
	tl.tell(after)
	if len(tl.Contacts) != 1 || len(tl.Conversations) != 1 || len(tl.Messages) != 5 {
		t.Errorf("one person became %d contacts with %d conversations and %d messages", len(tl.Contacts), len(tl.Conversations), len(tl.Messages))
	}
}

func TestTwoContactsThatAreOneAreNotMergedSilently(t *testing.T) {
	t.Parallel()
	tl := newTeller()
	tl.tell(said("1", crm.Text{Body: "by number"}))
	other := said("2", crm.Text{Body: "by user id"})
	other.Peer = webhook.Peer{UserID: "ID.1"}
	tl.tell(other)
	both := said("3", crm.Text{Body: "by both"})
	both.Peer.UserID = "ID.1"
	tl.tell(both)
	if len(tl.Contacts) != 2 {
		t.Errorf("%d contacts, want 2: a person decides whether to merge", len(tl.Contacts))
	}
	last := tl.facts[len(tl.facts)-2]
	if last.Kind != crm.ContactDuplicate {
		t.Errorf("the feed says %s, want that the two are one", last.Kind)
	}
	pair := crm.NewTwin(last.WorkspaceID, tl.Contacts[0].ID, tl.Contacts[1].ID, last.At)
	if !slices.Equal(tl.twins, []crm.Twin{pair}) {
		t.Errorf("%v turned out to be one person, want %v", tl.twins, pair)
	}
}

func TestOptOut(t *testing.T) {
	t.Parallel()
	tl := newTeller()
	stop := webhook.Fact{Kind: webhook.Preference, Peer: ani, Preference: &webhook.PreferencePart{Stop: true}}
	resume := webhook.Fact{Kind: webhook.Preference, Peer: ani, Time: crmtest.Start.Add(-time.Minute), Preference: &webhook.PreferencePart{}}
	tl.tell(stop)
	tl.tell(resume) // older, though it came later
	if !tl.Contacts[0].OptOut.Out {
		t.Error("an older word undid the newest")
	}
	promo := written("1", "Promo", "")
	failed := webhook.Fact{Kind: webhook.Status, ProviderID: "1", Status: &webhook.StatusPart{Status: crm.Failed, Error: &crm.ProviderError{Code: 131050}}}
	for _, told := range [][]webhook.Fact{{promo, failed}, {failed, promo}} {
		tl = newTeller()
		for _, f := range told {
			tl.tell(f)
		}
		if !tl.Contacts[0].OptOut.Out || tl.Messages[0].Status != crm.Failed {
			t.Errorf("error 131050, %s first, left opt-out %v, message %s", told[0].Kind, tl.Contacts[0].OptOut.Out, tl.Messages[0].Status)
		}
	}
}

func TestTheFirstReferralCounts(t *testing.T) {
	t.Parallel()
	tl := newTeller()
	ad := func(id, name string, at time.Duration) webhook.Fact {
		f := said(id, crm.Text{Body: "from an ad"})
		f.Time, f.Message.Referral = crmtest.Start.Add(at), &crm.Source{Kind: "ad", AdID: name}
		return f
	}
	tl.tell(said("1", crm.Text{Body: "Halo"}))
	tl.tell(ad("2", "second", -time.Hour))
	tl.tell(ad("3", "first", -2*time.Hour))
	tl.tell(ad("4", "third", 0))
	if got := tl.Contacts[0].Source.AdID; got != "first" {
		t.Errorf("the contact came from ad %q, want the first", got)
	}
}

func TestOddTimesAreTakenAsNow(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]time.Time{
		"2038": time.Date(2038, 1, 19, 3, 14, 7, 0, time.UTC), "1970": time.Unix(1, 0), "year 50000": time.Unix(1730092800000, 0),
	} {
		tl := newTeller()
		f := said("1", crm.Text{Body: "Halo"})
		f.Time = at
		tl.tell(f)
		if got := tl.Messages[0].ProviderTime; !got.Equal(crmtest.Start) {
			t.Errorf("%s: message is of %v, want now", name, got)
		}
	}
}

func TestWhatCannotBeAppliedSaysWhy(t *testing.T) {
	t.Parallel()
	group := said("1", crm.Text{Body: "Halo"})
	group.Message.GroupID = "g"
	nobody := said("1", crm.Text{Body: "Halo"})
	nobody.Peer = webhook.Peer{Name: "Ani"}
	for name, f := range map[string]webhook.Fact{
		"a group's message":   group,
		"no sender":           nobody,
		"no id":               said("", crm.Text{Body: "Halo"}),
		"unknown status":      {Kind: webhook.Status, ProviderID: "1", Status: &webhook.StatusPart{Word: "teleported"}},
		"status of nothing":   {Kind: webhook.Status, Status: &webhook.StatusPart{Status: crm.Read}},
		"an unreadable item":  {Kind: webhook.Unreadable, Problem: "text is missing"},
		"preference of whom":  {Kind: webhook.Preference, Preference: &webhook.PreferencePart{}},
		"edit of nothing":     {Kind: webhook.Amendment, ProviderID: "1", Amendment: &webhook.AmendmentPart{}},
		"address book, whose": {Kind: webhook.Contact, Contact: &webhook.ContactPart{Name: "Ani"}},
	} {
		tl := newTeller()
		tl.tell(f)
		if tl.last.Applied || tl.last.Problem == "" || len(tl.Contacts)+len(tl.Messages)+len(tl.facts) != 0 {
			t.Errorf("%s: outcome %+v with %d contacts", name, tl.last, len(tl.Contacts))
		}
	}
}

func TestTemplateNews(t *testing.T) {
	t.Parallel()
	tl := newTeller()
	news := webhook.Fact{Kind: webhook.Template, Template: &webhook.TemplatePart{ProviderID: "1234567890123456789", Name: "hello", Language: "id", Status: "paused"}}
	tl.tell(news)
	tl.tell(news)
	news.Template = &webhook.TemplatePart{Name: "hello", Language: "id", Status: "approved", Category: "utility"}
	tl.tell(news)
	if len(tl.Templates) != 1 || !tl.Templates[0].Usable() || tl.Templates[0].ProviderID != "1234567890123456789" || len(tl.facts) != 2 {
		t.Errorf("templates are %+v after %d facts, want one, approved, after 2", tl.Templates, len(tl.facts))
	}
}
