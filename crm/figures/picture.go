package figures

import (
	"github.com/my21staff/my21staff/crm"
)

// Person is what is counted of a contact.
type Person struct {
	WorkspaceID crm.WorkspaceID
	Stage       string
	Temperature crm.Temperature
}

// PersonOf returns what is counted of a contact.
func PersonOf(c *crm.Contact) Person {
	return Person{WorkspaceID: c.WorkspaceID, Stage: c.LeadStatus, Temperature: c.Temperature}
}

// Thread is what is counted of a conversation.
type Thread struct {
	WorkspaceID crm.WorkspaceID
	ContactID   crm.ContactID
	ChannelID   crm.ChannelID
	AssigneeID  crm.MemberID
	Status      crm.ConversationStatus
	Waiting     bool
	Unread      bool
}

// ThreadOf returns what is counted of a conversation.
func ThreadOf(c *crm.Conversation) Thread {
	return Thread{
		WorkspaceID: c.WorkspaceID, ContactID: c.ContactID, ChannelID: c.ChannelID, AssigneeID: c.AssigneeID,
		Status: c.Status, Waiting: !c.WaitingSince.IsZero(), Unread: c.Unread > 0,
	}
}

// Picture is how some rows are stored, as far as it is counted. A row that is not
// stored is not in it.
type Picture struct {
	People  map[crm.ContactID]Person
	Threads map[crm.ConversationID]Thread
}

// NewPicture returns a picture of nothing.
func NewPicture() *Picture {
	return &Picture{People: make(map[crm.ContactID]Person), Threads: make(map[crm.ConversationID]Thread)}
}

// Unseen names the rows that have to be in a picture before changes can be
// counted and are not, each once; of a row that goes it does not know the
// workspace, which is zero then. What is new is among them: nobody can know that
// it is not stored.
func (p *Picture) Unseen(changes *crm.Changes, contact func(crm.WorkspaceID, crm.ContactID), thread func(crm.WorkspaceID, crm.ConversationID)) {
	contact, thread = once(p.People, contact), once(p.Threads, thread)
	for _, c := range changes.Contacts {
		contact(c.WorkspaceID, c.ID)
	}
	for _, cv := range changes.Conversations {
		contact(cv.WorkspaceID, cv.ContactID)
		thread(cv.WorkspaceID, cv.ID)
	}
	for _, id := range changes.GoneThreads {
		thread(crm.WorkspaceID{}, id)
	}
	for _, id := range changes.GoneContacts {
		contact(crm.WorkspaceID{}, id)
	}
}

// once returns name for the ids that are not seen, each once.
func once[ID comparable, Row any](seen map[ID]Row, name func(crm.WorkspaceID, ID)) func(crm.WorkspaceID, ID) {
	named := make(map[ID]bool)
	return func(ws crm.WorkspaceID, id ID) {
		if _, known := seen[id]; !known && !named[id] {
			named[id] = true
			name(ws, id)
		}
	}
}

// Moved names the contacts whose stage or temperature changes: all their
// conversations have to be in the picture.
func (p *Picture) Moved(changes *crm.Changes, contact func(crm.WorkspaceID, crm.ContactID)) {
	for _, c := range changes.Contacts {
		if before, stored := p.People[c.ID]; stored && before != PersonOf(c) {
			contact(c.WorkspaceID, c.ID)
		}
	}
}
