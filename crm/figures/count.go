package figures

import (
	"cmp"
	"slices"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// Count returns what changes add to the figures, in the order in which they are
// to be written, and brings the picture up to date. The picture has, as it is
// stored, all that [Picture.Unseen] names of what is stored, and every
// conversation of who [Picture.Moved] names. Zone tells a workspace's time zone.
func (p *Picture) Count(changes *crm.Changes, zone func(crm.WorkspaceID) *time.Location) []Row {
	c := counter{picture: p, changes: changes, zone: zone, sums: make(map[cell]int64)}
	c.actors()
	c.messages()
	c.responses()
	moved := c.people()
	c.threads(moved)
	return c.rows()
}

// cell is what a figure is of.
type cell struct {
	ws      crm.WorkspaceID
	day     Day
	channel crm.ChannelID
	member  crm.MemberID
	measure Measure
}

// counter counts some changes.
type counter struct {
	picture *Picture
	changes *crm.Changes
	zone    func(crm.WorkspaceID) *time.Location
	sums    map[cell]int64

	movers    map[crm.ContactID]crm.MemberID      // who changed a contact
	closers   map[crm.ConversationID]crm.MemberID // who changed a conversation
	assignees map[crm.ConversationID]crm.MemberID // of the conversations that change
	parted    map[crm.ContactID]bool              // who is merged or comes back: nothing happened to it
}

// add counts n of a measure on the day of a moment.
func (c *counter) add(ws crm.WorkspaceID, at time.Time, channel crm.ChannelID, member crm.MemberID, m Measure) {
	c.sums[cell{ws, DayOf(at, c.zone(ws)), channel, member, m}]++
}

// actors finds who did what, as the facts say.
func (c *counter) actors() {
	c.movers, c.closers = make(map[crm.ContactID]crm.MemberID), make(map[crm.ConversationID]crm.MemberID)
	c.parted, c.assignees = make(map[crm.ContactID]bool), make(map[crm.ConversationID]crm.MemberID)
	for _, f := range c.changes.Facts {
		switch member := f.Actor.Member(); {
		case member.IsZero():
		case f.Kind == crm.ContactChanged:
			c.movers[f.ContactID] = member
		case f.Kind == crm.ConversationChanged:
			c.closers[f.ConversationID] = member
		}
	}
	for _, m := range c.changes.Merges {
		c.parted[m.KeptID], c.parted[m.GoneID] = true, true
	}
	for _, cv := range c.changes.Conversations {
		c.assignees[cv.ID] = cv.AssigneeID
	}
}

// messages counts the new ones, on the day when they were written.
func (c *counter) messages() {
	for _, m := range c.changes.Messages {
		switch {
		case m.Ingest != 0: // stored before
		case m.Direction == crm.Inbound:
			c.add(m.WorkspaceID, m.ProviderTime, m.ChannelID, c.assignees[m.ConversationID], Received)
		default:
			c.add(m.WorkspaceID, m.ProviderTime, m.ChannelID, m.Author.Member(), Written)
		}
	}
}

func (c *counter) responses() {
	for _, r := range c.changes.Responses {
		c.add(r.WorkspaceID, r.At, r.ChannelID, r.MemberID, Response(r.Waited))
	}
}

// people counts the contacts that change, and returns what those were whose
// stage or temperature became another.
func (c *counter) people() map[crm.ContactID]Person {
	moved := make(map[crm.ContactID]Person)
	first := make(map[crm.ContactID]crm.ChannelID)
	for _, cv := range c.changes.Conversations {
		if _, known := first[cv.ContactID]; !known {
			first[cv.ContactID] = cv.ChannelID
		}
	}
	for _, ct := range c.changes.Contacts {
		after := PersonOf(ct)
		before, stored := c.picture.People[ct.ID]
		if stored && before == after {
			continue
		}
		if stored {
			moved[ct.ID] = before
			c.person(before, -1)
		}
		c.person(after, +1)
		c.picture.People[ct.ID] = after
		switch {
		case c.parted[ct.ID]:
			continue
		case !stored:
			c.add(ct.WorkspaceID, ct.CreatedAt, first[ct.ID], crm.MemberID{}, Arrived)
		case before.Stage != after.Stage:
			c.add(ct.WorkspaceID, ct.UpdatedAt, crm.ChannelID{}, c.movers[ct.ID], MovedTo(after.Stage))
		}
		if after.Temperature != "" && before.Temperature != after.Temperature {
			c.add(ct.WorkspaceID, ct.UpdatedAt, crm.ChannelID{}, crm.MemberID{}, WarmedTo(after.Temperature))
		}
	}
	for _, id := range c.changes.GoneContacts {
		if before, stored := c.picture.People[id]; stored {
			moved[id] = before
			c.person(before, -1)
			delete(c.picture.People, id)
		}
	}
	return moved
}

// person counts a contact itself.
func (c *counter) person(p Person, n int64) {
	of := cell{ws: p.WorkspaceID, day: Standing}
	for _, of.measure = range []Measure{ContactStageOf(p.Stage), ContactWarmthOf(p.Temperature)} {
		c.sums[of] += n
	}
}

// threads counts the conversations that change, and those of contacts that do.
func (c *counter) threads(moved map[crm.ContactID]Person) {
	was := func(id crm.ContactID) Person {
		if before, changed := moved[id]; changed {
			return before
		}
		return c.picture.People[id]
	}
	for _, cv := range c.changes.Conversations {
		before, stored := c.picture.Threads[cv.ID]
		after := ThreadOf(cv)
		c.happened(cv, before, stored)
		_, contactMoved := moved[after.ContactID]
		if stored && before == after && !contactMoved {
			continue
		}
		if stored {
			c.thread(before, was(before.ContactID), -1)
		}
		c.thread(after, c.picture.People[after.ContactID], +1)
		c.picture.Threads[cv.ID] = after
	}
	for _, id := range c.changes.GoneThreads {
		if before, stored := c.picture.Threads[id]; stored {
			c.thread(before, was(before.ContactID), -1)
			delete(c.picture.Threads, id)
		}
	}
	if len(moved) == 0 {
		return
	}
	for id, thread := range c.picture.Threads {
		if before, changed := moved[thread.ContactID]; changed {
			if _, counted := c.assignees[id]; !counted {
				c.thread(thread, before, -1)
				c.thread(thread, c.picture.People[thread.ContactID], +1)
			}
		}
	}
}

// thread counts a conversation with a contact.
func (c *counter) thread(t Thread, with Person, n int64) {
	of := cell{ws: t.WorkspaceID, day: Standing, channel: t.ChannelID, member: t.AssigneeID}
	for _, of.measure = range []Measure{StatusOf(t.Status), StageOf(with.Stage), WarmthOf(with.Temperature)} {
		c.sums[of] += n
	}
	if t.Waiting {
		of.measure = Waiting
		c.sums[of] += n
	}
	if t.Unread {
		of.measure = Unread
		c.sums[of] += n
	}
}

// happened counts what happened to a conversation. A merge is no work done.
func (c *counter) happened(cv *crm.Conversation, before Thread, stored bool) {
	switch {
	case c.parted[cv.ContactID]:
	case !stored:
		c.add(cv.WorkspaceID, cv.CreatedAt, cv.ChannelID, cv.AssigneeID, Opened)
	case before.Status == crm.Resolved && cv.Status != crm.Resolved:
		c.add(cv.WorkspaceID, cv.UpdatedAt, cv.ChannelID, cv.AssigneeID, Opened)
	case before.Status != crm.Resolved && cv.Status == crm.Resolved:
		c.add(cv.WorkspaceID, cv.UpdatedAt, cv.ChannelID, cmp.Or(c.closers[cv.ID], cv.AssigneeID), Closed)
	}
}

// rows returns what came to something, in the order of the table, so that two
// who write the same figures never wait for each other in a circle.
func (c *counter) rows() []Row {
	rows := make([]Row, 0, len(c.sums))
	for of, n := range c.sums {
		if n != 0 {
			rows = append(rows, Row{of.ws, of.day, of.channel, of.member, of.measure, n})
		}
	}
	Order(rows)
	return rows
}

// Order brings rows into the order of their table.
func Order(rows []Row) {
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(a.WorkspaceID.Compare(b.WorkspaceID), cmp.Compare(a.Day, b.Day), a.ChannelID.Compare(b.ChannelID),
			a.MemberID.Compare(b.MemberID), cmp.Compare(a.Measure, b.Measure))
	})
}
