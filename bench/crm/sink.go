package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
)

// sink takes rows in bulk, past the product: foreign keys are not checked and
// nothing is durable until close. A value is nil, a string, an int64, a bool, a
// [16]byte or a []byte.
type sink interface {
	row(table string, values ...any) error
	// document makes a message or contact findable; see bunstore.Dialect.Index.
	document(ws, subject, found [16]byte, tokens, wholes []string) error
	close(ctx context.Context) error
}

// columns are those of each table that is filled, in the order of its values.
var columns = map[string]string{
	"contacts": "workspace_id, id, name, profile_name, profile_at, username, identities, tags, fields, lead_status, temperature, source," +
		" opted_out, opt_out_at, opt_out_reason, blocked_at, created_at, updated_at, folded, source_kind, sort_name, score",
	"identities":     "workspace_id, kind, value, contact_id",
	"contact_tags":   "workspace_id, tag_id, contact_id, updated_at, score",
	"contact_fields": "workspace_id, contact_id, field, words, ordinal, updated_at",
	"leads":          "workspace_id, contact_id, profile, rules, total, temperature, scored_at",
	"conversations": "workspace_id, id, channel_id, contact_id, status, snoozed_until, assignee_id, mode, unread, last_inbound, created_at, updated_at," +
		" contact_name, contact_handle, temperature, last_message_id, last_message_at, last_ingest, last_direction, last_status, last_preview",
	"messages": "workspace_id, id, conversation_id, channel_id, contact_id, direction, author_kind, author_id, kind, content, provider_id, status," +
		" error, reply_to, forwarded, provider_time, ingest, edited_at, revoked_at, created_at",
	"notes": "workspace_id, id, contact_id, conversation_id, author_kind, author_id, body, created_at",
	"tasks": "workspace_id, id, contact_id, assignee_id, title, due_at, done_at, author_kind, author_id, created_at",
}

// fileSink fills the embedded database.
type fileSink struct {
	db    *sql.DB
	tx    *sql.Tx
	ready map[string]*sql.Stmt
	rows  int
}

func newFileSink(path string) (*fileSink, error) {
	db, err := openSQLite(path, 1, url.Values{"_synchronous": {"OFF"}, "_pragma": {"foreign_keys(0)", "cache_size(-262144)"}})
	if err != nil {
		return nil, err
	}
	s := &fileSink{db: db}
	return s, s.begin()
}

func (s *fileSink) begin() (err error) {
	s.ready = map[string]*sql.Stmt{}
	s.tx, err = s.db.Begin()
	return err
}

func (s *fileSink) row(table string, values ...any) error {
	return s.insert("insert into "+table+" ("+columns[table]+") values ", values)
}

func (s *fileSink) document(ws, subject, found [16]byte, tokens, wholes []string) error {
	sum := sha256.Sum256(append(ws[:], subject[:]...))
	return s.insert("insert into search_index (rowid, workspace, tokens, found_id) values ", []any{
		int64(binary.BigEndian.Uint64(sum[:]) >> 1), "w" + hex.EncodeToString(ws[:]), strings.Join(append(tokens, wholes...), " "), found})
}

// batchRows is how many rows a transaction has.
const batchRows = 200_000

func (s *fileSink) insert(into string, values []any) error {
	ready := s.ready[into]
	if ready == nil {
		var err error
		if ready, err = s.tx.Prepare(into + "(?" + strings.Repeat(", ?", len(values)-1) + ")"); err != nil {
			return err
		}
		s.ready[into] = ready
	}
	for i := range values {
		if id, is := values[i].([16]byte); is {
			values[i] = id[:]
		}
	}
	if _, err := ready.Exec(values...); err != nil {
		return fmt.Errorf("%s: %w", into, err)
	}
	if s.rows++; s.rows%batchRows != 0 {
		return nil
	}
	if err := s.tx.Commit(); err != nil {
		return err
	}
	return s.begin()
}

func (s *fileSink) close(context.Context) error {
	err := s.tx.Commit()
	if err == nil { // with each addition the program merges what has to be merged
		_, err = s.db.Exec("insert into search_index (search_index, rank) values ('merge', 1000000)")
	}
	if err == nil {
		_, err = s.db.Exec("pragma wal_checkpoint(truncate)")
	}
	return errors.Join(err, s.db.Close())
}

// serverSink fills PostgreSQL: a COPY of each table, all at once. Their indexes
// but the unique ones are made when all rows are there, which takes a fraction of
// what it takes to keep them meanwhile.
type serverSink struct {
	ctx     context.Context
	dsn     string
	copies  map[string]*copying
	indexes []string // that are to be made again
	running sync.WaitGroup
}

type copying struct {
	pipe *io.PipeWriter
	to   *bufio.Writer
	err  error // once the copy has ended
}

