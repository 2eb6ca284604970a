package verdict

import (
	"slices"
	"strings"

	"github.com/my21staff/my21staff/bench/record"
)

// class is a file of pupils and what was asked for and came of it.
type class struct {
	w     int
	asked map[string]record.Work // by kind
	done  map[string]record.Work
	gone  map[int]record.Work // pupils whose erasure was asked for
	ended map[int]record.Work // and of these, whose it is over
}

type round struct{ w, n int }

// works compares what the host does in the background with what it was asked
// for: after a run that was killed as often as may be the same is there as after
// one that was not.
func (x *examiner) works() {
	classes := x.classes()
	pupils := x.pupils()
	for at, c := range classes {
		x.imported(at, c, pupils)
		x.changed(at, c, pupils)
	}
	x.erased(classes)
	x.scored(classes)
	if x.Store.Figures != nil {
		x.figures()
	}
}

func (x *examiner) classes() map[round]*class {
	all := map[round]*class{}
	for _, line := range x.Works {
		at := round{line.Workspace, line.Round}
		c := all[at]
		if c == nil {
			c = &class{line.Workspace, map[string]record.Work{}, map[string]record.Work{}, map[int]record.Work{}, map[int]record.Work{}}
			all[at] = c
		}
		switch {
		case line.Kind == record.Erase && line.Done:
			c.ended[line.Pupil] = line
		case line.Kind == record.Erase:
			c.gone[line.Pupil] = line
		case line.Done:
			c.done[line.Kind] = line
		default:
			c.asked[line.Kind] = line
		}
		if !line.Done {
			continue
		}
		x.report.Counts.Works++
		if line.State != "done" {
			x.report.add(Unsettled, "%s of workspace %d, round %d, ended as %q", line.Kind, line.Workspace, line.Round, line.State)
		}
	}
	for at, c := range all {
		for kind := range c.asked {
			if _, over := c.done[kind]; !over {
				x.report.add(Unsettled, "%s of workspace %d, round %d, has no end", kind, at.w, at.n)
			}
		}
		for n := range c.gone {
			if _, over := c.ended[n]; !over {
				x.report.add(Unsettled, "the erasure of pupil %d of workspace %d, round %d, has no end", n, at.w, at.n)
			}
		}
	}
	return all
}

// pupils returns the contacts by their external ids, and those of the same name
// beside them.
func (x *examiner) pupils() map[string][]*Contact {
	all := map[string][]*Contact{}
	for i := range x.Store.Contacts {
		c := &x.Store.Contacts[i]
		if ids := record.Traces([]byte(c.Name)); len(ids) > 0 {
			all[c.Workspace+ids[0]] = append(all[c.Workspace+ids[0]], c)
		}
	}
	return all
}

func (x *examiner) pupil(at round, n int) record.Pupil {
	return record.Pupil{Run: x.Plan.Run, Workspace: at.w, Round: at.n, N: n}
}

// imported looks whether every row of a file that was imported is one contact,
// as it says and with one note, and whether the host counted them so.
func (x *examiner) imported(at round, c *class, pupils map[string][]*Contact) {
	about, over := c.done[record.Import]
	if !over || about.State != "done" {
		return
	}
	ws := x.Plan.Workspaces[at.w].ID
	for n := range about.Rows {
		if _, gone := c.gone[n]; gone {
			continue
		}
		p := x.pupil(at, n)
		switch found := pupils[ws+p.External()]; {
		case len(found) == 0:
			x.report.add(Lost, "the import of workspace %d, round %d, is done and %s is not there", at.w, at.n, p.External())
		case len(found) > 1:
			x.report.add(Dup, "%s is there %d times", p.External(), len(found))
		case found[0].Notes != 1:
			x.report.add(map[bool]Verdict{true: Lost, false: Dup}[found[0].Notes == 0], "%s has %d notes, its row one", p.External(), found[0].Notes)
		case found[0].Name != p.Name() || !slices.Contains(found[0].Tags, record.PupilTag):
			x.report.add(Bytes, "%s is called %q and has the tags %q", p.External(), found[0].Name, found[0].Tags)
		}
	}
	x.told(at, about, map[string]int{"rows": about.Rows + about.Twins + about.Bad, "created": about.Rows, "updated": 0, "unchanged": about.Twins, "failed": about.Bad})
	if again, over := c.done[record.Reimport]; over && again.State == "done" {
		x.told(at, again, map[string]int{"rows": about.Rows + about.Twins + about.Bad, "created": 0, "updated": 0, "unchanged": about.Rows + about.Twins, "failed": about.Bad})
	}
}

// changed looks whether a bulk change that is over changed everybody.
func (x *examiner) changed(at round, c *class, pupils map[string][]*Contact) {
	about, over := c.done[record.Bulk]
	if !over || about.State != "done" {
		return
	}
	ws := x.Plan.Workspaces[at.w].ID
	for n := range about.Rows {
		p := x.pupil(at, n)
		for _, found := range pupils[ws+p.External()] {
			if found.Stage != record.BulkStatus || !slices.Contains(found.Tags, record.BulkTag) {
				x.report.add(Lost, "the bulk change of workspace %d, round %d, is done, and %s is %s and has the tags %q", at.w, at.n, p.External(), found.Stage, found.Tags)
			}
		}
	}
	x.told(at, about, map[string]int{"seen": about.Rows, "changed": about.Rows, "failed": 0})
}

