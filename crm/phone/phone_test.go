package phone_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/phone"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, region, want string }{
		{"081200000001", "ID", "+6281200000001"},
		{"0812-0000-0001", "ID", "+6281200000001"},
		{"0812.0000.0001", "ID", "+6281200000001"},
		{"0812/0000/0001", "ID", "+6281200000001"},
		{"(0812) 0000 0001", "ID", "+6281200000001"},
		{"+62 812 0000 0001", "ID", "+6281200000001"},
		{"(+62) 812 0000 0001", "ID", "+6281200000001"},
		{"+62 (0) 812 0000 0001", "ID", "+6281200000001"},
		{"tel:+62-812-0000-0001", "ID", "+6281200000001"},
		{"6281200000001", "ID", "+6281200000001"},
		{"81200000001", "ID", "+6281200000001"},
		{"+62081200000001", "ID", "+6281200000001"}, // trunk zero kept
		{"62 0812 0000 0001", "ID", "+6281200000001"},
		{"0062 812 0000 0001", "ID", "+6281200000001"},
		{"0062 0812 0000 0001", "ID", "+6281200000001"},
		{"001 62 812 0000 0001", "ID", "+6281200000001"},
		{"00762 812 0000 0001", "ID", "+6281200000001"},
		{"01017 62 812 0000 0001", "ID", "+6281200000001"},
		{"001 62 812 0000 0001", "SG", "+6281200000001"}, // dialled as at home, wherever they are
		{"6281200000001", "US", "+6281200000001"},
		{"081200000001", "id", "+6281200000001"},
		{"+62 812 0000 0001", "", "+6281200000001"},
		{"6281200000001", "", "+6281200000001"},
		{"+62 812 0000 0001", "XX", "+6281200000001"},
		{"\u202a+62\u00a0812\u20110000\u20110001\u202c", "ID", "+6281200000001"}, // as address books copy it
		{"＋６２ ８１２ ００００ ０００１", "ID", "+6281200000001"},
		{"٠٨١٢٠٠٠٠٠٠٠١", "ID", "+6281200000001"},
		{"0811123456", "ID", "+62811123456"},
		{"0855555555555", "ID", "+62855555555555"},
		{"08123456789012", "ID", "+628123456789012"}, // possible, if not valid
		{"0215551234", "ID", "+62215551234"},
		{"(021) 555-1234", "ID", "+62215551234"},
		{"0274512345", "ID", "+62274512345"},
		{"1500046", "ID", "+621500046"},
		{"0800123456", "ID", "+62800123456"},
		{"+1 (415) 555-0100", "ID", "+14155550100"},
		{"14155550100", "ID", "+14155550100"}, // a country code without its plus
		{"0014155550100", "ID", "+14155550100"},
		{"0062 999 12345", "ID", "+6299912345"}, // possible at best, and not +62 0062…
		{"(415) 555-0100", "US", "+14155550100"},
		{"+52 1 55 5555 0100", "ID", "+5215555550100"}, // as WhatsApp has it
		{"5215555550100", "ID", "+5215555550100"},
		{"55 5555 0100", "MX", "+525555550100"},
		{"551187654321", "ID", "+551187654321"}, // Brazil without the ninth digit
		{"5511987654321", "ID", "+5511987654321"},
		{"011 15-5555-0100", "AR", "+5491155550100"},
		{"+54 11 5555-0100", "ID", "+541155550100"},
	} {
		got, err := phone.Parse(c.text, c.region)
		if err != nil || got != c.want {
			t.Errorf("Parse(%q, %q) = %q, %v, want %q", c.text, c.region, got, err, c.want)
		}
	}
}

func TestParseRefusesWhatIsNoNumber(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"", " ", "+", "()", "tel:", "Budi", "14045", "0812", "+62 812", "+999 1234567", "1-800-FLOWERS",
		"US.13491208655302741918", "123456789012345@lid", "081200000001, 081200000002", "081200000001 ext 5",
		"0812 0000 0001 / 0812 0000 0002", "62+81200000001", "++6281200000001", "*123#", "0812\x00",
		"+6281200000001234567890", "0812\xff00000001",
		"001 1 3 2272", // the library reads +6201132272 and, of that, +621132272
		"00000000000000000000000000000000000000000000000000000000000000000000000000000000",
	} {
		if got, err := phone.Parse(text, "ID"); !errors.Is(err, crm.Invalid) {
			t.Errorf("Parse(%q) = %q, %v, want Invalid", text, got, err)
		}
	}
}

