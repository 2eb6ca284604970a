package bunstore

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

// jobRow's due_at is when the job may be claimed next: when it is to run, or
// when the lease of its claim ends. One that waits behind another of its lane is
// due late instead (see behind), and looked at when the other is done.
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

// behind is added to when a job is due that waits behind another of its lane: claims
// go through all that is due, and would go through every message of a conversation
// each time the first of them waits for its turn. Whoever takes the first away makes
// the next due, and both hold their conversation. Were one forgotten all the same, it
// would leave that much later.
const behind = 10 * time.Minute

// older is whether a job of the same lane is before this one.
const older = "exists (select 1 from jobs older where older.workspace_id = jobs.workspace_id and older.lane = jobs.lane and older.id < jobs.id)"

// jobs promises jobs and takes away the done ones and those of messages that are
// settled. One of these that somebody holds is being recorded: who does takes it away,
// and waits for the conversation that is held here.
func (b *batch) jobs(promised, done []*crm.Job, settled []*crm.Message) {
	put(b, rowsOf(b, promised, jobOf), replaceByID)
	waiting := lookupBy(byID)
	for _, j := range promised {
		addIDs(waiting, uid(j.WorkspaceID), []crm.JobID{j.ID})
	}
	b.named("update jobs set due_at = run_at + "+strconv.FormatInt(behind.Milliseconds(), 10), waiting, " and "+older)
	gone, lanes := lookupBy(byID), lookupBy(byLane)
	for _, j := range done {
		addIDs(gone, uid(j.WorkspaceID), []crm.JobID{j.ID})
		addIDs(lanes, uid(j.WorkspaceID), [][16]byte{j.Lane})
	}
	sent := lookupBy(bySend)
	for _, m := range settled {
		lane, subject := uid(m.ConversationID), uid(m.ID)
		sent.add(uid(m.WorkspaceID), &lane, &subject)
		addIDs(lanes, uid(m.WorkspaceID), [][16]byte{m.ConversationID})
	}
	b.named("delete from jobs", gone, "")
	b.named("delete from jobs where (workspace_id, id) in (select workspace_id, id from jobs", sent, b.t.store.dialect.ClaimLock()+")")
	b.named("update jobs set due_at = run_at", lanes, " and locked_until is null and not "+older)
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
