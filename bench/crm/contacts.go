package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host"
)

// contactPaths makes the requests of the lead database's lists: its orders, its
// filters by what many and by what few contacts have, and its searches. Small is
// how many rows a smaller world's pages have; what has more rows here is asked for
// that many too.
func (w *world) contactPaths(ctx context.Context, services *host.Services, c *caller, small map[string]int) ([]path, error) {
	r := w.reader(services, c)
	if err := r.byPhone(ctx); err != nil {
		return nil, err
	}
	r.paths[0].rows = 1
	o := w.offices[0]
	is := func(field, value string) string {
		return fmt.Sprintf(`{"field":%q,"op":"is","value":%q}`, field, value)
	}
	for _, list := range []struct {
		name, filter, search string
		sort                 people.Sort
	}{
		{name: "contacts, last changed first"},
		{name: "contacts, newest first", sort: people.ByCreated},
		{name: "contacts, by name", sort: people.ByName},
		{name: "contacts, by score", sort: people.ByScore},
		{name: "contacts, of a status that most have", filter: is("lead_status", "new")},
		{name: "contacts, of a status that few have", filter: is("lead_status", "lost")},
		{name: "contacts, of a status that few have, by score", filter: is("lead_status", "lost"), sort: people.ByScore},
		{name: "contacts, hot", filter: is("temperature", "hot")},
		{name: "contacts, cold, by score", filter: is("temperature", "cold"), sort: people.ByScore},
		{name: "contacts, with a tag that many have", filter: is("tag", o.tags[1].String())},
		{name: "contacts, with a tag that few have", filter: is("tag", o.tags[7].String())},
		{name: "contacts, with a tag that few have, by score", filter: is("tag", o.tags[7].String()), sort: people.ByScore},
		{name: "contacts, in a city that many are in", filter: is("fields.city", cities[0])},
		{name: "contacts, in a city that few are in", filter: is("fields.city", cities[len(cities)-1])},
		{name: "contacts, with at least a budget", filter: `{"field":"fields.budget","op":"at_least","value":90000000}`},
		{name: "contacts, to begin in a month", filter: `{"field":"fields.intake","op":"between","value":["2027-02-01","2027-03-01"]}`},
		{name: "contacts, new and hot and in a city", filter: `{"and":[` + is("lead_status", "new") + `,` + is("temperature", "hot") + `,` + is("fields.city", cities[1]) + `]}`},
		{name: "contacts, search of a common name", search: "sari"},
		{name: "contacts, search of a rare name", search: w.rare},
		{name: "contacts, search of a number's part", search: number(w.phones[len(w.phones)/2])[5:]},
	} {
		all, err := r.contacts(ctx, list.name, list.filter, list.search, list.sort, crm.PageRows)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", list.name, err)
		}
		few, known := small[list.name]
		if !known {
			few = all
		}
		if few < crm.PageRows {
			if _, err := r.contacts(ctx, list.name+", as many", list.filter, list.search, list.sort, few); err != nil {
				return nil, fmt.Errorf("%s: %w", list.name, err)
			}
		}
	}
	return r.paths, nil
}

// contacts adds a first page of at most some rows, and returns how many it has. It
// is seen to have some.
func (r *reader) contacts(ctx context.Context, name, filter, search string, sort people.Sort, most int) (rows int, err error) {
	ask := people.ContactQuery{Search: search, Sort: sort, Limit: most + 1}
	query := url.Values{}
	for key, value := range map[string]string{"filter": filter, "q": search, "sort": string(sort)} {
		if value != "" {
			query.Set(key, value)
		}
	}
	if most < crm.PageRows {
		query.Set("limit", strconv.Itoa(most))
	}
	t, err := capture(ctx, func(ctx context.Context) error {
		if filter != "" {
			var err error
			if ask.Filter, err = r.services.People.Test(ctx, r.p, []byte(filter), time.UTC); err != nil {
				return err
			}
		}
		found, err := r.services.People.Contacts(ctx, r.p, ask)
		if rows = min(len(found), most); err == nil && rows == 0 {
			err = errors.New("nobody is found")
		}
		return err
	})
	if err != nil {
		return 0, err
	}
	path := path{name: name, rows: rows, requests: []request{get("/api/contacts?"+strings.ReplaceAll(query.Encode(), "+", "%20"), r.key)}, trips: []trip{t}}
	r.paths = append(r.paths, path)
	return rows, nil
}
