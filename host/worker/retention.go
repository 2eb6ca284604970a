package worker

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// RetentionEvery is how often a host looks for what is older than it is kept.
// Days are what is promised; more often makes each turn shorter.
const RetentionEvery = time.Hour

const (
	// takeRows is how many rows one transaction takes: few enough that a
	// database with one writer answers webhooks in between.
	takeRows = 500
	// takeGap is what the others have between two of them at least.
	takeGap = 20 * time.Millisecond
)

// Months makes room for the journal of the months to come; a store does.
type Months interface {
	PrepareMonths(ctx context.Context, now time.Time) error
}

// Journal takes away old webhook requests; the inbox service does.
type Journal interface {
	ExpireJournal(ctx context.Context, before time.Time, limit int) (int, error)
}

// Feed takes away old facts; the feed service does.
type Feed interface {
	Expire(ctx context.Context, before time.Time, limit int) (int, error)
}

// Retention takes away what is older than it is kept. Several hosts may do it
// at once, and a turn that is cut short is gone on with by the next.
type Retention struct {
	Store                 Months
	Journal               Journal
	Feed                  Feed
	JournalDays, FeedDays int // 0: for ever
	Now                   func() time.Time
	Log                   *slog.Logger
}

// Turn makes room for the months to come and takes everything that is too old.
// What fails does not keep the rest from being done.
func (r *Retention) Turn(ctx context.Context) error {
	now := r.Now()
	return errors.Join(
		r.Store.PrepareMonths(ctx, now),
		r.take(ctx, "webhook requests", now, r.JournalDays, r.Journal.ExpireJournal),
		r.take(ctx, "facts", now, r.FeedDays, r.Feed.Expire))
}

// take takes a bounded number of rows at a time until there are no more.
func (r *Retention) take(ctx context.Context, what string, now time.Time, days int, some func(context.Context, time.Time, int) (int, error)) error {
	if days == 0 {
		return nil
	}
	before, taken := now.AddDate(0, 0, -days), 0
	for ctx.Err() == nil {
		n, err := some(ctx, before, takeRows)
		taken += n
		if err != nil {
			return err
		}
		if n == 0 {
			break
		}
		wait(ctx, takeGap)
	}
	if taken > 0 {
		r.Log.Info("took away what is older than it is kept", "what", what, "rows", taken, "days", days)
	}
	return nil
}
