package worker_test

import (
	"context"
	"errors"
	"testing"

	"github.com/my21staff/my21staff/host/worker"
)

// queue has some things to work on, of which one may fail.
type queue struct {
	left, fails int
	err         error
}

func (q *queue) work(context.Context) (bool, error) {
	if q.left == 0 {
		return false, nil
	}
	if q.left--; q.left == q.fails {
		return true, q.err
	}
	return true, nil
}

func TestDrainWorksOnAllThereIs(t *testing.T) {
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
		if err := worker.Drain(c.queue.work)(t.Context()); !errors.Is(err, c.err) || c.queue.left != c.left {
			t.Errorf("%d are left, %v, want %d, %v", c.queue.left, err, c.left, c.err)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	q := queue{left: 5, fails: -1}
	if err := worker.Drain(q.work)(ended); err != nil || q.left != 5 {
		t.Errorf("after the end %d are left, %v, want 5", q.left, err)
	}
}
