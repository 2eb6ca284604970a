//go:build torture

package torture

import (
	"slices"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/feed"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/outbox"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/hook"
	"github.com/my21staff/my21staff/host/sse"
)

// Bug is a mistake that can be planted. It makes the program wrong by what it
// hooks into; everything unexported is nil for where it is right.
type Bug struct {
	Name    string `json:"name"`
	About   string `json:"about"`
	Verdict string `json:"verdict"` // the checker's, which it is to break
	Needs   string `json:"needs"`   // what it takes beside load to show: kill, drain, reset, work; empty: nothing
	On      string `json:"on"`      // the only database it shows on; empty: both

	receiver func(*Harness, hook.Receiver) hook.Receiver
	inbox    func(*Harness, inbox.Store) inbox.Store
	need     func(*Harness, *inbox.Need)
	loaded   func(*Harness, inbox.Need, *inbox.State)
	write    func(*writing)
	outbox   func(*Harness, outbox.Store) outbox.Store
	sender   func(*Harness, outbox.Sender) outbox.Sender
	facts    func(*Harness, feed.Store) feed.Store
	stream   func(*Harness, sse.Feed) sse.Feed
	people   func(*Harness, people.Store) people.Store
	imports  func(*Harness, people.ImportStore) people.ImportStore
	bulks    func(*Harness, people.BulkStore) people.BulkStore
	erasures func(*Harness, people.EraseStore) people.EraseStore
	sql      func(string) string
}

// The verdicts of the checker that bugs break.
const (
	lost          = "lost"
	refusedStored = "refused-stored"
	phantom       = "phantom"
	dup           = "dup"
	badBytes      = "bytes"
	order         = "order"
	status        = "status"
	gap           = "gap"
	twice         = "twice"
	doubleSend    = "double-send"
	leak          = "leak"
	unsettled     = "unsettled"
	count         = "count"
	stale         = "stale"
	trace         = "trace"
)

// What a bug may need.
const (
	needsKill  = "kill"
	needsDrain = "drain"
	needsReset = "reset"
	needsWork  = "work" // in the background: imports, bulk changes, rescores, erasures
)

const onSQLite = "sqlite"

// bugs is every bug there is.
var bugs = slices.Concat(acknowledgements, duplicates, batches, rows, sends, feeds, leaks, doors, works)

func bugNamed(name string) (*Bug, error) {
	for _, b := range bugs {
		if b.Name == name {
			return b, nil
		}
	}
	return nil, refuse("There is no bug %q; \"my21staff torture\" lists them.", name)
}

// writing is what a transaction is about to write, and what was read for it, of
// each workspace. Rows of a state are those of the changes.
type writing struct {
	h       *Harness
	needs   []inbox.Need
	states  []*inbox.State
	changes *crm.Changes
}

// forget takes new inbound messages that fit, and what the feed says of them,
// out of the changes.
func (w *writing) forget(fits func(*crm.Message) bool) {
	gone := make(map[crm.MessageID]bool)
	w.changes.Messages = slices.DeleteFunc(slices.Clone(w.changes.Messages), func(m *crm.Message) bool {
		if fresh(m) && fits(m) {
			gone[m.ID] = true
		}
		return gone[m.ID]
	})
	w.changes.Facts = slices.DeleteFunc(slices.Clone(w.changes.Facts), func(f crm.Fact) bool { return gone[f.MessageID] })
}

// fresh reports whether a message is a customer's and is stored for the first
// time.
func fresh(m *crm.Message) bool { return m.Direction == crm.Inbound && m.Ingest == 0 }

// memory remembers words, the newest ones only if it has a bound.
type memory struct {
	bound int
	held  map[string]bool
	order []string
}

func newMemory(bound int) memory { return memory{bound: bound, held: make(map[string]bool)} }

// add reports whether the word is new.
func (m *memory) add(word string) bool {
	if m.held[word] {
		return false
	}
	m.held[word] = true
	if m.bound == 0 {
		return true
	}
	if m.order = append(m.order, word); len(m.order) > m.bound {
		delete(m.held, m.order[0])
		m.order = m.order[1:]
	}
	return true
}
