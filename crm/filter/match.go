package filter

import (
	"slices"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// Subject is a contact with what a test may ask beside it.
type Subject struct {
	Contact *crm.Contact
	Threads []*crm.Conversation // all of the contact's
}

// Match reports whether a contact passes the test.
func (t Test) Match(s Subject) bool {
	switch t.Kind {
	case All:
		return !slices.ContainsFunc(t.Of, func(part Test) bool { return !part.Match(s) })
	case Any:
		return slices.ContainsFunc(t.Of, func(part Test) bool { return part.Match(s) })
	case None:
		return !t.Of[0].Match(s)
	}
	switch t.Place {
	case InTag:
		return t.ids(s.Contact.Tags)
	case InAssignee:
		return t.ids(assignees(s.Threads))
	case InCreated:
		return t.moment(s.Contact.CreatedAt)
	case InUpdated:
		return t.moment(s.Contact.UpdatedAt)
	case InLastMessage:
		return t.moment(lastMessage(s.Threads))
	case InOptOut:
		return s.Contact.OptOut.Out
	case InBlocked:
		return !s.Contact.BlockedAt.IsZero()
	case InField:
		return t.custom(s.Contact)
	}
	return t.texts(t.textsOf(s))
}

// textsOf returns the texts a contact has at the test's place.
func (t Test) textsOf(s Subject) []string {
	switch t.Place {
	case InName:
		return Names(s.Contact)
	case InStatus:
		return words(s.Contact.LeadStatus)
	case InTemperature:
		return words(string(s.Contact.Temperature))
	case InSource:
		return words(s.Contact.Source.Kind)
	case InThread:
		return threadStatuses(s.Threads)
	}
	var values []string
	for _, id := range s.Contact.Identities {
		if string(id.Kind) == t.Key {
			values = append(values, id.Value)
		}
	}
	return values
}

func words(word string) []string {
	if word == "" {
		return nil
	}
	return []string{word}
}

func threadStatuses(threads []*crm.Conversation) (statuses []string) {
	for _, cv := range threads {
		statuses = append(statuses, string(cv.Status))
	}
	return statuses
}

func assignees(threads []*crm.Conversation) (members []crm.MemberID) {
	for _, cv := range threads {
		if !cv.AssigneeID.IsZero() {
			members = append(members, cv.AssigneeID)
		}
	}
	return members
}

func lastMessage(threads []*crm.Conversation) (last time.Time) {
	for _, cv := range threads {
		if cv.LastMessage.At.After(last) {
			last = cv.LastMessage.At
		}
	}
	return last
}

// texts asks a place that has texts.
func (t Test) texts(have []string) bool {
	return slices.ContainsFunc(have, func(text string) bool {
		switch t.Kind {
		case Equals:
			return text == t.Text
		case Holds:
			return strings.Contains(text, t.Text)
		case Begins:
			return strings.HasPrefix(text, t.Text)
		}
		return t.Kind == Something
	})
}

// ids asks a place that has ids.
func (t Test) ids(have any) bool {
	switch have := have.(type) {
	case []crm.TagID:
		return t.Kind == Something && len(have) > 0 || t.Kind == Refers && slices.Contains(have, crm.TagID(t.ID))
	case []crm.MemberID:
		return t.Kind == Something && len(have) > 0 || t.Kind == Refers && slices.Contains(have, crm.MemberID(t.ID))
	}
	return false
}

// moment asks a place that has a time; a time that was never is none.
func (t Test) moment(at time.Time) bool {
	if at.UnixMilli() < 0 {
		return false
	}
	return t.Kind == Something || t.Kind == Within && at.UnixMilli() >= t.From && at.UnixMilli() < t.To
}

// custom asks a custom field. Its ordinal counts for ranges, its text for the
// rest; an empty text is no value.
func (t Test) custom(c *crm.Contact) bool {
	value, ok := c.Fields[t.Key]
	if !ok || Fold(value) == "" {
		return false
	}
	if t.Kind == Within {
		n, ok := Ordinal(value)
		return ok && n >= t.From && n < t.To
	}
	return t.texts([]string{Fold(value)})
}
