package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/my21staff/my21staff/bench/record"
)

// crowd is many readers of the event stream who are cut off all at once, and
// come back with the last id they have, as fast as they can. There may be ten
// thousand, so they share a file of each workspace, and of what each hears only
// the numbers are kept; the other readers keep the rest.
type crowd struct {
	members []*member
	files   []*record.Journal // of each workspace
	storms  *record.Journal
	heads   []int64 // where the feeds stood in the end

	mu    sync.Mutex
	storm int       // how often they were cut
	began time.Time // the last time
	away  int       // are not back from it

	events atomic.Int64
	late   [10_000]atomic.Int64 // events that came so many milliseconds after the fact's time, to streams that were open then
}

// member is one of a crowd.
type member struct {
	*crowd
	n, workspace int
	address      string
	request      string

	known    bool
	last     atomic.Int64
	from     int64 // the numbers heard in a row and not written down: from to last; 0: none
	returned int   // the last storm it is back from
	conn     net.Conn
	gone     bool // cut before it had a connection to cut
}

func newCrowd(dir string, plan *record.Plan, n int) (*crowd, error) {
	c := &crowd{away: n, began: time.Now()}
	if n == 0 {
		return c, nil
	}
	var err error
	if c.storms, err = record.Create(filepath.Join(dir, "storms.jsonl")); err != nil {
		return nil, err
	}
	for w := range plan.Workspaces {
		file, err := record.Create(filepath.Join(dir, fmt.Sprintf("crowd-%d.jsonl", w)))
		if err != nil {
			return nil, err
		}
		c.files = append(c.files, file)
	}
	for i := range n {
		w := i % len(plan.Workspaces)
		address := strings.TrimPrefix(plan.Hosts[i%len(plan.Hosts)], "http://")
		c.members = append(c.members, &member{crowd: c, n: i + 1, workspace: w, address: address, returned: -1,
			request: fmt.Sprintf("GET /api/events HTTP/1.1\r\nHost: %s\r\nX-Api-Key: %s\r\n", address, plan.Workspaces[w].Key)})
	}
	return c, nil
}

// run reads until ctx ends.
func (c *crowd) run(ctx context.Context) {
	var all sync.WaitGroup
	for _, m := range c.members {
		all.Go(func() { m.run(ctx) })
	}
	<-ctx.Done()
	c.hangUp()
	all.Wait()
}

// cut cuts all off at once.
func (c *crowd) cut() {
	c.mu.Lock()
	c.storm++
	c.began, c.away = time.Now(), len(c.members)
	c.mu.Unlock()
	c.hangUp()
}

func (c *crowd) hangUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, m := range c.members {
		m.gone = true
		if m.conn != nil {
			_ = m.conn.Close()
		}
	}
}

// back counts a member that is back, once for each storm.
func (c *crowd) back(m *member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if m.gone || m.returned == c.storm {
		return
	}
	m.returned = c.storm
	if c.away--; c.away == 0 {
		_ = c.storms.Note(record.Storm{N: c.storm, At: c.began.UnixMicro(), Took: time.Since(c.began).Microseconds()})
	}
}

// catchUp waits until all are where the feeds stand.
func (c *crowd) catchUp(ctx context.Context, heads []int64) {
	c.heads = heads
	for _, m := range c.members {
		for m.last.Load() < heads[m.workspace] && ctx.Err() == nil {
			pause(ctx, 20*time.Millisecond)
		}
	}
}

// close writes down where each should have come to. It is for when run is over.
func (c *crowd) close() error {
	for _, m := range c.members {
		m.note(record.Heard{T: record.Head, Seq: c.heads[m.workspace]})
	}
	var all []error
	for _, file := range c.files {
		all = append(all, file.Close())
	}
	if c.storms != nil {
		all = append(all, c.storms.Close())
	}
	return errors.Join(all...)
}

// quantile returns how late events came, in milliseconds.
func (c *crowd) quantile(q float64) int {
	var total int64
	for i := range c.late {
		total += c.late[i].Load()
	}
	left := int64(float64(total) * q)
	for i := range c.late {
		if left -= c.late[i].Load(); left < 0 {
			return i
		}
	}
	return 0
}

