package people

import (
	"slices"
	"strings"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/phone"
)

// readIdentities returns identities as they are stored. A phone number and
// WhatsApp's digits stand for each other, so either gives both.
func readIdentities(given []crm.Identity, region string) ([]crm.Identity, error) {
	var read []crm.Identity
	for _, id := range given {
		ids, err := readIdentity(id, region)
		if err != nil {
			return nil, err
		}
		read = append(read, ids...)
	}
	return read, nil
}

func readIdentity(id crm.Identity, region string) ([]crm.Identity, error) {
	value := strings.TrimSpace(id.Value)
	switch id.Kind {
	case crm.ByPhone:
		e164, err := phone.Parse(value, region)
		if err != nil {
			return nil, invalid("phone", "%q is not a phone number.", value)
		}
		return numbers(e164), nil
	case crm.ByWaID:
		e164 := phone.FromWaID(value)
		if e164 == "" {
			return nil, invalid("wa_id", "%q is not a WhatsApp id, which is the digits of a number with its country code.", value)
		}
		return numbers(e164), nil
	case crm.ByUserID:
		if !phone.IsUserID(value) {
			return nil, invalid("user_id", "%q is not a business-scoped user id.", value)
		}
	case crm.ByEmail:
		value = strings.ToLower(value)
		if err := crm.CheckEmail("email", value); err != nil {
			return nil, err
		}
	case crm.ByExternal:
		if err := crm.CheckText("external_id", "The external id", value, 1, maxExternal); err != nil {
			return nil, err
		}
	default:
		return nil, invalid("identities", "%q is not a kind of identity.", id.Kind)
	}
	return []crm.Identity{{Kind: id.Kind, Value: value}}, nil
}

func numbers(e164 string) []crm.Identity {
	return []crm.Identity{{Kind: crm.ByPhone, Value: e164}, {Kind: crm.ByWaID, Value: e164[1:]}}
}

// identify gives the contact the edit's identities. One that another contact has
// is Conflict: which of the two is the person, the team must say.
func (e *Edit) identify(c *crm.Contact, s *State, news map[string]any) error {
	var kinds []crm.IdentityKind
	for _, id := range e.AddIdentities {
		if c.Has(id) {
			continue
		}
		if slices.ContainsFunc(s.Contacts, func(other *crm.Contact) bool { return other.Has(id) }) {
			return &crm.Error{
				Op: "identify contact", Code: crm.Conflict, Reason: "identity_taken",
				Msg: "Another contact already has the " + string(id.Kind) + " " + id.Value + ".",
			}
		}
		c.Identities = append(c.Identities, id)
		kinds = append(kinds, id.Kind)
	}
	if len(kinds) > 0 {
		news["identities"] = kinds
	}
	return nil
}
