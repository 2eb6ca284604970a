package bunstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/adapters/postgres"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/filter"
	"github.com/my21staff/my21staff/crm/people"
)

// stale counts the rows beside contacts that say otherwise than the contact what
// lists are sorted by.
const stale = "select count(t.contact_id) from contact_tags as t left join contacts as c on c.workspace_id = t.workspace_id and c.id = t.contact_id" +
	" where c.id is null or t.updated_at <> c.updated_at or t.score <> c.score" +
	" union all select count(f.contact_id) from contact_fields as f left join contacts as c on c.workspace_id = f.workspace_id and c.id = f.contact_id" +
	" where c.id is null or f.updated_at <> c.updated_at"

// wantFollowed fails when a copy is stale.
func wantFollowed(t *testing.T, store *bunstore.Store, after string) {
	t.Helper()
	err := store.Look(t.Context(), bunstore.Scope{Installation: true}, bunstore.Statement{SQL: stale}, func(rows *sql.Rows) error {
		var n int
		if err := rows.Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			t.Errorf("after %s %d rows beside contacts are stale", after, n)
		}
		return nil
	})
	if err != nil || t.Failed() {
		t.Fatal(err)
	}
}

// TestTagsAndFieldsFollow: whatever happens to contacts, what lists are sorted by is
// the same beside their tags and fields as in their own rows.
func TestTagsAndFieldsFollow(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		c, _ := settle(t, store)
		l := &life{Company: c, clock: crmtest.NewClock(), Rand: rand.New(rand.NewPCG(7, 11)), stored: map[crm.ContactID]*crm.Contact{}}
		mint, tags := l.clock.Mint(5), &crm.Changes{}
		for i := range 6 {
			tag := &crm.Tag{ID: crm.NewID[crm.Tag](mint), WorkspaceID: c.Workspace.ID, Name: fmt.Sprint("tag ", i)}
			l.tags, tags.Tags = append(l.tags, tag.ID), append(tags.Tags, tag)
		}
		mustWrite(t, store, c.Workspace.ID, tags)
		for step := range 250 {
			changes, did := l.next()
			if err := l.write(t.Context(), store, changes); err != nil {
				t.Fatal(err)
			}
			for _, scored := range changes.Leads {
				l.stored[scored.ContactID].Score = scored.Total
			}
			wantFollowed(t, store, fmt.Sprintf("step %d, %s,", step, did))
		}
	})
}

// life is what may happen to the contacts of a workspace.
type life struct {
	*crmtest.Company
	*rand.Rand
	clock  *crmtest.Clock
	tags   []crm.TagID
	stored map[crm.ContactID]*crm.Contact
}

// next returns what happens next, and its name.
func (l *life) next() (*crm.Changes, string) {
	changes := &crm.Changes{}
	switch do := l.IntN(10); {
	case len(l.stored) < 4 || do < 2:
		for range 1 + l.IntN(3) {
			ct := l.Contact()
			l.edit(ct)
			l.stored[ct.ID], changes.Contacts = ct, append(changes.Contacts, ct)
		}
		return changes, "new contacts"
	case do < 5:
		ct := l.anybody()
		l.edit(ct)
		changes.Contacts = append(changes.Contacts, ct)
		if l.IntN(2) == 0 {
			return changes, "an edit"
		}
		scored := l.score(ct)
		if l.IntN(2) == 0 { // as the services write it
			ct.Score = scored.Total
		}
		changes.Leads = append(changes.Leads, scored)
		return changes, "an edit and a score"
	case do < 8:
		changes.Leads = append(changes.Leads, l.score(l.anybody()))
		return changes, "a score"
	case do < 9 && len(l.tags) > 2:
		changes.DeletedTags = append(changes.DeletedTags, l.tags[0])
		l.tags = l.tags[1:]
		for _, ct := range l.stored {
			ct.Tags = slices.DeleteFunc(ct.Tags, func(tag crm.TagID) bool { return tag == changes.DeletedTags[0] })
		}
		return changes, "a tag deleted"
	}
	kept, gone := l.anybody(), l.anybody()
	if kept.ID != gone.ID {
		kept.Tags = slices.Compact(slices.SortedFunc(slices.Values(append(kept.Tags, gone.Tags...)), crm.TagID.Compare))
		kept.Identities, kept.UpdatedAt = append(kept.Identities, gone.Identities...), l.clock.Advance(time.Millisecond)
		delete(l.stored, gone.ID)
		changes.Contacts, changes.GoneContacts = append(changes.Contacts, kept), append(changes.GoneContacts, gone.ID)
	}
	return changes, "a merge"
}

