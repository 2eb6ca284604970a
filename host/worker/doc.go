// Package worker does what nobody waits for: it sends what was promised, opens
// what was snoozed, works through imports, bulk changes, rescores and erasures,
// keeps the order of contacts by score, asks providers for what no webhook brought,
// keeps the list of templates, and takes away what is older than it is kept.
//
// Nothing it does is lost when it stops in the middle: the work is rows of the
// store, and doing it twice does nothing twice.
package worker
