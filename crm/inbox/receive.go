package inbox

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
)

// Receipt says what became of a webhook request.
type Receipt struct {
	DeliveryID crm.DeliveryID // its row in the journal
	Verdict    crm.Verdict
	Facts      int // facts it held, without those of other hosts
	Applied    int // facts that changed something
}

// Receive takes one webhook request: it verifies the signature, decodes the
// body and applies its facts. When it returns without error everything is
// committed, the raw body in the journal included.
//
// Of a request with a share only the facts in it count; the others are another
// host's, which is no problem and leaves no trace but the bytes in the journal.
//
// A wrong signature is Unauthenticated and leaves no trace. A signed body that
// is not JSON we can read is Invalid, one with too many updates TooLarge; both
// are kept in the journal. An unknown number or event is no error: a provider
// pauses a webhook that answers errors. Unavailable means that nothing was
// stored and the provider must try again.
func (s *Service) Receive(ctx context.Context, r webhook.Request) (Receipt, error) {
	const op = "receive webhook"
	arrival, err := s.Prepare(ctx, r)
	if err != nil {
		return Receipt{}, crm.Wrap(op, err)
	}
	receipts, err := s.Commit(ctx, []*Arrival{arrival})
	if err != nil {
		return Receipt{}, crm.Wrap(op, err)
	}
	return receipts[0], crm.Wrap(op, arrival.unreadable)
}

// Handshake answers a provider's GET: the challenge, if a channel of the
// provider has the token; else Unauthenticated.
func (s *Service) Handshake(ctx context.Context, provider crm.Provider, h webhook.Handshake) (string, error) {
	const op = "webhook handshake"
	tokens, err := s.channels.VerifyTokens(ctx, provider)
	if err != nil {
		return "", crm.Wrap(op, err)
	}
	challenge, err := h.Answer(tokens)
	return challenge, crm.Wrap(op, err)
}

// Arrival is a verified and decoded webhook request, ready to be committed.
type Arrival struct {
	delivery   crm.Delivery // without workspace, verdict and counts
	facts      int
	parts      map[crm.WorkspaceID][]Item
	problems   []string // why facts are nobody's
	foreign    int      // facts that are not in the share: another host's
	unreadable error
	again      bool // a replay: what was applied before is looked at again
}

// Prepare does all of [Service.Receive] that needs no transaction, so that
// several requests can share one [Service.Commit]. A body that cannot be read
// is an Arrival too: it is journalled.
func (s *Service) Prepare(ctx context.Context, r webhook.Request) (*Arrival, error) {
	secrets, err := s.channels.Secrets(ctx, r.Provider)
	if err != nil {
		return nil, err
	}
	signer, err := webhook.Verify(r, secrets)
	if err != nil {
		return nil, err
	}
	a := &Arrival{delivery: crm.Delivery{
		Key: crm.DeliveryKey(r.Body, r.Share), Provider: r.Provider, Event: r.Event, Share: r.Share.Sorted(),
		Signer: fingerprint(secrets[signer]), Body: r.Body, ReceivedAt: s.mint.Now(), Seen: 1,
	}}
	facts, err := webhook.Decode(r.Provider, r.Event, r.Body)
	if err != nil {
		a.unreadable = err
		return a, nil
	}
	return a, s.sortOut(ctx, a, facts)
}

// fingerprint names a secret without giving it away.
func fingerprint(secret crm.Secret) string {
	sum := sha256.Sum256([]byte("my21staff webhook signer\x00" + string(secret)))
	return hex.EncodeToString(sum[:8])
}

// sortOut finds the channel of each fact in the share. A fact belongs to a
// channel only if the body was signed with a secret of that channel: who can
// sign for one number cannot write into another's inbox.
func (s *Service) sortOut(ctx context.Context, a *Arrival, facts []webhook.Fact) error {
	a.parts = make(map[crm.WorkspaceID][]Item)
	for i := range facts {
		f := &facts[i]
		if !a.delivery.Share.Holds(f.PhoneNumberID, f.AccountID) {
			a.foreign++
			continue
		}
		a.facts++
		channels, err := s.owners(ctx, f)
		if err != nil {
			return err
		}
		reason := "no channel with this number"
		for _, ch := range channels {
			switch {
			case !signs(ch, a.delivery.Signer):
				reason = "signed with the secret of another channel"
			case !ch.DisabledAt.IsZero():
				reason = "the channel is switched off"
			default:
				reason = ""
				a.parts[ch.WorkspaceID] = append(a.parts[ch.WorkspaceID], Item{Channel: ch, Fact: f})
			}
		}
		if reason != "" {
			a.problems = append(a.problems, reason)
		}
	}
	return nil
}

