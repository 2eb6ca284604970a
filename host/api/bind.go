package api

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/my21staff/my21staff/host/problem"
)

// maxFieldErrors is how many faults of one request are named.
const maxFieldErrors = 20

// bind reads JSON into target, a pointer to a struct, more strictly than
// encoding/json: names match exactly, an unknown or missing field and a null
// where there is none are faults, and every fault names its field.
//
// Whether a field may be missing or null, its tags say: json's omitempty, and
// null:"clear" on a pointer, which then points to the zero value.
func bind(raw json.RawMessage, target any) []problem.Field {
	b := binder{}
	b.value("", raw, reflect.ValueOf(target).Elem())
	return b.bad
}

type binder struct{ bad []problem.Field }

func (b *binder) fault(path, code, detail string) {
	if path == "" {
		path = "body"
	}
	if len(b.bad) < maxFieldErrors {
		b.bad = append(b.bad, problem.Field{Field: path, Code: code, Detail: detail})
	}
}

// value reads raw into v.
func (b *binder) value(path string, raw json.RawMessage, v reflect.Value) {
	switch target := v.Addr().Interface().(type) {
	case *json.RawMessage:
		*target = bytes.Clone(raw)
		return
	case *time.Time:
		b.time(path, raw, target)
		return
	case encoding.TextUnmarshaler:
		b.id(path, raw, target)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		b.value(path, raw, v.Elem())
	case reflect.Struct:
		b.object(path, raw, v)
	case reflect.Slice:
		b.list(path, raw, v)
	case reflect.Map:
		b.table(path, raw, v)
	default:
		b.scalar(path, raw, v)
	}
}

// object reads an object into a struct.
func (b *binder) object(path string, raw json.RawMessage, v reflect.Value) {
	members, ok := b.members(path, raw)
	if !ok {
		return
	}
	for _, f := range fieldsOf(v.Type()) {
		member, given := members[f.name]
		delete(members, f.name)
		switch {
		case given && isNull(member) && f.clear:
			v.FieldByIndex(f.index).Set(reflect.New(f.typ.Elem()))
		case given && isNull(member):
			b.fault(join(path, f.name), problem.WrongType, "It must not be null.")
		case given:
			b.value(join(path, f.name), member, v.FieldByIndex(f.index))
		case !f.optional:
			b.fault(join(path, f.name), problem.MissingField, "It is missing.")
		}
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		b.fault(join(path, fmt.Sprintf("%.64s", name)), problem.UnknownField, "There is no such field.")
	}
}

// table reads an object with any names into a map; a null is a nil value.
func (b *binder) table(path string, raw json.RawMessage, v reflect.Value) {
	members, ok := b.members(path, raw)
	if !ok {
		return
	}
	v.Set(reflect.MakeMapWithSize(v.Type(), len(members)))
	for _, name := range slices.Sorted(maps.Keys(members)) {
		element := reflect.New(v.Type().Elem()).Elem()
		switch null := isNull(members[name]); {
		case null && element.Kind() != reflect.Pointer:
			b.fault(join(path, name), problem.WrongType, "It must not be null.")
		case !null:
			b.value(join(path, name), members[name], element)
		}
		v.SetMapIndex(reflect.ValueOf(name), element)
	}
}

func (b *binder) list(path string, raw json.RawMessage, v reflect.Value) {
	var elements []json.RawMessage
	if json.Unmarshal(raw, &elements) != nil {
		b.fault(path, problem.WrongType, "It must be an array.")
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(elements), len(elements)))
	for i, element := range elements {
		place := fmt.Sprintf("%s[%d]", path, i)
		if isNull(element) {
			b.fault(place, problem.WrongType, "It must not be null.")
			continue
		}
		b.value(place, element, v.Index(i))
	}
}

func (b *binder) members(path string, raw json.RawMessage) (map[string]json.RawMessage, bool) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(raw, &members); err != nil || members == nil {
		b.fault(path, problem.WrongType, "It must be an object.")
		return nil, false
	}
	return members, true
}

var scalarNames = map[reflect.Kind]string{
	reflect.String: "a string", reflect.Bool: "true or false", reflect.Float64: "a number", reflect.Int: "a whole number",
}

// scalar reads a string, a number or a boolean; of a type that has words, one of
// them.
func (b *binder) scalar(path string, raw json.RawMessage, v reflect.Value) {
	if json.Unmarshal(raw, v.Addr().Interface()) != nil {
		b.fault(path, problem.WrongType, "It must be "+scalarNames[v.Kind()]+".")
		return
	}
	if known := words[v.Type()]; known != nil && !slices.Contains(known, v.String()) {
		b.fault(path, problem.BadValue, "It must be one of "+strings.Join(known, ", ")+".")
	}
}

func (b *binder) id(path string, raw json.RawMessage, target encoding.TextUnmarshaler) {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		b.fault(path, problem.WrongType, "It must be a string.")
	} else if text == "" || target.UnmarshalText([]byte(text)) != nil {
		b.fault(path, problem.BadValue, "It must be an id.")
	}
}

func (b *binder) time(path string, raw json.RawMessage, target *time.Time) {
	var text string
	if json.Unmarshal(raw, &text) != nil {
		b.fault(path, problem.WrongType, "It must be a string.")
		return
	}
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || t.Year() < 1970 || t.Year() > 9999 {
		b.fault(path, problem.BadValue, "It must be a time like 2026-11-02T08:00:00Z.")
	}
	*target = t.UTC().Truncate(time.Millisecond)
}

func isNull(raw json.RawMessage) bool { return string(raw) == "null" }

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// field is what a struct's field is called in JSON, and what its tags say.
type field struct {
	name     string
	about    string
	index    []int
	typ      reflect.Type
	optional bool
	clear    bool
}

// fieldsOf lists the fields of a struct that stand in JSON, with those of
// embedded structs.
func fieldsOf(t reflect.Type) []field {
	var fields []field
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || name == "-" {
			continue
		}
		fields = append(fields, field{
			name: name, about: f.Tag.Get("about"), index: f.Index, typ: f.Type,
			optional: strings.HasPrefix(options, "omit"), clear: f.Tag.Get("null") == "clear",
		})
	}
	return fields
}
