package postgres

import (
	"encoding/hex"
	"strings"

	"github.com/my21staff/my21staff/adapters/bunstore"
)

// months implements bunstore.Months with partitions.
type months struct{}

// Months implements bunstore.Dialect.
func (*dialect) Months() bunstore.Months { return months{} }

const rest = "delivery_bodies_default"

// Lock implements bunstore.Months. The number is any that nobody else uses.
// Adding or taking a partition locks the table or its default partition for a
// moment, and whoever comes after waits for that lock too.
func (months) Lock() []string {
	return []string{"select pg_advisory_xact_lock(7321022)", "set local lock_timeout = '200ms'"}
}

// List implements bunstore.Months.
func (months) List() string {
	return "select c.relname::text from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'delivery_bodies'::regclass order by 1"
}

// Make implements bunstore.Months. The partition is made beside the table and
// then attached, which lets the table be used meanwhile and what the default
// partition has of the month be moved; that one is locked for it, since a row
// that came in between would forbid the attaching. Policies are not inherited.
func (months) Make(m bunstore.Month) []string {
	from, to := hex.EncodeToString(m.From[:]), hex.EncodeToString(m.To[:])
	var statements []string
	for _, sql := range []string{
		"create table $name (like delivery_bodies including all)",
		"lock table " + rest + " in access exclusive mode",
		"with moved as (delete from " + rest + " where id >= '$from' and id < '$to' returning workspace_id, id, body)" +
			" insert into $name (workspace_id, id, body) select workspace_id, id, body from moved",
		"alter table $name enable row level security",
		"alter table $name force row level security",
		`create policy workspaces on $name using (
			workspace_id = any ((select string_to_array(current_setting('my21staff.workspaces', true), ',')::uuid[])::uuid[])
			or (select current_setting('my21staff.scope', true)) = 'installation')`,
		"alter table delivery_bodies attach partition $name for values from ('$from') to ('$to')",
	} {
		statements = append(statements, strings.NewReplacer("$name", m.Name, "$from", from, "$to", to).Replace(sql))
	}
	return statements
}

// Drop implements bunstore.Months.
func (months) Drop(m bunstore.Month) []string { return []string{"drop table " + m.Name} }

// Rest implements bunstore.Months.
func (months) Rest() string { return rest }
