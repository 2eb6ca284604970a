package main

import (
	"context"
	"flag"
	"fmt"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host"
)

func eraseCommand() command {
	return command{
		name: "erase", short: "Erase a contact: its personal data go, everywhere. It cannot be undone.",
		long: "The contact, its conversations, messages, notes and tasks go, and what of the person stands in the webhook log, in files of imports, in the record of merges and in the feed; " +
			"counters stay. A request of the log that named several people loses its whole body. It works while a host runs and while none does; one that is broken off is gone on with " +
			"by a host that runs, or by the same command. Backups, and on PostgreSQL the server's own WAL and archives, keep what they have.",
		flags: func(fs *flag.FlagSet) action {
			e := eraser{}
			fs.StringVar(&e.workspace, "workspace", "", "id or name (default: the only one)")
			fs.StringVar(&e.contact, "contact", "", "id of the contact")
			fs.StringVar(&e.phone, "phone", "", "or its number, as people write it")
			return func(ctx context.Context, p *program, in invocation) error {
				if (e.contact == "") == (e.phone == "") || len(in.args) > 0 {
					return usage("Say whom to erase: my21staff erase -contact ID, or -phone NUMBER.")
				}
				e.program = p
				return serviced(ctx, in, e.run)
			}
		},
	}
}

// eraser erases the contact that its fields name.
type eraser struct {
	*program
	workspace, contact, phone string
}

func (e *eraser) run(ctx context.Context, s *host.Services) error {
	w, err := findWorkspace(ctx, s, e.workspace)
	if err != nil {
		return err
	}
	system := access.System(w.ID)
	id, err := e.find(ctx, s, system, w.Region)
	if err != nil {
		return err
	}
	erasure, err := s.Erasures.Erase(ctx, system, id)
	if err != nil {
		return err
	}
	fmt.Fprintf(e.stdout, "contact    %s\n", id)
	for !erasure.Ended() {
		if _, err := s.Erasures.Run(ctx, id); err != nil {
			return err
		}
		if erasure, err = s.Erasures.Erasure(ctx, system, id); err != nil {
			return err
		}
		if erasure.Ended() {
			break
		}
		select { // a host works on it, or did and its lease is not over
		case <-ctx.Done():
			return &crm.Error{Op: "erase", Code: crm.Unavailable, Msg: "It was broken off: nobody sees the contact any more, but not all is gone. The same command goes on, with -contact " + id.String() + "."}
		case <-time.After(lookEvery):
		}
	}
	n := erasure.Erased
	_, err = fmt.Fprintf(e.stdout, "erased     %d conversations, %d messages, %d notes, %d tasks, %d merges\n"+
		"           %d bodies of the webhook log, %d reports, %d facts, %d rows and %d files of imports\n",
		n.Conversations, n.Inbound+n.Outbound, n.Notes, n.Tasks, n.Merges, n.Bodies, n.Reports, n.Facts, n.ImportRows, n.Imports)
	return err
}

// find returns the contact that the flags name.
func (e *eraser) find(ctx context.Context, s *host.Services, system access.Principal, region string) (crm.ContactID, error) {
	if e.contact != "" {
		return crm.ParseID[crm.Contact](e.contact)
	}
	card, err := s.People.ByPhone(ctx, system, e.phone, region)
	if err != nil {
		return crm.ContactID{}, err
	}
	return card.Contact.ID, nil
}
