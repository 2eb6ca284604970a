package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/my21staff/my21staff/bench/record"
)

// session is one run of the driver.
type session struct {
	*options
	plan     *record.Plan
	journal  *record.Journal
	driver   *driver
	provider *provider
	streams  []*reader
	browser  *browser
	crowd    *crowd
	works    []*works
}

func newSession(plan *record.Plan, o *options) (*session, error) {
	journal, err := record.Create(filepath.Join(o.dir, "journal.jsonl"))
	if err != nil {
		return nil, err
	}
	calls, err := record.Create(filepath.Join(o.dir, "provider.jsonl"))
	if err != nil {
		return nil, err
	}
	s := &session{options: o, plan: plan, journal: journal}
	var hosts []string
	for _, address := range plan.Hosts {
		hosts = append(hosts, strings.TrimPrefix(address, "http://"))
	}
	m := newMix(plan, o.shares, o.peers, o.batch, o.text, o.seed)
	s.driver = newDriver(plan, hosts, m, journal)
	s.provider = &provider{plan: plan, faults: o.faults, away: time.Now().Add(o.away), back: time.Now().Add(o.back), record: calls,
		awaited: map[string]bool{}, refused: map[string]refusals{}, told: map[string]bool{}}
	s.driver.taken = s.provider.expect
	s.browser = &browser{driver: s.driver, client: &http.Client{Timeout: patience}}
	if s.crowd, err = newCrowd(o.dir, plan, o.crowd); err != nil {
		return nil, err
	}
	if err := s.newWorks(); err != nil {
		return nil, err
	}
	manners := []string{steady, churn, slow}
	for w := range plan.Workspaces {
		for n := range o.streams {
			r, err := newReader(o.dir, plan, w, n, manners[n%len(manners)])
			if err != nil {
				return nil, err
			}
			s.streams = append(s.streams, r)
		}
	}
	return s, nil
}

// newWorks prepares the work in the background of each workspace.
func (s *session) newWorks() error {
	if s.options.works == 0 {
		return nil
	}
	log, err := record.Create(filepath.Join(s.dir, "works.jsonl"))
	for w := range s.plan.Workspaces {
		s.works = append(s.works, &works{driver: s.driver, client: &http.Client{Timeout: patience}, log: log, w: w, rows: s.options.works, stuck: stuckAt})
	}
	return err
}

// run drives until making ends, drains, and lets the streams catch up.
func (s *session) run(making context.Context) error {
	life, end := context.WithCancel(context.Background())
	defer end()
	draining, enough := context.WithCancel(life)
	defer enough()
	go func() {
		<-making.Done()
		_ = s.journal.Note(record.Line{T: record.Moment, At: record.Now(), Note: "drain"})
		for before := int64(-1); before != s.driver.done.Load() && life.Err() == nil; { // a busy machine needs longer
			before = s.driver.done.Load()
			pause(life, s.drain)
		}
		enough()
	}()
	server, err := s.serveProvider(draining)
	if err != nil {
		return err
	}
	defer server.Close()
	var readers, browsers, workers sync.WaitGroup
	defer readers.Wait()
	listening, hush := context.WithCancel(life)
	defer hush()
	for _, r := range s.streams {
		r.hurry = making.Done()
		readers.Go(func() { _ = r.run(listening) })
	}
	readers.Go(func() { s.crowd.run(listening) })
	for range s.readers {
		browsers.Go(func() { s.browser.run(making) })
	}
	for range s.chores {
		browsers.Go(func() { s.browser.work(making) })
	}
	for _, k := range s.works {
		workers.Go(func() { _ = k.run(life, making) }) // a journal that fails also fails the next intent
	}
	if s.flood.steps == "" {
		go s.progress(life)
	}
	traffic := s.drive
	if s.flood.steps != "" {
		traffic = func(making, _ context.Context) error { return (&flood{session: s, o: s.flood}).run(making) }
	}
	if err := traffic(making, draining); err != nil {
		return err
	}
	browsers.Wait()
	workers.Wait()
	s.catchUp(life)
	hush()
	readers.Wait()
	for _, k := range s.works[:min(1, len(s.works))] { // which all have
		err = k.log.Close()
	}
	return errors.Join(err, s.crowd.close(), s.journal.Close(), s.provider.record.Close(), s.summary())
}

// serveProvider starts the fake provider, whose reports the driver sends until
// the drain is over.
func (s *session) serveProvider(draining context.Context) (*http.Server, error) {
	ln, err := net.Listen("tcp", s.plan.Provider)
	if err != nil {
		return nil, err
	}
	s.provider.ctx = draining
	var hands stack
	s.provider.report = func(number *record.Number, items []record.Item, opaque string) {
		d := s.driver.mix.statuses(number, items, opaque)
		p := s.driver.prepareOne(d)
		if s.journal.Append(d.line, p.intent()) == nil {
			h := hands.pop(s.driver)
			h.settle(draining, p)
			hands.push(h)
		}
	}
	server := &http.Server{Handler: s.provider.handler(), ReadHeaderTimeout: patience}
	go func() { _ = server.Serve(ln) }()
	return server, nil
}

