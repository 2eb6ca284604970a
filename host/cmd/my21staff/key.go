package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host"
)

func keyCommand() command {
	return command{name: "key", short: "Make API keys, list and revoke them.", under: []command{
		{
			name: "create", short: "Make an API key and print it, this once.",
			flags: func(fs *flag.FlagSet) action {
				workspace := workspaceFlag(fs)
				name := fs.String("name", "", "what the key is for")
				scopes := fs.String("scopes", "read,write", "what it may do, with commas: read, write, admin or single actions")
				expires := fs.Duration("expires", 0, "how long it is good (720h); 0: until it is revoked")
				return withServices(func(ctx context.Context, p *program, _ invocation, s *host.Services) error {
					return createKey(ctx, p, s, *workspace, *name, *scopes, *expires)
				})
			},
		},
		{
			name: "list", short: "List a workspace's keys.",
			flags: func(fs *flag.FlagSet) action {
				workspace := workspaceFlag(fs)
				return withServices(func(ctx context.Context, p *program, _ invocation, s *host.Services) error {
					return listKeys(ctx, p, s, *workspace)
				})
			},
		},
		{
			name: "revoke", short: "End a key at once.",
			flags: func(fs *flag.FlagSet) action {
				workspace := workspaceFlag(fs)
				id := fs.String("id", "", "the key's id, see \"key list\"")
				return withServices(func(ctx context.Context, p *program, _ invocation, s *host.Services) error {
					return revokeKey(ctx, p, s, *workspace, *id)
				})
			},
		},
	}}
}

func createKey(ctx context.Context, p *program, s *host.Services, workspace, name, scopes string, lasts time.Duration) error {
	w, err := findWorkspace(ctx, s, workspace)
	if err != nil {
		return err
	}
	var expires time.Time
	if lasts != 0 {
		expires = time.Now().Add(lasts)
	}
	made, err := s.Directory.CreateKey(ctx, access.System(w.ID), name, strings.FieldsFunc(scopes, isSeparator), expires)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "id   %s\nkey  %s   (shown this once)\n", made.Key.ID, string(made.Secret))
	return err
}

func isSeparator(r rune) bool { return r == ',' || r == ' ' }

func listKeys(ctx context.Context, p *program, s *host.Services, workspace string) error {
	w, err := findWorkspace(ctx, s, workspace)
	if err != nil {
		return err
	}
	keys, err := s.Directory.Keys(ctx, access.System(w.ID))
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "ID\tNAME\tKEY\tSCOPES\tSTATE\tLAST USED")
	for _, k := range keys {
		fmt.Fprintf(out, "%s\t%s\t%s...\t%s\t%s\t%s\n", k.ID, k.Name, k.Prefix, strings.Join(k.Scopes, ","), stateOf(k), day(k.LastUsedAt))
	}
	return out.Flush()
}

func stateOf(k *crm.APIKey) string {
	switch {
	case !k.RevokedAt.IsZero():
		return "revoked " + day(k.RevokedAt)
	case !k.Good(time.Now()):
		return "expired " + day(k.ExpiresAt)
	case !k.ExpiresAt.IsZero():
		return "good until " + day(k.ExpiresAt)
	default:
		return "good"
	}
}

func day(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.Format("2006-01-02")
}

func revokeKey(ctx context.Context, p *program, s *host.Services, workspace, id string) error {
	w, err := findWorkspace(ctx, s, workspace)
	if err != nil {
		return err
	}
	parsed, err := crm.ParseID[crm.APIKey](id)
	if err != nil {
		return err
	}
	if err := s.Directory.RevokeKey(ctx, access.System(w.ID), parsed); err != nil {
		return err
	}
	_, err = fmt.Fprintln(p.stdout, "revoked")
	return err
}
