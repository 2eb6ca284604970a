package people

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/filter"
)

// Schema returns what filters of the workspace may name.
func (s *Service) Schema(ctx context.Context, p access.Principal) (*filter.Schema, error) {
	fields, err := s.Fields(ctx, p)
	if err != nil {
		return nil, err
	}
	return filter.NewSchema(fields), nil
}

// Test reads a filter for who asks at this moment; days begin in zone. The
// error is Invalid with the Reason filter.BadFilter.
func (s *Service) Test(ctx context.Context, p access.Principal, expression []byte, zone *time.Location) (*filter.Test, error) {
	const op = "read filter"
	schema, err := s.Schema(ctx, p)
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	e, err := filter.Decode(expression, schema)
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	if p.Member.IsZero() && e.NeedsMe() {
		return nil, &crm.Error{Op: op, Code: crm.Invalid, Reason: filter.BadFilter, Msg: `An API key is no member: give a member's id instead of "me".`}
	}
	return new(e.Resolve(filter.Context{Now: s.mint.Now().In(zone), Me: p.Member})), nil
}

// MaxViews is how many views a member, and how many everybody may have.
const MaxViews = 100

// Views returns the views that who asks can see, by name.
func (s *Service) Views(ctx context.Context, p access.Principal) ([]*crm.View, error) {
	const op = "list views"
	if err := p.Check(access.ReadContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	list, err := s.store.Views(ctx, p.WorkspaceID, p.Member)
	return list, crm.Wrap(op, err)
}

// View returns a view that who asks can see, or NotFound.
func (s *Service) View(ctx context.Context, p access.Principal, id crm.ViewID) (*crm.View, error) {
	const op = "read view"
	list, err := s.Views(ctx, p)
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	for _, v := range list {
		if v.ID == id {
			return v, nil
		}
	}
	return nil, crm.Wrap(op, missing("view"))
}

// ViewEdit is what to change of a view; nil fields stay as they are.
type ViewEdit struct {
	Name   *string // at most MaxName characters
	Filter []byte
	Sort   *Sort
}

// SaveView makes a view (zero id), for who asks alone or for everybody, or
// changes one; a key has none of its own. A view that who asks cannot see is
// NotFound, and a filter that cannot be read Invalid with the Reason
// filter.BadFilter.
func (s *Service) SaveView(ctx context.Context, p access.Principal, id crm.ViewID, shared bool, e ViewEdit) (*crm.View, error) {
	const op = "save view"
	if err := p.Check(access.WriteContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	if err := e.checkView(ctx, s, p, id.IsZero()); err != nil {
		return nil, crm.Wrap(op, err)
	}
	seen, err := s.store.Views(ctx, p.WorkspaceID, p.Member)
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	var saved *crm.View
	err = s.update(ctx, needView(p, id), func(state *State) (crm.Changes, error) {
		now := s.mint.Now()
		if id.IsZero() {
			saved = &crm.View{ID: crm.NewID[crm.View](s.mint), WorkspaceID: p.WorkspaceID, Sort: string(ByRecent), CreatedAt: now}
			if !shared {
				saved.OwnerID = p.Member
			}
			if len(seen) >= 2*MaxViews {
				return crm.Changes{}, invalid("name", "There are too many views. Delete some first.")
			}
		} else if saved, err = state.view(p, id); err != nil {
			return crm.Changes{}, err
		}
		e.applyView(saved)
		saved.UpdatedAt = now
		return crm.Changes{Views: []*crm.View{saved}}, nil
	})
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	return saved, nil
}

func needView(p access.Principal, id crm.ViewID) Need {
	need := Need{WorkspaceID: p.WorkspaceID}
	if !id.IsZero() {
		need.Views = []crm.ViewID{id}
	}
	return need
}

// view returns a loaded view that who asks can see.
func (s *State) view(p access.Principal, id crm.ViewID) (*crm.View, error) {
	for _, v := range s.Views {
		if v.ID == id && (v.OwnerID.IsZero() || v.OwnerID == p.Member) {
			return v, nil
		}
	}
	return nil, missing("view")
}

// checkView checks an edit and compacts its filter.
func (e *ViewEdit) checkView(ctx context.Context, s *Service, p access.Principal, fresh bool) error {
	if e.Name != nil {
		name := strings.TrimSpace(*e.Name)
		if err := crm.CheckText("name", "The view's name", name, 1, MaxName); err != nil {
			return err
		}
		e.Name = &name
	} else if fresh {
		return invalid("name", "The view's name is missing.")
	}
	if e.Sort != nil && !slices.Contains(Sorts, *e.Sort) {
		return invalid("sort", "Contacts are not sorted by %q.", *e.Sort)
	}
	if e.Filter == nil {
		return nil
	}
	fields, err := s.store.Fields(ctx, p.WorkspaceID)
	if err != nil {
		return err
	}
	if _, err := filter.Decode(e.Filter, filter.NewSchema(fields)); err != nil {
		return err
	}
	var compact bytes.Buffer
	err = json.Compact(&compact, e.Filter)
	e.Filter = compact.Bytes()
	return err
}

func (e *ViewEdit) applyView(v *crm.View) {
	if e.Name != nil {
		v.Name = *e.Name
	}
	if e.Filter != nil {
		v.Filter = e.Filter
	}
	if e.Sort != nil {
		v.Sort = string(*e.Sort)
	}
}

// DeleteView deletes a view. NotFound if who asks cannot see it.
func (s *Service) DeleteView(ctx context.Context, p access.Principal, id crm.ViewID) error {
	const op = "delete view"
	if err := p.Check(access.WriteContacts); err != nil {
		return crm.Wrap(op, err)
	}
	err := s.update(ctx, needView(p, id), func(state *State) (crm.Changes, error) {
		if _, err := state.view(p, id); err != nil {
			return crm.Changes{}, err
		}
		return crm.Changes{DeletedViews: []crm.ViewID{id}}, nil
	})
	return crm.Wrap(op, err)
}
