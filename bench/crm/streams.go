package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
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
	p, err := b.serve(ctx, w.database, b.binaries[0])
	if err != nil {
		return err
	}
	defer p.stop()
	c := newCaller(p.address)
	if err := c.do(get("/api/me", string(w.offices[0].key)), nil); err != nil {
		return err
	}
	before := p.memory()
	cmd, err := b.childCommand("readers", p.address, string(w.offices[0].key), strconv.Itoa(b.streams))
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

const streamEvents = 30

func (b *bench) watchStreams(ctx context.Context, w *world, p *process, c *caller, before int64, out io.Reader) error {
	o := &w.offices[0]
	var sent time.Time
	var p50, p99, last times
	post := func() error {
		time.Sleep(150 * time.Millisecond) // the event before is over
		sent = time.Now()
		n := 3_000_000_000 + len(last)
		return c.do(o.webhook(`[`+change(o, message(n, number(w.phones[0]), "halo"))+`]`), nil)
	}
	err := lines(out, func(line json.RawMessage) (bool, error) {
		var a arrival
		if err := json.Unmarshal(line, &a); err != nil {
			return true, err
		}
		if a.Open > 0 {
			time.Sleep(5 * time.Second) // what opening them took is collected
			b.report.fact(w.kind, "memory of an idle stream, of "+strconv.Itoa(a.Open), "bytes", float64(p.memory()-before)/float64(a.Open))
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
	name := fmt.Sprintf("an event at %d streams, from the webhook's first byte", b.streams)
	b.report.fact(w.kind, name+", P50 of the streams", "ms", p50.summary().P50)
	b.report.fact(w.kind, name+", P99 of the streams", "ms", p99.summary().P50)
	b.report.fact(w.kind, name+", the last", "ms", last.summary().P50)
	return nil
}

// readStreams is the process that reads: arguments address, key and how many.
func readStreams(ctx context.Context, args []string, out io.Writer) error {
	if len(args) != 3 {
		return fmt.Errorf("readers: address, key and how many, not %d arguments", len(args))
	}
	n, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	seen := &arrivals{want: n, at: map[int64][]int64{}, out: json.NewEncoder(out)}
	dials := make(chan struct{}, n)
	for range n {
		dials <- struct{}{}
	}
	close(dials)
	failed := make(chan error, n)
	var opening sync.WaitGroup
	for range 32 {
		opening.Go(func() {
			for range dials {
				if err := seen.open(args[0], args[1], failed); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	opening.Wait()
	select {
	case err := <-failed:
		return err
	default:
	}
	if err := seen.out.Encode(arrival{Open: n}); err != nil {
		return err
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return nil
	}
}

// arrivals gathers when each event came.
type arrivals struct {
	mu   sync.Mutex
	want int
	at   map[int64][]int64
	out  *json.Encoder
}

// open opens a stream and reads it in a goroutine of its own.
func (a *arrivals) open(address, key string, failed chan<- error) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(conn, "GET /api/events HTTP/1.1\r\nHost: %s\r\nX-Api-Key: %s\r\n\r\n", address, key); err != nil {
		return err
	}
	reader := bufio.NewReaderSize(conn, 1024)
	status, err := reader.ReadString('\n')
	if err != nil || !strings.Contains(status, " 200 ") {
		return fmt.Errorf("a stream answers %q, %w", status, err)
	}
	go func() {
		for {
			line, err := reader.ReadString('\n')
			if err != nil {
				failed <- fmt.Errorf("a stream ended: %w", err)
				return
			}
			if id, is := strings.CutPrefix(strings.TrimSpace(line), "id:"); is {
				number, _ := strconv.ParseInt(strings.TrimSpace(id), 10, 64)
				a.note(number, time.Now().UnixNano())
			}
		}
	}()
	return nil
}

func (a *arrivals) note(event, at int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := append(a.at[event], at)
	a.at[event] = all
	if len(all) < a.want {
		return
	}
	slices.Sort(all)
	_ = a.out.Encode(arrival{Event: event, P50: all[len(all)/2], P99: all[len(all)*99/100], Last: all[len(all)-1]})
	delete(a.at, event)
}
