package bunstore

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

// erasureRow's due_at is when an erasure may be claimed next; NULL for one that
// ended.
type erasureRow struct {
	bun.BaseModel `bun:"table:erasures,alias:erasures"`

	WorkspaceID uid    `bun:"workspace_id,pk"`
	ContactID   uid    `bun:"contact_id,pk"`
	ActorKind   text   `bun:"actor_kind"`
	ActorID     text   `bun:"actor_id"`
	BegunAt     stamp  `bun:"begun_at"`
	Stage       text   `bun:"stage"`
	After       []byte `bun:"after"`
	Traces      []byte `bun:"traces"`
	Erased      text   `bun:"erased"` // JSON
	LeasedUntil moment `bun:"leased_until"`
	DueAt       moment `bun:"due_at"`
	EndedAt     moment `bun:"ended_at"`
}

func erasureOf(e *crm.Erasure) (erasureRow, error) {
	erased, err := json.Marshal(e.Erased)
	row := erasureRow{
		WorkspaceID: uid(e.WorkspaceID), ContactID: uid(e.ContactID), ActorKind: text(e.Actor.Kind), ActorID: text(e.Actor.ID),
		BegunAt: stamp(e.BegunAt), Stage: text(e.Stage), After: e.After, Traces: e.Traces, Erased: text(erased),
		LeasedUntil: moment(e.LeasedUntil), EndedAt: moment(e.EndedAt),
	}
	if !e.Ended() {
		row.DueAt = moment(e.BegunAt)
		if e.LeasedUntil.After(e.BegunAt) {
			row.DueAt = moment(e.LeasedUntil)
		}
	}
	return row, err
}

func (r *erasureRow) erasure() (*crm.Erasure, error) {
	e := &crm.Erasure{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ContactID: crm.ContactID(r.ContactID),
		Actor: crm.Actor{Kind: crm.ActorKind(r.ActorKind), ID: string(r.ActorID)}, BegunAt: time.Time(r.BegunAt),
		Stage: crm.ErasureStage(r.Stage), After: r.After, Traces: r.Traces,
		LeasedUntil: time.Time(r.LeasedUntil), EndedAt: time.Time(r.EndedAt),
	}
	return e, json.Unmarshal([]byte(r.Erased), &e.Erased)
}

type eraseStore struct{ *Store }

// eraseTx is a transaction as erasures see it.
type eraseTx struct{ importTx }

// Update implements people.EraseStore.
func (s eraseStore) Update(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, people.EraseTx) error) error {
	return s.transact(ctx, "erase a contact", of(ws), func(ctx context.Context, t *tx) error {
		return fn(ctx, eraseTx{importTx{peopleTx{t}}})
	})
}

// Erasure implements people.EraseStore.
func (s eraseStore) Erasure(ctx context.Context, ws crm.WorkspaceID, contact crm.ContactID) (*crm.Erasure, error) {
	q := from[erasureRow](s.Store).and(" where workspace_id = ? and contact_id = ?", uid(ws), uid(contact))
	return one(ctx, s.reader("read erasure", of(ws)), q, "erasure", (*erasureRow).erasure)
}

// Claim implements people.EraseStore.
func (s eraseStore) Claim(ctx context.Context, now time.Time, lease time.Duration, only crm.ContactID) (*crm.Erasure, error) {
	var claimed *crm.Erasure
	// What there is to claim is looked for before the transaction, so that one is
	// begun only to claim something.
	q := from[erasureRow](s.Store).and(" where due_at <= ?", stamp(now))
	if !only.IsZero() {
		q = q.and(" and contact_id = ?", uid(only))
	}
	q = q.and(" order by due_at limit 1")
	waiting, err := read[erasureRow](ctx, s.reader("look for erasures", everywhere), q)
	if err != nil || len(waiting) == 0 {
		return nil, err
	}
	err = s.transact(ctx, "claim an erasure", everywhere, func(ctx context.Context, t *tx) error {
		claimed = nil
		var rows []erasureRow
		if err := t.run(ctx, load(ctx, t.link, q.and(s.dialect.ClaimLock()).bound(), &rows)); err != nil || len(rows) == 0 {
			return err
		}
		e, err := rows[0].erasure()
		if err != nil {
			return crm.Wrap(t.op, err)
		}
		e.LeasedUntil = now.Add(lease)
		claimed = e
		return eraseTx{importTx{peopleTx{t}}}.SaveErasure(ctx, e)
	})
	if err != nil {
		return nil, err // it is not leased, or nobody knows whether it is
	}
	return claimed, nil
}

