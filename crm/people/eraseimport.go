package people

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/csvio"
)

// overlap is how much of a chunk is looked at again with the next one: more than
// any number or address that the border between them cuts in two.
const overlap = 512

// eraseImport goes through the next import, newest first, of those that an
// erasure did not see yet. A file of errors loses the rows that name the contact.
// A file that waits or is worked on would bring the contact back: its import is
// cancelled and it goes.
func (s *Erasures) eraseImport(ctx context.Context, e *crm.Erasure, traces *Traces) (bool, error) {
	var after crm.ImportID
	copy(after[:], e.After)
	next, err := s.imports.Imports(ctx, e.WorkspaceID, after, 1)
	if err != nil || len(next) == 0 {
		return err == nil, err
	}
	id := next[0].ID
	named, err := s.fileNames(ctx, next[0], traces)
	if err != nil {
		return false, err
	}
	return false, s.advance(ctx, e, func(ctx context.Context, tx EraseTx, stored *crm.Erasure) error {
		stored.After = id[:]
		im, err := tx.Import(ctx, id)
		if crm.CodeOf(err) == crm.NotFound { // it expired
			return nil
		}
		if err != nil {
			return err
		}
		if err := s.cutErrors(ctx, tx, im, traces, &stored.Erased); err != nil {
			return err
		}
		changed := slices.ContainsFunc(im.Columns, traces.InCell)
		if changed { // the first row was taken for names of columns
			clear(im.Columns)
		}
		if named {
			stored.Erased.Imports++
			im.State, im.DryRun, im.EndedAt = crm.ImportCancelled, false, s.mint.Now()
			im.Reason = "A contact that its file names was erased. Take the row out and upload it again."
			return settleImport(ctx, tx, im, im.EndedAt)
		}
		if changed {
			return tx.SaveImport(ctx, im)
		}
		return nil
	})
}

// fileNames reports whether the file of an import is still there and names the
// contact.
func (s *Erasures) fileNames(ctx context.Context, im *crm.Import, traces *Traces) (bool, error) {
	var tail []byte
	for n := 0; ; n++ {
		chunk, err := s.imports.Chunk(ctx, Chunk{im.WorkspaceID, im.ID, OfFile, n})
		if crm.CodeOf(err) == crm.NotFound {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		if strings.HasPrefix(im.Encoding, "utf-16") { // of which every other byte of a number is 0
			chunk = bytes.ReplaceAll(chunk, []byte{0}, nil)
		}
		text := append(tail, chunk...)
		if traces.InText(text) {
			return true, nil
		}
		tail = slices.Clone(text[max(0, len(text)-overlap):])
	}
}

// cutErrors takes the rows that name the contact out of an import's file of
// errors.
func (s *Erasures) cutErrors(ctx context.Context, tx EraseTx, im *crm.Import, traces *Traces, erased *crm.ErasedCounts) error {
	for n := range im.Progress.ErrorParts {
		chunk := Chunk{im.WorkspaceID, im.ID, OfErrors, n}
		body, err := s.imports.Chunk(ctx, chunk)
		if crm.CodeOf(err) == crm.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		left, rows, err := traces.without(body, delimiterOf(im))
		if err != nil {
			return err
		}
		if rows == 0 {
			continue
		}
		erased.ImportRows += rows
		if err := tx.SaveChunk(ctx, chunk, left); err != nil {
			return err
		}
	}
	return nil
}

// without returns a piece of a file of errors without the rows that name the
// contact, and how many these were. The others stay as they are.
func (t *Traces) without(body []byte, delimiter byte) ([]byte, int, error) {
	if len(body) == 0 {
		return body, 0, nil
	}
	no := false
	r, err := csvio.Open(bytes.NewReader(body), csvio.Options{Delimiter: string(delimiter), Header: &no})
	if err != nil {
		return nil, 0, err
	}
	var left bytes.Buffer
	w, rows := csvio.Continue(&left, delimiter), 0
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			err := w.Flush()
			return left.Bytes(), rows, err
		}
		if err != nil {
			return nil, 0, err
		}
		if slices.ContainsFunc(record.Cells, t.InCell) {
			rows++
		} else {
			_ = w.Write(record.Cells...) // Flush says
		}
	}
}
