package verdict

import "github.com/my21staff/my21staff/bench/record"

// inbound compares the messages that came with those that were sent.
func (x *examiner) inbound() {
	for i := range x.Store.Messages {
		m := &x.Store.Messages[i]
		if !m.Inbound {
			continue
		}
		x.report.Counts.Messages++
		x.place(m.Text, m.Workspace, "message "+m.ID)
		x.inboundRow(m)
	}
	for key, at := range x.messages {
		if at.oks > 0 && at.found == 0 && !at.gone {
			x.report.add(Lost, "message %s of number %s was acknowledged and is not there: %.40s", key.id, key.number, at.item.Text)
		}
		if at.oks > 1 && at.found == 1 {
			x.report.Counts.Absorbed += at.oks - 1
		}
	}
}

func (x *examiner) inboundRow(m *Message) {
	at := x.messages[name{x.numbers[m.Channel], m.ProviderID}]
	why, forbidden := x.never[m.Text]
	switch {
	case forbidden:
		x.report.add(Phantom, "message %s is there although it came %s: %.40s", m.ID, why, m.Text)
	case at == nil:
		x.report.add(Phantom, "message %s (%s) was never sent: %.40s", m.ID, m.ProviderID, m.Text)
	case !at.texts[m.Text]:
		x.report.add(Bytes, "message %s says %.60q, which was not sent under %s", m.ID, m.Text, m.ProviderID)
	case !at.open:
		x.report.add(RefusedStored, "message %s was refused each time and is there: %.40s", m.ID, m.Text)
	case at.found > 0:
		x.report.add(Dup, "message %s is there again: %.40s", m.ProviderID, m.Text)
	case m.Time != at.item.At*1000:
		x.report.add(Order, "message %s stands at %d, the provider said %d", m.ID, m.Time, at.item.At*1000)
	}
	if at != nil {
		at.found++
	}
}

// place finds words of one workspace with another.
func (x *examiner) place(text, workspace, what string) {
	w, known := x.workspaces[workspace]
	tag, tagged := record.TagOf(text)
	if !known || tagged && tag.Run == x.Plan.Run && tag.Workspace != w {
		x.report.add(Leak, "%s of workspace %d is with workspace %s: %.40s", what, tag.Workspace, workspace, text)
	}
}

// threads compares conversations with their messages: one for each number and
// customer, with the newest message and the right count.
func (x *examiner) threads() {
	type pair struct{ number, peer string }
	threads := map[pair]string{}
	newest := map[string]*Message{}
	unread := map[string]int64{}
	for i := range x.Store.Messages {
		m := &x.Store.Messages[i]
		if last := newest[m.Conversation]; last == nil || last.Time < m.Time || last.Time == m.Time && last.Ingest < m.Ingest {
			newest[m.Conversation] = m
		}
		if !m.Inbound {
			continue
		}
		unread[m.Conversation]++
		if at := x.messages[name{x.numbers[m.Channel], m.ProviderID}]; at != nil {
			key := pair{at.item.Number, at.item.Peer}
			if before := threads[key]; before != "" && before != m.Conversation {
				x.report.add(Dup, "customer %s of number %s has two conversations, %s and %s", key.peer, key.number, before, m.Conversation)
			}
			threads[key] = m.Conversation
		}
	}
	for _, c := range x.Store.Conversations {
		if last := newest[c.ID]; last != nil && last.ID != c.LastMessage {
			x.report.add(Order, "conversation %s shows message %s as its last, which is %s", c.ID, c.LastMessage, last.ID)
		}
		if c.Unread != unread[c.ID] {
			x.report.add(Count, "conversation %s counts %d unread messages and has %d", c.ID, c.Unread, unread[c.ID])
		}
	}
}

// statuses compares the reports that are kept with those that came.
func (x *examiner) statuses() {
	for _, row := range x.Store.Statuses {
		at := x.states[name{x.numbers[row.Channel], row.ProviderID}][row.Status]
		switch {
		case at == nil:
			x.report.add(Phantom, "nobody reported that %s is %s", row.ProviderID, row.Status)
			continue
		case !at.open:
			x.report.add(RefusedStored, "the report that %s is %s was refused each time and is there", row.ProviderID, row.Status)
		case at.found > 0:
			x.report.add(Dup, "the report that %s is %s is there again", row.ProviderID, row.Status)
		}
		if w, known := x.workspaces[row.Workspace]; !known || w != at.item.Workspace {
			x.report.add(Leak, "the report that %s is %s is with workspace %s", row.ProviderID, row.Status, row.Workspace)
		}
		at.found++
	}
	for key, words := range x.states {
		for word, at := range words {
			if at.oks > 0 && at.found == 0 {
				x.report.add(Lost, "the report that %s is %s was acknowledged and is not there", key.id, word)
			}
		}
	}
}
