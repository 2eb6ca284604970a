package storetest

import (
	"testing"

	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/crm/feed"
	"github.com/my21staff/my21staff/crm/figures"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/outbox"
	"github.com/my21staff/my21staff/crm/people"
)

// Store is all that the services ask of a store, in one place.
type Store interface {
	Inbox() inbox.Store
	People() people.Store
	Imports() people.ImportStore
	Erasures() people.EraseStore
	Aging() people.AgingStore
	Bulks() people.BulkStore
	Outbox() outbox.Store
	Feed() feed.Store
	Figures() figures.Store
	Directory() directory.Store

	// Close ends the store: every later call is an error. Closing it again
	// does nothing.
	Close() error
}

// test is one test of the suite. Its name is a sentence about stores.
type test struct {
	name string
	run  func(*testing.T, *world)
}

// Run holds a store against the suite. Each test calls open once, for a store
// with nothing in it, which open closes in a cleanup; the tests run in
// parallel.
func Run(t *testing.T, open func(tb testing.TB) Store) {
	for _, noun := range []struct {
		name  string
		tests []test
	}{
		{"Update", updateTests},
		{"Race", raceTests},
		{"Isolation", isolationTests},
		{"Conversation", conversationTests},
		{"Message", messageTests},
		{"Report", reportTests},
		{"Contact", contactTests},
		{"Lead", leadTests},
		{"Rules", rulesTests},
		{"Team", teamTests},
		{"Routing", routingTests},
		{"Bulk", bulkTests},
		{"Rescore", rescoreTests},
		{"Search", searchTests},
		{"Tag", tagTests},
		{"Filter", filterTests},
		{"Field", fieldTests},
		{"View", viewTests},
		{"CannedReply", cannedTests},
		{"Merge", mergeTests},
		{"Erasure", eraseTests},
		{"Note", noteTests},
		{"Mention", mentionTests},
		{"Task", taskTests},
		{"Template", templateTests},
		{"Delivery", deliveryTests},
		{"Answer", answerTests},
		{"Job", jobTests},
		{"Import", importTests},
		{"Feed", feedTests},
		{"Figures", figureTests},
		{"Directory", directoryTests},
		{"Value", valueTests},
		{"Model", modelTests},
	} {
		t.Run(noun.name, func(t *testing.T) {
			t.Parallel()
			for _, test := range noun.tests {
				t.Run(test.name, func(t *testing.T) {
					t.Parallel()
					test.run(t, newWorld(t, open(t)))
				})
			}
		})
	}
}
