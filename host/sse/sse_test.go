package sse_test

import (
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/feed"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/problem"
	"github.com/my21staff/my21staff/host/sse"
)

func TestStreamTellsWhatHappensFromNowOn(t *testing.T) {
	t.Parallel()
	r := start(t, sse.Options{})
	r.feed.add(workspace, 3)
	rd := r.connect(t, "good", "")
	if kind := rd.answer.Header.Get("Content-Type"); rd.answer.StatusCode != 200 || kind != "text/event-stream" {
		t.Fatalf("the stream answers %d, %s", rd.answer.StatusCode, kind)
	}
	if hello, _ := rd.next(); hello.id != 3 || hello.retry == 0 || hello.kind != "" {
		t.Errorf("the stream begins with %+v, want its place, 3, and how soon to come back", hello)
	}
	r.feed.add(workspace, 1)
	e, _ := rd.next()
	if e.id != 4 || e.kind != "message.received" {
		t.Fatalf("got %+v, want the fact 4", e)
	}
	var data struct {
		Seq   int64
		Kind  string
		At    time.Time
		Actor crm.Actor
		Data  struct{ N int }
	}
	if err := json.Unmarshal([]byte(e.data), &data); err != nil || data.Seq != 4 || data.Kind != "message.received" ||
		data.Actor.Kind != crm.ByContact || !strings.Contains(e.data, `"at":"1970-01-01T00:00:00.004Z"`) || data.Data.N != 4 || data.At.UnixMilli() != 4 {
		t.Errorf("the event's data is %s (%v)", e.data, err)
	}
}

// TestOnlyTheFirstOfAnAudienceAsksTheStore: the others begin where its streams stand, be
// it that the store cannot say where the feed ends, and are asked nothing when the
// first of an audience is.
func TestOnlyTheFirstOfAnAudienceAsksTheStore(t *testing.T) {
	t.Parallel()
	r := start(t, sse.Options{Shards: 1})
	r.dir.set("other", &access.Principal{WorkspaceID: workspace, Scopes: []string{access.ScopeRead, access.ScopeWrite}})
	r.feed.add(workspace, 3)
	first := r.connect(t, "good", "")
	r.feed.add(workspace, 1)
	if e, ok := first.fact(); !ok || e.id != 4 {
		t.Fatalf("the first got %+v (%v), want the fact 4", e, ok)
	}
	r.feed.lose(true)
	second, resumed, other := r.connect(t, "good", ""), r.connect(t, "good", "2"), r.connect(t, "other", "")
	if hello, _ := second.next(); second.answer.StatusCode != 200 || hello.id != 4 {
		t.Errorf("the second is answered %d and begins after %d, want 200 and 4", second.answer.StatusCode, hello.id)
	}
	if other.answer.StatusCode != 503 {
		t.Errorf("the first of another audience is answered %d, want 503", other.answer.StatusCode)
	}
	for id := int64(3); id <= 4; id++ {
		if e, ok := resumed.fact(); !ok || e.id != id {
			t.Errorf("who came back got %+v (%v), want the fact %d", e, ok, id)
		}
	}
	r.feed.lose(false)
	r.feed.add(workspace, 1)
	for i, rd := range []*reader{first, second, resumed} {
		if e, ok := rd.fact(); !ok || e.id != 5 {
			t.Errorf("reader %d got %+v (%v), want the fact 5", i, e, ok)
		}
		rd.close()
	}
	hosttest.Until(t, "all have gone", func() bool { return r.hub.Open() == 0 })
	r.feed.lose(true)
	hosttest.Until(t, "who comes then is the first again", func() bool {
		rd := r.connect(t, "good", "")
		defer rd.close()
		return rd.answer.StatusCode == 503
	})
}

func TestStreamShowsOnlyItsWorkspace(t *testing.T) {
	t.Parallel()
	r := start(t, sse.Options{Shards: 1})
	other := crm.WorkspaceID{2}
	r.dir.set("other", &access.Principal{WorkspaceID: other, Scopes: []string{access.ScopeRead}})
	mine, theirs := r.connect(t, "good", ""), r.connect(t, "other", "")
	hosttest.Until(t, "both streams are open", func() bool { return r.hub.Open() == 2 })
	r.feed.add(other, 2)
	r.feed.add(workspace, 2)
	for _, c := range []struct {
		whose  string
		reader *reader
		ws     crm.WorkspaceID
	}{{"my", mine, workspace}, {"their", theirs, other}} {
		for _, want := range []int64{1, 2} {
			if e, _ := c.reader.fact(); e.id != want || !strings.Contains(e.data, c.ws.String()) {
				t.Errorf("%s stream has %d, %s; want the fact %d of %s", c.whose, e.id, e.data, want, c.ws)
			}
		}
	}
}

