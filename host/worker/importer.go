package worker

import (
	"context"
	"log/slog"
	"time"
)

// ImportEvery is how often a host looks for imports to work on: somebody who
// started one watches it.
const ImportEvery = time.Second

// Imports brings files of contacts in; people.Imports does.
type Imports interface {
	Turn(ctx context.Context) (bool, error)
	Expire(ctx context.Context, limit int) (int, error)
}

// Importer works on the imports that run, one after the other. Several hosts may
// do it at once, and what one of them leaves when it dies another goes on with.
type Importer struct {
	Imports Imports
	Log     *slog.Logger
}

// Turn works on imports until none is left to work on.
func (i *Importer) Turn(ctx context.Context) error {
	for ctx.Err() == nil {
		worked, err := i.Imports.Turn(ctx)
		if err != nil || !worked {
			return err
		}
	}
	return nil
}

// Expire takes away imports that are over for long, and those nobody started.
func (i *Importer) Expire(ctx context.Context) error {
	taken, err := i.Imports.Expire(ctx, takeRows)
	if taken > 0 {
		i.Log.Info("took away old imports", "imports", taken)
	}
	return err
}
