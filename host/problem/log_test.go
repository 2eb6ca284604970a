package problem_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/host/problem"
)

func TestAttrsTellWhereItPanicked(t *testing.T) {
	t.Parallel()
	panicked := &inbox.Panic{Cause: "no", Stack: []byte("main.go:1")}
	for want, err := range map[string]error{
		"[error=full]": errors.New("full"),
		"[error=send: internal: panic: no stack=main.go:1]": crm.Wrap("send", &crm.Error{Code: crm.Internal, Err: panicked}),
		"[error=twice: panic: no stack=main.go:1]":          fmt.Errorf("twice: %w", panicked),
	} {
		if got := fmt.Sprint(problem.Attrs(err)); got != want {
			t.Errorf("the log is told %s, want %s", got, want)
		}
	}
}
