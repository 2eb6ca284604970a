package sse_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/sse"
)

// crowdSize is so many streams of one workspace that several couriers share
// them, wherever there are several processors.
const crowdSize = 1100

// dial opens a stream on a bare connection and reads its greeting.
func (r *rig) dial(t *testing.T, last string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := fmt.Fprintf(conn, "GET /api/events HTTP/1.1\r\nHost: x\r\nX-Api-Key: good\r\nLast-Event-ID: %s\r\n\r\n", last); err != nil {
		t.Fatal(err)
	}
	text := readUntil(t, conn, "id: "+last+"\n\n")
	if !strings.HasPrefix(text, "HTTP/1.1 200 ") {
		t.Fatalf("the stream answers %q", text)
	}
	return conn
}

// readUntil reads no further than the end of a text.
func readUntil(t *testing.T, conn net.Conn, end string) string {
	t.Helper()
	var text []byte
	for one := make([]byte, 1); !bytes.HasSuffix(text, []byte(end)); {
		if _, err := io.ReadFull(conn, one); err != nil {
			t.Fatalf("after %q: %v", text, err)
		}
		text = append(text, one...)
	}
	return string(text)
}

// live returns the bytes of the heap that are in use.
func live() int64 {
	for range 3 { // what is in a pool lives through two collections
		runtime.GC()
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// files returns how many files are open.
func files(t *testing.T) int {
	t.Helper()
	open, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(open)
}

// TestIdleStreamsKeepNothingAndAllHear opens a crowd. What an idle stream keeps
// is bounded: no goroutine, no buffer of the request it came with, and one open
// file; most of the bound is for the test's own side of the connection. Then each
// of the crowd hears each fact once and in its order, and nothing of it is left
// when it has gone. It does not run beside other tests, whose memory would count.
func TestIdleStreamsKeepNothingAndAllHear(t *testing.T) {
	r := start(t, sse.Options{Shards: 1})
	r.feed.add(workspace, 5)
	r.dial(t, "5") // what the first one makes is not each one's
	before, goroutines, opened := live(), runtime.NumGoroutine(), files(t)
	crowd := make([]net.Conn, crowdSize)
	for i := range crowd {
		crowd[i] = r.dial(t, fmt.Sprint(5-i%2)) // every second one missed a fact
	}
	hosttest.Until(t, "all streams are open", func() bool { return r.hub.Open() == crowdSize+1 })
	hosttest.Until(t, "nobody is at work on them", func() bool { return runtime.NumGoroutine() < goroutines+20 })
	if each := (live() - before) / crowdSize; each > 1<<10 {
		t.Errorf("an idle stream takes %d bytes, with its reader's side; want at most 1024", each)
	}
	if n := files(t) - opened; n > 2*crowdSize+20 {
		t.Errorf("%d streams take %d open files with their readers' side", crowdSize, n)
	}
	r.feed.add(workspace, 1)
	r.feed.add(workspace, 2)
	for i, conn := range crowd {
		var want strings.Builder
		for seq := 6 - i%2; seq <= 8; seq++ {
			fmt.Fprintf(&want, "id: %d;", seq)
		}
		var got strings.Builder
		for line := range strings.Lines(readUntil(t, conn, `{"n":8,`)) {
			if id := strings.TrimSpace(line); strings.HasPrefix(id, "id: ") {
				got.WriteString(id + ";")
			}
		}
		if got.String() != want.String() {
			t.Fatalf("stream %d heard %q, want %q", i, got.String(), want.String())
		}
		_ = conn.Close()
	}
	hosttest.Until(t, "their streams are closed", func() bool { return r.hub.Open() == 1 })
	hosttest.Until(t, "their files are closed", func() bool { return files(t) < opened+20 })
}

// sealed is a listener whose connections have no descriptor, as with TLS.
type sealed struct{ net.Listener }

func (s sealed) Accept() (net.Conn, error) {
	conn, err := s.Listener.Accept()
	return struct{ net.Conn }{conn}, err
}

// TestStreamsOnConnectionsThatAreHeld: they hear and end as others do, and so do the
// goroutines that wait with them. It does not run beside other tests, whose
// goroutines would count.
func TestStreamsOnConnectionsThatAreHeld(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := startOn(t, sealed{ln}, sse.Options{Sweep: 20 * time.Millisecond, Heartbeat: 20 * time.Millisecond})
	const few = 40
	ended := func(n int) func() bool { return func() bool { return r.hub.Open() == n } }
	before := runtime.NumGoroutine()
	open := func(key string) (readers []*reader) {
		for range few {
			readers = append(readers, r.connect(t, key, ""))
		}
		return readers
	}
	r.dir.set("fleeting", &access.Principal{WorkspaceID: workspace, Scopes: []string{access.ScopeRead}})
	all := slices.Concat(open("good"), open("fleeting"))
	hosttest.Until(t, "all are open", ended(2*few))
	r.feed.add(workspace, 1)
	for i, rd := range all {
		if e, ok := rd.fact(); !ok || e.id != 1 {
			t.Fatalf("reader %d got %+v (%v), want the fact", i, e, ok)
		}
	}
	r.dir.set("fleeting", nil)
	for i, rd := range all[few:] {
		if e, ok := rd.fact(); ok {
			t.Errorf("reader %d is not allowed any more, and got %+v", i, e)
		}
	}
	hosttest.Until(t, "their streams are closed", ended(few))
	for _, rd := range all[:few] {
		rd.close()
	}
	hosttest.Until(t, "the others' streams are closed", ended(0))
	hosttest.Until(t, "nobody waits with them", func() bool { return runtime.NumGoroutine() < before+few/2 })
}

// TestPanicOfACourierCostsOnlyConnections: what breaks while a part of a crowd is
// served, in a goroutine of its own, ends the crowd's connections and not the
// program.
func TestPanicOfACourierCostsOnlyConnections(t *testing.T) {
	t.Parallel()
	r := start(t, sse.Options{Shards: 1})
	r.feed.add(workspace, 5)
	r.feed.set(true, false)
	behind := r.connect(t, "good", "0") // the first of the crowd, and it stays behind
	hosttest.Until(t, "it is open", func() bool { return r.hub.Open() == 1 })
	for range crowdSize {
		r.dial(t, "5")
	}
	hosttest.Until(t, "all streams are open", func() bool { return r.hub.Open() == crowdSize+1 })
	r.feed.set(false, true)
	if e, ok := behind.fact(); ok {
		t.Errorf("the store is broken, and the reader got %+v", e)
	}
	hosttest.Until(t, "the crowd's streams are closed", func() bool { return r.hub.Open() == 0 })
	r.feed.set(false, false)
	if e, _ := r.connect(t, "good", "0").fact(); e.id != 1 {
		t.Errorf("the next reader got %+v, want the first fact", e)
	}
}
