package pgtest

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Cost is what a server has used since it started.
type Cost struct {
	CPU time.Duration // of all its processes, in steps of 10 ms
	WAL int64         // bytes written
}

// Meter tells what a server of this machine uses, for benchmarks. It reads what
// Linux says of processes.
type Meter struct {
	tb   testing.TB
	conn *pgx.Conn
	root string // the process id of the first of the server's processes
}

// NewMeter returns a meter of the server that a DSN leads to.
func NewMeter(tb testing.TB, dsn string) *Meter {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), dsn)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close(context.Background()) })
	var own int
	if err := conn.QueryRow(tb.Context(), "select pg_backend_pid()").Scan(&own); err != nil {
		tb.Fatal(err)
	}
	stat := statOf(strconv.Itoa(own))
	if len(stat) < 2 {
		tb.Fatalf("pgtest: nothing is known of process %d on this machine", own)
	}
	return &Meter{tb, conn, stat[1]}
}

// Now returns what was used until now. A nil meter's is nothing.
func (m *Meter) Now() (c Cost) {
	if m == nil {
		return c
	}
	m.tb.Helper()
	if err := m.conn.QueryRow(m.tb.Context(), "select (pg_current_wal_lsn() - '0/0'::pg_lsn)::bigint").Scan(&c.WAL); err != nil {
		m.tb.Fatal(err)
	}
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, path := range processes {
		pid := filepath.Base(path)
		if stat := statOf(pid); len(stat) > 14 && (stat[1] == m.root || pid == m.root) {
			for _, ticks := range stat[11:15] { // its own, and its ended children's
				n, _ := strconv.Atoi(ticks)
				c.CPU += time.Duration(n) * 10 * time.Millisecond
			}
		}
	}
	return c
}

// statOf returns what Linux says of a process, after its name (proc(5), stat from
// the third field on); nothing of one that has ended.
func statOf(pid string) []string {
	text, _ := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	_, rest, _ := strings.Cut(string(text), ") ")
	return strings.Fields(rest)
}
