package main

import (
	"context"
	"flag"
	"fmt"
	"text/tabwriter"
)

func configCommand() command {
	return command{
		name: "config", short: "Print the settings in force, without secrets, and where each comes from.",
		long: "A flag wins over the environment, the environment over the file, the file over the default.",
		flags: func(fs *flag.FlagSet) action {
			explain := fs.Bool("help-keys", false, "print what each setting is for as well")
			return func(_ context.Context, p *program, in invocation) error { return printConfig(p, in, *explain) }
		},
	}
}

func printConfig(p *program, in invocation, explain bool) error {
	out := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, s := range in.settings {
		fmt.Fprintf(out, "%s\t%s\t%s\n", s.Name, s.Value, s.Origin)
		if explain {
			fmt.Fprintf(out, "\t%s\t\n", s.Help)
		}
	}
	return out.Flush()
}
