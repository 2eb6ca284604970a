// Package crm holds the nouns of a WhatsApp CRM and their rules.
//
// Nothing here reads a clock, draws randomness, starts a goroutine or talks to
// the outside: time and ids come from a [Mint] that is handed in, and a rule is
// a function of its arguments. The same values therefore serve a program that
// embeds the library, the edge module and the host.
//
// A change is decided before it is written: a service loads what it needs,
// calls a pure function that returns [Changes], and the store writes them in
// the same transaction. The services live in the folders below this one (inbox,
// people, outbox, feed, directory); they know these nouns and never each other.
package crm
