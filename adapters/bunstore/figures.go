package bunstore

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/figures"
)

// figureRow is a figure, counted in the transaction of what it counts.
type figureRow struct {
	bun.BaseModel `bun:"table:figures,alias:figures"`

	WorkspaceID uid   `bun:"workspace_id,pk"`
	Day         int64 `bun:"day,pk"`
	ChannelID   uid   `bun:"channel_id,pk"`
	MemberID    uid   `bun:"member_id,pk"`
	Measure     text  `bun:"measure,pk"`
	Value       int64 `bun:"value"`
}

func figureOf(f figures.Row) (figureRow, error) {
	return figureRow{
		WorkspaceID: uid(f.WorkspaceID), Day: int64(f.Day), ChannelID: uid(f.ChannelID), MemberID: uid(f.MemberID),
		Measure: text(f.Measure), Value: f.Value,
	}, nil
}

func (r *figureRow) figure() (figures.Row, error) {
	return figures.Row{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), Day: figures.Day(r.Day), ChannelID: crm.ChannelID(r.ChannelID),
		MemberID: crm.MemberID(r.MemberID), Measure: figures.Measure(r.Measure), Value: r.Value,
	}, nil
}

// figures adds to the figures. The transaction stands in its workspaces' counters
// by now, where all that count are in a row, so it waits for nobody here.
func (b *batch) figures(counted []figures.Row) {
	insert(b, rowsOf(b, counted, figureOf), upsert{
		on: "conflict (workspace_id, day, channel_id, member_id, measure) do update", set: "value = figures.value + excluded.value",
	}, nil)
}

// conversation is a conversation that was locked.
func (t *tx) conversation(r *conversationRow) (*crm.Conversation, error) {
	c, err := r.conversation()
	if err == nil {
		t.picture.Threads[c.ID] = figures.ThreadOf(c)
	}
	return c, err
}

// unseen looks for what changes are counted against and the transaction
// has not seen: the services have loaded nearly all of it, but for what is new.
func (t *tx) unseen(changes *crm.Changes) (contacts, threads *lookup) {
	contacts, threads = lookupBy(byID), lookupBy(byID)
	t.fresh = t.newcomers(changes)
	look := func(by *lookup, ws crm.WorkspaceID, id uid) {
		if !t.fresh[key{uid(ws), id}] {
			t.within(by, ws, id)
		}
	}
	t.picture.Unseen(changes,
		func(ws crm.WorkspaceID, id crm.ContactID) { look(contacts, ws, uid(id)) },
		func(ws crm.WorkspaceID, id crm.ConversationID) { look(threads, ws, uid(id)) })
	return contacts, threads
}

// newcomers returns the contacts and conversations among changes that need not be
// looked for: a contact with an identity that was asked for and was nobody's, and a
// conversation of a contact who has no other but those that were loaded. It saves a trip
// for everybody who writes for the first time. Should one be stored all the same its
// insert clashes, and the transaction, run anew, looks.
func (t *tx) newcomers(changes *crm.Changes) map[key]bool {
	fresh := make(map[key]bool)
	if t.anew {
		return fresh
	}
	for _, c := range changes.Contacts {
		if _, seen := t.picture.People[c.ID]; !seen && slices.ContainsFunc(c.Identities, func(id crm.Identity) bool { return t.seen.nobodys[entryOf(uid(c.WorkspaceID), id)] }) {
			fresh[key{uid(c.WorkspaceID), uid(c.ID)}] = true
		}
	}
	for _, cv := range changes.Conversations {
		if _, seen := t.picture.Threads[cv.ID]; !seen && (t.whole[cv.ContactID] || fresh[key{uid(cv.WorkspaceID), uid(cv.ContactID)}]) {
			fresh[key{uid(cv.WorkspaceID), uid(cv.ID)}] = true
		}
	}
	return fresh
}

