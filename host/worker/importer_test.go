package worker_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/host/worker"
)

// queue has some imports to work on, of which one may fail.
type queue struct {
	left, fails, taken int
	err                error
}

// Turn implements worker.Imports.
func (q *queue) Turn(context.Context) (bool, error) {
	if q.left == 0 {
		return false, nil
	}
	if q.left--; q.left == q.fails {
		return true, q.err
	}
	return true, nil
}

// Expire implements worker.Imports.
func (q *queue) Expire(_ context.Context, limit int) (int, error) {
	q.taken = min(limit, 7)
	return q.taken, q.err
}

func TestImporterWorksOnAllThereIs(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
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
		importer := worker.Importer{Imports: &c.queue, Log: slog.New(slog.NewTextHandler(&log, nil))}
		if err := importer.Turn(t.Context()); !errors.Is(err, c.err) || c.queue.left != c.left {
			t.Errorf("%d imports are left, %v, want %d, %v", c.queue.left, err, c.left, c.err)
		}
		if err := importer.Expire(t.Context()); !errors.Is(err, c.err) || c.queue.taken != 7 {
			t.Errorf("%d are taken away, %v", c.queue.taken, err)
		}
	}
	if !strings.Contains(log.String(), "imports=7") {
		t.Errorf("the log says %q", log.String())
	}
	ended, end := context.WithCancel(t.Context())
	end()
	q := queue{left: 5, fails: -1}
	if err := (&worker.Importer{Imports: &q}).Turn(ended); err != nil || q.left != 5 {
		t.Errorf("after the end %d are left, %v, want 5", q.left, err)
	}
}
