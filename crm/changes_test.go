package crm_test

import (
	"reflect"
	"testing"

	"github.com/my21staff/my21staff/crm"
)

// TestChangesAdd goes through every list of Changes, those added later too.
func TestChangesAdd(t *testing.T) {
	t.Parallel()
	var all crm.Changes
	lists := reflect.ValueOf(&all).Elem()
	for i := range lists.NumField() {
		lists.Field(i).Set(reflect.MakeSlice(lists.Field(i).Type(), 1, 1))
	}
	var changes crm.Changes
	changes.Add(all)
	changes.Add(all)
	for i := range lists.NumField() {
		if n := reflect.ValueOf(changes).Field(i).Len(); n != 2 {
			t.Errorf("%d of 2 %s are among the changes they are added to", n, lists.Type().Field(i).Name)
		}
	}
}

// TestChangesEmpty goes through every list of Changes, those added later too.
func TestChangesEmpty(t *testing.T) {
	t.Parallel()
	if changes := (crm.Changes{}); !changes.Empty() {
		t.Error("no changes are not empty")
	}
	for i := range reflect.TypeFor[crm.Changes]().NumField() {
		var changes crm.Changes
		field := reflect.ValueOf(&changes).Elem().Field(i)
		field.Set(reflect.MakeSlice(field.Type(), 1, 1))
		if changes.Empty() {
			t.Errorf("changes with %s are empty: nobody would write them", reflect.TypeFor[crm.Changes]().Field(i).Name)
		}
	}
}
