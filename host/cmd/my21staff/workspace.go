package main

import (
	"context"
	"flag"
	"fmt"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host"
	"github.com/my21staff/my21staff/host/telemetry"
)

func workspaceCommand() command {
	return command{name: "workspace", short: "Make workspaces, list them, let people in.", under: []command{
		{
			name: "create", short: "Make a workspace with its owner and print the owner's sign-in link.",
			flags: func(fs *flag.FlagSet) action {
				var w crm.Workspace
				var owner crm.Member
				fs.StringVar(&w.Name, "name", "", "the workspace's name")
				fs.StringVar(&w.TimeZone, "time-zone", "", "IANA name (default Asia/Jakarta)")
				fs.StringVar(&w.Region, "region", "", "country of numbers written without one (default ID)")
				fs.StringVar(&w.Locale, "locale", "", "language of its people (default id)")
				fs.StringVar(&owner.Name, "owner", "", "the owner's name")
				fs.StringVar(&owner.Email, "email", "", "the owner's e-mail address")
				return withServices(func(ctx context.Context, p *program, in invocation, s *host.Services) error {
					return createWorkspace(ctx, p, in, s, w, owner)
				})
			},
		},
		{
			name: "list", short: "List the workspaces.",
			flags: func(*flag.FlagSet) action { return withServices(listWorkspaces) },
		},
		{
			name: "signin", short: "Print a link that signs a member in once, within an hour.",
			flags: func(fs *flag.FlagSet) action {
				workspace := workspaceFlag(fs)
				email := fs.String("email", "", "the member's e-mail address (default: the owner)")
				return withServices(func(ctx context.Context, p *program, in invocation, s *host.Services) error {
					return signIn(ctx, p, in, s, *workspace, *email)
				})
			},
		},
	}}
}

// withServices opens the store for a command and closes it after.
func withServices(do func(context.Context, *program, invocation, *host.Services) error) action {
	return func(ctx context.Context, p *program, in invocation) error {
		if len(in.args) > 0 {
			return usage("%q is one word too many.", in.args[0])
		}
		s, err := host.OpenServices(ctx, in.config, telemetry.Logger(p.stderr, in.config.LogFormat, in.config.LogLevel))
		if err != nil {
			return err
		}
		defer s.Close()
		return do(ctx, p, in, s)
	}
}

func workspaceFlag(fs *flag.FlagSet) *string {
	return fs.String("workspace", "", "id or name (default: the only one)")
}

// findWorkspace returns the workspace that a flag names.
func findWorkspace(ctx context.Context, s *host.Services, ref string) (*crm.Workspace, error) {
	all, err := s.Directory.Workspaces(ctx)
	if err != nil {
		return nil, err
	}
	var found []*crm.Workspace
	for _, w := range all {
		if ref == "" || w.ID.String() == ref || strings.EqualFold(w.Name, ref) {
			found = append(found, w)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(all) == 0:
		return nil, &crm.Error{Op: "find workspace", Code: crm.NotFound, Msg: "There is no workspace yet: my21staff workspace create."}
	case len(found) == 0:
		return nil, &crm.Error{Op: "find workspace", Code: crm.NotFound, Msg: fmt.Sprintf("There is no workspace %q: my21staff workspace list.", ref)}
	default:
		return nil, usage("There are %d workspaces; say which one with -workspace.", len(found))
	}
}

func createWorkspace(ctx context.Context, p *program, in invocation, s *host.Services, w crm.Workspace, owner crm.Member) error {
	made, member, err := s.Directory.CreateWorkspace(ctx, w, owner)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "workspace  %s  %s\n", made.ID, made.Name)
	return printLink(ctx, p, in.config, s, made.ID, member)
}

func listWorkspaces(ctx context.Context, p *program, _ invocation, s *host.Services) error {
	all, err := s.Directory.Workspaces(ctx)
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "ID\tNAME\tTIME ZONE\tREGION\tMADE")
	for _, w := range all {
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\n", w.ID, w.Name, w.TimeZone, w.Region, w.CreatedAt.Format("2006-01-02"))
	}
	return out.Flush()
}

func signIn(ctx context.Context, p *program, in invocation, s *host.Services, workspace, email string) error {
	w, err := findWorkspace(ctx, s, workspace)
	if err != nil {
		return err
	}
	members, err := s.Directory.Members(ctx, access.System(w.ID))
	if err != nil {
		return err
	}
	for _, m := range members {
		if email == "" && m.Role == crm.Owner || email != "" && strings.EqualFold(m.Email, email) {
			return printLink(ctx, p, in.config, s, w.ID, m)
		}
	}
	return &crm.Error{Op: "find member", Code: crm.NotFound, Msg: fmt.Sprintf("Nobody in %s has the e-mail address %q.", w.Name, email)}
}

func printLink(ctx context.Context, p *program, c host.Config, s *host.Services, ws crm.WorkspaceID, m *crm.Member) error {
	token, err := s.Directory.SignInLink(ctx, ws, m.ID)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "member     %s  %s (%s)\nsign in    %s   (once, within an hour)\n", m.ID, m.Name, m.Role, signInURL(c, token))
	return err
}

// signInURL is the address that a sign-in link's token is opened at.
func signInURL(c host.Config, token crm.Secret) string {
	return c.URL() + "/login?token=" + url.QueryEscape(string(token))
}