// within looks for an id in a workspace, or in each of the transaction's for one
// that goes, of which only the id is known.
func (t *tx) within(l *lookup, ws crm.WorkspaceID, id uid) {
	if !ws.IsZero() {
		l.add(uid(ws), &id)
		return
	}
	for _, ws := range t.scope.Workspaces {
		l.add(uid(ws), &id)
	}
}

// seeThreads takes into the picture the conversations of contacts that came to
// another stage or temperature, if they were not loaded with them.
func (t *tx) seeThreads(ctx context.Context, changes *crm.Changes) error {
	threads := lookupBy(byContact)
	t.picture.Moved(changes, func(ws crm.WorkspaceID, id crm.ContactID) {
		if !t.whole[id] {
			threads.add(uid(ws), (*uid)(&id))
		}
	})
	var rows []conversationRow
	if err := t.run(ctx, find(ctx, t.link, threads, t.store.dialect.Lock(), &rows)...); err != nil {
		return err
	}
	_, err := convert(t.link, rows, t.conversation)
	return err
}

// sawAll remembers that all conversations of contacts were loaded.
func (t *tx) sawAll(contacts []uid) {
	for _, id := range contacts {
		t.whole[crm.ContactID(id)] = true
	}
}

// count returns what changes add to the figures.
func (t *tx) count(changes *crm.Changes) []figures.Row {
	return t.picture.Count(changes, t.store.zones.of)
}

// Figures returns the store as the figures see it.
func (s *Store) Figures() figures.Store { return figureStore{s} }

type figureStore struct{ *Store }

// Figures implements figures.Store.
func (s figureStore) Figures(ctx context.Context, ws crm.WorkspaceID, q figures.Query) (*figures.Sums, error) {
	l := s.reader("read the figures", of(ws))
	sums := new(figures.Sums)
	err := l.run(ctx,
		s.sum(&sums.Standing, q, ws, "day = ?", []any{int64(figures.Standing)}),
		s.sum(&sums.Days, q, ws, "day between ? and ?", []any{int64(q.From), int64(q.To)}, "day"),
		s.sum(&sums.Channels, q, ws, "day = ?", []any{int64(figures.Standing)}, "channel_id"),
		s.sum(&sums.Channels, q, ws, "day between ? and ?", []any{int64(q.From), int64(q.To)}, "channel_id"),
		s.sum(&sums.Members, q, ws, "day = ?", []any{int64(figures.Standing)}, "member_id"),
		s.sum(&sums.Members, q, ws, "day between ? and ?", []any{int64(q.From), int64(q.To)}, "member_id"),
	)
	return sums, err
}

// sum is a step that adds figures up by some columns and the measure.
func (s figureStore) sum(into *[]figures.Row, query figures.Query, ws crm.WorkspaceID, days string, args []any, by ...string) step {
	columns := strings.Join(append(by, "measure"), ", ")
	q := ask("select "+columns+", cast(sum(value) as bigint) as value from figures where workspace_id = ?", uid(ws)).and(" and "+days, args...)
	if !query.ChannelID.IsZero() {
		q = q.and(" and channel_id = ?", uid(query.ChannelID))
	}
	if !query.MemberID.IsZero() {
		q = q.and(" and member_id = ?", uid(query.MemberID))
	}
	q = q.and(" group by " + columns + " having sum(value) <> 0")
	return step{Statement: q.bound(), scan: func(rows *sql.Rows) error {
		return scan(s.Store, rows, func(r *figureRow) error {
			row, err := r.figure()
			row.WorkspaceID = ws
			*into = append(*into, row)
			return err
		})
	}}
}

// Zone implements figures.Store.
func (s figureStore) Zone(ctx context.Context, ws crm.WorkspaceID) (*time.Location, error) {
	if s.zones.fresh(ws) {
		return s.zones.of(ws), nil
	}
	l := s.reader("read a workspace's time zone", of(ws))
	rows, err := read[workspaceRow](ctx, l, from[workspaceRow](s.Store).and(" where workspace_id = ?", uid(ws)))
	switch {
	case err != nil:
		return nil, err
	case len(rows) == 0:
		return nil, l.missing("workspace")
	}
	s.zones.know(&rows[0])
	return s.zones.of(ws), nil
}

