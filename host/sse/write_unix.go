//go:build unix

package sse

import (
	"errors"
	"io"
	"net"
	"syscall"
)

// writeNow writes what the connection takes without waiting.
func writeNow(conn net.Conn, text []byte) (int, error) {
	raw, err := rawConn(conn)
	if err != nil {
		return writeSoon(conn, text)
	}
	var n int
	var failed error
	err = raw.Write(func(fd uintptr) bool {
		n, failed = retried(func() (int, error) { return syscall.Write(int(fd), text) })
		return true
	})
	return n, errors.Join(err, failed)
}

// gone reports whether the other side closed the connection. What it sends is
// dropped: a stream goes one way.
func gone(conn net.Conn) bool {
	raw, err := rawConn(conn)
	if err != nil {
		return false // found out at the next write
	}
	var failed error
	err = raw.Read(func(fd uintptr) bool {
		var drop [256]byte
		_, failed = retried(func() (int, error) {
			n, err := syscall.Read(int(fd), drop[:])
			if n == 0 && err == nil {
				err = io.EOF
			}
			return n, err
		})
		return true
	})
	return err != nil || failed != nil
}

func rawConn(conn net.Conn) (syscall.RawConn, error) {
	sys, ok := conn.(syscall.Conn)
	if !ok {
		return nil, errors.ErrUnsupported
	}
	return sys.SyscallConn()
}

// retried calls do again when a signal came between, and takes "not ready" for
// zero bytes.
func retried(do func() (int, error)) (int, error) {
	for {
		n, err := do()
		switch {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			return 0, nil
		default:
			return max(n, 0), err
		}
	}
}
