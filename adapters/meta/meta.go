// Package meta talks to Meta's WhatsApp Cloud API: it sends messages, marks
// them read, uploads and downloads files and lists templates.
package meta

import (
	"context"
	"net/http"
	"time"

	"github.com/my21staff/my21staff/adapters/internal/graph"
	"github.com/my21staff/my21staff/crm"
)

// lookaside is where Meta keeps media; it takes the same token as the API.
const lookaside = "lookaside.fbsbx.com"

// Options change how a Client reaches Meta. The zero value is right for the
// real API.
type Options struct {
	BaseURL string        // "https://graph.facebook.com" when empty; a channel's own BaseURL goes first
	Version string        // "v24.0" when empty
	HTTP    *http.Client  // nil: one with short dial time-outs
	Timeout time.Duration // of a whole call, 30 s when 0; a file may take ten times as long
}

// Client calls the Cloud API for any channel, with the channel's own access
// token. Its methods may be used from several goroutines.
type Client struct{ graph *graph.Client }

// New returns a client.
func New(o Options) *Client {
	if o.BaseURL == "" {
		o.BaseURL = "https://graph.facebook.com"
	}
	if o.Version == "" {
		o.Version = "v24.0"
	}
	return &Client{graph.New(graph.Options{
		BaseURL: o.BaseURL, Version: o.Version, HTTP: o.HTTP, Timeout: o.Timeout,
		Authorize:  authorize,
		MediaHosts: []string{lookaside},
	})}
}

func authorize(header http.Header, token crm.Secret) {
	header.Set("Authorization", "Bearer "+string(token))
}

// Send makes one attempt to hand over a message. The error is a
// *crm.SendError; it is ambiguous unless Meta refused in words we can read or
// no connection came about.
func (c *Client) Send(ctx context.Context, ch *crm.Channel, m crm.Outgoing) (crm.Accepted, error) {
	return c.graph.Send(ctx, ch, m)
}

// MarkRead marks an inbound message, and all before it, as read. With typing
// the customer also sees for up to 25 seconds that somebody writes.
func (c *Client) MarkRead(ctx context.Context, ch *crm.Channel, providerID string, typing bool) error {
	return c.graph.MarkRead(ctx, ch, providerID, typing)
}

// Upload stores a file with Meta for 30 days and returns its id. It closes the
// file's body. A file beyond 100 MB is TooLarge; one that Meta does not take is
// Invalid, with Meta's words.
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

// Check asks Meta whether the channel's token may act for its number, which changes
// nothing. One that may not is Refused, a number the token does not know NotFound,
// and without a readable answer it is Unavailable.
func (c *Client) Check(ctx context.Context, ch *crm.Channel) error {
	return c.graph.Check(ctx, ch)
}
