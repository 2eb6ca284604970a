package csvio

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// A cell of a file is a value, escaped. Spreadsheets take a cell for a formula
// by its first character, also when the file was not ours to name the
// delimiter of: a program that splits at semicolons finds cells inside ours. So
// the value is seen as parts, split at everything that some program splits at,
// and each part that would be a formula gets an apostrophe before it, which
// spreadsheets understand as "this is text".
//
// A part is apostrophes, then blanks and quotes, then the rest. Escaping adds
// an apostrophe to those whose rest is a formula and looks at nothing that it
// adds; that is why unescaping, which takes one off the same parts, gives the
// value again, whatever apostrophes it had of its own.

// splitters are where some program splits a cell of another delimiter.
const splitters = ",;\t\n\r"

// escape returns the cell of a value.
func escape(value string) string {
	if harmless(value) {
		return value
	}
	var cell strings.Builder
	eachPart(value, func(p part) {
		if p.marked() {
			cell.WriteByte('\'')
		}
		cell.WriteString(p.text)
	})
	return cell.String()
}

// unescape returns the value of a cell: of one that we wrote the value it had,
// and of one that people wrote what their spreadsheet shows: '0812 and ="0812"
// are how they keep a number from being counted with.
func unescape(cell string) string {
	if inner, found := strings.CutPrefix(cell, `="`); found && strings.HasSuffix(inner, `"`) {
		inner = inner[:len(inner)-1]
		if plain := strings.ReplaceAll(inner, `""`, ""); !strings.Contains(plain, `"`) {
			return strings.ReplaceAll(inner, `""`, `"`)
		}
	}
	if !strings.Contains(cell, "'") {
		return cell
	}
	var value strings.Builder
	eachPart(cell, func(p part) {
		if strings.HasPrefix(p.text, "'") && p.marked() {
			p.text = p.text[1:]
		}
		value.WriteString(p.text)
	})
	return value.String()
}

// harmless reports whether no part can be marked, which is nearly always so.
func harmless(value string) bool {
	return !strings.ContainsAny(value, "=+-@\t\r\n'＝＋－＠")
}

// part is a piece of a value, with the splitter that ends it.
type part struct {
	text  string
	first bool // of the value
	// reaches is whether this or what follows has what a formula needs to reach
	// for a function, another sheet or another program.
	reaches bool
}

// eachPart calls do with the value's parts in their order; together they are
// the value.
func eachPart(value string, do func(part)) {
	last := strings.LastIndexAny(value, "(|!")
	for start := 0; ; {
		end := len(value)
		if at := strings.IndexAny(value[start:], splitters); at >= 0 {
			end = start + at + 1
		}
		do(part{value[start:end], start == 0, start <= last})
		if end == len(value) {
			return
		}
		start = end
	}
}

// marked reports whether the part has, or is to have, an apostrophe of ours. The
// first part is held to more: a spreadsheet of our delimiter sees it as a cell,
// and people put an apostrophe before digits themselves.
func (p part) marked() bool {
	rest := strings.TrimLeft(p.text, "'")
	if p.first && rest != "" {
		own, digit := len(rest) < len(p.text), rest[0] >= '0' && rest[0] <= '9'
		if own && digit || strings.IndexByte("\t\r\n", rest[0]) >= 0 {
			return true
		}
	}
	lead, _ := utf8.DecodeRuneInString(strings.TrimLeftFunc(rest, unseen))
	switch lead {
	case '=', '@', '＝', '＠':
		return true
	case '+', '-', '＋', '－': // "Rp 5.000,-" and a list of numbers are no formulas
		return p.first || p.reaches
	default:
		return false
	}
}

// unseen reports whether a spreadsheet may drop r from the head of a cell.
func unseen(r rune) bool {
	return r == '"' || !strings.ContainsRune(splitters, r) && (unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r))
}
