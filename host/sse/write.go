package sse

import (
	"net"
	"time"
)

// soon is how long a reader on a connection without non-blocking writes (TLS)
// may hold up its shard, once: then it is cut.
const soon = 100 * time.Millisecond

// writeSoon writes all or fails.
func writeSoon(conn net.Conn, text []byte) (int, error) {
	if err := conn.SetWriteDeadline(time.Now().Add(soon)); err != nil {
		return 0, err
	}
	return conn.Write(text)
}
