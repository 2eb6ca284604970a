package storetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
)

// same fails the test if got is not want, and says where they differ. What a
// store may choose is not a difference: nil or empty, a time's location, the
// order of a contact's tags, white space and order in JSON, and the number a
// store gives to a message.
func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if found := differences(got, want); len(found) > 0 {
		t.Errorf("%s:\n\t%s", what, strings.Join(found, "\n\t"))
	}
}

// differences returns a sentence for each place where two values differ, at
// most ten.
func differences(got, want any) []string {
	d := &differ{}
	d.compare("", reflect.ValueOf(got), reflect.ValueOf(want))
	return d.found
}

// everyField fails the test if a field of an example is empty, or is what it was
// before (nil: nothing was): a store that loses it would pass. But are the paths of
// those that cannot be otherwise.
func everyField(t *testing.T, what string, example, before any, but ...string) {
	t.Helper()
	now := reflect.Indirect(reflect.ValueOf(example))
	old := reflect.Zero(now.Type())
	if before != nil {
		old = reflect.Indirect(reflect.ValueOf(before))
	}
	var walk func(path string, now, old reflect.Value)
	walk = func(path string, now, old reflect.Value) {
		for i := range now.NumField() {
			field, path := now.Type().Field(i), path+now.Type().Field(i).Name
			switch now, old := now.Field(i), old.Field(i); {
			case slices.Contains(but, path):
			case now.IsZero():
				t.Errorf("%s: no test would miss %s, which is empty", what, path)
			case field.Type.Kind() == reflect.Struct && field.Type != reflect.TypeFor[time.Time]():
				walk(path+".", now, old)
			case reflect.DeepEqual(now.Interface(), old.Interface()):
				t.Errorf("%s: no test would miss %s, which stays %+v", what, path, now)
			}
		}
	}
	walk("", now, old)
}

type differ struct{ found []string }

func (d *differ) report(path string, got, want any) {
	if len(d.found) < 10 {
		d.found = append(d.found, fmt.Sprintf("%s is %+v, want %+v", strings.TrimPrefix(path, "."), got, want))
	}
}

// compare adds what differs below path.
func (d *differ) compare(path string, got, want reflect.Value) {
	switch {
	case !got.IsValid() || !want.IsValid():
		if got.IsValid() != want.IsValid() {
			d.report(path, got, want)
		}
		return
	case got.Type() != want.Type():
		d.report(path, got.Type(), want.Type())
		return
	}
	switch w := want.Interface().(type) {
	case time.Time:
		if g := got.Interface().(time.Time); !g.Equal(w) {
			d.report(path, g, w)
		}
	case crm.Secret:
		if g := got.Interface().(crm.Secret); g != w {
			d.report(path, fmt.Sprintf("%q", string(g)), fmt.Sprintf("%q", string(w)))
		}
	case *lead.Rules:
		if g := got.Interface().(*lead.Rules); g != w && (g == nil || w == nil || !bytes.Equal(g.Encode(), w.Encode())) {
			d.report(path, named(g), named(w))
		}
	case json.RawMessage:
		d.compareJSON(path, got.Bytes(), w)
	case []crm.TagID:
		d.compareKind(path, reflect.ValueOf(sorted(got.Interface().([]crm.TagID))), reflect.ValueOf(sorted(w)))
	default:
		d.compareKind(path, got, want)
	}
}

// named names rules, which are too long to show.
func named(r *lead.Rules) string {
	if r == nil {
		return "no rules"
	}
	return fmt.Sprintf("version %d, %s", r.Version(), r.Document().Name)
}

// compareKind compares two values of one type by its parts.
func (d *differ) compareKind(path string, got, want reflect.Value) {
	switch want.Kind() {
	case reflect.Pointer, reflect.Interface:
		if got.IsNil() || want.IsNil() {
			if got.IsNil() != want.IsNil() {
				d.report(path, got, want)
			}
			return
		}
		d.compare(path, got.Elem(), want.Elem())
	case reflect.Struct:
		d.compareFields(path, got, want)
	case reflect.Slice:
		if got.Len() != want.Len() {
			d.report(path+" length", got.Len(), want.Len())
			return
		}
		for i := range want.Len() {
			d.compare(fmt.Sprintf("%s[%d]", path, i), got.Index(i), want.Index(i))
		}
	case reflect.Map:
		if got.Len() != want.Len() {
			d.report(path+" length", got.Len(), want.Len())
		}
		for _, key := range want.MapKeys() {
			d.compare(fmt.Sprintf("%s[%v]", path, key), got.MapIndex(key), want.MapIndex(key))
		}
	default:
		if g, w := got.Interface(), want.Interface(); g != w {
			d.report(path, fmt.Sprintf("%#v", g), fmt.Sprintf("%#v", w))
		}
	}
}

// compareFields compares two structs. Bytes are compared as they are, but for
// those that hold JSON.
func (d *differ) compareFields(path string, got, want reflect.Value) {
	for i := range want.NumField() {
		field := want.Type().Field(i)
		at := path + "." + field.Name
		g, w := got.Field(i), want.Field(i)
		switch {
		case field.Name == "Ingest":
		case field.Name == "Data" || field.Name == "Components":
			d.compareJSON(at, g.Bytes(), w.Bytes())
		case field.Type == reflect.TypeFor[[]byte]():
			if !bytes.Equal(g.Bytes(), w.Bytes()) {
				d.report(at, fmt.Sprintf("%q", g.Bytes()), fmt.Sprintf("%q", w.Bytes()))
			}
		default:
			d.compare(at, g, w)
		}
	}
}

// compareJSON compares what two JSON texts say, numbers digit for digit.
func (d *differ) compareJSON(path string, got, want []byte) {
	if bytes.Equal(got, want) || len(got)+len(want) == 0 {
		return
	}
	g, gotErr := decodeJSON(got)
	w, wantErr := decodeJSON(want)
	if gotErr != nil || wantErr != nil || !reflect.DeepEqual(g, w) {
		d.report(path, string(got), string(want))
	}
}

func decodeJSON(text []byte) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	err = decoder.Decode(&value)
	return value, err
}

// sorted returns the ids in order, in a slice of its own.
func sorted[T any](ids []crm.ID[T]) []crm.ID[T] {
	return slices.SortedFunc(slices.Values(ids), crm.ID[T].Compare)
}
