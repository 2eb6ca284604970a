package bunstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

type leadRow struct {
	bun.BaseModel `bun:"table:leads,alias:leads"`

	WorkspaceID uid    `bun:"workspace_id,pk"`
	ContactID   uid    `bun:"contact_id,pk"`
	Profile     []byte `bun:"profile"`
	Rules       int64  `bun:"rules"`
	Total       int64  `bun:"total"`
	Temperature text   `bun:"temperature"`
	ScoredAt    stamp  `bun:"scored_at"`
	DueAt       moment `bun:"due_at"`
}

func leadOf(l *crm.Lead) (leadRow, error) {
	return leadRow{
		WorkspaceID: uid(l.WorkspaceID), ContactID: uid(l.ContactID), Profile: l.Profile, Rules: int64(l.Rules),
		Total: int64(l.Total), Temperature: text(l.Temperature), ScoredAt: stamp(l.ScoredAt), DueAt: moment(l.DueAt),
	}, nil
}

func (r *leadRow) lead() (*crm.Lead, error) {
	return &crm.Lead{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ContactID: crm.ContactID(r.ContactID), Profile: r.Profile, Rules: int(r.Rules),
		Total: int(r.Total), Temperature: crm.Temperature(r.Temperature), ScoredAt: time.Time(r.ScoredAt), DueAt: time.Time(r.DueAt),
	}, nil
}

// replaceLead is what an insert does about a contact that is scored already.
const replaceLead = "conflict (workspace_id, contact_id) do update"

// leads replaces leads and copies their totals to the contacts: a list is sorted
// by the score together with what else is asked of a contact, so they have to
// stand in one index; and to the tags, as batch.follow does. A contact whose total is the same is left alone, as it moves
// in every index when it is written; one that is known to have it is not even
// looked at.
func (b *batch) leads(leads []*crm.Lead) {
	rows := rowsOf(b, leads, leadOf)
	put(b, rows, replaceLead)
	b.t.told.leads = append(b.t.told.leads, rows...)
	const total = "(select total from leads where leads.workspace_id = contacts.workspace_id and leads.contact_id = contacts.id)"
	scored, tagged := lookupBy(byID), lookupBy(byContact)
	for _, l := range leads {
		at := key{uid(l.WorkspaceID), uid(l.ContactID)}
		before, seen := b.t.contacts[at]
		if seen && before.score == l.Total {
			continue
		}
		if seen {
			before.score = l.Total
			b.t.contacts[at] = before
		}
		scored.add(at.ws, &at.id)
		b.t.told.gone = append(b.t.told.gone, at)
		if !seen || len(before.tags) > 0 {
			tagged.add(at.ws, &at.id)
		}
	}
	b.named("update contacts set score = "+total, scored, " and score <> "+total)
	b.bring("contact_tags", tagged, "score")
}

// ClaimDue implements people.AgingStore. What is due is looked for before the
// transaction, so that one is begun only to claim something.
func (s peopleStore) ClaimDue(ctx context.Context, now, until time.Time, limit int) ([]people.DueLead, error) {
	var due []stamp
	l := s.reader("look for aging leads", everywhere)
	if err := l.run(ctx, pick(ask("select due_at from leads where due_at <= ? order by due_at limit 1", stamp(now)).bound(), &due)); err != nil || len(due) == 0 {
		return nil, err
	}
	var claimed []people.DueLead
	err := s.transact(ctx, "claim aging leads", everywhere, func(ctx context.Context, t *tx) error {
		claimed = nil
		oldest := ask("select workspace_id, contact_id from leads where due_at <= ? order by due_at limit ?"+s.dialect.ClaimLock(), stamp(now), limit)
		q := ask("update leads set due_at = ? where (workspace_id, contact_id) in", stamp(until)).include("", oldest).and(" returning workspace_id, contact_id")
		return t.run(ctx, step{Statement: t.inline(q), scan: func(rows *sql.Rows) error {
			for rows.Next() {
				var ws, contact uid
				if err := rows.Scan(&ws, &contact); err != nil {
					return err
				}
				claimed = append(claimed, people.DueLead{WorkspaceID: crm.WorkspaceID(ws), ContactID: crm.ContactID(contact)})
			}
			return rows.Err()
		}})
	})
	if err != nil {
		return nil, err // they are not claimed, or nobody knows whether they are
	}
	return claimed, nil
}
