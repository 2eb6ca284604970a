//go:build unix

package sse

import (
	"errors"
	"io"
	"net"
	"syscall"
)

// socket is a reader's connection.
type socket struct {
	conn net.Conn
	raw  syscall.RawConn // nil: it has no non-blocking writes (TLS)
}

func socketOf(conn net.Conn) socket {
	s := socket{conn: conn}
	if sys, ok := conn.(syscall.Conn); ok {
		if raw, err := sys.SyscallConn(); err == nil {
			s.raw = raw
		}
	}
	return s
}

// writer writes to one socket after another without waiting. Its functions are
// made once, because one made for each write would be garbage ten thousand times
// for each event. It is for one goroutine.
type writer struct {
	text   []byte
	n      int
	err    error
	drop   [256]byte
	give   func(fd uintptr) bool
	listen func(fd uintptr) bool
}

func newWriter() *writer {
	w := &writer{}
	w.give = func(fd uintptr) bool {
		w.n, w.err = retried(syscall.Write, int(fd), w.text)
		return true
	}
	w.listen = func(fd uintptr) bool {
		w.n, w.err = retried(read, int(fd), w.drop[:])
		return true
	}
	return w
}

// write writes what the socket takes at once.
func (w *writer) write(s socket, text []byte) (int, error) {
	if s.raw == nil {
		return writeSoon(s.conn, text)
	}
	w.text, w.n, w.err = text, 0, nil
	err := s.raw.Write(w.give)
	w.text = nil
	if err == nil {
		err = w.err
	}
	return w.n, err
}

// gone reports whether the other side closed the connection. What it sends is
// dropped: a stream goes one way.
func (w *writer) gone(s socket) bool {
	if s.raw == nil {
		return false // found out at the next write
	}
	w.err = nil
	err := s.raw.Read(w.listen)
	return err != nil || w.err != nil
}

// read is the system's, with the end as an error.
func read(fd int, into []byte) (int, error) {
	n, err := syscall.Read(fd, into)
	if n == 0 && err == nil {
		err = io.EOF
	}
	return n, err
}

// retried calls do again when a signal came between, and takes "not ready" for
// zero bytes.
func retried(do func(fd int, text []byte) (int, error), fd int, text []byte) (int, error) {
	for {
		n, err := do(fd, text)
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			return 0, nil
		default:
			return max(n, 0), err
		}
	}
}
