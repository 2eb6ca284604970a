package people

import (
	"context"
	"encoding/binary"
	"io"
	"maps"
	"slices"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/csvio"
)

const (
	exportRows = 500 // contacts of one read
	// exportRounds is how often an export looks again for what changed
	// meanwhile, and so moved from where it was going to be read.
	exportRounds = 3
)

// Export writes the contacts that fit a query as CSV, newest first, which an
// import reads as the contacts they are. Limit and After of the query are not
// used. What changes while it is written is in it as it was before or after, and
// once. The delimiter is a comma, a semicolon or a tab.
//
// The list is read twice, a page at a time: first for the names of the
// workspace's own fields, which are columns. A field that appears in between is
// not in it.
func (s *Service) Export(ctx context.Context, p access.Principal, q ContactQuery, delimiter byte, to io.Writer) error {
	const op = "export contacts"
	if err := p.Check(access.ReadContacts); err != nil {
		return crm.Wrap(op, err)
	}
	tags, err := s.store.Tags(ctx, p.WorkspaceID)
	if err != nil {
		return crm.Wrap(op, err)
	}
	e := export{
		Service: s, ws: p.WorkspaceID, query: q, out: csvio.NewWriter(to, delimiter),
		tags: make(map[crm.TagID]string, len(tags)), written: map[uint64]bool{},
	}
	for _, tag := range tags {
		e.tags[tag.ID] = tag.Name
	}
	return crm.Wrap(op, e.run(ctx))
}

// export is one under way.
type export struct {
	*Service
	ws      crm.WorkspaceID
	query   ContactQuery
	out     *csvio.Writer
	tags    map[crm.TagID]string
	fields  []string
	written map[uint64]bool // by the random half of their ids
}

func (e *export) run(ctx context.Context) error {
	names := map[string]bool{}
	err := e.each(ctx, time.Time{}, func(c *crm.Contact) error {
		for name := range c.Fields {
			names[name] = true
		}
		return nil
	})
	if err != nil {
		return err
	}
	e.fields = slices.Sorted(maps.Keys(names))
	if err := e.out.Write(csvio.ExportHeader(e.fields)...); err != nil {
		return err
	}
	since, rest := e.mint.Now(), time.Time{} // all of them
	for range exportRounds {
		before := len(e.written)
		if err := e.each(ctx, rest, e.write); err != nil {
			return err
		}
		if len(e.written) == before {
			break
		}
		// A contact that changed before it was read moved to the head of the
		// list, behind our back.
		rest, since = since, e.mint.Now()
	}
	return e.out.Flush()
}

// write writes a contact, unless it was written.
func (e *export) write(c *crm.Contact) error {
	id := binary.BigEndian.Uint64(c.ID[8:])
	if e.written[id] {
		return nil
	}
	e.written[id] = true
	return e.out.Write(csvio.ExportRow(c, e.tags, e.fields)...)
}

// each calls do with the query's contacts that changed at a time or later.
func (e *export) each(ctx context.Context, since time.Time, do func(*crm.Contact) error) error {
	q := e.query
	q.Limit, q.After, q.Sort = exportRows, ContactCursor{}, ByRecent
	for {
		page, err := e.store.Contacts(ctx, e.ws, q)
		if err != nil {
			return err
		}
		for _, c := range page {
			if c.UpdatedAt.Before(since) {
				return nil
			}
			if err := do(c); err != nil {
				return err
			}
			q.After = ContactCursor{At: c.UpdatedAt, ID: c.ID}
		}
		if len(page) < exportRows {
			return nil
		}
	}
}
