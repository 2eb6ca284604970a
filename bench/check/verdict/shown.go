package verdict

// shown compares what the API shows a workspace with what is its: every
// conversation and message once, in order, and nothing else.
func (x *examiner) shown(w int, s *Shown) {
	id := x.Plan.Workspaces[w].ID
	for _, words := range s.Foreign {
		x.report.add(Leak, "%s", words)
	}
	has, times, owners := map[string]bool{}, map[string]int{}, map[string]string{}
	for _, c := range x.Store.Conversations {
		owners[c.ID] = c.Workspace
		if c.Workspace == id {
			has[c.ID] = true
		}
	}
	for _, c := range s.Conversations {
		times[c]++
	}
	x.once(w, "conversation", has, times, owners)
	mine := map[string]map[string]bool{}
	owners = map[string]string{}
	for i := range x.Store.Messages {
		m := &x.Store.Messages[i]
		owners[m.ID] = m.Workspace
		if m.Workspace == id {
			if mine[m.Conversation] == nil {
				mine[m.Conversation] = map[string]bool{}
			}
			mine[m.Conversation][m.ID] = true
		}
	}
	for c, list := range s.Messages {
		times := map[string]int{}
		for i, m := range list {
			times[m.ID]++
			x.place(m.Text, id, "a listed message")
			if i > 0 {
				x.sorted(list[i-1], m)
			}
		}
		x.once(w, "message of conversation "+c, mine[c], times, owners)
	}
}

// once holds a list against the rows it is of. What is listed and is another
// workspace's is a leak.
func (x *examiner) once(w int, what string, has map[string]bool, times map[string]int, owners map[string]string) {
	for id := range has {
		if times[id] == 0 {
			x.report.add(Lost, "the API does not list %s %s to workspace %d", what, id, w)
		}
	}
	for id, n := range times {
		switch {
		case n > 1:
			x.report.add(Dup, "the API lists %s %s %d times", what, id, n)
		case has[id]:
		case owners[id] != "" && owners[id] != x.Plan.Workspaces[w].ID:
			x.report.add(Leak, "the API lists %s %s to workspace %d, whose it is not", what, id, w)
		default:
			x.report.add(Phantom, "the API lists %s %s to workspace %d, and there is none", what, id, w)
		}
	}
}

// sorted compares two neighbours of a list, newest first.
func (x *examiner) sorted(newer, older ShownMessage) {
	a, b := x.byID[newer.ID], x.byID[older.ID]
	if newer.Time < older.Time || newer.Time == older.Time && a != nil && b != nil && a.Ingest < b.Ingest {
		x.report.add(Order, "the API lists message %s before %s", newer.ID, older.ID)
	}
}
