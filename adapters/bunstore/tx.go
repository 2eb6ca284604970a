package bunstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"math/rand/v2"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/figures"
)

// tries is how often a transaction is run before a clash is reported.
const tries = 5

// tx is one transaction.
type tx struct {
	link
	failed   error // the first failure of the database; the transaction cannot commit after it
	again    bool  // and running it again may help
	gone     bool  // its connection was, and no commit was sent
	touched  []crm.WorkspaceID
	contacts map[key]known // as they are stored, as far as this transaction knows
	messages map[key]indexed
	journal  map[journalKey]bool // the requests that are journalled already, as far as it knows
	seen     seen
	fresh    map[key]bool           // contacts and conversations that Write takes for new
	picture  *figures.Picture       // of contacts and conversations, as they are stored
	whole    map[crm.ContactID]bool // contacts all of whose conversations are in it
	late     bool                   // something was overlooked
	anew     bool                   // it ran before, and clashed
	numbered []*crm.Message         // given their ingest number here; taken back if it does not commit
	told     told                   // of the customers that are held
}

// key names a row of a transaction's workspaces.
type key struct{ ws, id uid }

// run runs the steps and remembers a failure.
func (t *tx) run(ctx context.Context, steps ...step) error {
	t.told.run(steps)
	err := t.link.run(ctx, steps...)
	t.note(err)
	return err
}

// pay runs what is owed, if anything is.
func (t *tx) pay(ctx context.Context) error {
	if len(t.owed.steps) == 0 {
		return nil
	}
	return t.run(ctx, t.owed.take()...)
}

func (t *tx) note(err error) {
	if err == nil || t.failed != nil {
		return
	}
	var cause *crm.Error
	if errors.As(err, &cause) {
		fault := t.store.dialect.Fault(cause.Err)
		t.gone = fault == Lost || errors.Is(cause.Err, driver.ErrBadConn)
		t.again = fault == Clash || fault == Busy
	}
	t.failed = err
}

// transact runs fn in a transaction and commits it. When another transaction
// came between it runs fn again, in a new one. So it does when the connection turns out
// to be gone before a commit was sent: the pool then has one less of them.
func (s *Store) transact(ctx context.Context, op string, scope Scope, fn func(context.Context, *tx) error) error {
	ctx = withScope(ctx, scope)
	pooled := s.db.DB.Stats().OpenConnections
	for try := 1; ; try++ {
		t := &tx{link: link{store: s, scope: scope, op: op, owed: &owed{}}, contacts: make(map[key]known), messages: make(map[key]indexed),
			journal: make(map[journalKey]bool), seen: newSeen(), picture: figures.NewPicture(), whole: make(map[crm.ContactID]bool), anew: try > 1}
		err := t.once(ctx, fn)
		if err == nil {
			s.wake(t.touched)
			return nil
		}
		for _, m := range t.numbered {
			m.Ingest = 0
		}
		if t.gone && pooled > 0 {
			pooled, try = pooled-1, try-1
			continue
		}
		if !t.again || try == tries || !pause(ctx, try) {
			return err
		}
	}
}

// once runs fn in one transaction. It is rolled back if fn panics.
func (t *tx) once(ctx context.Context, fn func(context.Context, *tx) error) error {
	var sqltx *sql.Tx
	var leave func()
	err := waited(ctx, func() (err error) {
		if leave, err = t.store.held.take(ctx); err != nil {
			return err
		}
		sqltx, err = t.store.db.DB.BeginTx(ctx, nil)
		return err
	})
	if leave != nil {
		defer leave()
	}
	if err != nil {
		err = t.failure(ctx, err)
		t.note(err)
		return err
	}
	defer sqltx.Rollback() // does nothing after the commit
	t.on = sqltx
	if err := fn(ctx, t); err != nil {
		if unpaid := t.pay(ctx); unpaid != nil { // it came before what fn says
			return unpaid
		}
		return err
	}
	if t.failed != nil { // fn went on after a failure
		return t.failed
	}
	err = t.commit(ctx, sqltx)
	if err == nil {
		t.settle()
		return nil
	}
	t.store.held.empty()
	if ctx.Err() != nil || t.store.dialect.Fault(err) == Lost {
		return &crm.Error{Op: t.op, Code: crm.Uncertain, Err: errors.Join(ctx.Err(), err)}
	}
	err = t.failure(ctx, err)
	t.note(err)
	return err
}

// commit commits, with what is owed.
func (t *tx) commit(ctx context.Context, on *sql.Tx) error {
	last := statementsOf(t.owed.take())
	if len(last) == 0 {
		return measured(ctx, nil, on.Commit)
	}
	return measured(ctx, last, func() error { return t.store.commits.Commit(ctx, on, last) })
}

// pause waits a little before another try, longer each time, and reports
// whether there is time for one.
func pause(ctx context.Context, try int) bool {
	timer := time.NewTimer(time.Duration(try*try) * time.Millisecond * time.Duration(1+rand.IntN(4)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// wake tells this process and the others that workspaces have new facts.
func (s *Store) wake(workspaces []crm.WorkspaceID) {
	if len(workspaces) == 0 {
		return
	}
	s.hub.tell(workspaces)
	s.dialect.Notify(workspaces)
}
