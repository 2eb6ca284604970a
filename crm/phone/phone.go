// Package phone reads phone numbers: what people type into E.164, and a number
// into the identities under which a contact with it may be stored.
//
// It knows three things a phone library does not: WhatsApp's own ids need not
// be valid numbers (Mexico's 521, Brazil without the ninth digit), people dial
// abroad with Indonesian prefixes, and a business-scoped user id is no number.
package phone

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"github.com/my21staff/my21staff/crm"
)

// How many digits a number with its country code has: the shortest the library
// knows, and the most that E.164 allows.
const (
	minDigits = 6
	maxDigits = 15
)

// maxText bounds what is read: a number with all its dashes is far shorter.
const maxText = 64

// FromWaID returns WhatsApp's digits as E.164: a plus before them. Whether a
// phone library calls the number valid is not asked, for somebody wrote from it.
// It returns "" for what is not 6 to 15 ASCII digits or begins with a zero.
func FromWaID(waID string) string {
	if len(waID) < minDigits || len(waID) > maxDigits || waID[0] == '0' {
		return ""
	}
	for i := range len(waID) {
		if waID[i] < '0' || waID[i] > '9' {
			return ""
		}
	}
	return "+" + waID
}

// Digits returns the decimal digits of text as ASCII, in any script, and
// nothing else.
func Digits(text string) string { return phonenumbers.NormalizeDigitsOnly(text) }

// Parse reads a number as a person types it, in a region ("ID") that says what
// a number without a country code means, and returns it as E.164. Digits may
// stand in any script, between spaces, dashes, dots, slashes and brackets.
//
// The readings are tried in this order, and the first valid one wins: as dialled
// in the region; behind an international prefix (00, and Indonesia's 001, 007,
// 008, 009 and 01017), which people use wherever they are; as a country code
// whose plus was left out. Valid is what the library or WhatsApp takes for a
// number; if no reading is, the first of a possible length does, because
// numbering plans change before libraries do. Parse of its own result is the
// result.
//
// [crm.Invalid] if the text cannot be a number: letters, too few or too many
// digits, an unknown country code.
func Parse(text, region string) (string, error) {
	typed, err := read(text)
	if err != nil {
		return "", err
	}
	region = strings.ToUpper(region)
	if e164 := typed.indonesianMobile(region); e164 != "" {
		return e164, nil
	}
	return typed.byLibrary(text, region)
}

// indonesianMobile returns the number if it is an Indonesian mobile one as the
// library's metadata have them (8 and neither 0 nor 4, up to twelve digits without the
// 0), and "" for any other. Those of nine digits are left to the library, which may take
// an unmarked 62 for an area code. Nearly all numbers here are one, and it takes 50 µs
// to say so.
func (t entry) indonesianMobile(region string) string {
	national, found := "", false
	if t.plus || region == "ID" {
		national, found = strings.CutPrefix(t.digits, "62")
	}
	if !t.plus && region == "ID" && !found {
		national, found = strings.CutPrefix(t.digits, "0")
	}
	if !found || len(national) < 10 || len(national) > 12 || national[0] != '8' || national[1] == '0' || national[1] == '4' {
		return ""
	}
	return "+62" + national
}

// byLibrary is Parse as the library sees it; text is what was typed.
func (t entry) byLibrary(text, region string) (string, error) {
	possible := ""
	for _, reading := range t.readings() {
		number, e164 := parse(reading, region)
		switch {
		case FromWaID(strings.TrimPrefix(e164, "+")) == "":
		case phonenumbers.IsValidNumber(number), live(e164):
			return e164, nil
		case possible == "" && phonenumbers.IsPossibleNumberWithReason(number) == phonenumbers.IS_POSSIBLE:
			// The library may keep a trunk zero here that it drops from its own result.
			if _, again := parse(e164, region); again == e164 {
				possible = e164
			}
		}
	}
	if possible == "" {
		return "", invalid("%q is not a phone number.", text)
	}
	return possible, nil
}

// parse returns the library's reading, as a number and as E.164; nil and "" if
// it has none.
func parse(text, region string) (*phonenumbers.PhoneNumber, string) {
	number, err := phonenumbers.Parse(text, region)
	if err != nil {
		return nil, ""
	}
	return number, phonenumbers.Format(number, phonenumbers.E164)
}

// entry is a number as typed, without what only separates.
type entry struct {
	digits string
	plus   bool // the country code is marked
}

// prefixes are what is dialled before a country code: the ITU's, then
// Indonesia's carriers'.
var prefixes = []string{"00", "001", "007", "008", "009", "01017"}

// readings lists what the digits may mean, likeliest first, in the library's
// spelling: with a plus and a country code, or as dialled in the region.
func (t entry) readings() []string {
	if t.plus {
		return []string{"+" + t.digits}
	}
	var abroad []string
	for _, prefix := range prefixes {
		if rest, found := strings.CutPrefix(t.digits, prefix); found {
			abroad = append(abroad, "+"+rest)
		}
	}
	switch {
	case strings.HasPrefix(t.digits, "00"):
		return append(abroad, t.digits)
	case strings.HasPrefix(t.digits, "0"):
		return append([]string{t.digits}, abroad...)
	default:
		return []string{t.digits, "+" + t.digits}
	}
}

// read takes a text apart.
func read(text string) (entry, error) {
	if len(text) > maxText {
		return entry{}, invalid("%.20q… is too long for a phone number.", text)
	}
	var t entry
	digits := make([]byte, 0, maxText)
	for _, r := range strings.TrimPrefix(text, "tel:") {
		switch {
		case '0' <= r && r <= '9':
			digits = append(digits, byte(r))
		case unicode.IsDigit(r):
			digits = append(digits, Digits(string(r))...)
		case separates(r):
		case (r == '+' || r == '＋') && !t.plus && len(digits) == 0:
			t.plus = true
		default:
			return entry{}, invalid("%q is not a phone number: %q does not belong in one.", text, r)
		}
	}
	if t.digits = string(digits); t.digits == "" {
		return entry{}, invalid("%q is not a phone number: it has no digits.", text)
	}
	return t, nil
}

// separates reports whether people put r between digits. Address books and web
// pages add marks that nobody sees.
func separates(r rune) bool {
	return unicode.IsSpace(r) || unicode.In(r, unicode.Z, unicode.Pd, unicode.Ps, unicode.Pe, unicode.Cf) ||
		r == '.' || r == '/' || r == '−'
}

func invalid(format string, args ...any) error {
	return &crm.Error{Op: "parse phone number", Code: crm.Invalid, Msg: fmt.Sprintf(format, args...)}
}
