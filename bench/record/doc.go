// Package record holds what the load driver, its fake provider, the checker and
// the orchestrator write down for each other: the plan of an installation, the
// journal of requests, the provider's record and the transcripts of streams.
// Everything is JSON, one value a line.
//
// Like all of bench/load, bench/check and bench/torture it imports nothing of
// the product: a checker that shares code with what it checks shares its
// mistakes.
package record
