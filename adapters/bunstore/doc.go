// Package bunstore keeps the nouns of package crm in an SQL database, through
// uptrace/bun. It is one store for two databases: what differs between SQLite
// and PostgreSQL is a [Dialect] of a few methods, which the packages sqlite and
// postgres bring along when they open a store.
//
// Every row carries its workspace_id and every primary, unique and foreign key
// begins with it, so that a workspace can move as a whole and a sharded
// database can keep its rows together. Four small reference tables are the
// exception (channel_numbers, api_key_hashes, session_hashes, member_emails):
// they find the workspace of a request that does not say which it is for.
//
// Times are milliseconds since 1970 in UTC, ids are 16 bytes, structured values
// are JSON in a text column and never looked into by the database.
package bunstore
