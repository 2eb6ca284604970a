package verdict

import "github.com/my21staff/my21staff/bench/record"

// journalRows compares the webhook journal with the requests: each that was
// acknowledged is there with its bytes, as often seen as it was acknowledged.
func (x *examiner) journalRows() {
	bySHA := x.bySHA()
	type row struct{ workspace, key string }
	rows, found := map[row]bool{}, map[string]bool{}
	bodies := x.bodies()
	for _, d := range x.Store.Deliveries {
		a := bySHA[d.Key]
		found[d.Key] = true
		switch {
		case a == nil:
			x.report.add(Phantom, "the webhook journal has %s, which was never sent", d.ID)
			continue
		case a.refused():
			x.report.add(RefusedStored, "request %d was refused each time (%d) and is in the webhook journal", a.line.D, a.refusedBy)
		case rows[row{d.Workspace, d.Key}]:
			x.report.add(Dup, "request %d is in the webhook journal again", a.line.D)
		case d.Seen < int64(a.oks):
			x.report.add(Count, "request %d was seen %d times by the webhook journal, and acknowledged %d times", a.line.D, d.Seen, a.oks)
		case d.Seen > int64(a.tries):
			x.report.Counts.Overseen++
		}
		rows[row{d.Workspace, d.Key}] = true
		x.body(a, &d, bodies)
	}
	for sha, a := range bySHA {
		if a.ok() && !found[sha] {
			x.report.add(Lost, "request %d was acknowledged and is not in the webhook journal", a.line.D)
		}
	}
}

// bySHA returns the requests by their bytes. Two requests may have the same, as
// two reports of one second have; they count as one.
func (x *examiner) bySHA() map[string]*attempt {
	all := map[string]*attempt{}
	for _, a := range x.requests {
		sum := *a
		if before := all[a.line.SHA]; before != nil {
			sum.tries, sum.oks, sum.fails = sum.tries+before.tries, sum.oks+before.oks, sum.fails+before.fails
		}
		if a.line.SHA != "" {
			all[a.line.SHA] = &sum
		}
	}
	return all
}

// bodies are the hashes the API's raw bodies have.
func (x *examiner) bodies() map[string]string {
	all := map[string]string{}
	for _, shown := range x.API {
		for id, sha := range shown.Bodies {
			all[id] = sha
		}
	}
	return all
}

// body compares the bytes of a request: by their hash if the API shows them, by
// how many they were if it does not, as with those of several workspaces.
func (x *examiner) body(a *attempt, d *Delivery, api map[string]string) {
	said, asked := api[d.ID]
	if asked && said == "" && owner(a.line.Items) >= 0 && a.line.Kind == record.Webhook && a.line.Items[0].Kind != record.Gone {
		x.report.add(Bytes, "request %d is one workspace's and its bytes are not shown", a.line.D)
	}
	if said != "" {
		x.report.Counts.Bodies++
	}
	if said != "" && said != a.line.SHA {
		x.report.add(Bytes, "request %d had SHA-256 %.12s and is kept as %.12s", a.line.D, a.line.SHA, said)
	}
	if d.Size != 0 && d.Size != int64(a.line.Size) {
		x.report.add(Bytes, "request %d had %d bytes and is kept with %d", a.line.D, a.line.Size, d.Size)
	}
}

// owner returns the workspace all items are of, or -1.
func owner(items []record.Item) int {
	for _, item := range items {
		if item.Workspace != items[0].Workspace {
			return -1
		}
	}
	return items[0].Workspace
}
