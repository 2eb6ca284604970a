package verdict

import "github.com/my21staff/my21staff/bench/record"

// Examine compares the evidence.
func Examine(e *Evidence) *Report {
	x := newExaminer(e)
	x.deliveries()
	x.inbound()
	x.threads()
	x.statuses()
	x.outbound()
	x.calls()
	x.journalRows()
	x.feed()
	x.works()
	for i := range e.Transcripts {
		x.transcript(&e.Transcripts[i])
	}
	for w := range e.API {
		x.shown(w, &e.API[w])
	}
	return x.report
}

// name is what a message is known by: wamids are unique for a number only.
type name struct{ number, id string }

// attempt is what is known of a request as a whole.
type attempt struct {
	line      record.Line
	tries     int
	oks       int
	fails     int
	ended     int
	refusedBy int // the last status that refused it for what it is
}

// ok reports whether it was acknowledged.
func (a *attempt) ok() bool { return a.oks > 0 }

// refused reports whether it was refused each time, so that nothing of it may
// be there.
func (a *attempt) refused() bool { return a.oks == 0 && a.fails == a.tries }

// expected is a message or status that was sent.
type expected struct {
	item  record.Item
	texts map[string]bool
	oks   int
	open  bool // some request with it may have been taken
	gone  bool // who wrote it is erased
	found int
}

// examiner holds the evidence by what it is looked for.
type examiner struct {
	*Evidence
	report *Report

	requests map[int64]*attempt
	messages map[name]*expected
	states   map[name]map[string]*expected // by status
	sends    map[string]*attempt           // by text
	never    map[string]string             // texts that must not be there, and why

	workspaces map[string]int    // by id
	numbers    map[string]string // channel id -> phone number id
	byID       map[string]*Message
	facts      []map[int64]*Fact // by workspace
}

func newExaminer(e *Evidence) *examiner {
	x := &examiner{
		Evidence: e, report: &Report{Verdicts: map[Verdict]int{}, Samples: map[Verdict][]string{}},
		requests: map[int64]*attempt{}, messages: map[name]*expected{}, states: map[name]map[string]*expected{},
		sends: map[string]*attempt{}, never: map[string]string{},
		workspaces: map[string]int{}, numbers: map[string]string{}, byID: map[string]*Message{},
		facts: make([]map[int64]*Fact, len(e.Plan.Workspaces)),
	}
	for w, ws := range e.Plan.Workspaces {
		x.workspaces[ws.ID] = w
		x.facts[w] = map[int64]*Fact{}
		for _, n := range ws.Numbers {
			x.numbers[n.ChannelID] = n.ID
		}
	}
	for i := range e.Store.Messages {
		x.byID[e.Store.Messages[i].ID] = &e.Store.Messages[i]
	}
	x.readJournal()
	return x
}

func (x *examiner) readJournal() {
	for _, line := range x.Journal {
		a := x.requests[line.D]
		switch line.T {
		case record.Defined:
			x.requests[line.D] = &attempt{line: line}
			x.report.Counts.Deliveries++
		case record.Intent:
			a.tries++
			x.report.Counts.Tries++
			if !line.Again && a.tries > 1 {
				x.report.Counts.Retries++
			}
		case record.Outcome:
			a.ended++
			switch line.Class {
			case record.OK:
				a.oks++
			case record.Fail:
				a.fails++
				if line.Code/100 == 4 && line.Code != 429 {
					a.refusedBy = line.Code
				}
			}
		case record.Read:
			x.report.add(Leak, "%s", line.Note)
		}
	}
	for _, a := range x.requests {
		x.expect(a)
		x.report.Counts.Infos += a.tries - a.oks - a.fails
	}
}

// expect notes what should, may or must not be there after a request.
func (x *examiner) expect(a *attempt) {
	switch a.line.Kind {
	case record.Send:
		x.sends[a.line.Items[0].Text] = a
		return
	case record.Forged, record.Crossed:
		x.never[a.line.Items[0].Text] = a.line.Kind
		return
	}
	for _, item := range a.line.Items {
		key := name{item.Number, item.ID}
		var at *expected
		switch item.Kind {
		case record.Bad:
			x.never[item.Text] = "without an id"
			continue
		case record.Message, record.Gone:
			if at = x.messages[key]; at == nil {
				at = &expected{item: item, texts: map[string]bool{}}
				x.messages[key] = at
			}
			at.texts[item.Text] = true
			at.gone = item.Kind == record.Gone
		case record.Status:
			if x.states[key] == nil {
				x.states[key] = map[string]*expected{}
			}
			if at = x.states[key][item.Status]; at == nil {
				at = &expected{item: item}
				x.states[key][item.Status] = at
			}
		}
		at.oks += a.oks
		at.open = at.open || !a.refused()
	}
}

// deliveries finds requests that were sent until the end and not taken.
func (x *examiner) deliveries() {
	for _, a := range x.requests {
		if a.ok() || a.line.Kind == record.Forged || a.line.Kind == record.Crossed {
			continue
		}
		if a.refused() && (a.line.Abandoned || a.line.Kind == record.Send && a.refusedBy != 0) {
			continue // the provider gave up, or the sender was told why not
		}
		x.report.add(Unsettled, "%s %d: %d attempts, %d refused (the last with %d), none taken", a.line.Kind, a.line.D, a.tries, a.fails, a.refusedBy)
	}
}
