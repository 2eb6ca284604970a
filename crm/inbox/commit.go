package inbox

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
)

// Result is what became of an arrival: its receipt, and why it was not taken in.
// Of a body that cannot be read there are both.
type Result struct {
	Receipt Receipt
	Err     error
}

// Commit takes arrivals in, in one transaction, and returns what became of each,
// in the same order. When the database is away nothing of any is stored and each
// has that error: Unavailable, or Uncertain when the answer to the commit was
// lost.
//
// One bad arrival does not spoil the others. If the transaction fails for what
// it holds, its halves are tried, and theirs, until the bad one stands alone. Of
// that one the facts which cannot be stored are found the same way: they are
// journalled as problems, with the body, and its other facts are applied. So a
// fault of this program never makes the provider pause the webhook, and what it
// hit can be replayed once it is mended. [WithFaults] tells of it.
func (s *Service) Commit(ctx context.Context, arrivals []*Arrival) []Result {
	results := make([]Result, len(arrivals))
	s.commit(ctx, arrivals, results)
	return results
}

func (s *Service) commit(ctx context.Context, arrivals []*Arrival, results []Result) {
	receipts, err := s.together(ctx, arrivals)
	switch {
	case err == nil:
		for i, a := range arrivals {
			results[i] = Result{Receipt: receipts[i], Err: a.unreadable}
		}
	case away(err):
		for i := range results {
			results[i].Err = err
		}
	case len(arrivals) > 1:
		half := len(arrivals) / 2
		s.commit(ctx, arrivals[:half], results[:half])
		s.commit(ctx, arrivals[half:], results[half:])
	default:
		results[0] = s.alone(ctx, arrivals[0], err)
	}
}

// away reports whether a transaction failed for a reason that is not in what it
// holds.
func away(err error) bool {
	switch crm.CodeOf(err) {
	case crm.Unavailable, crm.Uncertain:
		return true
	}
	return false
}

// together takes arrivals in, all or none.
func (s *Service) together(ctx context.Context, arrivals []*Arrival) (receipts []Receipt, err error) {
	defer s.caught(opApply, &err)
	workspaces := workspacesOf(arrivals)
	needs := make([]Need, len(workspaces))
	for i, ws := range workspaces {
		needs[i] = needOfPart(ws, arrivals)
	}
	err = s.store.Update(ctx, workspaces, func(ctx context.Context, tx Tx) error {
		states, err := tx.LoadAll(ctx, needs)
		if err != nil {
			return err
		}
		receipts = make([]Receipt, len(arrivals))
		var changes crm.Changes
		for i, ws := range workspaces {
			changes.Add(s.decide(ws, states[i], arrivals, receipts))
		}
		return tx.Write(ctx, &changes)
	})
	return receipts, err
}

const opApply = "apply webhook"

// caught turns a panic into an error: a fact or an order that makes the decision
// panic must not take those of others with it.
func (s *Service) caught(op string, err *error) {
	if cause := recover(); cause != nil {
		panicked := &Panic{Cause: cause}
		if s.stack != nil {
			panicked.Stack = s.stack()
		}
		*err = &crm.Error{Op: op, Code: crm.Internal, Reason: "panic", Err: panicked}
	}
}

// Panic is a panic as an error. The stack stands apart from the text, which the
// journal keeps.
type Panic struct {
	Cause any
	Stack []byte // empty without [WithStack]
}

func (p *Panic) Error() string { return fmt.Sprintf("panic: %v", p.Cause) }

// workspacesOf returns the workspaces arrivals touch in the order of their ids;
// the zero workspace, which holds what is nobody's, comes first.
func workspacesOf(arrivals []*Arrival) []crm.WorkspaceID {
	set := make(map[crm.WorkspaceID]bool)
	for _, a := range arrivals {
		for ws := range a.parts {
			set[ws] = true
		}
		if !a.whole() {
			set[crm.WorkspaceID{}] = true
		}
	}
	return slices.SortedFunc(maps.Keys(set), crm.WorkspaceID.Compare)
}

// whole reports whether the request is one workspace's alone, whose journal
// then keeps its body.
func (a *Arrival) whole() bool { return len(a.parts) == 1 && len(a.problems) == 0 && a.foreign == 0 }

