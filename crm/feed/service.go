// Package feed reads the facts of a workspace in their order: by pages, with a
// number to go on from, for streams, outgoing webhooks and whoever was away.
package feed

import (
	"context"
	"fmt"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

// MaxReplay is how many facts a reader may be behind before it must resync:
// reloading what it shows is cheaper than hearing of each change.
const MaxReplay = 10_000

// How many facts a page has.
const (
	DefaultLimit = 100
	MaxLimit     = 1000
)

// Service reads the feed.
type Service struct{ store Store }

// New returns a feed over the store.
func New(store Store) *Service { return &Service{store: store} }

// Page is a run of facts without gap. Next is the number to go on after. Resync
// is set when the facts between cannot or should not be given: the reader
// reloads what it shows and goes on from Next.
type Page struct {
	Facts  []crm.Fact
	Next   int64
	Resync bool
}

// After returns the facts of the principal's workspace after a number, in order,
// at most limit of them (0: DefaultLimit). A page without facts has nothing new,
// and Next is after itself. With after < 0, "from now on", there are no facts
// and Next is the newest number.
//
// The page asks for a resync when after is above the newest number (another
// installation's, or a restored backup), when retention dropped facts after it,
// and when it is more than MaxReplay behind.
//
// Whoever reads on from Next gets every fact once. It needs
// access.ReadConversations; a limit above MaxLimit is [crm.Invalid].
func (s *Service) After(ctx context.Context, p access.Principal, after int64, limit int) (Page, error) {
	if err := p.Check(access.ReadConversations); err != nil {
		return Page{}, crm.Wrap("read feed", err)
	}
	if limit == 0 {
		limit = DefaultLimit
	}
	if limit < 0 || limit > MaxLimit {
		return Page{}, &crm.Error{Op: "read feed", Code: crm.Invalid, Msg: fmt.Sprintf("The limit must be between 1 and %d.", MaxLimit)}
	}
	page, err := s.page(ctx, p.WorkspaceID, after, limit)
	return page, crm.Wrap("read feed", err)
}

func (s *Service) page(ctx context.Context, ws crm.WorkspaceID, after int64, limit int) (Page, error) {
	var facts []crm.Fact
	if after >= 0 {
		var err error
		if facts, err = s.store.Facts(ctx, ws, after, limit); err != nil {
			return Page{}, err
		}
		// A short page that follows on needs no second question, and nearly
		// every page of a live stream is one.
		if n := len(facts); n > 0 && n < limit && facts[0].Seq == after+1 {
			return Page{Facts: facts, Next: facts[n-1].Seq}, nil
		}
	}
	first, last, err := s.store.Bounds(ctx, ws)
	if err != nil {
		return Page{}, err
	}
	return decide(facts, after, first, last), nil
}

// decide makes the page of the facts read after a number, with the feed's bounds
// read after them.
func decide(facts []crm.Fact, after, first, last int64) Page {
	switch {
	case after < 0:
		return Page{Next: last}
	case after > last, last-after > MaxReplay, lost(facts, after, first, last):
		return Page{Next: last, Resync: true}
	case len(facts) == 0:
		return Page{Next: after}
	default:
		return Page{Facts: facts, Next: facts[len(facts)-1].Seq}
	}
}

// lost reports whether the fact after a number was given and is kept no more.
func lost(facts []crm.Fact, after, first, last int64) bool {
	if len(facts) > 0 {
		return facts[0].Seq != after+1
	}
	return after < last && (first == 0 || after+1 < first)
}

// Expire takes away facts of before a time, at most limit of them, and returns
// how many, 0 when it is done; see Store.Expire. A reader that had not read them
// is told to resync. It is for the program and asks nobody's leave.
func (s *Service) Expire(ctx context.Context, before time.Time, limit int) (int, error) {
	taken, err := s.store.Expire(ctx, before, limit)
	return taken, crm.Wrap("expire facts", err)
}

// Watch calls wake when workspaces have new facts, until ctx ends; see
// Store.Watch. It is for the program, not for a reader, and asks nobody's leave.
func (s *Service) Watch(ctx context.Context, wake func([]crm.WorkspaceID)) error {
	return crm.Wrap("watch feed", s.store.Watch(ctx, wake))
}
