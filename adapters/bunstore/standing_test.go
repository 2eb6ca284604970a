package bunstore_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/adapters/postgres"
	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/adapters/sqlite/sqlitetest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
)

// signIn adds so many members who are signed in for a day, and returns the hashes of
// their sessions.
func signIn(t testing.TB, store *bunstore.Store, ws crm.WorkspaceID, mint *crm.Mint, n int) [][32]byte {
	t.Helper()
	var members []*crm.Member
	var sessions []*crm.Session
	var hashes [][32]byte
	for i := range n {
		m := &crm.Member{WorkspaceID: ws, ID: crm.NewID[crm.Member](mint), Name: "Member", Role: crm.Agent, CreatedAt: mint.Now()}
		s := &crm.Session{WorkspaceID: ws, MemberID: m.ID, Hash: [32]byte{byte(i % 251), byte(i / 251)}, CreatedAt: mint.Now(), ExpiresAt: mint.Now().Add(24 * time.Hour)}
		members, sessions, hashes = append(members, m), append(sessions, s), append(hashes, s.Hash)
	}
	if err := store.SignIn(t.Context(), sessions, members); err != nil {
		t.Fatal(err)
	}
	return hashes
}

// TestWhatCannotBeReadStandsForNobody: a key or a member that a fault made unreadable
// does not keep the others from being found.
func TestWhatCannotBeReadStandsForNobody(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		c, mint := settle(t, store)
		dir := store.Directory()
		sessions := signIn(t, store, c.Workspace.ID, mint, 3)
		var keys [][32]byte
		for i := range 3 {
			key := &crm.APIKey{ID: crm.NewID[crm.APIKey](mint), WorkspaceID: c.Workspace.ID, Name: string(rune('a' + i)), Hash: [32]byte{byte(i), 1}}
			if err := dir.SaveKey(t.Context(), key); err != nil {
				t.Fatal(err)
			}
			keys = append(keys, key.Hash)
		}
		for _, fault := range []string{
			"update members set skills = 'broken' where id = (select min(id::text) from members where name = 'Member')::uuid",
			"update api_keys set scopes = 'broken' where name = 'b'",
		} {
			if !store.Dialect().MigrationTypes().Postgres {
				fault = strings.NewReplacer("::text", "", "::uuid", "").Replace(fault)
			}
			if err := store.DoIn(t.Context(), bunstore.Scope{Workspaces: []crm.WorkspaceID{c.Workspace.ID}}, fault); err != nil {
				t.Fatal(err)
			}
		}
		if found, err := dir.Standing(t.Context(), mint.Now(), sessions...); err != nil || len(found) != 2 {
			t.Errorf("%d of 3 sessions stand, want 2: %v", len(found), err)
		}
		if found, err := dir.KeysByHash(t.Context(), keys...); err != nil || len(found) != 2 {
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
		if err := errors.Join(wantRows(store.Directory().Standing(ctx, mint.Now(), sessions...)), wantRows(store.Directory().KeysByHash(ctx, keys...))); err != nil {
			t.Error(err)
		}
	})
}

// BenchmarkStanding asks whose a thousand sessions are, as the event streams of so many
// browsers do every second, together and one by one.
func BenchmarkStanding(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) {
		askStanding(b, openSQLite(b, sqlitetest.Path(b), sqlite.Options{Sealer: sealer(b)}))
	})
	b.Run("postgres", func(b *testing.B) {
		askStanding(b, openPostgres(b, pgtest.DSN(b), postgres.Options{Sealer: sealer(b), Connections: 4}))
	})
}

func askStanding(b *testing.B, store *bunstore.Store) {
	mint := crmtest.NewClock().Mint(1)
	c := crmtest.NewCompany(mint)
	if err := store.Directory().SaveWorkspace(b.Context(), c.Workspace); err != nil {
		b.Fatal(err)
	}
	hashes := signIn(b, store, c.Workspace.ID, mint, 1000)
	dir := store.Directory()
	b.Run("together", func(b *testing.B) {
		for b.Loop() {
			if found, err := dir.Standing(b.Context(), mint.Now(), hashes...); err != nil || len(found) != len(hashes) {
				b.Fatalf("%d of %d stand for somebody, %v", len(found), len(hashes), err)
			}
		}
	})
	b.Run("one by one", func(b *testing.B) {
		for b.Loop() {
			for _, hash := range hashes {
				session, err := dir.SessionByHash(b.Context(), hash, mint.Now())
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
