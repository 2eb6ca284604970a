package people

import (
	"context"
	"strings"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

// Notes returns at most limit notes of a contact, newest first, after the note
// named (zero: from the newest). NotFound if there is no such contact.
func (s *Service) Notes(ctx context.Context, p access.Principal, contact crm.ContactID, after crm.NoteID, rows int) ([]*crm.Note, error) {
	const op = "list notes"
	if err := p.Check(access.ReadContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	rows, err := crm.CheckPage(rows)
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	list, err := s.store.Notes(ctx, p.WorkspaceID, contact, after, rows)
	if err == nil && len(list) == 0 { // nobody's, or nothing written yet
		_, err = s.store.CardByID(ctx, p.WorkspaceID, contact)
	}
	return list, crm.Wrap(op, err)
}

// NewNote is a note to write.
type NewNote struct {
	ContactID      crm.ContactID      // zero: the one of the conversation
	ConversationID crm.ConversationID // where it is written; zero: it is on the contact alone
	Body           string             // 1 to MaxNote characters, kept as they are
}

// AddNote writes a note about a contact and tells those whom it names (see
// [crm.Namings]). NotFound if there is no such contact, or it has no such
// conversation.
func (s *Service) AddNote(ctx context.Context, p access.Principal, n NewNote) (*crm.Note, error) {
	const op = "add note"
	if err := p.Check(access.WriteContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	if err := crm.CheckText("body", "The note", n.Body, 1, MaxNote); err != nil {
		return nil, crm.Wrap(op, err)
	}
	var note *crm.Note
	need := Need{WorkspaceID: p.WorkspaceID, Leads: true, Threads: true, Everybody: strings.Contains(n.Body, "@")}
	if !n.ContactID.IsZero() {
		need.Contacts = []crm.ContactID{n.ContactID}
	}
	if !n.ConversationID.IsZero() {
		need.PartiesTo = []crm.ConversationID{n.ConversationID}
	}
	err := s.update(ctx, need, func(state *State) (crm.Changes, error) {
		about, err := state.about(n)
		if err != nil {
			return crm.Changes{}, err
		}
		note = &crm.Note{
			ID: crm.NewID[crm.Note](s.mint), WorkspaceID: p.WorkspaceID, ContactID: about, ConversationID: n.ConversationID,
			Author: p.Actor, Body: n.Body, CreatedAt: s.mint.Now(),
		}
		changes := crm.Changes{Notes: []*crm.Note{note}, Mentions: mentions(note, state.Members)}
		news := map[string]any{"note_id": note.ID}
		if len(changes.Mentions) > 0 {
			var named []crm.MemberID
			for _, m := range changes.Mentions {
				named = append(named, m.MemberID)
			}
			news["mentioned"] = named
		}
		changes.Facts = []crm.Fact{{
			WorkspaceID: p.WorkspaceID, Kind: crm.NoteCreated, At: note.CreatedAt, Actor: p.Actor,
			ConversationID: n.ConversationID, ContactID: about, Data: data(news),
		}}
		return changes, nil
	})
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	return note, nil
}

// about returns whom a note is about, or NotFound if its contact or conversation is
// not there or the one is not the other's.
func (s *State) about(n NewNote) (crm.ContactID, error) {
	if n.ConversationID.IsZero() {
		_, err := s.contact(n.ContactID)
		return n.ContactID, err
	}
	for _, cv := range s.Conversations {
		if cv.ID == n.ConversationID && (n.ContactID.IsZero() || n.ContactID == cv.ContactID) {
			return cv.ContactID, nil
		}
	}
	return crm.ContactID{}, missing("conversation")
}
