package verdict

import "github.com/my21staff/my21staff/bench/record"

// accepted returns the calls the provider accepted, by the host's message id.
func (x *examiner) accepted() map[string][]*record.Call {
	by := map[string][]*record.Call{}
	for i := range x.Calls {
		if call := &x.Calls[i]; call.Accepted {
			by[call.Opaque] = append(by[call.Opaque], call)
		}
	}
	return by
}

// outbound compares the messages that go out with what was asked for and what
// the provider said of them.
func (x *examiner) outbound() {
	accepted, held, found := x.accepted(), x.held(), map[string]int{}
	for i := range x.Store.Messages {
		m := &x.Store.Messages[i]
		if m.Inbound {
			continue
		}
		x.place(m.Text, m.Workspace, "sent message "+m.ID)
		a := x.sends[m.Text]
		found[m.Text]++
		switch {
		case a == nil:
			x.report.add(Phantom, "nobody asked to send message %s: %.40s", m.ID, m.Text)
		case a.refused():
			x.report.add(RefusedStored, "the send of message %s was refused each time (%d) and is there: %.40s", m.ID, a.refusedBy, m.Text)
		case found[m.Text] > 1:
			x.report.add(Dup, "the send with key %s is there again", a.line.Key)
		}
		x.standing(m, accepted[m.ID], held[m.ID])
	}
	for text, a := range x.sends {
		x.report.Counts.Sends++
		if a.ok() && found[text] == 0 {
			x.report.add(Lost, "the send with key %s was taken on and is not there: %.40s", a.line.Key, text)
		}
	}
}

// held returns the messages that somebody has in hand, or that wait behind one
// of their lane that is: a host that died leaves it so for the time of a lease.
func (x *examiner) held() map[string]bool {
	lanes, messages := map[string]bool{}, map[string]bool{}
	for _, j := range x.Store.Jobs {
		lanes[j.Lane] = lanes[j.Lane] || j.LockedUntil >= x.Now
	}
	for _, j := range x.Store.Jobs {
		messages[j.Message] = lanes[j.Lane]
	}
	return messages
}

// jobOf says what is known of a message's job.
func (x *examiner) jobOf(m *Message) string {
	for i := range x.Store.Jobs {
		if x.Store.Jobs[i].Message == m.ID {
			return x.Store.Jobs[i].String()
		}
	}
	return "it has no job"
}

// standing compares a message's status with what the provider said of it: not
// below what was reported, not above what it can know.
func (x *examiner) standing(m *Message, calls []*record.Call, held bool) {
	low, high, id := 0, record.Rank("unknown"), ""
	for _, call := range calls {
		id, high = call.ID, max(high, record.Rank("sent"))
		for word, at := range x.states[name{call.Number, call.ID}] {
			if at.oks > 0 {
				low = max(low, record.Rank(word))
			}
			high = max(high, record.Rank(word))
		}
	}
	switch rank := record.Rank(m.Status); {
	case rank <= record.Rank("unknown") && low > rank:
		x.report.add(Unsettled, "message %s is still %s, although a report of rank %d came for it: %.40s", m.ID, m.Status, low, m.Text)
	case rank < low || rank > high:
		x.report.add(Status, "message %s is %s; reported was rank %d, possible is up to %d", m.ID, m.Status, low, high)
	case m.ProviderID != "" && m.ProviderID != id:
		x.report.add(Phantom, "message %s has the id %s, the provider gave it %q", m.ID, m.ProviderID, id)
	case m.Status == "unknown":
		x.report.Counts.Unknown++
	case rank < record.Rank("unknown") && !held:
		x.report.add(Unsettled, "message %s is still %s and nobody works on it at %d (%s): %.40s", m.ID, m.Status, x.Now, x.jobOf(m), m.Text)
	}
}

// calls finds messages the provider accepted twice, or that nobody asked for.
func (x *examiner) calls() {
	byID, byText := map[string]int{}, map[string]int{}
	for _, call := range x.Calls {
		if x.sends[call.Text] == nil {
			x.report.add(Phantom, "the provider was given a message nobody asked for: %.60q", call.Text)
		}
		tag, _ := record.TagOf(call.Text)
		if w, _, known := x.Plan.Number(call.Number); !known || w != tag.Workspace {
			x.report.add(Leak, "a message of workspace %d left by number %s: %.40s", tag.Workspace, call.Number, call.Text)
		}
		if !call.Accepted {
			continue
		}
		x.report.Counts.Accepted++
		byID[call.Opaque]++
		byText[call.Text]++
		if byID[call.Opaque] > 1 || byText[call.Text] > 1 {
			x.report.add(DoubleSend, "the provider accepted message %s again: %.40s", call.Opaque, call.Text)
		}
	}
}
