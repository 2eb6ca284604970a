package bunstore_test

import (
	"errors"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/adapters/postgres"
	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/adapters/sqlite/sqlitetest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/directory"
)

// signIn adds so many members who are signed in for a day, and returns what is to be
// said of their sessions.
func signIn(t testing.TB, store *bunstore.Store, ws crm.WorkspaceID, mint *crm.Mint, n int) []directory.Standing {
	t.Helper()
	var members []*crm.Member
	var sessions []*crm.Session
	var said []directory.Standing
	for i := range n {
		m := &crm.Member{WorkspaceID: ws, ID: crm.NewID[crm.Member](mint), Name: "Member", Role: crm.Agent, CreatedAt: mint.Now()}
		s := &crm.Session{WorkspaceID: ws, MemberID: m.ID, Hash: [32]byte{byte(i % 251), byte(i / 251)}, CreatedAt: mint.Now(), ExpiresAt: mint.Now().Add(24 * time.Hour)}
		members, sessions, said = append(members, m), append(sessions, s), append(said, directory.Standing{Hash: s.Hash, WorkspaceID: ws, Role: m.Role})
	}
	if err := store.SignIn(t.Context(), sessions, members); err != nil {
		t.Fatal(err)
	}
	return said
}

// TestKeyThatCannotBeReadStandsForNobody: a key that a fault made unreadable does not
// keep the others from being found.
func TestKeyThatCannotBeReadStandsForNobody(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		c, mint := settle(t, store)
		var keys [][32]byte
		for i := range 3 {
			key := &crm.APIKey{ID: crm.NewID[crm.APIKey](mint), WorkspaceID: c.Workspace.ID, Name: string(rune('a' + i)), Hash: [32]byte{byte(i), 1}}
			if err := store.Directory().SaveKey(t.Context(), key); err != nil {
				t.Fatal(err)
			}
			keys = append(keys, key.Hash)
		}
		if err := store.DoIn(t.Context(), bunstore.Scope{Workspaces: []crm.WorkspaceID{c.Workspace.ID}}, "update api_keys set scopes = 'broken' where name = 'b'"); err != nil {
			t.Fatal(err)
		}
		if found, err := store.Directory().KeysByHash(t.Context(), keys...); err != nil || len(found) != 2 {
			t.Errorf("%d of 3 keys are found, want 2: %v", len(found), err)
		}
	})
}

// TestKeysAreLookedUpBeforeTheyAreCounted: nothing is known of how many rows there are,
// and no table is read from one end to the other for it.
func TestKeysAreLookedUpBeforeTheyAreCounted(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		c, mint := settle(t, store)
		sessions := signIn(t, store, c.Workspace.ID, mint, 100)
		var keys [][32]byte
		for i := range 100 {
			key := &crm.APIKey{ID: crm.NewID[crm.APIKey](mint), WorkspaceID: c.Workspace.ID, Name: "key", Hash: [32]byte{byte(i)}}
			if err := store.Directory().SaveKey(t.Context(), key); err != nil {
				t.Fatal(err)
			}
			keys = append(keys, key.Hash)
		}
		ctx, _ := watching(t, store, "what is named by keys", true)
		sessions[7].Role = crm.Owner // which lapsed
		if err := errors.Join(wantRows(store.Directory().Lapsed(ctx, mint.Now(), sessions)), wantRows(store.Directory().KeysByHash(ctx, keys...))); err != nil {
			t.Error(err)
		}
	})
}

// BenchmarkLapsed asks which of a thousand sessions lapsed, as the event streams of so
// many browsers do every second, together and one by one.
func BenchmarkLapsed(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		askLapsed(b, openSQLite(b, sqlitetest.Path(b), sqlite.Options{Sealer: sealer(b)}))
	})
	b.Run("postgres", func(b *testing.B) {
		askLapsed(b, openPostgres(b, pgtest.DSN(b), postgres.Options{Sealer: sealer(b), Connections: 4}))
	})
}

func askLapsed(b *testing.B, store *bunstore.Store) {
	mint := crmtest.NewClock().Mint(1)
	c := crmtest.NewCompany(mint)
	if err := store.Directory().SaveWorkspace(b.Context(), c.Workspace); err != nil {
		b.Fatal(err)
	}
	said := signIn(b, store, c.Workspace.ID, mint, 1000)
	dir := store.Directory()
	b.Run("together", func(b *testing.B) {
		for b.Loop() {
			if lapsed, err := dir.Lapsed(b.Context(), mint.Now(), said); err != nil || len(lapsed) > 0 {
				b.Fatalf("%d of %d lapsed, %v", len(lapsed), len(said), err)
			}
		}
	})
	b.Run("one by one", func(b *testing.B) {
		for b.Loop() {
			for _, one := range said {
				session, err := dir.SessionByHash(b.Context(), one.Hash, mint.Now())
				if err == nil {
					_, err = dir.Member(b.Context(), session.WorkspaceID, session.MemberID)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}
