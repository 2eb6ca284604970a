package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/host"
)

func replayCommand() command {
	return command{
		name: "replay", short: "Apply journalled webhook requests again, after a channel was added or the program learned to read more.",
		long: "What was applied already stays as it is, so a replay may be repeated. Without -workspace it takes what is no single workspace's: unknown numbers, bodies that could not be read.",
		flags: func(fs *flag.FlagSet) action {
			r := replayer{}
			fs.StringVar(&r.workspace, "workspace", "", "id or name of the workspace whose requests are taken")
			fs.StringVar(&r.id, "id", "", "replay this request only")
			fs.StringVar(&r.verdict, "verdict", "", "applied, partly, unknown or unreadable; empty: all but applied")
			fs.BoolVar(&r.dry, "dry-run", false, "only list what would be replayed")
			return withServices(func(ctx context.Context, p *program, _ invocation, s *host.Services) error {
				return r.run(ctx, p, s)
			})
		},
	}
}

// replayer replays the requests that its fields choose.
type replayer struct {
	workspace, id, verdict string
	dry                    bool

	deliveries func(context.Context, inbox.DeliveryQuery) ([]*crm.Delivery, error)
	replay     func(context.Context, crm.DeliveryID) (inbox.Receipt, error)
}

func (r *replayer) run(ctx context.Context, p *program, s *host.Services) error {
	r.deliveries, r.replay = s.Inbox.Unclaimed, s.Inbox.ReplayUnclaimed
	if r.workspace != "" {
		w, err := findWorkspace(ctx, s, r.workspace)
		if err != nil {
			return err
		}
		system := access.System(w.ID)
		r.deliveries = func(ctx context.Context, q inbox.DeliveryQuery) ([]*crm.Delivery, error) {
			return s.Inbox.Deliveries(ctx, system, q)
		}
		r.replay = func(ctx context.Context, id crm.DeliveryID) (inbox.Receipt, error) {
			return s.Inbox.Replay(ctx, system, id)
		}
	}
	if r.id != "" {
		id, err := crm.ParseID[crm.Delivery](r.id)
		if err != nil {
			return err
		}
		return r.one(ctx, p, id)
	}
	return r.all(ctx, p)
}

// all walks the log from the newest request to the oldest. One that cannot be
// replayed is reported and passed over.
func (r *replayer) all(ctx context.Context, p *program) error {
	query := inbox.DeliveryQuery{Verdict: crm.Verdict(r.verdict), Limit: crm.MaxPageRows}
	count := 0
	for {
		page, err := r.deliveries(ctx, query)
		if err != nil {
			return err
		}
		for _, d := range page {
			query.After = d.ID
			if r.verdict == "" && d.Verdict == crm.DeliveryApplied {
				continue
			}
			count++
			if r.dry {
				fmt.Fprintf(p.stdout, "%s  %s  %s  %s\n", d.ID, d.ReceivedAt.Format("2006-01-02 15:04:05"), d.Verdict, d.Reason)
			} else if err := r.one(ctx, p, d.ID); err != nil {
				if crm.CodeOf(err) == crm.Unavailable {
					return err
				}
				fmt.Fprintf(p.stdout, "%s  not replayed: %s\n", d.ID, sentence(err))
			}
		}
		if len(page) < crm.MaxPageRows {
			_, err := fmt.Fprintf(p.stdout, "%d requests\n", count)
			return err
		}
	}
}

func (r *replayer) one(ctx context.Context, p *program, id crm.DeliveryID) error {
	receipt, err := r.replay(ctx, id)
	if err != nil {
		return err
	}
	why := ""
	if receipt.Reason != "" {
		why = " (" + receipt.Reason + ")"
	}
	_, err = fmt.Fprintf(p.stdout, "%s  %s: %d of %d facts were news%s\n", id, receipt.Verdict, receipt.Applied, receipt.Facts, why)
	return err
}
