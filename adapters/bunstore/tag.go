package bunstore

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

type tagRow struct {
	bun.BaseModel `bun:"table:tags,alias:tags"`

	WorkspaceID uid   `bun:"workspace_id,pk"`
	ID          uid   `bun:"id,pk"`
	Name        text  `bun:"name"`
	Folded      text  `bun:"folded"` // the name in lower case: what is unique
	Color       text  `bun:"color"`
	CreatedAt   stamp `bun:"created_at"`
}

func tagOf(t *crm.Tag) (tagRow, error) {
	return tagRow{
		WorkspaceID: uid(t.WorkspaceID), ID: uid(t.ID), Name: text(t.Name), Folded: text(strings.ToLower(t.Name)),
		Color: text(t.Color), CreatedAt: stamp(t.CreatedAt),
	}, nil
}

func (r *tagRow) tag() (*crm.Tag, error) {
	return &crm.Tag{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ID: crm.TagID(r.ID), Name: string(r.Name), Color: string(r.Color),
		CreatedAt: time.Time(r.CreatedAt),
	}, nil
}

// tagsOf sorts tags by name in Go: the databases disagree on alphabets, and a
// workspace has few.
func tagsOf(l link, rows []tagRow) ([]*crm.Tag, error) {
	slices.SortFunc(rows, func(a, b tagRow) int { return cmp.Compare(a.Folded, b.Folded) })
	return convert(l, rows, (*tagRow).tag)
}

// deleteTags takes tags off every contact and away.
func (b *batch) deleteTags(ws []crm.WorkspaceID, tags []crm.TagID) {
	for _, id := range tags {
		b.do("update contacts set tags = replace(tags, ?, '') where workspace_id in (?) and id in (select contact_id from contact_tags where workspace_id in (?) and tag_id = ?)",
			text(tagMark(id)), among(ws), among(ws), uid(id))
		b.do("delete from contact_tags where workspace_id in (?) and tag_id = ?", among(ws), uid(id))
		b.do("delete from tags where workspace_id in (?) and id = ?", among(ws), uid(id))
		for contact, was := range b.t.contacts {
			was.tags = slices.DeleteFunc(was.tags, func(tag crm.TagID) bool { return tag == id })
			b.t.contacts[contact] = was
		}
	}
}

// Tags implements people.Store.
func (s peopleStore) Tags(ctx context.Context, ws crm.WorkspaceID) ([]*crm.Tag, error) {
	q := from[tagRow](s.Store).and(" where workspace_id = ?", uid(ws))
	l := s.reader("list tags", of(ws))
	rows, err := read[tagRow](ctx, l, q)
	if err != nil {
		return nil, err
	}
	return tagsOf(l, rows)
}
