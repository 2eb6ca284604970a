package bunstore

import (
	"context"
	"encoding/json"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

// importRow's due_at is when a running import may be claimed next; NULL for one
// that does not run.
type importRow struct {
	bun.BaseModel `bun:"table:imports,alias:imports"`

	WorkspaceID uid    `bun:"workspace_id,pk"`
	ID          uid    `bun:"id,pk"`
	AuthorKind  text   `bun:"author_kind"`
	AuthorID    text   `bun:"author_id"`
	Filename    text   `bun:"filename"`
	Size        int64  `bun:"size"`
	State       text   `bun:"state"`
	Reason      text   `bun:"reason"`
	Encoding    text   `bun:"encoding"`
	Delimiter   text   `bun:"delimiter"`
	Header      bool   `bun:"header"`
	Columns     text   `bun:"columns"` // JSON
	Mapping     text   `bun:"mapping"` // JSON
	Region      text   `bun:"region"`
	Policy      text   `bun:"policy"`
	DryRun      bool   `bun:"dry_run"`
	MakeTags    bool   `bun:"make_tags"`
	RowsFound   int    `bun:"rows_found"`
	Progress    text   `bun:"progress"` // JSON
	Attempt     int    `bun:"attempt"`
	LeasedUntil moment `bun:"leased_until"`
	DueAt       moment `bun:"due_at"`
	CreatedAt   stamp  `bun:"created_at"`
	StartedAt   moment `bun:"started_at"`
	EndedAt     moment `bun:"ended_at"`
}

// importChunkRow is a packed piece of a file.
type importChunkRow struct {
	bun.BaseModel `bun:"table:import_chunks,alias:import_chunks"`

	WorkspaceID uid    `bun:"workspace_id,pk"`
	ImportID    uid    `bun:"import_id,pk"`
	PartOf      text   `bun:"part_of,pk"`
	N           int    `bun:"n,pk"`
	Body        []byte `bun:"body"`
}

func importOf(im *crm.Import) (importRow, error) {
	var encoded [3]text
	for i, value := range []any{im.Columns, im.Mapping, im.Progress} {
		written, err := json.Marshal(value)
		if err != nil {
			return importRow{}, err
		}
		encoded[i] = text(written)
	}
	row := importRow{
		WorkspaceID: uid(im.WorkspaceID), ID: uid(im.ID), AuthorKind: text(im.Author.Kind), AuthorID: text(im.Author.ID),
		Filename: text(im.Filename), Size: im.Size, State: text(im.State), Reason: text(im.Reason),
		Encoding: text(im.Encoding), Delimiter: text(im.Delimiter), Header: im.Header, Columns: encoded[0], Mapping: encoded[1],
		Region: text(im.Region), Policy: text(im.Policy), DryRun: im.DryRun, MakeTags: im.MakeTags, RowsFound: im.Rows, Progress: encoded[2],
		Attempt: im.Attempt, LeasedUntil: moment(im.LeasedUntil), CreatedAt: stamp(im.CreatedAt), StartedAt: moment(im.StartedAt), EndedAt: moment(im.EndedAt),
	}
	if im.State == crm.ImportRunning {
		row.DueAt = moment(im.StartedAt)
		if im.LeasedUntil.After(im.StartedAt) {
			row.DueAt = moment(im.LeasedUntil)
		}
	}
	return row, nil
}

func (r *importRow) imported() (*crm.Import, error) {
	im := &crm.Import{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ID: crm.ImportID(r.ID), Author: crm.Actor{Kind: crm.ActorKind(r.AuthorKind), ID: string(r.AuthorID)},
		Filename: string(r.Filename), Size: r.Size, State: crm.ImportState(r.State), Reason: string(r.Reason),
		Encoding: string(r.Encoding), Delimiter: string(r.Delimiter), Header: r.Header, Region: string(r.Region),
		Policy: crm.ImportPolicy(r.Policy), DryRun: r.DryRun, MakeTags: r.MakeTags, Rows: r.RowsFound,
		Attempt: r.Attempt, LeasedUntil: time.Time(r.LeasedUntil), CreatedAt: time.Time(r.CreatedAt), StartedAt: time.Time(r.StartedAt), EndedAt: time.Time(r.EndedAt),
	}
	for _, column := range []struct {
		text text
		into any
	}{{r.Columns, &im.Columns}, {r.Mapping, &im.Mapping}, {r.Progress, &im.Progress}} {
		if err := json.Unmarshal([]byte(column.text), column.into); err != nil {
			return nil, err
		}
	}
	return im, nil
}

type importStore struct{ *Store }

// importTx is a transaction as imports see it.
type importTx struct{ peopleTx }

// Update implements people.ImportStore.
func (s importStore) Update(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, people.ImportTx) error) error {
	return s.transact(ctx, "update an import", of(ws), func(ctx context.Context, t *tx) error {
		return fn(ctx, importTx{peopleTx{t}})
	})
}

