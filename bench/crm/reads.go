package main

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/host"
)

// path is a hot path that reads: requests, and for each the statements it needs.
type path struct {
	name     string
	goal     float64 // of the median, in milliseconds; 0: none
	requests []request
	trips    []trip
	rows     int // of the page; of two sizes
}

// Rows of a page of the deep lists; the others have the API's default.
const deepRows = 25

const deepPage = 1000

// reader makes the paths of a world.
type reader struct {
	*world
	services *host.Services
	caller   *caller
	p        access.Principal
	key      string
	paths    []path
}

// reads measures the paths that read.
func (b *bench) reads(ctx context.Context, w *world) error {
	return b.measurePaths(ctx, w, "read", w.paths)
}

// measurePaths measures the paths of a part that a world makes.
func (b *bench) measurePaths(ctx context.Context, w *world, part string, of func(context.Context, *caller) ([]path, error)) error {
	hosts, callers, err := b.serveAll(ctx, w)
	if err != nil {
		return err
	}
	defer stopAll(hosts)
	paths, err := of(ctx, callers[0])
	if err != nil {
		return err
	}
	limit, err := w.bare(ctx)
	if err != nil {
		return err
	}
	defer limit.close()
	empty, err := b.child(ctx, "empty")
	if err != nil {
		return err
	}
	defer empty.stop()
	nothing := newCaller(empty.address)
	for i := range paths {
		row, err := b.compare(ctx, w, &paths[i], hosts, callers, limit, nothing)
		if err != nil {
			return fmt.Errorf("%s: %w", paths[i].name, err)
		}
		row.Part = part
		b.report.add(row)
		b.say("%s", row)
		if err := b.profiles(ctx, hosts[0], w.kind, &paths[i], callers[0]); err != nil {
			return err
		}
	}
	b.report.fact(w.kind, "host memory after the "+part+"s", "MB", float64(hosts[0].memory())/1e6)
	return nil
}

// serveAll starts every program to measure on the world.
func (b *bench) serveAll(ctx context.Context, w *world) ([]*process, []*caller, error) {
	var hosts []*process
	var callers []*caller
	for i, binary := range b.binaries {
		var args []string
		if i == 0 && b.profile != "" {
			args = []string{"-pprof", "127.0.0.1:0"}
		}
		p, err := b.serve(ctx, w.database, binary, args...)
		if err != nil {
			stopAll(hosts)
			return nil, nil, err
		}
		hosts, callers = append(hosts, p), append(callers, newCaller(p.address))
	}
	return hosts, callers, nil
}

func stopAll(hosts []*process) {
	for _, p := range hosts {
		p.stop()
	}
}

// compare measures a path on every host, and its limits, in turn.
func (b *bench) compare(ctx context.Context, w *world, p *path, hosts []*process, callers []*caller, limit bare, nothing *caller) (row, error) {
	var calls []call
	for _, c := range callers {
		calls = append(calls, func(n int) error { return c.do(p.requests[n%len(p.requests)], nil) })
	}
	if file, is := limit.(*bareFile); is {
		for i := range p.trips {
			if err := file.prepare(ctx, &p.trips[i]); err != nil {
				return row{}, err
			}
		}
	}
	calls = append(calls,
		func(n int) error { return limit.run(ctx, &p.trips[n%len(p.trips)]) },
		func(int) error { return nothing.do(request{method: "GET", path: "/", want: 200}, nil) })
	measured, err := b.inTurn(ctx, calls, hosts)
	if err != nil {
		return row{}, err
	}
	r := row{Database: w.kind, Name: p.name, Clients: busyClients, result: measured[0], Goal: p.goal}
	if len(callers) > 1 {
		r.Before = &measured[1]
	}
	r.Limits = []bound{{"bare SQL", measured[len(callers)]}, {"empty answer", measured[len(callers)+1]}}
	return r, nil
}

// busyClients is how many clients rates are measured with.
const busyClients = 8

// result is how long one client waited, and how much several got done.
type result struct {
	summary
	Rate float64 `json:"per_second"`
	CPU  float64 `json:"host_cpu_us,omitempty"` // of the host, for each call
}

