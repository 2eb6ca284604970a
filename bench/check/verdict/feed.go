package verdict

import "github.com/my21staff/my21staff/bench/record"

// maxReplay is how far a reader may be behind before it is told to load anew;
// telling it sooner is a gap.
const maxReplay = 10_000

// feed looks at the stored feed: numbered without gap, one fact for each
// message that came or was taken on.
func (x *examiner) feed() {
	tells := map[string]int{}
	newest := make([]int64, len(x.facts))
	for i := range x.Store.Facts {
		f := &x.Store.Facts[i]
		x.report.Counts.Facts++
		w, known := x.workspaces[f.Workspace]
		if !known {
			x.report.add(Leak, "fact %d is with workspace %q", f.Seq, f.Workspace)
			continue
		}
		if x.facts[w][f.Seq] != nil {
			x.report.add(Twice, "workspace %d has two facts %d", w, f.Seq)
		}
		x.facts[w][f.Seq] = f
		newest[w] = max(newest[w], f.Seq)
		if m := x.byID[f.MessageID]; m != nil && m.Workspace != f.Workspace {
			x.report.add(Leak, "fact %d of workspace %d is about a message of workspace %s", f.Seq, w, m.Workspace)
		}
		if f.Kind == "message.received" || f.Kind == "message.created" {
			tells[f.MessageID]++
		}
	}
	for w, last := range newest {
		for seq := int64(1); seq <= last; seq++ {
			if x.facts[w][seq] == nil {
				x.report.add(Gap, "workspace %d has no fact %d and has fact %d", w, seq, last)
			}
		}
	}
	for id, m := range x.byID {
		switch tells[id] {
		case 0:
			x.report.add(Gap, "no fact tells of message %s: %.40s", id, m.Text)
		case 1:
		default:
			x.report.add(Twice, "%d facts tell of message %s: %.40s", tells[id], id, m.Text)
		}
	}
}

// transcript follows one reader: every fact from where it came in to where the
// feed stood at the end, once, in order, and only of its workspace.
func (x *examiner) transcript(t *record.Transcript) {
	last, began, ended := int64(0), false, false
	heard := map[int64]bool{}
	missed := func(upTo int64) {
		for seq := last + 1; seq <= upTo && began; seq++ {
			if x.facts[t.Workspace][seq] != nil {
				x.report.add(Gap, "%s was not told of fact %d", t.Reader, seq)
			}
		}
	}
	// news takes in a number and reports whether it is a new one, in its order.
	news := func(seq int64) bool {
		x.report.Counts.Events++
		switch {
		case heard[seq]:
			x.report.add(Twice, "%s was told of fact %d again", t.Reader, seq)
			return false
		case seq <= last:
			x.report.add(Unordered, "%s was told of fact %d after %d", t.Reader, seq, last)
			return false
		}
		missed(seq - 1)
		heard[seq], last = true, seq
		return true
	}
	for _, line := range t.Lines {
		switch line.T {
		case record.Opened:
			if !began {
				last, began = line.Seq, true
			} else {
				x.report.Counts.Resumes++
			}
		case record.Event:
			if line.Kind == "resync" {
				x.report.Counts.Events++
				x.report.Counts.Resyncs++
				if line.Seq-last <= maxReplay {
					x.report.add(Gap, "%s was told to load anew at %d, from %d", t.Reader, line.Seq, last)
				}
				heard[line.Seq], last = true, line.Seq
			} else if news(line.Seq) {
				x.event(t, &line)
			}
		case record.Ran:
			for seq := line.Seq; seq <= line.To; seq++ {
				if news(seq) && x.facts[t.Workspace][seq] == nil {
					x.report.add(Phantom, "%s was told of fact %d, which is not there", t.Reader, seq)
				}
			}
		case record.Head:
			ended = true
			missed(line.Seq)
		}
	}
	if !began || !ended {
		x.report.add(Gap, "%s never came on, or has no end", t.Reader)
	}
}

// event compares what a reader was told with the fact.
func (x *examiner) event(t *record.Transcript, line *record.Heard) {
	fact := x.facts[t.Workspace][line.Seq]
	tag, tagged := record.TagOf(line.Preview)
	m := x.byID[line.MessageID]
	switch {
	case tagged && tag.Workspace != t.Workspace, m != nil && m.Workspace != x.Plan.Workspaces[t.Workspace].ID:
		x.report.add(Leak, "%s was told of another workspace: %.40s", t.Reader, line.Preview)
	case fact == nil:
		x.report.add(Phantom, "%s was told of fact %d, which is not there", t.Reader, line.Seq)
	case fact.Kind != line.Kind || fact.MessageID != line.MessageID:
		x.report.add(Phantom, "%s was told that fact %d is %s of %q, and it is %s of %q", t.Reader, line.Seq, line.Kind, line.MessageID, fact.Kind, fact.MessageID)
	}
}
