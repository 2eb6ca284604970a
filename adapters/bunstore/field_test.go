package bunstore_test

import (
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/filter"
	"github.com/my21staff/my21staff/crm/people"
)

// TestFieldsOfOldContacts takes the lead database back and brings it again: what
// contacts had before it are found as those that came after.
func TestFieldsOfOldContacts(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		c, _ := settle(t, store)
		tag := &crm.Tag{ID: crm.TagID{1}, WorkspaceID: c.Workspace.ID, Name: "vip"}
		changes := &crm.Changes{Tags: []*crm.Tag{tag}}
		for i := range 1100 { // more than a step of the migration
			ct := c.Contact()
			ct.Name, ct.Source.Kind, ct.Fields = "Éva", "ad", map[string]string{"kota": "BANDUNG  Kulon"}
			if i%2 == 0 {
				ct.Name, ct.Source.Kind, ct.Fields = "Budi", "chat", map[string]string{"budget": "7.5", "kota": " "}
			}
			ct.Tags, ct.UpdatedAt = []crm.TagID{tag.ID}, ct.CreatedAt.Add(time.Duration(i)*time.Hour)
			changes.Contacts = append(changes.Contacts, ct)
			changes.Leads = append(changes.Leads, &crm.Lead{WorkspaceID: c.Workspace.ID, ContactID: ct.ID, Profile: []byte{1}, Rules: crm.DefaultRules, Total: i % 100})
		}
		mustWrite(t, store, c.Workspace.ID, changes)
		for {
			version, err := store.Version(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if version < "20261128200000" {
				break
			}
			if err := store.Rollback(t.Context(), 1); err != nil {
				t.Fatal(err)
			}
		}
		if err := store.Migrate(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantFollowed(t, store, "the migration")
		schema := filter.NewSchema([]*crm.Field{{Key: "kota", Type: crm.TextField}, {Key: "budget", Type: crm.NumberField}})
		for expression, want := range map[string]int{
			`{"field":"fields.kota","op":"is","value":"bandung kulon"}`: 550,
			`{"field":"fields.budget","op":"at_least","value":7.5}`:     550,
			`{"field":"fields.kota","op":"is_not_set"}`:                 550,
			`{"field":"source","op":"is","value":"ad"}`:                 550,
		} {
			e, err := filter.Decode([]byte(expression), schema)
			if err != nil {
				t.Fatal(err)
			}
			test := e.Resolve(filter.Context{Now: time.Unix(0, 0)})
			found, err := store.People().Contacts(t.Context(), c.Workspace.ID, people.ContactQuery{Filter: &test, Limit: 2000})
			if err != nil || len(found) != want {
				t.Errorf("after the migration %s finds %d contacts, %v, want %d", expression, len(found), err, want)
			}
		}
		first, err := store.People().Contacts(t.Context(), c.Workspace.ID, people.ContactQuery{Sort: people.ByName, Limit: 1})
		if err != nil || len(first) != 1 || first[0].Name != "Budi" {
			t.Errorf("by name the first contact is %v, %v, want Budi", first, err)
		}
	})
}
