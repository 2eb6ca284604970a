package bunstore

import (
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/filter"
	"github.com/my21staff/my21staff/crm/people"
)

// A filter becomes SQL here. Every text that it can become is in the table
// below or one of the few that join them; what a person asked for is only ever
// an argument. Each question has a text that is tried on a contact. Some have
// another that finds the contacts by an index: where a contact must fit, the
// database may begin with those. The offset keeps PostgreSQL from asking all
// contacts at once where only a page of them is to be tried: it would make a
// table of every conversation to look fifty up in.

// question is what asks a primitive question of filter.Test. The letters of
// args name its arguments in order: the workspace, the test's key, text, line
// (see lines) and id, nobody's id, and the ends of its range.
type question struct {
	try, tryArgs   string
	find, findArgs string
}

type asked struct {
	place filter.Place
	kind  filter.Kind
}

var questions = map[asked]question{
	{filter.InName, filter.Equals}:    {try: "('\n' || folded || '\n') <> replace('\n' || folded || '\n', ?, '')", tryArgs: "L"},
	{filter.InName, filter.Holds}:     {try: "folded <> replace(folded, ?, '')", tryArgs: "t"},
	{filter.InName, filter.Begins}:    {try: "('\n' || folded) <> replace('\n' || folded, ?, '')", tryArgs: "l"},
	{filter.InName, filter.Something}: {try: "folded <> ''"},

	{filter.InIdentity, filter.Equals}: {
		try: "exists (select 1 from identities where workspace_id = ? and kind = ? and value = ? and contact_id = contacts.id limit 1 offset 0)", tryArgs: "wkt",
		find: "id in (select contact_id from identities where workspace_id = ? and kind = ? and value = ?)", findArgs: "wkt",
	},
	{filter.InIdentity, filter.Holds}: {
		try: "exists (select 1 from identities where workspace_id = ? and contact_id = contacts.id and kind = ? and value <> replace(value, ?, '') limit 1 offset 0)", tryArgs: "wkt",
	},
	{filter.InIdentity, filter.Begins}: {
		try: "exists (select 1 from identities where workspace_id = ? and contact_id = contacts.id and kind = ? and ('\n' || value) <> replace('\n' || value, ?, '') limit 1 offset 0)", tryArgs: "wkl",
	},
	{filter.InIdentity, filter.Something}: {
		try: "exists (select 1 from identities where workspace_id = ? and contact_id = contacts.id and kind = ? limit 1 offset 0)", tryArgs: "wk",
	},

	{filter.InField, filter.Equals}: {
		try: "exists (select 1 from contact_fields where workspace_id = ? and contact_id = contacts.id and field = ? and words = ? limit 1 offset 0)", tryArgs: "wkt",
		find: "id in (select contact_id from contact_fields where workspace_id = ? and field = ? and words = ?)", findArgs: "wkt",
	},
	{filter.InField, filter.Holds}: {
		try: "exists (select 1 from contact_fields where workspace_id = ? and contact_id = contacts.id and field = ? and words <> replace(words, ?, '') limit 1 offset 0)", tryArgs: "wkt",
	},
	{filter.InField, filter.Begins}: {
		try: "exists (select 1 from contact_fields where workspace_id = ? and contact_id = contacts.id and field = ? and ('\n' || words) <> replace('\n' || words, ?, '') limit 1 offset 0)", tryArgs: "wkl",
	},
	{filter.InField, filter.Within}: {
		try: "exists (select 1 from contact_fields where workspace_id = ? and contact_id = contacts.id and field = ? and ordinal >= ? and ordinal < ? limit 1 offset 0)", tryArgs: "wkfT",
		find: "id in (select contact_id from contact_fields where workspace_id = ? and field = ? and ordinal >= ? and ordinal < ?)", findArgs: "wkfT",
	},
	{filter.InField, filter.Something}: {
		try: "exists (select 1 from contact_fields where workspace_id = ? and contact_id = contacts.id and field = ? limit 1 offset 0)", tryArgs: "wk",
	},

	{filter.InStatus, filter.Equals}:         {try: "lead_status = ?", tryArgs: "t"},
	{filter.InStatus, filter.Something}:      {try: "lead_status <> ''"},
	{filter.InTemperature, filter.Equals}:    {try: "temperature = ?", tryArgs: "t"},
	{filter.InTemperature, filter.Something}: {try: "temperature <> ''"},
	{filter.InSource, filter.Equals}:         {try: "source_kind = ?", tryArgs: "t"},
	{filter.InSource, filter.Something}:      {try: "source_kind <> ''"},
	{filter.InOptOut, filter.Something}:      {try: "opted_out"},
	{filter.InBlocked, filter.Something}:     {try: "blocked_at is not null"},
	{filter.InCreated, filter.Within}:        {try: "(created_at >= ? and created_at < ?)", tryArgs: "FT"},
	{filter.InCreated, filter.Something}:     {try: "created_at >= 0"},
	{filter.InUpdated, filter.Within}:        {try: "(updated_at >= ? and updated_at < ?)", tryArgs: "FT"},
	{filter.InUpdated, filter.Something}:     {try: "updated_at >= 0"},

	{filter.InTag, filter.Refers}: {
		try: "exists (select 1 from contact_tags where workspace_id = ? and tag_id = ? and contact_id = contacts.id limit 1 offset 0)", tryArgs: "wi",
		find: "id in (select contact_id from contact_tags where workspace_id = ? and tag_id = ?)", findArgs: "wi",
	},
	{filter.InTag, filter.Something}: {try: "tags <> ''"},

	{filter.InAssignee, filter.Refers}: {
		try: "exists (select 1 from conversations where workspace_id = ? and contact_id = contacts.id and assignee_id = ? limit 1 offset 0)", tryArgs: "wi",
		find: "id in (select contact_id from conversations where workspace_id = ? and assignee_id = ?)", findArgs: "wi",
	},
	{filter.InAssignee, filter.Something}: {
		try: "exists (select 1 from conversations where workspace_id = ? and contact_id = contacts.id and assignee_id <> ? limit 1 offset 0)", tryArgs: "wn",
	},
	{filter.InThread, filter.Equals}: {
		try: "exists (select 1 from conversations where workspace_id = ? and contact_id = contacts.id and status = ? limit 1 offset 0)", tryArgs: "wt",
		find: "id in (select contact_id from conversations where workspace_id = ? and status = ?)", findArgs: "wt",
	},
	{filter.InThread, filter.Something}: {
		try: "exists (select 1 from conversations where workspace_id = ? and contact_id = contacts.id limit 1 offset 0)", tryArgs: "w",
	},
	// The newest message of all conversations lies within when one does and
	// none lies behind.
	{filter.InLastMessage, filter.Within}: {
		try: "(exists (select 1 from conversations where workspace_id = ? and contact_id = contacts.id and last_message_at >= ? and last_message_at < ? limit 1 offset 0)" +
			" and not exists (select 1 from conversations where workspace_id = ? and contact_id = contacts.id and last_message_at >= ? limit 1 offset 0))", tryArgs: "wFTwT",
		find: "(id in (select contact_id from conversations where workspace_id = ? and last_message_at >= ? and last_message_at < ?)" +
			" and not exists (select 1 from conversations where workspace_id = ? and contact_id = contacts.id and last_message_at >= ? limit 1 offset 0))", findArgs: "wFTwT",
	},
	{filter.InLastMessage, filter.Something}: {
		try: "exists (select 1 from conversations where workspace_id = ? and contact_id = contacts.id and last_message_at >= 0 limit 1 offset 0)", tryArgs: "w",
	},
}

