package bunstore

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

type templateRow struct {
	bun.BaseModel `bun:"table:templates,alias:templates"`

	WorkspaceID uid    `bun:"workspace_id,pk"`
	ID          uid    `bun:"id,pk"`
	ChannelID   uid    `bun:"channel_id"`
	ProviderID  text   `bun:"provider_id"`
	Name        text   `bun:"name"`
	Language    text   `bun:"language"`
	Category    text   `bun:"category"`
	Status      text   `bun:"status"`
	Body        text   `bun:"body"`
	Components  []byte `bun:"components"`
	UpdatedAt   stamp  `bun:"updated_at"`
}

func templateOf(t *crm.Template) (templateRow, error) {
	return templateRow{
		WorkspaceID: uid(t.WorkspaceID), ID: uid(t.ID), ChannelID: uid(t.ChannelID), ProviderID: text(t.ProviderID),
		Name: text(t.Name), Language: text(t.Language), Category: text(t.Category), Status: text(t.Status),
		Body: text(t.Body), Components: t.Components, UpdatedAt: stamp(t.UpdatedAt),
	}, nil
}

func (r *templateRow) template() (*crm.Template, error) {
	return &crm.Template{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ID: crm.TemplateID(r.ID), ChannelID: crm.ChannelID(r.ChannelID),
		ProviderID: string(r.ProviderID), Name: string(r.Name), Language: string(r.Language), Category: string(r.Category),
		Status: string(r.Status), Body: string(r.Body), Components: r.Components, UpdatedAt: time.Time(r.UpdatedAt),
	}, nil
}

// templatesOf sorts templates by name and language, in Go for the reason tags
// are.
func templatesOf(l link, rows []templateRow) ([]*crm.Template, error) {
	slices.SortFunc(rows, byTemplateName)
	return convert(l, rows, (*templateRow).template)
}

func byTemplateName(a, b templateRow) int {
	return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Language, b.Language), slices.Compare(a.ID[:], b.ID[:]))
}

// templates replaces templates, found by channel, name and language: the id of
// one that is stored stays.
func (b *batch) templates(templates []*crm.Template) {
	for _, row := range rowsOf(b, templates, templateOf) {
		put(b, []templateRow{row}, "conflict (workspace_id, channel_id, name, language) do update")
	}
}

// Templates implements inbox.Store.
func (s inboxStore) Templates(ctx context.Context, ws crm.WorkspaceID, channel crm.ChannelID) ([]*crm.Template, error) {
	q := from[templateRow](s.Store).and(" where workspace_id = ?", uid(ws))
	if !channel.IsZero() {
		q = q.and(" and channel_id = ?", uid(channel))
	}
	l := s.reader("list templates", of(ws))
	rows, err := read[templateRow](ctx, l, q)
	if err != nil {
		return nil, err
	}
	return templatesOf(l, rows)
}
