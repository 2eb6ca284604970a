package bunstore

import (
	"context"
	"database/sql"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/directory"
)

type sessionRow struct {
	bun.BaseModel `bun:"table:sessions,alias:sessions"`

	WorkspaceID uid    `bun:"workspace_id,pk"`
	Hash        []byte `bun:"hash,pk"`
	MemberID    uid    `bun:"member_id"`
	Link        bool   `bun:"link"`
	ByLink      bool   `bun:"by_link"`
	Browser     text   `bun:"browser"`
	BeganAt     stamp  `bun:"began_at"`
	CreatedAt   stamp  `bun:"created_at"`
	ExpiresAt   stamp  `bun:"expires_at"`
}

// sessionHashRow finds the workspace of a session.
type sessionHashRow struct {
	bun.BaseModel `bun:"table:session_hashes,alias:session_hashes"`

	Hash        []byte `bun:"hash,pk"`
	WorkspaceID uid    `bun:"workspace_id"`
}

func sessionOf(s *crm.Session) (sessionRow, error) {
	return sessionRow{
		WorkspaceID: uid(s.WorkspaceID), Hash: s.Hash[:], MemberID: uid(s.MemberID), Link: s.Link, ByLink: s.ByLink,
		Browser: text(s.Browser), BeganAt: stamp(s.BeganAt), CreatedAt: stamp(s.CreatedAt), ExpiresAt: stamp(s.ExpiresAt),
	}, nil
}

func (r *sessionRow) session() (*crm.Session, error) {
	s := &crm.Session{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), MemberID: crm.MemberID(r.MemberID), Link: r.Link, ByLink: r.ByLink,
		Browser: string(r.Browser), BeganAt: time.Time(r.BeganAt), CreatedAt: time.Time(r.CreatedAt), ExpiresAt: time.Time(r.ExpiresAt),
	}
	copy(s.Hash[:], r.Hash)
	return s, nil
}

// SaveSession implements directory.Sessions. Sessions of the workspace that
// ended before this one began are dropped on the way.
func (s directoryStore) SaveSession(ctx context.Context, session *crm.Session, told ...crm.Fact) error {
	return s.save(ctx, "save a session", session.WorkspaceID, func(b *batch) {
		ws, ended := uid(session.WorkspaceID), stamp(session.CreatedAt)
		b.do("delete from session_hashes where workspace_id = ? and hash in (select hash from sessions where workspace_id = ? and expires_at <= ?)", ws, ws, ended)
		b.do("delete from sessions where workspace_id = ? and expires_at <= ?", ws, ended)
		put(b, rowsOf(b, []*crm.Session{session}, sessionOf), "")
		put(b, []sessionHashRow{{Hash: session.Hash[:], WorkspaceID: ws}}, "")
	}, told...)
}

// SessionByHash implements directory.Sessions.
func (s directoryStore) SessionByHash(ctx context.Context, hash [32]byte, now time.Time) (*crm.Session, error) {
	q := from[sessionRow](s.Store).
		and(" join session_hashes on sessions.workspace_id = session_hashes.workspace_id and sessions.hash = session_hashes.hash").
		and(" where session_hashes.hash = ? and sessions.expires_at > ?", hash[:], stamp(now))
	return one(ctx, s.reader("find a session", everywhere), q, "session", (*sessionRow).session)
}

// Lapsed implements directory.Sessions. What is said is taken one by one and looked up
// by keys, the session and the member behind it; the limits keep the three from being
// one join (see KeysByHash). No row comes back but of what lapsed: for ten thousand event
// streams, who ask every second, the rows of those that stand were twenty megabytes of
// garbage a second.
func (s directoryStore) Lapsed(ctx context.Context, now time.Time, said []directory.Standing) ([]int, error) {
	if len(said) == 0 {
		return nil, nil
	}
	n := len(said)
	columns := []Column{
		{Name: "workspace_id", Kind: IDs, IDs: make([][16]byte, n)}, {Name: "hash", Kind: Bytes, Bytes: make([][]byte, n)},
		{Name: "role", Kind: Texts, Texts: make([]string, n)}, {Name: "moment", Kind: Integers, Integers: make([]int64, n)}, {Name: "place", Kind: Integers, Integers: make([]int64, n)},
	}
	for i := range said {
		columns[0].IDs[i], columns[1].Bytes[i], columns[2].Texts[i] = said[i].WorkspaceID, said[i].Hash[:], string(said[i].Role)
		columns[3].Integers[i], columns[4].Integers[i] = now.UnixMilli(), int64(i)
	}
	l := s.reader("find lapsed sessions", everywhere)
	l.scope.Plan = ByKey
	d := s.dialect
	var places []int
	err := l.run(ctx, pick(Statement{SQL: "select place from (select workspace_id, hash, role, moment, place from " + d.Unnest(columns) + `) as said where not exists (
		select 1 from sessions where sessions.workspace_id = said.workspace_id and sessions.hash = said.hash and not link and expires_at > said.moment and exists (
			select 1 from members where members.workspace_id = sessions.workspace_id and members.id = sessions.member_id and members.role = said.role
				and disabled_at is null limit 1 offset 0)
		limit 1 offset 0)`, Args: d.Given(columns)}, &places))
	return places, err
}

// Sessions implements directory.Sessions.
func (s directoryStore) Sessions(ctx context.Context, ws crm.WorkspaceID, member crm.MemberID, now time.Time) ([]*crm.Session, error) {
	q := from[sessionRow](s.Store).
		and(" where workspace_id = ? and member_id = ? and not link and expires_at > ? order by created_at desc, hash", uid(ws), uid(member), stamp(now))
	return list(ctx, s.reader("list sessions", of(ws)), q, (*sessionRow).session)
}

// DropSessions implements directory.Sessions.
func (s directoryStore) DropSessions(ctx context.Context, ws crm.WorkspaceID, member crm.MemberID, but [32]byte, told ...crm.Fact) error {
	return s.save(ctx, "end sessions", ws, func(b *batch) {
		b.do("delete from session_hashes where workspace_id = ? and hash in (select hash from sessions where workspace_id = ? and member_id = ? and hash <> ?)",
			uid(ws), uid(ws), uid(member), but[:])
		b.do("delete from sessions where workspace_id = ? and member_id = ? and hash <> ?", uid(ws), uid(member), but[:])
	}, told...)
}

// TakeSession implements directory.Sessions.
func (s directoryStore) TakeSession(ctx context.Context, ws crm.WorkspaceID, hash [32]byte) (taken bool, err error) {
	err = s.transact(ctx, "take a session", of(ws), func(ctx context.Context, t *tx) error {
		taken = false
		b := t.batch()
		b.do("delete from session_hashes where workspace_id = ? and hash = ?", uid(ws), hash[:])
		b.do("delete from sessions where workspace_id = ? and hash = ? returning member_id", uid(ws), hash[:])
		b.steps[1].scan = func(rows *sql.Rows) error {
			for rows.Next() {
				taken = true
			}
			return rows.Err()
		}
		return b.run(ctx)
	})
	return taken && err == nil, err
}
