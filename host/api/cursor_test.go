package api_test

import (
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/host/api"
)

func TestCursorsHoldTheirKey(t *testing.T) {
	t.Parallel()
	mint := crmtest.NewClock().Mint(3)
	laws := gopter.NewProperties(nil)
	laws.Property("a conversation's cursor reads back as its time and id", prop.ForAll(func(ms int64) bool {
		c := &crm.Conversation{ID: crm.NewID[crm.Conversation](mint), LastMessage: crm.LastMessage{At: time.UnixMilli(ms).UTC()}}
		after, err := api.ConversationAfter(api.NewCursor(c))
		return err == nil && after.ID == c.ID && after.At.Equal(c.LastMessage.At)
	}, gen.Int64Range(-1<<50, 1<<50)))
	laws.TestingRun(t)
}

func TestCursorsOfOtherListsAreRefused(t *testing.T) {
	t.Parallel()
	cursor := api.NewCursor(&crm.Conversation{ID: crm.NewID[crm.Conversation](crmtest.NewClock().Mint(3))})
	_, message := api.MessageAfter(cursor)
	_, contact := api.ContactAfter("", cursor)
	for list, err := range map[string]error{"messages": message, "contacts": contact} {
		if crm.CodeOf(err) != crm.Invalid {
			t.Errorf("a cursor of the inbox is taken for one of %s: %v", list, err)
		}
	}
}

// FuzzCursor: what is taken for a cursor is one that we would write.
func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add("AWM")
	f.Add(api.NewCursor(&crm.Conversation{}) + "AAAA")
	f.Add("AWM0000000000000000000000000\n0000000")
	f.Add(api.NewCursor(&crm.Conversation{ID: crm.ConversationID{1}, LastMessage: crm.LastMessage{At: crmtest.Start}}))
	f.Fuzz(func(t *testing.T, text string) {
		after, err := api.ConversationAfter(text)
		switch {
		case err != nil && crm.CodeOf(err) != crm.Invalid:
			t.Errorf("%q is refused as %v, want invalid", text, err)
		case err == nil && text != "":
			again := api.NewCursor(&crm.Conversation{ID: after.ID, LastMessage: crm.LastMessage{At: after.At}})
			if again != text {
				t.Errorf("%q is taken for the cursor %q", text, again)
			}
		}
	})
}
