package crm

import "time"

// FieldType is what a custom field holds.
type FieldType string

// The types of fields. Whatever the type, a contact keeps the value as a text in
// one spelling.
const (
	TextField   FieldType = "text"
	NumberField FieldType = "number" // a decimal: "50000000", "3.75"
	DateField   FieldType = "date"   // "2026-11-02"
	BoolField   FieldType = "bool"   // "true" or "false"
	ChoiceField FieldType = "choice" // one of Choices
	URLField    FieldType = "url"    // http or https
	PhoneField  FieldType = "phone"  // E.164
	EmailField  FieldType = "email"  // lower case
)

// Field is a field that a workspace gives its contacts. What a contact has under
// a name that no field has is kept as a text.
type Field struct {
	ID          FieldID
	WorkspaceID WorkspaceID
	Key         string    // under which Contact.Fields has the value; unique in the workspace, never changed
	Label       string    // what people read
	Type        FieldType // never changed: the values were checked by it
	Choices     []string  // of a choice, in order
	Position    int       // in the order of forms; ties by id
	ArchivedAt  time.Time // zero while it is offered; the values stay
	CreatedAt   time.Time
}