func (m *member) note(line record.Heard) {
	line.At, line.Reader = record.Now(), m.n
	_ = m.files[m.workspace].Note(line) // a transcript that stops is found by the checker
}

func (m *member) run(ctx context.Context) {
	for ctx.Err() == nil {
		_ = m.visit(ctx) // that it ended is what is expected
		pause(ctx, rand.N(100*time.Millisecond))
	}
}

// take makes a connection the one that a cut closes.
func (m *member) take(conn net.Conn) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.conn, m.gone = conn, false
}

// visit opens the stream once and reads until it ends.
func (m *member) visit(ctx context.Context) error {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	conn, err := dialer.DialContext(ctx, "tcp", m.address)
	if err != nil {
		return err
	}
	defer conn.Close()
	if m.take(conn); ctx.Err() != nil {
		return ctx.Err() // nobody will cut it any more
	}
	request := m.request
	if m.known {
		request += "Last-Event-ID: " + strconv.FormatInt(m.last.Load(), 10) + "\r\n"
	}
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	if _, err := io.WriteString(conn, request+"\r\n"); err != nil {
		return err
	}
	in := bufio.NewReaderSize(conn, 2<<10)
	for first := true; ; first = false {
		text, err := line(in)
		if err != nil {
			return err
		}
		if first && !bytes.HasPrefix(text, []byte("HTTP/1.1 200 ")) {
			return fmt.Errorf("the stream answers %q", text)
		}
		if len(text) == 0 {
			break
		}
	}
	if err := conn.SetDeadline(time.Time{}); err != nil {
		return err
	}
	defer m.settle()
	return m.read(in)
}

// read takes in events until the stream ends.
func (m *member) read(in *bufio.Reader) error {
	var id int64
	var resync, data, greeted bool
	var happened, opened int64 // milliseconds
	for {
		text, err := line(in)
		if err != nil {
			return err
		}
		name, value, _ := bytes.Cut(text, []byte(": "))
		switch string(name) {
		case "id":
			if id, err = strconv.ParseInt(string(value), 10, 64); err != nil {
				return err
			}
		case "event":
			resync = string(value) == "resync"
		case "data":
			data, happened = true, momentOf(value)
		case "":
			if !greeted { // the first block says where it stands
				greeted, opened = true, time.Now().UnixMilli()
				m.greet(id)
			} else if data {
				m.hear(id, resync)
				if happened >= opened {
					m.late[min(max(time.Now().UnixMilli()-happened, 0), int64(len(m.late)-1))].Add(1)
				}
			}
			resync, data = false, false
		}
	}
}

// greet takes in where the stream begins, which is new to one that comes first.
func (m *member) greet(id int64) {
	if !m.known {
		m.known = true
		m.last.Store(id)
	}
	m.note(record.Heard{T: record.Opened, Seq: m.last.Load()})
	m.back(m)
}

// hear takes in a number.
func (m *member) hear(seq int64, resync bool) {
	m.events.Add(1)
	if m.from > 0 && seq != m.last.Load()+1 || resync {
		m.settle()
	}
	if resync {
		m.note(record.Heard{T: record.Event, Kind: "resync", Seq: seq})
	} else if m.from == 0 {
		m.from = seq
	}
	m.last.Store(seq)
}

// settle writes down what was heard in a row.
func (m *member) settle() {
	if m.from > 0 {
		m.note(record.Heard{T: record.Ran, Seq: m.from, To: m.last.Load()})
		m.from = 0
	}
}

// momentOf returns when a fact happened, in milliseconds; 0 if it does not say.
func momentOf(data []byte) int64 {
	_, after, _ := bytes.Cut(data, []byte(`"at":"`))
	text, _, _ := bytes.Cut(after, []byte(`"`))
	at, err := time.Parse(time.RFC3339, string(text))
	if err != nil {
		return 0
	}
	return at.UnixMilli()
}

// line returns the next line without its end. It is good until the next one.
func line(in *bufio.Reader) ([]byte, error) {
	text, err := in.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		begin := bytes.Clone(text)
		rest, err := in.ReadBytes('\n')
		return bytes.TrimRight(append(begin, rest...), "\r\n"), err
	}
	return bytes.TrimRight(text, "\r\n"), err
}
