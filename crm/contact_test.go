package crm_test

import (
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
)

// genWord makes words about opting out, many of them at the same times.
func genWord() gopter.Gen {
	return gopter.CombineGens(gen.Bool(), gen.Int64Range(0, 3)).Map(func(v []any) crm.OptOut {
		return crm.OptOut{Out: v[0].(bool), At: crmtest.Start.Add(time.Duration(v[1].(int64)))}
	})
}

func TestOptOutNewer(t *testing.T) {
	t.Parallel()
	properties := gopter.NewProperties(nil)
	properties.Property("commutative", prop.ForAll(
		func(a, b crm.OptOut) bool { return a.Newer(b) == b.Newer(a) }, genWord(), genWord()))
	properties.Property("associative", prop.ForAll(
		func(a, b, c crm.OptOut) bool { return a.Newer(b).Newer(c) == a.Newer(b.Newer(c)) }, genWord(), genWord(), genWord()))
	properties.Property("idempotent", prop.ForAll(
		func(a, b crm.OptOut) bool { return a.Newer(a) == a && a.Newer(b).Newer(b) == a.Newer(b) }, genWord(), genWord()))
	properties.Property("the newest, and out on a tie", prop.ForAll(
		func(a, b crm.OptOut) bool {
			got := a.Newer(b)
			return got.At.Equal(later(a.At, b.At)) && (!a.At.Equal(b.At) || got.Out == (a.Out || b.Out))
		}, genWord(), genWord()))
	properties.TestingRun(t)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func TestContactNames(t *testing.T) {
	t.Parallel()
	ids := func(kinds ...crm.IdentityKind) (ids []crm.Identity) {
		for _, kind := range kinds {
			ids = append(ids, crm.Identity{Kind: kind, Value: string(kind)})
		}
		return ids
	}
	for _, c := range []struct {
		contact      crm.Contact
		name, handle string
	}{
		{crm.Contact{}, "", ""},
		{crm.Contact{Name: "Given", ProfileName: "Own", Username: "user", Identities: ids(crm.ByPhone)}, "Given", "phone"},
		{crm.Contact{ProfileName: "Own", Username: "user", Identities: ids(crm.ByWaID)}, "Own", "wa_id"},
		{crm.Contact{Username: "user", Identities: ids(crm.ByUserID)}, "user", "user"},
		{crm.Contact{Identities: ids(crm.ByUserID, crm.ByWaID, crm.ByPhone)}, "phone", "phone"},
		{crm.Contact{Identities: ids(crm.ByUserID, crm.ByEmail)}, "user_id", "user_id"},
		{crm.Contact{Identities: ids(crm.ByExternal, crm.ByEmail)}, "email", "email"},
		{crm.Contact{Identities: ids(crm.ByExternal)}, "", ""}, // a key of another system tells people nothing
	} {
		if name, handle := c.contact.DisplayName(), c.contact.Handle(); name != c.name || handle != c.handle {
			t.Errorf("%+v is called %q at %q, want %q at %q", c.contact, name, handle, c.name, c.handle)
		}
	}
}

func TestContactIdentity(t *testing.T) {
	t.Parallel()
	first := crm.Identity{Kind: crm.ByPhone, Value: "+6281200000001"}
	second := crm.Identity{Kind: crm.ByPhone, Value: "+6281200000002"}
	c := &crm.Contact{Identities: []crm.Identity{first, second}}
	if got := c.Identity(crm.ByPhone); got != first.Value {
		t.Errorf("the contact's number is %q, want its first, %q", got, first.Value)
	}
	if got := c.Identity(crm.ByEmail); got != "" {
		t.Errorf("a contact without an e-mail address has %q", got)
	}
	if !c.Has(second) || c.Has(crm.Identity{Kind: crm.ByWaID, Value: second.Value}) || (&crm.Contact{}).Has(crm.Identity{}) {
		t.Error("Has does not compare kind and value with every identity")
	}
}

func TestKeyGood(t *testing.T) {
	t.Parallel()
	now := crmtest.Start
	for _, c := range []struct {
		name string
		key  crm.APIKey
		want bool
	}{
		{"for ever", crm.APIKey{}, true},
		{"until later", crm.APIKey{ExpiresAt: now.Add(1)}, true},
		{"until now", crm.APIKey{ExpiresAt: now}, false},
		{"revoked", crm.APIKey{RevokedAt: now}, false},
		{"revoked, in the future by another clock", crm.APIKey{RevokedAt: now.Add(time.Hour)}, false},
	} {
		if got := c.key.Good(now); got != c.want {
			t.Errorf("%s: Good = %t, want %t", c.name, got, c.want)
		}
	}
}
