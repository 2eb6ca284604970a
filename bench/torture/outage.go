package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/my21staff/my21staff/bench/record"
)

// ways are how a database server goes away.
var ways = []struct {
	name   string
	signal syscall.Signal // 0: it stays, and its connections end
}{{"SIGKILL", syscall.SIGKILL}, {"immediate", syscall.SIGQUIT}, {"fast", syscall.SIGINT}, {"terminate", 0}}

// afterLeases is how long the provider waits for what is to be sent. A
// claim whose commit had no answer is nobody's until its lease of two minutes has
// run out; what waits behind it in its conversation is sent only then, and would
// find no provider.
const afterLeases = 150 * time.Second

// killPostgres ends the database server in each way, over and over.
func killPostgres(ctx context.Context, t *torturer, db database, r *result) error {
	r.Planned = t.cycles * len(ways)
	traffic := t.usual("-missed", afterLeases.String())
	traffic.drain = afterLeases
	for _, cycles := range t.parts() {
		var gone []outage
		err := t.install(ctx, run{db: db, result: r, traffic: traffic, evil: func(ctx context.Context, _ *world, _ *driver) error {
			for i := range cycles * len(ways) {
				moment(500*time.Millisecond, 1500*time.Millisecond)
				way := ways[i%len(ways)]
				if err := t.goAway(ctx, way.signal, r, &gone); err != nil {
					return err
				}
				r.Landed[way.name]++
				r.Done++
			}
			moment(time.Second, time.Second)
			return nil
		}, after: func(w *world) error { return r.outages(w, gone) }})
		if err != nil {
			return err
		}
	}
	r.bar(t.bars, "from PostgreSQL's being ready to the first acknowledgement, longest", quantile(r.Healed, 1), 5*time.Second)
	r.vacuous()
	if r.Counts.Retries == 0 {
		r.fail("vacuous: no request had to be tried again")
	}
	return nil
}

// goAway ends the server or its connections, and brings it back.
func (t *torturer) goAway(ctx context.Context, signal syscall.Signal, r *result, gone *[]outage) error {
	if signal == 0 {
		return t.server.exec(ctx, "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'crm'")
	}
	t.server.end(signal)
	down := record.Now()
	if signal == syscall.SIGKILL { // its backends may still finish what they are at
		down = 0
	}
	moment(0, 300*time.Millisecond)
	started := record.Now()
	took, err := t.server.start(ctx)
	r.Ready = append(r.Ready, took)
	*gone = append(*gone, outage{down, started, record.Now()})
	return err
}

// cutCommits cuts connections between a COMMIT and its answer.
func cutCommits(ctx context.Context, t *torturer, db database, r *result) error {
	r.Planned = t.cycles * 10
	cut := &through{database: db, server: t.server}
	var err error
	if cut.proxy, err = newProxy("127.0.0.1:" + t.server.port); err != nil {
		return err
	}
	defer cut.proxy.ln.Close()
	for left := r.Planned; left > 0; left -= 500 {
		err := t.install(ctx, run{db: cut, result: r, traffic: t.usual(), evil: func(ctx context.Context, _ *world, _ *driver) error {
			for range min(left, 500) {
				moment(20*time.Millisecond, 150*time.Millisecond)
				before := cut.proxy.cuts.Load()
				cut.proxy.armed.Store(true)
				for end := time.Now().Add(5 * time.Second); cut.proxy.cuts.Load() == before && time.Now().Before(end) && ctx.Err() == nil; {
					time.Sleep(time.Millisecond)
				}
			}
			return ctx.Err()
		}})
		if err != nil {
			return err
		}
	}
	r.Done = int(cut.proxy.cuts.Load())
	r.Landed["cut after the server had answered"] = int(cut.proxy.after.Load())
	r.Landed["cut at once"] = r.Done - r.Landed["cut after the server had answered"]
	r.vacuous()
	if r.Landed["cut after the server had answered"] == 0 {
		r.fail("vacuous: no COMMIT was answered and cut off")
	}
	return nil
}

// through is a database that hosts reach by a proxy.
type through struct {
	database
	server *postgres
	proxy  *proxy
}

