package directory

import (
	"encoding/json"
	"slices"

	"github.com/my21staff/my21staff/crm"
)

// told is a fact about a member, by whoever did it.
func (s *Service) told(kind crm.FactKind, m *crm.Member, by crm.Actor) crm.Fact {
	return s.fact(kind, m, by, map[string]any{"member_id": m.ID})
}

// changed tells which fields of a member are others now; nothing if none is. Names
// and addresses are named and not told: the feed is kept longer than they are true.
func (s *Service) changed(old, m crm.Member, by crm.Actor) []crm.Fact {
	news := map[string]any{"member_id": m.ID}
	var fields []string
	for _, field := range []struct {
		name    string
		changed bool
		value   any // nil: not told
	}{
		{"name", old.Name != m.Name, nil},
		{"email", old.Email != m.Email, nil},
		{"role", old.Role != m.Role, m.Role},
		{"skills", !slices.Equal(old.Skills, m.Skills), nil},
		{"capacity", old.Capacity != m.Capacity, m.Capacity},
		{"away", old.Away != m.Away, m.Away},
		{"disabled", old.DisabledAt.IsZero() != m.DisabledAt.IsZero(), !m.DisabledAt.IsZero()},
	} {
		if !field.changed {
			continue
		}
		fields = append(fields, field.name)
		if field.value != nil {
			news[field.name] = field.value
		}
	}
	if len(fields) == 0 {
		return nil
	}
	news["fields"] = fields
	return []crm.Fact{s.fact(crm.MemberChanged, &m, by, news)}
}

func (s *Service) fact(kind crm.FactKind, m *crm.Member, by crm.Actor, data map[string]any) crm.Fact {
	encoded, err := json.Marshal(data)
	if err != nil {
		panic("directory: fact data: " + err.Error()) // texts, ids and numbers always encode
	}
	return crm.Fact{WorkspaceID: m.WorkspaceID, Kind: kind, At: s.mint.Now(), Actor: by, Data: encoded}
}
