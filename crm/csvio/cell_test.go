package csvio_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/csvio"
)

// vectors returns the strings of a file of test vectors.
func vectors(t *testing.T, into any, elem ...string) {
	t.Helper()
	data, err := os.ReadFile(crmtest.Shared(t, elem...))
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// checkCell returns what is wrong with how a value is written, or "": it must
// come back, and whatever program splits the file at whatever it likes must not
// find a cell that is a formula.
func checkCell(value string) string {
	for _, delimiter := range []byte{',', ';', '\t'} {
		for _, row := range [][]string{{value}, {"x", value, "y"}, {value, value}} {
			file := write([][]string{row}, delimiter)
			if got := readFirst(file, string(delimiter)); !slices.Equal(got, row) {
				return fmt.Sprintf("%q is written as %q and read as %q", row, file, got)
			}
			for _, other := range []string{",", ";", "\t"} {
				for _, cell := range sheet(file, other[0]) {
					if formula(cell, other[0] == delimiter) {
						return fmt.Sprintf("%q is written as %q, of which a program that splits at %q makes the formula %q", row, file, other, cell)
					}
				}
			}
		}
	}
	return ""
}

func readFirst(file, delimiter string) []string {
	r, err := csvio.Open(strings.NewReader(file), csvio.Options{Delimiter: delimiter, Header: &no})
	if err != nil {
		return nil
	}
	row, err := r.Read()
	if err != nil {
		return nil
	}
	return row.Cells
}

// sheet returns the cells that a spreadsheet sees, which quotes a cell only
// where a quote begins it.
func sheet(file string, delimiter byte) []string {
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(file, "\ufeff")))
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = rune(delimiter), true, -1
	rows, err := r.ReadAll()
	if err != nil {
		return []string{"=" + err.Error()}
	}
	return slices.Concat(rows...)
}

// formula reports whether a spreadsheet would calculate a cell. Where the file
// was split as it was meant to be, a sign is enough; where it was not, a sign
// before a number or a word is left alone, for it reaches for nothing.
func formula(cell string, meant bool) bool {
	lead, _ := utf8.DecodeRuneInString(cell)
	switch {
	case strings.ContainsRune("=@\t\r\n＝＠", lead) && meant, strings.ContainsRune("=@＝＠", lead):
		return cell != ""
	case strings.ContainsRune("+-＋－", lead):
		return meant || strings.ContainsAny(cell, "(|!")
	default:
		return false
	}
}

func TestFormulasAreNone(t *testing.T) {
	t.Parallel()
	var injections struct{ Cases []string }
	vectors(t, &injections, "vectors", "own", "csv_injection.json")
	var naughty []string
	vectors(t, &naughty, "vectors", "blns", "blns.json")
	if len(injections.Cases) < 20 || len(naughty) < 500 {
		t.Fatalf("%d and %d vectors, want 24 and 515", len(injections.Cases), len(naughty))
	}
	own := []string{
		"'=1", "''=1", "'", "''", "'0812", "'' 5", "' =1", `"=1`, `'"=1`, ` "'=1`, "a,'=1", "a;\"=1\"", "a;-cmd|x", "a;-1,cmd|x", "a\n- list\n- of things",
		"Rp 5.000,-", "+62 812 0000 0001, +62 812 0000 0002", "\u200b=1", "\v=1", "\x00=1", "=\"0812\"", "'=\"0812\"", "\ufeff=1", "a\rb\r\n=c",
	}
	for _, value := range slices.Concat(injections.Cases, naughty, own) {
		if why := checkCell(value); why != "" {
			t.Error(why)
		}
	}
}

func TestFormulasAreNoneByLaw(t *testing.T) {
	t.Parallel()
	parameters := gopter.DefaultTestParameters()
	parameters.MinSuccessfulTests = 1000
	properties := gopter.NewProperties(parameters)
	properties.Property("no cell is a formula, and each comes back", prop.ForAll(
		func(value string) string { return checkCell(strings.ToValidUTF8(value, "?")) }, gen.OneGenOf(genText(), gen.AnyString())))
	properties.TestingRun(t)
}

// TestEscapesOnlyFormulas: what a person reads in the file is what is stored
// wherever that is no formula.
func TestEscapesOnlyFormulas(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"Budi":                        "Budi",
		"'tis":                        "'tis",
		"Rp 5.000,-":                  `"Rp 5.000,-"`,
		"a\n- b\n- c":                 "\"a\n- b\n- c\"",
		"+6281200000001":              "'+6281200000001",
		"+62812, +62813":              `"'+62812, +62813"`,
		"-5":                          "'-5",
		"'-5":                         "''-5",
		"'0812":                       "''0812",
		"a;=1+1":                      `"a;'=1+1"`,
		`say "hi"`:                    `"say ""hi"""`,
		"":                            `""`,
		" a":                          `" a"`,
		"sep=;":                       `"sep=;"`,
		"\u200b=1":                    "'\u200b=1", // a reader may drop what nobody sees
		`"=1`:                         `"'""=1"`,
		" \v=1":                       "' \v=1",
		`x, -HYPERLINK("http://e.t")`: `"x,' -HYPERLINK(""http://e.t"")"`,
	} {
		if got := write([][]string{{value}}, ','); got != "\ufeff"+want+"\r\n" {
			t.Errorf("%q is written as %q, want %q", value, got, want)
		}
	}
}
