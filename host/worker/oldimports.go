package worker

import (
	"context"
	"log/slog"
)

// Imports takes imports away that are over for long, and those nobody started;
// people.Imports does.
type Imports interface {
	Expire(ctx context.Context, limit int) (int, error)
}

// OldImports has imports taken away that nobody needs any more.
type OldImports struct {
	Imports Imports
	Log     *slog.Logger
}

// Turn takes some away.
func (o *OldImports) Turn(ctx context.Context) error {
	taken, err := o.Imports.Expire(ctx, takeRows)
	if taken > 0 {
		o.Log.Info("took away old imports", "imports", taken)
	}
	return err
}
