package bunstore

import (
	"database/sql"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

// A message and a word about it (a status, an amendment) may come in two
// transactions at once. Each looks for the other when it loads, and neither
// finds it: the status would wait for its message for ever. From its workspace's
// counter on, transactions stand in a row, so there each looks again, and one
// that overlooked something is run anew. Where one writer has the database for
// itself there is nothing to overlook.

// under names what a provider knows by an id.
type under struct {
	ws uid
	inbox.Provided
}

// heard is a status, or the source of an amendment, under a provider's id.
type heard struct {
	under
	word string
}

// seen is what a transaction knows of what providers told. Who did not ask can
// have overlooked nothing.
type seen struct {
	asked    map[under]bool
	messages map[under]bool
	words    map[heard]bool
	nobodys  map[entry]bool // identities that were asked for, and are nobody's
}

func newSeen() seen {
	return seen{asked: make(map[under]bool), messages: make(map[under]bool), words: make(map[heard]bool), nobodys: make(map[entry]bool)}
}

func underOf(ws crm.WorkspaceID, channel crm.ChannelID, providerID string) under {
	return under{uid(ws), inbox.Provided{ChannelID: channel, ProviderID: providerID}}
}

// named returns the messages among changes that got their provider's id in this
// transaction, by which way they went.
func (t *tx) named(changes *crm.Changes) map[under]crm.Direction {
	fresh := make(map[under]crm.Direction)
	for _, m := range changes.Messages {
		if u := underOf(m.WorkspaceID, m.ChannelID, m.ProviderID); m.ProviderID != "" && !t.seen.messages[u] {
			fresh[u] = m.Direction
		}
	}
	return fresh
}

// parked returns what the changes hold words about without having its message.
func (t *tx) parked(changes *crm.Changes, named map[under]crm.Direction) map[under]bool {
	waiting := make(map[under]bool)
	for _, r := range changes.Statuses {
		u := underOf(r.WorkspaceID, r.ChannelID, r.ProviderID)
		t.seen.words[heard{u, string(r.Status)}] = true
		if r.MessageID.IsZero() && t.seen.asked[u] {
			waiting[u] = true
		}
	}
	for _, a := range changes.Amendments {
		u := underOf(a.WorkspaceID, a.ChannelID, a.ProviderID)
		t.seen.words[heard{u, a.SourceID}] = true
		if named[u] == "" && !t.seen.messages[u] && t.seen.asked[u] {
			waiting[u] = true
		}
	}
	return waiting
}

// lookAgain adds the looks for messages of parked words and for words about
// named messages.
func (b *batch) lookAgain(named map[under]crm.Direction, parked map[under]bool) {
	if b.t.store.dialect.Lock() == "" {
		return
	}
	b.look("select workspace_id, channel_id, provider_id, '' from messages", inThread, parked, func(heard) bool { return false })
	known := func(h heard) bool { return b.t.seen.words[h] }
	sent, asked := make(map[under]bool), make(map[under]bool) // nobody reports on what came in
	for u, way := range named {
		if b.t.seen.asked[u] {
			asked[u] = true
			if way == crm.Outbound {
				sent[u] = true
			}
		}
	}
	b.look("select workspace_id, channel_id, provider_id, status from statuses", "", sent, known)
	b.look("select workspace_id, channel_id, provider_id, source_id from amendments", "", asked, known)
}

// look adds one look; a row that is not known was overlooked.
func (b *batch) look(from, more string, of map[under]bool, known func(heard) bool) {
	by := lookupBy(byProvided)
	for u := range of {
		by.add(u.ws, (*uid)(&u.ChannelID), (*text)(&u.ProviderID))
	}
	if by.empty() {
		return
	}
	b.add(step{Statement: b.t.store.where(from, by, more), scan: func(rows *sql.Rows) error {
		for rows.Next() {
			var h heard
			if err := rows.Scan(&h.ws, (*uid)(&h.ChannelID), &h.ProviderID, &h.word); err != nil {
				return err
			}
			b.t.late = b.t.late || !known(h)
		}
		return rows.Err()
	}})
}

// overlooked is the error of a transaction that is to be run anew.
func (t *tx) overlooked() error {
	t.again = true
	t.failed = &crm.Error{Op: t.op, Code: crm.Conflict, Msg: "Somebody else changed this at the same time."}
	return t.failed
}
