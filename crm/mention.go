package crm

import (
	"slices"
	"time"
	"unicode"
	"unicode/utf8"
)

// Mention says that a note names a member: "@Dewi, please call".
type Mention struct {
	WorkspaceID WorkspaceID
	NoteID      NoteID
	MemberID    MemberID  // who is named
	SeenAt      time.Time // zero: not seen by it yet
}

// Naming is a place in a text that names somebody: text[From:To] is the sign and the
// name, and Name the index of the name.
type Naming struct{ From, To, Name int }

// Namings finds where a text names somebody: an "@" that does not stand inside a
// word or an address, and one of the names behind it that ends with a word, in
// small or capital letters. Of several the longest counts, so that "@Dewi Lestari"
// is not Dewi; of equal ones the first. An empty name is nobody's.
func Namings(text string, names []string) []Naming {
	order := make([]int, 0, len(names))
	for i, name := range names {
		if name != "" {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return len(names[b]) - len(names[a]) })
	var found []Naming
	for at := 0; at < len(text); at++ {
		if before, _ := utf8.DecodeLastRuneInString(text[:at]); text[at] != '@' || at > 0 && partOfWord(before) {
			continue
		}
		for _, i := range order {
			if end := at + 1 + leads(text[at+1:], names[i]); end > at+1 {
				found = append(found, Naming{From: at, To: end, Name: i})
				at = end - 1
				break
			}
		}
	}
	return found
}

// leads returns how long the name is as it stands at the beginning of a text, as
// whole words; 0 if it does not.
func leads(text, name string) int {
	at := 0
	for _, want := range name {
		have, size := utf8.DecodeRuneInString(text[at:])
		if size == 0 || have != want && unicode.ToLower(have) != unicode.ToLower(want) {
			return 0
		}
		at += size
	}
	if after, _ := utf8.DecodeRuneInString(text[at:]); at < len(text) && partOfWord(after) {
		return 0
	}
	return at
}

func partOfWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
