package bunstore

import (
	"context"
	"database/sql"
	"strconv"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/figures"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/lead"
)

// turnRow is when a member was last given a conversation.
type turnRow struct {
	bun.BaseModel `bun:"table:turns,alias:turns"`

	WorkspaceID uid   `bun:"workspace_id,pk"`
	MemberID    uid   `bun:"member_id,pk"`
	Number      int64 `bun:"number"`
}

func turnOf(t crm.Turn) (turnRow, error) {
	return turnRow{WorkspaceID: uid(t.WorkspaceID), MemberID: uid(t.MemberID), Number: t.Number}, nil
}

const replaceTurn = "conflict (workspace_id, member_id) do update"

// queueRow is when a workspace's queue is looked at again; NULL for never.
type queueRow struct {
	bun.BaseModel `bun:"table:queues,alias:queues"`

	WorkspaceID uid    `bun:"workspace_id,pk"`
	DueAt       moment `bun:"due_at"`
}

func queueOf(q crm.Queue) (queueRow, error) {
	return queueRow{WorkspaceID: uid(q.WorkspaceID), DueAt: moment(q.DueAt)}, nil
}

const replaceQueue = "conflict (workspace_id) do update"

// openOfMembers is how a load is read off the standing figures, of each channel.
var openOfMembers = " and day = " + strconv.Itoa(int(figures.Standing)) +
	" and measure in ('" + string(figures.StatusOf(crm.Open)) + "', '" + string(figures.StatusOf(crm.Pending)) + "')"

// teamRows are what teams are made of.
type teamRows struct {
	members []memberRow
	turns   []turnRow
	loads   []figureRow // open and pending conversations of each member
	queues  []queueRow
	zones   []workspaceRow
}

// routes reports whether conversations are to be assigned with what is loaded: the
// statements of a workspace whose rules do not are as if there were no assignment.
func (l *loading) routes() bool {
	return l.need.Team && l.state.Rules != nil && l.state.Rules.Routing().Enabled
}

// teamSteps reads who is in the teams. The members are locked first, so that
// whoever decides next for the same team sees what was decided here: what comes
// after is read when nobody else decides any more.
func (g *gathering) teamSteps(ctx context.Context, rows *teamRows) []step {
	teams := g.by(byWorkspace, func(l *loading, add func(...any)) {
		if l.routes() {
			add()
		}
	})
	if teams.empty() {
		return nil
	}
	steps := find(ctx, g.link, teams, g.store.dialect.Lock(), &rows.members)
	steps = append(steps, g.zoneSteps(ctx, &rows.zones)...)
	steps = append(steps, find(ctx, g.link, teams, "", &rows.queues)...)
	return append(steps, rows.beside(ctx, g.link, teams)...)
}

// beside are the steps that read what members have and last got.
func (r *teamRows) beside(ctx context.Context, l link, teams *lookup) []step {
	return append(find(ctx, l, teams, "", &r.turns), find(ctx, l, teams, openOfMembers, &r.loads)...)
}

// mates calls with each member at work and what it is in the team of its
// workspace, by their ids.
func (r *teamRows) mates(with func(*crm.Member, lead.Teammate)) error {
	turns, loads := make(map[key]int64, len(r.turns)), make(map[key]int64, len(r.loads))
	for _, row := range r.turns {
		turns[key{row.WorkspaceID, row.MemberID}] = row.Number
	}
	for _, row := range r.loads {
		loads[key{row.WorkspaceID, row.MemberID}] += row.Value
	}
	for i := range r.members {
		m, err := r.members[i].member()
		if err != nil {
			return err
		}
		if !m.DisabledAt.IsZero() {
			continue
		}
		is := key{uid(m.WorkspaceID), uid(m.ID)}
		mate := lead.Teammate{ID: m.ID, Open: int(loads[is]), Capacity: m.Capacity, Away: m.Away, Turn: turns[is]}
		for _, skill := range m.Skills {
			mate.Skills = append(mate.Skills, skill.String())
		}
		with(m, mate)
	}
	return nil
}

