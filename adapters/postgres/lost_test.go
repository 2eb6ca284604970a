package postgres_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/outbox"
)

// preparedCommit is what pgx calls the commit that travels with other statements.
var preparedCommit = func() string {
	digest := sha256.Sum256([]byte("commit"))
	return "stmtcache_" + hex.EncodeToString(digest[:24])
}()

// cutter stands between a store and the server. Once it has a word, what the
// store says with it is passed on and answered, and the answer is cut off.
type cutter struct {
	dsn string // by which it is reached

	word   atomic.Pointer[[]byte]
	passed atomic.Int64 // how often the word came
	late   atomic.Bool  // what is cut off is the last message of the answer alone
}

func newCutter(t *testing.T, dsn string) *cutter {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{}
	user := url.UserPassword(config.User, config.Password)
	c.dsn = (&url.URL{Scheme: "postgres", User: user, Host: ln.Addr().String(), Path: config.Database, RawQuery: "sslmode=disable"}).String()
	network, address := pgconn.NetworkAddress(config.Host, config.Port)
	var links sync.WaitGroup
	links.Go(func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			links.Go(func() { c.link(client, network, address) })
		}
	})
	t.Cleanup(func() { _ = ln.Close(); links.Wait() })
	return c
}

// link passes on what is said on a connection until either side ends it.
func (c *cutter) link(client net.Conn, network, address string) {
	defer client.Close()
	server, err := net.Dial(network, address)
	if err != nil {
		return
	}
	defer server.Close()
	var doomed atomic.Bool
	go func() { // ends with the server's side
		defer client.Close()
		_, _ = io.Copy(writer(func(p []byte) (int, error) {
			if doomed.Load() {
				if rest, ended := bytes.CutSuffix(p, ready); ended && c.late.Load() {
					_, _ = client.Write(rest)
				}
				return 0, io.ErrClosedPipe
			}
			return client.Write(p)
		}), server)
	}()
	_, _ = io.Copy(writer(func(p []byte) (int, error) {
		if word := c.word.Load(); word != nil && bytes.Contains(p, *word) {
			c.passed.Add(1)
			doomed.Store(true)
		}
		return server.Write(p)
	}), client)
}

// ready is PostgreSQL's word that it waits for the next statement, in no transaction.
var ready = []byte("Z\x00\x00\x00\x05I")

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// cut arms the cutter with a word for as long as do runs.
func (c *cutter) cut(word string, do func()) (passed int64) {
	text, before := []byte(word), c.passed.Load()
	c.word.Store(&text)
	defer c.word.Store(nil)
	do()
	return c.passed.Load() - before
}

// An answer that is lost leaves it open what happened: a commit is Uncertain and
// not made again by the store, and what stands outside a transaction is not sent
// a second time. What a transaction says before its commit may be said again, once
// for each connection that may be lost.
func TestLostAnswersAreNotTakenForRefusals(t *testing.T) {
	t.Parallel()
	dsn := pgtest.DSN(t)
	cutter := newCutter(t, dsn)
	// With more connections what works in the background may have one of its own.
	store := openWith(t, cutter.dsn, 1)
	c := crmtest.NewCompany(crmtest.NewClock().Mint(1))
	ws, ct := c.Workspace.ID, c.Contact()
	cv := c.Conversation(ct)
	write(t, store, ws, &crm.Changes{Contacts: []*crm.Contact{ct}, Conversations: []*crm.Conversation{cv}})
	for _, late := range []bool{false, true} {
		other, m := c.Contact(), c.Inbound(cv, "halo")
		cutter.late.Store(late)
		for _, commit := range []struct {
			word    string // the commit's way: by a name, or in a text
			changes *crm.Changes
		}{
			{preparedCommit, &crm.Changes{Messages: []*crm.Message{m}}},
			{";commit", &crm.Changes{Handovers: []crm.Handover{{ConversationID: cv.ID, ContactID: other.ID}}}},
		} {
			// What the connection prepares first.
			write(t, store, ws, &crm.Changes{Contacts: []*crm.Contact{other}, Messages: []*crm.Message{c.Inbound(cv, "halo")}})
			runs := 0
			if n := cutter.cut(commit.word, func() {
				err := store.Inbox().Update(t.Context(), []crm.WorkspaceID{ws}, func(ctx context.Context, tx inbox.Tx) error {
					runs++
					return tx.Write(ctx, commit.changes)
				})
				if !errors.Is(err, crm.Uncertain) {
					t.Errorf("a commit without an answer, or its end (%v), is %v, want uncertain", late, err)
				}
			}); n != 1 || runs != 1 {
				t.Errorf("%d commits of %d transactions were sent, want one", n, runs)
			}
		}
		if got, err := store.Inbox().Message(t.Context(), ws, m.ID); err != nil || got.ID != m.ID {
			t.Errorf("what was committed without an answer is not there: %v", err)
		}
		if _, got, err := store.Inbox().Conversation(t.Context(), ws, cv.ID); err != nil || got.ID != other.ID {
			t.Errorf("what was handed over without an answer is not, %v", err)
		}
	}
	_, job := c.Outbound(cv, "ya")
	write(t, store, ws, &crm.Changes{Jobs: []*crm.Job{job}})
	if n := cutter.cut("locked_until", func() {
		if _, _, err := store.Outbox().Claim(t.Context(), outbox.Claiming{Now: time.Now(), Lease: time.Minute, Limit: 10}); !errors.Is(err, crm.Unavailable) {
			t.Errorf("a claim without an answer is %v, want unavailable", err)
		}
	}); n != 2 {
		t.Errorf("the claim was sent %d times, want twice: one connection is in the pool", n)
	}
	if n := cutter.cut("from facts", func() {
		if _, err := store.Feed().Facts(t.Context(), ws, 0, 10); !errors.Is(err, crm.Unavailable) {
			t.Errorf("a read without an answer is %v, want unavailable", err)
		}
	}); n != 1 {
		t.Errorf("the read was sent %d times, want once", n)
	}
}
