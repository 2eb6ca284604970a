package bunstore

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/figures"
	"github.com/my21staff/my21staff/crm/people"
)

// rescoreRow's due_at is when a running rescore may be claimed next; NULL for one
// that does not run.
type rescoreRow struct {
	bun.BaseModel `bun:"table:rescores,alias:rescores"`

	WorkspaceID  uid    `bun:"workspace_id,pk"`
	ID           uid    `bun:"id"`
	Version      int    `bun:"version"`
	State        text   `bun:"state"`
	Reason       text   `bun:"reason"`
	AuthorKind   text   `bun:"author_kind"`
	AuthorID     text   `bun:"author_id"`
	Contacts     int    `bun:"contacts"`
	Seen         int    `bun:"seen"`
	Changed      int    `bun:"changed"`
	AfterContact uid    `bun:"after_contact"`
	Attempt      int    `bun:"attempt"`
	LeasedUntil  moment `bun:"leased_until"`
	DueAt        moment `bun:"due_at"`
	StartedAt    stamp  `bun:"started_at"`
	EndedAt      moment `bun:"ended_at"`
}

// replaceRescore is what an insert does about a workspace that has one.
const replaceRescore = "conflict (workspace_id) do update"

func rescoreOf(r *crm.Rescore) (rescoreRow, error) {
	row := rescoreRow{
		WorkspaceID: uid(r.WorkspaceID), ID: uid(r.ID), Version: r.Version, State: text(r.State), Reason: text(r.Reason),
		AuthorKind: text(r.Author.Kind), AuthorID: text(r.Author.ID), Contacts: r.Contacts, Seen: r.Seen, Changed: r.Changed, AfterContact: uid(r.After),
		Attempt: r.Attempt, LeasedUntil: moment(r.LeasedUntil), StartedAt: stamp(r.StartedAt), EndedAt: moment(r.EndedAt),
	}
	if r.State == crm.RescoreRunning {
		row.DueAt = moment(r.StartedAt)
		if r.LeasedUntil.After(r.StartedAt) {
			row.DueAt = moment(r.LeasedUntil)
		}
	}
	return row, nil
}

func (r *rescoreRow) rescore() (*crm.Rescore, error) {
	return &crm.Rescore{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ID: crm.RescoreID(r.ID), Version: r.Version, State: crm.RescoreState(r.State), Reason: string(r.Reason),
		Author: crm.Actor{Kind: crm.ActorKind(r.AuthorKind), ID: string(r.AuthorID)}, Contacts: r.Contacts, Seen: r.Seen, Changed: r.Changed,
		After: crm.ContactID(r.AfterContact), Attempt: r.Attempt, LeasedUntil: time.Time(r.LeasedUntil), StartedAt: time.Time(r.StartedAt), EndedAt: time.Time(r.EndedAt),
	}, nil
}

// Rescore implements people.Store.
func (s peopleStore) Rescore(ctx context.Context, ws crm.WorkspaceID) (*crm.Rescore, error) {
	q := from[rescoreRow](s.Store).and(" where workspace_id = ?", uid(ws))
	return one(ctx, s.reader("read the rescore", of(ws)), q, "rescore", (*rescoreRow).rescore)
}

// ClaimRescore implements people.Store.
func (s peopleStore) ClaimRescore(ctx context.Context, now time.Time, lease time.Duration) (*crm.Rescore, error) {
	q := from[rescoreRow](s.Store).and(" where due_at <= ? order by due_at limit 1", stamp(now))
	// Looked for before the transaction, so that one is begun only to claim
	// something.
	waiting, err := read[rescoreRow](ctx, s.reader("look for rescores", everywhere), q)
	if err != nil || len(waiting) == 0 {
		return nil, err
	}
	var claimed *crm.Rescore
	err = s.transact(ctx, "claim a rescore", everywhere, func(ctx context.Context, t *tx) error {
		claimed = nil
		var rows []rescoreRow
		if err := t.run(ctx, load(ctx, t.link, q.and(s.dialect.ClaimLock()).bound(), &rows)); err != nil || len(rows) == 0 {
			return err
		}
		r, err := rows[0].rescore()
		if err != nil {
			return crm.Wrap(t.op, err)
		}
		r.Attempt, r.LeasedUntil = r.Attempt+1, now.Add(lease)
		claimed = r
		b := t.batch()
		put(b, rowsOf(b, []*crm.Rescore{r}, rescoreOf), replaceRescore)
		return b.run(ctx)
	})
	if err != nil {
		return nil, err // it is not leased, or nobody knows whether it is
	}
	return claimed, nil
}

// CountContacts implements people.Store, from the standing figures: each contact
// is in one stage.
func (s peopleStore) CountContacts(ctx context.Context, ws crm.WorkspaceID) (int, error) {
	var count []int
	q := ask("select cast(coalesce(sum(value), 0) as bigint) from figures where workspace_id = ?", uid(ws)).
		and(" and day = ? and channel_id = ? and member_id = ?", int64(figures.Standing), uid{}, uid{}).
		and(" and measure like ?", string(figures.ContactStageOf("%")))
	if err := s.reader("count contacts", of(ws)).run(ctx, pick(q.bound(), &count)); err != nil {
		return 0, err
	}
	return count[0], nil
}

// Talk implements people.Tx. Each place is a look of its own along the index of
// its conversation; all of them go to the database together.
func (t peopleTx) Talk(ctx context.Context, ws crm.WorkspaceID, before []people.Place, limit int) ([][]*crm.Message, error) {
	if !t.covers(ws) {
		return nil, t.stranger()
	}
	rows := make([][]messageRow, len(before))
	steps := make([]step, len(before))
	for i, place := range before {
		q := from[messageRow](t.store).and(" where workspace_id = ? and conversation_id = ?", uid(ws), uid(place.ConversationID))
		if place.Ingest != 0 {
			q = q.and(" and (provider_time, ingest) < (?, ?)", stamp(place.At), place.Ingest)
		}
		steps[i] = load(ctx, t.link, q.and(" order by provider_time desc, ingest desc limit ?", limit).bound(), &rows[i])
	}
	if err := t.run(ctx, steps...); err != nil {
		return nil, err
	}
	talk := make([][]*crm.Message, len(before))
	for i := range rows {
		var err error
		if talk[i], err = convert(t.link, rows[i], (*messageRow).message); err != nil {
			return nil, err
		}
	}
	return talk, nil
}
