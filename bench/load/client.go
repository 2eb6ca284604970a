package main

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/my21staff/my21staff/bench/record"
)

// patience is how long a request may take before it is given up; it is longer
// than the host's own limit.
const patience = 20 * time.Second

// conn is one connection that is used for one request after another. It is
// small on purpose: the driver runs on the cores it measures.
type conn struct {
	address string
	c       net.Conn
	in      *bufio.Reader
	hasty   bool // does not look whether the other side has closed before each request
}

// answer is what came back.
type answer struct {
	class  string
	code   int
	body   []byte
	wait   time.Duration // what Retry-After says
	reason string        // why there was no answer
}

// do sends a request as it stands and reads the answer. An error before the
// connection was there is a Fail, any later one leaves it open what happened.
func (c *conn) do(request []byte) answer {
	if c.c != nil && !c.hasty && c.ended() {
		c.close()
	}
	if c.c == nil {
		dialled, err := net.DialTimeout("tcp", c.address, 5*time.Second)
		if err != nil {
			return answer{class: record.Fail, reason: err.Error()}
		}
		c.c, c.in = dialled, bufio.NewReaderSize(dialled, 4<<10)
	}
	got, keep, err := c.exchange(request)
	if err != nil || !keep {
		c.close()
	}
	if err != nil {
		return answer{class: record.Info, reason: err.Error()}
	}
	got.class = classOf(got.code)
	return got
}

func classOf(code int) string {
	switch {
	case code/100 == 2:
		return record.OK
	case code/100 == 4, code == 503:
		return record.Fail
	default:
		return record.Info
	}
}

// ended reports whether the other side has closed an idle connection, so that
// its end is not taken for one in the middle of a request.
func (c *conn) ended() bool {
	t, ok := c.c.(syscall.Conn)
	if !ok {
		return false
	}
	raw, err := t.SyscallConn()
	if err != nil {
		return true
	}
	ended := false
	err = raw.Control(func(fd uintptr) {
		var one [1]byte
		n, _, err := syscall.Recvfrom(int(fd), one[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
		ended = n >= 0 && err == nil || err != nil && !errors.Is(err, syscall.EAGAIN)
	})
	return ended || err != nil
}

func (c *conn) close() {
	if c.c != nil {
		_ = c.c.Close()
		c.c = nil
	}
}

func (c *conn) exchange(request []byte) (got answer, keep bool, err error) {
	if err := c.c.SetDeadline(time.Now().Add(patience)); err != nil {
		return got, false, err
	}
	if _, err := c.c.Write(request); err != nil {
		return got, false, err
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil {
		return got, false, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return got, false, errors.New("the answer is no HTTP")
	}
	if got.code, err = strconv.Atoi(string(line[9:12])); err != nil {
		return got, false, err
	}
	length, keep := -1, true
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return got, false, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch value = bytes.TrimSpace(value); { // most headers are none of these, and cost a comparison of lengths
		case is(name, "content-length"):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return got, false, err
			}
		case is(name, "connection"):
			keep = keep && !is(value, "close")
		case is(name, "retry-after"):
			if seconds, err := strconv.Atoi(string(value)); err == nil {
				got.wait = time.Duration(seconds) * time.Second
			}
		}
	}
	if length < 0 {
		return got, false, errors.New("the answer has no length")
	}
	got.body = make([]byte, length)
	_, err = io.ReadFull(c.in, got.body)
	return got, keep, err
}

// is reports whether text is a word, whatever its case.
func is(text []byte, word string) bool {
	return len(text) == len(word) && strings.EqualFold(string(text), word)
}
