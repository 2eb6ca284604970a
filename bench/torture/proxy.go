package main

import (
	"bytes"
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"sync/atomic"
)

// proxy stands between a host and PostgreSQL. Armed, it lets one COMMIT pass and
// cuts the connection before the answer does: the host cannot know whether it is
// committed. Half of the time it waits until the server has answered, so that it
// is; else it does not wait, so that it may be.
type proxy struct {
	ln     net.Listener
	server string
	armed  atomic.Bool
	cuts   atomic.Int64
	after  atomic.Int64 // of them, those in which the server had answered
}

func newProxy(server string) (*proxy, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{ln: ln, server: server}
	go p.run()
	return p, nil
}

func (p *proxy) port() string {
	_, port, _ := net.SplitHostPort(p.ln.Addr().String()) // a listener has a port
	return port
}

func (p *proxy) run() {
	for {
		client, err := p.ln.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		l := &link{proxy: p, client: client, server: server}
		go l.up()
		go l.down()
	}
}

// link is one connection through the proxy.
type link struct {
	*proxy
	client, server net.Conn
	doomed         atomic.Bool // the next answer is not passed on
}

func (l *link) cut() {
	_ = l.client.Close()
	_ = l.server.Close()
}

// up passes on what the host says, message by message.
func (l *link) up() {
	defer l.cut()
	started := false
	for {
		message, err := readMessage(l.client, started)
		if err != nil {
			return
		}
		commit := started && isCommit(message) && l.armed.CompareAndSwap(true, false)
		wait := commit && rand.IntN(2) == 0
		if wait {
			l.doomed.Store(true)
		}
		if _, err := l.server.Write(message); err != nil {
			return
		}
		if commit {
			l.cuts.Add(1)
			if !wait {
				return
			}
		}
		started = true
	}
}

// down passes on what the server says.
func (l *link) down() {
	defer l.cut()
	chunk := make([]byte, 32<<10)
	for {
		n, err := l.server.Read(chunk)
		if err != nil {
			return
		}
		if l.doomed.Load() {
			l.after.Add(1)
			return
		}
		if _, err := l.client.Write(chunk[:n]); err != nil {
			return
		}
	}
}

// readMessage reads one message of the frontend. The first one has no type.
func readMessage(from io.Reader, typed bool) ([]byte, error) {
	head := make([]byte, 4, 5)
	if typed {
		head = head[:5]
	}
	if _, err := io.ReadFull(from, head); err != nil {
		return nil, err
	}
	length := int(binary.BigEndian.Uint32(head[len(head)-4:]))
	message := append(head, make([]byte, max(length-4, 0))...)
	_, err := io.ReadFull(from, message[len(head):])
	return message, err
}

// isCommit reports whether a message ends a transaction: a simple query, or the
// parsing of a statement, that says so.
func isCommit(message []byte) bool {
	if message[0] != 'Q' && message[0] != 'P' {
		return false
	}
	return bytes.Contains(bytes.ToLower(message[5:min(len(message), 64)]), []byte("commit"))
}
