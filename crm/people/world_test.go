package people_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/adapters/sqlite/sqlitetest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/crm/feed"
	"github.com/my21staff/my21staff/crm/people"
)

// office is a store with two workspaces, and the lead database on it.
type office struct {
	*people.Service
	t       *testing.T
	clock   *crmtest.Clock
	mint    *crm.Mint
	store   people.Store
	aging   people.AgingStore
	bulks   people.BulkStore
	imports *people.Imports
	members *directory.Service
	feed    *feed.Service
	me      access.Principal // an owner
	them    access.Principal // an owner of the other workspace

	importStore *faulty
}

func newOffice(t *testing.T) *office {
	t.Helper()
	store, err := sqlite.Open(t.Context(), sqlitetest.Path(t), sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	clock := crmtest.NewClock()
	o := &office{t: t, clock: clock, mint: clock.Mint(1), store: store.People(), aging: store.Aging(), bulks: store.Bulks(), feed: feed.New(store.Feed())}
	o.Service = people.New(o.store, o.mint)
	o.importStore = &faulty{ImportStore: store.Imports()}
	o.imports = people.NewImports(o.importStore, o.mint)
	o.members = directory.New(store.Directory(), o.mint, rand.Reader)
	o.me, o.them = o.workspace("Ours"), o.workspace("Theirs")
	return o
}

// workspace makes a workspace and returns its owner.
func (o *office) workspace(name string) access.Principal {
	o.t.Helper()
	_, owner, err := o.members.CreateWorkspace(o.t.Context(), crm.Workspace{Name: name}, crm.Member{Name: "Owner"})
	if err != nil {
		o.t.Fatal(err)
	}
	return access.OfMember(owner)
}

// contact makes a contact that must be made.
func (o *office) contact(p access.Principal, e people.Edit) *crm.Contact {
	o.t.Helper()
	c, err := o.Create(o.t.Context(), p, e, "ID")
	if err != nil {
		o.t.Fatal(err)
	}
	return c
}

// tag makes a tag that must be made.
func (o *office) tag(p access.Principal, name string) *crm.Tag {
	o.t.Helper()
	tag, err := o.SaveTag(o.t.Context(), p, crm.Tag{Name: name})
	if err != nil {
		o.t.Fatal(err)
	}
	return tag
}

// thread writes a conversation of the contact on a channel of its own.
func (o *office) thread(p access.Principal, c *crm.Contact, phoneNumberID string) *crm.Conversation {
	o.t.Helper()
	channel, err := o.members.SaveChannel(o.t.Context(), p, crm.Channel{Provider: crm.Meta, PhoneNumberID: phoneNumberID})
	if err != nil {
		o.t.Fatal(err)
	}
	cv := &crm.Conversation{
		ID: crm.NewID[crm.Conversation](o.mint), WorkspaceID: p.WorkspaceID, ChannelID: channel.ID, ContactID: c.ID,
		Status: crm.Open, Mode: crm.Human, Unread: 3, ContactName: c.DisplayName(), ContactHandle: c.Handle(),
		CreatedAt: o.mint.Now(), UpdatedAt: o.mint.Now(),
	}
	err = o.store.Update(o.t.Context(), p.WorkspaceID, func(ctx context.Context, tx people.Tx) error {
		return tx.Write(ctx, &crm.Changes{Conversations: []*crm.Conversation{cv}})
	})
	if err != nil {
		o.t.Fatal(err)
	}
	return cv
}

// card reads a contact's card.
func (o *office) card(p access.Principal, id crm.ContactID) *people.Card {
	o.t.Helper()
	card, err := o.Card(o.t.Context(), p, id)
	if err != nil {
		o.t.Fatal(err)
	}
	return card
}

// seen is how far the feed of a principal's workspace has come.
func (o *office) seen(p access.Principal) int64 {
	o.t.Helper()
	page, err := o.feed.After(o.t.Context(), p, -1, 1)
	if err != nil {
		o.t.Fatal(err)
	}
	return page.Next
}

// since returns the facts of a workspace after a number.
func (o *office) since(p access.Principal, after int64) []crm.Fact {
	o.t.Helper()
	page, err := o.feed.After(o.t.Context(), p, after, 0)
	if err != nil {
		o.t.Fatal(err)
	}
	return page.Facts
}

// wantFact checks that exactly one fact was written after a number: of that
// kind and contact, by me, now, with that data.
func (o *office) wantFact(after int64, kind crm.FactKind, contact crm.ContactID, data string) {
	o.t.Helper()
	facts := o.since(o.me, after)
	if len(facts) != 1 {
		o.t.Errorf("%d facts, want one %s: %v", len(facts), kind, facts)
		return
	}
	f := facts[0]
	if f.Kind != kind || f.ContactID != contact || f.Actor != o.me.Actor || !f.At.Equal(o.clock.Now()) || !sameJSON(string(f.Data), data) {
		o.t.Errorf("the fact is %s of %s by %v at %v with %s, want %s of %s by %v at %v with %s",
			f.Kind, f.ContactID, f.Actor, f.At, f.Data, kind, contact, o.me.Actor, o.clock.Now(), data)
	}
}

func sameJSON(a, b string) bool {
	var va, vb any
	return json.Unmarshal([]byte(a), &va) == nil && json.Unmarshal([]byte(b), &vb) == nil && reflect.DeepEqual(va, vb)
}

// code names the class of an error and its reason: "invalid bad_name".
func code(err error) string {
	if err == nil {
		return "ok"
	}
	text := string(crm.CodeOf(err))
	if reason := reasonOf(err); reason != "" {
		text += " " + reason
	}
	return text
}

func id(kind crm.IdentityKind, value string) crm.Identity {
	return crm.Identity{Kind: kind, Value: value}
}

func phoneOf(number string) []crm.Identity { return []crm.Identity{id(crm.ByPhone, number)} }

func soon(o *office) time.Time { return o.clock.Advance(time.Minute) }