// inTurn measures calls in short slices, one after the other, first with one
// client and then with several. The first calls are answered by the hosts.
func (b *bench) inTurn(ctx context.Context, calls []call, hosts []*process) ([]result, error) {
	alone, rates := make([]times, len(calls)), make([][]float64, len(calls))
	busy, done := make([]time.Duration, len(hosts)), make([]int, len(hosts))
	next := make([]atomic.Int64, len(calls))
	for round := range b.rounds + 1 {
		for i, do := range calls {
			var host *process
			if i < len(hosts) {
				host = hosts[i]
			}
			before := host.cpu()
			took, _, err := closedLoop(ctx, 1, b.slice, &next[i], do)
			if err != nil {
				return nil, err
			}
			more, rate, err := closedLoop(ctx, busyClients, b.slice, &next[i], do)
			if err != nil {
				return nil, err
			}
			if round == 0 { // it warms up
				continue
			}
			alone[i], rates[i] = append(alone[i], took...), append(rates[i], rate)
			if host != nil {
				busy[i], done[i] = busy[i]+host.cpu()-before, done[i]+len(took)+len(more)
			}
		}
	}
	results := make([]result, len(calls))
	for i := range calls {
		results[i] = result{summary: alone[i].summary(), Rate: median(rates[i])}
		if i < len(hosts) {
			results[i].CPU = float64(busy[i].Microseconds()) / float64(done[i])
		}
	}
	return results, nil
}

// variants is how many different requests a path has, where it can have many.
const variants = 200

// reader returns a reader of the first workspace.
func (w *world) reader(services *host.Services, c *caller) *reader {
	return &reader{world: w, services: services, caller: c, p: access.System(w.offices[0].id), key: string(w.offices[0].key)}
}

// paths makes the requests of every path and captures their statements.
func (w *world) paths(ctx context.Context, c *caller) ([]path, error) {
	services, err := host.OpenServices(ctx, w.config(), nil)
	if err != nil {
		return nil, err
	}
	defer services.Close()
	o, r := w.offices[0], w.reader(services, c)
	if err := r.byPhone(ctx); err != nil {
		return nil, err
	}
	for _, list := range []struct {
		name  string
		goal  float64
		query url.Values
		ask   inbox.ConversationQuery
	}{
		{"conversations, page 1", 2, url.Values{}, inbox.ConversationQuery{}},
		{"conversations, open", 0, url.Values{"status": {"open"}}, inbox.ConversationQuery{Status: crm.Open}},
		{"conversations, of a member", 0, url.Values{"assignee": {o.members[1].String()}}, inbox.ConversationQuery{AssigneeID: o.members[1]}},
		{"conversations, with a tag", 0, url.Values{"tag": {o.tags[1].String()}}, inbox.ConversationQuery{TagID: o.tags[1]}},
		{"conversations, with a rare tag", 0, url.Values{"tag": {o.tags[7].String()}}, inbox.ConversationQuery{TagID: o.tags[7]}},
		{"search, a rare word", 0, url.Values{"q": {w.vocab[len(w.vocab)-7]}}, inbox.ConversationQuery{Search: w.vocab[len(w.vocab)-7]}},
		{"search, a word of half the messages", 0, url.Values{"q": {w.vocab[0]}}, inbox.ConversationQuery{Search: w.vocab[0]}},
		{"search, a number", 0, url.Values{"q": {"0" + number(w.phones[len(w.phones)/2])[2:]}}, inbox.ConversationQuery{Search: "0" + number(w.phones[len(w.phones)/2])[2:]}},
	} {
		if err := r.conversations(ctx, list.name, list.goal, list.query, list.ask); err != nil {
			return nil, fmt.Errorf("%s: %w", list.name, err)
		}
	}
	if err := r.deepConversations(ctx); err != nil {
		return nil, err
	}
	return r.paths, r.messages(ctx)
}

func (r *reader) byPhone(ctx context.Context) error {
	p := path{name: "contact by phone", goal: 0.5}
	for i := range variants {
		n := r.phones[i*len(r.phones)/variants]
		local := "0" + number(n)[2:]
		t, err := capture(ctx, func(ctx context.Context) error {
			_, err := r.services.People.ByPhone(ctx, r.p, local, "ID")
			return err
		})
		if err != nil {
			return err
		}
		p.requests, p.trips = append(p.requests, get("/api/contacts/by-phone?phone="+local, r.key)), append(p.trips, t)
	}
	r.paths = append(r.paths, p)
	return nil
}

