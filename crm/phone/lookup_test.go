package phone_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/phone"
)

func TestLookup(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, region, want string }{
		{"0812 0000 0001", "ID", "+6281200000001"},
		{"0062 0812 0000 0001", "ID", "+6281200000001"},
		{"001 62 812 0000 0001", "ID", "+6281200000001"},
		{"6281200000001", "ID", "+6281200000001"},
		{"+52 1 55 5555 0100", "ID", "+5215555550100 +525555550100"},
		{"5215555550100", "ID", "+5215555550100 +525555550100"},
		{"+52 55 5555 0100", "ID", "+525555550100 +5215555550100"},
		{"+55 11 98765-4321", "ID", "+5511987654321 +551187654321"},
		{"+55 11 8765-4321", "ID", "+551187654321 +5511987654321"},
		{"+55 11 3555-0100", "ID", "+551135550100"},   // a landline never had a ninth digit
		{"+55 11 93555-0100", "ID", "+5511935550100"}, // and this mobile never was without it
		{"+54 9 11 5555-0100", "ID", "+5491155550100 +541155550100"},
		{"+54 11 5555-0100", "ID", "+541155550100"}, // may be a landline: not the reverse
		{"+62081200000001", "ID", "+6281200000001 +62081200000001"},
		{"+999 123456789", "ID", "+999123456789"}, // no such country; a sender may have it
		{"999123456789", "ID", "+62999123456789"},
		{"Budi", "ID", ""},
		{"123456789012345@lid", "ID", ""},
		{"", "ID", ""},
	} {
		var want []crm.Identity
		for _, e164 := range strings.Fields(c.want) {
			want = append(want, crm.Identity{Kind: crm.ByPhone, Value: e164}, crm.Identity{Kind: crm.ByWaID, Value: e164[1:]})
		}
		if got := phone.Lookup(c.text, c.region); !slices.Equal(got, want) {
			t.Errorf("Lookup(%q, %q) = %v, want %v", c.text, c.region, got, want)
		}
	}
}

func TestLookupOfUserIDs(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"US.13491208655302741918": true, "ID.aB3": true, "US.ENT.11815799212886844830": true,
		"US." + strings.Repeat("x", 128): true, "US." + strings.Repeat("x", 129): false,
		"US.": false, "US.ENT.": false, "us.1349": false, "USA.1349": false, "US.13-49": false, "US": false, "US.1.2": false,
	} {
		got := phone.Lookup(text, "ID")
		found := slices.Equal(got, []crm.Identity{{Kind: crm.ByUserID, Value: text}})
		if found != want || phone.IsUserID(text) != want || !want && got != nil {
			t.Errorf("Lookup(%q) = %v, want it taken for a user id: %t", text, got, want)
		}
	}
}

// TestLookupLaws: a look-up begins with what Parse says, and a sender is found by
// its id behind a plus, whatever a library says of the id.
func TestLookupLaws(t *testing.T) {
	t.Parallel()
	properties := gopter.NewProperties(nil)
	properties.Property("begins with Parse's number", prop.ForAll(lookupProblem, genTyped(), genRegion()))
	properties.Property("finds a sender", prop.ForAll(
		func(text, region string) bool {
			waID := phone.Digits(text)
			e164 := phone.FromWaID(waID)
			return e164 == "" || slices.Contains(phone.Lookup("+"+waID, region), crm.Identity{Kind: crm.ByWaID, Value: waID})
		}, genTyped(), genRegion()))
	properties.TestingRun(t)
}

// lookupProblem returns what is wrong with a look-up, or "".
func lookupProblem(text, region string) string {
	found := phone.Lookup(text, region)
	seen := map[crm.Identity]bool{}
	for _, id := range found {
		if seen[id] || id.Value == "" {
			return "an identity is there twice or empty"
		}
		seen[id] = true
		if id.Kind == crm.ByWaID && !seen[crm.Identity{Kind: crm.ByPhone, Value: phone.FromWaID(id.Value)}] {
			return id.Value + " has no phone number before it"
		}
	}
	if e164, err := phone.Parse(text, region); err == nil && (len(found) == 0 || found[0].Value != e164) {
		return e164 + " is not looked up first"
	}
	return ""
}

// TestLookupKeepsStrangersApart: of all example numbers, only the two spellings
// of one Mexican, Brazilian or Argentinian phone find each other.
func TestLookupKeepsStrangersApart(t *testing.T) {
	t.Parallel()
	file, err := os.Open(crmtest.Shared(t, "vectors", "libphonenumber", "examples_all.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	numbers := map[string]bool{}
	for _, row := range rows[1:] {
		numbers[row[4]] = true
	}
	for number := range numbers {
		for _, id := range phone.Lookup(number, "ID") {
			if id.Kind == crm.ByPhone && id.Value != number && numbers[id.Value] {
				t.Errorf("Lookup(%q) also finds %s, another example", number, id.Value)
			}
		}
	}
}

// TestLookupOfIndonesianNumbers: what is looked up without the library is what it
// would have said.
func TestLookupOfIndonesianNumbers(t *testing.T) {
	t.Parallel()
	properties := gopter.NewProperties(nil)
	properties.Property("as the library reads it", prop.ForAll(
		func(first uint8, rest uint64, digits uint8) bool {
			text := fmt.Sprintf("+62%d%012d", first%10, rest)[:len("+62")+4+int(digits%10)]
			var want []crm.Identity
			if e164, err := phone.Parse(text, ""); err == nil {
				want = phone.Spellings(e164)
			}
			for _, id := range []crm.Identity{{Kind: crm.ByPhone, Value: text}, {Kind: crm.ByWaID, Value: text[1:]}} {
				if !slices.Contains(want, id) {
					want = append(want, id)
				}
			}
			return slices.Equal(phone.Lookup(text, ""), want)
		}, gen.UInt8(), gen.UInt64Range(0, 999_999_999_999), gen.UInt8()))
	properties.TestingRun(t)
}

func FuzzLookup(f *testing.F) {
	for _, text := range []string{"0812-0000-0001", "+52 1 55 5555 0100", "+55 11 8765 4321", "+54 9 11 5555 0100", "US.1349", "+999123456789"} {
		f.Add(text, "ID")
	}
	f.Fuzz(func(t *testing.T, text, region string) {
		if why := lookupProblem(text, region); why != "" {
			t.Fatalf("Lookup(%q, %q): %s", text, region, why)
		}
	})
}

// TestSpellings: a number that was read is looked up as its text is.
func TestSpellings(t *testing.T) {
	t.Parallel()
	for _, number := range []string{"+6281200000001", "+525555550100", "+5215555550100", "+551187654321", "+5491155550100", "+541155550100"} {
		if got, want := phone.Spellings(number), phone.Lookup(number, "ID"); !slices.Equal(got, want) {
			t.Errorf("Spellings(%s) = %v, want %v", number, got, want)
		}
	}
}