func (l *life) anybody() *crm.Contact {
	ids := slices.SortedFunc(maps.Keys(l.stored), crm.ContactID.Compare)
	return l.stored[ids[l.IntN(len(ids))]]
}

// edit changes tags, fields and perhaps the time.
func (l *life) edit(ct *crm.Contact) {
	ct.Tags, ct.Fields = nil, map[string]string{}
	for _, tag := range l.tags {
		if l.IntN(2) == 0 {
			ct.Tags = append(ct.Tags, tag)
		}
	}
	for _, field := range []string{"city", "kind", "budget"} {
		if l.IntN(3) > 0 {
			ct.Fields[field] = fmt.Sprint(l.IntN(2))
		}
	}
	if l.IntN(2) > 0 {
		ct.UpdatedAt = l.clock.Advance(time.Duration(l.IntN(3)) * time.Millisecond)
	}
}

func (l *life) score(ct *crm.Contact) *crm.Lead {
	return &crm.Lead{WorkspaceID: l.Workspace.ID, ContactID: ct.ID, Profile: []byte{1}, Rules: crm.DefaultRules, Total: l.IntN(4)}
}

// write writes changes in a transaction that has read the contacts, or not.
func (l *life) write(ctx context.Context, store *bunstore.Store, changes *crm.Changes) error {
	need := people.Need{WorkspaceID: l.Workspace.ID}
	for _, ct := range changes.Contacts {
		need.Contacts = append(need.Contacts, ct.ID)
	}
	for _, scored := range changes.Leads {
		need.Contacts = append(need.Contacts, scored.ContactID)
	}
	reads := l.IntN(2) == 0
	return store.People().Update(ctx, l.Workspace.ID, func(ctx context.Context, tx people.Tx) error {
		if reads {
			if _, err := tx.Load(ctx, need); err != nil {
				return err
			}
		}
		return tx.Write(ctx, changes)
	})
}

// TestListsOnTheirWays: where a list is walked changes nobody in it and no place.
// All contacts, tried one by one, are what it is compared with.
func TestListsOnTheirWays(t *testing.T) {
	onSeeded(t, func(t *testing.T, store *bunstore.Store, seeded seeded) {
		is := func(place filter.Place, key, text string) filter.Test {
			return filter.Test{Kind: filter.Equals, Place: place, Key: key, Text: text}
		}
		tag := filter.Test{Kind: filter.Refers, Place: filter.InTag, ID: seeded.contact.Tags[0]}
		none := filter.Test{Kind: filter.Refers, Place: filter.InTag, ID: crm.TagID{9}}
		rare, common := is(filter.InField, "city", "city 300"), is(filter.InField, "kind", "kind 0")
		hot, won := is(filter.InTemperature, "", string(crm.Hot)), is(filter.InStatus, "", "won")
		budget := filter.Test{Kind: filter.Within, Place: filter.InField, Key: "budget", To: math.MaxInt64}
		budget.From, _ = filter.Ordinal("150")
		all := func(of ...filter.Test) filter.Test { return filter.Test{Kind: filter.All, Of: of} }
		everybody := make(map[people.Sort][]*crm.Contact)
		sorts := append([]people.Sort{people.ByID}, people.Sorts...)
		for _, sort := range sorts {
			listed, err := store.People().Contacts(t.Context(), seeded.ws, people.ContactQuery{Sort: sort, Limit: 10_000})
			if err != nil {
				t.Fatal(err)
			}
			everybody[sort] = listed
		}
		for name, query := range map[string]people.ContactQuery{
			"a tag":                     {Filter: &tag},
			"a tag nobody has":          {Filter: &none},
			"a tag twice":               {TagID: seeded.contact.Tags[0], Filter: &tag},
			"a tag and a status":        {TagID: seeded.contact.Tags[0], LeadStatus: "new"},
			"a tag and another status":  {Filter: new(all(tag, won))},
			"a word":                    {Filter: &common},
			"a rare word in a nest":     {Filter: new(all(all(common), filter.Test{Kind: filter.Any, Of: []filter.Test{rare}}))},
			"a word and temperature":    {Filter: new(all(hot, common))},
			"a range":                   {Filter: &budget},
			"a range and a tag":         {TagID: seeded.contact.Tags[0], Filter: &budget},
			"one word or another":       {Filter: &filter.Test{Kind: filter.Any, Of: []filter.Test{rare, hot}}},
			"a word but not a tag":      {Filter: new(all(common, filter.Test{Kind: filter.None, Of: []filter.Test{tag}}))},
			"a tag and a name":          {Filter: &tag, Search: "siti 1"},
			"a word and a name":         {Filter: &common, Search: "siti 1"},
			"a word and a name all use": {Filter: &common, Search: "siti"},
		} {
			for _, sort := range sorts {
				query.Sort, query.Limit = sort, 37
				want := triedOneByOne(everybody[sort], query)
				if got := allPages(t, store, seeded.ws, query); !slices.Equal(got, want) {
					t.Errorf("%s by %s: %d contacts in %d, want %d", name, sort, len(got), query.Limit, len(want))
				} else if len(want) == 0 && name != "a tag nobody has" && !strings.Contains(name, "status") {
					t.Errorf("%s: nobody is found", name)
				}
			}
		}
	})
}

