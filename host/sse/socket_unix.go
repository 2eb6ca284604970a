//go:build unix

package sse

import (
	"errors"
	"net"
	"syscall"
)

// descriptorOf returns another descriptor of a connection, which the runtime does
// not watch: for ten thousand readers it would be told of each of their
// acknowledgements. A connection over TLS has none.
func descriptorOf(conn net.Conn) int {
	fd := noDescriptor
	if sys, ok := conn.(syscall.Conn); ok {
		if raw, err := sys.SyscallConn(); err == nil {
			_ = raw.Control(func(of uintptr) {
				syscall.ForkLock.RLock() // no program that is started meanwhile inherits it
				defer syscall.ForkLock.RUnlock()
				if n, err := syscall.Dup(int(of)); err == nil {
					syscall.CloseOnExec(n)
					fd = n
				}
			})
		}
	}
	return fd
}

func closeDescriptor(fd int) { _ = syscall.Close(fd) }

// writeDescriptor writes what the system takes at once: the descriptor does not wait.
func writeDescriptor(fd int, text []byte) (int, error) {
	for {
		switch n, err := syscall.Write(fd, text); {
		case errors.Is(err, syscall.EINTR): // a signal came between
		case errors.Is(err, syscall.EAGAIN):
			return 0, nil
		default:
			return max(n, 0), err
		}
	}
}

// hungUp drops what the other side sent, and reports whether it ended.
func hungUp(fd int) bool {
	var dropped [256]byte
	for {
		switch n, err := syscall.Read(fd, dropped[:]); {
		case errors.Is(err, syscall.EINTR):
		case errors.Is(err, syscall.EAGAIN):
			return false
		default:
			return n == 0 || err != nil
		}
	}
}
