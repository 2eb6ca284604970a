package main

import (
	"context"
	"flag"
	"fmt"
	"runtime"
)

func versionCommand() command {
	return command{
		name: "version", short: "Print the program's version.",
		flags: func(*flag.FlagSet) action {
			return func(_ context.Context, p *program, _ invocation) error {
				_, err := fmt.Fprintf(p.stdout, "my21staff %s (%s %s/%s)\n", p.version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
				return err
			}
		},
	}
}
