package people

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/filter"
	"github.com/my21staff/my21staff/crm/phone"
)

// The limits of custom fields.
const (
	MaxChoices = 100
	MaxChoice  = 80 // characters of a choice, and of a field's label
)

// Fields returns the workspace's custom fields in their order, archived ones
// too.
func (s *Service) Fields(ctx context.Context, p access.Principal) ([]*crm.Field, error) {
	const op = "list custom fields"
	if err := p.Check(access.ReadContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	list, err := s.store.Fields(ctx, p.WorkspaceID)
	return list, crm.Wrap(op, err)
}

// FieldEdit is what to change of a custom field; nil fields stay as they are.
type FieldEdit struct {
	Label    *string
	Choices  []string // nil: as they are. One that contacts have may go: they keep it
	Position *int
	Archived *bool
}

// AddField defines a field. Its key and type are never changed: what contacts
// have under the key is checked by the type from now on, and compared as that
// type by filters; what they have already stays. A key that a field has is
// Conflict.
func (s *Service) AddField(ctx context.Context, p access.Principal, key string, of crm.FieldType, e FieldEdit) (*crm.Field, error) {
	const op = "define a custom field"
	if err := p.Check(access.ManageLeads); err != nil {
		return nil, crm.Wrap(op, err)
	}
	key = strings.TrimSpace(key)
	if e.Label == nil {
		e.Label = &key
	}
	var made *crm.Field
	err := s.update(ctx, Need{WorkspaceID: p.WorkspaceID, Settings: true}, func(state *State) (crm.Changes, error) {
		made = &crm.Field{ID: crm.NewID[crm.Field](s.mint), WorkspaceID: p.WorkspaceID, Key: key, Type: of, CreatedAt: s.mint.Now()}
		if n := len(state.Fields); n > 0 {
			made.Position = state.Fields[n-1].Position + 1
		}
		if err := checkField(made, state.Fields); err != nil {
			return crm.Changes{}, err
		}
		return decideField(made, e, p.Actor, made.CreatedAt, true)
	})
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	return made, nil
}

// EditField changes a field. NotFound if there is none.
func (s *Service) EditField(ctx context.Context, p access.Principal, id crm.FieldID, e FieldEdit) (*crm.Field, error) {
	const op = "edit a custom field"
	if err := p.Check(access.ManageLeads); err != nil {
		return nil, crm.Wrap(op, err)
	}
	var changed *crm.Field
	err := s.update(ctx, Need{WorkspaceID: p.WorkspaceID, Settings: true}, func(state *State) (crm.Changes, error) {
		at := slices.IndexFunc(state.Fields, func(f *crm.Field) bool { return f.ID == id })
		if at < 0 {
			return crm.Changes{}, missing("field")
		}
		changed = state.Fields[at]
		return decideField(changed, e, p.Actor, s.mint.Now(), false)
	})
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	return changed, nil
}

var fieldTypes = []crm.FieldType{
	crm.TextField, crm.NumberField, crm.DateField, crm.BoolField, crm.ChoiceField, crm.URLField, crm.PhoneField, crm.EmailField,
}

// checkField checks what of a new field can never change.
func checkField(f *crm.Field, others []*crm.Field) error {
	if err := crm.CheckText("key", "The field's key", f.Key, 1, MaxFieldName); err != nil {
		return err
	}
	if !slices.Contains(fieldTypes, f.Type) {
		return invalid("type", "%q is not a type of field.", f.Type)
	}
	if len(others) >= MaxFields {
		return invalid("key", "A workspace may have at most %d fields.", MaxFields)
	}
	if slices.ContainsFunc(others, func(o *crm.Field) bool { return o.Key == f.Key }) {
		return &crm.Error{Op: "check key", Code: crm.Conflict, Reason: "key_taken", Msg: "There already is a field with the key " + f.Key + "."}
	}
	return nil
}

// decideField changes a field and says so in the feed.
func decideField(f *crm.Field, e FieldEdit, by crm.Actor, now time.Time, fresh bool) (crm.Changes, error) {
	before := *f
	if e.Label != nil {
		f.Label = strings.TrimSpace(*e.Label)
	}
	if e.Choices != nil {
		f.Choices = e.Choices
	}
	if e.Position != nil {
		f.Position = *e.Position
	}
	if e.Archived != nil && *e.Archived == f.ArchivedAt.IsZero() {
		f.ArchivedAt = time.Time{}
		if *e.Archived {
			f.ArchivedAt = now
		}
	}
	if err := checkForm(f); err != nil {
		return crm.Changes{}, err
	}
	same := f.Label == before.Label && slices.Equal(f.Choices, before.Choices) && f.Position == before.Position && f.ArchivedAt.Equal(before.ArchivedAt)
	if same && !fresh {
		return crm.Changes{}, nil
	}
	return crm.Changes{Fields: []*crm.Field{f}, Facts: []crm.Fact{{
		WorkspaceID: f.WorkspaceID, Kind: crm.FieldChanged, At: now, Actor: by,
		Data: data(map[string]any{"field_id": f.ID, "key": f.Key, "type": f.Type, "archived": !f.ArchivedAt.IsZero()}),
	}}}, nil
}

// checkForm checks what of a field may change.
func checkForm(f *crm.Field) error {
	if err := crm.CheckText("label", "The label", f.Label, 1, MaxFieldName); err != nil {
		return err
	}
	if f.Position < 0 || f.Position > 1_000_000 {
		return invalid("position", "The position must lie between 0 and 1000000.")
	}
	if f.Type != crm.ChoiceField {
		if len(f.Choices) > 0 {
			return invalid("choices", "Only a choice has choices.")
		}
		return nil
	}
	if len(f.Choices) == 0 || len(f.Choices) > MaxChoices {
		return invalid("choices", "A choice has 1 to %d choices.", MaxChoices)
	}
	seen := make(map[string]bool)
	for i, choice := range f.Choices {
		f.Choices[i] = strings.TrimSpace(choice)
		if err := crm.CheckText("choices", "A choice", f.Choices[i], 1, MaxChoice); err != nil {
			return err
		}
		if folded := filter.Fold(f.Choices[i]); seen[folded] {
			return invalid("choices", "The choice %q is there twice.", f.Choices[i])
		} else {
			seen[folded] = true
		}
	}
	return nil
}

// fieldValue returns a custom field's value as it is kept, or what is wrong
// with it. An empty value is kept as it is: somebody emptied the field.
func fieldValue(fields []*crm.Field, key, value, region string) (string, error) {
	at := slices.IndexFunc(fields, func(f *crm.Field) bool { return f.Key == key })
	if at < 0 || value == "" {
		return value, nil
	}
	f := fields[at]
	if !f.ArchivedAt.IsZero() {
		return "", invalid("fields", "The field %s is archived.", key)
	}
	if f.Type == crm.TextField {
		return value, nil
	}
	value = strings.TrimSpace(value)
	normal, ok := normalValue(f, value, region)
	if !ok {
		return "", invalid("fields", "The field %s is %s, which %q is not.", key, expected(f), value)
	}
	return normal, nil
}

var descriptions = map[crm.FieldType]string{
	crm.NumberField: "a number", crm.DateField: "a day such as 2026-11-02", crm.BoolField: "true or false",
	crm.URLField: "a link that starts with https:// or http://", crm.PhoneField: "a phone number", crm.EmailField: "an e-mail address",
}

func expected(f *crm.Field) string {
	if f.Type == crm.ChoiceField {
		return "one of " + strings.Join(f.Choices, ", ")
	}
	return descriptions[f.Type]
}

// yes and no, as people and spreadsheets write them in English and Indonesian.
var truths = map[string]string{
	"true": "true", "yes": "true", "ya": "true", "1": "true", "benar": "true",
	"false": "false", "no": "false", "tidak": "false", "0": "false", "salah": "false",
}

// normalValue writes a value as its field's type does, if it is of that type.
func normalValue(f *crm.Field, value, region string) (string, bool) {
	switch f.Type {
	case crm.NumberField:
		n, ok := filter.ParseNumber(value)
		return filter.FormatNumber(n), ok
	case crm.DateField:
		_, ok := filter.ParseDate(value, time.UTC)
		return value, ok && len(value) == len(time.DateOnly)
	case crm.BoolField:
		normal, ok := truths[strings.ToLower(value)]
		return normal, ok
	case crm.ChoiceField:
		at := slices.IndexFunc(f.Choices, func(choice string) bool { return filter.Fold(choice) == filter.Fold(value) })
		if at < 0 {
			return "", false
		}
		return f.Choices[at], true
	case crm.URLField:
		address, err := url.Parse(value)
		return value, err == nil && address.Host != "" && (address.Scheme == "https" || address.Scheme == "http")
	case crm.PhoneField:
		e164, err := phone.Parse(value, region)
		return e164, err == nil
	case crm.EmailField:
		value = strings.ToLower(value)
		return value, crm.CheckEmail("fields", value) == nil
	}
	return value, true
}
