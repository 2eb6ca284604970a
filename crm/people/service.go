package people

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/phone"
)

// Service is the lead database. Its methods may be called from several
// goroutines.
type Service struct {
	store Store
	mint  *crm.Mint
}

// New returns a lead database on a store.
func New(store Store, mint *crm.Mint) *Service { return &Service{store: store, mint: mint} }

// ByPhone returns the contact with a number as people write it, read in region,
// or with a business-scoped user id. NotFound if nobody has it in any of its
// spellings (phone.Lookup), Invalid if it is no number.
func (s *Service) ByPhone(ctx context.Context, p access.Principal, number, region string) (*Card, error) {
	const op = "find contact by phone"
	if err := p.Check(access.ReadContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	identities := phone.Lookup(number, region)
	if len(identities) == 0 {
		_, err := phone.Parse(number, region)
		return nil, crm.Wrap(op, err)
	}
	card, err := s.store.Card(ctx, p.WorkspaceID, identities)
	return card, crm.Wrap(op, err)
}

// Card returns a contact with what stands beside it, or NotFound.
func (s *Service) Card(ctx context.Context, p access.Principal, id crm.ContactID) (*Card, error) {
	const op = "read contact"
	if err := p.Check(access.ReadContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	card, err := s.store.CardByID(ctx, p.WorkspaceID, id)
	return card, crm.Wrap(op, err)
}

// Contacts returns a page of contacts; see [ContactQuery].
func (s *Service) Contacts(ctx context.Context, p access.Principal, q ContactQuery) ([]*crm.Contact, error) {
	const op = "list contacts"
	if err := p.Check(access.ReadContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	var err error
	if q.Limit, err = crm.CheckPage(q.Limit); err != nil {
		return nil, crm.Wrap(op, err)
	}
	if q.Sort != "" && !slices.Contains(Sorts, q.Sort) {
		return nil, crm.Wrap(op, invalid("sort", "Contacts are not sorted by %q.", q.Sort))
	}
	list, err := s.store.Contacts(ctx, p.WorkspaceID, q)
	return list, crm.Wrap(op, err)
}

// update loads what the need names, has decide say what changes, and writes
// that, all in one transaction. Decide may run more than once.
func (s *Service) update(ctx context.Context, need Need, decide func(*State) (crm.Changes, error)) error {
	return s.store.Update(ctx, need.WorkspaceID, func(ctx context.Context, tx Tx) error {
		state, err := tx.Load(ctx, need)
		if err != nil {
			return err
		}
		changes, err := decide(state)
		if err != nil || changes.Empty() {
			return err
		}
		if need.Leads {
			changes.Facts = append(changes.Facts, state.score(need.WorkspaceID, &changes, s.mint.Now())...)
		}
		return tx.Write(ctx, &changes)
	})
}

// contact returns the loaded contact, or NotFound.
func (s *State) contact(id crm.ContactID) (*crm.Contact, error) {
	for _, c := range s.Contacts {
		if c.ID == id {
			return c, nil
		}
	}
	return nil, missing("contact")
}

// data encodes what a fact carries. The values are texts and times of ours,
// which always encode.
func data(v map[string]any) []byte {
	encoded, err := json.Marshal(v)
	if err != nil {
		panic("people: fact data: " + err.Error())
	}
	return encoded
}
