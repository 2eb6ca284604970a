package directory

import (
	"context"
	"slices"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// CacheFor is how old the copy of the channels may be that the look-ups below
// answer from: every webhook asks, and channels change a few times a year.
const CacheFor = 5 * time.Second

// missFor is how old the copy may be when a number is not in it, so that a
// number just connected on another host is found soon and a stranger's webhooks
// do not become queries.
const missFor = time.Second

// numbers is a copy of the installation's channels. It is never changed.
type numbers struct {
	at       time.Time
	all      []*crm.Channel
	byNumber map[number]*crm.Channel
	secrets  map[crm.Provider][]crm.Secret
	tokens   map[crm.Provider][]crm.Secret
}

type number struct {
	provider      crm.Provider
	phoneNumberID string
}

// Channel returns the channel of a provider's number, with its credentials, or
// NotFound. Like the other methods of this file it answers from memory, at most
// CacheFor old; a number that is not there is looked up afresh, at most once a
// second.
func (s *Service) Channel(ctx context.Context, provider crm.Provider, phoneNumberID string) (*crm.Channel, error) {
	const op = "find channel"
	for _, age := range []time.Duration{CacheFor, missFor} {
		kept, err := s.numbers(ctx, age)
		if err != nil {
			return nil, crm.Wrap(op, err)
		}
		if c := kept.byNumber[number{provider, phoneNumberID}]; c != nil {
			return clone(c), nil
		}
	}
	return nil, crm.Wrap(op, missing("channel"))
}

// Secrets returns every active webhook secret of a provider's channels, each
// once; also of channels that are switched off, because to refuse their webhooks
// would have the provider pause those of the others.
func (s *Service) Secrets(ctx context.Context, provider crm.Provider) ([]crm.Secret, error) {
	kept, err := s.numbers(ctx, CacheFor)
	if err != nil {
		return nil, crm.Wrap("find webhook secrets", err)
	}
	return slices.Clone(kept.secrets[provider]), nil
}

// VerifyTokens returns the handshake tokens of a provider's channels, each once.
func (s *Service) VerifyTokens(ctx context.Context, provider crm.Provider) ([]crm.Secret, error) {
	kept, err := s.numbers(ctx, CacheFor)
	if err != nil {
		return nil, crm.Wrap("find verify tokens", err)
	}
	return slices.Clone(kept.tokens[provider]), nil
}

// Account returns the channels of a business account, of whatever workspace; an
// empty id is no account.
func (s *Service) Account(ctx context.Context, provider crm.Provider, accountID string) ([]*crm.Channel, error) {
	kept, err := s.numbers(ctx, CacheFor)
	if err != nil {
		return nil, crm.Wrap("find channels of an account", err)
	}
	var found []*crm.Channel
	for _, c := range kept.all {
		if c.Provider == provider && c.BusinessAccountID == accountID && accountID != "" {
			found = append(found, clone(c))
		}
	}
	return found, nil
}

// AllChannels returns every channel of the installation, for workers.
func (s *Service) AllChannels(ctx context.Context) ([]*crm.Channel, error) {
	kept, err := s.numbers(ctx, CacheFor)
	if err != nil {
		return nil, crm.Wrap("list all channels", err)
	}
	all := make([]*crm.Channel, len(kept.all))
	for i, c := range kept.all {
		all[i] = clone(c)
	}
	return all, nil
}

// numbers returns a copy younger than age. One caller reads it; the others wait
// for that one, each as long as its own context allows.
func (s *Service) numbers(ctx context.Context, age time.Duration) (*numbers, error) {
	if kept := s.channels.Load(); kept.young(s.mint.Now(), age) {
		return kept, nil
	}
	if err := s.lock(ctx); err != nil {
		return nil, err
	}
	defer s.unlock()
	if kept := s.channels.Load(); kept.young(s.mint.Now(), age) {
		return kept, nil
	}
	return s.load(ctx)
}

// refresh makes the next look-up see what was saved just now. What was saved is
// saved: a copy that cannot be read now is read when it is asked for.
func (s *Service) refresh(ctx context.Context) {
	if s.lock(ctx) == nil {
		defer s.unlock()
		if _, err := s.load(ctx); err == nil {
			return
		}
	}
	s.channels.Store(nil)
}

func (s *Service) lock(ctx context.Context) error {
	select {
	case s.loading <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &crm.Error{Op: "wait for the channels", Code: crm.Unavailable, Err: ctx.Err()}
	}
}

func (s *Service) unlock() { <-s.loading }

// load reads the copy; the caller holds the lock.
func (s *Service) load(ctx context.Context) (*numbers, error) {
	now := s.mint.Now() // before the question: what is saved after it may be missing
	list, err := s.store.AllChannels(ctx)
	if err != nil {
		return nil, err
	}
	read := newNumbers(list, now)
	s.channels.Store(read)
	return read, nil
}

func newNumbers(list []*crm.Channel, now time.Time) *numbers {
	n := &numbers{
		at: now, all: list, byNumber: make(map[number]*crm.Channel, len(list)),
		secrets: make(map[crm.Provider][]crm.Secret), tokens: make(map[crm.Provider][]crm.Secret),
	}
	add := func(to map[crm.Provider][]crm.Secret, provider crm.Provider, secret crm.Secret) {
		if secret != "" && !slices.Contains(to[provider], secret) {
			to[provider] = append(to[provider], secret)
		}
	}
	for _, c := range list {
		n.byNumber[number{c.Provider, c.PhoneNumberID}] = c
		add(n.tokens, c.Provider, c.Credentials.VerifyToken)
		for _, secret := range c.Credentials.WebhookSecrets {
			add(n.secrets, c.Provider, secret)
		}
	}
	return n
}

// young reports whether the copy is there and younger than age. A clock that
// stepped back makes it old.
func (n *numbers) young(now time.Time, age time.Duration) bool {
	return n != nil && !now.Before(n.at) && now.Sub(n.at) < age
}

// clone returns a channel the caller may change.
func clone(c *crm.Channel) *crm.Channel {
	own := *c
	own.Credentials.WebhookSecrets = slices.Clone(c.Credentials.WebhookSecrets)
	return &own
}
