package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	_ "modernc.org/sqlite"

	"github.com/my21staff/my21staff/bench/check/verdict"
)

// store is the database as the checker reads it: by plain SQL over the tables,
// whatever the product's own statements are.
type store struct {
	query func(ctx context.Context, query string) (cursor, func(), error)
	id    func(column string) string // an id as hexadecimal text
	hash  func(column string) string // bytes as hexadecimal text
	whole string                     // every table's name, and the query of its rows as text
	files []string                   // that hold it, if they are at hand
	close func()
}

// cursor is what both drivers' rows have.
type cursor interface {
	Next() bool
	Scan(into ...any) error
	Err() error
}

// openStore opens a DSN or a file, for reading.
func openStore(ctx context.Context, database string) (*store, error) {
	if strings.HasPrefix(database, "postgres") {
		return openPostgres(ctx, database)
	}
	db, err := sql.Open("sqlite", "file:"+database+"?mode=ro&_pragma=busy_timeout(10000)")
	if err != nil {
		return nil, err
	}
	hexadecimal := func(column string) string { return "lower(hex(" + column + "))" }
	return &store{
		query: func(ctx context.Context, query string) (cursor, func(), error) {
			rows, err := db.QueryContext(ctx, query)
			if err != nil {
				return nil, nil, err
			}
			return rows, func() { _ = rows.Close() }, nil
		},
		whole: wholeOfSQLite, files: []string{database, database + "-wal"},
		id: hexadecimal, hash: hexadecimal, close: func() { _ = db.Close() },
	}, db.PingContext(ctx)
}

func openPostgres(ctx context.Context, dsn string) (*store, error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, err
	}
	return &store{
		query: func(ctx context.Context, query string) (cursor, func(), error) {
			rows, err := conn.Query(ctx, query)
			return rows, rows.Close, err
		},
		whole: wholeOfPostgres,
		id:    func(column string) string { return "replace(" + column + "::text, '-', '')" },
		hash:  func(column string) string { return "encode(" + column + ", 'hex')" },
		close: func() { _ = conn.Close(ctx) },
	}, nil
}

// rows scans what a query returns.
func rows[T any](ctx context.Context, s *store, query string, scan func(cursor, *T) error) ([]T, error) {
	found, done, err := s.query(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", query, err)
	}
	defer done()
	var all []T
	for found.Next() {
		var row T
		if err := scan(found, &row); err != nil {
			return nil, fmt.Errorf("%s: %w", query, err)
		}
		all = append(all, row)
	}
	if err := found.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", query, err)
	}
	return all, nil
}

// settle waits until every send is done or in somebody's hands.
func (s *store) settle(ctx context.Context, patience time.Duration) error {
	for end := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
		var waiting verdict.Store
		if err := s.jobs(ctx, &waiting); err != nil {
			return err
		}
		now := time.Now()
		if !verdict.Workable(waiting.Jobs, now.UnixMilli()) || now.After(end) {
			return nil
		}
	}
}

func (s *store) read(ctx context.Context) (all verdict.Store, err error) {
	// The jobs first: a send that ends meanwhile would leave a message without one.
	for _, read := range []func(context.Context, *verdict.Store) error{s.jobs, s.messages, s.statuses, s.conversations, s.facts, s.deliveries, s.contacts, s.erasures, s.figures, s.traces} {
		if err := read(ctx, &all); err != nil {
			return all, err
		}
	}
	return all, nil
}

func (s *store) messages(ctx context.Context, all *verdict.Store) (err error) {
	query := fmt.Sprintf("select %s, %s, %s, %s, %s, direction, coalesce(provider_id, ''), status, content, provider_time, ingest from messages order by ingest",
		s.id("workspace_id"), s.id("id"), s.id("conversation_id"), s.id("channel_id"), s.id("contact_id"))
	all.Messages, err = rows(ctx, s, query, func(r cursor, m *verdict.Message) error {
		var direction, content string
		err := r.Scan(&m.Workspace, &m.ID, &m.Conversation, &m.Channel, &m.Contact, &direction, &m.ProviderID, &m.Status, &content, &m.Time, &m.Ingest)
		m.Inbound = direction == "inbound"
		var text struct{ Body, Caption string }
		if json.Unmarshal([]byte(content), &text) == nil {
			m.Text = text.Body + text.Caption
		}
		return err
	})
	return err
}

func (s *store) statuses(ctx context.Context, all *verdict.Store) (err error) {
	query := fmt.Sprintf("select %s, %s, provider_id, status from statuses", s.id("workspace_id"), s.id("channel_id"))
	all.Statuses, err = rows(ctx, s, query, func(r cursor, row *verdict.StatusRow) error {
		return r.Scan(&row.Workspace, &row.Channel, &row.ProviderID, &row.Status)
	})
	return err
}

func (s *store) conversations(ctx context.Context, all *verdict.Store) (err error) {
	query := fmt.Sprintf("select %s, %s, %s, %s, coalesce(%s, ''), unread, status, %s, waiting_since is not null from conversations",
		s.id("workspace_id"), s.id("id"), s.id("channel_id"), s.id("contact_id"), s.id("last_message_id"), s.id("assignee_id"))
	all.Conversations, err = rows(ctx, s, query, func(r cursor, c *verdict.Conversation) error {
		return r.Scan(&c.Workspace, &c.ID, &c.Channel, &c.Contact, &c.LastMessage, &c.Unread, &c.Status, &c.Assignee, &c.Waiting)
	})
	return err
}

func (s *store) facts(ctx context.Context, all *verdict.Store) (err error) {
	query := fmt.Sprintf("select %s, seq, kind, coalesce(%s, '') from facts", s.id("workspace_id"), s.id("message_id"))
	all.Facts, err = rows(ctx, s, query, func(r cursor, f *verdict.Fact) error {
		return r.Scan(&f.Workspace, &f.Seq, &f.Kind, &f.MessageID)
	})
	return err
}

// deliveries reads the webhook journal. Its bodies are packed: what is in them
// the API says, and here is only how large they were.
func (s *store) deliveries(ctx context.Context, all *verdict.Store) (err error) {
	query := fmt.Sprintf("select %s, %s, %s, seen, coalesce(size, 0) from deliveries", s.id("workspace_id"), s.id("id"), s.hash("key"))
	all.Deliveries, err = rows(ctx, s, query, func(r cursor, d *verdict.Delivery) error {
		return r.Scan(&d.Workspace, &d.ID, &d.Key, &d.Seen, &d.Size)
	})
	return err
}

func (s *store) jobs(ctx context.Context, all *verdict.Store) (err error) {
	query := fmt.Sprintf("select %s, %s, %s, coalesce(locked_until, 0), due_at, attempt, last_error from jobs", s.id("workspace_id"), s.id("lane"), s.id("subject"))
	all.Jobs, err = rows(ctx, s, query, func(r cursor, j *verdict.Job) error {
		return r.Scan(&j.Workspace, &j.Lane, &j.Message, &j.LockedUntil, &j.DueAt, &j.Attempt, &j.Error)
	})
	return err
}

func hashOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}
