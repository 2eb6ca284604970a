package worker

import (
	"context"
	"time"
)

// EraseEvery is how often a host looks for contacts to erase. They are hidden
// already; to look costs one read of an index.
const EraseEvery = 2 * time.Second

// Erasures work on contacts that are being erased; people.Erasures does.
type Erasures interface {
	Turn(ctx context.Context) (bool, error)
}

// Eraser works on erasures, one after the other. Several hosts may do it at once:
// an erasure is one host's at a time, and what a host leaves unfinished another
// goes on with.
type Eraser struct{ Erasures Erasures }

// Turn works on erasures until there are no more.
func (e *Eraser) Turn(ctx context.Context) error {
	for ctx.Err() == nil {
		worked, err := e.Erasures.Turn(ctx)
		if err != nil || !worked {
			return err
		}
	}
	return nil
}
