package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"github.com/my21staff/my21staff/bench/check/verdict"
)

func (s *store) contacts(ctx context.Context, all *verdict.Store) error {
	type tag struct{ contact, name string }
	tags, err := rows(ctx, s, fmt.Sprintf("select %s, t.name from contact_tags c join tags t on t.workspace_id = c.workspace_id and t.id = c.tag_id", s.id("c.contact_id")),
		func(r cursor, t *tag) error { return r.Scan(&t.contact, &t.name) })
	if err != nil {
		return err
	}
	has := map[string][]string{}
	for _, t := range tags {
		has[t.contact] = append(has[t.contact], t.name)
	}
	query := fmt.Sprintf("select %s, %s, name, lead_status, temperature, score, "+
		"(select count(*) from notes n where n.workspace_id = contacts.workspace_id and n.contact_id = contacts.id) from contacts", s.id("workspace_id"), s.id("id"))
	all.Contacts, err = rows(ctx, s, query, func(r cursor, c *verdict.Contact) error {
		err := r.Scan(&c.Workspace, &c.ID, &c.Name, &c.Stage, &c.Temperature, &c.Score, &c.Notes)
		c.Tags = has[c.ID]
		return err
	})
	return err
}

func (s *store) erasures(ctx context.Context, all *verdict.Store) (err error) {
	query := fmt.Sprintf("select %s, %s, erased from erasures", s.id("workspace_id"), s.id("contact_id"))
	all.Erasures, err = rows(ctx, s, query, func(r cursor, e *verdict.Erasure) error {
		var erased string
		if err := r.Scan(&e.Workspace, &e.Contact, &erased); err != nil {
			return err
		}
		return json.Unmarshal([]byte(erased), e)
	})
	return err
}

// standing is the day of figures that are of no day.
const standing = math.MinInt32

func (s *store) figures(ctx context.Context, all *verdict.Store) (err error) {
	query := fmt.Sprintf("select %s, %s, %s, measure, day, value from figures", s.id("workspace_id"), s.id("channel_id"), s.id("member_id"))
	all.Figures, err = rows(ctx, s, query, func(r cursor, f *verdict.Figure) error {
		var day int64
		err := r.Scan(&f.Workspace, &f.Channel, &f.Member, &f.Measure, &day, &f.Value)
		f.Standing = day == standing
		return err
	})
	if all.Figures == nil {
		all.Figures = []verdict.Figure{} // they were looked for
	}
	return err
}
