package runner

import (
	"errors"
	"fmt"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/edge"
)

// Why nothing was decided. Each comes in a *crm.Error of class crm.Unavailable
// whose Reason is "busy", "module" or "closed".
var (
	ErrBusy   = errors.New("too many calls wait for an instance")
	ErrModule = errors.New("the module failed") // and its instance was discarded
	ErrClosed = errors.New("the decider is closed")
)

func closed(op string) error { return unavailable(op, "closed", ErrClosed) }

func failed(op string, cause error) error {
	return unavailable(op, "module", fmt.Errorf("%w: %w", ErrModule, cause))
}

func unavailable(op, reason string, cause error) error {
	return &crm.Error{Op: op, Code: crm.Unavailable, Reason: reason, Err: cause}
}

// invalid says that something the caller gave cannot be used.
func invalid(op string, cause error) error {
	return &crm.Error{Op: op, Code: crm.Invalid, Err: cause}
}

// refused says why a module did not take a configuration.
func refused(err error) error {
	const op = "configure edge"
	var refusal *edge.ConfigError
	if errors.As(err, &refusal) {
		return invalid(op, err)
	}
	return failed(op, err)
}

// parse checks a configuration.
func parse(document []byte) (*edge.Config, error) {
	config, err := edge.Parse(document)
	if err != nil {
		return nil, refused(err)
	}
	return config, nil
}
