package people_test

import (
	"context"
	"errors"
	"sync"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

// fault is when something befalls a transaction.
type fault string

const (
	beforeIt fault = "before"
	insideIt fault = "inside"
	afterIt  fault = "after" // it is committed, and nobody hears of it
	twice    fault = "twice" // it is run again, as when another came between
)

var errKilled = errors.New("killed")

// faulty is a store of imports in whose n-th next transaction something happens.
type faulty struct {
	people.ImportStore

	mu   sync.Mutex
	left int // transactions until it happens; 0: never; below: in each
	how  fault
	then func()
}

// fail has the n-th next transaction fail.
func (f *faulty) fail(n int, how fault) { f.left, f.how, f.then = n, how, nil }

// after has something happen before the n-th next transaction, which succeeds.
func (f *faulty) after(n int, then func()) { f.left, f.how, f.then = n, "", then }

// Update implements people.ImportStore.
func (f *faulty) Update(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, people.ImportTx) error) error {
	f.mu.Lock()
	now := f.left == 1 || f.left < 0
	if f.left > 0 {
		f.left--
	}
	how, then := f.how, f.then
	f.mu.Unlock()
	switch {
	case !now:
		return f.ImportStore.Update(ctx, ws, fn)
	case then != nil:
		then()
		return f.ImportStore.Update(ctx, ws, fn)
	case how == beforeIt:
		return errKilled
	case how == afterIt:
		return errors.Join(f.ImportStore.Update(ctx, ws, fn), errKilled)
	}
	err := f.ImportStore.Update(ctx, ws, func(ctx context.Context, tx people.ImportTx) error {
		return errors.Join(fn(ctx, tx), errKilled)
	})
	if how == twice {
		return f.ImportStore.Update(ctx, ws, fn)
	}
	return err
}