// in reports whether the arrival has a row in a workspace's journal.
func (a *Arrival) in(ws crm.WorkspaceID) bool {
	if ws.IsZero() {
		return !a.whole()
	}
	_, mine := a.parts[ws]
	return mine
}

// needOfPart names what must be known of a workspace to take arrivals in.
func needOfPart(ws crm.WorkspaceID, arrivals []*Arrival) Need {
	need := Need{WorkspaceID: ws}
	var items []Item
	for _, a := range arrivals {
		items = append(items, a.parts[ws]...)
	}
	if len(items) > 0 {
		need = NeedOf(ws, items)
	}
	for _, a := range arrivals {
		if a.in(ws) {
			need.Deliveries = append(need.Deliveries, a.delivery.Key)
		}
	}
	return need
}

// decide applies each arrival's part of a workspace that has not been applied
// before, and writes its line in the journal.
func (s *Service) decide(ws crm.WorkspaceID, state *State, arrivals []*Arrival, receipts []Receipt) crm.Changes {
	w := newWorld(ws, state, s.mint)
	done := make(map[[32]byte]*crm.Delivery, len(state.Deliveries))
	for _, d := range state.Deliveries {
		done[d.Key] = d
	}
	written := make(map[[32]byte]*crm.Delivery, len(arrivals))
	for i, a := range arrivals {
		if !a.in(ws) {
			continue
		}
		if twin := written[a.delivery.Key]; twin != nil { // the same bytes twice in one batch
			twin.Seen++
			receipts[i].add(twin)
			continue
		}
		d := s.line(w, a, done[a.delivery.Key])
		w.changes.Deliveries = append(w.changes.Deliveries, d)
		receipts[i].add(d)
		written[d.Key] = d
	}
	return w.closed()
}

// line applies an arrival's part of a workspace and returns its journal row.
// Known is the row of the same bytes, if they came before: it is kept, whatever
// becomes of it now.
func (s *Service) line(w *world, a *Arrival, known *crm.Delivery) *crm.Delivery {
	d := a.delivery
	d.ID, d.WorkspaceID = crm.NewID[crm.Delivery](s.mint), w.ws
	if known != nil {
		d.ID = known.ID
	}
	switch {
	case known != nil && known.Verdict == crm.DeliveryApplied && !a.again:
		d.Facts, d.Applied, d.Verdict = known.Facts, known.Applied, known.Verdict
	case w.ws.IsZero():
		a.closeNobodys(&d)
	default:
		w.applyPart(&d, a.parts[w.ws])
	}
	if !w.ws.IsZero() && !a.whole() {
		d.Body = nil
	}
	return &d
}

// alone takes in an arrival that failed by itself, without the facts for which
// it did. If that fails too it is journalled as a body that cannot be read.
func (s *Service) alone(ctx context.Context, a *Arrival, cause error) Result {
	if crm.CodeOf(cause) == crm.Conflict { // others come between each time
		return Result{Err: &crm.Error{Op: opApply, Code: crm.Unavailable, Err: cause}}
	}
	last := *a
	last.parts = make(map[crm.WorkspaceID][]Item, len(a.parts))
	for ws, items := range a.parts {
		last.parts[ws] = slices.Clone(items)
		if err := s.spare(ctx, ws, last.parts[ws]); err != nil {
			return Result{Err: err}
		}
	}
	for _, try := range []*Arrival{&last, a.without(cause)} {
		switch receipts, err := s.together(ctx, []*Arrival{try}); {
		case err == nil:
			if s.fault != nil {
				s.fault(receipts[0], cause)
			}
			return Result{Receipt: receipts[0], Err: a.unreadable}
		case away(err):
			return Result{Err: err}
		default:
			cause = errors.Join(cause, err)
		}
	}
	return Result{Err: crm.Wrap(opApply, cause)}
}

// unstorable is what the journal says of a fact that cannot be stored. The cause
// is the operator's, not the tenant's.
const unstorable = "this program failed on it; it is kept and can be replayed"

// without returns the arrival as one of which nothing can be applied.
func (a *Arrival) without(cause error) *Arrival {
	bare := *a
	bare.parts, bare.problems, bare.unreadable = nil, nil, fmt.Errorf("%s (%w)", unstorable, cause)
	return &bare
}

