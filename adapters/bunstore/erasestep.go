package bunstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

// Step implements people.EraseStore.
func (s eraseStore) Step(ctx context.Context, e *crm.Erasure, traces *people.Traces, limit int) (bool, error) {
	switch e.Stage {
	case crm.EraseJournal:
		return s.eraseBodies(ctx, e, traces, e.WorkspaceID, limit)
	case crm.EraseUnclaimed:
		return s.eraseBodies(ctx, e, traces, crm.WorkspaceID{}, limit)
	case crm.EraseMessages:
		return s.eraseMessages(ctx, e, traces, limit)
	case crm.EraseReports:
		return s.eraseParked(ctx, e, traces, parkedStatuses, limit)
	case crm.EraseAmendments:
		return s.eraseParked(ctx, e, traces, parkedAmendments, limit)
	case crm.EraseFacts:
		return s.eraseFacts(ctx, e, traces, limit)
	case crm.EraseRemains:
		return s.eraseRemains(ctx, e)
	}
	return true, nil
}

// advance brings an erasure further in one transaction, unless somebody else has.
func (s eraseStore) advance(ctx context.Context, e *crm.Erasure, scope Scope, do func(context.Context, eraseTx, *crm.Erasure) error) error {
	var next crm.Erasure
	err := s.transact(ctx, "erase a contact", scope, func(ctx context.Context, t *tx) error {
		et := eraseTx{importTx{peopleTx{t}}}
		stored, err := et.Erasure(ctx, e.ContactID)
		switch {
		case err != nil:
			return err
		case !stored.At(e):
			return &crm.Error{Op: t.op, Code: crm.Conflict, Reason: "taken", Msg: "Another process erases this contact."}
		}
		next = *e
		if err := do(ctx, et, &next); err != nil {
			return err
		}
		return et.SaveErasure(ctx, &next)
	})
	if err == nil {
		*e = next
	}
	return err
}

// eraseMessages deletes some messages of one of the conversations, and all that
// hangs on them.
func (s eraseStore) eraseMessages(ctx context.Context, e *crm.Erasure, traces *people.Traces, limit int) (done bool, err error) {
	ws := uid(e.WorkspaceID)
	err = s.advance(ctx, e, of(e.WorkspaceID), func(ctx context.Context, t eraseTx, next *crm.Erasure) error {
		done = true
		for _, thread := range traces.Threads {
			var rows []messageRow
			q := ask("select id, conversation_id, channel_id, direction, provider_id from messages where workspace_id = ? and conversation_id = ? limit ?", ws, uid(thread), limit)
			if err := t.run(ctx, load(ctx, t.link, t.inline(q), &rows)); err != nil {
				return err
			}
			if len(rows) > 0 {
				done = false
				return t.deleteMessages(ctx, e.WorkspaceID, rows, &next.Erased)
			}
		}
		return nil
	})
	return done, err
}

func (t eraseTx) deleteMessages(ctx context.Context, ws crm.WorkspaceID, rows []messageRow, erased *crm.ErasedCounts) error {
	messages := make([]uid, len(rows))
	docs := make([]Document, len(rows))
	provided := make(map[uid][]text) // by channel
	for i, row := range rows {
		messages[i] = row.ID
		docs[i] = Document{WorkspaceID: ws, Subject: row.ID, Found: row.ConversationID, Known: true}
		if row.ProviderID != "" {
			provided[row.ChannelID] = append(provided[row.ChannelID], text(row.ProviderID))
		}
		if crm.Direction(row.Direction) == crm.Inbound {
			erased.Inbound++
		} else {
			erased.Outbound++
		}
	}
	var reports []int
	var steps []step
	for channel, ids := range provided {
		for _, table := range []string{"statuses", "amendments"} {
			q := ask("delete from "+table+" where workspace_id = ? and channel_id = ? and provider_id in (?) returning 1", uid(ws), channel, bun.List(ids))
			steps = append(steps, pick(t.inline(q), &reports))
		}
	}
	if err := t.run(ctx, steps...); err != nil {
		return err
	}
	erased.Reports += len(reports)
	b := t.batch()
	b.do("delete from answers where workspace_id = ? and message_id in (?)", uid(ws), bun.List(messages))
	b.index(docs)
	b.do("delete from messages where workspace_id = ? and id in (?)", uid(ws), bun.List(messages))
	return b.run(ctx)
}

// parkedKind is a table of what is kept under providers' ids.
type parkedKind struct {
	table, word string // and the last column of its key
	rest        string // the condition that the message is not there
}

var (
	parkedStatuses = parkedKind{"statuses", "status",
		"(message_id is null or not exists (select 1 from messages m where m.workspace_id = statuses.workspace_id and m.id = statuses.message_id))"}
	parkedAmendments = parkedKind{"amendments", "source_id",
		"not exists (select 1 from messages m where m.workspace_id = amendments.workspace_id and m.channel_id = amendments.channel_id and m.provider_id = amendments.provider_id)"}
)

