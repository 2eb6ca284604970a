package people

import (
	"context"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

// Tags returns the workspace's tags by name.
func (s *Service) Tags(ctx context.Context, p access.Principal) ([]*crm.Tag, error) {
	const op = "list tags"
	if err := p.Check(access.ReadContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	list, err := s.store.Tags(ctx, p.WorkspaceID)
	return list, crm.Wrap(op, err)
}

// SaveTag creates a tag (zero id) or changes one's name and color. A name that
// another tag has, without regard to case, is Conflict; an unknown id NotFound.
func (s *Service) SaveTag(ctx context.Context, p access.Principal, t crm.Tag) (*crm.Tag, error) {
	const op = "save tag"
	if err := p.Check(access.ManageTags); err != nil {
		return nil, crm.Wrap(op, err)
	}
	t.Name, t.Color = strings.TrimSpace(t.Name), strings.ToLower(t.Color)
	if err := checkTag(t); err != nil {
		return nil, crm.Wrap(op, err)
	}
	var saved *crm.Tag
	err := s.update(ctx, Need{WorkspaceID: p.WorkspaceID, AllTags: true}, func(state *State) (changes crm.Changes, err error) {
		wanted, now := t, s.mint.Now()
		if t.ID.IsZero() {
			wanted.ID, wanted.CreatedAt = crm.NewID[crm.Tag](s.mint), now
		}
		saved, changes, err = decideTag(wanted, t.ID.IsZero(), state.Tags, p, now)
		return changes, err
	})
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	return saved, nil
}

func checkTag(t crm.Tag) error {
	if err := crm.CheckText("name", "The tag's name", t.Name, 1, MaxTag); err != nil {
		return err
	}
	digits, hash := strings.CutPrefix(t.Color, "#")
	if t.Color != "" && (!hash || len(digits) != 6 || strings.Trim(digits, "0123456789abcdef") != "") {
		return invalid("color", "A color is # and six hexadecimal digits, such as #2f80ed.")
	}
	return nil
}

// decideTag returns the tag as it is to be, and what to write.
func decideTag(wanted crm.Tag, fresh bool, tags []*crm.Tag, p access.Principal, now time.Time) (*crm.Tag, crm.Changes, error) {
	tag := &crm.Tag{ID: wanted.ID, WorkspaceID: p.WorkspaceID, CreatedAt: wanted.CreatedAt}
	found := fresh
	for _, have := range tags {
		switch {
		case have.ID == wanted.ID:
			tag, found = have, true
		case strings.EqualFold(have.Name, wanted.Name):
			return nil, crm.Changes{}, &crm.Error{
				Op: "check name", Code: crm.Conflict, Reason: "name_taken", Msg: "There already is a tag named " + have.Name + ".",
			}
		}
	}
	if !found {
		return nil, crm.Changes{}, missing("tag")
	}
	if tag.Name == wanted.Name && tag.Color == wanted.Color {
		return tag, crm.Changes{}, nil
	}
	tag.Name, tag.Color = wanted.Name, wanted.Color
	return tag, crm.Changes{Tags: []*crm.Tag{tag}, Facts: []crm.Fact{{
		WorkspaceID: p.WorkspaceID, Kind: crm.TagChanged, At: now, Actor: p.Actor,
		Data: data(map[string]any{"tag_id": tag.ID, "name": tag.Name, "color": tag.Color}),
	}}}, nil
}

// DeleteTag deletes a tag and takes it off every contact. NotFound if there is
// no such tag.
func (s *Service) DeleteTag(ctx context.Context, p access.Principal, id crm.TagID) error {
	const op = "delete tag"
	if err := p.Check(access.ManageTags); err != nil {
		return crm.Wrap(op, err)
	}
	err := s.update(ctx, Need{WorkspaceID: p.WorkspaceID, Tags: []crm.TagID{id}}, func(state *State) (crm.Changes, error) {
		if len(state.Tags) == 0 {
			return crm.Changes{}, missing("tag")
		}
		return crm.Changes{DeletedTags: []crm.TagID{id}, Facts: []crm.Fact{{
			WorkspaceID: p.WorkspaceID, Kind: crm.TagChanged, At: s.mint.Now(), Actor: p.Actor,
			Data: data(map[string]any{"tag_id": id, "deleted": true}),
		}}}, nil
	})
	return crm.Wrap(op, err)
}
