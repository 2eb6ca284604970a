// Package inbox is the shared team inbox: webhooks come in and become contacts,
// conversations and messages; the team reads, answers, assigns, snoozes and
// resolves.
//
// A webhook goes through [Service.Receive]: the signature over the raw bytes,
// the decoded facts, the channels they belong to, then one transaction that
// loads what the facts touch, decides with the pure [Apply] and writes. What
// Receive returned without error is committed and visible; nothing is left for
// later.
//
// Once and in any order: a message is known by its channel and provider id, a
// status by its message, so the same facts in any order and with any repeats
// give the same contacts, conversations, messages and statuses. Three things
// are as they arrived: the ingest number that orders messages of one second,
// what a member did in between, and two contacts that only later turn out to be
// one person; those are not merged behind the team's back, a
// contact.duplicate fact says so.
package inbox
