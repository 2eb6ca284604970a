package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/my21staff/my21staff/bench/record"
)

// strain is a time in which a host had to do with somebody bad beside its usual
// traffic, in microseconds since 1970.
type strain struct{ before, begin, end int64 }

// compare holds how long the usual requests took under strain against how long
// they took before, in the same run. They are few enough for the driver to send
// each when it is due.
func (r *result) compare(strict bool, w *world, s strain) error {
	lines, err := record.ReadLines[record.Line](filepath.Join(w.dir, "journal.jsonl"))
	if err != nil {
		return err
	}
	var before, under []time.Duration
	refused := 0
	for _, line := range lines {
		if line.T != record.Outcome || line.Start < s.before || line.Start >= s.end {
			continue
		}
		took := time.Duration(line.Took) * time.Microsecond
		switch {
		case line.Class == record.Info || line.Code == 503:
			if line.Start >= s.begin {
				refused++
			}
		case line.Class == record.OK && line.Start < s.begin:
			before = append(before, took)
		case line.Class == record.OK:
			under = append(under, took)
		}
	}
	if len(before) < 100 || len(under) < 100 {
		r.fail("vacuous: %d requests before, %d under strain", len(before), len(under))
		return nil
	}
	r.hold(strict, refused == 0, "%d requests of the usual traffic were refused or got no answer under strain, of %d", refused, len(under))
	usual, strained := quantile(before, 0.99), quantile(under, 0.99)
	r.hold(strict, strained <= mostSlower*usual, "P99 of the usual traffic: %v before, %v under strain (%.2f times, the bar is %d); P50 %v and %v",
		usual.Round(100*time.Microsecond), strained.Round(100*time.Microsecond), float64(strained)/float64(usual), mostSlower,
		quantile(before, 0.5).Round(100*time.Microsecond), quantile(under, 0.5).Round(100*time.Microsecond))
	return nil
}

// usually lets the usual traffic run for a while first.
const usually = 6 * time.Second

// strained runs an installation with the usual traffic, and beside it, after a
// while, somebody bad.
func (t *torturer) strained(ctx context.Context, db database, r *result, more []string, bad func(ctx context.Context, w *world) error) error {
	var s strain
	var rest, most int64
	err := t.install(ctx, run{db: db, result: r, traffic: t.usual(more...), evil: func(ctx context.Context, w *world, _ *driver) error {
		moment(2*time.Second, 2*time.Second)
		s.before = record.Now()
		moment(usually, usually)
		pid := w.hosts[0].cmd.Process.Pid
		rest, s.begin = resident(pid), record.Now()
		watching, end := context.WithCancel(ctx)
		var watcher sync.WaitGroup
		watcher.Go(func() {
			for watching.Err() == nil {
				most = max(most, resident(pid))
				time.Sleep(20 * time.Millisecond)
			}
		})
		err := bad(ctx, w)
		end()
		watcher.Wait()
		s.end = record.Now()
		return err
	}, after: func(w *world) error { return r.compare(t.bars, w, s) }})
	if err != nil {
		return err
	}
	r.hold(t.bars, most <= mostMemory, "the host had %d MB resident before and at most %d MB under strain, the bar is %d", rest>>20, most>>20, mostMemory>>20)
	return nil
}

// slownesses are the manners of those who are slow on purpose.
var slownesses = []struct {
	name string
	head string // sent at once
	drip string // sent a byte at a time, over and over
}{
	{"a head that never ends", "POST /api/webhook/meta HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", "a"},
	{"a body that comes by the byte", "POST /api/webhook/meta HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 3000000\r\n\r\n{", " "},
	{"half a body and then nothing", "POST /api/webhook/meta HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n" + strings.Repeat(" ", 70_000), ""},
	{"chunks that never end", "POST /api/webhook/meta HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\n \r\n"},
	{"nothing at all", "", ""},
}

// mostReading is how long a request may take to come, as the host's
// documentation states it, and a little more.
const mostReading = 10*time.Second + 3*time.Second

// slowloris opens connections that send next to nothing, each in one manner.
func slowloris(ctx context.Context, t *torturer, db database, r *result) error {
	r.Planned = 100 * t.cycles
	defer r.vacuous()
	return t.strained(ctx, db, r, nil, func(ctx context.Context, w *world) error {
		var group sync.WaitGroup
		var cut, late atomic.Int64
		errs := make([]error, r.Planned)
		for i := range r.Planned {
			group.Go(func() {
				took, err := dawdle(ctx, w.hosts[0].address, slownesses[i%len(slownesses)].head, slownesses[i%len(slownesses)].drip)
				switch {
				case err != nil:
					errs[i] = err
				case took > mostReading:
					late.Add(1)
				default:
					cut.Add(1)
				}
			})
			if i%50 == 49 {
				time.Sleep(20 * time.Millisecond)
			}
		}
		group.Wait()
		r.Done = int(cut.Load())
		r.Landed["slow connections cut in time"] = r.Done
		if n := late.Load(); n > 0 {
			r.fail("%d slow connections were there for more than %v", n, mostReading)
		}
		return errors.Join(errs...)
	})
}

