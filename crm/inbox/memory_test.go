package inbox_test

import (
	"slices"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

// memory is the state of one workspace as plain rows. Load gives all of it and
// Write replaces rows by their keys, which is what a store's contract amounts
// to when one caller is alone.
type memory struct {
	inbox.State
	facts  []crm.Fact
	twins  []crm.Twin
	ingest int64
}

// load returns copies of every row.
func (m *memory) load() *inbox.State {
	return &inbox.State{
		Channels: m.Channels, Contacts: copies(m.Contacts), Leads: copies(m.Leads), Conversations: copies(m.Conversations), Messages: copies(m.Messages),
		Statuses: slices.Clone(m.Statuses), Amendments: slices.Clone(m.Amendments), Templates: copies(m.Templates),
		Members: m.Members,
	}
}

func copies[T any](rows []*T) []*T {
	out := make([]*T, len(rows))
	for i, row := range rows {
		c := *row
		out[i] = &c
	}
	return out
}

func (m *memory) write(c *crm.Changes) {
	replace(&m.Contacts, c.Contacts, func(a, b *crm.Contact) bool { return a.ID == b.ID })
	replace(&m.Leads, c.Leads, func(a, b *crm.Lead) bool { return a.ContactID == b.ContactID })
	replace(&m.Conversations, c.Conversations, func(a, b *crm.Conversation) bool { return a.ID == b.ID })
	for _, row := range c.Messages {
		if row.Ingest == 0 {
			m.ingest++
			row.Ingest = m.ingest
		}
	}
	replace(&m.Messages, c.Messages, func(a, b *crm.Message) bool { return a.ID == b.ID })
	replace(&m.Templates, c.Templates, func(a, b *crm.Template) bool { return a.ID == b.ID })
	m.Statuses = append(m.Statuses, c.Statuses...)
	m.Amendments = append(m.Amendments, c.Amendments...)
	m.facts = append(m.facts, c.Facts...)
	m.twins = append(m.twins, c.Twins...)
}

func replace[T any](rows *[]*T, written []*T, same func(a, b *T) bool) {
	for _, w := range written {
		i := slices.IndexFunc(*rows, func(r *T) bool { return same(r, w) })
		if i >= 0 {
			(*rows)[i] = w
		} else {
			*rows = append(*rows, w)
		}
	}
}
