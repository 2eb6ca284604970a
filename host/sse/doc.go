// Package sse streams a workspace's facts to browsers and programs as
// server-sent events (HTML standard, section 9.2).
//
// A stream is a connection taken out of fasthttp and kept in a registry: about
// one kilobyte while nothing happens, and no goroutine of its own (measured: 27
// to 30 with net/http or a stream writer). A few shards write to all of them,
// each the workspaces it is given.
//
// What a stream is sent is decided by the numbers of the facts alone: it stands
// at a number and is sent what comes after it, from memory if it is near the
// newest, else from the store. A wake-up only says "look", so it may come twice,
// early or never; every second the shard looks anyway. That is why a reader who
// comes back with Last-Event-ID sees no gap and no repeat.
package sse
