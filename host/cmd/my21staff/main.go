// Command my21staff runs the host and looks after an installation; "my21staff
// help" lists what it can do.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // workspaces have time zones, and a small machine no files of them
)

// version is set when the program is built (-ldflags "-X main.version=...").
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() { // the second signal ends at once
		<-ctx.Done()
		stop()
	}()
	p := &program{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, environ: os.Environ(), version: version}
	os.Exit(p.run(ctx, os.Args[1:]))
}
