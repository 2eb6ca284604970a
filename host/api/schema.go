package api

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"time"
	"unicode"

	"github.com/my21staff/my21staff/crm"
)

// schemas makes JSON schemas (2020-12, as OpenAPI 3.1 uses them) of Go types,
// from the same tags that encode and decode them. Named structs become
// components.
type schemas struct{ components object }

// contents are the types that a message's content may have.
var contents = []reflect.Type{
	reflect.TypeFor[crm.Text](), reflect.TypeFor[crm.Media](), reflect.TypeFor[crm.Location](), reflect.TypeFor[crm.Contacts](),
	reflect.TypeFor[crm.Interactive](), reflect.TypeFor[crm.Choice](), reflect.TypeFor[crm.FlowReply](), reflect.TypeFor[crm.Reaction](),
	reflect.TypeFor[crm.Order](), reflect.TypeFor[crm.System](), reflect.TypeFor[crm.FilledTemplate](), reflect.TypeFor[crm.Unsupported](),
}

var (
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	rawType       = reflect.TypeFor[json.RawMessage]()
	numberType    = reflect.TypeFor[json.Number]()
	plainType     = reflect.TypeFor[Plain]()
	contentType   = reflect.TypeFor[crm.Content]()
	times         = map[reflect.Type]bool{reflect.TypeFor[stamp](): true, reflect.TypeFor[time.Time](): true}
)

// anyJSON is the schema of whatever JSON there is.
var anyJSON = object{"type": []string{"array", "boolean", "null", "number", "object", "string"}}

// of returns the schema of a type.
func (s *schemas) of(t reflect.Type) object {
	switch {
	case times[t]:
		return object{"type": "string", "format": "date-time"}
	case words[t] != nil:
		return object{"type": "string", "enum": words[t]}
	case t == rawType, t == plainType:
		return anyJSON
	case t == numberType:
		return object{"type": "number"}
	case t == contentType:
		return s.anyContent()
	case t.Kind() == reflect.Array && t.Implements(textMarshaler):
		return idSchema
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Struct:
		return s.component(t)
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.element(t.Elem())}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	default:
		return object{"type": "string"}
	}
}

// element is the schema of a map's element, where a pointer may be null.
func (s *schemas) element(t reflect.Type) object {
	if t.Kind() == reflect.Pointer {
		return orNull(s.of(t))
	}
	return s.of(t)
}

// component makes a schema of a struct once and returns a reference to it.
func (s *schemas) component(t reflect.Type) object {
	name := schemaName(t)
	if _, made := s.components[name]; !made {
		s.components[name] = nil // a type that holds itself meets its own name
		s.components[name] = s.structure(t)
	}
	return object{"$ref": "#/components/schemas/" + name}
}

// structure is the schema of a struct: no field beside those named; a pointer
// that is always there may be null.
func (s *schemas) structure(t reflect.Type) object {
	properties, required := object{}, []string{}
	for _, f := range fieldsOf(t) {
		property := s.of(f.typ)
		nullable := f.typ.Kind() == reflect.Pointer || f.typ == contentType || f.typ == rawType
		if f.clear || nullable && !f.optional {
			property = orNull(property)
		}
		if f.about != "" {
			property = with(property, "description", f.about)
		}
		properties[f.name] = property
		if !f.optional {
			required = append(required, f.name)
		}
	}
	schema := object{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema
}

// anyContent is the schema of what a message may hold.
func (s *schemas) anyContent() object {
	var refs []object
	for _, t := range contents {
		refs = append(refs, s.component(t))
	}
	return object{"anyOf": refs}
}

// orNull returns the schema that also allows null.
func orNull(schema object) object {
	if kind, ok := schema["type"].(string); ok && schema["enum"] == nil {
		return with(schema, "type", []string{kind, "null"})
	}
	if _, ok := schema["type"].([]string); ok { // any JSON, null too
		return schema
	}
	return object{"anyOf": []object{schema, {"type": "null"}}}
}

// with returns a copy of the schema with one more keyword.
func with(schema object, key string, value any) object {
	copied := object{key: value}
	for k, v := range schema {
		if k != key {
			copied[k] = v
		}
	}
	return copied
}

// schemaName is what a type is called in the description: "Conversation" for
// conversationView, "TextContent" for crm.Text, "ContactPage" for a page of
// contacts.
func schemaName(t reflect.Type) string {
	name := t.Name()
	if rows, ok := t.FieldByName("Data"); ok && strings.HasPrefix(name, "page[") {
		return schemaName(rows.Type.Elem()) + "Page"
	}
	name = strings.TrimSuffix(name, "View")
	for _, content := range contents {
		if t == content {
			name += "Content"
		}
	}
	return string(unicode.ToUpper(rune(name[0]))) + name[1:]
}
