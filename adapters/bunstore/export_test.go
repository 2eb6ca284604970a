package bunstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/filter"
)

// Look runs a statement on the pool for reads, in a scope, and hands its rows
// to each.
func (s *Store) Look(ctx context.Context, scope Scope, statement Statement, each func(*sql.Rows) error) error {
	return s.reader("look", scope).run(ctx, step{Statement: statement, scan: func(rows *sql.Rows) error {
		for rows.Next() {
			if err := each(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	}})
}

// Do runs a statement on the pool for writes, outside any transaction.
func (s *Store) Do(ctx context.Context, statement string) error {
	_, err := s.db.DB.ExecContext(ctx, statement)
	return err
}

// DoOnEach runs a statement on each connection that waits in the pool.
func (s *Store) DoOnEach(ctx context.Context, statement string) error {
	var conns []*sql.Conn
	defer func() {
		for _, conn := range conns {
			conn.Close()
		}
	}()
	for range s.db.DB.Stats().Idle {
		conn, err := s.db.DB.Conn(ctx)
		if err != nil {
			return err
		}
		conns = append(conns, conn)
		if _, err := conn.ExecContext(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// FilterTexts are all the texts that a question of a filter can become.
func FilterTexts() (texts []string) {
	for q := range maps.Values(questions) {
		texts = append(texts, q.try, q.find)
	}
	slices.Sort(texts)
	return slices.DeleteFunc(slices.Compact(texts), func(text string) bool { return text == "" })
}

// FilterHoles names the questions whose arguments are not as many as the places
// for them.
func FilterHoles() (bad []string) {
	for ask, q := range questions {
		for text, args := range map[string]string{q.try: q.tryArgs, q.find: q.findArgs} {
			if strings.Count(text, "?") != len(args) {
				bad = append(bad, fmt.Sprint(ask))
			}
		}
	}
	return bad
}

// FilterSQL is the condition that a test becomes.
func FilterSQL(t filter.Test) Query { return passing(Query{}, crm.WorkspaceID{1}, parts(t)) }

// Dialect returns the store's dialect.
func (s *Store) Dialect() Dialect { return s.dialect }

// DoIn runs a statement in a transaction of a scope.
func (s *Store) DoIn(ctx context.Context, scope Scope, statement string) error {
	return s.transact(ctx, "do", scope, func(ctx context.Context, t *tx) error {
		return t.run(ctx, step{Statement: Statement{SQL: statement}})
	})
}

// SignIn adds members of a workspace who are signed in, in one transaction.
func (s *Store) SignIn(ctx context.Context, sessions []*crm.Session, members []*crm.Member) error {
	return s.transact(ctx, "sign in", everywhere, func(ctx context.Context, t *tx) error {
		b := t.batch()
		put(b, rowsOf(b, members, memberOf), "")
		put(b, rowsOf(b, sessions, sessionOf), "")
		put(b, rowsOf(b, sessions, func(s *crm.Session) (sessionHashRow, error) {
			return sessionHashRow{Hash: s.Hash[:], WorkspaceID: uid(s.WorkspaceID)}, nil
		}), "")
		return b.run(ctx)
	})
}

// PutUnfitAndFit adds a row that is none, and then one that is, to a batch.
func (s *Store) PutUnfitAndFit(ctx context.Context) error {
	return s.transact(ctx, "put", everywhere, func(ctx context.Context, t *tx) error {
		b := t.batch()
		put(b, rowsOf(b, []int{1}, func(int) (sessionHashRow, error) { return sessionHashRow{}, errors.New("no row") }), "")
		put(b, []sessionHashRow{{Hash: []byte{1}, WorkspaceID: uid{1}}}, "")
		return b.run(ctx)
	})
}

// Mislead writes a contact beside an identity in the address book.
func (s *Store) Mislead(ws crm.WorkspaceID, id crm.Identity, contact crm.ContactID) {
	s.book.put(entry{uid(ws), id}, uid(contact))
}

// HeldPeople is how many customers a store holds.
func (s *Store) HeldPeople() int { return len(s.held.people) }

// Flow runs statements as a write makes them flow, and calls scan with the rows of each.
func (s *Store) Flow(ctx context.Context, scan func(*sql.Rows) error, statements ...string) error {
	return s.transact(ctx, "flow", everywhere, func(ctx context.Context, t *tx) error {
		b := t.flowing(ctx)
		defer b.end()
		for _, statement := range statements {
			b.add(step{Statement: Statement{SQL: statement}, scan: scan})
		}
		return b.run(ctx)
	})
}

// MaxPeople bounds the people held.
const MaxPeople = maxPeople
