package host

import (
	"context"
	"crypto/rand"
	"log/slog"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/my21staff/my21staff/adapters/argon2id"
	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/chacha"
	"github.com/my21staff/my21staff/adapters/kapso"
	"github.com/my21staff/my21staff/adapters/meta"
	"github.com/my21staff/my21staff/adapters/postgres"
	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/adapters/zstd"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/crm/feed"
	"github.com/my21staff/my21staff/crm/figures"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/outbox"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/problem"
)

// Services are the library's services on an open store, without the server: what
// a command needs.
type Services struct {
	Directory *directory.Service
	Inbox     *inbox.Service
	People    *people.Service
	Imports   *people.Imports
	Erasures  *people.Erasures
	Aging     *people.Aging
	Bulks     *people.Bulks
	Outbox    *outbox.Service
	Feed      *feed.Service
	Figures   *figures.Service

	store *bunstore.Store
	kapso *kapso.Client
	meta  *meta.Client
	seams seams
}

// DatabaseFile returns the path of the embedded database.
func (c Config) DatabaseFile() string { return filepath.Join(c.DataDir, "my21staff.db") }

// commits is how many commits of webhooks, and how many of messages to send, run at
// once: with a server one prepares while the other waits for the disk; the embedded
// database has one writer.
func (c Config) commits() int {
	if c.Database != "" {
		return 2
	}
	return 1
}

// OpenServices opens the store, makes what is missing of it, and returns the
// services on it. The log, [slog.Default] for nil, tells what the services failed on
// and answer nobody.
func OpenServices(ctx context.Context, c Config, log *slog.Logger) (*Services, error) {
	if log == nil {
		log = slog.Default()
	}
	at, err := openSeams()
	if err != nil {
		return nil, err
	}
	store, err := openStore(ctx, c, false, at)
	if err != nil {
		return nil, err
	}
	s := &Services{store: store, kapso: kapso.New(kapso.Options{}), meta: meta.New(meta.Options{}), seams: at}
	mint := crm.NewMint(time.Now, rand.Reader)
	s.Directory = directory.New(store.Directory(), mint, rand.Reader, directory.WithPasswords(argon2id.New()))
	s.Inbox = inbox.New(at.Inbox(store.Inbox()), at.Channels(s.Directory), mint, inbox.WithStack(debug.Stack), inbox.WithFaults(func(r inbox.Receipt, err error) {
		log.LogAttrs(context.Background(), slog.LevelError, "this program failed on a webhook, which is kept; what was not applied can be replayed",
			append(problem.Attrs(err), slog.String("verdict", string(r.Verdict)), slog.String("delivery", r.DeliveryID.String()))...)
	}))
	s.People = people.New(at.People(store.People()), mint)
	s.Imports = people.NewImports(at.Imports(store.Imports()), mint)
	s.Erasures = people.NewErasures(at.Erasures(store.Erasures()), store.Imports(), mint)
	s.Aging = people.NewAging(store.Aging(), mint)
	s.Bulks = people.NewBulks(at.Bulks(store.Bulks()), mint)
	s.Feed = feed.New(at.Feed(store.Feed()))
	s.Figures = figures.New(store.Figures(), mint)
	s.Outbox = outbox.New(at.Outbox(store.Outbox()), map[crm.Provider]outbox.Sender{crm.Kapso: at.Sender(s.kapso), crm.Meta: at.Sender(s.meta)}, mint)
	return s, nil
}

// Close closes the store.
func (s *Services) Close() error { return s.store.Close() }

// OpenStore opens the store the configuration names and brings its schema up to
// date, unless it is to keep the one it has.
func OpenStore(ctx context.Context, c Config, keepSchema bool) (*bunstore.Store, error) {
	at, err := openSeams()
	if err != nil {
		return nil, err
	}
	return openStore(ctx, c, keepSchema, at)
}

func openStore(ctx context.Context, c Config, keepSchema bool, at seams) (*bunstore.Store, error) {
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return nil, &crm.Error{Op: "open store", Code: crm.Invalid, Msg: "The data folder cannot be made: " + err.Error(), Err: err}
	}
	keys, err := SecretKeys(c)
	if err != nil {
		return nil, err
	}
	sealer, err := chacha.New(keys...)
	if err != nil {
		return nil, err
	}
	packer, err := zstd.New()
	if err != nil {
		return nil, err
	}
	if c.Database != "" {
		return postgres.Open(ctx, string(c.Database), postgres.Options{Sealer: sealer, Packer: packer, KeepSchema: keepSchema, Wrap: at.Connector()})
	}
	return sqlite.Open(ctx, c.DatabaseFile(), sqlite.Options{CacheKB: c.CacheKB, Sealer: sealer, Packer: packer, KeepSchema: keepSchema, Wrap: at.Connector()})
}
