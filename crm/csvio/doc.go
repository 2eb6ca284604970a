// Package csvio reads contacts from CSV, as spreadsheets write it, and writes
// them so that a spreadsheet shows them and runs nothing of them.
//
// A file goes through three hands. [Open] finds out how it is written down: the
// encoding, the delimiter, whether it has a header. [Reader.Read] gives its
// records one by one, each with the line it begins on, in memory bounded by one
// record. A [Plan], which says what each column means, makes of each record a
// [Draft] of a contact or the [Problem]s a person has to solve, in Indonesian
// and in English. [Look] does all of it for the first rows, with a guess at the
// plan, so that somebody can say yes before anything is stored.
//
// Writing is the inverse. What would be a formula gets an apostrophe before it,
// which the reader takes off again: whatever a [Writer] wrote, a [Reader] reads
// as it was, and an export is imported as the contacts it was made of.
package csvio