// Recount implements figures.Store. What the rows give and what the figures say
// are read by one statement, which sees one moment; what they differ by then, they
// differ by later as well, whatever is written meanwhile. So the difference can be
// added at any time, once: recounts of a workspace wait for each other.
func (s figureStore) Recount(ctx context.Context, ws crm.WorkspaceID) (wrong int, err error) {
	err = s.transact(ctx, "recount the figures", of(ws), func(ctx context.Context, t *tx) error {
		turn := figures.Row{WorkspaceID: ws, Day: figures.Standing, Measure: "recount"} // comes to nothing
		b := t.batch()
		b.figures([]figures.Row{turn})
		if err := b.run(ctx); err != nil {
			return err
		}
		var differences []figureRow
		q := ask("select workspace_id, channel_id, member_id, measure, cast(sum(n) as bigint) as value from (").and(countAll, uid{}, uid{}, uid{}, uid{}).
			and(" union all select workspace_id, channel_id, member_id, measure, -value from figures where day = ?", int64(figures.Standing)).
			and(") as c where workspace_id = ? group by workspace_id, channel_id, member_id, measure having sum(n) <> 0", uid(ws))
		if err := t.run(ctx, load(ctx, t.link, t.inline(q), &differences)); err != nil {
			return err
		}
		wrong = len(differences)
		rows, err := convert(t.link, differences, (*figureRow).figure)
		if err != nil {
			return err
		}
		for i := range rows {
			rows[i].Day = figures.Standing
		}
		figures.Order(rows)
		b.counters(&crm.Changes{}, make(map[uid]counterRow), nil, nil, rows)
		b.figures(rows)
		return b.run(ctx)
	})
	return wrong, err
}

// countAll counts every row of every workspace as the standing figures do: the
// channel and the member of what has none stand as arguments.
const countAll = "select workspace_id, channel_id, assignee_id as member_id, 'status:' || status as measure, count(id) as n from conversations group by workspace_id, channel_id, assignee_id, status" +
	" union all select workspace_id, channel_id, assignee_id, 'waiting', count(id) from conversations where waiting_since is not null group by workspace_id, channel_id, assignee_id" +
	" union all select workspace_id, channel_id, assignee_id, 'unread', count(id) from conversations where unread > 0 group by workspace_id, channel_id, assignee_id" +
	" union all select v.workspace_id, channel_id, assignee_id, 'stage:' || lead_status, count(v.id) from conversations as v" +
	" join contacts as p on p.workspace_id = v.workspace_id and p.id = v.contact_id group by v.workspace_id, channel_id, assignee_id, lead_status" +
	" union all select v.workspace_id, channel_id, assignee_id, 'warmth:' || p.temperature, count(v.id) from conversations as v" +
	" join contacts as p on p.workspace_id = v.workspace_id and p.id = v.contact_id group by v.workspace_id, channel_id, assignee_id, p.temperature" +
	" union all select workspace_id, ?, ?, 'contact_stage:' || lead_status, count(id) from contacts group by workspace_id, lead_status" +
	" union all select workspace_id, ?, ?, 'contact_warmth:' || temperature, count(id) from contacts group by workspace_id, temperature"

const figuresMigration = "20261129120000"

// countStanding fills the standing figures of what is stored.
func (s *Store) countStanding(ctx context.Context, on bun.IConn) error {
	_, err := on.ExecContext(ctx, s.db.QueryGen().FormatQuery(
		"insert into figures (workspace_id, day, channel_id, member_id, measure, value)"+
			" select c.workspace_id, ?, channel_id, member_id, measure, n from ("+countAll+") as c",
		int64(figures.Standing), uid{}, uid{}, uid{}, uid{}))
	return err
}
