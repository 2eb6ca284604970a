package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host"
)

// program is one run of the command line.
type program struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string
	version        string
}

// command is one word of the command line.
type command struct {
	name  string
	args  string // what follows the name, for the help
	short string
	long  string
	flags func(*flag.FlagSet) action // declares the command's own flags; nil for a command of commands
	under []command

	// settings are those that mean something to the command; nil: all. A flag of
	// its own with the name of one of them is that setting, with another default
	// and other words. One with the name "config" is not the file of settings,
	// which then $M21_CONFIG alone names.
	settings []string
}

// action does what a command is for, with the arguments after the flags.
type action func(ctx context.Context, p *program, in invocation) error

// invocation is what an action is given.
type invocation struct {
	config   host.Config
	settings []host.Setting
	args     []string
}

// commands lists what the program can do.
func commands() []command {
	return append([]command{
		serveCommand(), edgeCommand(), migrateCommand(), simulateCommand(), replayCommand(), importCommand(), exportCommand(), eraseCommand(), recountCommand(),
		workspaceCommand(), channelCommand(), keyCommand(), rulesCommand(), configCommand(), versionCommand(),
	}, built()...)
}

// run does what the arguments say and returns the exit code.
func (p *program) run(ctx context.Context, args []string) int {
	root := command{name: "my21staff", args: "command", short: "A WhatsApp CRM: a shared inbox, a lead database, a safe door for webhooks.", under: commands()}
	if len(args) > 0 && args[0] == "help" {
		args = append(args[1:], "-h")
	}
	err := p.dispatch(ctx, root, "my21staff", args)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err != nil {
		fmt.Fprintln(p.stderr, "my21staff: "+sentence(err))
	}
	return exitCode(err)
}

// dispatch finds the command that the arguments name and runs it.
func (p *program) dispatch(ctx context.Context, c command, path string, args []string) error {
	if c.flags != nil {
		return p.invoke(ctx, c, path, args)
	}
	if len(args) == 0 || isHelp(args[0]) {
		p.list(c, path)
		if len(args) == 0 {
			return usage("Say which command: %s.", strings.Join(names(c.under), ", "))
		}
		return nil
	}
	for _, under := range c.under {
		if under.name == args[0] {
			return p.dispatch(ctx, under, path+" "+under.name, args[1:])
		}
	}
	return usage("There is no command %q; there are: %s.", args[0], strings.Join(names(c.under), ", "))
}

// invoke reads the flags and the configuration and runs a command.
func (p *program) invoke(ctx context.Context, c command, path string, args []string) error {
	fs := flag.NewFlagSet(path, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	do := c.flags(fs)
	own := map[string]bool{}
	fs.VisitAll(func(f *flag.Flag) { own[f.Name] = true })
	given := host.Flags(fs, c.settings...)
	file := new(string)
	if !own["config"] {
		fs.StringVar(file, "config", "", "JSON file with settings (default $M21_CONFIG)")
	}
	words, err := parse(fs, args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		p.help(c, path, fs, own)
		return err
	case err != nil:
		return usage("%s; %q lists the flags.", strings.TrimSuffix(err.Error(), "."), path+" -h")
	}
	for _, name := range c.settings {
		if own[name] {
			given[name] = fs.Lookup(name).Value.String()
		}
	}
	config, settings, err := host.Load(host.Sources{Flags: given, Environ: p.environ, File: *file})
	if err != nil {
		return err
	}
	return do(ctx, p, invocation{config: config, settings: settings, args: words})
}

// parse reads flags and returns the words between and after them: people name
// the file first. What follows "--" are words.
func parse(fs *flag.FlagSet, args []string) (words []string, err error) {
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		rest := fs.Args()
		if len(rest) == 0 {
			return words, nil
		}
		if before := len(args) - len(rest); before > 0 && args[before-1] == "--" {
			return append(words, rest...), nil
		}
		words, args = append(words, rest[0]), rest[1:]
	}
}

// list prints the commands under a command.
func (p *program) list(c command, path string) {
	fmt.Fprintf(p.stdout, "%s\n\nusage: %s %s [flags]\n\n", c.short, path, strings.Join(names(c.under), "|"))
	for _, under := range c.under {
		fmt.Fprintf(p.stdout, "  %-10s %s\n", under.name, under.short)
	}
	fmt.Fprintf(p.stdout, "\n%q shows what a command takes.\n", path+" command -h")
}

// help prints what a command takes: its own flags, then the settings every
// command takes.
func (p *program) help(c command, path string, fs *flag.FlagSet, own map[string]bool) {
	fmt.Fprintf(p.stdout, "%s\n\nusage: %s [flags] %s\n", c.short, path, c.args)
	if c.long != "" {
		fmt.Fprintf(p.stdout, "\n%s\n", c.long)
	}
	show := func(title string, of func(*flag.Flag) bool) {
		fmt.Fprintf(p.stdout, "\n%s\n", title)
		fs.VisitAll(func(f *flag.Flag) {
			if of(f) {
				fmt.Fprintf(p.stdout, "  -%-18s %s\n", f.Name, f.Usage)
			}
		})
	}
	if len(own) > 0 {
		show("Flags:", func(f *flag.Flag) bool { return own[f.Name] })
	}
	show("Settings (also M21_... in the environment, and in the file):", func(f *flag.Flag) bool { return !own[f.Name] })
}

func names(of []command) []string {
	var names []string
	for _, c := range of {
		names = append(names, c.name)
	}
	return names
}

func isHelp(arg string) bool {
	return arg == "-h" || arg == "-help" || arg == "--help" || arg == "help"
}

// usage is the error of a command line that cannot be understood.
func usage(format string, args ...any) error {
	return &crm.Error{Op: "read command line", Code: crm.Invalid, Msg: fmt.Sprintf(format, args...)}
}