// Readers that are cut again and again while facts flow see each once.
func TestResumeHasNoGapAndNoRepeat(t *testing.T) {
	t.Parallel()
	const facts, readers = 3000, 12
	r := start(t, sse.Options{Sweep: 50 * time.Millisecond})
	var running sync.WaitGroup
	for i := range readers {
		running.Go(func() { readAll(t, r, facts, 1+i*17) })
	}
	for n := 0; n < facts; n += 10 {
		r.feed.add(workspace, 10)
		if n%200 == 0 {
			r.hub.Wake(nil)
		}
	}
	running.Wait()
}

// readAll reads the facts 1 to n in connections that each end after a few.
func readAll(t *testing.T, r *rig, n int64, each int) {
	last := int64(0)
	for last < n {
		rd := r.connect(t, "good", strconv.FormatInt(last, 10))
		for range each {
			e, ok := rd.fact()
			if !ok || last == n {
				break
			}
			if e.kind == "resync" || e.id != last+1 {
				t.Errorf("after %d came %d (%s)", last, e.id, e.kind)
				rd.close()
				return
			}
			last = e.id
			if last == n {
				break
			}
		}
		rd.close()
	}
}

func TestReaderTooFarBehindIsToldToLoadAnew(t *testing.T) {
	t.Parallel()
	r := start(t, sse.Options{})
	r.feed.add(workspace, feed.MaxReplay+5)
	newest := strconv.Itoa(feed.MaxReplay + 5)
	for _, last := range []string{"1", "999999"} {
		rd := r.connect(t, "good", last)
		if e, _ := rd.fact(); e.kind != "resync" || strconv.FormatInt(e.id, 10) != newest {
			t.Errorf("a reader at %s gets %+v, want to load anew and go on from %s", last, e, newest)
		}
	}
}

func TestReplayOfMuchArrivesWhole(t *testing.T) {
	t.Parallel()
	r := start(t, sse.Options{})
	r.feed.add(workspace, feed.MaxReplay)
	rd := r.connect(t, "good", "0")
	for want := int64(1); want <= feed.MaxReplay; want++ {
		if e, ok := rd.fact(); !ok || e.id != want {
			t.Fatalf("got %+v (%v), want the fact %d", e, ok, want)
		}
	}
}

func TestStreamEndsWhenTheKeyIsRevokedOrMayLess(t *testing.T) {
	t.Parallel()
	r := start(t, sse.Options{Sweep: 20 * time.Millisecond})
	for _, c := range []struct {
		name   string
		change *access.Principal
	}{
		{"revoked", nil},
		{"other scopes", &access.Principal{WorkspaceID: workspace, Scopes: []string{"contacts:read"}}},
	} {
		r.dir.set("fleeting", &access.Principal{WorkspaceID: workspace, Scopes: []string{access.ScopeRead}})
		rd := r.connect(t, "fleeting", "")
		r.feed.add(workspace, 1)
		if _, ok := rd.fact(); !ok {
			t.Fatalf("%s: the stream ended before", c.name)
		}
		r.dir.set("fleeting", c.change)
		if e, ok := rd.fact(); ok {
			t.Errorf("%s: the stream goes on with %+v", c.name, e)
		}
	}
}

// TestDatabaseThatDoesNotAnswerEndsNoStream: whose right ended meanwhile is cut when it
// answers again.
func TestDatabaseThatDoesNotAnswerEndsNoStream(t *testing.T) {
	t.Parallel()
	r := start(t, sse.Options{Sweep: 20 * time.Millisecond})
	r.dir.set("fleeting", &access.Principal{WorkspaceID: workspace, Scopes: []string{access.ScopeRead}})
	good, fleeting := r.connect(t, "good", ""), r.connect(t, "fleeting", "")
	r.dir.fail(crm.Unavailable)
	r.dir.set("fleeting", nil)
	before := r.dir.sweeps()
	hosttest.Until(t, "it was asked a few times", func() bool { return r.dir.sweeps() > before+8 }) // twice by each shard
	r.feed.add(workspace, 1)
	for name, rd := range map[string]*reader{"whose right ended": fleeting, "the other": good} {
		if e, ok := rd.fact(); !ok || e.id != 1 {
			t.Errorf("%s got %+v (%v), want the fact", name, e, ok)
		}
	}
	r.dir.fail(nil)
	if e, ok := fleeting.fact(); ok {
		t.Errorf("the stream goes on with %+v", e)
	}
	r.feed.add(workspace, 1)
	if e, ok := good.fact(); !ok || e.id != 2 {
		t.Errorf("the other got %+v (%v), want the second fact", e, ok)
	}
}