// dawdle sends a head and then a little every half second until the host ends
// the connection, and returns how long that took.
func dawdle(ctx context.Context, address, head, drip string) (time.Duration, error) {
	c, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return 0, err
	}
	defer c.Close()
	begin := time.Now()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, c) // until it ends, however
	}()
	if _, err := io.WriteString(c, head); err != nil {
		return time.Since(begin), nil
	}
	for {
		select {
		case <-ended:
			return time.Since(begin), nil
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(500 * time.Millisecond):
			_, _ = io.WriteString(c, drip) // one that fails has ended
		}
		if time.Since(begin) > 2*mostReading {
			return time.Since(begin), nil
		}
	}
}

// slowReaders opens event streams that are never read.
func slowReaders(ctx context.Context, t *torturer, db database, r *result) error {
	r.Planned = 50 * t.cycles
	defer r.vacuous()
	return t.strained(ctx, db, r, nil, func(ctx context.Context, w *world) error {
		var conns []net.Conn
		defer func() {
			for _, c := range conns {
				_ = c.Close()
			}
		}()
		for i := range r.Planned {
			c, err := deaf(w.hosts[0].address, w.plan.Workspaces[i%len(w.plan.Workspaces)].Key)
			if err != nil {
				return err
			}
			conns = append(conns, c)
		}
		for end := time.Now().Add(t.seconds); time.Now().Before(end) && ctx.Err() == nil && r.Done < r.Planned; time.Sleep(200 * time.Millisecond) {
			open, err := established(w.hosts[0].address, conns)
			if err != nil {
				return err
			}
			r.Done = r.Planned - open
		}
		r.Landed["streams that nobody read cut"] = r.Done
		if r.Done < r.Planned {
			r.fail("%d of %d streams that nobody reads are open after %v", r.Planned-r.Done, r.Planned, t.seconds)
		}
		return ctx.Err()
	})
}

// deaf opens a stream through a small window.
func deaf(address, key string) (net.Conn, error) {
	c, err := net.DialTimeout("tcp", address, 10*time.Second)
	if err != nil {
		return nil, err
	}
	if err := c.(*net.TCPConn).SetReadBuffer(2 << 10); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	_, err = fmt.Fprintf(c, "GET /api/events HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: %s\r\n\r\n", key)
	return c, err
}

// outageOfProvider has the provider answer 503 to every send for a while.
func outageOfProvider(ctx context.Context, t *torturer, db database, r *result) error {
	const begin = 2*time.Second + usually
	r.Planned = 1
	away := time.Duration(t.cycles) * time.Second
	one := []string{"-sends", "200", "-provider-away", begin.String(), "-provider-back", (begin + away).String()}
	var refused, after int
	err := t.strained(ctx, db, r, one, func(ctx context.Context, w *world) error {
		moment(away, away)
		calls, err := record.ReadLines[record.Call](filepath.Join(w.dir, "provider.jsonl"))
		for _, call := range calls {
			if call.Answer == "503" {
				refused++
			}
		}
		moment(3*time.Second, 3*time.Second)
		later, again := record.ReadLines[record.Call](filepath.Join(w.dir, "provider.jsonl"))
		for _, call := range later[len(calls):] {
			if call.Accepted {
				after++
			}
		}
		return errors.Join(err, again)
	})
	r.Landed["sends refused by a provider that was away"], r.Landed["accepted in the three seconds after"] = refused, after
	if refused > 0 {
		r.Done = 1
	} else {
		r.fail("vacuous: the provider refused nothing")
	}
	r.vacuous()
	return err
}

// bigBatches sends batches of the largest size in parallel.
func bigBatches(ctx context.Context, t *torturer, db database, r *result) error {
	r.Planned = parallel + 4*t.cycles
	var seen *watch
	f := &flood{}
	// A thousand messages, the most there are, with texts of 2,700 bytes are the 3 MB that Meta states.
	err := t.install(ctx, run{db: db, result: r, traffic: traffic{drain: 60 * time.Second, args: []string{
		"-flood", "batches", "-flood-accept", fmt.Sprint(r.Planned), "-clients", fmt.Sprint(parallel), "-flood-messages", "1000", "-text", "2700",
		"-peers", fmt.Sprint(t.peers), "-streams", "1", "-readers", "0", "-images", "0",
	}}, evil: func(ctx context.Context, w *world, d *driver) error {
		seen = w.watch(ctx, d)
		return ctx.Err()
	}, after: func(w *world) error { return f.read(w.dir) }})
	if err != nil {
		return err
	}
	one := f.named("batches")
	r.Done = f.Accepted
	r.Landed["batches refused, and sent again"] = int(one.Refused * float64(one.Ended-one.Began) / 1e6)
	one.clean(r)
	if r.Counts.Messages < r.Planned*1000 || r.Done < r.Planned {
		r.fail("vacuous: %d of %d batches were accepted, %d messages are stored", r.Done, r.Planned, r.Counts.Messages)
	}
	r.hold(t.bars, seen.peak() <= mostMemory, "with %d batches of 3 MB in parallel the host had at most %d MB resident, the bar is %d", parallel, seen.peak()>>20, mostMemory>>20)
	return nil
}

// parallel is how many large batches come at once.
const parallel = 32
