package worker

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
)

const (
	// lookBack is how far the first poll after a start asks back: the host may
	// have been down, and Kapso gives up on a webhook after about two minutes.
	lookBack = 24 * time.Hour
	// overlap is how far a poll asks back behind the one before: lists lag.
	overlap = 10 * time.Minute
	// partFacts is how many facts are taken in at once.
	partFacts = 500
)

// Channels lists the installation's channels with their credentials; the
// directory service does.
type Channels interface {
	AllChannels(ctx context.Context) ([]*crm.Channel, error)
}

// Lister reads a provider's list of messages; kapso.Client is one.
type Lister interface {
	// Recent returns what the provider knows of the channel since a time, as
	// facts. When that is more than it gives, it is TooLarge and what it gave.
	Recent(ctx context.Context, ch *crm.Channel, since time.Time) ([]webhook.Fact, error)
}

// Reconciling takes in what a list brought; the inbox service does.
type Reconciling interface {
	Reconcile(ctx context.Context, ch *crm.Channel, facts []webhook.Fact) (news int, err error)
}

// Reconciler asks providers for what no webhook brought.
type Reconciler struct {
	Channels Channels
	Listers  map[crm.Provider]Lister
	Inbox    Reconciling
	Now      func() time.Time
	Found    func(facts int) // counts
	Log      *slog.Logger

	asked map[crm.ChannelID]time.Time // when each was last asked with success
}

// Turn asks for every channel once. A channel that fails is logged and asked
// further back the next time; only a list of channels that cannot be had is an
// error.
func (r *Reconciler) Turn(ctx context.Context) error {
	channels, err := r.Channels.AllChannels(ctx)
	if err != nil {
		return err
	}
	if r.asked == nil {
		r.asked = map[crm.ChannelID]time.Time{}
	}
	for _, ch := range channels {
		if lister := r.Listers[ch.Provider]; lister != nil && working(ch) && ctx.Err() == nil {
			r.channel(ctx, lister, ch)
		}
	}
	return nil
}

func (r *Reconciler) channel(ctx context.Context, lister Lister, ch *crm.Channel) {
	now := r.Now()
	since := now.Add(-lookBack)
	if last, ok := r.asked[ch.ID]; ok {
		since = last.Add(-overlap)
	}
	facts, err := lister.Recent(ctx, ch, since)
	if crm.CodeOf(err) == crm.TooLarge { // what was read is taken in; the rest is older, and will not be less the next time
		r.Log.Warn("a channel has more to compare than the provider's list gives", "channel", ch.ID.String(), "facts", len(facts), "error", err)
		err = nil
	}
	if err == nil {
		err = r.takeIn(ctx, ch, facts)
	}
	if err != nil {
		if ctx.Err() == nil {
			r.Log.Warn("a channel could not be compared with the provider's list", "channel", ch.ID.String(), "error", err)
		}
		return
	}
	r.asked[ch.ID] = now
}

// takeIn hands facts over in parts that a transaction can bear.
func (r *Reconciler) takeIn(ctx context.Context, ch *crm.Channel, facts []webhook.Fact) error {
	for part := range slices.Chunk(facts, partFacts) {
		news, err := r.Inbox.Reconcile(ctx, ch, part)
		if err != nil {
			return err
		}
		r.Found(news)
	}
	return nil
}

// working reports whether a channel is on and has what its provider asks for.
func working(ch *crm.Channel) bool {
	return ch.DisabledAt.IsZero() && ch.Credentials.Token != ""
}
