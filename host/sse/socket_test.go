package sse

import (
	"io"
	"net"
	"testing"
	"time"
)

// pair returns both ends of a connection.
func pair(t *testing.T) (ours, theirs net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	if theirs, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if ours, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = ours.Close(), theirs.Close() })
	return ours, theirs
}

// TestClosedSocketWritesToNobody closes a socket, whose descriptor's number the
// system gives to the next connection.
func TestClosedSocketWritesToNobody(t *testing.T) {
	first, _ := pair(t)
	second, theirs := pair(t)
	a := socketOf(first)
	a.close()
	b := socketOf(second)
	if n, err := a.write([]byte("of another workspace")); n > 0 || err == nil {
		t.Errorf("a closed socket took %d bytes, %v", n, err)
	}
	if !a.gone() {
		t.Error("nobody hung up on a closed socket")
	}
	a.close()
	if _, err := b.write([]byte("its own")); err != nil {
		t.Error(err)
	}
	b.close()
	_ = second.Close()
	_ = theirs.SetReadDeadline(time.Now().Add(time.Minute))
	if got, err := io.ReadAll(theirs); err != nil || string(got) != "its own" {
		t.Errorf("the other connection brought %q, %v", got, err)
	}
}
