package edge

import "github.com/my21staff/my21staff/crm/webhook/tape"

// draft is an event before it has a target.
type draft struct {
	kind    Kind
	number  []byte // phone number id
	account []byte
	id      []byte
	peer    person
	time    int64
	raw     tape.Ref
	field   []byte // Meta's word for what a change is about
}

// add appends an event to the decision and finds where it goes.
func (d *Door) add(f *draft) {
	out := d.out
	if len(out.Events) >= d.config.maxEvent {
		d.full = true
		return
	}
	out.Events = append(out.Events, Event{})
	e := &out.Events[len(out.Events)-1]
	e.Kind, e.How, e.Target, e.ID, e.Time = f.kind, Dropped, None, f.id, f.time
	e.Start, e.End = d.parser.Span(f.raw)
	switch {
	case len(f.peer.wa) > 0:
		e.PeerKind, e.Peer = ByWaID, f.peer.wa
	case len(f.peer.user) > 0:
		e.PeerKind, e.Peer = ByUserID, f.peer.user
	}
	h := fnv(offset64, f.number)
	e.Partition = mix(fnv((h^0xff)*prime64, e.Peer)) // 0xff is in no id: it is not UTF-8
	if d.config.dropped>>f.kind&1 == 0 {
		e.Target = d.target(f, h)
		t := &out.Targets[e.Target]
		t.Events++
		e.How = t.How
		out.Cells |= t.Cells
	}
}

// target returns the index of what an event is about; h is the number's hash.
func (d *Door) target(f *draft, h uint64) int {
	kind, id := OfNumber, f.number
	if len(id) == 0 {
		if kind, id = OfAccount, f.account; len(id) == 0 {
			kind = Nobody
		}
		h = fnv(offset64, id) + uint64(kind)
	}
	targets := d.out.Targets
	if n := len(targets); n > 0 && targets[n-1].is(kind, id) { // nearly always
		return n - 1
	}
	place := d.known.find(targets, kind, id, h)
	if *place == 0 {
		d.out.Targets = append(targets, Target{})
		d.config.route(d.out.Source, kind, id, &d.out.Targets[len(targets)])
		*place = int32(len(d.out.Targets))
	}
	return int(*place - 1)
}

func (t *Target) is(kind TargetKind, id []byte) bool {
	return t.Kind == kind && same(t.ID, id)
}

// route writes into t what an event is about and finds its cells, if source may
// speak for it.
func (c *Config) route(source int, kind TargetKind, id []byte, t *Target) {
	t.Kind, t.ID = kind, id
	switch kind {
	case OfNumber:
		if !c.speaks(source, id) {
			t.How = Foreign
			return
		}
		if cell, ok := c.numbers.get(id); ok {
			t.How, t.Cells = ByTable, 1<<cell
		} else if cell := c.rendezvous(id); cell != None {
			t.How, t.Cells = ByRendezvous, 1<<cell
		} else { // every cell has only what a table gives it
			t.How, t.Cells = ToJournal, 1<<c.Journal
		}
	case OfAccount:
		if i, ok := c.accounts.get(id); ok {
			t.How, t.Cells = ByAccount, c.masks[i]
		} else {
			t.How, t.Cells = ToAll, 1<<len(c.Cells)-1
		}
	default:
		t.How, t.Cells = ToJournal, 1<<c.Journal
	}
}

// speaks reports whether a source may bring news of a number: its own, or one
// that no source lists if it lists none itself.
func (c *Config) speaks(source int, number []byte) bool {
	speaker, listed := c.speakers.get(number)
	if listed {
		return int(speaker) == source
	}
	return len(c.Sources[source].Numbers) == 0
}

// places finds targets again, for bodies that are about many. It is cleared by
// counting: an entry of an older body is free.
type places struct {
	entries []place
	body    uint32
}

type place struct {
	body  uint32
	index int32 // of the target, plus one; 0: free
}

// placesSize is twice the most targets a body can have.
const placesSize = 2 * MaxEvents

// forget frees all places.
func (p *places) forget() {
	if p.body++; p.body == 0 || p.entries == nil {
		p.entries, p.body = make([]place, placesSize), 1
	}
}

// find returns the place of a target: its index plus one, or 0 where it
// belongs.
func (p *places) find(targets []Target, kind TargetKind, id []byte, h uint64) *int32 {
	for i := mix(h) % placesSize; ; i = (i + 1) % placesSize {
		e := &p.entries[i]
		if e.body != p.body {
			e.body, e.index = p.body, 0
		}
		if e.index == 0 || targets[e.index-1].is(kind, id) {
			return &e.index
		}
	}
}
