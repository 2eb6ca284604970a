package bunstore

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

type fieldRow struct {
	bun.BaseModel `bun:"table:fields,alias:fields"`

	WorkspaceID uid    `bun:"workspace_id,pk"`
	ID          uid    `bun:"id,pk"`
	Key         text   `bun:"key"`
	Label       text   `bun:"label"`
	Type        text   `bun:"type"`
	Choices     text   `bun:"choices"` // JSON
	Position    int    `bun:"position"`
	ArchivedAt  moment `bun:"archived_at"`
	CreatedAt   stamp  `bun:"created_at"`
}

func fieldOf(f *crm.Field) (fieldRow, error) {
	choices, err := json.Marshal(f.Choices)
	return fieldRow{
		WorkspaceID: uid(f.WorkspaceID), ID: uid(f.ID), Key: text(f.Key), Label: text(f.Label), Type: text(f.Type),
		Choices: text(choices), Position: f.Position, ArchivedAt: moment(f.ArchivedAt), CreatedAt: stamp(f.CreatedAt),
	}, err
}

func (r *fieldRow) field() (*crm.Field, error) {
	f := &crm.Field{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ID: crm.FieldID(r.ID), Key: string(r.Key), Label: string(r.Label), Type: crm.FieldType(r.Type),
		Position: r.Position, ArchivedAt: time.Time(r.ArchivedAt), CreatedAt: time.Time(r.CreatedAt),
	}
	return f, json.Unmarshal([]byte(r.Choices), &f.Choices)
}

func fieldsOf(l link, rows []fieldRow) ([]*crm.Field, error) {
	slices.SortFunc(rows, func(a, b fieldRow) int {
		return cmp.Or(cmp.Compare(a.Position, b.Position), slices.Compare(a.ID[:], b.ID[:]))
	})
	return convert(l, rows, (*fieldRow).field)
}

// Fields implements people.Store.
func (s peopleStore) Fields(ctx context.Context, ws crm.WorkspaceID) ([]*crm.Field, error) {
	l := s.reader("list custom fields", of(ws))
	rows, err := read[fieldRow](ctx, l, from[fieldRow](s.Store).and(" where workspace_id = ?", uid(ws)))
	if err != nil {
		return nil, err
	}
	return fieldsOf(l, rows)
}

// pipelineRow has the stages of a workspace in one text: they are few and
// replaced as a whole.
type pipelineRow struct {
	bun.BaseModel `bun:"table:pipelines,alias:pipelines"`

	WorkspaceID uid   `bun:"workspace_id,pk"`
	Stages      text  `bun:"stages"` // JSON
	UpdatedAt   stamp `bun:"updated_at"`
}

const replacePipeline = "conflict (workspace_id) do update"

func pipelineOf(p *crm.Pipeline) (pipelineRow, error) {
	stages, err := json.Marshal(p.Stages)
	return pipelineRow{WorkspaceID: uid(p.WorkspaceID), Stages: text(stages), UpdatedAt: stamp(p.UpdatedAt)}, err
}

func (r *pipelineRow) pipeline() (*crm.Pipeline, error) {
	p := &crm.Pipeline{WorkspaceID: crm.WorkspaceID(r.WorkspaceID), UpdatedAt: time.Time(r.UpdatedAt)}
	return p, json.Unmarshal([]byte(r.Stages), &p.Stages)
}

// pipelineIn returns the pipeline among the rows, or the default.
func pipelineIn(l link, ws crm.WorkspaceID, rows []pipelineRow) (*crm.Pipeline, error) {
	if len(rows) == 0 {
		return crm.DefaultPipeline(ws), nil
	}
	p, err := rows[0].pipeline()
	return p, crm.Wrap(l.op, err)
}

// Pipeline implements people.Store.
func (s peopleStore) Pipeline(ctx context.Context, ws crm.WorkspaceID) (*crm.Pipeline, error) {
	l := s.reader("read the pipeline", of(ws))
	rows, err := read[pipelineRow](ctx, l, from[pipelineRow](s.Store).and(" where workspace_id = ?", uid(ws)))
	if err != nil {
		return nil, err
	}
	return pipelineIn(l, ws, rows)
}

// inUse looks for a contact of each status asked for.
func (t peopleTx) inUse(need people.Need, state *people.State) (steps []step) {
	for _, status := range need.Statuses {
		q := ask("select lead_status from contacts where workspace_id = ? and lead_status = ? limit 1", uid(need.WorkspaceID), text(status))
		steps = append(steps, pick(t.inline(q), &state.InUse))
	}
	return steps
}

const leadsMigration = "20261128200000"

// indexFields makes the custom fields findable that contacts have already. It
// goes through the table some rows at a time.
func (s *Store) indexFields(ctx context.Context, on bun.IConn) error {
	const some = 500
	gen := s.db.QueryGen()
	for last := (contactRow{}); ; {
		rows, err := on.QueryContext(ctx, gen.FormatQuery(
			"select workspace_id, id, fields from contacts where (workspace_id, id) > (?, ?) order by workspace_id, id limit ?", last.WorkspaceID, last.ID, some))
		if err != nil {
			return err
		}
		var found []contactRow
		if err := errors.Join(s.db.ScanRows(ctx, rows, &found), rows.Close()); err != nil {
			return err
		}
		var keys []contactFieldRow
		for _, row := range found {
			var fields map[string]string
			if err := json.Unmarshal([]byte(row.Fields), &fields); err != nil {
				return err
			}
			for name, key := range fieldKeys(fields) {
				keys = append(keys, contactFieldRow{WorkspaceID: row.WorkspaceID, ContactID: row.ID, Field: text(name), Words: text(key.words), Ordinal: key.ordinal})
			}
			last = row
		}
		if len(keys) > 0 {
			insert, err := s.db.NewInsert().Model(&keys).ExcludeColumn("updated_at").AppendQuery(gen, nil) // a later migration adds that
			if err != nil {
				return err
			}
			if _, err := on.ExecContext(ctx, string(insert)); err != nil {
				return err
			}
		}
		if len(found) < some {
			return nil
		}
	}
}