// told compares what the host says it did with what there was to do.
func (x *examiner) told(at round, about record.Work, want map[string]int) {
	for what, n := range want {
		if got := about.Told[what]; about.Sure && got != n {
			x.report.add(Count, "the %s of workspace %d, round %d, counts %d %s, of which there were %d", about.Kind, at.w, at.n, got, what, n)
		}
	}
}

// erased looks for what is left of who was erased: in every column of every
// table, in the file, and in what the API shows.
func (x *examiner) erased(classes map[round]*class) {
	for at, c := range classes {
		for n, about := range c.ended {
			if about.State != "done" {
				continue
			}
			x.report.Counts.Erased++
			for _, word := range []string{x.pupil(at, n).External(), about.Phone} {
				for _, place := range x.Store.Traces[word] {
					x.report.add(Trace, "%s was erased and stands in %s", word, place)
				}
				for w := range x.API {
					if where := x.API[w].Traces[word]; where != "" {
						x.report.add(Trace, "%s was erased and the API shows it to workspace %d at %s", word, w, where)
					}
				}
			}
		}
	}
}

// scored looks whether everybody has the score that the newest rules give, if a
// rescore by them is over.
func (x *examiner) scored(classes map[round]*class) {
	newest := make([]*class, len(x.Plan.Workspaces))
	last := make([]int, len(newest))
	for at, c := range classes {
		if _, asked := c.asked[record.Rescore]; asked && at.n > last[at.w] {
			newest[at.w], last[at.w] = c, at.n
		}
	}
	asks := map[string]bool{} // contacts
	for _, m := range x.Store.Messages {
		if m.Inbound && strings.Contains(m.Text, record.Advice) {
			asks[m.Contact] = true
		}
	}
	for _, contact := range x.Store.Contacts {
		w, known := x.workspaces[contact.Workspace]
		if !known || newest[w] == nil {
			continue
		}
		about, over := newest[w].done[record.Rescore]
		if !over || about.State != "done" {
			continue
		}
		want := 0
		if slices.Contains(contact.Tags, record.PupilTag) {
			want += about.Points
		}
		if asks[contact.ID] {
			want += record.PointsOfAdvice
		}
		if contact.Score != int64(want) {
			x.report.add(Stale, "contact %s of workspace %d has %d points, the rules give %d: %.60q", contact.ID, w, contact.Score, want, contact.Name)
		}
	}
}

// figures counts again what the host counts as it happens.
func (x *examiner) figures() {
	type cell struct{ workspace, channel, member, measure string }
	counted := map[cell]int64{}
	contacts := map[string]*Contact{}
	const none = "00000000000000000000000000000000"
	for i := range x.Store.Contacts {
		c := &x.Store.Contacts[i]
		contacts[c.ID] = c
		counted[cell{c.Workspace, none, none, "contact_stage:" + c.Stage}]++
		counted[cell{c.Workspace, none, none, "contact_warmth:" + c.Temperature}]++
		counted[cell{c.Workspace, "", "", "leads"}]++
	}
	for _, c := range x.Store.Conversations {
		at := cell{c.Workspace, c.Channel, c.Assignee, ""}
		for measure, n := range map[string]bool{"status:" + c.Status: true, "waiting": c.Waiting, "unread": c.Unread > 0} {
			if at.measure = measure; n {
				counted[at]++
			}
		}
		if contact := contacts[c.Contact]; contact != nil {
			for _, at.measure = range []string{"stage:" + contact.Stage, "warmth:" + contact.Temperature} {
				counted[at]++
			}
		}
	}
	for _, m := range x.Store.Messages {
		counted[cell{m.Workspace, "", "", map[bool]string{true: "in", false: "out"}[m.Inbound]}]++
	}
	for _, e := range x.Store.Erasures { // what happened has happened
		counted[cell{e.Workspace, "", "", "leads"}]++
		counted[cell{e.Workspace, "", "", "in"}] += e.Inbound
		counted[cell{e.Workspace, "", "", "out"}] += e.Outbound
	}
	kept := map[cell]int64{}
	for _, f := range x.Store.Figures {
		if f.Standing {
			kept[cell{f.Workspace, f.Channel, f.Member, f.Measure}] += f.Value
		} else if f.Measure == "in" || f.Measure == "out" || f.Measure == "leads" {
			kept[cell{f.Workspace, "", "", f.Measure}] += f.Value
		}
	}
	for at, n := range counted {
		if kept[at] != n {
			x.report.add(Count, "the figures of workspace %s say %s is %d (channel %.8s, member %.8s), and it is %d", at.workspace, at.measure, kept[at], at.channel, at.member, n)
		}
	}
	for at, n := range kept {
		if _, known := counted[at]; !known && n != 0 {
			x.report.add(Count, "the figures of workspace %s say %s is %d (channel %.8s, member %.8s), and it is 0", at.workspace, at.measure, n, at.channel, at.member)
		}
	}
	x.report.Counts.Figures += len(counted)
}
