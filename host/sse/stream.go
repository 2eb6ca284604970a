package sse

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/auth"
)

// stream is one reader. There are many of them and nearly all are idle, so what
// only one that is behind needs stands apart, and what all of an audience share
// stands in their group.
type stream struct {
	socket
	credential auth.Credential
	at         int64    // it was sent everything up to this number, or has it pending
	wrote      int64    // when something was written last, in Unix nanoseconds
	behind     *backlog // nil: it has read all it was sent
	cut        bool     // to be closed
}

// backlog is what a socket did not take yet; it is never empty.
type backlog struct {
	text  []byte
	since time.Time // when it began
}

// send writes text, or keeps what the reader is not ready for. The text is not
// changed and may be another's too.
func (st *stream) send(text []byte) {
	switch {
	case len(text) == 0 || st.cut:
	case st.behind != nil:
		st.behind.text = append(st.behind.text, text...)
		st.flush()
	default:
		if rest := st.deliver(text); len(rest) > 0 && !st.cut {
			st.behind = &backlog{text: slices.Clone(rest), since: time.Now()}
		}
	}
}

// flush writes what is pending, as far as the socket takes it without waiting.
func (st *stream) flush() {
	if st.behind == nil || st.cut {
		return
	}
	if st.behind.text = st.deliver(st.behind.text); len(st.behind.text) == 0 {
		st.behind = nil
	}
}

// deliver writes what the socket takes and returns the rest.
func (st *stream) deliver(text []byte) (rest []byte) {
	n, err := st.write(text)
	st.cut = st.cut || err != nil
	if n > 0 {
		st.wrote = time.Now().UnixNano()
	}
	return text[n:]
}

// say writes a last word if nothing is in the way.
func (st *stream) say(text []byte) {
	if st.behind == nil && !st.cut {
		_, _ = st.write(text)
	}
}

// tend keeps the connection alive, and marks it as cut when the reader went
// away or has not read for too long; it may come back with the last id it has.
func (st *stream) tend(now time.Time, o Options) {
	switch {
	case st.behind != nil:
		st.cut = st.cut || now.Sub(st.behind.since) > o.Patience
	case now.Sub(time.Unix(0, st.wrote)) > o.Heartbeat:
		st.send(heartbeat)
	}
	st.cut = st.cut || st.gone()
}

// heartbeat is a comment.
var heartbeat = []byte(":\n\n")

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