func newServerSink(ctx context.Context, superuser string) *serverSink {
	return &serverSink{ctx: ctx, dsn: superuser, copies: map[string]*copying{}}
}

func (s *serverSink) row(table string, values ...any) error {
	to, err := s.copy(table, columns[table])
	if err != nil {
		return err
	}
	for i, value := range values {
		if i > 0 {
			to.WriteByte('\t')
		}
		writeValue(to, value)
	}
	return to.WriteByte('\n')
}

func (s *serverSink) document(ws, subject, found [16]byte, tokens, wholes []string) error {
	tokens = append(tokens, "#w"+hex.EncodeToString(ws[:]))
	for _, whole := range wholes {
		sum := sha256.Sum256(append(ws[:], whole...))
		tokens = append(tokens, "#"+base64.RawURLEncoding.EncodeToString(sum[:6]))
	}
	to, err := s.copy("search_index", "workspace_id, subject_id, found_id, tokens")
	if err != nil {
		return err
	}
	for _, id := range [][16]byte{ws, subject, found} {
		writeValue(to, id)
		to.WriteByte('\t')
	}
	to.WriteString("'" + strings.Join(tokens, "' '") + "'")
	return to.WriteByte('\n')
}

func (s *serverSink) copy(table, list string) (*bufio.Writer, error) {
	if c := s.copies[table]; c != nil {
		return c.to, nil
	}
	conn, err := pgx.Connect(s.ctx, s.dsn)
	if err != nil {
		return nil, err
	}
	// Without triggers no foreign key is checked.
	if _, err := conn.Exec(s.ctx, "set session_replication_role = replica"); err != nil {
		return nil, err
	}
	if err := s.dropIndexes(conn, table); err != nil {
		return nil, err
	}
	reader, writer := io.Pipe()
	c := &copying{pipe: writer, to: bufio.NewWriterSize(writer, 1<<18)}
	s.copies[table] = c
	s.running.Go(func() {
		defer conn.Close(s.ctx)
		_, c.err = conn.PgConn().CopyFrom(s.ctx, reader, "copy "+table+" ("+list+") from stdin")
		_ = reader.CloseWithError(c.err)
	})
	return c.to, nil
}

// dropIndexes drops the indexes of a table that keep nothing unique.
func (s *serverSink) dropIndexes(conn *pgx.Conn, table string) error {
	rows, err := conn.Query(s.ctx, `select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
		from pg_index i where i.indrelid = $1::regclass and not i.indisunique`, table)
	if err != nil {
		return err
	}
	var name, definition string
	var names []string
	if _, err := pgx.ForEachRow(rows, []any{&name, &definition}, func() error {
		names, s.indexes = append(names, name), append(s.indexes, definition)
		return nil
	}); err != nil {
		return err
	}
	for _, name := range names {
		if _, err := conn.Exec(s.ctx, "drop index "+name); err != nil {
			return err
		}
	}
	return nil
}

var copyEscapes = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`)

func writeValue(to *bufio.Writer, value any) {
	switch value := value.(type) {
	case nil:
		to.WriteString(`\N`)
	case [16]byte:
		to.WriteString(hex.EncodeToString(value[:]))
	case []byte:
		to.WriteString(`\\x` + hex.EncodeToString(value))
	case string:
		_, _ = copyEscapes.WriteString(to, value)
	case int64:
		to.WriteString(strconv.FormatInt(value, 10))
	case bool:
		to.WriteString(strconv.FormatBool(value))
	default:
		panic(fmt.Sprintf("a column of %T", value))
	}
}

// close ends the copies and gathers statistics of what they filled, as the server
// would have by itself in a year. It would not have looked at empty tables: known to
// be empty, they are planned for as if they were to stay so.
func (s *serverSink) close(ctx context.Context) error {
	var all error
	for _, c := range s.copies {
		all = errors.Join(all, c.to.Flush(), c.pipe.Close())
	}
	s.running.Wait()
	for table, c := range s.copies {
		if c.err != nil {
			all = errors.Join(all, fmt.Errorf("copy %s: %w", table, c.err))
		}
	}
	if all != nil {
		return all
	}
	conn, err := pgx.Connect(ctx, s.dsn)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if _, err = conn.Exec(ctx, "set maintenance_work_mem = '1GB'"); err != nil {
		return err
	}
	for _, definition := range s.indexes {
		if _, err := conn.Exec(ctx, definition); err != nil {
			return err
		}
	}
	_, err = conn.Exec(ctx, "vacuum analyze "+strings.Join(slices.Sorted(maps.Keys(s.copies)), ", "))
	if err == nil {
		_, err = conn.Exec(ctx, "checkpoint")
	}
	return err
}
