package bunstore

import (
	"context"
	"encoding/json"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

type channelRow struct {
	bun.BaseModel `bun:"table:channels,alias:channels"`

	WorkspaceID       uid    `bun:"workspace_id,pk"`
	ID                uid    `bun:"id,pk"`
	Provider          text   `bun:"provider"`
	PhoneNumberID     text   `bun:"phone_number_id"`
	BusinessAccountID text   `bun:"business_account_id"`
	DisplayNumber     text   `bun:"display_number"`
	Name              text   `bun:"name"`
	BaseURL           text   `bun:"base_url"`
	Credentials       []byte `bun:"credentials"` // sealed
	CreatedAt         stamp  `bun:"created_at"`
	DisabledAt        moment `bun:"disabled_at"`
	PausedReason      text   `bun:"paused_reason"`
}

// channelNumberRow makes a provider's number unique in the installation.
type channelNumberRow struct {
	bun.BaseModel `bun:"table:channel_numbers,alias:channel_numbers"`

	Provider      text `bun:"provider,pk"`
	PhoneNumberID text `bun:"phone_number_id,pk"`
	WorkspaceID   uid  `bun:"workspace_id"`
	ChannelID     uid  `bun:"channel_id"`
}

// credentials are a channel's secrets as they are sealed: crm.Secret would
// encode itself as "[secret]".
type credentials struct {
	Token          string   `json:"token"`
	VerifyToken    string   `json:"verify_token"`
	WebhookSecrets []string `json:"webhook_secrets"`
}

// place is what a channel's credentials are bound to.
func (r *channelRow) place() string {
	return crm.WorkspaceID(r.WorkspaceID).String() + "/channels/credentials/" + crm.ChannelID(r.ID).String()
}

func (s *Store) channelOf(ctx context.Context, c *crm.Channel) (channelRow, error) {
	row := channelRow{
		WorkspaceID: uid(c.WorkspaceID), ID: uid(c.ID), Provider: text(c.Provider), PhoneNumberID: text(c.PhoneNumberID),
		BusinessAccountID: text(c.BusinessAccountID), DisplayNumber: text(c.DisplayNumber), Name: text(c.Name), BaseURL: text(c.BaseURL),
		CreatedAt: stamp(c.CreatedAt), DisabledAt: moment(c.DisabledAt), PausedReason: text(c.PausedReason),
	}
	open := credentials{Token: string(c.Credentials.Token), VerifyToken: string(c.Credentials.VerifyToken)}
	for _, secret := range c.Credentials.WebhookSecrets {
		open.WebhookSecrets = append(open.WebhookSecrets, string(secret))
	}
	if open.Token == "" && open.VerifyToken == "" && len(open.WebhookSecrets) == 0 {
		return row, nil
	}
	if s.sealer == nil {
		return row, errNoSealer
	}
	plain, err := json.Marshal(open)
	if err != nil {
		return row, err
	}
	row.Credentials, err = s.sealer.Seal(ctx, plain, row.place())
	return row, err
}

// errNoSealer is returned rather than a secret written in clear, or a channel
// handed out that could never send.
var errNoSealer = &crm.Error{
	Op: "seal credentials", Code: crm.Internal, Reason: "no_sealer",
	Msg: "This store was opened without a key for secrets, so it can neither keep nor read a channel's credentials.",
}

func (s *Store) channel(ctx context.Context, r *channelRow) (*crm.Channel, error) {
	c := &crm.Channel{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ID: crm.ChannelID(r.ID), Provider: crm.Provider(r.Provider),
		PhoneNumberID: string(r.PhoneNumberID), BusinessAccountID: string(r.BusinessAccountID), DisplayNumber: string(r.DisplayNumber),
		Name: string(r.Name), BaseURL: string(r.BaseURL), CreatedAt: time.Time(r.CreatedAt), DisabledAt: time.Time(r.DisabledAt),
		PausedReason: string(r.PausedReason),
	}
	if len(r.Credentials) == 0 {
		return c, nil
	}
	if s.sealer == nil {
		return nil, errNoSealer
	}
	plain, err := s.sealer.Open(ctx, r.Credentials, r.place())
	if err != nil {
		return nil, err
	}
	var open credentials
	if err := json.Unmarshal(plain, &open); err != nil {
		return nil, err
	}
	c.Credentials = crm.Credentials{Token: crm.Secret(open.Token), VerifyToken: crm.Secret(open.VerifyToken)}
	for _, secret := range open.WebhookSecrets {
		c.Credentials.WebhookSecrets = append(c.Credentials.WebhookSecrets, crm.Secret(secret))
	}
	return c, nil
}

// opener returns the function that maps a row to a channel with its
// credentials.
func (s *Store) opener(ctx context.Context) func(*channelRow) (*crm.Channel, error) {
	return func(r *channelRow) (*crm.Channel, error) { return s.channel(ctx, r) }
}

// channels replaces channels and registers their numbers.
func (b *batch) channels(ctx context.Context, channels []*crm.Channel) {
	rows := rowsOf(b, channels, func(c *crm.Channel) (channelRow, error) { return b.t.store.channelOf(ctx, c) })
	put(b, rows, replaceByID)
	var numbers []channelNumberRow
	for _, row := range rows {
		b.do("delete from channel_numbers where workspace_id = ? and channel_id = ?", row.WorkspaceID, row.ID)
		if row.PhoneNumberID != "" {
			numbers = append(numbers, channelNumberRow{Provider: row.Provider, PhoneNumberID: row.PhoneNumberID, WorkspaceID: row.WorkspaceID, ChannelID: row.ID})
		}
	}
	put(b, numbers, "")
}

// SaveChannel implements directory.Channels.
func (s directoryStore) SaveChannel(ctx context.Context, c *crm.Channel) error {
	return s.save(ctx, "save a channel", c.WorkspaceID, func(b *batch) { b.channels(ctx, []*crm.Channel{c}) })
}

// Channels implements directory.Channels.
func (s directoryStore) Channels(ctx context.Context, ws crm.WorkspaceID) ([]*crm.Channel, error) {
	q := from[channelRow](s.Store).and(" where workspace_id = ? order by id", uid(ws))
	return list(ctx, s.reader("list channels", of(ws)), q, s.opener(ctx))
}

// AllChannels implements directory.Channels.
func (s directoryStore) AllChannels(ctx context.Context) ([]*crm.Channel, error) {
	q := from[channelRow](s.Store).and(" order by workspace_id, id")
	return list(ctx, s.reader("list every channel", everywhere), q, s.opener(ctx))
}
