package people

import (
	"context"
	"slices"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/phone"
)

// MaxDuplicates is how many contacts are suggested at most.
const MaxDuplicates = 20

// Duplicates returns contacts that may be the same person: those that turned out to
// be first, then those with another spelling of one of its numbers, then those of
// the same name. NotFound if there is no such contact.
func (s *Service) Duplicates(ctx context.Context, p access.Principal, id crm.ContactID) ([]*crm.Contact, error) {
	const op = "suggest duplicates"
	if err := p.Check(access.ReadContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	card, err := s.store.CardByID(ctx, p.WorkspaceID, id)
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	var found []*crm.Contact
	add := func(c *crm.Contact) {
		same := func(have *crm.Contact) bool { return have.ID == c.ID }
		if c.ID != id && len(found) < MaxDuplicates && !slices.ContainsFunc(found, same) {
			found = append(found, c)
		}
	}
	var spelled []crm.Identity
	for _, number := range card.Contact.Identities {
		if number.Kind == crm.ByPhone {
			spelled = append(spelled, phone.Spellings(number.Value)...)
		}
	}
	spelled = slices.DeleteFunc(spelled, card.Contact.Has)
	err = s.store.Update(ctx, p.WorkspaceID, func(ctx context.Context, tx Tx) error {
		found = nil
		for _, need := range []Need{{WorkspaceID: p.WorkspaceID, TwinsOf: []crm.ContactID{id}}, {WorkspaceID: p.WorkspaceID, Identities: spelled}} {
			state, err := tx.Load(ctx, need)
			if err != nil {
				return err
			}
			for _, c := range state.Contacts {
				add(c)
			}
		}
		return nil
	})
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	name := SortName(card.Contact)
	if name == "" {
		return found, nil
	}
	// In the order of names, behind the lowest id that there is.
	alike, err := s.store.Contacts(ctx, p.WorkspaceID, ContactQuery{Sort: ByName, After: ContactCursor{Name: name, ID: crm.ContactID{15: 1}}, Limit: MaxDuplicates + 1})
	for _, c := range alike {
		if SortName(c) == name {
			add(c)
		}
	}
	return found, crm.Wrap(op, err)
}
