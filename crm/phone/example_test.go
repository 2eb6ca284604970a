package phone_test

import (
	"fmt"

	"github.com/my21staff/my21staff/crm/phone"
)

// People type numbers as they dial them; the region says which country is meant.
func ExampleParse() {
	for _, text := range []string{"0812-0000-0001", "62 0812 0000 0001", "001 62 812 0000 0001", "+1 (415) 555-0100"} {
		number, err := phone.Parse(text, "ID")
		fmt.Println(number, err)
	}
	_, err := phone.Parse("Budi", "ID")
	fmt.Println(err)
	// Output:
	// +6281200000001 <nil>
	// +6281200000001 <nil>
	// +6281200000001 <nil>
	// +14155550100 <nil>
	// parse phone number: invalid: "Budi" is not a phone number: 'B' does not belong in one.
}

// One Mexican phone may be stored under either of two numbers.
func ExampleLookup() {
	for _, id := range phone.Lookup("+52 55 5555 0100", "ID") {
		fmt.Println(id.Kind, id.Value)
	}
	// Output:
	// phone +525555550100
	// wa_id 525555550100
	// phone +5215555550100
	// wa_id 5215555550100
}
