package filter_test

import (
	"fmt"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/filter"
)

// A filter is read against the fields a workspace has, and then asked of
// contacts, here in Go and in a store in SQL.
func Example() {
	schema := filter.NewSchema([]*crm.Field{{Key: "budget", Type: crm.NumberField}})
	e, err := filter.Decode([]byte(`{"and": [
		{"field": "lead_status", "op": "any_of", "value": ["new", "contacted"]},
		{"field": "fields.budget", "op": "at_least", "value": 50000000}
	]}`), schema)
	if err != nil {
		fmt.Println(err)
		return
	}
	test := e.Resolve(filter.Context{Now: time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)})
	for _, budget := range []string{"75000000", "9000000"} {
		contact := &crm.Contact{LeadStatus: "new", Fields: map[string]string{"budget": budget}}
		fmt.Println(budget, test.Match(filter.Subject{Contact: contact}))
	}
	_, err = filter.Decode([]byte(`{"field": "colour", "op": "is", "value": "red"}`), schema)
	fmt.Println(err)
	// Output:
	// 75000000 true
	// 9000000 false
	// read filter: invalid: invalid_filter: There is no field "colour".
}
