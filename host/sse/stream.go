package sse

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/auth"
)

// stream is one reader.
type stream struct {
	conn       net.Conn
	who        access.Principal
	credential auth.Credential
	newest     int64 // the newest number when it came
	at         int64 // it was sent everything up to this number, or has it pending

	pending []byte    // what the socket did not take yet
	since   time.Time // since when something is pending
	wrote   time.Time
	cut     bool // to be closed
}

// send writes text, or keeps what the reader is not ready for.
func (st *stream) send(text []byte) {
	if len(text) == 0 || st.cut {
		return
	}
	if len(st.pending) == 0 {
		st.since = time.Now()
	}
	st.pending = append(st.pending, text...)
	st.flush()
}

// flush writes what is pending, as far as the socket takes it without waiting.
func (st *stream) flush() {
	if len(st.pending) == 0 || st.cut {
		return
	}
	n, err := writeNow(st.conn, st.pending)
	st.cut = st.cut || err != nil
	if n > 0 {
		st.wrote = time.Now()
	}
	st.pending = st.pending[n:]
	if len(st.pending) == 0 {
		st.pending = nil // an idle stream keeps no buffer
	}
}

// say writes a last word if nothing is in the way.
func (st *stream) say(text []byte) {
	if len(st.pending) == 0 && !st.cut {
		_, _ = writeNow(st.conn, text)
	}
}

// tend keeps the connection alive, and marks it as cut when the reader went
// away or has not read for too long; it may come back with the last id it has.
func (st *stream) tend(now time.Time, o Options) {
	switch {
	case len(st.pending) > 0:
		st.cut = st.cut || now.Sub(st.since) > o.Patience
	case now.Sub(st.wrote) > o.Heartbeat:
		st.send([]byte(":\n\n"))
	}
	st.cut = st.cut || gone(st.conn)
}

// wire is a fact as clients read it.
type wire struct {
	crm.Fact
	At   string          `json:"at"`
	Data json.RawMessage `json:"data,omitempty"`
}

// stampLayout is RFC 3339 with three digits of a second, as the API has it.
const stampLayout = "2006-01-02T15:04:05.000Z"

// encode returns a fact as one event, on one line because its JSON has no line
// break.
func encode(fact crm.Fact) []byte {
	shown := wire{Fact: fact, At: fact.At.UTC().Format(stampLayout), Data: fact.Data}
	data, err := json.Marshal(shown)
	if err != nil { // only Data can be at fault: it is no JSON
		shown.Data = nil
		data, _ = json.Marshal(shown)
	}
	return fmt.Appendf(nil, "id: %d\nevent: %s\ndata: %s\n\n", fact.Seq, fact.Kind, data)
}

// resync tells a reader that it missed more than is kept: it is to load again
// what it shows and goes on from next.
func resync(next int64) []byte {
	return fmt.Appendf(nil, "id: %d\nevent: resync\ndata: {\"seq\":%d,\"kind\":\"resync\"}\n\n", next, next)
}

// greeting gives a reader its place before anything happened, so that it comes
// back to it.
func greeting(at int64) []byte {
	return fmt.Appendf(nil, "retry: 2000\nid: %d\n\n", at)
}

// goodbye asks a reader to come back, not all of them at once.
func goodbye() []byte {
	return fmt.Appendf(nil, "retry: %d\n: come back\n\n", 500+rand.IntN(3000))
}
