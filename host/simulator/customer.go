package simulator

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/my21staff/my21staff/crm"
)

// customer is a Customer at work.
type customer struct {
	Customer
	preferences int64 // counts changes, as Kapso does
}

// directory finds customers by each of their names.
type directory struct {
	list   []*customer
	phone  map[string]*customer
	userID map[string]*customer
	name   map[string]*customer
}

func newDirectory() directory {
	return directory{phone: map[string]*customer{}, userID: map[string]*customer{}, name: map[string]*customer{}}
}

// put adds a customer or, when its phone or user id is known, changes it.
func (d *directory) put(c Customer) *customer {
	found := d.phone[c.Phone]
	if found == nil {
		found = d.userID[c.UserID]
	}
	if found == nil {
		found = &customer{}
		d.list = append(d.list, found)
	}
	d.unlist(found)
	found.Customer = c
	d.phone[c.Phone], d.userID[c.UserID], d.name[c.Username] = found, found, found
	delete(d.phone, "")
	delete(d.name, "")
	return found
}

func (d *directory) unlist(c *customer) {
	delete(d.phone, c.Phone)
	delete(d.userID, c.UserID)
	delete(d.name, c.Username)
}

// find returns the customer somebody calls ref (a phone number in any writing,
// a user id, a username), nil if there is none.
func (d *directory) find(ref string) *customer {
	if c := d.userID[ref]; c != nil {
		return c
	}
	if c := d.name[strings.TrimPrefix(ref, "@")]; c != nil {
		return c
	}
	return d.phone[waID(ref)]
}

// key names a customer for good: the phone number, else the user id.
func (c *customer) key() string { return cmp.Or(c.Phone, c.UserID) }

// complete fills what a customer must have. s.mu is held, or s not yet shared.
func (s *Simulator) complete(c Customer) Customer {
	c.Phone = waID(c.Phone)
	c.Username = strings.TrimPrefix(c.Username, "@")
	known := s.people.phone[c.Phone]
	if known == nil {
		known = s.people.userID[c.UserID]
	}
	if known != nil {
		c.Phone, c.UserID = cmp.Or(c.Phone, known.Phone), cmp.Or(c.UserID, known.UserID)
		c.Name, c.Username = cmp.Or(c.Name, known.Name), cmp.Or(c.Username, known.Username)
	}
	if c.UserID == "" {
		c.UserID = s.newUserID(c.Phone)
	}
	if c.Name == "" {
		c.Name = cmp.Or(c.Username, "Customer "+c.Phone[max(0, len(c.Phone)-4):])
	}
	return c
}

// customer returns whom ref names, a new person when nobody does: ref is then a
// phone number or, by its form ("US.1349..."), a user id. Anything else is
// Invalid. s.mu is held.
func (s *Simulator) customer(ref string) (*customer, error) {
	if c := s.people.find(ref); c != nil {
		return c, nil
	}
	switch {
	case isUserID(ref):
		return s.people.put(s.complete(Customer{UserID: ref, Username: "user" + digitsOf(ref)[:min(4, len(digitsOf(ref)))]})), nil
	case isPhone(ref):
		return s.people.put(s.complete(Customer{Phone: ref})), nil
	}
	return nil, &crm.Error{Op: "find customer", Code: crm.Invalid, Msg: fmt.Sprintf("%.60q is neither a phone number nor a user id, and no customer has it as a username.", ref)}
}

// isUserID reports whether ref has the form of a business-scoped user id: a
// country, a dot, and up to 128 letters and digits ("ENT." may come between).
func isUserID(ref string) bool {
	country, id, ok := strings.Cut(ref, ".")
	id = strings.TrimPrefix(id, "ENT.")
	return ok && len(country) == 2 && id != "" && len(id) <= 128 && strings.Trim(id, alphanumerics) == ""
}

const alphanumerics = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// isPhone reports whether ref is written like a phone number.
func isPhone(ref string) bool {
	digits := digitsOf(ref)
	return len(digits) >= 7 && len(digits) <= 15 && strings.Trim(ref, "0123456789+-() .") == ""
}

// waID returns the id WhatsApp knows a number by, which is not always the
// number: Mexico's mobile 1 goes, and older Brazilian accounts have no ninth
// digit.
func waID(number string) string {
	digits := digitsOf(number)
	switch {
	case len(digits) == 13 && strings.HasPrefix(digits, "521"):
		return "52" + digits[3:]
	case len(digits) == 13 && strings.HasPrefix(digits, "55") && digits[4] == '9':
		return digits[:4] + digits[5:]
	}
	return digits
}

// newUserID makes a business-scoped user id for a customer with the number.
func (s *Simulator) newUserID(phone string) string {
	country := "US"
	if strings.HasPrefix(phone, "62") {
		country = "ID"
	}
	return country + "." + digits(s.random, 17)
}

// newWamid makes a message id. Like a real one it embeds the customer's number
// and is base64, so that it may hold a slash.
func (s *Simulator) newWamid(c *customer, d crm.Direction) string {
	kind, length := byte(0x11), 9
	if d == crm.Inbound {
		kind, length = 0x12, 10
	}
	secret := make([]byte, length)
	for i := range secret {
		secret[i] = byte(s.random.Uint32())
	}
	id := []byte{0x1c, 0x18, byte(len(c.key()))}
	id = append(id, c.key()...)
	id = append(id, 0x15, 0x02, 0x00, kind, 0x18, byte(2*length))
	id = append(id, strings.ToUpper(hex.EncodeToString(secret))...)
	return "wamid." + base64.StdEncoding.EncodeToString(append(id, 0))
}

// digits returns n random digits, the first not zero.
func digits(random *rand.Rand, n int) string {
	out := []byte{byte('1' + random.IntN(9))}
	for len(out) < n {
		out = append(out, byte('0'+random.IntN(10)))
	}
	return string(out)
}

// uuid returns a random UUID, as Kapso's ids are.
func uuid(random *rand.Rand) string {
	hi, lo := random.Uint64(), random.Uint64()
	return fmt.Sprintf("%08x-%04x-4%03x-%04x-%012x", hi>>32, hi>>16&0xffff, hi&0xfff, 0x8000|lo>>48&0x3fff, lo&0xffffffffffff)
}

// Customers returns everybody on the network, oldest first.
func (s *Simulator) Customers() []Customer {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Customer, 0, len(s.people.list))
	for _, c := range s.people.list {
		all = append(all, c.Customer)
	}
	return all
}

// PutCustomer adds a customer, or changes the one with the same phone number or
// user id, and returns it complete. It is Invalid without either.
func (s *Simulator) PutCustomer(c Customer) (Customer, error) {
	if c.Phone != "" && !isPhone(c.Phone) || c.UserID != "" && !isUserID(c.UserID) || c.Phone+c.UserID == "" {
		return Customer{}, &crm.Error{Op: "put customer", Code: crm.Invalid, Msg: "A customer needs a phone number or a user id such as \"ID.123\"."}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.people.put(s.complete(c)).Customer, nil
}

// Numbers returns the businesses' numbers, without their secrets.
func (s *Simulator) Numbers() []Number {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Number, 0, len(s.numbers))
	for _, n := range s.numbers {
		shown := n.Number
		shown.Token, shown.Webhook, shown.Templates = "", n.hooks[0].Webhook, slices.Clone(n.templates)
		shown.Webhook.Secret, shown.Webhook.VerifyToken = "", ""
		all = append(all, shown)
	}
	return all
}
