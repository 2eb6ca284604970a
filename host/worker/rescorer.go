package worker

import (
	"context"
	"time"
)

// RescoreEvery is how often a host looks for workspaces to score again: somebody
// who changed the rules watches it.
const RescoreEvery = time.Second

// Rescores scores workspaces again after their rules changed; people.Service
// does.
type Rescores interface {
	RescoreTurn(ctx context.Context) (bool, error)
}

// Rescore returns a turn that works until nothing is left to score again. Several
// hosts may do it at once, and what one of them leaves when it dies another goes
// on with.
func Rescore(rescores Rescores) func(context.Context) error {
	return func(ctx context.Context) error {
		for ctx.Err() == nil {
			worked, err := rescores.RescoreTurn(ctx)
			if err != nil || !worked {
				return err
			}
		}
		return nil
	}
}