// teams hands each need its team.
func (g *gathering) teams(rows *teamRows) error {
	for i := range rows.zones {
		g.store.zones.know(&rows.zones[i])
	}
	err := rows.mates(func(m *crm.Member, mate lead.Teammate) {
		state := &g.of[uid(m.WorkspaceID)].state
		state.Team = append(state.Team, mate)
	})
	if err != nil {
		return crm.Wrap(g.op, err)
	}
	for _, r := range rows.queues {
		g.of[r.WorkspaceID].state.Queue = &crm.Queue{WorkspaceID: crm.WorkspaceID(r.WorkspaceID), DueAt: time.Time(r.DueAt)}
	}
	for _, l := range g.loads {
		if l.routes() {
			l.state.Zone = g.store.zones.of(l.need.WorkspaceID)
		}
	}
	return nil
}

// Team implements people.Store.
func (s peopleStore) Team(ctx context.Context, ws crm.WorkspaceID) (team []lead.Teammate, zone *time.Location, err error) {
	l := s.reader("read the team", of(ws))
	var rows teamRows
	workspace := lookupBy(byWorkspace)
	workspace.add(uid(ws))
	steps := append(find(ctx, l, workspace, "", &rows.members), find(ctx, l, workspace, "", &rows.zones)...)
	if err := l.run(ctx, append(steps, rows.beside(ctx, l, workspace)...)...); err != nil {
		return nil, nil, err
	}
	for i := range rows.zones {
		s.zones.know(&rows.zones[i])
	}
	err = rows.mates(func(_ *crm.Member, mate lead.Teammate) { team = append(team, mate) })
	return team, s.zones.of(ws), crm.Wrap(l.op, err)
}

// waits is what conversations_queued has: the reasons of lead.Reason.Waits.
const waits = "routed_for in ('off_hours', 'nobody_in', 'all_full')"

// ClaimQueue implements inbox.Queues. A look before costs less than a transaction
// that finds nothing.
func (s inboxStore) ClaimQueue(ctx context.Context, now, until time.Time) (crm.WorkspaceID, error) {
	oldest := ask("select workspace_id from queues where due_at <= ? order by due_at limit 1", stamp(now))
	var due []uid
	if err := s.reader("look for queues", everywhere).run(ctx, pick(oldest.bound(), &due)); err != nil || len(due) == 0 {
		return crm.WorkspaceID{}, err
	}
	var claimed crm.WorkspaceID
	err := s.transact(ctx, "claim a queue", everywhere, func(ctx context.Context, t *tx) error {
		claimed = crm.WorkspaceID{}
		q := ask("update queues set due_at = case when exists (select 1 from conversations where conversations.workspace_id = queues.workspace_id and "+waits+") then ? end where workspace_id in", stamp(until)).
			include("", oldest.and(s.dialect.ClaimLock())).and(" returning workspace_id")
		return t.run(ctx, step{Statement: t.inline(q), scan: func(rows *sql.Rows) error {
			for rows.Next() {
				if err := rows.Scan((*uid)(&claimed)); err != nil {
					return err
				}
			}
			return rows.Err()
		}})
	})
	if err != nil {
		return crm.WorkspaceID{}, err // it is not claimed, or nobody knows whether it is
	}
	return claimed, nil
}

// Queued implements inbox.Queues.
func (s inboxStore) Queued(ctx context.Context, ws crm.WorkspaceID, limit int) ([]crm.ConversationID, error) {
	var found []uid
	q := ask("select id from conversations where workspace_id = ? and "+waits+" order by routed_at, id limit ?", uid(ws), limit)
	if err := s.reader("list what waits", of(ws)).run(ctx, pick(q.bound(), &found)); err != nil {
		return nil, err
	}
	waiting := make([]crm.ConversationID, len(found))
	for i, id := range found {
		waiting[i] = crm.ConversationID(id)
	}
	return waiting, nil
}

var _ inbox.Queues = inboxStore{}
