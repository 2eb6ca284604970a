package bunstore

import (
	"context"
	"sync/atomic"
	"time"
)

// Stats counts what a request asked of the database. Its methods may be called
// from several goroutines.
type Stats struct {
	queries, trips, nanos atomic.Int64

	// Trace, when set before the first call, is handed every statement with
	// the context it runs in, whose scope ScopeOf tells.
	Trace func(context.Context, Statement)
}

// Queries returns how many statements were run, begin and commit not counted.
func (s *Stats) Queries() int { return int(s.queries.Load()) }

// Trips returns how often the database was asked: several statements of one batch
// are one trip, and a commit is one unless it travels with the last. A begin is none: it
// travels with the first.
func (s *Stats) Trips() int { return int(s.trips.Load()) }

// Duration returns how long the database was waited for.
func (s *Stats) Duration() time.Duration { return time.Duration(s.nanos.Load()) }

type statsKey struct{}

// WithStats returns a context whose calls to a store are counted in the
// returned Stats.
func WithStats(ctx context.Context) (context.Context, *Stats) {
	stats := new(Stats)
	return context.WithValue(ctx, statsKey{}, stats), stats
}

// measured runs one trip to the database and counts it.
func measured(ctx context.Context, statements []Statement, trip func() error) error {
	if stats, counted := ctx.Value(statsKey{}).(*Stats); counted {
		stats.trips.Add(1)
	}
	return continued(ctx, statements, trip)
}

// continued runs more of a trip, and counts it with the rest.
func continued(ctx context.Context, statements []Statement, more func() error) error {
	if stats, counted := ctx.Value(statsKey{}).(*Stats); counted {
		if stats.Trace != nil {
			for _, statement := range statements {
				stats.Trace(ctx, statement)
			}
		}
		stats.queries.Add(int64(len(statements)))
	}
	return waited(ctx, more)
}

// waited runs what is no trip, though it may be waited for.
func waited(ctx context.Context, what func() error) error {
	stats, counted := ctx.Value(statsKey{}).(*Stats)
	if !counted {
		return what()
	}
	start := time.Now()
	err := what()
	stats.nanos.Add(int64(time.Since(start)))
	return err
}
