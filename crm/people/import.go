package people

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/csvio"
)

// The bounds of an import.
const (
	MaxImport       = 64 << 20 // bytes of a file
	maxImportName   = 200      // characters
	maxImportTags   = 200      // tags that one import may make
	maxTagsOfRow    = 50
	importChunk     = 256 << 10 // bytes of the file in a row of the store
	importRows      = 500       // rows of one transaction, unless they are large
	importBytes     = 1 << 20   // bytes after which a batch is full
	importLease     = 15 * time.Second
	importAttempts  = 5 // claims without a step forward before an import fails
	abandonedImport = 2 * 24 * time.Hour
	keptImport      = 30 * 24 * time.Hour
)

// Imports brings files of contacts into the lead database. A file is uploaded,
// started with what its columns mean, and worked on by whoever calls [Imports.Turn],
// in batches: each transaction writes its contacts and how far the import is, so
// that one that is killed goes on after the last batch, and no row is lost or
// done twice. Its methods may be called from several goroutines and processes.
type Imports struct {
	store ImportStore
	mint  *crm.Mint
}

// NewImports returns the imports of a store.
func NewImports(store ImportStore, mint *crm.Mint) *Imports {
	return &Imports{store: store, mint: mint}
}

// Upload is a file to import.
type Upload struct {
	Filename string // as the person calls it; may be empty
	Options  csvio.Options
	Region   string // where a number without a country code is read: "ID"
	File     io.Reader
}

// Upload stores a file of at most MaxImport bytes and returns the import that it
// is ready to be, with its first rows and a guess at its columns. TooLarge
// beyond that; Invalid for a file without a row, and for options that cannot be.
func (s *Imports) Upload(ctx context.Context, p access.Principal, u Upload) (*crm.Import, *csvio.Preview, error) {
	const op = "upload contacts"
	if err := p.Check(access.WriteContacts); err != nil {
		return nil, nil, crm.Wrap(op, err)
	}
	if err := crm.CheckText("filename", "The file's name", u.Filename, 0, maxImportName); err != nil {
		return nil, nil, crm.Wrap(op, err)
	}
	im := &crm.Import{
		ID: crm.NewID[crm.Import](s.mint), WorkspaceID: p.WorkspaceID, Author: p.Actor, Filename: u.Filename,
		State: crm.ImportUploading, Policy: crm.FillEmpty, Region: u.Region, CreatedAt: s.mint.Now(),
	}
	if err := s.save(ctx, im); err != nil {
		return nil, nil, crm.Wrap(op, err)
	}
	preview, err := s.receive(ctx, im, u)
	if err != nil {
		im.State, im.Reason, im.EndedAt = crm.ImportFailed, "The file could not be stored.", s.mint.Now()
		// Nobody has its id, so a file that stays is one that Expire takes.
		return nil, nil, crm.Wrap(op, errors.Join(err, s.end(context.WithoutCancel(ctx), im)))
	}
	return im, preview, nil
}

// receive stores the file while it is read, and says what it seems to be.
func (s *Imports) receive(ctx context.Context, im *crm.Import, u Upload) (*csvio.Preview, error) {
	stored := &intake{ctx: ctx, imports: s, of: im, from: u.File, chunk: make([]byte, 0, importChunk)}
	r, err := csvio.Open(stored, u.Options)
	if err != nil {
		return nil, err
	}
	preview, err := csvio.Look(r, im.Region, importLimits)
	if err != nil {
		return nil, err
	}
	for im.Rows = preview.Seen; ; {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if !record.Blank() {
			im.Rows++
		}
	}
	if im.Rows == 0 {
		return nil, invalid("file", "The file has no row with a contact.")
	}
	im.State, im.Size = crm.ImportReady, stored.size
	im.Encoding, im.Delimiter, im.Header = string(preview.Format.Encoding), preview.Format.Delimiter, preview.Format.Header
	im.Columns = preview.Header
	return &preview, s.store.Update(ctx, im.WorkspaceID, func(ctx context.Context, tx ImportTx) error {
		state, err := tx.Load(ctx, Need{WorkspaceID: im.WorkspaceID, Settings: true})
		if err != nil {
			return err
		}
		im.Mapping = make([]string, len(preview.Columns))
		for i, target := range preview.Columns {
			preview.Columns[i] = ownField(state.Fields, target)
			im.Mapping[i] = string(preview.Columns[i])
		}
		return tx.SaveImport(ctx, im)
	})
}

