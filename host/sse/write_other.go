//go:build !unix

package sse

import "net"

// writeNow writes what the connection takes at once.
func writeNow(conn net.Conn, text []byte) (int, error) { return writeSoon(conn, text) }

// gone reports false: a closed connection is found out at the next write.
func gone(net.Conn) bool { return false }