func TestReaderThatDoesNotReadIsCutAndOthersAreNot(t *testing.T) {
	t.Parallel()
	r := start(t, sse.Options{Sweep: 20 * time.Millisecond, Patience: 200 * time.Millisecond, Shards: 1})
	slow, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	if err := slow.(*net.TCPConn).SetReadBuffer(2048); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(slow, "GET /api/events HTTP/1.1\r\nHost: x\r\nX-Api-Key: good\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	rd := r.connect(t, "good", "")
	hosttest.Until(t, "both streams are open", func() bool { return r.hub.Open() == 2 })
	for want := int64(1); want <= 4_000; want++ { // some 700 kB: the kernel may keep no more than a tenth of it
		if want%500 == 1 {
			r.feed.add(workspace, 500)
		}
		if e, ok := rd.fact(); !ok || e.id != want {
			t.Fatalf("the good reader got %+v (%v), want the fact %d", e, ok, want)
		}
	}
	hosttest.Until(t, "the slow reader is cut", func() bool { return r.hub.Open() == 1 })
}

func TestReaderThatWentAwayIsNoticed(t *testing.T) {
	t.Parallel()
	r := start(t, sse.Options{Sweep: 20 * time.Millisecond})
	rd := r.connect(t, "good", "")
	hosttest.Until(t, "the stream is open", func() bool { return r.hub.Open() == 1 })
	rd.close()
	hosttest.Until(t, "the stream is closed", func() bool { return r.hub.Open() == 0 })
}

func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	r := start(t, sse.Options{Max: 1})
	r.connect(t, "good", "")
	hosttest.Until(t, "the stream is open", func() bool { return r.hub.Open() == 1 })
	second := r.connect(t, "good", "")
	if second.answer.StatusCode != 503 || second.answer.Header.Get("Retry-After") == "" {
		t.Errorf("one stream too many gets %d, Retry-After %q; want 503 and when to come back",
			second.answer.StatusCode, second.answer.Header.Get("Retry-After"))
	}
}

func TestStreamIsRefusedWithAProblem(t *testing.T) {
	t.Parallel()
	r := start(t, sse.Options{})
	r.dir.set("writer", &access.Principal{WorkspaceID: workspace, Scopes: []string{string(access.SendMessages)}})
	for _, c := range []struct {
		key, last string
		want      int
	}{
		{"unknown", "", 401},
		{"writer", "", 403},
		{"good", "twelve", 400},
		{"good", "-1", 400},
		{"good", "99999999999999999999", 400},
	} {
		if rd := r.connect(t, c.key, c.last); rd.answer.StatusCode != c.want || rd.answer.Header.Get("Content-Type") != problem.ContentType {
			t.Errorf("key %s, Last-Event-ID %q: got %d, want the problem %d", c.key, c.last, rd.answer.StatusCode, c.want)
		}
	}
}

func TestSilenceIsBrokenByHeartbeats(t *testing.T) {
	t.Parallel()
	r := start(t, sse.Options{Sweep: 10 * time.Millisecond, Heartbeat: 30 * time.Millisecond})
	rd := r.connect(t, "good", "")
	for i := range 4 {
		if e, ok := rd.next(); !ok || e.kind != "" {
			t.Fatalf("block %d is %+v (%v), want the greeting and then heartbeats", i, e, ok)
		}
	}
}

func TestStopTellsReadersToComeBack(t *testing.T) {
	t.Parallel()
	r := start(t, sse.Options{})
	rd := r.connect(t, "good", "")
	hosttest.Until(t, "the stream is open", func() bool { return r.hub.Open() == 1 })
	r.stop()
	r.isDismissed(t, rd)
}

func TestStreamThatComesDuringTheStopIsToldToComeBack(t *testing.T) {
	t.Parallel()
	r := start(t, sse.Options{})
	r.rest()
	r.isDismissed(t, r.connect(t, "good", ""))
}

// isDismissed wants a reader's greeting and then its goodbye, and nobody left.
func (r *rig) isDismissed(t *testing.T, rd *reader) {
	t.Helper()
	rd.next()
	if e, ok := rd.next(); !ok || e.retry == 0 || e.note == "" {
		t.Errorf("the last word is %+v (%v), want when to come back", e, ok)
	}
	if e, ok := rd.next(); ok {
		t.Errorf("after the last word came %+v", e)
	}
	if n := r.hub.Open(); n != 0 {
		t.Errorf("%d streams are open after the stop", n)
	}
}

func TestFeedThatFailsIsReadAgain(t *testing.T) {
	t.Parallel()
	r := start(t, sse.Options{Sweep: 20 * time.Millisecond})
	rd := r.connect(t, "good", "")
	hosttest.Until(t, "the stream is open", func() bool { return r.hub.Open() == 1 })
	r.feed.set(true, false)
	r.feed.add(workspace, 1)
	r.feed.set(false, false)
	if e, ok := rd.fact(); !ok || e.id != 1 {
		t.Errorf("got %+v (%v), want the fact that came while the store was down", e, ok)
	}
}