func TestFromWaID(t *testing.T) {
	t.Parallel()
	for waID, want := range map[string]string{
		"6281200000001":   "+6281200000001",
		"5215555550100":   "+5215555550100", // a library calls it impossible
		"551187654321":    "+551187654321",
		"999123456789":    "+999123456789", // no such country, and still a sender
		"989601":          "+989601",
		"123456789012345": "+123456789012345",

		"": "", "12345": "", "1234567890123456": "", "081200000001": "", "+6281200000001": "",
		"62812 0000001": "", "US.13491208655302741918": "", "٦٢٨١٢٠٠٠٠٠٠٠١": "",
	} {
		if got := phone.FromWaID(waID); got != want {
			t.Errorf("FromWaID(%q) = %q, want %q", waID, got, want)
		}
	}
}

func TestDigits(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"+62 (812) 0000-0001": "6281200000001", "abc": "", "٠٨١٢": "0812", "０８１２": "0812", "": "",
	} {
		if got := phone.Digits(text); got != want {
			t.Errorf("Digits(%q) = %q, want %q", text, got, want)
		}
	}
}

// TestExamples reads every example number of libphonenumber as its country
// writes it, as WhatsApp does, and as E.164.
func TestExamples(t *testing.T) {
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
	if len(rows) != 1148 {
		t.Fatalf("%d rows, want a head and 1147 numbers", len(rows))
	}
	for _, row := range rows[1:] {
		region, national, want := row[1], row[3], row[4]
		for _, text := range []string{want, national} {
			if text == national && region == "001" {
				continue // a number of no country has no national form
			}
			if got, err := phone.Parse(text, region); err != nil || got != want {
				t.Errorf("Parse(%q, %q) = %q, %v, want %q", text, region, got, err, want)
			}
		}
		if got := phone.FromWaID(want[1:]); got != want {
			t.Errorf("FromWaID(%q) = %q, want %q", want[1:], got, want)
		}
	}
}

// TestIndonesianMobiles: what Parse says of one by itself is what the library says, for
// every beginning and length near them.
func TestIndonesianMobiles(t *testing.T) {
	t.Parallel()
	const rest = "00000123456789"
	for beginning := 75; beginning < 100; beginning++ {
		for length := 5; length <= len(rest); length++ {
			national := fmt.Sprintf("%02d", beginning) + rest[:length]
			for _, text := range []string{"0" + national, "62" + national, "+62" + national, "620" + national, "+0" + national, national, "0062" + national} {
				for _, region := range []string{"id", "SG"} {
					got, err := phone.Parse(text, region)
					want, wantErr := phone.ByLibrary(text, region)
					if got != want || (err == nil) != (wantErr == nil) {
						t.Errorf("Parse(%q, %q) = %q, %v, the library says %q, %v", text, region, got, err, want, wantErr)
					}
				}
			}
		}
	}
}

// TestParseLaws: what Parse returns it returns again, in any region, and it has
// the form of a WhatsApp id behind a plus.
func TestParseLaws(t *testing.T) {
	t.Parallel()
	properties := gopter.NewProperties(nil)
	properties.Property("its own result is a fixed point", prop.ForAll(
		func(text, region, other string) string {
			got, err := phone.Parse(text, region)
			if err != nil {
				return ""
			}
			return fixedPoint(got, other)
		}, genTyped(), genRegion(), genRegion()))
	properties.TestingRun(t)
}

// fixedPoint returns why e164 is not what Parse makes of it, or "".
func fixedPoint(e164, region string) string {
	if phone.FromWaID(e164[1:]) != e164 {
		return e164 + " is not E.164"
	}
	again, err := phone.Parse(e164, region)
	if err != nil || again != e164 {
		return e164 + " is read as " + again + " in " + region
	}
	return ""
}

// genTyped makes texts that look like numbers, many of them in a country that
// has more than one spelling.
func genTyped() gopter.Gen {
	head := gen.OneConstOf("", "0", "00", "001 ", "+", "+62", "62", "62 0", "+521", "52", "+55", "+549", "54", "+1 ", "+39 0", "+49")
	return gopter.CombineGens(head, gen.RegexMatch(`[0-9][0-9 -]{0,3}[0-9]{2,12}`)).Map(
		func(parts []any) string { return parts[0].(string) + parts[1].(string) })
}

func genRegion() gopter.Gen {
	return gen.OneConstOf("ID", "MX", "BR", "AR", "US", "IT", "DE", "SG", "")
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"0812-0000-0001", "+62 812 0000 0001", "001 62 812 0000 0001", "5215555550100", "tel:+1 415 555 0100", "US.1349", "٠٨١٢"} {
		f.Add(text, "ID")
	}
	f.Fuzz(func(t *testing.T, text, region string) {
		got, err := phone.Parse(text, region)
		if err != nil {
			if !errors.Is(err, crm.Invalid) || got != "" {
				t.Fatalf("Parse(%q, %q) = %q, %v, want Invalid alone", text, region, got, err)
			}
			return
		}
		if why := fixedPoint(got, region); why != "" {
			t.Fatalf("Parse(%q, %q): %s", text, region, why)
		}
	})
}