// Erasure implements people.EraseTx.
func (t eraseTx) Erasure(ctx context.Context, contact crm.ContactID) (*crm.Erasure, error) {
	lock := ""
	if t.store.dialect.Lock() != "" {
		lock = " for update"
	}
	var rows []erasureRow
	q := from[erasureRow](t.store).and(" where workspace_id = ? and contact_id = ?"+lock, uid(t.scope.Workspaces[0]), uid(contact))
	if err := t.run(ctx, load(ctx, t.link, t.inline(q), &rows)); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, t.missing("erasure")
	}
	e, err := rows[0].erasure()
	return e, crm.Wrap(t.op, err)
}

// SaveErasure implements people.EraseTx.
func (t eraseTx) SaveErasure(ctx context.Context, e *crm.Erasure) error {
	if !t.scope.Installation && !t.covers(e.WorkspaceID) {
		t.note(t.stranger())
		return t.failed
	}
	b := t.batch()
	put(b, rowsOf(b, []*crm.Erasure{e}, erasureOf), "conflict (workspace_id, contact_id) do update")
	return b.run(ctx)
}

// Hide implements people.EraseTx.
func (t eraseTx) Hide(ctx context.Context, contact crm.ContactID) ([]crm.ContactID, crm.ErasedCounts, error) {
	ws := uid(t.scope.Workspaces[0])
	contacts, merges, err := t.mergedInto(ctx, ws, contact)
	if err != nil {
		return nil, crm.ErasedCounts{}, err
	}
	var notes, tasks []int
	steps := []step{
		{Statement: t.inline(ask("delete from mentions where workspace_id = ? and note_id in (select id from notes where workspace_id = ? and contact_id = ?)",
			ws, ws, uid(contact)))},
		pick(t.inline(ask("delete from notes where workspace_id = ? and contact_id = ? returning 1", ws, uid(contact))), &notes),
		pick(t.inline(ask("delete from tasks where workspace_id = ? and contact_id = ? returning 1", ws, uid(contact))), &tasks),
		{Statement: t.inline(ask("delete from jobs where workspace_id = ? and lane in (select id from conversations where workspace_id = ? and contact_id = ?)",
			ws, ws, uid(contact)))},
	}
	if len(merges) > 0 {
		steps = append(steps, step{Statement: t.inline(ask("delete from merges where workspace_id = ? and id in (?)", ws, bun.List(merges)))})
	}
	err = t.run(ctx, steps...)
	return contacts, crm.ErasedCounts{Notes: len(notes), Tasks: len(tasks), Merges: len(merges)}, err
}

// mergedInto returns a contact and those that went into it, one into another, and
// every merge that one of them was part of. One that came out again is a contact
// of its own: its record of the merge goes, and it stays.
func (t eraseTx) mergedInto(ctx context.Context, ws uid, contact crm.ContactID) (all []crm.ContactID, merges []uid, err error) {
	known := map[uid]bool{uid(contact): true}
	seen := make(map[uid]bool)
	all = []crm.ContactID{contact}
	for look := []uid{uid(contact)}; len(look) > 0; {
		var rows []mergeRow
		q := ask("select id, kept_id, gone_id, undone_at from merges where workspace_id = ? and (kept_id in (?) or gone_id in (?))", ws, bun.List(look), bun.List(look))
		if err := t.run(ctx, load(ctx, t.link, t.inline(q), &rows)); err != nil {
			return nil, nil, err
		}
		look = nil
		for _, row := range rows {
			if !seen[row.ID] {
				seen[row.ID], merges = true, append(merges, row.ID)
			}
			if time.Time(row.UndoneAt).IsZero() && known[row.KeptID] && !known[row.GoneID] {
				known[row.GoneID], look, all = true, append(look, row.GoneID), append(all, crm.ContactID(row.GoneID))
			}
		}
	}
	return all, merges, nil
}

// makeRoom deletes messages of a contact that is being erased which have the
// provider's id of one to be written: the provider told of it again, and their
// turn to be erased has not come. It is asked only once a write has clashed.
func (t *tx) makeRoom(ctx context.Context, changes *crm.Changes) error {
	by := lookupBy(byProvided)
	for u := range t.named(changes) {
		by.add(u.ws, (*uid)(&u.ChannelID), (*text)(&u.ProviderID))
	}
	var rows []namedRow
	if err := t.run(ctx, find(ctx, t.link, by, " and not"+strings.TrimPrefix(inThread, " and"), &rows)...); err != nil {
		return err
	}
	b := t.batch()
	var docs []Document
	for _, row := range rows {
		docs = append(docs, Document{WorkspaceID: crm.WorkspaceID(row.WorkspaceID), Subject: row.ID, Found: row.ConversationID, Known: true})
		b.do("delete from messages where workspace_id = ? and id = ?", row.WorkspaceID, row.ID)
	}
	b.index(docs)
	return b.run(ctx)
}
