package postgres

import (
	"context"
	"database/sql"
	"slices"
)

// swept are the tables that an erasure deletes from.
var swept = []string{
	"contacts", "identities", "contact_tags", "contact_fields", "leads", "notes", "tasks", "merges", "conversations", "messages", "statuses",
	"amendments", "answers", "jobs", "facts", "search_index", "deliveries", "delivery_bodies", "imports", "import_chunks", "erasures",
}

// sweep vacuums one table after the other: until then PostgreSQL keeps what was
// deleted. A table that the role does not own it passes over, with a warning of
// its own that nobody hears; autovacuum comes there too, later.
func sweep(ctx context.Context, on *sql.DB, after string) (string, error) {
	table := slices.Index(swept, after) // the one that comes next, the first for ""
	if table < 0 {
		table = 0
	}
	if _, err := on.ExecContext(ctx, "vacuum "+swept[table]); err != nil {
		return "", err
	}
	if table+1 == len(swept) {
		return "", nil
	}
	return swept[table+1], nil
}
