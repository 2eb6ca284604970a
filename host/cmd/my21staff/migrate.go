package main

import (
	"context"
	"flag"
	"fmt"
	"strconv"

	"github.com/my21staff/my21staff/host"
)

func migrateCommand() command {
	return command{
		name: "migrate", args: "[up|down N|status]", short: "Bring the database's schema up to date, take changes back, or say how it stands.",
		long: "Every start of the host does \"up\" by itself. \"down N\" takes the newest N changes back, with the data they hold: keep a copy.",
		flags: func(*flag.FlagSet) action {
			return func(ctx context.Context, p *program, in invocation) error {
				return migrate(ctx, p, in)
			}
		},
	}
}

func migrate(ctx context.Context, p *program, in invocation) error {
	do, steps := "up", 0
	if len(in.args) > 0 {
		do = in.args[0]
	}
	switch {
	case do == "down" && len(in.args) == 2:
		n, err := strconv.Atoi(in.args[1])
		if err != nil || n < 1 {
			return usage("\"migrate down\" takes how many changes to take back, not %q.", in.args[1])
		}
		steps = n
	case len(in.args) > 1 || do != "up" && do != "status":
		return usage("\"migrate\" takes up, down N or status.")
	}
	store, err := host.OpenStore(ctx, in.config, true)
	if err != nil {
		return err
	}
	defer store.Close()
	switch do {
	case "up":
		err = store.Migrate(ctx)
	case "down":
		err = store.Rollback(ctx, steps)
	}
	if err != nil {
		return err
	}
	at, err := store.Version(ctx)
	if err != nil {
		return err
	}
	if at == "" {
		at = "empty"
	}
	_, err = fmt.Fprintf(p.stdout, "the schema is at %s\n", at)
	return err
}