// owners returns the channels a fact is about: the one of its number or, for
// news of a business account, those of the account: all for its templates, else
// one of each workspace.
func (s *Service) owners(ctx context.Context, f *webhook.Fact) ([]*crm.Channel, error) {
	if f.PhoneNumberID != "" {
		ch, err := s.channels.Channel(ctx, f.Provider, f.PhoneNumberID)
		if errors.Is(err, crm.NotFound) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		return []*crm.Channel{ch}, nil
	}
	if f.AccountID == "" {
		return nil, nil
	}
	channels, err := s.channels.Account(ctx, f.Provider, f.AccountID)
	if err != nil || f.Kind == webhook.Template {
		return channels, err
	}
	told := make(map[crm.WorkspaceID]bool)
	return slices.DeleteFunc(slices.Clone(channels), func(ch *crm.Channel) bool {
		again := told[ch.WorkspaceID]
		told[ch.WorkspaceID] = true
		return again
	}), nil
}

// signs reports whether the fingerprint is of one of the channel's secrets.
func signs(ch *crm.Channel, signer string) bool {
	return slices.ContainsFunc(ch.Credentials.WebhookSecrets, func(secret crm.Secret) bool {
		return fingerprint(secret) == signer
	})
}

// Commit applies arrivals in one transaction and returns their receipts in the
// same order. Arrivals of several workspaces are loaded, decided and written
// workspace by workspace. If it fails, nothing of any of them is stored.
func (s *Service) Commit(ctx context.Context, arrivals []*Arrival) ([]Receipt, error) {
	var receipts []Receipt
	err := s.store.Update(ctx, workspacesOf(arrivals), func(ctx context.Context, tx Tx) error {
		receipts = make([]Receipt, len(arrivals))
		for _, ws := range workspacesOf(arrivals) {
			if err := s.commitPart(ctx, tx, ws, arrivals, receipts); err != nil {
				return err
			}
		}
		return nil
	})
	return receipts, err
}

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

// commitPart applies what belongs to one workspace and journals it there.
func (s *Service) commitPart(ctx context.Context, tx Tx, ws crm.WorkspaceID, arrivals []*Arrival, receipts []Receipt) error {
	need := Need{WorkspaceID: ws}
	var items []Item
	for _, a := range arrivals {
		items = append(items, a.parts[ws]...)
	}
	if len(items) > 0 {
		need = NeedOf(ws, items)
	}
	for _, a := range arrivals {
		need.Deliveries = append(need.Deliveries, a.delivery.Key)
	}
	state, err := tx.Load(ctx, need)
	if err != nil {
		return err
	}
	done := make(map[[32]byte]*crm.Delivery)
	for _, d := range state.Deliveries {
		done[d.Key] = d
	}
	changes := s.decide(ws, state, arrivals, done, receipts)
	return tx.Write(ctx, &changes)
}

// decide applies each arrival's part of a workspace that has not been applied
// before, and writes its line in the journal.
func (s *Service) decide(ws crm.WorkspaceID, state *State, arrivals []*Arrival, done map[[32]byte]*crm.Delivery, receipts []Receipt) crm.Changes {
	w := newWorld(ws, state, s.mint)
	written := make(map[[32]byte]*crm.Delivery)
	for i, a := range arrivals {
		items, mine := a.parts[ws]
		if !mine && (!ws.IsZero() || a.whole()) {
			continue
		}
		if twin := written[a.delivery.Key]; twin != nil { // the same bytes twice in one batch
			twin.Seen++
			receipts[i].add(twin)
			continue
		}
		d := a.delivery
		d.ID, d.WorkspaceID = crm.NewID[crm.Delivery](s.mint), ws
		known := done[d.Key]
		if known != nil { // the row is kept, whatever becomes of it now
			d.ID = known.ID
		}
		switch {
		case known != nil && known.Verdict == crm.DeliveryApplied && !a.again:
			d.Facts, d.Applied, d.Verdict = known.Facts, known.Applied, known.Verdict
		case ws.IsZero():
			a.closeNobodys(&d)
		default:
			w.applyPart(&d, items)
		}
		if !ws.IsZero() && !a.whole() {
			d.Body = nil
		}
		w.changes.Deliveries = append(w.changes.Deliveries, &d)
		receipts[i].add(&d)
		written[d.Key] = &d
	}
	return w.changes
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
		r.Verdict = d.Verdict
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

// Reconcile applies facts that a poll of the provider's own list found for a
// channel, and returns how many were news. It closes the gap that is left when
// a provider gives up on a webhook.
func (s *Service) Reconcile(ctx context.Context, ch *crm.Channel, facts []webhook.Fact) (news int, err error) {
	items := make([]Item, len(facts))
	for i := range facts {
		items[i] = Item{Channel: ch, Fact: &facts[i]}
	}
	err = s.store.Update(ctx, []crm.WorkspaceID{ch.WorkspaceID}, func(ctx context.Context, tx Tx) error {
		news = 0
		state, err := tx.Load(ctx, NeedOf(ch.WorkspaceID, items))
		if err != nil {
			return err
		}
		changes, outcomes := Apply(ch.WorkspaceID, state, items, s.mint)
		for _, outcome := range outcomes {
			if outcome.Applied {
				news++
			}
		}
		if changes.Empty() {
			return nil
		}
		return tx.Write(ctx, &changes)
	})
	return news, crm.Wrap("reconcile", err)
}
