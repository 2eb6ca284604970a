package csvio

import "strings"

// Several values stand in one cell behind each other: "VIP, Medan". One that
// holds a separator, or begins with a quote, is quoted as CSV quotes a cell. An
// external id may hold anything but a line's end, so nothing else separates
// two of them.
const (
	wordSeparators = ",;|\n"
	lineSeparators = "\n"
)

// join returns the cell of several values; see split.
func join(values []string, separators string) string {
	between := ", "
	if separators == lineSeparators {
		between = lineSeparators
	}
	quoted := make([]string, len(values))
	for i, value := range values {
		quoted[i] = value
		if strings.ContainsAny(value, separators) || strings.HasPrefix(value, `"`) {
			quoted[i] = `"` + strings.ReplaceAll(value, `"`, `""`) + `"`
		}
	}
	return strings.Join(quoted, between)
}

// split returns the values in a cell, without blanks around and without empty
// ones.
func split(cell, separators string) []string {
	var values []string
	for rest := strings.TrimSpace(cell); rest != ""; {
		var value string
		value, rest = nextOf(rest, separators)
		if value = strings.TrimSpace(value); value != "" {
			values = append(values, value)
		}
		rest = strings.TrimSpace(rest)
	}
	return values
}

// nextOf returns the first value of a list and what follows its separator.
func nextOf(list, separators string) (value, rest string) {
	if list[0] == '"' {
		if value, rest, ok := unquote(list[1:], separators); ok {
			return value, rest
		}
	}
	at := strings.IndexAny(list, separators)
	if at < 0 {
		return list, ""
	}
	return list[:at], list[at+1:]
}

// unquote returns the value before the quote that ends it; ok is false where
// the quotes are no quoting.
func unquote(list, separators string) (value, rest string, ok bool) {
	for i := 0; i < len(list); i++ {
		if list[i] != '"' {
			continue
		}
		if i+1 < len(list) && list[i+1] == '"' {
			i++
			continue
		}
		rest = strings.TrimLeft(list[i+1:], " ")
		if rest != "" && strings.IndexByte(separators, rest[0]) < 0 {
			return "", "", false
		}
		return strings.ReplaceAll(list[:i], `""`, `"`), rest[min(1, len(rest)):], true
	}
	return "", "", false
}
