package storetest

import (
	"bytes"
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

var importTests = []test{
	{"comes back with every field", importStored},
	{"pages join to all of a workspace's, newest first", importPages},
	{"is not another workspace's", importForeign},
	{"has chunks that come back as they were saved", importChunks},
	{"whose file is dropped keeps its errors", importDropped},
	{"that runs is claimed, the one that waits longest first", importClaimed},
	{"is leased: nobody else gets it while the lease runs", importLeased},
	{"that does not run is not claimed", importIdle},
	{"is claimed by one of many claimers", importRace},
	{"leaves nothing behind when its transaction fails", importFails},
	{"is written together with contacts", importTogether},
	{"expires when it is old, its chunks too", importExpires},
	{"finds the notes that say the same", importNotes},
}

// newImport returns an import that nobody stored.
func (w *world) newImport(c *tenant, state crm.ImportState) *crm.Import {
	now := w.clock.Advance(time.Second)
	return &crm.Import{
		ID: crm.NewID[crm.Import](w.mint), WorkspaceID: c.ws, Author: crm.Actor{Kind: crm.ByMember, ID: c.Owner.ID.String()},
		Filename: "kontak.csv", Size: 300_000, State: state, Reason: "none", Encoding: "utf-8", Delimiter: ";", Header: true,
		Columns: []string{"Nama", "", "No. HP"}, Mapping: []string{"name", "skip", "phone"}, Region: "ID", Policy: crm.Overwrite,
		DryRun: true, MakeTags: true, Rows: 9,
		Progress: crm.ImportProgress{Records: 8, Rows: 7, Created: 3, Updated: 2, Unchanged: 1, Failed: 1, Tags: 4, ErrorParts: 5},
		Attempt:  2, LeasedUntil: now.Add(-time.Millisecond), CreatedAt: now, StartedAt: now, EndedAt: now.Add(time.Hour),
	}
}

// saveImport stores an import.
func (w *world) saveImport(t *testing.T, im *crm.Import) *crm.Import {
	t.Helper()
	w.inImport(t, im.WorkspaceID, func(ctx context.Context, tx people.ImportTx) error { return tx.SaveImport(ctx, copied(im)) })
	return im
}

func (w *world) inImport(t *testing.T, ws crm.WorkspaceID, fn func(context.Context, people.ImportTx) error) {
	t.Helper()
	if err := w.store.Imports().Update(t.Context(), ws, fn); err != nil {
		t.Fatal(err)
	}
}

func (w *world) saveChunk(t *testing.T, im *crm.Import, of people.ChunkKind, n int, body string) people.Chunk {
	t.Helper()
	chunk := people.Chunk{WorkspaceID: im.WorkspaceID, Import: im.ID, Of: of, N: n}
	w.inImport(t, im.WorkspaceID, func(ctx context.Context, tx people.ImportTx) error { return tx.SaveChunk(ctx, chunk, []byte(body)) })
	return chunk
}

func (w *world) wantChunk(t *testing.T, chunk people.Chunk, want string) {
	t.Helper()
	got, err := w.store.Imports().Chunk(t.Context(), chunk)
	if err != nil || !bytes.Equal(got, []byte(want)) {
		t.Errorf("chunk %s %d is %.40q (%d bytes), %v, want %.40q (%d bytes)", chunk.Of, chunk.N, got, len(got), err, want, len(want))
	}
}

func (w *world) wantNoChunk(t *testing.T, chunk people.Chunk) {
	t.Helper()
	_, err := w.store.Imports().Chunk(t.Context(), chunk)
	wantCode(t, "a chunk that is not there", err, crm.NotFound)
}

func importStored(t *testing.T, w *world) {
	full := w.saveImport(t, w.newImport(w.ours, crm.ImportDone))
	everyField(t, "an import", full, nil)
	bare := w.saveImport(t, &crm.Import{ID: crm.NewID[crm.Import](w.mint), WorkspaceID: w.ours.ws, State: crm.ImportUploading, CreatedAt: w.clock.Now()})
	for _, want := range []*crm.Import{full, bare} {
		same(t, "an import", must[*crm.Import](t)(w.store.Imports().Import(t.Context(), w.ours.ws, want.ID)), want)
		w.inImport(t, w.ours.ws, func(ctx context.Context, tx people.ImportTx) error {
			got, err := tx.Import(ctx, want.ID)
			same(t, "an import in a transaction", got, want)
			return err
		})
	}
	bare.Filename, bare.Columns, bare.Header, bare.Rows = "other.csv", []string{"a"}, true, 1
	same(t, "an import that was replaced", must[*crm.Import](t)(w.store.Imports().Import(t.Context(), w.ours.ws, w.saveImport(t, bare).ID)), bare)
}

func importPages(t *testing.T, w *world) {
	var want []*crm.Import
	for range 5 {
		want = append([]*crm.Import{w.saveImport(t, w.newImport(w.ours, crm.ImportDone))}, want...)
		w.saveImport(t, w.newImport(w.theirs, crm.ImportDone))
	}
	var got []*crm.Import
	for after := (crm.ImportID{}); ; after = got[len(got)-1].ID {
		page := must[[]*crm.Import](t)(w.store.Imports().Imports(t.Context(), w.ours.ws, after, 2))
		if got = append(got, page...); len(page) < 2 {
			break
		}
	}
	same(t, "the imports of all pages", got, want)
}

func importForeign(t *testing.T, w *world) {
	im := w.saveImport(t, w.newImport(w.theirs, crm.ImportRunning))
	chunk := w.saveChunk(t, im, people.OfFile, 0, "a")
	_, err := w.store.Imports().Import(t.Context(), w.ours.ws, im.ID)
	wantCode(t, "a foreign import", err, crm.NotFound)
	foreign := chunk
	foreign.WorkspaceID = w.ours.ws
	w.wantNoChunk(t, foreign)
	err = w.store.Imports().Update(t.Context(), w.ours.ws, func(ctx context.Context, tx people.ImportTx) error {
		_, err := tx.Import(ctx, im.ID)
		return err
	})
	wantCode(t, "a foreign import in a transaction", err, crm.NotFound)
	w.inImport(t, w.ours.ws, func(ctx context.Context, tx people.ImportTx) error { return tx.DropFile(ctx, im.ID) })
	w.wantChunk(t, chunk, "a")
	for what, write := range map[string]func(context.Context, people.ImportTx) error{
		"an import": func(ctx context.Context, tx people.ImportTx) error { return tx.SaveImport(ctx, im) },
		"a chunk":   func(ctx context.Context, tx people.ImportTx) error { return tx.SaveChunk(ctx, chunk, []byte("b")) },
	} {
		wantCode(t, what+" of another workspace than the transaction's", w.store.Imports().Update(t.Context(), w.ours.ws, write), crm.Internal)
	}
	w.wantChunk(t, chunk, "a")
	err = w.store.Imports().Update(t.Context(), w.ours.ws, func(ctx context.Context, tx people.ImportTx) error {
		return tx.SaveChunk(ctx, foreign, []byte("b"))
	})
	wantCode(t, "a chunk of an import that is not there", err, crm.Conflict)
}

func importChunks(t *testing.T, w *world) {
	im := w.saveImport(t, w.newImport(w.ours, crm.ImportReady))
	large := string(bytes.Repeat([]byte("Nama;0812\x00\xff\r\n"), 20_000))
	first, second := w.saveChunk(t, im, people.OfFile, 0, large), w.saveChunk(t, im, people.OfFile, 1, "b")
	wrong := w.saveChunk(t, im, people.OfErrors, 0, "c")
	w.wantChunk(t, first, large)
	w.wantChunk(t, second, "b")
	w.wantChunk(t, wrong, "c")
	w.wantNoChunk(t, people.Chunk{WorkspaceID: im.WorkspaceID, Import: im.ID, Of: people.OfFile, N: 2})
	w.wantNoChunk(t, people.Chunk{WorkspaceID: im.WorkspaceID, Import: crm.NewID[crm.Import](w.mint), Of: people.OfFile})
	w.saveChunk(t, im, people.OfFile, 1, "d")
	w.wantChunk(t, second, "d")
	w.wantChunk(t, first, large)
}

func importDropped(t *testing.T, w *world) {
	im, other := w.saveImport(t, w.newImport(w.ours, crm.ImportDone)), w.saveImport(t, w.newImport(w.ours, crm.ImportDone))
	file, wrong, others := w.saveChunk(t, im, people.OfFile, 0, "a"), w.saveChunk(t, im, people.OfErrors, 0, "b"), w.saveChunk(t, other, people.OfFile, 0, "c")
	w.inImport(t, w.ours.ws, func(ctx context.Context, tx people.ImportTx) error { return tx.DropFile(ctx, im.ID) })
	w.wantNoChunk(t, file)
	w.wantChunk(t, wrong, "b")
	w.wantChunk(t, others, "c")
}

// claimImport claims an import at the world's time.
func (w *world) claimImport(t *testing.T, only crm.ImportID) *crm.Import {
	t.Helper()
	return must[*crm.Import](t)(w.store.Imports().Claim(t.Context(), w.clock.Now(), lease, only))
}

func (w *world) wantClaim(t *testing.T, got, want *crm.Import) {
	t.Helper()
	if got == nil {
		t.Fatal("no import is claimed")
	}
	want = copied(want)
	want.Attempt, want.LeasedUntil = want.Attempt+1, w.clock.Now().Add(lease)
	same(t, "the claimed import", got, want)
	same(t, "the import as it is stored", must[*crm.Import](t)(w.store.Imports().Import(t.Context(), want.WorkspaceID, want.ID)), want)
}

func importClaimed(t *testing.T, w *world) {
	if got := w.claimImport(t, crm.ImportID{}); got != nil {
		t.Fatalf("%v is claimed where there is none", got)
	}
	first, second := w.saveImport(t, w.newImport(w.theirs, crm.ImportRunning)), w.saveImport(t, w.newImport(w.ours, crm.ImportRunning))
	third := w.saveImport(t, w.newImport(w.ours, crm.ImportRunning))
	w.wantClaim(t, w.claimImport(t, third.ID), third)
	w.wantClaim(t, w.claimImport(t, crm.ImportID{}), first)
	w.wantClaim(t, w.claimImport(t, crm.ImportID{}), second)
	if got := w.claimImport(t, crm.ImportID{}); got != nil {
		t.Errorf("%v is claimed again", got)
	}
}

func importLeased(t *testing.T, w *world) {
	im := w.saveImport(t, w.newImport(w.ours, crm.ImportRunning))
	im = must[*crm.Import](t)(w.claimImport(t, im.ID), nil)
	w.clock.Advance(lease - time.Millisecond)
	if got := w.claimImport(t, im.ID); got != nil {
		t.Fatal("a leased import is claimed")
	}
	w.clock.Advance(time.Millisecond)
	w.wantClaim(t, w.claimImport(t, crm.ImportID{}), im)
}

func importIdle(t *testing.T, w *world) {
	for _, state := range []crm.ImportState{crm.ImportUploading, crm.ImportReady, crm.ImportDone, crm.ImportCancelled, crm.ImportFailed} {
		im := w.saveImport(t, w.newImport(w.ours, state))
		w.clock.Advance(time.Hour)
		if w.claimImport(t, crm.ImportID{}) != nil || w.claimImport(t, im.ID) != nil {
			t.Errorf("an import that is %s is claimed", state)
		}
	}
}

func importRace(t *testing.T, w *world) {
	for range racers / 2 {
		w.saveImport(t, w.newImport(w.ours, crm.ImportRunning))
	}
	var claimed atomic.Int32
	race(t, func(int) error {
		for range racers {
			im, err := w.store.Imports().Claim(t.Context(), w.clock.Now(), lease, crm.ImportID{})
			if err != nil {
				return err
			}
			if im != nil {
				claimed.Add(1)
			}
		}
		return nil
	})
	if got := claimed.Load(); got != racers/2 {
		t.Errorf("%d imports are claimed %d times", racers/2, got)
	}
}

func importFails(t *testing.T, w *world) {
	im := w.saveImport(t, w.newImport(w.ours, crm.ImportRunning))
	chunk := w.saveChunk(t, im, people.OfFile, 0, "a")
	broken := errors.New("broken")
	err := w.store.Imports().Update(t.Context(), w.ours.ws, func(ctx context.Context, tx people.ImportTx) error {
		changed := copied(im)
		changed.State, changed.Progress.Records = crm.ImportDone, 99
		wrong := chunk
		wrong.Of = people.OfErrors
		return errors.Join(tx.SaveImport(ctx, changed), tx.SaveChunk(ctx, wrong, []byte("b")), tx.DropFile(ctx, im.ID),
			tx.Write(ctx, &crm.Changes{Contacts: []*crm.Contact{w.ours.Contact()}}), broken)
	})
	if !errors.Is(err, broken) {
		t.Fatalf("the transaction's error is %v, want that of its function", err)
	}
	same(t, "the import", must[*crm.Import](t)(w.store.Imports().Import(t.Context(), w.ours.ws, im.ID)), im)
	w.wantChunk(t, chunk, "a")
	w.wantNoChunk(t, people.Chunk{WorkspaceID: w.ours.ws, Import: im.ID, Of: people.OfErrors})
	if got := must[[]*crm.Contact](t)(w.store.People().Contacts(t.Context(), w.ours.ws, people.ContactQuery{Limit: all})); len(got) != 1 {
		t.Errorf("%d contacts are there, want the world's own", len(got))
	}
}

func importTogether(t *testing.T, w *world) {
	im, made := w.saveImport(t, w.newImport(w.ours, crm.ImportRunning)), w.ours.Contact()
	w.inImport(t, w.ours.ws, func(ctx context.Context, tx people.ImportTx) error {
		state, err := tx.Load(ctx, people.Need{WorkspaceID: w.ours.ws, Identities: w.ours.contact.Identities, Threads: true, AllTags: true})
		if err != nil {
			return err
		}
		same(t, "what the transaction loads", state.Contacts, []*crm.Contact{w.ours.contact})
		same(t, "its tags", state.Tags, []*crm.Tag{w.ours.tag})
		im.Progress.Records++
		return errors.Join(tx.SaveImport(ctx, im), tx.Write(ctx, &crm.Changes{Contacts: []*crm.Contact{copied(made)}}))
	})
	same(t, "the import", must[*crm.Import](t)(w.store.Imports().Import(t.Context(), w.ours.ws, im.ID)), im)
	same(t, "the contact", must[*people.Card](t)(w.store.People().CardByID(t.Context(), w.ours.ws, made.ID)).Contact, made)
}

func importExpires(t *testing.T, w *world) {
	states := []crm.ImportState{crm.ImportUploading, crm.ImportReady, crm.ImportRunning, crm.ImportDone, crm.ImportCancelled, crm.ImportFailed}
	old := map[crm.ImportState]*crm.Import{}
	var chunks []people.Chunk
	for _, state := range states {
		old[state] = w.saveImport(t, w.newImport(w.ours, state))
		chunks = append(chunks, w.saveChunk(t, old[state], people.OfErrors, 0, "a"))
	}
	cut := w.clock.Advance(time.Second)
	fresh := w.saveImport(t, w.newImport(w.ours, crm.ImportDone))
	expire := func(unfinished, ended time.Time, limit, want int) {
		t.Helper()
		if n := must[int](t)(w.store.Imports().Expire(t.Context(), unfinished, ended, limit)); n != want {
			t.Errorf("%d imports expire, want %d", n, want)
		}
	}
	expire(cut.Add(-time.Hour), cut.Add(-time.Hour), all, 0)
	expire(cut, cut.Add(-time.Hour), all, 2)
	expire(cut.Add(-time.Hour), cut, 1, 1) // no more than the limit
	expire(cut.Add(-time.Hour), cut, all, 2)
	expire(cut, cut, all, 0)
	same(t, "what is left", must[[]*crm.Import](t)(w.store.Imports().Imports(t.Context(), w.ours.ws, crm.ImportID{}, all)),
		[]*crm.Import{fresh, old[crm.ImportRunning]})
	for i, state := range states {
		if state == crm.ImportRunning {
			w.wantChunk(t, chunks[i], "a")
		} else {
			w.wantNoChunk(t, chunks[i])
		}
	}
}

func importNotes(t *testing.T, w *world) {
	other, _, _ := w.newThread(t, w.ours, nil)
	ours := people.NoteText{ContactID: w.ours.contact.ID, Body: w.ours.note.Body}
	w.inImport(t, w.ours.ws, func(ctx context.Context, tx people.ImportTx) error {
		for _, c := range []struct {
			what  string
			asked []people.NoteText
			want  []people.NoteText
		}{
			{"none", nil, nil},
			{"one that is there", []people.NoteText{ours}, []people.NoteText{ours}},
			{"one that is there, other words, another contact and another workspace's", []people.NoteText{
				{ContactID: ours.ContactID, Body: "wants"}, ours, {ContactID: other.ID, Body: ours.Body}, {ContactID: w.theirs.contact.ID, Body: w.theirs.note.Body},
			}, []people.NoteText{ours}},
		} {
			got, err := tx.SameNotes(ctx, c.asked)
			if err != nil {
				return err
			}
			same(t, "the notes of "+c.what, got, c.want)
		}
		return nil
	})
}
