package postgres

import (
	"context"
	"database/sql"
	"sync"
	"sync/atomic"
	"time"
)

// What is added to the full-text index PostgreSQL first puts into a list, which every
// search reads. Whoever adds when the list is longer than gin_pending_list_limit, 4 MB,
// puts all of it in its place: at 1,500 webhooks a second a commit of every seventh
// second took 140 ms longer, and the messages behind it waited. So it is done beside
// the commits, before they have to. (Tried instead: a limit of 256 or 64 KB, or no list.
// With these 256 clients had 17, 29 and 28 per cent fewer messages stored.)

// tidyEvery is how often.
const tidyEvery = time.Second

// tidier puts what was added to the index in its place.
type tidier struct {
	added   atomic.Bool // something, since the last time
	stop    context.CancelFunc
	running sync.WaitGroup
}

func startTidier(db *sql.DB) *tidier {
	ctx, stop := context.WithCancel(context.Background())
	t := &tidier{stop: stop}
	t.running.Go(func() {
		tick := time.NewTicker(tidyEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				t.tidy(ctx, db)
			}
		}
	})
	return t
}

// tidy does it if there is something to do. A role that does not own the index is
// refused: then it is done as ever, by who adds and by autovacuum.
func (t *tidier) tidy(ctx context.Context, db *sql.DB) {
	if t.added.Swap(false) {
		_, _ = db.ExecContext(ctx, "select gin_clean_pending_list('search_index_tokens')")
	}
}

func (t *tidier) close() {
	t.stop()
	t.running.Wait()
}
