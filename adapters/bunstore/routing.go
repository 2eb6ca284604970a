package bunstore

import (
	"context"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

type routingRow struct {
	bun.BaseModel `bun:"table:routings,alias:routings"`

	WorkspaceID    uid   `bun:"workspace_id,pk"`
	ConversationID uid   `bun:"conversation_id,pk"`
	At             stamp `bun:"at,pk"`
	AssigneeID     uid   `bun:"assignee_id"`
	Reason         text  `bun:"reason"`
}

const replaceRouting = "conflict (workspace_id, conversation_id, at) do update"

func routingOf(r crm.Routing) (routingRow, error) {
	return routingRow{
		WorkspaceID: uid(r.WorkspaceID), ConversationID: uid(r.ConversationID), At: stamp(r.At), AssigneeID: uid(r.AssigneeID), Reason: text(r.Reason),
	}, nil
}

func (r *routingRow) routing() (crm.Routing, error) {
	return crm.Routing{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ConversationID: crm.ConversationID(r.ConversationID), At: time.Time(r.At),
		AssigneeID: crm.MemberID(r.AssigneeID), Reason: string(r.Reason),
	}, nil
}

// Routings implements inbox.Threads.
func (s inboxStore) Routings(ctx context.Context, ws crm.WorkspaceID, query inbox.RoutingQuery) ([]crm.Routing, error) {
	q := from[routingRow](s.Store).and(" where workspace_id = ? and conversation_id = ?", uid(ws), uid(query.ConversationID))
	if !query.From.IsZero() {
		q = q.and(" and at >= ?", stamp(query.From))
	}
	if !query.Before.IsZero() {
		q = q.and(" and at < ?", stamp(query.Before))
	}
	return list(ctx, s.reader("list routings", of(ws)), q.and(" order by at desc limit ?", query.Limit), (*routingRow).routing)
}
