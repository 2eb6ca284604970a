package bunstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

// jobRow's due_at is when the job may be claimed next: when it is to run, or
// when the lease of its claim ends.
type jobRow struct {
	bun.BaseModel `bun:"table:jobs,alias:jobs"`

	WorkspaceID uid    `bun:"workspace_id,pk"`
	ID          uid    `bun:"id,pk"`
	Kind        text   `bun:"kind"`
	Lane        uid    `bun:"lane"`
	Throttle    uid    `bun:"throttle"`
	Subject     uid    `bun:"subject"`
	RunAt       stamp  `bun:"run_at"`
	Attempt     int    `bun:"attempt"`
	LockedUntil moment `bun:"locked_until"`
	DueAt       stamp  `bun:"due_at"`
	LastError   text   `bun:"last_error"`
	CreatedAt   stamp  `bun:"created_at"`
}

func jobOf(j *crm.Job) (jobRow, error) {
	due := j.RunAt
	if j.LockedUntil.After(due) {
		due = j.LockedUntil
	}
	return jobRow{
		WorkspaceID: uid(j.WorkspaceID), ID: uid(j.ID), Kind: text(j.Kind), Lane: j.Lane, Throttle: j.Throttle, Subject: j.Subject,
		RunAt: stamp(j.RunAt), Attempt: j.Attempt, LockedUntil: moment(j.LockedUntil), DueAt: stamp(due),
		LastError: text(j.LastError), CreatedAt: stamp(j.CreatedAt),
	}, nil
}

func (r *jobRow) job() (*crm.Job, error) {
	return &crm.Job{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ID: crm.JobID(r.ID), Kind: crm.JobKind(r.Kind),
		Lane: r.Lane, Throttle: r.Throttle, Subject: r.Subject, RunAt: time.Time(r.RunAt), Attempt: r.Attempt,
		LockedUntil: time.Time(r.LockedUntil), LastError: string(r.LastError), CreatedAt: time.Time(r.CreatedAt),
	}, nil
}

// Depth implements outbox.Store.
func (s outboxStore) Depth(ctx context.Context) (waiting int, oldest time.Time, err error) {
	q := ask("select count(id), min(created_at) from jobs where kind = ?", text(crm.JobSend))
	err = s.reader("count the outbox", everywhere).run(ctx, step{Statement: q.bound(), scan: func(rows *sql.Rows) error {
		for rows.Next() {
			if err := rows.Scan(&waiting, (*moment)(&oldest)); err != nil {
				return err
			}
		}
		return rows.Err()
	}})
	return waiting, oldest, err
}
