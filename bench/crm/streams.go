package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/my21staff/my21staff/host"
	"github.com/my21staff/my21staff/host/auth"
)

// arrival says when an event had reached how many streams, in nanoseconds since
// 1970; the first line says only how many are open.
type arrival struct {
	Open  int   `json:"open,omitempty"`
	Event int64 `json:"event,omitempty"`
	P50   int64 `json:"p50,omitempty"`
	P99   int64 `json:"p99,omitempty"`
	Last  int64 `json:"last,omitempty"`
}

// streamsOpen measures event streams, all of one workspace, which a process of
// its own reads.
func (b *bench) streamsOpen(ctx context.Context, w *world) error {
	if err := enoughFiles(b.streams + 500); err != nil {
		return err
	}
	who, err := b.whoReads(ctx, w)
	if err != nil {
		return err
	}
	p, err := b.serve(ctx, w.database, b.binaries[0], "-pprof", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer p.stop()
	c := newCaller(p.address)
	if err := c.do(get("/api/me", string(w.offices[0].key)), nil); err != nil {
		return err
	}
	before, err := p.footprint(ctx)
	if err != nil {
		return err
	}
	cmd, err := b.childCommand("readers", p.address, strconv.Itoa(b.streams), who)
	if err != nil {
		return err
	}
	cmd.Stderr = b.progress
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }()
	return b.watchStreams(ctx, w, p, c, before, out)
}

// whoReads writes the file of the readers, with a line of a request's head each, and
// returns its name.
func (b *bench) whoReads(ctx context.Context, w *world) (string, error) {
	o := &w.offices[0]
	who := []string{"X-Api-Key: " + string(o.key)}
	if b.sessions {
		services, err := host.OpenServices(ctx, w.config(), nil)
		if err != nil {
			return "", err
		}
		defer services.Close()
		who = who[:0]
		for i := range b.streams {
			link, err := services.Directory.SignInLink(ctx, o.id, o.members[i%len(o.members)])
			if err != nil {
				return "", err
			}
			session, _, err := services.Directory.SignIn(ctx, string(link), "bench")
			if err != nil {
				return "", err
			}
			who = append(who, "Cookie: "+auth.CookieName+"="+string(session))
			if (i+1)%2000 == 0 {
				b.say("%s: %d of %d signed in", w.kind, i+1, b.streams)
			}
		}
	}
	file := filepath.Join(w.dir, "readers")
	return file, os.WriteFile(file, []byte(strings.Join(who, "\n")), 0o600)
}

// readersOpen says how many of what are open, and whose they are.
func (b *bench) readersOpen(what string) string {
	said := strconv.Itoa(b.streams) + what
	if b.sessions {
		said += ", each with a session"
	}
	return said
}

const streamEvents = 30

// footprint is what a process takes up.
type footprint struct {
	live     int64 // bytes of heap and stacks after a collection
	resident int64 // bytes the system counts as the process's
}

var (
	heapLine  = regexp.MustCompile(`(?m)^# HeapAlloc = (\d+)`)
	stackLine = regexp.MustCompile(`(?m)^# Stack = (\d+) /`)
)

// footprint measures when the process has been idle long enough for its pooled
// buffers and spare goroutines (ten seconds) to have gone.
func (p *process) footprint(ctx context.Context) (footprint, error) {
	var f footprint
	for _, wait := range []time.Duration{12 * time.Second, 0, time.Second} { // a pool lives through two collections
		time.Sleep(wait)
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.pprof+"/debug/pprof/heap?gc=1&debug=1", nil)
		if err != nil {
			return f, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return f, err
		}
		text, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		heap, stack := heapLine.FindSubmatch(text), stackLine.FindSubmatch(text)
		if err != nil || heap == nil || stack == nil {
			return f, fmt.Errorf("the profile of the heap has no figures, %w", err)
		}
		f.live = 0
		for _, figure := range [][]byte{heap[1], stack[1]} {
			n, _ := strconv.ParseInt(string(figure), 10, 64)
			f.live += n
		}
	}
	time.Sleep(3 * time.Second) // the runtime gives pages back in the background
	f.resident = p.memory()
	return f, nil
}

func (b *bench) watchStreams(ctx context.Context, w *world, p *process, c *caller, before footprint, out io.Reader) error {
	o := &w.offices[0]
	var sent time.Time
	var p50, p99, last times
	post := func() error {
		time.Sleep(150 * time.Millisecond) // the event before is over
		sent = time.Now()
		n := 3_000_000_000 + len(last)
		return c.do(o.webhook(`[`+change(o, w.message(n, w.phones[0], "halo"))+`]`), nil)
	}
	var busy time.Duration // of the host's processors, before the events
	err := lines(out, func(line json.RawMessage) (bool, error) {
		var a arrival
		if err := json.Unmarshal(line, &a); err != nil {
			return true, err
		}
		if a.Open > 0 {
			time.Sleep(5 * time.Second)
			opened := p.memory()
			after, err := p.footprint(ctx)
			if err != nil {
				return true, err
			}
			each := func(before, after int64) float64 { return float64(after-before) / float64(a.Open) }
			name := "an idle stream, of " + b.readersOpen("")
			b.report.fact(w.kind, name+": live heap and stacks after a collection", "bytes", each(before.live, after.live))
			b.report.fact(w.kind, name+": resident five seconds after opening, with the garbage of that", "bytes", each(before.resident, opened))
			b.report.fact(w.kind, name+": resident after the collection", "bytes", each(before.resident, after.resident))
			if b.profile != "" {
				if err := os.MkdirAll(b.profile, 0o755); err != nil {
					return true, err
				}
				if err := fetch("http://"+p.pprof+"/debug/pprof/heap", filepath.Join(b.profile, w.kind+"-streams.heap")); err != nil {
					return true, err
				}
			}
			busy = p.cpu()
			return false, post()
		}
		if a.P50 < sent.UnixNano() { // another fact of the webhook before
			return false, nil
		}
		p50, p99 = append(p50, time.Duration(a.P50-sent.UnixNano())), append(p99, time.Duration(a.P99-sent.UnixNano()))
		last = append(last, time.Duration(a.Last-sent.UnixNano()))
		if len(last) == streamEvents || ctx.Err() != nil {
			return true, ctx.Err()
		}
		return false, post()
	})
	if err != nil {
		return err
	}
	b.report.fact(w.kind, "host CPU of an event at "+b.readersOpen(" streams")+", with its webhook", "ms", float64((p.cpu()-busy).Milliseconds())/streamEvents)
	name := "an event at " + b.readersOpen(" streams") + ", from the webhook's first byte"
	b.report.fact(w.kind, name+", P50 of the streams", "ms", p50.summary().P50)
	b.report.fact(w.kind, name+", P99 of the streams", "ms", p99.summary().P50)
	b.report.fact(w.kind, name+", the last", "ms", last.summary().P50)
	return nil
}
