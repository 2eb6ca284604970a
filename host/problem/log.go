package problem

import (
	"errors"
	"log/slog"

	"github.com/my21staff/my21staff/crm/inbox"
)

// Attrs returns an error for the log, with where it happened if it is a panic that
// was caught in a commit.
func Attrs(err error) []slog.Attr {
	attrs := []slog.Attr{slog.Any("error", err)}
	if panicked := (*inbox.Panic)(nil); errors.As(err, &panicked) {
		attrs = append(attrs, slog.String("stack", string(panicked.Stack)))
	}
	return attrs
}
