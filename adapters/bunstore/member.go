package bunstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

type memberRow struct {
	bun.BaseModel `bun:"table:members,alias:members"`

	WorkspaceID uid    `bun:"workspace_id,pk"`
	ID          uid    `bun:"id,pk"`
	Name        text   `bun:"name"`
	Email       word   `bun:"email"`
	Role        text   `bun:"role"`
	CreatedAt   stamp  `bun:"created_at"`
	DisabledAt  moment `bun:"disabled_at"`
	Skills      text   `bun:"skills"` // JSON
	Capacity    int    `bun:"capacity"`
	Away        bool   `bun:"away"`
}

// memberEmailRow finds a person's memberships in the installation.
type memberEmailRow struct {
	bun.BaseModel `bun:"table:member_emails,alias:member_emails"`

	Email       text `bun:"email,pk"`
	WorkspaceID uid  `bun:"workspace_id,pk"`
	MemberID    uid  `bun:"member_id"`
}

func memberOf(m *crm.Member) (memberRow, error) {
	skills := []byte("[]")
	if len(m.Skills) > 0 {
		var err error
		if skills, err = json.Marshal(m.Skills); err != nil {
			return memberRow{}, err
		}
	}
	return memberRow{
		WorkspaceID: uid(m.WorkspaceID), ID: uid(m.ID), Name: text(m.Name), Email: word(m.Email), Role: text(m.Role),
		CreatedAt: stamp(m.CreatedAt), DisabledAt: moment(m.DisabledAt),
		Skills: text(skills), Capacity: m.Capacity, Away: m.Away,
	}, nil
}

func (r *memberRow) member() (*crm.Member, error) {
	m := &crm.Member{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ID: crm.MemberID(r.ID), Name: string(r.Name), Email: string(r.Email),
		Role: crm.Role(r.Role), CreatedAt: time.Time(r.CreatedAt), DisabledAt: time.Time(r.DisabledAt),
		Capacity: r.Capacity, Away: r.Away,
	}
	if r.Skills == "[]" {
		return m, nil
	}
	return m, json.Unmarshal([]byte(r.Skills), &m.Skills)
}

// SaveMember implements directory.Members.
func (s directoryStore) SaveMember(ctx context.Context, m *crm.Member, told ...crm.Fact) error {
	return s.save(ctx, "save a member", m.WorkspaceID, func(b *batch) {
		put(b, rowsOf(b, []*crm.Member{m}, memberOf), replaceByID)
		b.do("delete from member_emails where workspace_id = ? and member_id = ?", uid(m.WorkspaceID), uid(m.ID))
		if m.Email != "" {
			put(b, []memberEmailRow{{Email: text(m.Email), WorkspaceID: uid(m.WorkspaceID), MemberID: uid(m.ID)}}, "")
		}
	}, told...)
}

// Join implements directory.Members. The column is no field of a row: whoever saves a
// member read before leaves it as it is.
func (s directoryStore) Join(ctx context.Context, ws crm.WorkspaceID, member crm.MemberID, at time.Time, told ...crm.Fact) error {
	return s.transact(ctx, "note who joined", of(ws), func(ctx context.Context, t *tx) error {
		first := false
		b := t.batch()
		b.do("update members set joined_at = ? where workspace_id = ? and id = ? and joined_at is null returning id", stamp(at), uid(ws), uid(member))
		b.steps[0].scan = func(rows *sql.Rows) error {
			first = rows.Next()
			return rows.Err()
		}
		if err := b.run(ctx); err != nil || !first {
			return err
		}
		return t.Write(ctx, &crm.Changes{Facts: told})
	})
}

// Member implements directory.Members.
func (s directoryStore) Member(ctx context.Context, ws crm.WorkspaceID, id crm.MemberID) (*crm.Member, error) {
	q := from[memberRow](s.Store).and(" where workspace_id = ? and id = ?", uid(ws), uid(id))
	return one(ctx, s.reader("read a member", of(ws)), q, "member", (*memberRow).member)
}

// Members implements directory.Members.
func (s directoryStore) Members(ctx context.Context, ws crm.WorkspaceID) ([]*crm.Member, error) {
	q := from[memberRow](s.Store).and(" where workspace_id = ? order by id", uid(ws))
	return list(ctx, s.reader("list members", of(ws)), q, (*memberRow).member)
}

// MembersByEmail implements directory.Members.
func (s directoryStore) MembersByEmail(ctx context.Context, email string) ([]*crm.Member, error) {
	if email == "" {
		return nil, nil
	}
	q := from[memberRow](s.Store).
		and(" join member_emails on members.workspace_id = member_emails.workspace_id and members.id = member_emails.member_id").
		and(" where member_emails.email = ? order by members.workspace_id, members.id", text(email))
	return list(ctx, s.reader("find a person's memberships", everywhere), q, (*memberRow).member)
}

// MissingTags implements directory.Members.
func (s directoryStore) MissingTags(ctx context.Context, ws crm.WorkspaceID, tags []crm.TagID) ([]crm.TagID, error) {
	asked := lookupBy(byID)
	addIDs(asked, uid(ws), tags)
	var rows []tagRow
	l := s.reader("look for tags", of(ws))
	if err := l.run(ctx, find(ctx, l, asked, "", &rows)...); err != nil {
		return nil, err
	}
	known := make(map[crm.TagID]bool, len(rows))
	for _, row := range rows {
		known[crm.TagID(row.ID)] = true
	}
	return slices.DeleteFunc(slices.Clone(tags), func(id crm.TagID) bool { return known[id] }), nil
}
