//go:build !unix

package sse

import "net"

// socket is a reader's connection.
type socket struct{ conn net.Conn }

func socketOf(conn net.Conn) socket { return socket{conn} }

// writer writes to one socket after another.
type writer struct{}

func newWriter() *writer { return &writer{} }

// write writes what the socket takes at once.
func (*writer) write(s socket, text []byte) (int, error) { return writeSoon(s.conn, text) }

// gone reports false: a closed connection is found out at the next write.
func (*writer) gone(socket) bool { return false }