// Import implements people.ImportStore.
func (s importStore) Import(ctx context.Context, ws crm.WorkspaceID, id crm.ImportID) (*crm.Import, error) {
	q := from[importRow](s.Store).and(" where workspace_id = ? and id = ?", uid(ws), uid(id))
	return one(ctx, s.reader("read import", of(ws)), q, "import", (*importRow).imported)
}

// Imports implements people.ImportStore. Ids grow with time, so they are the
// order.
func (s importStore) Imports(ctx context.Context, ws crm.WorkspaceID, after crm.ImportID, limit int) ([]*crm.Import, error) {
	q := from[importRow](s.Store).and(" where workspace_id = ?", uid(ws))
	if !after.IsZero() {
		q = q.and(" and id < ?", uid(after))
	}
	q = q.and(" order by id desc limit ?", limit)
	return list(ctx, s.reader("list imports", of(ws)), q, (*importRow).imported)
}

// Chunk implements people.ImportStore.
func (s importStore) Chunk(ctx context.Context, chunk people.Chunk) ([]byte, error) {
	q := ask("select body from import_chunks where workspace_id = ? and import_id = ? and part_of = ? and n = ?",
		uid(chunk.WorkspaceID), uid(chunk.Import), text(chunk.Of), chunk.N)
	l := s.reader("read a chunk", of(chunk.WorkspaceID))
	var bodies [][]byte
	if err := l.run(ctx, pick(q.bound(), &bodies)); err != nil {
		return nil, err
	}
	if len(bodies) == 0 {
		return nil, l.missing("part of the file")
	}
	return s.packer.Unpack(bodies[0])
}

// Claim implements people.ImportStore.
func (s importStore) Claim(ctx context.Context, now time.Time, lease time.Duration, only crm.ImportID) (*crm.Import, error) {
	var claimed *crm.Import
	// What there is to claim is looked for before the transaction, so that one is
	// begun only to claim something.
	q := from[importRow](s.Store).and(" where due_at <= ?", stamp(now))
	if !only.IsZero() {
		q = q.and(" and id = ?", uid(only))
	}
	q = q.and(" order by due_at limit 1")
	waiting, err := read[importRow](ctx, s.reader("look for imports", everywhere), q)
	if err != nil || len(waiting) == 0 {
		return nil, err
	}
	err = s.transact(ctx, "claim an import", everywhere, func(ctx context.Context, t *tx) error {
		claimed = nil
		var rows []importRow
		if err := t.run(ctx, load(ctx, t.link, q.and(s.dialect.ClaimLock()).bound(), &rows)); err != nil || len(rows) == 0 {
			return err
		}
		im, err := rows[0].imported()
		if err != nil {
			return crm.Wrap(t.op, err)
		}
		im.Attempt, im.LeasedUntil = im.Attempt+1, now.Add(lease)
		claimed = im
		return importTx{peopleTx{t}}.SaveImport(ctx, im)
	})
	if err != nil {
		return nil, err // it is not leased, or nobody knows whether it is
	}
	return claimed, nil
}

