package worker

import (
	"context"
	"log/slog"
	"time"

	"github.com/my21staff/my21staff/crm"
)

const (
	// syncEvery is how often a channel's templates are asked for; changes come
	// by webhook as well.
	syncEvery = time.Hour
	// syncAgain is how soon a channel that failed is asked again.
	syncAgain = time.Minute
)

// TemplateLister reads a provider's list of templates; kapso.Client and
// meta.Client are.
type TemplateLister interface {
	Templates(ctx context.Context, ch *crm.Channel) ([]*crm.Template, error)
}

// TemplateKeeper stores a channel's templates; the inbox service does.
type TemplateKeeper interface {
	SyncTemplates(ctx context.Context, ch *crm.Channel, listed []*crm.Template) error
}

// TemplateSync keeps the list of templates as the providers have it.
type TemplateSync struct {
	Channels Channels
	Listers  map[crm.Provider]TemplateLister
	Inbox    TemplateKeeper
	Now      func() time.Time
	Log      *slog.Logger

	due map[crm.ChannelID]time.Time
}

// Turn syncs the channels that are due: a new one at once, each once an hour.
// A channel that fails is logged and comes again a minute later.
func (s *TemplateSync) Turn(ctx context.Context) error {
	channels, err := s.Channels.AllChannels(ctx)
	if err != nil {
		return err
	}
	if s.due == nil {
		s.due = map[crm.ChannelID]time.Time{}
	}
	for _, ch := range channels {
		lister, now := s.Listers[ch.Provider], s.Now()
		if lister == nil || !working(ch) || ch.BusinessAccountID == "" || now.Before(s.due[ch.ID]) || ctx.Err() != nil {
			continue
		}
		s.due[ch.ID] = now.Add(syncEvery)
		if err := s.sync(ctx, lister, ch); err != nil && ctx.Err() == nil {
			s.due[ch.ID] = now.Add(syncAgain)
			s.Log.Warn("a channel's templates could not be synced", "channel", ch.ID.String(), "error", err)
		}
	}
	return nil
}

func (s *TemplateSync) sync(ctx context.Context, lister TemplateLister, ch *crm.Channel) error {
	listed, err := lister.Templates(ctx, ch)
	if err != nil {
		return err
	}
	return s.Inbox.SyncTemplates(ctx, ch, listed)
}
