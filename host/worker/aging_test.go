package worker_test

import (
	"context"
	"errors"
	"testing"

	"github.com/my21staff/my21staff/host/worker"
)

// old is some leads that are due.
type old struct {
	left, most int
	err        error
}

// Step implements worker.Leads.
func (o *old) Step(_ context.Context, limit int) (int, error) {
	n := min(o.left, limit)
	o.left, o.most = o.left-n, max(o.most, n)
	return n, o.err
}

func TestAgingScoresAllThatAreDue(t *testing.T) {
	t.Parallel()
	leads := &old{left: 450}
	if err := (&worker.Aging{Leads: leads}).Turn(t.Context()); err != nil || leads.left != 0 || leads.most != 200 {
		t.Errorf("%d leads are left, %d in a step, %v; want 0, 200", leads.left, leads.most, err)
	}
	broken := &old{left: 450, err: errors.New("the database is gone")}
	if err := (&worker.Aging{Leads: broken}).Turn(t.Context()); !errors.Is(err, broken.err) || broken.left != 250 {
		t.Errorf("after an error %d leads are left, %v; want 250 and the error", broken.left, err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	leads = &old{left: 450}
	if err := (&worker.Aging{Leads: leads}).Turn(ended); err != nil || leads.left != 450 {
		t.Errorf("after the end %d leads are left, %v, want 450", leads.left, err)
	}
}
