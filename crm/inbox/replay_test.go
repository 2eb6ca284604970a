package inbox_test

import (
	"cmp"
	"fmt"
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/lead"
)

// under applies items in batches by rules, some of them late.
func under(rules *lead.Rules, items []inbox.Item, size int) *memory {
	mint := crmtest.NewClock().Mint(1)
	m := &memory{State: inbox.State{Channels: channels, Rules: rules}}
	for batch := range slices.Chunk(items, size) {
		changes, _ := inbox.Apply(workspace, m.load(), batch, mint)
		m.write(&changes)
	}
	return m
}

// replayed scores every contact again from what is stored, reading each
// conversation backwards.
func (m *memory) replayed(rules *lead.Rules) []*crm.Lead {
	book := lead.NewBook(workspace, rules, crmtest.Start, m.Leads)
	for _, c := range m.Contacts {
		book.Anew(c, nil)
	}
	messages := slices.SortedFunc(slices.Values(m.Messages), func(a, b *crm.Message) int {
		return cmp.Or(b.ProviderTime.Compare(a.ProviderTime), cmp.Compare(b.Ingest, a.Ingest))
	})
	for _, cv := range m.Conversations {
		replay := book.Replay(cv.ContactID)
		for _, msg := range messages {
			if msg.ConversationID == cv.ID {
				replay.Back(msg)
			}
		}
		replay.End()
	}
	return book.Changed()
}

// profiles lists the evidence about each contact, found by its first identity.
func profiles(contacts []*crm.Contact, leads []*crm.Lead) string {
	var lines []string
	for _, c := range contacts {
		for _, l := range leads {
			if l.ContactID == c.ID {
				p, err := lead.Decode(l.Profile)
				lines = append(lines, fmt.Sprintf("%v %v %x", c.Identities[0], err, p.Append(nil)))
			}
		}
	}
	slices.Sort(lines)
	return fmt.Sprint(lines)
}

// TestReplayIsWhatCame: whatever came under other rules, in whatever order, to
// score it again gives what would be there had it come under these. Messages that
// were taken back are left out: one such may have displaced an older one, which
// only the replay brings back.
func TestReplayIsWhatCame(t *testing.T) {
	t.Parallel()
	doc := lead.Sales().Document()
	doc.Version = 2
	rules, err := lead.New(doc)
	if err != nil {
		t.Fatal(err)
	}
	properties := gopter.NewProperties(nil)
	properties.Property("a replay of what is stored is what came", prop.ForAll(
		func(seed uint64, n, size, late int) string {
			told := slices.DeleteFunc(history(seed, n), func(i inbox.Item) bool { return i.Fact.Amendment != nil })
			for i := range told {
				if j := i * 7 % (late + 1); late > 0 && j > 0 && i >= j { // comes after those that followed it
					told[i], told[i-j] = told[i-j], told[i]
				}
			}
			before, after := under(lead.Education(), told, size), under(rules, told, size)
			leads := before.replayed(rules)
			if got, want := profiles(before.Contacts, leads), profiles(after.Contacts, after.Leads); got != want {
				return fmt.Sprintf("replayed:\n%s\nas it came:\n%s", got, want)
			}
			before.Leads = leads
			if again := before.replayed(rules); len(again) != 0 {
				return fmt.Sprintf("a second replay changes %d leads", len(again))
			}
			return ""
		}, gen.UInt64(), gen.IntRange(1, 60), gen.IntRange(1, 20), gen.IntRange(0, 5)))
	properties.TestingRun(t)
}
