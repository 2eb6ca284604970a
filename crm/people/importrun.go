package people

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/fnv"
	"io"
	"slices"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/csvio"
)

// Turn works on one import that is running, until it ends or ctx does, and
// reports whether there was one. An error of the database leaves the import for
// the next turn, of this process or another.
func (s *Imports) Turn(ctx context.Context) (bool, error) { return s.turn(ctx, crm.ImportID{}) }

// Run is Turn for one import. It reports false when there is nothing to do for
// it: somebody else works on it, or it does not run.
func (s *Imports) Run(ctx context.Context, id crm.ImportID) (bool, error) { return s.turn(ctx, id) }

func (s *Imports) turn(ctx context.Context, only crm.ImportID) (bool, error) {
	const op = "import contacts"
	im, err := s.store.Claim(ctx, s.mint.Now(), importLease, only)
	if err != nil || im == nil {
		return false, crm.Wrap(op, err)
	}
	if im.Attempt > importAttempts {
		return true, crm.Wrap(op, s.giveUp(ctx, im, "The import came to a halt several times at the same place."))
	}
	err = s.run(ctx, im)
	switch {
	case errors.Is(err, errTaken):
		err = nil
	case crm.CodeOf(err) == crm.NotFound, reasonOf(err) == "corrupt":
		err = s.giveUp(ctx, im, "The file cannot be read any more. Upload it again.")
	}
	return true, crm.Wrap(op, err)
}

// errTaken ends the work on an import that is no longer ours: it was cancelled,
// or our lease ran out and somebody else has come further.
var errTaken = errors.New("the import was taken away")

func reasonOf(err error) string {
	var e *crm.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

// giveUp fails an import. One that ended meanwhile, and
// whose file is gone for that, is none of our business any more.
func (s *Imports) giveUp(ctx context.Context, im *crm.Import, why string) error {
	return s.store.Update(ctx, im.WorkspaceID, func(ctx context.Context, tx ImportTx) error {
		now, err := tx.Import(ctx, im.ID)
		switch {
		case crm.CodeOf(err) == crm.NotFound:
			return nil
		case err != nil || now.State != crm.ImportRunning:
			return err
		}
		now.State, now.Reason, now.EndedAt = crm.ImportFailed, why, s.mint.Now()
		return settleImport(ctx, tx, now, s.mint.Now())
	})
}

// runner is an import under way.
type runner struct {
	*Imports
	im   *crm.Import // as it was stored last
	plan *csvio.Plan
	file *csvio.Reader
	// seen are the identities of contacts that a dry run would have made, as
	// hashes, for there is no contact to find them by.
	seen map[uint64]bool
}

// run works on an import from where it stands. A dry run, of which nothing is
// stored, begins again.
func (s *Imports) run(ctx context.Context, im *crm.Import) error {
	r := &runner{Imports: s, im: im, plan: planOf(im), seen: map[uint64]bool{}}
	var err error
	if r.file, err = s.open(ctx, im); err != nil {
		return err
	}
	if im.DryRun && im.Progress.Records > 0 {
		if err := r.restart(ctx); err != nil {
			return err
		}
	}
	for range r.im.Progress.Records {
		if _, err := r.file.Read(); err != nil {
			return err
		}
	}
	for done := false; !done; {
		var records []csvio.Record
		if records, done, err = r.next(); err != nil {
			return err
		}
		if err := r.batch(ctx, records, done); err != nil {
			return err
		}
	}
	return nil
}

// restart sets a dry run back to its first row.
func (r *runner) restart(ctx context.Context) error {
	return r.step(ctx, func(_ context.Context, _ ImportTx, im *crm.Import) (crm.Changes, error) {
		im.Progress = crm.ImportProgress{}
		return crm.Changes{}, nil
	})
}

// step brings the import further in one transaction, if it is still ours, with
// the changes that belong to it, and keeps what is stored then.
func (r *runner) step(ctx context.Context, decide func(context.Context, ImportTx, *crm.Import) (crm.Changes, error)) error {
	var stored *crm.Import
	err := r.store.Update(ctx, r.im.WorkspaceID, func(ctx context.Context, tx ImportTx) error {
		im, err := tx.Import(ctx, r.im.ID)
		if err != nil {
			return err
		}
		if im.State != crm.ImportRunning || im.Progress != r.im.Progress || !im.StartedAt.Equal(r.im.StartedAt) {
			return errTaken
		}
		changes, err := decide(ctx, tx, im)
		if err != nil {
			return err
		}
		im.Attempt, im.LeasedUntil = 0, r.mint.Now().Add(importLease)
		if err := tx.SaveImport(ctx, im); err != nil {
			return err
		}
		stored = im
		return tx.Write(ctx, &changes)
	})
	if err == nil {
		r.im = stored
	}
	return err
}

// next returns the records of a batch, and whether they are the last.
func (r *runner) next() (records []csvio.Record, done bool, err error) {
	for size := 0; len(records) < importRows && size < importBytes; {
		record, err := r.file.Read()
		if errors.Is(err, io.EOF) {
			return records, true, nil
		}
		if err != nil {
			return nil, false, err
		}
		records = append(records, record)
		for _, cell := range record.Cells {
			size += len(cell)
		}
	}
	return records, false, nil
}

// batch does some records in one transaction: the contacts, the file of errors
// and how far the import is.
func (r *runner) batch(ctx context.Context, records []csvio.Record, last bool) error {
	drafts, problems := make([]csvio.Draft, len(records)), make([][]csvio.Problem, len(records))
	for i, record := range records {
		drafts[i], problems[i] = r.plan.Draft(record)
	}
	var made []*crm.Contact
	err := r.step(ctx, func(ctx context.Context, tx ImportTx, im *crm.Import) (crm.Changes, error) {
		b := newBatch(r, im, slices.Clone(problems))
		if err := b.load(ctx, tx, drafts); err != nil {
			return crm.Changes{}, err
		}
		for i := range records {
			b.row(i, drafts[i])
		}
		made = b.made
		return b.finish(ctx, tx, records, last)
	})
	if err == nil && r.im.DryRun {
		for _, c := range made {
			for _, id := range c.Identities {
				r.seen[hashOf(id)] = true
			}
		}
	}
	return err
}

func hashOf(id crm.Identity) uint64 {
	h := fnv.New128a() // of which half is kept: well mixed
	_, _ = h.Write([]byte(string(id.Kind) + " " + id.Value))
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// errorsOf returns the file of errors of some records, nil if none has any.
func errorsOf(im *crm.Import, records []csvio.Record, problems [][]csvio.Problem) ([]byte, error) {
	var part bytes.Buffer
	w := csvio.Continue(&part, delimiterOf(im))
	for i, of := range problems {
		if len(of) > 0 {
			_ = w.Write(csvio.ProblemsRow(records[i].Cells, widthOf(im), of)...) // Flush says
		}
	}
	err := w.Flush()
	return part.Bytes(), err
}
