package bunstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/figures"
)

// Write writes what a service decided, in two batches. The first has what needs
// no number and ends with the counters, and with a look at what may have come between;
// from the counters on the transaction holds each workspace's, so that numbers grow in
// the order of commits. The second has what carries a number, and travels with the
// commit where it can. A look at rows that may be stored and were not loaded comes
// before.
func (t *tx) Write(ctx context.Context, changes *crm.Changes) error {
	if changes.Empty() {
		return nil
	}
	if !t.owns(changes) {
		t.note(t.stranger())
		return t.failed
	}
	if err := t.recall(ctx, changes); err != nil {
		return err
	}
	if t.anew {
		if err := t.makeRoom(ctx, changes); err != nil {
			return err
		}
	}
	t.told.write(changes)
	return t.told.quietly(func() error { return t.write(ctx, changes) })
}

// write is Write of what was looked at.
func (t *tx) write(ctx context.Context, changes *crm.Changes) error {
	counts := t.count(changes)
	b := t.batch()
	if t.store.held != nil && len(changes.Messages) >= enoughToFlow {
		b = t.flowing(ctx)
		defer b.end()
	}
	b.deleteTags(t.scope.Workspaces, changes.DeletedTags)
	put(b, rowsOf(b, changes.Tags, tagOf), replaceByID)
	put(b, rowsOf(b, changes.Fields, fieldOf), replaceByID)
	put(b, rowsOf(b, changes.Pipelines, pipelineOf), replacePipeline)
	put(b, rowsOf(b, changes.Rules, rulesOf), "")
	put(b, rowsOf(b, changes.Rescores, rescoreOf), replaceRescore)
	b.views(t.scope.Workspaces, changes)
	b.canned(t.scope.Workspaces, changes)
	b.channels(ctx, changes.Channels)
	b.forget(t.scope.Workspaces, changes.GoneContacts)
	b.contacts(changes.Contacts)
	put(b, rowsOf(b, changes.Twins, twinOf), leaveAlone)
	put(b, rowsOf(b, changes.Merges, mergeOf), replaceByID)
	b.leads(changes.Leads)
	b.templates(changes.Templates)
	b.jobs(changes.Jobs, changes.DoneJobs, changes.Settled)
	b.deliveries(changes.Deliveries)
	put(b, rowsOf(b, changes.Notes, noteOf), replaceByID)
	put(b, rowsOf(b, changes.Mentions, mentionOf), replaceMention)
	put(b, rowsOf(b, changes.Tasks, taskOf), replaceByID)
	put(b, rowsOf(b, changes.Statuses, statusOf), leaveAlone)
	put(b, rowsOf(b, changes.Amendments, amendmentOf), leaveAlone)
	put(b, rowsOf(b, changes.Answers, answerOf), "")
	put(b, rowsOf(b, changes.Turns, turnOf), replaceTurn)
	put(b, rowsOf(b, changes.Queues, queueOf), replaceQueue)
	named := t.named(changes)
	parked := t.parked(changes, named)
	counted := make(map[uid]counterRow)
	b.counters(changes, counted, named, parked, counts)
	b.lookAgain(named, parked)
	if err := b.run(ctx); err != nil {
		return err
	}
	if t.late || t.outdated(changes, counted) {
		return t.overlooked()
	}
	facts := t.number(changes, counted)
	b.conversations(changes.Conversations)
	put(b, rowsOf(b, changes.Routings, routingOf), replaceRouting)
	b.messages(changes.Messages, named)
	b.part(t.scope.Workspaces, changes)
	put(b, rowsOf(b, facts, factOf), "")
	b.figures(counts)
	return b.owe(ctx)
}

// recall reads what is stored of contacts, conversations and messages that this
// transaction has not seen, so that only what changes of what they are found by
// is written, and only what changes is counted. New rows are not there; the
// others a service has nearly always loaded.
func (t *tx) recall(ctx context.Context, changes *crm.Changes) error {
	contacts, threads := t.unseen(changes)
	messages := lookupBy(byID)
	for _, m := range changes.Messages {
		if _, seen := t.messages[key{uid(m.WorkspaceID), uid(m.ID)}]; !seen && m.Ingest != 0 {
			messages.add(uid(m.WorkspaceID), (*uid)(&m.ID))
		}
	}
	var contactRows []contactRow
	var threadRows []conversationRow
	var messageRows []messageRow
	var workspaceRows []workspaceRow
	err := t.run(ctx, slices.Concat(
		t.zoneSteps(ctx, &workspaceRows),
		find(ctx, t.link, contacts, t.store.dialect.Lock(), &contactRows),
		find(ctx, t.link, threads, t.store.dialect.Lock(), &threadRows),
		find(ctx, t.link, messages, "", &messageRows))...)
	if err != nil {
		return err
	}
	for i := range workspaceRows {
		t.store.zones.know(&workspaceRows[i])
	}
	for i := range messageRows {
		t.sawMessage(&messageRows[i])
	}
	if _, err := convert(t.link, contactRows, t.contact); err != nil {
		return err
	}
	if _, err := convert(t.link, threadRows, t.conversation); err != nil {
		return err
	}
	return t.seeThreads(ctx, changes)
}

// covers reports whether a workspace is one the transaction was begun for.
func (t *tx) covers(ws crm.WorkspaceID) bool { return slices.Contains(t.scope.Workspaces, ws) }

