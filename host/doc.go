// Package host is the program round the library: it reads the configuration,
// opens the store, answers HTTP, runs the workers and stops cleanly.
//
// # Too much
//
// A host takes on what it can do, and says 503 with Retry-After to the rest, at
// little cost to those it took on:
//
//   - Webhooks wait for a commit together (package gather). When more comes than
//     can be committed, for longer than a burst, no more is let wait than one
//     commit does well with, and the workspaces share that. Nobody sets it: it
//     follows from what commits cost on this machine.
//   - Beyond max_requests in work nothing is read but to be thrown away.
//   - Bodies of more than 64 KiB share 24 MiB of memory from their first byte to
//     their answer; smaller ones do not need it.
//   - A request has 10 seconds to come, its head and body (a file five minutes),
//     an idle connection 60 seconds for the next one, and 20,000 connections are
//     open at most. Who sends slowly takes up a connection and what has come.
//   - A reader of events that does not read is cut after 10 seconds and 64 KB.
//   - Of refusals one line a second is logged, with their number; the metrics
//     count each.
//
// Connections are not counted by address: behind a proxy all come from one, and
// providers send from few. A host that strangers reach directly wants a proxy or
// a firewall in front that bounds how many one address may open.
//
// make torture SCENARIO=overload shows it, beside slowloris, readers, batches
// and outage.
//
// Time, goroutines, logs, randomness and the environment live here and in the
// folders below, and nowhere else. routes.go lists the whole surface.
package host
