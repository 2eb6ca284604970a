package people

import (
	"context"

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

// AddNote writes a note about a contact, as it stands: 1 to MaxNote characters.
// NotFound if there is no such contact.
func (s *Service) AddNote(ctx context.Context, p access.Principal, contact crm.ContactID, body string) (*crm.Note, error) {
	const op = "add note"
	if err := p.Check(access.WriteContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	if err := crm.CheckText("body", "The note", body, 1, MaxNote); err != nil {
		return nil, crm.Wrap(op, err)
	}
	var note *crm.Note
	need := Need{WorkspaceID: p.WorkspaceID, Contacts: []crm.ContactID{contact}, Leads: true, Threads: true}
	err := s.update(ctx, need, func(state *State) (crm.Changes, error) {
		if _, err := state.contact(contact); err != nil {
			return crm.Changes{}, err
		}
		note = &crm.Note{
			ID: crm.NewID[crm.Note](s.mint), WorkspaceID: p.WorkspaceID, ContactID: contact,
			Author: p.Actor, Body: body, CreatedAt: s.mint.Now(),
		}
		return crm.Changes{Notes: []*crm.Note{note}, Facts: []crm.Fact{{
			WorkspaceID: p.WorkspaceID, Kind: crm.NoteCreated, At: note.CreatedAt, Actor: p.Actor, ContactID: contact,
			Data: data(map[string]any{"note_id": note.ID}),
		}}}, nil
	})
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	return note, nil
}