// Expire implements people.ImportStore.
func (s importStore) Expire(ctx context.Context, unfinished, ended time.Time, limit int) (int, error) {
	const op = "expire imports"
	return s.everyWorkspace(ctx, op, limit, func(ws crm.WorkspaceID, limit int) (int, error) {
		var old []uid
		q := ask("select id from imports where workspace_id = ? and (state in (?, ?) and created_at < ? or state in (?, ?, ?) and created_at < ?) order by id limit ?",
			uid(ws), text(crm.ImportUploading), text(crm.ImportReady), stamp(unfinished),
			text(crm.ImportDone), text(crm.ImportCancelled), text(crm.ImportFailed), stamp(ended), limit)
		if err := s.reader(op, of(ws)).run(ctx, pick(q.bound(), &old)); err != nil || len(old) == 0 {
			return 0, err
		}
		var taken []int
		err := s.transact(ctx, op, of(ws), func(ctx context.Context, t *tx) error {
			taken = nil
			return t.run(ctx,
				step{Statement: t.inline(ask("delete from import_chunks where workspace_id = ? and import_id in (?)", uid(ws), bun.List(old)))},
				pick(t.inline(ask("delete from imports where workspace_id = ? and id in (?) returning 1", uid(ws), bun.List(old))), &taken))
		})
		return len(taken), err
	})
}

// workspace returns the only workspace that the transaction is about.
func (t importTx) workspace() uid { return uid(t.scope.Workspaces[0]) }

// Import implements people.ImportTx.
func (t importTx) Import(ctx context.Context, id crm.ImportID) (*crm.Import, error) {
	var rows []importRow
	q := from[importRow](t.store).and(" where workspace_id = ? and id = ?", t.workspace(), uid(id)).and(t.store.dialect.Lock())
	if err := t.run(ctx, load(ctx, t.link, t.inline(q), &rows)); err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, t.missing("import")
	}
	im, err := rows[0].imported()
	return im, crm.Wrap(t.op, err)
}

// SaveImport implements people.ImportTx.
func (t importTx) SaveImport(ctx context.Context, im *crm.Import) error {
	if !t.scope.Installation && !t.covers(im.WorkspaceID) {
		t.note(t.stranger())
		return t.failed
	}
	b := t.batch()
	put(b, rowsOf(b, []*crm.Import{im}, importOf), replaceByID)
	return b.run(ctx)
}

// SaveChunk implements people.ImportTx.
func (t importTx) SaveChunk(ctx context.Context, chunk people.Chunk, body []byte) error {
	if !t.covers(chunk.WorkspaceID) {
		t.note(t.stranger())
		return t.failed
	}
	b := t.batch()
	put(b, []importChunkRow{{
		WorkspaceID: uid(chunk.WorkspaceID), ImportID: uid(chunk.Import), PartOf: text(chunk.Of), N: chunk.N, Body: t.store.packer.Pack(body),
	}}, "conflict (workspace_id, import_id, part_of, n) do update")
	return b.run(ctx)
}

// DropFile implements people.ImportTx.
func (t importTx) DropFile(ctx context.Context, id crm.ImportID) error {
	b := t.batch()
	b.do("delete from import_chunks where workspace_id = ? and import_id = ? and part_of = ?", t.workspace(), uid(id), text(people.OfFile))
	return b.run(ctx)
}

// SameNotes implements people.ImportTx.
func (t importTx) SameNotes(ctx context.Context, notes []people.NoteText) ([]people.NoteText, error) {
	asked := make(map[people.NoteText]bool, len(notes))
	by := lookupBy(byNoteText)
	for _, note := range notes {
		by.add(t.workspace(), (*uid)(&note.ContactID), (*text)(&note.Body))
		asked[note] = true
	}
	var rows []noteRow
	if err := t.run(ctx, find(ctx, t.link, by, "", &rows)...); err != nil {
		return nil, err
	}
	var same []people.NoteText
	for _, row := range rows {
		if note := (people.NoteText{ContactID: crm.ContactID(row.ContactID), Body: string(row.Body)}); asked[note] {
			same = append(same, note)
			delete(asked, note)
		}
	}
	return same, nil
}
