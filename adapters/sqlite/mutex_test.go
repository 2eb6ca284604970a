package sqlite_test

import (
	"testing"

	"github.com/my21staff/my21staff/adapters/sqlite"
)

// inUse has SQLite at work, which has mutexes from then on.
func inUse(t *testing.T) {
	t.Helper()
	db, err := sqlite.Pool(t.TempDir()+"/x.db", false)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.PingContext(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestMutexes sees that SQLite took the mutexes it was given.
func TestMutexes(t *testing.T) {
	inUse(t)
	if !sqlite.OursAreUsed() {
		t.Error("SQLite uses its own")
	}
}

// TestMutexesExclude checks that every mutex keeps others out but a connection's, and
// that those in use at once are different ones.
func TestMutexesExclude(t *testing.T) {
	inUse(t)                                         // the first recursive mutex is that of the beginning, and no connection's
	const fast, recursive, first, last = 0, 1, 2, 13 // SQLite's kinds
	made := []sqlite.Mutex{sqlite.NewMutex(fast), sqlite.NewMutex(fast)}
	for kind := int32(first); kind <= last; kind++ {
		made = append(made, sqlite.NewMutex(kind))
	}
	for i, m := range made {
		for _, other := range made[:i] {
			if m.Is(other) {
				t.Errorf("mutex %d is another's", i)
			}
		}
		m.Enter()
		if m.Try() {
			t.Errorf("mutex %d is entered twice", i)
		}
		m.Leave()
		if !m.Try() {
			t.Errorf("mutex %d that was left is not free", i)
		}
		m.Leave()
	}
	made[0].Free()
	if again := sqlite.NewMutex(fast); !again.Is(made[0]) || again.Is(made[1]) {
		t.Error("a mutex that was freed is not used again")
	}
	connection := sqlite.NewMutex(recursive)
	connection.Enter()
	if !connection.Try() {
		t.Error("a connection's mutex keeps somebody out")
	}
}
