// Package people is the lead database: contacts with their names, fields, tags
// and identities, and the notes and tasks the team keeps about them.
//
// Every change is decided by a pure function of what was loaded and written in
// the transaction that loaded it, together with the fact that tells of it. An id
// of another workspace answers like one that does not exist.
package people
