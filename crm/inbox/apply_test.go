package inbox_test

import (
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
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/webhook"
)

var workspace = crm.WorkspaceID{15: 1}

var channels = []*crm.Channel{
	{ID: crm.ChannelID{15: 1}, WorkspaceID: workspace, Provider: crm.Meta, PhoneNumberID: "100"},
	{ID: crm.ChannelID{15: 2}, WorkspaceID: workspace, Provider: crm.Kapso, PhoneNumberID: "200"},
}

// history is what a provider tells about a few customers, in the order it
// happened: messages both ways, statuses, edits, take-backs, preferences.
func history(seed uint64, n int) []inbox.Item {
	r := rand.New(rand.NewPCG(seed, 21))
	peers := []webhook.Peer{
		{WaID: "6281200000001", Name: "Ani"}, {WaID: "6281200000002", UserID: "ID.2", Name: "Budi"}, {UserID: "ID.3", Username: "citra", Name: "Citra"},
	}
	var items []inbox.Item
	for i := range n {
		ch := channels[r.IntN(len(channels))]
		f := &webhook.Fact{
			Provider: ch.Provider, PhoneNumberID: ch.PhoneNumberID, ProviderID: fmt.Sprintf("wamid.%d", i),
			Peer: peers[r.IntN(len(peers))], Time: crmtest.Start.Add(-time.Hour + time.Duration(i)*time.Second), Origin: webhook.Live,
		}
		f.Peer.Name = fmt.Sprintf("%s %d", f.Peer.Name, r.IntN(3))
		earlier := fmt.Sprintf("wamid.%d", r.IntN(i+1))
		switch r.IntN(6) {
		case 0, 1:
			f.Kind, f.Direction = webhook.Message, crm.Inbound
			body := []string{fmt.Sprintf("in %d", i), fmt.Sprintf("in %d", i), "STOP", "mulai"}[r.IntN(4)]
			f.Message = &webhook.MessagePart{Content: crm.Text{Body: body}}
		case 2:
			f.Kind, f.Direction = webhook.Message, crm.Outbound
			f.Message = &webhook.MessagePart{Content: crm.Text{Body: fmt.Sprintf("out %d", i)}}
		case 3:
			f.Kind, f.ProviderID = webhook.Status, earlier
			words := []crm.MessageStatus{crm.Sent, crm.Failed, crm.Delivered, crm.Read}
			f.Status = &webhook.StatusPart{Status: words[r.IntN(len(words))]}
		case 4:
			f.Kind = webhook.Amendment
			f.Amendment = &webhook.AmendmentPart{Target: earlier}
			if r.IntN(3) > 0 {
				f.Amendment.Content = crm.Text{Body: fmt.Sprintf("edited %d", i)}
			}
		case 5:
			f.Kind = webhook.Preference
			f.Preference = &webhook.PreferencePart{Stop: r.IntN(2) == 0}
		}
		items = append(items, inbox.Item{Channel: ch, Fact: f})
	}
	return items
}

// tell applies items in batches of the given size.
func tell(items []inbox.Item, size int) *memory {
	clock := crmtest.NewClock()
	mint := clock.Mint(1)
	m := &memory{State: inbox.State{Channels: channels}}
	for batch := range slices.Chunk(items, size) {
		changes, _ := inbox.Apply(workspace, m.load(), batch, mint)
		m.write(&changes)
	}
	return m
}

// picture describes the state without ids, ingest numbers and row order: what
// must not depend on how the facts arrived.
func (m *memory) picture() string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	who := make(map[crm.ContactID]string)
	for _, c := range m.Contacts {
		ids := slices.Clone(c.Identities)
		slices.SortFunc(ids, func(a, b crm.Identity) int { return strings.Compare(string(a.Kind)+a.Value, string(b.Kind)+b.Value) })
		who[c.ID] = fmt.Sprint(ids)
		add("contact %v name %q optout %v %v source %v", ids, c.DisplayName(), c.OptOut.Out, c.OptOut.At, c.Source.Kind)
	}
	where := make(map[crm.ConversationID]string)
	for _, cv := range m.Conversations {
		where[cv.ID] = fmt.Sprint(cv.ChannelID[15], who[cv.ContactID])
		add("conversation %s %s waits %v unread %d inbound %v last %v %q %s shown %q", where[cv.ID], cv.Status, !cv.WaitingSince.IsZero(), cv.Unread, cv.LastInbound,
			cv.LastMessage.At, cv.LastMessage.Preview, cv.LastMessage.Status, cv.ContactName)
	}
	for _, msg := range m.Messages {
		add("message %s in %s %s %q %s edited %v revoked %v", msg.ProviderID, where[msg.ConversationID], msg.Direction,
			msg.Content.Preview(), msg.Status, msg.EditedAt, msg.RevokedAt)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestApplyDoesNotDependOnOrderRepeatsOrBatches(t *testing.T) {
	t.Parallel()
	properties := gopter.NewProperties(nil)
	properties.Property("shuffled, repeated and split facts give the same state", prop.ForAll(
		func(seed uint64, n, size int) string {
			told := history(seed, n)
			want := tell(told, len(told)).picture()
			r := rand.New(rand.NewPCG(seed, 22))
			for range r.IntN(n) {
				told = append(told, told[r.IntN(n)])
			}
			r.Shuffle(len(told), func(i, j int) { told[i], told[j] = told[j], told[i] })
			if got := tell(told, size).picture(); got != want {
				return fmt.Sprintf("in order:\n%s\nshuffled:\n%s", want, got)
			}
			return ""
		}, gen.UInt64(), gen.IntRange(1, 60), gen.IntRange(1, 20)))
	properties.TestingRun(t)
}

func TestApplyNeverLowersAStatus(t *testing.T) {
	t.Parallel()
	properties := gopter.NewProperties(nil)
	properties.Property("each batch leaves every message at its status or a higher one", prop.ForAll(
		func(seed uint64, n int) string {
			clock := crmtest.NewClock()
			mint := clock.Mint(1)
			m := &memory{State: inbox.State{Channels: channels}}
			before := make(map[crm.MessageID]crm.MessageStatus)
			for _, item := range history(seed, n) {
				changes, _ := inbox.Apply(workspace, m.load(), []inbox.Item{item}, mint)
				m.write(&changes)
				for _, msg := range m.Messages {
					if old := before[msg.ID]; old.Join(msg.Status) != msg.Status {
						return fmt.Sprintf("%s went from %s to %s", msg.ProviderID, old, msg.Status)
					}
					before[msg.ID] = msg.Status
				}
			}
			return ""
		}, gen.UInt64(), gen.IntRange(1, 80)))
	properties.TestingRun(t)
}
