package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host"
)

func exportCommand() command {
	return command{
		name: "export", args: "[file.csv]", short: "Export contacts as CSV, to a file or the standard output.",
		long: "Nothing in the file is a formula to a spreadsheet, and imported again it is the contacts it was made of. Excel in a region that writes decimals with a comma wants -delimiter ';'.",
		flags: func(fs *flag.FlagSet) action {
			workspace := workspaceFlag(fs)
			delimiter := fs.String("delimiter", ",", `the character between cells: , or ; or "tab"`)
			tag := fs.String("tag", "", "only contacts with this tag")
			var q people.ContactQuery
			fs.StringVar(&q.LeadStatus, "lead-status", "", "only contacts with this lead status")
			fs.StringVar(&q.Search, "q", "", "only contacts with this part of a name or number")
			return func(ctx context.Context, p *program, in invocation) error {
				cut, err := cellEnd(*delimiter)
				if err != nil {
					return err
				}
				if len(in.args) > 1 {
					return usage("%q is one word too many.", in.args[1])
				}
				return serviced(ctx, in, func(ctx context.Context, s *host.Services) error {
					w, err := findWorkspace(ctx, s, *workspace)
					if err != nil {
						return err
					}
					system := access.System(w.ID)
					if q.TagID, err = findTag(ctx, s, system, *tag); err != nil {
						return err
					}
					write := func(to io.Writer) error { return s.People.Export(ctx, system, q, cut, to) }
					if len(in.args) == 0 {
						return write(p.stdout)
					}
					return writeFile(in.args[0], write)
				})
			}
		},
	}
}

// cellEnd returns the delimiter that a flag names.
func cellEnd(flag string) (byte, error) {
	if flag == "tab" {
		flag = "\t"
	}
	if len(flag) != 1 || !strings.Contains(",;\t", flag) {
		return 0, usage("-delimiter is a comma, a semicolon or tab, not %q.", flag)
	}
	return flag[0], nil
}

// findTag returns the tag of a name; zero for none.
func findTag(ctx context.Context, s *host.Services, system access.Principal, name string) (crm.TagID, error) {
	if name == "" {
		return crm.TagID{}, nil
	}
	tags, err := s.People.Tags(ctx, system)
	if err != nil {
		return crm.TagID{}, err
	}
	for _, tag := range tags {
		if strings.EqualFold(tag.Name, name) {
			return tag.ID, nil
		}
	}
	return crm.TagID{}, &crm.Error{Op: "find tag", Code: crm.NotFound, Msg: fmt.Sprintf("There is no tag %q.", name)}
}
