package runtimetest_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"
)

// background is for what outlives a single test.
var background = context.Background()

// server is a process that answers HTTP on the loopback interface.
type server struct {
	address string // http://127.0.0.1:1234
	log     *output
}

// output keeps what a process writes.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write appends.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

// String returns all that was written.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// listens finds the port in what the examples, jco and workerd say.
var listens = regexp.MustCompile(`listening on http://127\.0\.0\.1:([0-9]+)|listening @ 127\.0\.0\.1:([0-9]+)|"event":"listen".*"port":([0-9]+)`)

// start starts a server that says on one of its outputs where it listens, waits
// until it does, and ends it with the test.
func start(tb testing.TB, command *exec.Cmd) *server {
	tb.Helper()
	words, theirs, err := os.Pipe()
	if err != nil {
		tb.Fatal(err)
	}
	command.Stdout, command.Stderr = theirs, theirs
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // jco starts another process, which is to end too
	err = command.Start()
	_ = theirs.Close()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = syscall.Kill(-command.Process.Pid, syscall.SIGKILL)
		_ = command.Wait() // it was killed
		_ = words.Close()
	})
	s := &server{log: new(output)}
	port := make(chan string, 1)
	go listen(words, s.log, port)
	select {
	case found := <-port:
		if found == "" {
			tb.Fatalf("%s ended before it listened:\n%s", command.Path, s.log)
		}
		s.address = "http://127.0.0.1:" + found
	case <-time.After(time.Minute):
		tb.Fatalf("%s does not listen:\n%s", command.Path, s.log)
	}
	return s
}

// listen keeps the words of a process and sends the first port in them. It ends
// with the process.
func listen(words io.Reader, log *output, port chan<- string) {
	defer close(port)
	lines := bufio.NewReader(words)
	for sent := false; ; {
		line, err := lines.ReadBytes('\n')
		_, _ = log.Write(line)
		if found := listens.FindSubmatch(line); found != nil && !sent {
			port <- string(bytes.Join(found[1:], nil)) // one of them is not empty
			sent = true
		}
		if err != nil {
			return
		}
	}
}
