package worker

import (
	"context"
	"time"
)

// BulkEvery is how often a host looks for bulk changes to work on: somebody who
// started one watches it.
const BulkEvery = time.Second

// Changes works on a change to many contacts; people.Bulks does.
type Changes interface {
	Turn(ctx context.Context) (bool, error)
}

// Bulk works on the bulk changes that run, one after the other. Several hosts may
// do it at once, and what one of them leaves when it dies another goes on with.
type Bulk struct {
	Changes Changes
}

// Turn works on bulk changes until none is left to work on.
func (b Bulk) Turn(ctx context.Context) error {
	for ctx.Err() == nil {
		worked, err := b.Changes.Turn(ctx)
		if err != nil || !worked {
			return err
		}
	}
	return nil
}
