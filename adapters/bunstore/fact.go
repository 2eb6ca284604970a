package bunstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

type factRow struct {
	bun.BaseModel `bun:"table:facts,alias:facts"`

	WorkspaceID    uid    `bun:"workspace_id,pk"`
	Seq            int64  `bun:"seq,pk"`
	Kind           text   `bun:"kind"`
	At             stamp  `bun:"at"`
	ActorKind      text   `bun:"actor_kind"`
	ActorID        text   `bun:"actor_id"`
	ConversationID ref    `bun:"conversation_id"`
	ContactID      ref    `bun:"contact_id"`
	MessageID      ref    `bun:"message_id"`
	Data           []byte `bun:"data"`
}

func factOf(f crm.Fact) (factRow, error) {
	return factRow{
		WorkspaceID: uid(f.WorkspaceID), Seq: f.Seq, Kind: text(f.Kind), At: stamp(f.At),
		ActorKind: text(f.Actor.Kind), ActorID: text(f.Actor.ID),
		ConversationID: ref(f.ConversationID), ContactID: ref(f.ContactID), MessageID: ref(f.MessageID), Data: f.Data,
	}, nil
}

func (r *factRow) fact() (crm.Fact, error) {
	return crm.Fact{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), Seq: r.Seq, Kind: crm.FactKind(r.Kind), At: time.Time(r.At),
		Actor:          crm.Actor{Kind: crm.ActorKind(r.ActorKind), ID: string(r.ActorID)},
		ConversationID: crm.ConversationID(r.ConversationID), ContactID: crm.ContactID(r.ContactID), MessageID: crm.MessageID(r.MessageID),
		Data: r.Data,
	}, nil
}

// counterRow holds the numbers given last in a workspace. Its lock is what
// makes numbers grow in the order of commits: who takes one holds the row until
// the transaction ends. What else all writers have to agree on stands there too.
type counterRow struct {
	bun.BaseModel `bun:"table:counters,alias:counters"`

	WorkspaceID uid   `bun:"workspace_id,pk"`
	Seq         int64 `bun:"seq"`    // of facts
	Ingest      int64 `bun:"ingest"` // of messages
	Rules       int64 `bun:"rules"`  // the version of the rules of scoring
}

type feedStore struct{ *Store }

// Facts implements feed.Store.
func (s feedStore) Facts(ctx context.Context, ws crm.WorkspaceID, after int64, limit int) ([]crm.Fact, error) {
	q := from[factRow](s.Store).and(" where workspace_id = ? and seq > ? order by seq limit ?", uid(ws), after, limit)
	return inOrder(ctx, s.reader("read the feed", of(ws)), q, (*factRow).fact)
}

// Bounds implements feed.Store.
func (s feedStore) Bounds(ctx context.Context, ws crm.WorkspaceID) (first, last int64, err error) {
	q := ask("select coalesce((select seq from counters where workspace_id = ?), 0),", uid(ws)).
		and(" coalesce((select min(seq) from facts where workspace_id = ?), 0)", uid(ws))
	err = s.reader("read the feed's bounds", of(ws)).run(ctx, step{Statement: q.bound(), scan: func(rows *sql.Rows) error {
		for rows.Next() {
			if err := rows.Scan(&last, &first); err != nil {
				return err
			}
		}
		return rows.Err()
	}})
	if first == 0 && last > 0 { // every fact was dropped
		first = last + 1
	}
	return first, last, err
}

// Watch implements feed.Store. It returns nil when ctx or the store ends.
func (s feedStore) Watch(ctx context.Context, wake func([]crm.WorkspaceID)) error {
	s.hub.watch(ctx, wake)
	return nil
}