// trials bounds how often the facts of one arrival are tried by themselves. Who
// needs more has facts none of which can be stored.
const trials = 128

// spare replaces, among the items of one workspace, the facts that cannot be
// stored by unreadable ones. An error says that the database is away.
func (s *Service) spare(ctx context.Context, ws crm.WorkspaceID, items []Item) error {
	left := trials
	var search func(items []Item) error
	search = func(items []Item) error {
		if left--; left < 0 || len(items) == 0 {
			return nil
		}
		switch err := s.trial(ctx, ws, items); {
		case err == nil || away(err):
			return err
		case len(items) == 1:
			spoilt := *items[0].Fact
			spoilt.Kind, spoilt.Problem = webhook.Unreadable, unstorable
			items[0].Fact = &spoilt
			return nil
		}
		half := len(items) / 2
		if err := search(items[:half]); err != nil {
			return err
		}
		return search(items[half:])
	}
	return search(items)
}

// errTakenBack ends a trial that succeeded.
var errTakenBack = errors.New("a trial, taken back")

// trial applies items and takes it back: nil says that they can be stored.
func (s *Service) trial(ctx context.Context, ws crm.WorkspaceID, items []Item) (err error) {
	defer s.caught(opApply, &err)
	err = s.store.Update(ctx, []crm.WorkspaceID{ws}, func(ctx context.Context, tx Tx) error {
		state, err := tx.Load(ctx, NeedOf(ws, items))
		if err != nil {
			return err
		}
		changes, _ := Apply(ws, state, items, s.mint)
		if err := tx.Write(ctx, &changes); err != nil {
			return err
		}
		return errTakenBack
	})
	if errors.Is(err, errTakenBack) {
		return nil
	}
	return err
}

// applyPart applies an arrival's facts of one workspace and closes its journal
// row.
func (w *world) applyPart(d *crm.Delivery, items []Item) {
	var problems []string
	for _, item := range items {
		outcome := w.apply(item)
		if outcome.Applied {
			d.Applied++
		}
		if outcome.Problem != "" {
			problems = append(problems, outcome.Problem)
		}
	}
	d.Facts = len(items)
	d.Verdict, d.Reason = crm.DeliveryApplied, ""
	if len(problems) > 0 {
		d.Verdict, d.Reason = crm.DeliveryPartly, summary(problems)
	}
}

// closeNobodys closes the journal row of a request that is not one workspace's
// alone.
func (a *Arrival) closeNobodys(d *crm.Delivery) {
	d.Facts = a.facts
	switch {
	case a.unreadable != nil:
		d.Verdict, d.Reason = crm.DeliveryUnreadable, a.unreadable.Error()
	case len(a.problems) == 0: // several workspaces' or hosts', each applied in its own row
		d.Verdict = crm.DeliveryApplied
	case len(a.parts) == 0:
		d.Verdict, d.Reason = crm.DeliveryUnknown, summary(a.problems)
	default:
		d.Verdict, d.Reason = crm.DeliveryPartly, summary(a.problems)
	}
}

// add sums up a journal row in the receipt: the row with the body names it, the
// worst verdict counts.
func (r *Receipt) add(d *crm.Delivery) {
	if d.Body != nil || r.DeliveryID.IsZero() {
		r.DeliveryID = d.ID
	}
	if r.Verdict == "" || r.Verdict == crm.DeliveryApplied {
		r.Verdict, r.Reason = d.Verdict, d.Reason
	}
	r.Facts = max(r.Facts, d.Facts)
	r.Applied += d.Applied
}

// summary lists what went wrong, each reason once with how often, at most ten.
func summary(problems []string) string {
	count := make(map[string]int)
	for _, p := range problems {
		count[p]++
	}
	reasons := slices.Sorted(maps.Keys(count))
	var lines []string
	for i, reason := range reasons {
		if i == 10 {
			lines = append(lines, fmt.Sprintf("and %d other reasons", len(reasons)-10))
			break
		}
		if count[reason] > 1 {
			reason = fmt.Sprintf("%s (%d times)", reason, count[reason])
		}
		lines = append(lines, reason)
	}
	return strings.Join(lines, "; ")
}
