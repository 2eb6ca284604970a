package sse

import (
	"net"
	"time"
)

// socket is a reader's connection: a descriptor that is the stream's own, where the
// connection has one, so that the server has its buffers and its connection back at
// once; else the connection itself, on which a goroutine of the server waits. One
// goroutine at a time may use it.
type socket struct {
	fd   int   // noDescriptor: it is held, or closed
	held *held // nil: it has a descriptor, or is closed
}

const noDescriptor = -1

// held is a connection that its goroutine keeps from being closed.
type held struct {
	net.Conn
	over chan struct{} // closed when the stream has ended
}

func socketOf(conn net.Conn) socket {
	if fd := descriptorOf(conn); fd != noDescriptor {
		return socket{fd: fd}
	}
	return socket{fd: noDescriptor, held: &held{conn, make(chan struct{})}}
}

func (s *socket) close() {
	if s.held != nil {
		_ = s.held.Close()
		close(s.held.over)
	} else {
		closeDescriptor(s.fd)
	}
	// Its number may be another connection's the next moment.
	*s = socket{fd: noDescriptor}
}

// write writes what the socket takes at once.
func (s *socket) write(text []byte) (int, error) {
	if s.held != nil {
		return s.held.writeSoon(text)
	}
	return writeDescriptor(s.fd, text)
}

// gone reports whether the other side closed the connection. What it sends is
// dropped: a stream goes one way. Of one that is held it is found out at the next
// write.
func (s *socket) gone() bool {
	return s.held == nil && hungUp(s.fd)
}

// soon is how long a reader whose connection is held may hold up its shard, once:
// then it is cut.
const soon = 100 * time.Millisecond

// writeSoon writes all or fails.
func (h *held) writeSoon(text []byte) (int, error) {
	if err := h.SetWriteDeadline(time.Now().Add(soon)); err != nil {
		return 0, err
	}
	return h.Write(text)
}