// arguments returns the arguments of a text by their letters.
func arguments(letters string, ws crm.WorkspaceID, t filter.Test) []any {
	args := make([]any, len(letters))
	for i, letter := range letters {
		switch letter {
		case 'w':
			args[i] = uid(ws)
		case 'k':
			args[i] = text(t.Key)
		case 't':
			args[i] = text(t.Text)
		case 'l': // a line's beginning: nothing that is compared has a line break in it
			args[i] = text("\n" + t.Text)
		case 'L': // a whole line
			args[i] = text("\n" + t.Text + "\n")
		case 'i':
			args[i] = uid(t.ID)
		case 'n':
			args[i] = uid{}
		case 'f':
			args[i] = t.From
		case 'F': // of a moment, which is never before 1970
			args[i] = max(t.From, 0)
		case 'T':
			args[i] = t.To
		}
	}
	return args
}

// tests returns what a list asks of everybody in it, but for its search.
func tests(query people.ContactQuery) (all []filter.Test) {
	if !query.TagID.IsZero() {
		all = append(all, filter.Test{Kind: filter.Refers, Place: filter.InTag, ID: query.TagID})
	}
	if query.LeadStatus != "" {
		all = append(all, filter.Test{Kind: filter.Equals, Place: filter.InStatus, Text: query.LeadStatus})
	}
	if query.Filter != nil {
		all = append(all, parts(*query.Filter)...)
	}
	return all
}

// parts takes a test apart into those that must all be passed.
func parts(t filter.Test) (all []filter.Test) {
	if t.Kind != filter.All && !(t.Kind == filter.Any && len(t.Of) == 1) {
		return []filter.Test{t}
	}
	for _, part := range t.Of {
		all = append(all, parts(part)...)
	}
	return all
}

// passing adds the conditions that a contact passes all tests. Who does not pass one
// fits nowhere, so the database may begin with those whom an index finds.
func passing(q Query, ws crm.WorkspaceID, tests []filter.Test) Query {
	for _, t := range tests {
		q = q.and(" and ")
		if ask := questions[asked{t.Place, t.Kind}]; ask.find != "" {
			q = q.and(ask.find, arguments(ask.findArgs, ws, t)...)
			continue
		}
		q = try(q, ws, t)
	}
	return q
}

// try adds the condition that a contact passes a test, which is tried on it.
func try(q Query, ws crm.WorkspaceID, t filter.Test) Query {
	switch t.Kind {
	case filter.None:
		return try(q.and("not "), ws, t.Of[0])
	case filter.All, filter.Any:
		between := " and "
		if t.Kind == filter.Any {
			between = " or "
		}
		for i, part := range t.Of {
			before := between
			if i == 0 {
				before = "("
			}
			q = try(q.and(before), ws, part)
		}
		return q.and(")")
	}
	ask, known := questions[asked{t.Place, t.Kind}]
	if !known { // an expression that was read asks nothing else
		return q.and("false")
	}
	return q.and(ask.try, arguments(ask.tryArgs, ws, t)...)
}