// drive makes requests until making ends and sends them until they are settled
// or the drain is over.
func (s *session) drive(making, draining context.Context) error {
	ready := make(chan prepared, 2*ahead)
	var failed atomic.Pointer[error]
	go func() {
		if err := s.driver.prepare(making, s.rate, ready); err != nil {
			failed.Store(&err)
		}
	}()
	if s.rate > 0 {
		s.driver.openLoop(draining, s.clients, ready)
	} else {
		s.driver.closed(draining, s.clients, ready)
	}
	if err := failed.Load(); err != nil {
		return *err
	}
	s.settleReports(draining)
	return nil
}

// settleReports waits until the provider has nothing more to report and no new
// send came for a while: a longer one if a send that was taken on did not come.
// It need not come at all, when a host died with it; or only when its lease has
// run out.
func (s *session) settleReports(draining context.Context) {
	quiet := time.Now()
	for seen := s.provider.made.Load(); time.Since(quiet) < max(time.Second, s.provider.waits(s.missed)) && draining.Err() == nil; {
		pause(draining, 50*time.Millisecond)
		if now := s.provider.made.Load(); now != seen || s.driver.open.Load() > 0 {
			seen, quiet = now, time.Now()
		}
	}
	s.provider.reports.Wait()
}

// heard returns how far the readers are, all together.
func (s *session) heard() int64 {
	far := s.crowd.events.Load()
	for _, r := range s.streams {
		far += r.last.Load()
	}
	return far
}

// catchUp lets every reader come to where the feed stands, and writes down
// whether it did. It gives up when for a while none gets further.
func (s *session) catchUp(life context.Context) {
	ctx, end := context.WithCancel(life)
	defer end()
	go func() {
		for before := int64(-1); before != s.heard() && ctx.Err() == nil; {
			before = s.heard()
			pause(ctx, 20*time.Second)
		}
		end()
	}()
	heads := make([]int64, len(s.plan.Workspaces))
	for w := range heads {
		for ctx.Err() == nil {
			var err error
			if heads[w], err = head(ctx, s.plan, w); err == nil {
				break
			}
			pause(ctx, 100*time.Millisecond)
		}
	}
	for _, r := range s.streams {
		for r.last.Load() < heads[r.workspace] && ctx.Err() == nil {
			pause(ctx, 20*time.Millisecond)
		}
		r.note(record.Heard{T: record.Head, Seq: heads[r.workspace]})
	}
	s.crowd.catchUp(ctx, heads)
}

// progress says every second how it goes.
func (s *session) progress(life context.Context) {
	var before int64
	for life.Err() == nil {
		pause(life, time.Second)
		now := s.driver.requests.Load()
		progress("%d requests (%d/s), %d under way, %d retries, %d sends accepted",
			now, now-before, s.driver.open.Load(), s.driver.retries.Load(), s.provider.accepted.Load())
		before = now
	}
}

func progress(format string, args ...any) {
	fmt.Fprintln(os.Stderr, "load: "+fmt.Sprintf(format, args...))
}

// Quantiles are a distribution of times in milliseconds.
type Quantiles struct {
	Count               int64
	P50, P95, P99, Mean float64
	Max                 float64
}

// summary writes what was done and how long it took.
func (s *session) summary() error {
	latency := map[string]Quantiles{}
	s.driver.mu.Lock()
	for kind, h := range s.driver.latency {
		ms := func(us int64) float64 { return float64(us) / 1000 }
		latency[kind] = Quantiles{h.TotalCount(), ms(h.ValueAtQuantile(50)), ms(h.ValueAtQuantile(95)), ms(h.ValueAtQuantile(99)), h.Mean() / 1000, ms(h.Max())}
	}
	s.driver.mu.Unlock()
	classes := map[string]int64{}
	s.driver.classes.Range(func(class, n any) bool {
		classes[class.(string)] = n.(*atomic.Int64).Load()
		return true
	})
	var events, opened int64
	for _, r := range s.streams {
		events += r.events.Load()
		opened += r.opened.Load()
	}
	text, err := json.MarshalIndent(map[string]any{
		"requests": s.driver.requests.Load(), "classes": classes, "retries": s.driver.retries.Load(), "repeats": s.driver.repeats.Load(),
		"accepted": s.provider.accepted.Load(), "resets": s.provider.resets.Load(), "events": events, "streams_opened": opened,
		"crowd_events": s.crowd.events.Load(), "crowd_p50_ms": s.crowd.quantile(0.5), "crowd_p99_ms": s.crowd.quantile(0.99),
		"reads": s.browser.reads.Load(), "latency_ms": latency,
	}, "", "  ")
	if err != nil {
		return err
	}
	fmt.Println(string(text))
	return os.WriteFile(filepath.Join(s.dir, "load.json"), append(text, '\n'), 0o600)
}
