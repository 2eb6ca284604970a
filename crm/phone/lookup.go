package phone

import (
	"slices"
	"strings"

	"github.com/nyaruka/phonenumbers"

	"github.com/my21staff/my21staff/crm"
)

// Lookup returns the identities under which a contact with the number may be
// stored, the likeliest first, each once: the number that Parse reads, then the
// other spelling of it that WhatsApp uses or used, each as phone number and as
// WhatsApp's digits. A business-scoped user id ("US.1349…") is looked up as
// itself. Text that is neither finds nobody: nil.
//
// A contact that is found by another spelling keeps its own, and two that are
// found are still two people:
//
//   - Mexico: with and without the 1 of old mobile numbers, both ways.
//   - Brazil: with and without the ninth digit of mobile numbers, both ways. A
//     landline (its eight digits begin with 2 to 5) has no other spelling.
//   - Argentina: 549 also finds 54, and not the reverse: what was typed as 54
//     may be somebody else's landline (Chatwoot's rule).
func Lookup(text, region string) []crm.Identity {
	if IsUserID(text) {
		return []crm.Identity{{Kind: crm.ByUserID, Value: text}}
	}
	if indonesian(text) {
		return both(nil, text)
	}
	var found []crm.Identity
	if e164, err := Parse(text, region); err == nil {
		found = Spellings(e164)
	}
	// Digits behind a plus are also looked up as they stand: a sender whose id
	// no library can read is stored under it.
	if typed, err := read(text); err == nil && typed.plus {
		found = both(found, FromWaID(typed.digits))
	}
	return found
}

// indonesian reports whether text is an Indonesian number in E.164 whose only
// spelling is itself, whatever the library says of it. Most senders are, and to ask
// the library is the dearest step in taking a message in (50 µs).
func indonesian(text string) bool {
	waID, plus := strings.CutPrefix(text, "+")
	return plus && FromWaID(waID) != "" && strings.HasPrefix(waID, "62") && waID[2] != '0'
}

// Spellings is Lookup of a number that Parse returned: the number, then the
// other spelling of it.
func Spellings(e164 string) []crm.Identity { return both(both(nil, e164), otherSpelling(e164)) }

// both adds a number, if it is one and new, as phone number and as WhatsApp's
// digits.
func both(found []crm.Identity, e164 string) []crm.Identity {
	if id := (crm.Identity{Kind: crm.ByPhone, Value: e164}); e164 != "" && !slices.Contains(found, id) {
		found = append(found, id, crm.Identity{Kind: crm.ByWaID, Value: e164[1:]})
	}
	return found
}

// IsUserID reports whether text has the form of a business-scoped user id: a
// country, a dot, and up to 128 letters and digits, or the same with "ENT." for
// a parent's (Meta, "Business-scoped user IDs", 2026).
func IsUserID(text string) bool {
	country, rest, _ := strings.Cut(text, ".")
	rest = strings.TrimPrefix(rest, "ENT.")
	upper := func(r rune) bool { return r >= 'A' && r <= 'Z' }
	alphanumeric := func(r rune) bool { return upper(r) || r >= 'a' && r <= 'z' || r >= '0' && r <= '9' }
	return len(country) == 2 && all(country, upper) && rest != "" && len(rest) <= 128 && all(rest, alphanumeric)
}

func all(text string, is func(rune) bool) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !is(r) })
}

// otherSpelling returns the other number by which the same phone may be stored,
// or "".
func otherSpelling(e164 string) string {
	switch n := len(e164); {
	case strings.HasPrefix(e164, "+521") && n == len("+5215500000000"):
		return "+52" + e164[4:]
	case strings.HasPrefix(e164, "+52") && n == len("+525500000000"):
		return "+521" + e164[3:]
	case strings.HasPrefix(e164, "+55") && n == len("+5511900000000") && e164[5] == '9' && e164[6] >= '6':
		return e164[:5] + e164[6:]
	case strings.HasPrefix(e164, "+55") && n == len("+551160000000") && e164[5] >= '6':
		return e164[:5] + "9" + e164[5:]
	case strings.HasPrefix(e164, "+549") && n == len("+5491100000000"):
		return "+54" + e164[4:]
	default:
		return ""
	}
}

// live reports whether a number the library calls invalid is the other spelling
// of a valid one: Mexico's 521 and Brazil's eight digits are WhatsApp ids today.
func live(e164 string) bool {
	number, _ := parse(otherSpelling(e164), "")
	return number != nil && phonenumbers.IsValidNumber(number)
}
