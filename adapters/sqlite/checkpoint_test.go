package sqlite_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
)

// TestCheckpoint holds an open store to moving its WAL into the database by
// itself.
func TestCheckpoint(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{Sealer: sealer(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	before := modified(t, path)
	c := crmtest.NewCompany(crmtest.NewClock().Mint(1))
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for range 50 * 60 {
		if err := store.Directory().SaveWorkspace(t.Context(), c.Workspace); err != nil {
			t.Fatal(err)
		}
		if modified(t, path).After(before) {
			return
		}
		<-look.C
	}
	t.Error("what was written stayed in the WAL for a minute")
}

func modified(t *testing.T, path string) time.Time {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime()
}

// TestWALBeginsAnew writes without a rest, and much more than the WAL may hold.
func TestWALBeginsAnew(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store.db")
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{Sealer: sealer(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	mint := crmtest.NewClock().Mint(1)
	ws := crmtest.NewCompany(mint).Workspace
	ws.Name = strings.Repeat("a long name ", 2000)
	var writing sync.WaitGroup
	var written atomic.Int64
	var enough atomic.Bool
	for range 2 { // so that one always waits for the other
		writing.Go(func() {
			for !enough.Load() {
				another := *ws
				another.ID = crm.NewID[crm.Workspace](mint)
				if err := store.Directory().SaveWorkspace(t.Context(), &another); err != nil {
					t.Error(err)
					return
				}
				written.Add(int64(len(ws.Name)))
			}
		})
	}
	look := time.NewTicker(50 * time.Millisecond)
	defer look.Stop()
	size := int64(0)
	for end := time.Now().Add(time.Minute); time.Now().Before(end); <-look.C {
		info, err := os.Stat(path + "-wal")
		if err != nil {
			t.Fatal(err)
		}
		if size = info.Size(); written.Load() > 48<<20 && size < written.Load()/2 { // a WAL that never begins anew is larger than what was written
			break
		}
	}
	enough.Store(true)
	writing.Wait()
	if size >= written.Load()/2 {
		t.Errorf("of %d bytes written without a rest %d are in the WAL", written.Load(), size)
	}
}

// TestRestartTakesItsTurn holds the writer's connection: a WAL that is to begin anew
// waits for that, as who writes does.
func TestRestartTakesItsTurn(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "turn.db")
	write, err := sqlite.Pool(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer write.Close()
	checks, err := sqlite.Pool(path, false)
	if err != nil {
		t.Fatal(err)
	}
	defer checks.Close()
	for _, statement := range []string{
		"pragma wal_autocheckpoint(0)", "create table t (v blob)",
		fmt.Sprintf("with recursive n (i) as (select 1 union all select i + 1 from n where i < %d) insert into t select randomblob(4000) from n", sqlite.RestartFrames+1000), // a page each
	} {
		if _, err := write.ExecContext(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	writer, err := write.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		sqlite.Checkpoint(t.Context(), sqlite.NewDialect(), write, checks)
	}()
	look := time.NewTicker(time.Millisecond)
	defer look.Stop()
	for waits := false; !waits; {
		select {
		case <-look.C:
			waits = write.Stats().WaitCount > 0
		case <-done:
			t.Fatal("the WAL began anew, or did not, without the writer's connection")
		}
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	<-done
}
