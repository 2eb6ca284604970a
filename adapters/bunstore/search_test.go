package bunstore_test

import (
	"testing"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

// TestSearchOfManyAndOfFew: whether those who have a name are gathered or met on
// the way, the pages of a search are all of them, each once.
func TestSearchOfManyAndOfFew(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		seeded := seed(t, store)
		for search, want := range map[string]int{"siti": 2000, "SITI 19": 111, "ti 1999": 1, "siti siti": 0} {
			found := make(map[crm.ContactID]bool)
			q := people.ContactQuery{Search: search, Limit: 300}
			for {
				page, err := store.People().Contacts(t.Context(), seeded.ws, q)
				if err != nil {
					t.Fatal(err)
				}
				for _, c := range page {
					if found[c.ID] {
						t.Fatalf("a search for %q finds %s twice", search, c.Name)
					}
					found[c.ID] = true
				}
				if len(page) < q.Limit {
					break
				}
				q.After = people.CursorOf(page[len(page)-1], q.Sort)
			}
			if len(found) != want {
				t.Errorf("a search for %q finds %d contacts, want %d", search, len(found), want)
			}
		}
	})
}
