package csvio

import (
	"slices"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// columns are what an export says of a contact before the workspace's own
// fields, in their order. Their names are what [Guess] takes them for.
var columns = []struct {
	name string
	cell func(c *crm.Contact, tags map[crm.TagID]string) string
}{
	{"id", func(c *crm.Contact, _ map[crm.TagID]string) string { return c.ID.String() }},
	{"name", func(c *crm.Contact, _ map[crm.TagID]string) string { return c.Name }},
	{"profile_name", func(c *crm.Contact, _ map[crm.TagID]string) string { return c.ProfileName }},
	{"username", func(c *crm.Contact, _ map[crm.TagID]string) string { return c.Username }},
	{"phone", func(c *crm.Contact, _ map[crm.TagID]string) string { return identities(c, crm.ByPhone) }},
	{"wa_id", waIDs},
	{"user_id", func(c *crm.Contact, _ map[crm.TagID]string) string { return identities(c, crm.ByUserID) }},
	{"email", func(c *crm.Contact, _ map[crm.TagID]string) string { return identities(c, crm.ByEmail) }},
	{"external_id", func(c *crm.Contact, _ map[crm.TagID]string) string { return identities(c, crm.ByExternal) }},
	{"tags", tagNames},
	{"lead_status", func(c *crm.Contact, _ map[crm.TagID]string) string { return c.LeadStatus }},
	{"temperature", func(c *crm.Contact, _ map[crm.TagID]string) string { return string(c.Temperature) }},
	{"opt_out", func(c *crm.Contact, _ map[crm.TagID]string) string { return yes(c.OptOut.Out) }},
	{"source", func(c *crm.Contact, _ map[crm.TagID]string) string { return c.Source.Kind }},
	{"created_at", func(c *crm.Contact, _ map[crm.TagID]string) string { return moment(c.CreatedAt) }},
	{"updated_at", func(c *crm.Contact, _ map[crm.TagID]string) string { return moment(c.UpdatedAt) }},
}

// ExportHeader returns the names of an export's columns with those of the
// fields, which must be sorted. A field whose name would be taken for something
// else is named as the target it is.
func ExportHeader(fields []string) []string {
	header := make([]string, 0, len(columns)+len(fields))
	for _, c := range columns {
		header = append(header, c.name)
	}
	for _, field := range fields {
		name := field
		if plainly := strings.TrimSpace(field) == field && byName(field) == "" && !slices.Contains(halves, plainWord(field)); !plainly {
			name = string(FieldTarget(field))
		}
		header = append(header, name)
	}
	return header
}

// ExportRow returns a contact's cells under ExportHeader, with its tags by the
// names given. What is imported again is the contact it was, but for what only
// this program can know: its id, profile, temperature, source and times.
func ExportRow(c *crm.Contact, tags map[crm.TagID]string, fields []string) []string {
	cells := make([]string, 0, len(columns)+len(fields))
	for _, column := range columns {
		cells = append(cells, column.cell(c, tags))
	}
	for _, field := range fields {
		cells = append(cells, c.Fields[field])
	}
	return cells
}

func identities(c *crm.Contact, kind crm.IdentityKind) string {
	var values []string
	for _, id := range c.Identities {
		if id.Kind == kind {
			values = append(values, id.Value)
		}
	}
	if kind == crm.ByExternal {
		return join(values, lineSeparators)
	}
	return join(values, wordSeparators)
}

// waIDs are those that no number of the contact says already.
func waIDs(c *crm.Contact, _ map[crm.TagID]string) string {
	var values []string
	for _, id := range c.Identities {
		if id.Kind == crm.ByWaID && !c.Has(crm.Identity{Kind: crm.ByPhone, Value: "+" + id.Value}) {
			values = append(values, id.Value)
		}
	}
	return join(values, wordSeparators)
}

func tagNames(c *crm.Contact, tags map[crm.TagID]string) string {
	var values []string
	for _, id := range c.Tags {
		if name := tags[id]; name != "" {
			values = append(values, name)
		}
	}
	return join(values, wordSeparators)
}

func yes(is bool) string {
	if is {
		return "yes"
	}
	return ""
}

func moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format(time.RFC3339)
}
