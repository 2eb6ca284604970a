package worker_test

import (
	"context"
	"errors"
	"testing"

	"github.com/my21staff/my21staff/host/worker"
)

// RescoreTurn implements worker.Rescores.
func (q *queue) RescoreTurn(ctx context.Context) (bool, error) { return q.Turn(ctx) }

func TestRescoreWorksOnAllThereIs(t *testing.T) {
	t.Parallel()
	broken := errors.New("the database is gone")
	for _, c := range []struct {
		queue queue
		left  int
		err   error
	}{
		{queue{left: 5, fails: -1}, 0, nil},
		{queue{}, 0, nil},
		{queue{left: 5, fails: 2, err: broken}, 2, broken}, // the next turn goes on
	} {
		if err := worker.Rescore(&c.queue)(t.Context()); !errors.Is(err, c.err) || c.queue.left != c.left {
			t.Errorf("%d rescores are left, %v, want %d, %v", c.queue.left, err, c.left, c.err)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if q := (queue{left: 5, fails: -1}); worker.Rescore(&q)(ended) != nil || q.left != 5 {
		t.Errorf("after the end %d are left, want 5", q.left)
	}
}
