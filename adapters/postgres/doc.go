// Package postgres opens a store on PostgreSQL, with jackc/pgx under
// database/sql: one database for any number of hosts.
//
// Statements with their arguments written into them (all that bun's builder
// makes) go by the simple protocol, several in one message. Statements with $1
// go prepared, several in one pipeline. Measured on the inbox list, pgx's
// default for the first kind costs twice the time: it prepares every text anew. What
// begins a transaction travels with its first statements, and its commit with the last.
//
// Every table has row-level security. The workspaces of a call travel with its
// statements, in the same round trip, as a setting of the transaction; see the
// migrations. So the role must be one that row-level security binds, and [Open]
// refuses any other, as it refuses a server that may lose what it committed.
package postgres