// ownField returns the field of the workspace that a column is named after: by
// its label, which is what people see, or its key.
func ownField(fields []*crm.Field, target csvio.Target) csvio.Target {
	name, ok := target.Field()
	for _, f := range fields {
		if ok && f.ArchivedAt.IsZero() && (strings.EqualFold(f.Label, name) || strings.EqualFold(f.Key, name)) {
			return csvio.FieldTarget(f.Key)
		}
	}
	return target
}

// importLimits are the lead database's own.
var importLimits = csvio.Limits{
	Name: MaxName, Tag: MaxTag, LeadStatus: MaxLeadStatus, Note: MaxNote, FieldName: MaxFieldName, FieldValue: MaxFieldValue,
	External: maxExternal, Tags: maxTagsOfRow,
}

// Start is what to do with a file.
type Start struct {
	Mapping []csvio.Target // one for each column, of which the last may be left out; nil: the guess
	Policy  crm.ImportPolicy
	DryRun  bool // only say what would become of the rows
}

// Start lets an import run. It may be started once, and again after a dry run;
// otherwise it is Conflict. Who may not manage tags adds none: a row that names
// a tag which is not there fails. Invalid for a mapping that cannot be.
func (s *Imports) Start(ctx context.Context, p access.Principal, id crm.ImportID, start Start) (*crm.Import, error) {
	const op = "start import"
	if err := p.Check(access.WriteContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	switch start.Policy {
	case "":
		start.Policy = crm.FillEmpty
	case crm.FillEmpty, crm.Overwrite:
	default:
		return nil, crm.Wrap(op, invalid("policy", "%q is not a policy; it is %s or %s.", start.Policy, crm.FillEmpty, crm.Overwrite))
	}
	return s.change(ctx, op, p, id, func(im *crm.Import) error {
		if !im.Startable() {
			return &crm.Error{Op: op, Code: crm.Conflict, Reason: "import_" + string(im.State), Msg: "This import is " + string(im.State) + " and cannot be started."}
		}
		if err := setMapping(im, start.Mapping); err != nil {
			return err
		}
		im.State, im.Reason, im.Policy, im.DryRun, im.MakeTags = crm.ImportRunning, "", start.Policy, start.DryRun, p.Can(access.ManageTags)
		im.Progress, im.Attempt, im.LeasedUntil = crm.ImportProgress{}, 0, time.Time{}
		im.StartedAt, im.EndedAt = s.mint.Now(), time.Time{}
		return nil
	})
}

// setMapping says what an import's columns are; those beyond the mapping are
// skipped.
func setMapping(im *crm.Import, mapping []csvio.Target) error {
	if len(mapping) > widthOf(im) {
		return invalid("mapping", "The file has %d columns, and the mapping %d.", widthOf(im), len(mapping))
	}
	for i := range im.Mapping {
		if mapping == nil {
			break
		}
		im.Mapping[i] = string(csvio.Skip)
		if i < len(mapping) {
			im.Mapping[i] = string(mapping[i])
		}
	}
	return planOf(im).Check()
}

// planOf returns how the import's records are read.
func planOf(im *crm.Import) *csvio.Plan {
	plan := &csvio.Plan{Header: im.Columns, Region: im.Region, Limits: importLimits}
	for _, word := range im.Mapping {
		plan.Columns = append(plan.Columns, csvio.Target(word))
	}
	return plan
}

// Cancel ends an import and takes its file away. What it imported before stays.
// One that ended already stays as it is.
func (s *Imports) Cancel(ctx context.Context, p access.Principal, id crm.ImportID) (*crm.Import, error) {
	const op = "cancel import"
	if err := p.Check(access.WriteContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	return s.change(ctx, op, p, id, func(im *crm.Import) error {
		if !im.State.Ended() {
			im.State, im.EndedAt = crm.ImportCancelled, s.mint.Now()
		}
		return nil
	})
}

// Import returns an import, or NotFound.
func (s *Imports) Import(ctx context.Context, p access.Principal, id crm.ImportID) (*crm.Import, error) {
	const op = "read import"
	if err := p.Check(access.WriteContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	im, err := s.store.Import(ctx, p.WorkspaceID, id)
	return im, crm.Wrap(op, err)
}

// List returns a page of imports, newest first, after the one named.
func (s *Imports) List(ctx context.Context, p access.Principal, after crm.ImportID, rows int) ([]*crm.Import, error) {
	const op = "list imports"
	if err := p.Check(access.WriteContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	rows, err := crm.CheckPage(rows)
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	list, err := s.store.Imports(ctx, p.WorkspaceID, after, rows)
	return list, crm.Wrap(op, err)
}

// Errors writes the rows that failed so far as CSV: as they were, and why they
// failed. Corrected, the file can be imported.
func (s *Imports) Errors(ctx context.Context, p access.Principal, id crm.ImportID, to io.Writer) error {
	const op = "read import errors"
	im, err := s.Import(ctx, p, id)
	if err != nil {
		return crm.Wrap(op, err)
	}
	w := csvio.NewWriter(to, delimiterOf(im))
	_ = w.Write(csvio.ProblemsHeader(im.Columns, widthOf(im))...) // Flush says
	if err := w.Flush(); err != nil {
		return err
	}
	for n := range im.Progress.ErrorParts {
		body, err := s.store.Chunk(ctx, Chunk{im.WorkspaceID, im.ID, OfErrors, n})
		if err != nil {
			return crm.Wrap(op, err)
		}
		if _, err := to.Write(body); err != nil {
			return err
		}
	}
	return nil
}

// delimiterOf is the delimiter of the file of errors: the file's own, as far as
// spreadsheets write it.
func delimiterOf(im *crm.Import) byte {
	if im.Delimiter == "" || !strings.Contains(",;\t", im.Delimiter) {
		return ','
	}
	return im.Delimiter[0]
}

// widthOf returns how many columns the import's rows have.
func widthOf(im *crm.Import) int { return max(len(im.Columns), len(im.Mapping)) }

// Expire takes away imports that nobody started for two days, and those that
// ended, with their files of errors, after thirty. It returns how many.
func (s *Imports) Expire(ctx context.Context, limit int) (int, error) {
	now := s.mint.Now()
	n, err := s.store.Expire(ctx, now.Add(-abandonedImport), now.Add(-keptImport), limit)
	return n, crm.Wrap("expire imports", err)
}

// change changes an import in a transaction of its own. The file of one that
// came to its end goes.
func (s *Imports) change(ctx context.Context, op string, p access.Principal, id crm.ImportID, change func(*crm.Import) error) (*crm.Import, error) {
	var im *crm.Import
	err := s.store.Update(ctx, p.WorkspaceID, func(ctx context.Context, tx ImportTx) (err error) {
		if im, err = tx.Import(ctx, id); err != nil {
			return err
		}
		before := im.State
		if err := change(im); err != nil {
			return err
		}
		if im.State == before && im.State.Ended() {
			return nil
		}
		return settleImport(ctx, tx, im, s.mint.Now())
	})
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	return im, nil
}

// save stores an import as it is.
func (s *Imports) save(ctx context.Context, im *crm.Import) error {
	return s.store.Update(ctx, im.WorkspaceID, func(ctx context.Context, tx ImportTx) error { return tx.SaveImport(ctx, im) })
}

// end stores an import that ended.
func (s *Imports) end(ctx context.Context, im *crm.Import) error {
	return s.store.Update(ctx, im.WorkspaceID, func(ctx context.Context, tx ImportTx) error {
		return settleImport(ctx, tx, im, s.mint.Now())
	})
}

// settleImport stores an import whose state changed, tells of it, and takes the
// file of one that ended away. A dry run ends and keeps its file, to be started
// again.
func settleImport(ctx context.Context, tx ImportTx, im *crm.Import, now time.Time) error {
	if err := tx.SaveImport(ctx, im); err != nil {
		return err
	}
	if im.State.Ended() && !im.Startable() {
		if err := tx.DropFile(ctx, im.ID); err != nil {
			return err
		}
	}
	return tx.Write(ctx, &crm.Changes{Facts: []crm.Fact{importFact(im, now)}})
}

// importFact tells how far an import is.
func importFact(im *crm.Import, now time.Time) crm.Fact {
	return crm.Fact{
		WorkspaceID: im.WorkspaceID, Kind: crm.ContactsImported, At: now, Actor: im.Author,
		Data: data(map[string]any{
			"import_id": im.ID, "state": im.State, "dry_run": im.DryRun, "of": im.Rows, "rows": im.Progress.Rows, "created": im.Progress.Created,
			"updated": im.Progress.Updated, "unchanged": im.Progress.Unchanged, "failed": im.Progress.Failed,
		}),
	}
}

// intake is a file on its way in: what is read of it is stored, chunk by chunk.
type intake struct {
	ctx     context.Context
	imports *Imports
	of      *crm.Import
	from    io.Reader
	chunk   []byte
	n       int
	size    int64
}

// Read implements io.Reader. The end of the file is the end of the last chunk.
func (i *intake) Read(p []byte) (int, error) {
	n, err := i.from.Read(p[:min(len(p), importChunk)])
	if i.size += int64(n); i.size > MaxImport {
		return 0, &crm.Error{Op: "read file", Code: crm.TooLarge, Msg: fmt.Sprintf("A file to import may have at most %d MB.", MaxImport>>20)}
	}
	for rest := p[:n]; len(rest) > 0; {
		some := rest[:min(len(rest), importChunk-len(i.chunk))]
		i.chunk, rest = append(i.chunk, some...), rest[len(some):]
		if len(i.chunk) == importChunk {
			if err := i.store(); err != nil {
				return 0, err
			}
		}
	}
	if errors.Is(err, io.EOF) {
		if err := i.store(); err != nil {
			return 0, err
		}
	}
	return n, err
}

func (i *intake) store() error {
	if len(i.chunk) == 0 {
		return nil
	}
	chunk := Chunk{i.of.WorkspaceID, i.of.ID, OfFile, i.n}
	err := i.imports.store.Update(i.ctx, i.of.WorkspaceID, func(ctx context.Context, tx ImportTx) error {
		return tx.SaveChunk(ctx, chunk, i.chunk)
	})
	i.chunk, i.n = i.chunk[:0], i.n+1
	return err
}

// outtake is a stored file.
type outtake struct {
	ctx   context.Context
	store ImportStore
	next  Chunk
	left  []byte
	of    int64 // bytes of the file that are not read yet
}

// Read implements io.Reader.
func (o *outtake) Read(p []byte) (int, error) {
	if o.of == 0 {
		return 0, io.EOF
	}
	if len(o.left) == 0 {
		var err error
		if o.left, err = o.store.Chunk(o.ctx, o.next); err != nil {
			return 0, err
		}
		if len(o.left) == 0 || int64(len(o.left)) > o.of {
			return 0, &crm.Error{Op: "read file", Code: crm.Internal, Reason: "corrupt", Err: fmt.Errorf("chunk %d is not what was stored", o.next.N)}
		}
		o.next.N++
	}
	n := copy(p, o.left)
	o.left, o.of = o.left[n:], o.of-int64(n)
	return n, nil
}

// cloneContact returns a contact of its own, all that an edit changes included.
func cloneContact(c *crm.Contact) *crm.Contact {
	clone := *c
	clone.Identities, clone.Tags = slices.Clone(c.Identities), slices.Clone(c.Tags)
	return &clone // setFields clones the fields that it changes
}
