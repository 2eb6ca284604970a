package directory

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

// The limits of a channel.
const (
	MaxWebhookSecrets = 2    // active at once, while rotating
	MinWebhookSecret  = 8    // characters
	maxSecret         = 4096 // characters
	maxProviderID     = 32   // digits
	maxDisplayNumber  = 40   // characters
	maxBaseURL        = 2048 // characters
)

// Channels returns the workspace's channels, oldest first, with their
// credentials: who shows them to people leaves those out.
func (s *Service) Channels(ctx context.Context, p access.Principal) ([]*crm.Channel, error) {
	const op = "list channels"
	if err := p.Check(access.ReadChannels); err != nil {
		return nil, crm.Wrap(op, err)
	}
	list, err := s.store.Channels(ctx, p.WorkspaceID)
	return list, crm.Wrap(op, err)
}

// SaveChannel connects a channel (zero id) or changes one. Credentials that are
// empty stay as they are stored. DisabledAt, when set, switches it off; an empty
// PausedReason lets it send again, any other stays as it is stored.
//
// A number that is connected already, in whatever workspace, is Conflict
// ("number_taken"); an unknown id NotFound; a field that cannot be right Invalid. What Channel and
// the other look-ups of this service answer is the new state at once.
func (s *Service) SaveChannel(ctx context.Context, p access.Principal, c crm.Channel) (*crm.Channel, error) {
	const op = "save channel"
	if err := p.Check(access.ManageChannels); err != nil {
		return nil, crm.Wrap(op, err)
	}
	now := s.mint.Now()
	old := crm.Channel{ID: crm.NewID[crm.Channel](s.mint), CreatedAt: now}
	if !c.ID.IsZero() {
		list, err := s.store.Channels(ctx, p.WorkspaceID)
		if err != nil {
			return nil, crm.Wrap(op, err)
		}
		at := slices.IndexFunc(list, func(have *crm.Channel) bool { return have.ID == c.ID })
		if at < 0 {
			return nil, crm.Wrap(op, missing("channel"))
		}
		old = *list[at]
	}
	c.ID, c.WorkspaceID, c.CreatedAt = old.ID, p.WorkspaceID, old.CreatedAt
	c = readChannel(c, old, now)
	if err := checkChannel(c); err != nil {
		return nil, crm.Wrap(op, err)
	}
	if err := s.store.SaveChannel(ctx, &c); err != nil {
		return nil, crm.Wrap(op, s.taken(ctx, c, err))
	}
	s.refresh(ctx)
	return &c, nil
}

// taken says that a conflict is about a number that is connected already, if it is.
func (s *Service) taken(ctx context.Context, c crm.Channel, err error) error {
	if crm.CodeOf(err) != crm.Conflict {
		return err
	}
	all, failed := s.store.AllChannels(ctx)
	if failed == nil && slices.ContainsFunc(all, func(have *crm.Channel) bool {
		return have.ID != c.ID && have.Provider == c.Provider && have.PhoneNumberID == c.PhoneNumberID
	}) {
		return &crm.Error{Op: "check number", Code: crm.Conflict, Reason: "number_taken", Msg: "This number is connected already.", Err: err}
	}
	return err
}

// readChannel returns the channel as it is stored, with what stays of the old.
func readChannel(c, old crm.Channel, now time.Time) crm.Channel {
	c.Name, c.DisplayNumber = strings.TrimSpace(c.Name), strings.TrimSpace(c.DisplayNumber)
	if c.Credentials.Token == "" {
		c.Credentials.Token = old.Credentials.Token
	}
	if c.Credentials.VerifyToken == "" {
		c.Credentials.VerifyToken = old.Credentials.VerifyToken
	}
	if len(c.Credentials.WebhookSecrets) == 0 {
		c.Credentials.WebhookSecrets = old.Credentials.WebhookSecrets
	}
	c.Credentials.WebhookSecrets = slices.Clone(c.Credentials.WebhookSecrets)
	switch {
	case c.DisabledAt.IsZero():
	case old.DisabledAt.IsZero():
		c.DisabledAt = now
	default:
		c.DisabledAt = old.DisabledAt
	}
	if c.PausedReason != "" {
		c.PausedReason = old.PausedReason
	}
	return c
}

func checkChannel(c crm.Channel) error {
	switch {
	case c.Provider != crm.Kapso && c.Provider != crm.Meta:
		return invalid("provider", "The provider is kapso or meta.")
	case c.PhoneNumberID == "" || !isProviderID(c.PhoneNumberID):
		return invalid("phone_number_id", "The phone number id is the digits by which the provider names the number.")
	case !isProviderID(c.BusinessAccountID):
		return invalid("business_account_id", "The business account id has digits only.")
	case c.BaseURL != "" && !isBaseURL(c.BaseURL):
		return invalid("base_url", "The provider's address begins with https://, or with http:// on this machine, and has no query.")
	}
	if err := crm.CheckText("name", "The name", c.Name, 0, MaxName); err != nil {
		return err
	}
	if err := crm.CheckText("display_number", "The display number", c.DisplayNumber, 0, maxDisplayNumber); err != nil {
		return err
	}
	return checkCredentials(c.Credentials)
}

func checkCredentials(c crm.Credentials) error {
	if len(c.WebhookSecrets) > MaxWebhookSecrets {
		return invalid("webhook_secrets", "A channel has at most two webhook secrets.")
	}
	for _, secret := range c.WebhookSecrets {
		if len(secret) < MinWebhookSecret {
			return invalid("webhook_secrets", "A webhook secret has at least 8 characters.")
		}
		if err := crm.CheckText("webhook_secrets", "A webhook secret", string(secret), 1, maxSecret); err != nil {
			return err
		}
	}
	if err := crm.CheckText("token", "The token", string(c.Token), 0, maxSecret); err != nil {
		return err
	}
	return crm.CheckText("verify_token", "The verify token", string(c.VerifyToken), 0, maxSecret)
}

func isProviderID(text string) bool {
	return len(text) <= maxProviderID && strings.Trim(text, "0123456789") == ""
}

// isBaseURL reports whether a provider may be talked to at the address: with
// TLS, or on this machine, where the simulator is.
func isBaseURL(address string) bool {
	u, err := url.Parse(address)
	if err != nil || len(address) > maxBaseURL || u.Hostname() == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return false
	}
	ip, err := netip.ParseAddr(u.Hostname())
	loopback := u.Hostname() == "localhost" || err == nil && ip.IsLoopback()
	return u.Scheme == "https" || u.Scheme == "http" && loopback
}
