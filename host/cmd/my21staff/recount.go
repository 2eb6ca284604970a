package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host"
)

func recountCommand() command {
	return command{
		name: "recount", short: "Count again what the dashboard shows of how things are, and put right what is wrong.",
		long: "The figures are kept up by whatever the program writes. They are wrong where something else wrote to the database, " +
			"or restored a part of it. It works while a host runs, which waits for it to write in the workspace that is counted. What happened on past days is left as it is.",
		flags: func(fs *flag.FlagSet) action {
			workspace := fs.String("workspace", "", "id or name (default: all)")
			return withServices(func(ctx context.Context, p *program, _ invocation, s *host.Services) error {
				return recount(ctx, p, s, *workspace)
			})
		},
	}
}

func recount(ctx context.Context, p *program, s *host.Services, workspace string) error {
	counted, err := s.Directory.Workspaces(ctx)
	if err != nil {
		return err
	}
	if workspace != "" {
		one, err := findWorkspace(ctx, s, workspace)
		if err != nil {
			return err
		}
		counted = []*crm.Workspace{one}
	}
	for _, w := range counted {
		wrong, err := s.Figures.Recount(ctx, w.ID)
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(p.stdout, "%s  %s: %d figures were wrong\n", w.ID, w.Name, wrong); err != nil {
			return err
		}
	}
	return nil
}
