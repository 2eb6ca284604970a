package pgtest

import (
	"context"
	"os"
)

// Program is a server for a program that is no test: a benchmark or a load
// driver. Like a test's it has the durability of production, and its guard
// removes it however the program ends.
type Program struct {
	cluster *cluster // nil: $M21_TEST_POSTGRES is asked
	admin   string
}

// Start starts a server, or takes the one that $M21_TEST_POSTGRES names.
func Start() (*Program, error) {
	if admin := os.Getenv("M21_TEST_POSTGRES"); admin != "" {
		return &Program{admin: admin}, nil
	}
	c, err := newCluster()
	if err != nil {
		return nil, err
	}
	return &Program{cluster: c, admin: c.adminDSN()}, nil
}

// NewDatabase makes an empty database and returns its owner's URL, as [DSN]
// does, the superuser's URL of it, and what drops it.
func (p *Program) NewDatabase(ctx context.Context) (owner, superuser string, drop func(context.Context) error, err error) {
	name, owner, err := newDatabase(ctx, p.admin)
	if err != nil {
		return "", "", nil, err
	}
	if superuser, err = inDatabase(p.admin, name); err != nil {
		return "", "", nil, err
	}
	return owner, superuser, func(ctx context.Context) error { return dropDatabase(ctx, p.admin, name) }, nil
}

// Pid returns the process id of the server, or 0 for one that was there before.
func (p *Program) Pid() int {
	if p.cluster == nil || p.cluster.server == nil {
		return 0
	}
	return p.cluster.server.Process.Pid
}

// Close ends the server and removes its folder.
func (p *Program) Close() {
	if p.cluster != nil {
		p.cluster.remove()
	}
}
