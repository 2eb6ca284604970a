package sse_test

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

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

// TestIdleStreamsKeepNothingAndAllHear opens a crowd. What an idle stream keeps
// is bounded: no goroutine, and no buffer of the request it came with, which
// would be 16 KB. Half of the bound is for the test's own side of the
// connection. Then each of the crowd hears each fact once and in its order. It
// does not run beside other tests, whose memory would count.
func TestIdleStreamsKeepNothingAndAllHear(t *testing.T) {
	r := start(t, sse.Options{Shards: 1})
	r.feed.add(workspace, 5)
	r.dial(t, "5") // what the first one makes is not each one's
	before, goroutines := live(), runtime.NumGoroutine()
	crowd := make([]net.Conn, crowdSize)
	for i := range crowd {
		crowd[i] = r.dial(t, fmt.Sprint(5-i%2)) // every second one missed a fact
	}
	hosttest.Until(t, "all streams are open", func() bool { return r.hub.Open() == crowdSize+1 })
	hosttest.Until(t, "nobody is at work on them", func() bool { return runtime.NumGoroutine() < goroutines+20 })
	if each := (live() - before) / crowdSize; each > 3<<10 {
		t.Errorf("an idle stream takes %d bytes, with its reader's side; want at most 3072", each)
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