// conversations adds a first page. It is seen to have rows.
func (r *reader) conversations(ctx context.Context, name string, goal float64, query url.Values, ask inbox.ConversationQuery) error {
	ask.Limit = crm.PageRows + 1
	t, err := capture(ctx, func(ctx context.Context) error {
		found, err := r.services.Inbox.Conversations(ctx, r.p, ask)
		if err == nil && len(found) == 0 {
			err = errors.New("nothing is found")
		}
		return err
	})
	if err != nil {
		return err
	}
	r.paths = append(r.paths, path{name: name, goal: goal, requests: []request{get("/api/conversations?"+query.Encode(), r.key)}, trips: []trip{t}})
	return nil
}

// deepConversations walks the list and adds its pages from about the 1,000th.
func (r *reader) deepConversations(ctx context.Context) error {
	first := path{name: fmt.Sprintf("conversations, page 1 of %d rows", deepRows)}
	deep := path{goal: 2}
	cursors := []string{""}
	for len(cursors) < deepPage {
		next, err := r.next(fmt.Sprintf("/api/conversations?limit=%d&cursor=%s", deepRows, cursors[len(cursors)-1]))
		if err != nil {
			return err
		}
		if next == "" {
			cursors = cursors[:len(cursors)-1] // a whole page
			break
		}
		cursors = append(cursors, next)
	}
	deep.name = fmt.Sprintf("conversations, page %d of %d rows", len(cursors), deepRows)
	for i, cursor := range cursors {
		to := &deep
		if i == 0 {
			to = &first
		} else if i < len(cursors)-5 {
			continue
		}
		ask := inbox.ConversationQuery{Limit: deepRows + 1}
		if raw, _ := base64.RawURLEncoding.DecodeString(cursor); len(raw) == 26 {
			ask.After.At = time.UnixMilli(int64(binary.BigEndian.Uint64(raw[2:])))
			copy(ask.After.ID[:], raw[10:])
		}
		t, err := capture(ctx, func(ctx context.Context) error {
			_, err := r.services.Inbox.Conversations(ctx, r.p, ask)
			return err
		})
		if err != nil {
			return err
		}
		to.requests = append(to.requests, get(fmt.Sprintf("/api/conversations?limit=%d&cursor=%s", deepRows, cursor), r.key))
		to.trips = append(to.trips, t)
	}
	r.paths = append(r.paths, first, deep)
	return nil
}

// messages adds first pages of many conversations and deep ones of the longest.
func (r *reader) messages(ctx context.Context) error {
	first, deep := path{name: "messages, page 1"}, path{name: "messages, half way down a long one"}
	ask := func(to *path, id crm.ConversationID, after inbox.MessageCursor, cursor string) error {
		t, err := capture(ctx, func(ctx context.Context) error {
			_, err := r.services.Inbox.Messages(ctx, r.p, inbox.MessageQuery{ConversationID: id, Limit: crm.PageRows + 1, After: after})
			return err
		})
		to.requests = append(to.requests, get("/api/conversations/"+id.String()+"/messages"+cursor, r.key))
		to.trips = append(to.trips, t)
		return err
	}
	for i := range variants {
		id := crm.ConversationID(r.threads[r.phones[i*len(r.phones)/variants]].id)
		if err := ask(&first, id, inbox.MessageCursor{}, ""); err != nil {
			return err
		}
	}
	long := crm.ConversationID(r.threads[0].id)
	pages, cursor := int(min(0.1, longThread/float64(r.shape.Messages))*float64(r.shape.Messages))/crm.PageRows/2, ""
	for range pages {
		next, err := r.next("/api/conversations/" + long.String() + "/messages" + cursor)
		if err != nil {
			return err
		}
		cursor = "?cursor=" + next
		raw, _ := base64.RawURLEncoding.DecodeString(next)
		if len(raw) != 18 {
			break
		}
		after := inbox.MessageCursor{At: time.UnixMilli(int64(binary.BigEndian.Uint64(raw[2:]))), Ingest: int64(binary.BigEndian.Uint64(raw[10:]))}
		deep.requests, deep.trips = nil, nil
		if err := ask(&deep, long, after, cursor); err != nil {
			return err
		}
	}
	r.paths = append(r.paths, first, deep)
	return nil
}

// next returns the cursor of the page after one.
func (r *reader) next(path string) (string, error) {
	var page struct {
		Next *string `json:"next"`
	}
	err := r.caller.do(get(path, r.key), func(body []byte) error { return json.Unmarshal(body, &page) })
	if err != nil || page.Next == nil {
		return "", err
	}
	return *page.Next, nil
}
