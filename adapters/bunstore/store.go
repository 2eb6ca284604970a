package bunstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"sync"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/crm/feed"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/outbox"
	"github.com/my21staff/my21staff/crm/people"
)

// Config is what a package that opens a store hands to [New].
type Config struct {
	Dialect Dialect
	Write   *sql.DB // transactions
	Read    *sql.DB // reads outside them; may be Write
	Sealer  crm.Sealer
	Packer  crm.Packer   // nil: bodies are stored as they are
	Stop    func()       // called once by Close, before the pools are closed; may be nil
	Close   func() error // called once by Close, after that; may be nil
}

// Store keeps everything. Its accessors are the ports of the services; all of
// them may be used from several goroutines.
type Store struct {
	dialect Dialect
	commits Committer // the dialect; nil if it is none
	db      *bun.DB   // of Write; bun's formatting and scanning
	read    *sql.DB
	sealer  crm.Sealer
	packer  crm.Packer
	hub     *hub
	rules   rulebook
	book    *addressBook
	texts   sync.Map // of statements that are always the same; see text
	cards   sync.Map // the statements of a card, by the expression that names its contact
	zones   zones
	held    *held

	stop    context.CancelFunc
	running sync.WaitGroup
	halt    func()
	close   func() error
	closed  sync.Once
}

// New returns a store on open databases and starts listening for other
// processes' news. Close ends it and closes the databases. Most programs call
// sqlite.Open or postgres.Open.
func New(config Config) *Store {
	ctx, stop := context.WithCancel(context.Background())
	s := &Store{
		dialect: config.Dialect,
		db:      bun.NewDB(config.Write, config.Dialect.Schema()),
		read:    config.Read,
		sealer:  config.Sealer,
		packer:  cmp.Or[crm.Packer](config.Packer, asItIs{}),
		hub:     newHub(),
		book:    newAddressBook(),
		zones:   zones{seen: make(map[crm.WorkspaceID]zone)},
		held:    newHeld(config.Dialect),
		stop:    stop,
		halt:    config.Stop,
		close:   config.Close,
	}
	s.commits, _ = config.Dialect.(Committer)
	s.running.Go(func() { s.dialect.Listen(ctx, s.hub.tell) })
	return s
}

// Inbox returns the store as the inbox sees it.
func (s *Store) Inbox() inbox.Store { return inboxStore{s} }

// People returns the store as the lead database sees it.
func (s *Store) People() people.Store { return peopleStore{s} }

// Imports returns the store as imports of contacts see it.
func (s *Store) Imports() people.ImportStore { return importStore{s} }

// Erasures returns the store as erasures of contacts see it.
func (s *Store) Erasures() people.EraseStore { return eraseStore{s} }

// Aging returns the store as the aging of leads sees it.
func (s *Store) Aging() people.AgingStore { return peopleStore{s} }

// Bulks returns the store as bulk changes see it.
func (s *Store) Bulks() people.BulkStore { return peopleStore{s} }

// Outbox returns the store as the outbox sees it.
func (s *Store) Outbox() outbox.Store { return outboxStore{s} }

// Feed returns the store as the feed sees it.
func (s *Store) Feed() feed.Store { return feedStore{s} }

// Directory returns the store as the directory sees it.
func (s *Store) Directory() directory.Store { return directoryStore{s} }

// Ping reports whether the database answers: nil, or Unavailable.
func (s *Store) Ping(ctx context.Context) error {
	// A connection of the pool may be of a server that has been started anew
	// since. Each failure drops one, so after the last comes a new connection.
	err := s.read.PingContext(ctx)
	for stale := s.read.Stats().Idle; err != nil && stale >= 0 && ctx.Err() == nil; stale-- {
		err = s.read.PingContext(ctx)
	}
	if err == nil {
		return nil
	}
	return &crm.Error{Op: "ping the database", Code: crm.Unavailable, Msg: "The database cannot be reached at the moment.", Err: err}
}

// Close ends what the store runs, wakes its watchers for the last time and
// closes the databases. A second call does nothing.
func (s *Store) Close() error {
	var err error
	s.closed.Do(func() {
		s.stop()
		s.hub.close()
		s.running.Wait()
		if s.halt != nil {
			s.halt()
		}
		err = errors.Join(s.db.DB.Close(), s.read.Close())
		if s.close != nil {
			err = errors.Join(err, s.close())
		}
	})
	return err
}

// reader returns a link for reads outside a transaction.
func (s *Store) reader(op string, scope Scope) link {
	return link{store: s, on: s.read, scope: scope, op: op}
}
