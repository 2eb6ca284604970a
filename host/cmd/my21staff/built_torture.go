//go:build torture

package main

import (
	"context"
	"encoding/json"
	"flag"

	"github.com/my21staff/my21staff/host/torture"
)

// built returns the commands that only a build of its own has.
func built() []command { return []command{tortureCommand()} }

func tortureCommand() command {
	return command{
		name: "torture", short: "Print, as JSON, the fault points and planted bugs of this build.",
		long: "M21_TORTURE_FAULT=point:action[:nth] plants a fault, M21_TORTURE_BUG=name a bug; M21_TORTURE_LOG names a file that is told of each fault before it acts.",
		flags: func(*flag.FlagSet) action {
			return func(_ context.Context, p *program, _ invocation) error {
				encoder := json.NewEncoder(p.stdout)
				encoder.SetIndent("", "  ")
				return encoder.Encode(torture.Listed())
			}
		},
	}
}
