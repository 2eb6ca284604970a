package sse_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	crmdirectory "github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/crm/feed"
	"github.com/my21staff/my21staff/host/auth"
	"github.com/my21staff/my21staff/host/problem"
	"github.com/my21staff/my21staff/host/sse"
)

var workspace = crm.WorkspaceID{1}

// memory is a feed store that keeps its facts in memory.
type memory struct {
	mu    sync.Mutex
	facts map[crm.WorkspaceID][]crm.Fact
	wake  func([]crm.WorkspaceID)
	down  bool
	lost  bool // it does not know where the feed ends
	bad   bool // it panics when it is asked for what is before the newest
}

func (m *memory) add(ws crm.WorkspaceID, n int) {
	m.mu.Lock()
	for range n {
		seq := int64(len(m.facts[ws]) + 1)
		m.facts[ws] = append(m.facts[ws], crm.Fact{WorkspaceID: ws, Seq: seq, Kind: crm.MessageReceived,
			At: time.UnixMilli(seq).UTC(), Actor: crm.Actor{Kind: crm.ByContact}, Data: fmt.Appendf(nil, `{"n": %d, "workspace": %q}`, seq, ws)})
	}
	m.mu.Unlock()
	if m.wake != nil {
		m.wake([]crm.WorkspaceID{ws})
	}
}

// set changes how it is.
func (m *memory) set(down, bad bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down, m.bad = down, bad
}

func (m *memory) lose(lost bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lost = lost
}

func (m *memory) Facts(_ context.Context, ws crm.WorkspaceID, after int64, limit int) ([]crm.Fact, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	facts := m.facts[ws]
	if m.bad && int(after) < len(facts) {
		panic("the store is broken")
	}
	if m.down {
		return nil, crm.Unavailable
	}
	from := min(int(after), len(facts))
	return facts[from:min(from+limit, len(facts))], nil
}

func (m *memory) Bounds(_ context.Context, ws crm.WorkspaceID) (int64, int64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.lost {
		return 0, 0, crm.Unavailable
	}
	if n := int64(len(m.facts[ws])); n > 0 {
		return 1, n, nil
	}
	return 0, 0, nil
}

func (m *memory) Expire(context.Context, time.Time, int) (int, error) { return 0, nil }

func (m *memory) Watch(ctx context.Context, _ func([]crm.WorkspaceID)) error {
	<-ctx.Done()
	return nil
}

// directory knows keys until they are revoked.
type directory struct {
	mu    sync.Mutex
	keys  map[string]access.Principal
	asked int   // whom they stand for now
	err   error // the answer to that
}

func (d *directory) KnownKey(_ context.Context, secret string) (access.Principal, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p, ok := d.keys[secret]
	if !ok {
		return p, crm.Unauthenticated
	}
	return p, nil
}

func (d *directory) KnownSession(context.Context, string) (access.Principal, error) {
	return access.Principal{}, crm.Unauthenticated
}

func (d *directory) Fallen(_ context.Context, claims []crmdirectory.Claim) (fallen []int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked++
	for i, c := range claims {
		if p, ok := d.keys[c.Secret]; !ok || p.WorkspaceID != c.As.WorkspaceID || p.Role != c.As.Role || !slices.Equal(p.Scopes, c.As.Scopes) {
			fallen = append(fallen, i)
		}
	}
	return fallen, d.err
}

// sweeps returns how often it was asked whom keys stand for now.
func (d *directory) sweeps() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.asked
}

func (d *directory) fail(err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.err = err
}

func (d *directory) set(secret string, p *access.Principal) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if p == nil {
		delete(d.keys, secret)
	} else {
		d.keys[secret] = *p
	}
}

// rig is a hub behind a server.
type rig struct {
	feed *memory
	dir  *directory
	hub  *sse.Hub
	url  string
	addr string
	rest func() // ends the hub alone
	stop func()
}

func start(t *testing.T, o sse.Options) *rig {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return startOn(t, ln, o)
}

func startOn(t *testing.T, ln net.Listener, o sse.Options) *rig {
	t.Helper()
	r := &rig{feed: &memory{facts: map[crm.WorkspaceID][]crm.Fact{}}, dir: &directory{keys: map[string]access.Principal{}}}
	r.dir.set("good", &access.Principal{WorkspaceID: workspace, Scopes: []string{access.ScopeRead}})
	guard := auth.New(r.dir, auth.Origin{Now: time.Now})
	o.Log = slog.New(slog.DiscardHandler)
	r.hub = sse.New(feed.New(r.feed), guard, o)
	r.feed.wake = r.hub.Wake
	server := &fasthttp.Server{NoDefaultServerHeader: true, Handler: func(ctx *fasthttp.RequestCtx) {
		err := guard.Require(ctx)
		switch {
		case err != nil:
		case ctx.IsPost():
			ctx.SetUserValue("id", strings.TrimPrefix(string(ctx.Path()), "/"))
			err = r.hub.HandleTyping(ctx)
		default:
			err = r.hub.Handle(ctx)
		}
		if err != nil {
			problem.Write(ctx, err)
		}
	}}
	r.addr, r.url = ln.Addr().String(), "http://"+ln.Addr().String()+"/api/events"
	ctx, cancel := context.WithCancel(context.Background())
	var hub, serving sync.WaitGroup
	hub.Go(func() { r.hub.Run(ctx) })
	serving.Go(func() { _ = server.Serve(ln) })
	r.rest = func() {
		cancel()
		hub.Wait()
	}
	r.stop = sync.OnceFunc(func() {
		cancel()
		_ = server.Shutdown()
		hub.Wait()
		serving.Wait()
	})
	t.Cleanup(r.stop)
	return r
}

// reader reads a stream.
type reader struct {
	*bufio.Scanner
	t      *testing.T
	answer *http.Response
	cancel context.CancelFunc
}

// event is one event as a client sees it.
type event struct {
	id    int64
	kind  string
	data  string
	retry int
	note  string // of a comment
}

func (r *rig) connect(t *testing.T, key, last string) *reader {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	req, err := http.NewRequestWithContext(ctx, "GET", r.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", key)
	if last != "" {
		req.Header.Set("Last-Event-ID", last)
	}
	answer, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	rd := &reader{Scanner: bufio.NewScanner(answer.Body), t: t, answer: answer, cancel: cancel}
	t.Cleanup(rd.close)
	return rd
}

func (rd *reader) close() {
	rd.cancel()
	_ = rd.answer.Body.Close()
}

// patience is how long a stream may live in these tests: one that should have
// ended and did not must fail, not hang.
const patience = time.Minute

// next returns the next block, and false at the end of the stream.
func (rd *reader) next() (event, bool) {
	rd.t.Helper()
	var e event
	for rd.Scan() {
		name, value, _ := strings.Cut(rd.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "id":
			e.id, _ = strconv.ParseInt(value, 10, 64)
		case "event":
			e.kind = value
		case "data":
			e.data = value
		case "retry":
			e.retry, _ = strconv.Atoi(value)
		default:
			if rd.Text() == "" {
				return e, true
			}
			e.note = value
		}
	}
	if errors.Is(rd.Err(), context.DeadlineExceeded) {
		rd.t.Errorf("after %v the stream neither ended nor brought what was waited for", patience)
	}
	return e, false
}

// fact returns the next event that is one, skipping greetings and heartbeats.
func (rd *reader) fact() (event, bool) {
	rd.t.Helper()
	for {
		e, ok := rd.next()
		if !ok || e.kind != "" {
			return e, ok
		}
	}
}
