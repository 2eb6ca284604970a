package inbox

import (
	"context"
	"errors"
	"slices"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
)

// Receipt says what became of a webhook request.
type Receipt struct {
	DeliveryID crm.DeliveryID // its row in the journal
	Verdict    crm.Verdict
	Facts      int    // facts it held, without those of other hosts
	Applied    int    // facts that changed something
	Reason     string // why not all were applied, in words; empty when all were
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
// pauses a webhook that answers errors; nor is a fact that cannot be stored, for
// whatever reason (see [Service.Commit]). Unavailable means that nothing was
// stored and the provider must try again, Uncertain that it must do so too but
// may have been heard.
func (s *Service) Receive(ctx context.Context, r webhook.Request) (Receipt, error) {
	const op = "receive webhook"
	arrival, err := s.Prepare(ctx, r)
	if err != nil {
		return Receipt{}, crm.Wrap(op, err)
	}
	result := s.Commit(ctx, []*Arrival{arrival})[0]
	return result.Receipt, crm.Wrap(op, result.Err)
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

// Facts returns how many facts an arrival brings.
func (a *Arrival) Facts() int { return a.facts }

// Workspace returns the first of the workspaces an arrival is for, the zero one
// if it is nobody's: who gathers arrivals sees to it that none crowds out the
// others.
func (a *Arrival) Workspace() crm.WorkspaceID {
	first := crm.WorkspaceID{}
	for ws := range a.parts {
		if first.IsZero() || ws.Compare(first) < 0 {
			first = ws
		}
	}
	return first
}

// Prepare does all of [Service.Receive] that needs no transaction, so that
// several requests can share one [Service.Commit]. A body that cannot be read
// is an Arrival too: it is journalled.
func (s *Service) Prepare(ctx context.Context, r webhook.Request) (*Arrival, error) {
	signer, err := s.signer(ctx, r)
	if err != nil {
		return nil, err
	}
	a := &Arrival{delivery: crm.Delivery{
		Key: crm.DeliveryKey(r.Body, r.Share), Provider: r.Provider, Event: r.Event, Share: r.Share.Sorted(),
		Signer: crm.Fingerprint(signer), Body: r.Body, ReceivedAt: s.mint.Now(), Seen: 1,
	}}
	facts, err := webhook.Decode(r.Provider, r.Event, r.Body)
	if err != nil {
		a.unreadable = err
		return a, nil
	}
	return a, s.sortOut(ctx, a, facts)
}

// signer returns the secret that a request was signed with. Those of the channel
// whose number the body names first are tried before the others: where every tenant
// has a secret of its own, all would be tried, a hash of the body each.
func (s *Service) signer(ctx context.Context, r webhook.Request) (crm.Secret, error) {
	if ch, err := s.channels.Channel(ctx, r.Provider, r.SeemsFor()); err == nil {
		if i, err := webhook.Verify(r, ch.Credentials.WebhookSecrets); err == nil {
			return ch.Credentials.WebhookSecrets[i], nil
		}
	}
	secrets, err := s.channels.Secrets(ctx, r.Provider)
	if err != nil {
		return "", err
	}
	i, err := webhook.Verify(r, secrets)
	if err != nil {
		return "", err
	}
	return secrets[i], nil
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
				a.parts[ch.WorkspaceID] = append(a.parts[ch.WorkspaceID], Item{Channel: ch, Fact: f, numbers: &s.numbers})
				s.numbers.all(f) // found out here, where nobody waits for it
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
		return crm.Fingerprint(secret) == signer
	})
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
