package filter

import (
	"slices"
	"strings"

	"github.com/my21staff/my21staff/crm"
)

// Type is what a field holds, and decides its operators.
type Type string

// The types.
const (
	Text     Type = "text"     // compared folded
	Identity Type = "identity" // compared as it is stored
	Word     Type = "word"     // one word; of a closed set, if the field has Choices
	Number   Type = "number"
	Date     Type = "date" // a day
	Moment   Type = "moment"
	Bool     Type = "bool"
	Tag      Type = "tag"
	Member   Type = "member"
)

// Types lists every type.
var Types = []Type{Text, Identity, Word, Number, Date, Moment, Bool, Tag, Member}

// Op is an operator.
type Op string

// The operators.
const (
	Is         Op = "is"
	IsNot      Op = "is_not"
	AnyOf      Op = "any_of"
	NoneOf     Op = "none_of"
	AllOf      Op = "all_of"
	Contains   Op = "contains"
	NotContain Op = "not_contains"
	StartsWith Op = "starts_with"
	IsSet      Op = "is_set"
	IsNotSet   Op = "is_not_set"
	LessThan   Op = "less_than"
	MoreThan   Op = "more_than"
	AtMost     Op = "at_most"
	AtLeast    Op = "at_least"
	Between    Op = "between"
	Before     Op = "before"
	After      Op = "after"
	On         Op = "on"
	InLast     Op = "in_last"
	NotInLast  Op = "not_in_last"
	InNext     Op = "in_next"
)

// Operators are the operators of each type, in the order they are offered.
var Operators = map[Type][]Op{
	Text:     {Is, IsNot, Contains, NotContain, StartsWith, AnyOf, NoneOf, IsSet, IsNotSet},
	Identity: {Is, IsNot, Contains, NotContain, StartsWith, AnyOf, NoneOf, IsSet, IsNotSet},
	Word:     {Is, IsNot, AnyOf, NoneOf, IsSet, IsNotSet},
	Number:   {Is, IsNot, LessThan, MoreThan, AtMost, AtLeast, Between, IsSet, IsNotSet},
	Date:     {On, Before, After, Between, InLast, NotInLast, InNext, IsSet, IsNotSet},
	Moment:   {On, Before, After, Between, InLast, NotInLast, IsSet, IsNotSet},
	Bool:     {Is, IsNot, IsSet, IsNotSet},
	Tag:      {Is, IsNot, AnyOf, NoneOf, AllOf, IsSet, IsNotSet},
	Member:   {Is, IsNot, AnyOf, NoneOf, IsSet, IsNotSet},
}

// Place says where a field's values are.
type Place string

// The places. InField and InIdentity have a key beside them: the custom field's,
// and the kind of the identity.
const (
	InName        Place = "name" // any name, number or address the contact goes by
	InIdentity    Place = "identity"
	InField       Place = "field"
	InStatus      Place = "lead_status"
	InTemperature Place = "temperature"
	InSource      Place = "source" // the kind of source
	InOptOut      Place = "opted_out"
	InBlocked     Place = "blocked"
	InCreated     Place = "created_at"
	InUpdated     Place = "updated_at"
	InTag         Place = "tag"
	InLastMessage Place = "last_message_at"     // of all the contact's conversations
	InAssignee    Place = "assignee"            // of any of them
	InThread      Place = "conversation_status" // of any of them
)

// Field is something a condition may be about.
type Field struct {
	Name    string // in expressions; "fields." and the key for a custom one
	Label   string // of a custom field
	Type    Type
	Choices []string // nil: any word
	Place   Place
	Key     string
}

// builtin are the fields that every contact has.
var builtin = []Field{
	{Name: "name", Type: Text, Place: InName},
	{Name: "phone", Type: Identity, Place: InIdentity, Key: string(crm.ByPhone)},
	{Name: "wa_id", Type: Identity, Place: InIdentity, Key: string(crm.ByWaID)},
	{Name: "user_id", Type: Identity, Place: InIdentity, Key: string(crm.ByUserID)},
	{Name: "email", Type: Identity, Place: InIdentity, Key: string(crm.ByEmail)},
	{Name: "external_id", Type: Identity, Place: InIdentity, Key: string(crm.ByExternal)},
	{Name: "lead_status", Type: Word, Place: InStatus},
	{Name: "temperature", Type: Word, Place: InTemperature, Choices: []string{string(crm.Hot), string(crm.Warm), string(crm.Cold)}},
	{Name: "source", Type: Word, Place: InSource},
	{Name: "opted_out", Type: Bool, Place: InOptOut},
	{Name: "blocked", Type: Bool, Place: InBlocked},
	{Name: "created_at", Type: Moment, Place: InCreated},
	{Name: "updated_at", Type: Moment, Place: InUpdated},
	{Name: "tag", Type: Tag, Place: InTag},
	{Name: "last_message_at", Type: Moment, Place: InLastMessage},
	{Name: "assignee", Type: Member, Place: InAssignee},
	{Name: "conversation_status", Type: Word, Place: InThread,
		Choices: []string{string(crm.Open), string(crm.Pending), string(crm.Snoozed), string(crm.Resolved)}},
}

// customTypes says how a custom field's values are compared.
var customTypes = map[crm.FieldType]Type{
	crm.TextField: Text, crm.NumberField: Number, crm.DateField: Date, crm.BoolField: Bool,
	crm.ChoiceField: Word, crm.URLField: Text, crm.PhoneField: Text, crm.EmailField: Text,
}

// Schema is the fields that an expression of a workspace may name.
type Schema struct{ fields []Field }

// NewSchema returns the schema of a workspace with custom fields; archived ones
// can still be asked for.
func NewSchema(custom []*crm.Field) *Schema {
	s := &Schema{fields: slices.Clone(builtin)}
	for _, f := range custom {
		s.fields = append(s.fields, Field{
			Name: "fields." + f.Key, Label: f.Label, Type: customTypes[f.Type], Choices: f.Choices, Place: InField, Key: f.Key,
		})
	}
	return s
}

// Fields returns the fields in the order they are offered.
func (s *Schema) Fields() []Field { return slices.Clone(s.fields) }

func (s *Schema) field(name string) (Field, error) {
	for _, f := range s.fields {
		if f.Name == name {
			return f, nil
		}
	}
	if strings.HasPrefix(name, "fields.") {
		return Field{}, wrong("There is no custom field %.100q. Fields have to be defined before they can be asked for.", name)
	}
	return Field{}, wrong("There is no field %.100q.", name)
}