// stranger is the error for a row of another workspace: a mistake of ours that
// must not reach a database without row-level security either.
func (t *tx) stranger() error {
	return &crm.Error{Op: t.op, Code: crm.Internal, Reason: "foreign_workspace", Err: errors.New("a row of a workspace that the transaction does not name")}
}

// owns reports whether every row is of a workspace the transaction was begun
// for.
func (t *tx) owns(c *crm.Changes) bool {
	return all(t, c.Contacts, func(r *crm.Contact) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Leads, func(r *crm.Lead) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Conversations, func(r *crm.Conversation) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Messages, func(r *crm.Message) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Statuses, func(r crm.StatusReport) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Amendments, func(r crm.Amendment) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Deliveries, func(r *crm.Delivery) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Notes, func(r *crm.Note) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Mentions, func(r *crm.Mention) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Tasks, func(r *crm.Task) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Tags, func(r *crm.Tag) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Fields, func(r *crm.Field) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Pipelines, func(r *crm.Pipeline) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Twins, func(r crm.Twin) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Merges, func(r *crm.Merge) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Rules, func(r *crm.LeadRules) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Rescores, func(r *crm.Rescore) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Views, func(r *crm.View) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.CannedReplies, func(r *crm.CannedReply) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Templates, func(r *crm.Template) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Jobs, func(r *crm.Job) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.DoneJobs, func(r *crm.Job) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Settled, func(r *crm.Message) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Routings, func(r crm.Routing) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.GoneRoutings, func(r crm.Routing) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Answers, func(r crm.Answer) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Channels, func(r *crm.Channel) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Turns, func(r crm.Turn) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Queues, func(r crm.Queue) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Responses, func(r crm.Response) crm.WorkspaceID { return r.WorkspaceID }) &&
		all(t, c.Facts, func(r crm.Fact) crm.WorkspaceID { return r.WorkspaceID })
}

func all[R any](t *tx, rows []R, ws func(R) crm.WorkspaceID) bool {
	return !slices.ContainsFunc(rows, func(r R) bool { return !t.covers(ws(r)) })
}

// counters adds what the changes need to each workspace's counters and keeps
// the new values in counted. Who only has to stand in the row adds nothing.
func (b *batch) counters(changes *crm.Changes, counted map[uid]counterRow, named map[under]crm.Direction, parked map[under]bool, counts []figures.Row) {
	wanted := make(map[uid]*counterRow)
	want := func(ws crm.WorkspaceID) *counterRow {
		if wanted[uid(ws)] == nil {
			wanted[uid(ws)] = &counterRow{WorkspaceID: uid(ws), Rules: crm.DefaultRules}
		}
		return wanted[uid(ws)]
	}
	for _, m := range changes.Messages {
		if m.Ingest == 0 {
			want(m.WorkspaceID).Ingest++
		}
	}
	for _, f := range changes.Facts {
		want(f.WorkspaceID).Seq++
	}
	for _, l := range changes.Leads {
		want(l.WorkspaceID)
	}
	for _, r := range changes.Turns {
		want(r.WorkspaceID)
	}
	for _, r := range changes.Queues {
		want(r.WorkspaceID)
	}
	for _, r := range changes.Rules {
		row := want(r.WorkspaceID)
		row.Rules = max(row.Rules, int64(r.Version))
	}
	for u := range named {
		want(crm.WorkspaceID(u.ws))
	}
	for u := range parked {
		want(crm.WorkspaceID(u.ws))
	}
	for _, f := range counts {
		want(f.WorkspaceID)
	}
	if len(wanted) == 0 {
		return
	}
	rows := make([]counterRow, 0, len(wanted))
	for _, row := range wanted {
		rows = append(rows, *row)
	}
	slices.SortFunc(rows, func(a, c counterRow) int { return slices.Compare(a.WorkspaceID[:], c.WorkspaceID[:]) })
	insert(b, rows, upsert{
		on: "conflict (workspace_id) do update",
		set: "seq = counters.seq + excluded.seq, ingest = counters.ingest + excluded.ingest, " +
			"rules = case when excluded.rules > counters.rules then excluded.rules else counters.rules end",
		returning: "workspace_id, seq, ingest, rules",
	},
		func(rows *sql.Rows) error {
			for rows.Next() {
				var now counterRow
				if err := rows.Scan(&now.WorkspaceID, &now.Seq, &now.Ingest, &now.Rules); err != nil {
					return err
				}
				before := wanted[now.WorkspaceID]
				counted[now.WorkspaceID] = counterRow{Seq: now.Seq - before.Seq, Ingest: now.Ingest - before.Ingest, Rules: now.Rules}
			}
			return rows.Err()
		})
}

// number gives new messages their ingest numbers and returns the facts with
// theirs. Counted holds the numbers given last before.
func (t *tx) number(changes *crm.Changes, counted map[uid]counterRow) []crm.Fact {
	for _, m := range changes.Messages {
		if m.Ingest == 0 {
			next := counted[uid(m.WorkspaceID)]
			next.Ingest++
			counted[uid(m.WorkspaceID)] = next
			m.Ingest = next.Ingest
			t.numbered = append(t.numbered, m)
		}
	}
	facts := slices.Clone(changes.Facts)
	for i := range facts {
		ws := facts[i].WorkspaceID
		next := counted[uid(ws)]
		next.Seq++
		counted[uid(ws)] = next
		facts[i].Seq = next.Seq
		if !slices.Contains(t.touched, ws) {
			t.touched = append(t.touched, ws)
		}
	}
	return facts
}

// among is a list of ids for "in (?)".
func among[T ~[16]byte](of []T) bun.ListValues { return bun.List(ids(of)) }
