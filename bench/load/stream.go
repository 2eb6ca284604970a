package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/my21staff/my21staff/bench/record"
)

// The manners of a reader.
const (
	steady = "steady" // stays as long as it may
	churn  = "churn"  // leaves and comes back all the time
	slow   = "slow"   // does not read for seconds
)

// reader is a browser on the event stream: it keeps what it hears and comes
// back with the last id it has.
type reader struct {
	name      string
	manner    string
	workspace int
	plan      *record.Plan
	out       *record.Journal
	client    *http.Client
	known     bool            // it has an id to come back with
	hurry     <-chan struct{} // closed when nobody may dawdle any more
	asked     bool            // the last word was when to come back

	last   atomic.Int64
	events atomic.Int64
	opened atomic.Int64
}

func newReader(dir string, plan *record.Plan, workspace, n int, manner string) (*reader, error) {
	name := fmt.Sprintf("stream-%d-%d-%s", workspace, n, manner)
	out, err := record.Create(filepath.Join(dir, name+".jsonl"))
	dial := &net.Dialer{Timeout: 2 * time.Second}
	transport := &http.Transport{DisableKeepAlives: true, ResponseHeaderTimeout: 10 * time.Second,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial.DialContext(ctx, network, address)
			if t, ok := c.(*net.TCPConn); ok && manner == slow {
				_ = t.SetReadBuffer(16 << 10) // so that not reading is felt
			}
			return c, err
		}}
	return &reader{name: name, manner: manner, workspace: workspace, plan: plan, out: out, client: &http.Client{Transport: transport}}, err
}

// run reads until ctx ends.
func (r *reader) run(ctx context.Context) error {
	for ctx.Err() == nil {
		visit, leave := ctx, context.CancelFunc(func() {})
		if r.manner == churn {
			visit, leave = context.WithTimeout(ctx, 100*time.Millisecond+rand.N(1500*time.Millisecond))
		}
		err := r.visit(visit, rand.IntN(len(r.plan.Hosts)))
		leave()
		if err != nil && ctx.Err() == nil {
			pause(ctx, 20*time.Millisecond+rand.N(80*time.Millisecond))
		}
		if r.manner == churn && rand.IntN(3) == 0 {
			r.dawdle(ctx, 3*time.Second) // until more has happened than a host has in memory
		}
	}
	return r.out.Close()
}

// dawdle does nothing for a while, unless the run is about to end.
func (r *reader) dawdle(ctx context.Context, most time.Duration) {
	timer := time.NewTimer(rand.N(most))
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-r.hurry:
	case <-timer.C:
	}
}

func (r *reader) note(line record.Heard) {
	line.At = record.Now()
	_ = r.out.Note(line) // a transcript that stops is found by the checker
}

// visit opens the stream once and reads until it ends.
func (r *reader) visit(ctx context.Context, host int) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, r.plan.Hosts[host]+"/api/events", nil)
	if err != nil {
		return err
	}
	request.Header.Set("X-Api-Key", r.plan.Workspaces[r.workspace].Key)
	if r.known {
		request.Header.Set("Last-Event-ID", strconv.FormatInt(r.last.Load(), 10))
	}
	response, err := r.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("the stream answers %d", response.StatusCode)
	}
	r.opened.Add(1)
	r.asked = false
	if r.known {
		r.note(record.Heard{T: record.Opened, Seq: r.last.Load(), Host: host})
	}
	err = r.read(ctx, host, bufio.NewReaderSize(response.Body, 4<<10))
	note := err.Error()
	if r.asked {
		note = record.ComeBack + ": " + note
	}
	r.note(record.Heard{T: record.Closed, Note: note})
	return err
}

// read follows the HTML standard: fields up to an empty line are an event, and
// an id counts although its event has no data.
func (r *reader) read(ctx context.Context, host int, in *bufio.Reader) error {
	var id, kind, data string
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return errors.Join(err, ctx.Err())
		}
		name, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		value = strings.TrimPrefix(value, " ")
		switch name {
		case "id":
			id, r.asked = value, false
		case "retry": // at the beginning an id follows
			r.asked = true
		case "event":
			kind = value
		case "data":
			data += value
		case "":
			if line == "\n" || line == "\r\n" {
				if err := r.dispatch(host, id, kind, data); err != nil {
					return err
				}
				kind, data = "", ""
			}
		}
		if r.manner == slow && rand.IntN(2000) == 0 {
			r.dawdle(ctx, 4*time.Second)
		}
	}
}

// dispatch takes in an event.
func (r *reader) dispatch(host int, id, kind, data string) error {
	seq, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return fmt.Errorf("the id %q is no number", id)
	}
	if data == "" {
		if !r.known {
			r.note(record.Heard{T: record.Opened, Seq: seq, Host: host, Note: "fresh"})
		}
		r.known = true
		r.last.Store(max(seq, r.last.Load()))
		return nil
	}
	var event struct {
		MessageID    string `json:"message_id"`
		Conversation string `json:"conversation_id"`
		Data         struct{ Preview, Status string }
	}
	if err := json.Unmarshal([]byte(data), &event); err != nil {
		return err
	}
	r.events.Add(1)
	r.note(record.Heard{
		T: record.Event, Seq: seq, Host: host, Kind: kind, MessageID: event.MessageID, Conversation: event.Conversation,
		Preview: event.Data.Preview, Status: event.Data.Status,
	})
	r.known = true
	r.last.Store(seq)
	return nil
}

// head asks where a workspace's feed stands: a new stream begins with it.
func head(ctx context.Context, plan *record.Plan, workspace int) (int64, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, plan.Hosts[0]+"/api/events", nil)
	if err != nil {
		return 0, err
	}
	request.Header.Set("X-Api-Key", plan.Workspaces[workspace].Key)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	in := bufio.NewReader(response.Body)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return 0, err
		}
		if value, found := strings.CutPrefix(line, "id: "); found {
			return strconv.ParseInt(strings.TrimSpace(value), 10, 64)
		}
	}
}