// allPages goes through a list.
func allPages(t *testing.T, store *bunstore.Store, ws crm.WorkspaceID, query people.ContactQuery) (found []crm.ContactID) {
	t.Helper()
	for {
		page, err := store.People().Contacts(t.Context(), ws, query)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range page {
			found = append(found, c.ID)
		}
		if len(page) < query.Limit || len(found) > 10_000 { // or it goes round
			return found
		}
		query.After = people.CursorOf(page[len(page)-1], query.Sort)
	}
}

// triedOneByOne is who of all contacts in a list's order fits it.
func triedOneByOne(everybody []*crm.Contact, query people.ContactQuery) (fitting []crm.ContactID) {
	for _, c := range everybody {
		fits := (query.TagID.IsZero() || slices.Contains(c.Tags, query.TagID)) &&
			(query.LeadStatus == "" || c.LeadStatus == query.LeadStatus) &&
			(query.Filter == nil || query.Filter.Match(filter.Subject{Contact: c})) &&
			strings.Contains(strings.ToLower(c.Name), query.Search)
		if fits {
			fitting = append(fitting, c.ID)
		}
	}
	return fitting
}

// TestListsAreReadByOne: PostgreSQL compiles no plan of ours and starts no processes
// to help with one; both take longer than to read a page.
func TestListsAreReadByOne(t *testing.T) {
	t.Parallel()
	store := openPostgres(t, pgtest.DSN(t), postgres.Options{Sealer: sealer(t), Connections: 1})
	for setting, want := range map[string]string{"jit": "off", "max_parallel_workers_per_gather": "0"} {
		ask := bunstore.Statement{SQL: "select current_setting($1)", Args: []any{setting}}
		err := store.Look(t.Context(), bunstore.Scope{}, ask, func(rows *sql.Rows) error {
			var got string
			if err := rows.Scan(&got); got != want {
				t.Errorf("%s is %q, %v, want %q", setting, got, err, want)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// TestLanes: which way a list is walked, for each order and what is asked.
func TestLanes(t *testing.T) {
	onSeeded(t, func(t *testing.T, store *bunstore.Store, seeded seeded) {
		is := func(place filter.Place, key, text string) filter.Test {
			return filter.Test{Kind: filter.Equals, Place: place, Key: key, Text: text}
		}
		tag := filter.Test{Kind: filter.Refers, Place: filter.InTag, ID: seeded.contact.Tags[0]}
		rare, half := is(filter.InField, "city", "city 304"), is(filter.InField, "kind", "kind 0")
		hot := is(filter.InTemperature, "", string(crm.Hot))
		least := func(budget string) filter.Test {
			test := filter.Test{Kind: filter.Within, Place: filter.InField, Key: "budget", To: math.MaxInt64}
			test.From, _ = filter.Ordinal(budget)
			return test
		}
		all := func(of ...filter.Test) *filter.Test { return &filter.Test{Kind: filter.All, Of: of} }
		const (
			everybody = "everybody"
			tagLane   = "the lane of a tag"
			cityLane  = "the lane of a city"
			kindLane  = "the lane of a kind"
			ranged    = "the lane of a range"
			gathered  = "gathered"
			tried     = "everybody, tried"
		)
		ways := []struct {
			mark, way string // what of the statement tells the way
		}{
			{"walked_updated_at from contact_tags", tagLane}, {"walked_score from contact_tags", tagLane},
			{"contact_fields where workspace_id = $ and field = $ and ordinal >= $ and ordinal < $) as walked", ranged},
			{"walked_updated_at from contact_fields", ""},
			{" in (select contact_id from contact_", gathered}, {"exists (select 1 from contact_", tried},
		}
		for _, list := range []struct {
			name  string
			query people.ContactQuery
			want  map[people.Sort]string
		}{
			{"all", people.ContactQuery{}, map[people.Sort]string{people.ByRecent: everybody, people.ByScore: everybody, people.ByName: everybody, people.ByCreated: everybody}},
			{"hot", people.ContactQuery{Filter: &hot}, map[people.Sort]string{people.ByRecent: everybody, people.ByScore: everybody, people.ByName: everybody}},
			{"a tag", people.ContactQuery{Filter: &tag}, map[people.Sort]string{people.ByRecent: tagLane, people.ByScore: tagLane, people.ByName: gathered, people.ByCreated: gathered}},
			{"a tag, not by a filter", people.ContactQuery{TagID: tag.ID}, map[people.Sort]string{people.ByRecent: tagLane, people.ByScore: tagLane, people.ByName: gathered}},
			{"a city", people.ContactQuery{Filter: &rare}, map[people.Sort]string{people.ByRecent: cityLane, people.ByScore: gathered, people.ByName: gathered, people.ByCreated: gathered}},
			{"a kind", people.ContactQuery{Filter: &half}, map[people.Sort]string{people.ByRecent: kindLane, people.ByScore: gathered}},
			{"a kind and a city", people.ContactQuery{Filter: all(half, rare)}, map[people.Sort]string{people.ByRecent: cityLane, people.ByScore: gathered}},
			{"hot and a city", people.ContactQuery{Filter: all(hot, rare)}, map[people.Sort]string{people.ByRecent: cityLane, people.ByScore: gathered, people.ByName: gathered}},
			{"a kind and a tag", people.ContactQuery{TagID: tag.ID, Filter: &half}, map[people.Sort]string{people.ByRecent: tagLane, people.ByScore: tagLane, people.ByName: gathered}},
			{"a budget that all have", people.ContactQuery{Filter: new(least("0"))}, map[people.Sort]string{people.ByRecent: ranged, people.ByScore: tried, people.ByName: tried, people.ByCreated: tried}},
			{"a budget that few have", people.ContactQuery{Filter: new(least("1990"))}, map[people.Sort]string{people.ByRecent: ranged, people.ByScore: gathered, people.ByName: gathered}},
		} {
			for sort, want := range list.want {
				var asked bunstore.Statement
				ctx, stats := bunstore.WithStats(t.Context())
				stats.Trace = func(_ context.Context, s bunstore.Statement) { asked = s }
				list.query.Sort, list.query.Limit = sort, 20
				if err := wantRows(store.People().Contacts(ctx, seeded.ws, list.query)); err != nil {
					t.Fatalf("%s by %s: %v", list.name, sort, err)
				}
				got, text := everybody, holes.ReplaceAllString(asked.SQL, "$$")
				for _, w := range ways {
					if strings.Contains(text, w.mark) {
						if got = w.way; got == "" {
							got = "the lane of a " + fmt.Sprint(asked.Args[1])
						}
						break
					}
				}
				if got != want {
					t.Errorf("%s by %s goes by %s, want %s:\n%s", list.name, sort, got, want, asked.SQL)
				}
			}
		}
	})
}

var holes = regexp.MustCompile(`\$[0-9]+`)
