package web

import "github.com/my21staff/my21staff/crm"

// mentioning cuts a note into pieces, so that "@Dewi" stands out where Dewi is one of
// the team, and all the more for herself.
func (v *visitor) mentioning(note string) []span {
	var names []string
	for _, name := range v.members {
		names = append(names, name)
	}
	var all []span
	plain := 0
	for _, n := range crm.Namings(note, names) {
		style := "mention"
		if names[n.Name] == v.members[v.Member.String()] {
			style = "me"
		}
		if plain < n.From {
			all = append(all, span{Text: note[plain:n.From]})
		}
		all = append(all, span{Text: note[n.From:n.To], Style: style})
		plain = n.To
	}
	if plain < len(note) {
		all = append(all, span{Text: note[plain:]})
	}
	return all
}
