package worker

import (
	"context"
	"time"
)

// How often a host looks for what there is to work through. Somebody who started
// an import, a bulk change or a rescore watches it; who is erased is hidden
// already; what waits for a member waits for working hours. To look costs one read of an index.
const (
	ImportEvery  = time.Second
	BulkEvery    = time.Second
	RescoreEvery = time.Second
	EraseEvery   = 2 * time.Second
	AssignEvery  = 5 * time.Second
)

// Drain returns a turn that works through a queue: work does one thing of it, or a
// part, and reports whether there was one. It ends when there is none, at the
// first error, which the next turn goes on after, or when ctx does. Several hosts
// may drain one queue at once if work claims what it does, and what one of them
// leaves when it dies another goes on with.
func Drain(work func(context.Context) (bool, error)) func(context.Context) error {
	return func(ctx context.Context) error {
		for ctx.Err() == nil {
			worked, err := work(ctx)
			if err != nil || !worked {
				return err
			}
		}
		return nil
	}
}