func (p *through) fresh(ctx context.Context) (dsn, look string, err error) {
	_, look, err = p.database.fresh(ctx)
	return p.server.hostDSN(fmt.Sprintf("torture%d", p.server.made), p.proxy.port()), look, err
}

// fillDisk fills the disk the data lies on, and frees it again.
func fillDisk(ctx context.Context, t *torturer, db database, r *result) error {
	r.Planned = t.cycles
	disk := filepath.Join(t.dir, "disk-"+db.name())
	size := map[string]string{"sqlite": "256m", "postgres": "768m"}[db.name()] // the checker sorts on it too
	if err := os.MkdirAll(disk, 0o755); err != nil {
		return err
	}
	if err := mount(disk, size); err != nil {
		return fmt.Errorf("a small disk cannot be mounted, so a full one was not tried: %w", err)
	}
	defer unmount(disk)
	one := run{db: db, result: r, data: filepath.Join(disk, "data"), traffic: t.usual()}
	if db.name() == "postgres" {
		server, err := newPostgres(ctx, filepath.Join(disk, "pg"))
		if err != nil {
			return err
		}
		defer server.remove()
		one.db, one.data = server, ""
	}
	var full []outage
	one.evil = func(ctx context.Context, w *world, _ *driver) error {
		for range t.cycles {
			moment(500*time.Millisecond, 1500*time.Millisecond)
			if err := t.fill(ctx, disk, one.db, w, r, &full); err != nil {
				return err
			}
			r.Done++
		}
		moment(time.Second, time.Second)
		return nil
	}
	one.after = func(w *world) error { return r.outages(w, full) }
	err := t.install(ctx, one)
	r.bar(t.bars, "from room on the disk to the first acknowledgement, longest", quantile(r.Healed, 1), 10*time.Second)
	r.vacuous()
	if r.Counts.Retries == 0 {
		r.fail("vacuous: no request had to be tried again")
	}
	return err
}

// fill fills the disk for a while. A database server that ended by it is
// started again when there is room.
func (t *torturer) fill(ctx context.Context, disk string, db database, w *world, r *result, full *[]outage) error {
	filler := filepath.Join(disk, "filler")
	stop := time.Now().Add(time.Second + rand.N(time.Second))
	for time.Now().Before(stop) { // what is freed meanwhile is filled too
		if err := grow(filler); err != nil {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
	r.Landed["disk full"]++
	r.readable(ctx, db, w)
	if !w.hosts[0].running() {
		r.fail("the host ended when the disk was full: %s", w.hosts[0].tail())
		if _, err := w.hosts[0].start(ctx); err != nil {
			return err
		}
	}
	if err := os.Remove(filler); err != nil {
		return err
	}
	if server, ok := db.(*postgres); ok && !server.runs() {
		r.Landed["PostgreSQL ended"]++
		if _, err := server.start(ctx); err != nil {
			return err
		}
	}
	*full = append(*full, outage{back: record.Now()})
	return nil
}

// readable holds the host to answering reads while the disk is full, wherever its
// database does. A PostgreSQL that could not write its log ends every connection, and
// answers nobody until it has recovered, which may be between the read and the question.
func (r *result) readable(ctx context.Context, db database, w *world) {
	code, err := w.list(ctx)
	if server, is := db.(*postgres); is && (err != nil || code != http.StatusOK) {
		if server.exec(ctx, "select 1") != nil {
			r.Landed["PostgreSQL answered nobody"]++
			return
		}
		code, err = w.list(ctx)
	}
	if err != nil || code != http.StatusOK {
		r.fail("the inbox cannot be read while the disk is full: %d, %v", code, err)
	}
}

// list asks the first host for the first workspace's inbox.
func (w *world) list(ctx context.Context) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, w.plan.Hosts[0]+"/api/conversations?limit=5", nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("X-Api-Key", w.plan.Workspaces[0].Key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// grow appends to a file until there is no room.
func grow(path string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	for size := 1 << 20; size >= 512; {
		if _, err := file.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
	return nil
}
