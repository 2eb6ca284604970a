package pgtest

import (
	"context"
	"os"
	"sync"
	"syscall"
	"testing"
)

// shared starts the test process's one cluster at the first call.
var shared = sync.OnceValues(newCluster)

// DSN returns the URL of a fresh, empty database, whose owner the URL signs in
// as. The owner is no superuser and is under row-level security. The database
// goes when the test ends, so what uses it must be closed before: register the
// cleanup of a store after this call.
func DSN(tb testing.TB) string {
	tb.Helper()
	admin := os.Getenv("M21_TEST_POSTGRES")
	if admin == "" {
		c, err := shared()
		if err != nil {
			tb.Fatal(err)
		}
		admin = c.adminDSN()
	}
	name, dsn, err := newDatabase(tb.Context(), admin)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		// The test's own context has ended by now.
		if err := dropDatabase(context.Background(), admin, name); err != nil {
			tb.Error(err)
		}
	})
	return dsn
}

// Instance is a server of a test's own, to be stopped, killed and started
// again. Its methods are for one goroutine.
type Instance struct {
	tb      testing.TB
	cluster *cluster
	dsn     string
}

// Server starts a server that only this test uses; it is gone when the test
// ends.
func Server(tb testing.TB) *Instance {
	tb.Helper()
	c, err := newCluster()
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(c.remove)
	_, dsn, err := newDatabase(tb.Context(), c.adminDSN())
	if err != nil {
		tb.Fatal(err)
	}
	return &Instance{tb: tb, cluster: c, dsn: dsn}
}

// DSN returns the URL of the server's one database, as [DSN] does; it stays the
// same over stops and starts.
func (i *Instance) DSN() string { return i.dsn }

// Stop shuts the server down in order: connections are cut, transactions rolled
// back, and it returns when the server has ended.
func (i *Instance) Stop() { i.cluster.stop(syscall.SIGINT) }

// Kill ends the server with SIGKILL, as a crash would; what was committed is
// there at the next Start.
func (i *Instance) Kill() { i.cluster.stop(syscall.SIGKILL) }

// Start starts a server that was stopped or killed and returns when it accepts
// connections.
func (i *Instance) Start() {
	i.tb.Helper()
	if err := i.cluster.start(); err != nil {
		i.tb.Fatal(err)
	}
}