// parkedRow is the key of a row, which is also where a stage goes on.
type parkedRow struct {
	Channel  uid
	Provided string
	Word     string
	at       stamp
}

// eraseParked goes through what is kept under providers' ids and takes away what a
// message of the contact would have had that never came. It looks at keys alone,
// so it looks at more of them.
func (s eraseStore) eraseParked(ctx context.Context, e *crm.Erasure, traces *people.Traces, kind parkedKind, limit int) (bool, error) {
	const more = 10
	var after parkedRow
	if e.After != nil {
		if err := json.Unmarshal(e.After, &after); err != nil {
			return false, crm.Wrap("go on erasing", err)
		}
	}
	rows, err := s.parkedAfter(ctx, e.WorkspaceID, kind, after, more*limit)
	if err != nil {
		return false, err
	}
	before := e.BegunAt.Add(clockDrift)
	over := len(rows) < more*limit
	return over, s.advance(ctx, e, of(e.WorkspaceID), func(ctx context.Context, t eraseTx, next *crm.Erasure) error {
		var gone []int
		var steps []step
		for _, row := range rows {
			if (traces.Named(row.Provided) || traces.Named(row.Word)) && time.Time(row.at).Before(before) {
				q := ask("delete from "+kind.table+" where workspace_id = ? and channel_id = ? and provider_id = ? and "+kind.word+" = ? and "+kind.rest+" returning 1",
					uid(e.WorkspaceID), row.Channel, text(row.Provided), text(row.Word))
				steps = append(steps, pick(t.inline(q), &gone))
			}
		}
		if err := t.run(ctx, steps...); err != nil {
			return err
		}
		next.Erased.Reports += len(gone)
		next.After = nil
		if over {
			return nil
		}
		var err error
		next.After, err = json.Marshal(rows[len(rows)-1])
		return err
	})
}

// parkedAfter reads keys in their order, behind one.
func (s *Store) parkedAfter(ctx context.Context, ws crm.WorkspaceID, kind parkedKind, after parkedRow, limit int) ([]parkedRow, error) {
	key := "channel_id, provider_id, " + kind.word
	q := ask("select "+key+", at from "+kind.table+" where workspace_id = ? and ("+key+") > (?, ?, ?) order by "+key+" limit ?",
		uid(ws), after.Channel, text(after.Provided), text(after.Word), limit)
	var found []parkedRow
	err := s.reader("look for reports", of(ws)).run(ctx, step{Statement: q.bound(), scan: func(rows *sql.Rows) error {
		for rows.Next() {
			var row parkedRow
			if err := rows.Scan(&row.Channel, &row.Provided, &row.Word, &row.at); err != nil {
				return err
			}
			found = append(found, row)
		}
		return rows.Err()
	}})
	return found, err
}

// eraseFacts takes away what a range of the feed carries about the contact beside
// ids: numbers stay without a gap, and each fact keeps its kind and time.
func (s eraseStore) eraseFacts(ctx context.Context, e *crm.Erasure, traces *people.Traces, limit int) (bool, error) {
	const more = 10
	after := int64(0)
	if e.After != nil {
		if err := json.Unmarshal(e.After, &after); err != nil {
			return false, crm.Wrap("go on erasing", err)
		}
	}
	first, last, err := feedStore(s).Bounds(ctx, e.WorkspaceID)
	if err != nil {
		return false, err
	}
	after = max(after, first-1)
	to := after + int64(more*limit)
	return to >= last, s.advance(ctx, e, of(e.WorkspaceID), func(ctx context.Context, t eraseTx, next *crm.Erasure) error {
		var err error
		if next.After, err = json.Marshal(to); err != nil {
			return err
		}
		about := ask("contact_id in (?)", among(traces.Contacts))
		if len(traces.Threads) > 0 {
			about = about.and(" or conversation_id in (?)", among(traces.Threads))
		}
		q := ask("update facts set data = null where workspace_id = ? and seq > ? and seq <= ? and data is not null and", uid(e.WorkspaceID), after, to).
			include("", about).and(" returning 1")
		var redacted []int
		if err := t.run(ctx, pick(t.inline(q), &redacted)); err != nil {
			return err
		}
		next.Erased.Facts += len(redacted)
		return nil
	})
}

// eraseRemains does a step of what the database has to do to let go of rows that
// are deleted, and stores how far it is.
func (s eraseStore) eraseRemains(ctx context.Context, e *crm.Erasure) (bool, error) {
	after, err := s.dialect.Sweep(ctx, s.db.DB, string(e.After))
	if err != nil {
		return false, s.reader("sweep the database", everywhere).failure(ctx, err)
	}
	return after == "", s.advance(ctx, e, of(e.WorkspaceID), func(_ context.Context, _ eraseTx, next *crm.Erasure) error {
		if next.After = []byte(after); after == "" {
			next.After = nil
		}
		return nil
	})
}
