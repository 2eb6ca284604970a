// Package sse streams a workspace's facts to browsers and programs as
// server-sent events (HTML standard, section 9.2).
//
// A stream is a connection taken out of fasthttp and kept in a registry, without a
// goroutine of its own. What is kept is a second descriptor of it: fasthttp closes
// the first, and uses the request's buffers again. Measured with 10,000 that are
// idle: 0.3 KB of heap and 1.2 KB resident each (27 to 30 with net/http or a stream
// writer; 0.5 and 2.6 when the connection itself was kept, and the buffers became
// garbage). A connection that has no descriptor, with the host's own TLS above all,
// is held by fasthttp's goroutine: 73 KB resident with TLS, where the connection
// alone made it 62. A few shards write to all streams, each the workspaces it is
// given.
//
// What a stream is sent is decided by the numbers of the facts alone: it stands
// at a number and is sent what comes after it, from memory if it is near the
// newest, else from the store. A wake-up only says "look", so it may come twice,
// early or never; every second the shard looks anyway. That is why a reader who
// comes back with Last-Event-ID sees no gap and no repeat.
package sse
