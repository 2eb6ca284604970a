package worker

import (
	"context"
	"time"
)

// AgingEvery is how often a host looks for leads whose score has fallen.
const AgingEvery = time.Minute

// agingRows is how many of them one step scores: few enough that those who write
// meanwhile do not wait.
const agingRows = 200

// Leads scores leads again whose score fell while nothing happened; people.Aging
// does.
type Leads interface {
	Step(ctx context.Context, limit int) (int, error)
}

// Aging keeps the order of contacts by score. Several hosts may do it at once, and
// what one of them leaves when it dies another goes on with.
type Aging struct {
	Leads Leads
}

// Turn scores a bounded number at a time until none is due.
func (a *Aging) Turn(ctx context.Context) error {
	for ctx.Err() == nil {
		n, err := a.Leads.Step(ctx, agingRows)
		if err != nil || n == 0 {
			return err
		}
		wait(ctx, takeGap)
	}
	return nil
}
