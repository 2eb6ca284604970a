package web

import (
	"slices"
	"strings"
)

// mentioning cuts a note into pieces, so that "@Dewi" stands out where Dewi is one of
// the team, and all the more for herself.
func (v *visitor) mentioning(note string) []span {
	names := v.mentionable()
	var all []span
	plain := 0
	for at := 0; at < len(note); at++ {
		if note[at] != '@' || !loose(note[:at], true) {
			continue
		}
		for _, name := range names {
			rest, found := strings.CutPrefix(note[at+1:], name)
			if !found || !loose(rest, false) {
				continue
			}
			style := "mention"
			if name == v.members[v.Member.String()] {
				style = "me"
			}
			if plain < at {
				all = append(all, span{Text: note[plain:at]})
			}
			all = append(all, span{Text: note[at : len(note)-len(rest)], Style: style})
			plain = len(note) - len(rest)
			at = plain - 1
			break
		}
	}
	if plain < len(note) {
		all = append(all, span{Text: note[plain:]})
	}
	return all
}

// mentionable are the team's names, longer ones first: "@Dewi Lestari" is not Dewi.
func (v *visitor) mentionable() []string {
	var names []string
	for _, name := range v.members {
		if name != "" {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return len(b) - len(a) })
	return names
}
