package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
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
	started, ending := false, false
	for {
		message, err := readMessage(l.client, started)
		if err != nil {
			return
		}
		ending = started && (ending || isCommit(message))
		commit := ending && (message[0] == 'Q' || message[0] == 'S') && l.armed.CompareAndSwap(true, false)
		ending = ending && message[0] != 'Q' && message[0] != 'S'
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

// isCommit reports whether a message ends a transaction once the server is told to go
// on ('S', which a simple query does without): a query that ends with the word, or the
// call of the statement that says so, by the name pgx gives it.
func isCommit(message []byte) bool {
	switch message[0] {
	case 'Q':
		return bytes.HasSuffix(message, []byte("commit\x00"))
	case 'B':
		return bytes.Contains(message[5:min(len(message), 128)], preparedCommit)
	}
	return false
}

var preparedCommit = func() []byte {
	digest := sha256.Sum256([]byte("commit"))
	return []byte("stmtcache_" + hex.EncodeToString(digest[:24]))
}()
