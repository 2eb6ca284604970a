package directory_test

import (
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/adapters/chacha"
	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/adapters/sqlite/sqlitetest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/crm/feed"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/people"
)

var _ inbox.Channels = (*directory.Service)(nil)

// office is a directory with two workspaces on a store in a file.
type office struct {
	*directory.Service
	t     *testing.T
	clock *crmtest.Clock
	mint  *crm.Mint
	store directory.Store
	feed  feed.Store
	tags  people.Store
	close func() error
	file  string
	me    access.Principal // an owner
	them  access.Principal // an owner of the other workspace
}

func newOffice(t *testing.T) *office {
	t.Helper()
	sealer, err := chacha.New(chacha.NewKey())
	if err != nil {
		t.Fatal(err)
	}
	file := sqlitetest.Path(t)
	store, err := sqlite.Open(t.Context(), file, sqlite.Options{Sealer: sealer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	clock := crmtest.NewClock()
	o := &office{t: t, clock: clock, mint: clock.Mint(1), store: store.Directory(), feed: store.Feed(), tags: store.People(), close: store.Close, file: file}
	o.Service = o.host()
	o.me, o.them = o.workspace("Ours"), o.workspace("Theirs")
	return o
}

// host is another directory on the same store, as another machine has one.
func (o *office) host() *directory.Service { return directory.New(o.store, o.mint, rand.Reader) }

// workspace makes a workspace and returns its owner.
func (o *office) workspace(name string) access.Principal {
	o.t.Helper()
	_, owner, err := o.CreateWorkspace(o.t.Context(), crm.Workspace{Name: name}, crm.Member{Name: "Owner"})
	if err != nil {
		o.t.Fatal(err)
	}
	return access.OfMember(owner)
}

// member adds a member that must be added.
func (o *office) member(p access.Principal, m crm.Member) *crm.Member {
	o.t.Helper()
	added, err := o.SaveMember(o.t.Context(), p, m)
	if err != nil {
		o.t.Fatal(err)
	}
	return added
}

// channel connects a channel that must be connected.
func (o *office) channel(p access.Principal, c crm.Channel) *crm.Channel {
	o.t.Helper()
	saved, err := o.SaveChannel(o.t.Context(), p, c)
	if err != nil {
		o.t.Fatal(err)
	}
	return saved
}

// wantUnseen checks that a secret stands nowhere in the database's files.
func (o *office) wantUnseen(secret crm.Secret) {
	o.t.Helper()
	files, err := filepath.Glob(o.file + "*")
	if err != nil || len(files) == 0 {
		o.t.Fatalf("the database's files are %v, %v", files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			o.t.Fatal(err)
		}
		if strings.Contains(string(content), string(secret)) {
			o.t.Errorf("%s holds a secret in clear", filepath.Base(file))
		}
	}
}

// code names the class of an error and its reason: "invalid bad_name".
func code(err error) string {
	if err == nil {
		return "ok"
	}
	text := string(crm.CodeOf(err))
	var e *crm.Error
	if errors.As(err, &e) && e.Reason != "" {
		text += " " + e.Reason
	}
	return text
}

// tag makes a tag of our workspace.
func (o *office) tag(name string) crm.TagID {
	o.t.Helper()
	tag, err := people.New(o.tags, o.mint).SaveTag(o.t.Context(), o.me, crm.Tag{Name: name})
	if err != nil {
		o.t.Fatal(err)
	}
	return tag.ID
}
