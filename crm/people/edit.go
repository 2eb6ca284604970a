package people

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

// Edit is what to change of a contact; nil fields stay as they are.
type Edit struct {
	Name          *string            // at most MaxName characters, without blanks around; empty: what it calls itself
	LeadStatus    *string            // a status of the workspace's pipeline
	Fields        map[string]*string // nil value: remove
	AddTags       []crm.TagID
	RemoveTags    []crm.TagID
	AddIdentities []crm.Identity // a phone in any spelling
	OptOut        *bool
	Blocked       *bool
}

// Create makes a contact. It needs a name or an identity; phone numbers are read
// in region. An identity that another contact has is Conflict, a tag that is not
// the workspace's NotFound, and a field beyond its limits Invalid.
func (s *Service) Create(ctx context.Context, p access.Principal, e Edit, region string) (*crm.Contact, error) {
	const op = "create contact"
	if err := p.Check(access.WriteContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	e, err := e.checked(region)
	if err == nil && (e.Name == nil || *e.Name == "") && len(e.AddIdentities) == 0 {
		err = invalid("name", "A contact needs a name, a number or another way to know it.")
	}
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	var made *crm.Contact
	err = s.update(ctx, e.need(p.WorkspaceID), func(state *State) (crm.Changes, error) {
		state.Region = region
		made = &crm.Contact{ID: crm.NewID[crm.Contact](s.mint), WorkspaceID: p.WorkspaceID, LeadStatus: crm.NewLead, CreatedAt: s.mint.Now()}
		return decideCreate(made, state, e, p.Actor)
	})
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	return made, nil
}

// Edit changes a contact, and what its conversations show of it. An edit that
// changes nothing writes nothing. The errors are those of Create, and NotFound
// for the contact.
func (s *Service) Edit(ctx context.Context, p access.Principal, id crm.ContactID, e Edit, region string) (*crm.Contact, error) {
	const op = "edit contact"
	if err := p.Check(access.WriteContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	e, err := e.checked(region)
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	need := e.need(p.WorkspaceID)
	need.Contacts, need.Threads = []crm.ContactID{id}, true
	var changed *crm.Contact
	err = s.update(ctx, need, func(state *State) (changes crm.Changes, err error) {
		state.Region = region
		if changed, err = state.contact(id); err != nil {
			return crm.Changes{}, err
		}
		return decideEdit(changed, state, e, p.Actor, s.mint.Now())
	})
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	return changed, nil
}

// need names what the edit must see: its tags, and who has its identities.
func (e *Edit) need(ws crm.WorkspaceID) Need {
	return Need{WorkspaceID: ws, Leads: true, Identities: e.AddIdentities, Tags: e.AddTags, Settings: len(e.Fields) > 0 || e.LeadStatus != nil}
}

// checked returns the edit with its texts trimmed and its identities as they are
// stored, or what is wrong with it.
func (e Edit) checked(region string) (Edit, error) {
	for _, text := range []struct {
		field, what string
		value       **string
		least, most int
	}{
		{"name", "The name", &e.Name, 0, MaxName},
		{"lead_status", "The lead status", &e.LeadStatus, 1, MaxLeadStatus},
	} {
		if *text.value == nil {
			continue
		}
		trimmed := strings.TrimSpace(**text.value)
		if err := crm.CheckText(text.field, text.what, trimmed, text.least, text.most); err != nil {
			return Edit{}, err
		}
		*text.value = &trimmed
	}
	if err := checkFields(e.Fields); err != nil {
		return Edit{}, err
	}
	var err error
	e.AddIdentities, err = readIdentities(e.AddIdentities, region)
	return e, err
}

func checkFields(fields map[string]*string) error {
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if err := crm.CheckText("fields", "A field's name", name, 1, MaxFieldName); err != nil {
			return err
		}
		if value := fields[name]; value == nil {
			continue
		} else if err := crm.CheckText("fields", "The field "+name, *value, 0, MaxFieldValue); err != nil {
			return err
		} else if len(*value) > MaxFieldValue {
			return invalid("fields", "The field %s may have at most %d bytes.", name, MaxFieldValue)
		}
	}
	return nil
}

// decideCreate fills in a new contact.
func decideCreate(c *crm.Contact, s *State, e Edit, by crm.Actor) (crm.Changes, error) {
	c.Source = crm.Source{Kind: "manual", At: c.CreatedAt}
	if by.Kind == crm.ByKey {
		c.Source.Kind = "api"
	}
	c.UpdatedAt = c.CreatedAt
	if _, err := e.apply(c, s, c.CreatedAt); err != nil {
		return crm.Changes{}, err
	}
	return crm.Changes{Contacts: []*crm.Contact{c}, Facts: []crm.Fact{{
		WorkspaceID: c.WorkspaceID, Kind: crm.ContactCreated, At: c.CreatedAt, Actor: by, ContactID: c.ID,
		Data: data(map[string]any{"source": c.Source.Kind}),
	}}}, nil
}

// decideEdit changes a contact and says in the feed what became different.
func decideEdit(c *crm.Contact, s *State, e Edit, by crm.Actor, now time.Time) (crm.Changes, error) {
	news, err := e.apply(c, s, now)
	if err != nil || len(news) == 0 {
		return crm.Changes{}, err
	}
	c.UpdatedAt = now
	changes := crm.Changes{Contacts: []*crm.Contact{c}, Facts: []crm.Fact{{
		WorkspaceID: c.WorkspaceID, Kind: crm.ContactChanged, At: now, Actor: by, ContactID: c.ID, Data: data(news),
	}}}
	for _, cv := range s.Conversations {
		name, handle := c.DisplayName(), c.Handle()
		if cv.ContactID == c.ID && (cv.ContactName != name || cv.ContactHandle != handle || cv.Temperature != c.Temperature) {
			cv.ContactName, cv.ContactHandle, cv.Temperature, cv.UpdatedAt = name, handle, c.Temperature, now
			changes.Conversations = append(changes.Conversations, cv)
		}
	}
	return changes, nil
}

// apply changes the contact and returns what became different, for the feed:
// values of its own columns, names of fields, ids of tags, kinds of identities.
func (e *Edit) apply(c *crm.Contact, s *State, now time.Time) (map[string]any, error) {
	news := make(map[string]any)
	if e.Name != nil && *e.Name != c.Name {
		c.Name = *e.Name
		news["name"] = c.Name
	}
	if e.LeadStatus != nil && *e.LeadStatus != c.LeadStatus {
		stage, known := s.Pipeline.Stage(*e.LeadStatus)
		if !known {
			return nil, invalid("lead_status", "The pipeline has no status %q.", *e.LeadStatus)
		}
		news["lead_status"], news["lead_status_before"], news["lead_stage"] = stage.Key, c.LeadStatus, stage.Kind
		c.LeadStatus = stage.Key
	}
	if e.OptOut != nil && *e.OptOut != c.OptOut.Out {
		c.OptOut = crm.OptOut{Out: *e.OptOut, At: now, Reason: "set by the team"}
		news["opt_out"] = c.OptOut.Out
	}
	if e.Blocked != nil && *e.Blocked == c.BlockedAt.IsZero() {
		c.BlockedAt = time.Time{}
		if *e.Blocked {
			c.BlockedAt = now
		}
		news["blocked"] = *e.Blocked
	}
	for _, part := range []func(*crm.Contact, *State, map[string]any) error{e.setFields, e.setTags, e.identify} {
		if err := part(c, s, news); err != nil {
			return nil, err
		}
	}
	return news, nil
}

// setFields changes custom fields. A value is kept as its field's type writes
// it; under a name that no field has it is a text.
func (e *Edit) setFields(c *crm.Contact, s *State, news map[string]any) error {
	fields := maps.Clone(c.Fields)
	if fields == nil {
		fields = make(map[string]string, len(e.Fields))
	}
	var changed []string
	for _, name := range slices.Sorted(maps.Keys(e.Fields)) {
		old, had := fields[name]
		value := e.Fields[name]
		if value != nil && (!had || old != *value) {
			normal, err := fieldValue(s.Fields, name, *value, s.Region)
			if err != nil {
				return err
			}
			value = &normal
		}
		switch {
		case value == nil && had:
			delete(fields, name)
		case value != nil && (!had || old != *value):
			fields[name] = *value
		default:
			continue
		}
		changed = append(changed, name)
	}
	if len(changed) == 0 {
		return nil
	}
	if len(fields) > MaxFields {
		return invalid("fields", "A contact may have at most %d fields.", MaxFields)
	}
	c.Fields, news["fields"] = fields, changed
	return nil
}

// setTags puts tags on and then takes tags off: one that is named twice goes.
func (e *Edit) setTags(c *crm.Contact, s *State, news map[string]any) error {
	if err := e.tagsThere(s); err != nil {
		return err
	}
	before := slices.Clone(c.Tags)
	for _, id := range e.AddTags {
		if !slices.Contains(c.Tags, id) {
			c.Tags = append(c.Tags, id)
		}
	}
	c.Tags = slices.DeleteFunc(c.Tags, func(id crm.TagID) bool { return slices.Contains(e.RemoveTags, id) })
	if added := without(c.Tags, before); len(added) > 0 {
		news["tags_added"] = added
	}
	if removed := without(before, c.Tags); len(removed) > 0 {
		news["tags_removed"] = removed
	}
	return nil
}

// tagsThere returns NotFound if a tag to put on is not the workspace's.
func (e *Edit) tagsThere(s *State) error {
	for _, id := range e.AddTags {
		if !slices.ContainsFunc(s.Tags, func(t *crm.Tag) bool { return t.ID == id }) {
			return missing("tag")
		}
	}
	return nil
}

// without returns the ids of a that are not in b.
func without(a, b []crm.TagID) []crm.TagID {
	return slices.DeleteFunc(slices.Clone(a), func(id crm.TagID) bool { return slices.Contains(b, id) })
}
