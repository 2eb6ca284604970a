package people

import (
	"context"
	"errors"
	"io"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/csvio"
)

// Preview returns the first rows of an import's file as they are stored, and
// what each would be by the import's mapping: what Upload told, for who comes
// back to it. Seen counts the rows it shows. Conflict when the file is not there
// yet, or no more.
func (s *Imports) Preview(ctx context.Context, p access.Principal, id crm.ImportID) (*csvio.Preview, error) {
	const op = "look at import"
	im, err := s.Import(ctx, p, id)
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	if !im.Startable() && im.State != crm.ImportRunning {
		return nil, &crm.Error{Op: op, Code: crm.Conflict, Reason: "import_" + string(im.State), Msg: "The file of this import is not there any more."}
	}
	file, err := s.open(ctx, im)
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	preview, err := look(file, planOf(im))
	return preview, crm.Wrap(op, err)
}

// look reads the first rows of a file.
func look(file *csvio.Reader, plan *csvio.Plan) (*csvio.Preview, error) {
	preview := &csvio.Preview{Format: file.Format(), Header: file.Header(), Columns: plan.Columns}
	for len(preview.Rows) < csvio.PreviewRows {
		record, err := file.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if record.Blank() {
			continue
		}
		draft, problems := plan.Draft(record)
		preview.Rows, preview.Drafts = append(preview.Rows, record), append(preview.Drafts, draft)
		preview.Problems = append(preview.Problems, problems...)
	}
	preview.Seen = len(preview.Rows)
	return preview, nil
}

// open opens an import's stored file as it was uploaded.
func (s *Imports) open(ctx context.Context, im *crm.Import) (*csvio.Reader, error) {
	chunks := &outtake{ctx: ctx, store: s.store, next: Chunk{im.WorkspaceID, im.ID, OfFile, 0}, of: im.Size}
	return csvio.Open(chunks, csvio.Options{Delimiter: im.Delimiter, Header: &im.Header})
}
