package crm_test

import (
	"reflect"
	"testing"

	"github.com/my21staff/my21staff/crm"
)

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
