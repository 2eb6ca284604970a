// Package kapso talks to WhatsApp through Kapso, whose proxy takes Meta's own
// requests under an API key. Beside what package meta does it reads Kapso's
// list of messages, which closes the gaps that webhooks leave.
package kapso

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"time"

	"github.com/my21staff/my21staff/adapters/internal/graph"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
)

// Options change how a Client reaches Kapso. The zero value is right for the
// real API.
type Options struct {
	BaseURL string        // "https://api.kapso.ai/meta/whatsapp" when empty; a channel's own BaseURL goes first
	Version string        // "v24.0" when empty
	HTTP    *http.Client  // nil: one with short dial time-outs
	Timeout time.Duration // of a whole call, 30 s when 0; a file may take ten times as long
}

// Client calls Kapso for any channel, with the channel's own API key. Its
// methods may be used from several goroutines.
type Client struct{ graph *graph.Client }

// New returns a client.
func New(o Options) *Client {
	if o.BaseURL == "" {
		o.BaseURL = "https://api.kapso.ai/meta/whatsapp"
	}
	if o.Version == "" {
		o.Version = "v24.0"
	}
	return &Client{graph.New(graph.Options{
		BaseURL: o.BaseURL, Version: o.Version, HTTP: o.HTTP, Timeout: o.Timeout,
		Authorize: authorize,
	})}
}

func authorize(header http.Header, token crm.Secret) {
	header.Set("X-API-Key", string(token))
}

// Send makes one attempt to hand over a message. The error is a
// *crm.SendError; it is ambiguous unless Kapso or Meta refused in words we can
// read or no connection came about.
func (c *Client) Send(ctx context.Context, ch *crm.Channel, m crm.Outgoing) (crm.Accepted, error) {
	return c.graph.Send(ctx, ch, m)
}

// MarkRead marks an inbound message, and all before it, as read. With typing
// the customer also sees for up to 25 seconds that somebody writes.
func (c *Client) MarkRead(ctx context.Context, ch *crm.Channel, providerID string, typing bool) error {
	return c.graph.MarkRead(ctx, ch, providerID, typing)
}

// Upload stores a file with WhatsApp for 30 days and returns its id. It closes
// the file's body. A file beyond 100 MB is TooLarge; one that WhatsApp does not
// take is Invalid, with the provider's words.
func (c *Client) Upload(ctx context.Context, ch *crm.Channel, f crm.File) (mediaID string, err error) {
	return c.graph.Upload(ctx, ch, f)
}

// Download fetches a file by its media id; the caller closes its body. A file
// that is no longer there is NotFound, and one beyond 100 MB is TooLarge, if
// only once that much of it was read.
func (c *Client) Download(ctx context.Context, ch *crm.Channel, mediaID string) (*crm.File, error) {
	return c.graph.Download(ctx, ch, mediaID)
}

// Templates returns all templates of the channel's business account, whatever
// their status. They carry the provider's id and none of ours.
func (c *Client) Templates(ctx context.Context, ch *crm.Channel) ([]*crm.Template, error) {
	return c.graph.Templates(ctx, ch)
}

// Check asks Kapso whether the channel's token may act for its number, which changes
// nothing. One that may not is Refused, a number the token does not know NotFound,
// and without a readable answer it is Unavailable.
func (c *Client) Check(ctx context.Context, ch *crm.Channel) error {
	return c.graph.Check(ctx, ch)
}

// listedFields are Kapso's additions to a message that its list must be asked
// for, in the form its published client sends.
const listedFields = "kapso(direction,status,processing_status,phone_number,has_media,media_data,media_url," +
	"whatsapp_conversation_id,contact_name,message_type_data,content,flow_response,flow_token,flow_name,order_text)"

// Recent returns the messages of the channel's number since a time, both ways,
// as facts for the inbox's Reconcile, in the order Kapso lists them. A message
// that cannot be read is an Unreadable fact. The facts read before an error are
// returned with it; a list of more than 10,000 messages ends in TooLarge.
func (c *Client) Recent(ctx context.Context, ch *crm.Channel, since time.Time) ([]webhook.Fact, error) {
	var facts []webhook.Fact
	query := url.Values{"limit": {"100"}, "fields": {listedFields}, "since": {since.UTC().Format(time.RFC3339)}}
	err := c.graph.List(ctx, ch, query, func(item json.RawMessage) error {
		facts = append(facts, listed(ch.PhoneNumberID, item))
		return nil
	}, ch.PhoneNumberID, "messages")
	return facts, crm.Wrap("list recent messages", err)
}

func listed(phoneNumberID string, item []byte) webhook.Fact {
	fact, err := webhook.DecodeListed(phoneNumberID, item)
	if err != nil {
		return webhook.Fact{
			Kind: webhook.Unreadable, Provider: crm.Kapso, Event: "messages",
			PhoneNumberID: phoneNumberID, Raw: item, Problem: err.Error(),
		}
	}
	return fact
}
