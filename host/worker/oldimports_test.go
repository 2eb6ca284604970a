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

// attic has old imports, of which it may take some away and then fail.
type attic struct {
	taken int
	err   error
}

// Expire implements worker.Imports.
func (a *attic) Expire(_ context.Context, limit int) (int, error) {
	a.taken = min(limit, 7)
	return a.taken, a.err
}

func TestOldImportsAreTakenAway(t *testing.T) {
	t.Parallel()
	for _, want := range []error{nil, errors.New("the database is gone")} {
		var log bytes.Buffer
		from := attic{err: want}
		old := worker.OldImports{Imports: &from, Log: slog.New(slog.NewTextHandler(&log, nil))}
		if err := old.Turn(t.Context()); !errors.Is(err, want) || from.taken != 7 {
			t.Errorf("%d are taken away, %v, want 7, %v", from.taken, err, want)
		}
		if !strings.Contains(log.String(), "imports=7") {
			t.Errorf("the log says %q", log.String())
		}
	}
}
