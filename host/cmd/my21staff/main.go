// Command my21staff runs the host and looks after an installation; "my21staff
// help" lists what it can do.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	_ "time/tzdata" // workspaces have time zones, and a small machine no files of them
)

// version is set when the program is built (-ldflags "-X main.version=...").
var version = "dev"

// A host holds little (some 10 MB) and makes much that is soon garbage, so at
// Go's default of 100 it collects many times a second. Measured on the inbox
// list, collecting was an eighth of its processor time, and at 200 half of
// that; the price is some 10 MB. $GOGC decides otherwise.
const collectAt = 200

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() { // the second signal ends at once
		<-ctx.Done()
		stop()
	}()
	p := &program{stdout: os.Stdout, stderr: os.Stderr, environ: os.Environ(), version: version}
	os.Exit(p.run(ctx, os.Args[1:]))
}
