package api

import (
	"context"
	"fmt"
	"io"
	"mime"
	"strings"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/problem"
	"github.com/my21staff/my21staff/host/request"
)

// Media keeps the files of a provider's channels.
type Media interface {
	// Upload stores a file with the provider, whose id for it is returned, and
	// closes its body. A file that is too large is TooLarge, one the provider
	// does not take Invalid.
	Upload(ctx context.Context, ch *crm.Channel, f crm.File) (mediaID string, err error)
	// Download opens a file by the provider's id; the caller closes its body.
	// A file that is no longer there is NotFound.
	Download(ctx context.Context, ch *crm.Channel, mediaID string) (*crm.File, error)
}

const (
	maxUpload     = 100 << 20       // WhatsApp's largest, a document
	transferLimit = 5 * time.Minute // for a whole file
)

func (a *API) mediaRoutes() []Route {
	return []Route{
		{Method: "POST", Path: "/api/media", Action: access.SendMessages, Handler: a.uploadMedia,
			Doc: Doc{
				Tag: "Media", Summary: "Upload a file to send",
				About: "The body is the file itself and Content-Type says what it is. It is streamed to the channel's provider, which keeps it for 30 days.",
				Query: []Param{
					{Name: "channel", About: "The channel it will be sent on", Required: true, Schema: idSchema},
					{Name: "filename", About: "What the customer sees a document called"},
				},
				File:    true,
				Answers: []Answer{{201, mediaView{}, "The id to send it by"}},
			}},
		{Method: "GET", Path: "/api/messages/{id}/media", Action: access.ReadConversations, Handler: a.downloadMedia,
			Doc: Doc{
				Tag: "Media", Summary: "The file of a message",
				About:   "It is streamed from the provider, which keeps what a customer sent for 7 days.",
				Answers: []Answer{{200, File{}, "The file"}},
			}},
	}
}

// mediaView is an uploaded file.
type mediaView struct {
	ID string `json:"id" about:"The provider's: the id of an image, video, audio, document or sticker to send"`
}

func (a *API) uploadMedia(ctx *fasthttp.RequestCtx) error {
	q := queryOf(ctx)
	id, name := idIn[crm.Channel](q, "channel"), q.text("filename")
	if id.IsZero() && len(q.bad) == 0 {
		q.refuse("channel", "It is missing.")
	}
	if err := q.err(); err != nil {
		return err
	}
	file, err := fileOf(ctx, name)
	if err != nil {
		return err
	}
	defer file.Body.Close()
	channel, media, err := a.keeper(ctx, id)
	if err != nil {
		return err
	}
	c, cancel := context.WithTimeout(context.WithoutCancel(request.ContextOf(ctx)), transferLimit)
	defer cancel()
	mediaID, err := media.Upload(c, channel, file)
	if err != nil {
		return err
	}
	return answer(ctx, 201, mediaView{mediaID})
}

// fileOf returns the request's body as a file. Its size must be known, because
// the provider wants to know it and a file that ends early must not pass for a
// whole one.
func fileOf(ctx *fasthttp.RequestCtx, name string) (crm.File, error) {
	const op = "read file"
	size := ctx.Request.Header.ContentLength()
	kind, _, err := mime.ParseMediaType(string(ctx.Request.Header.ContentType()))
	switch {
	case err != nil:
		return crm.File{}, &crm.Error{Op: op, Code: crm.Invalid, Reason: problem.UnsupportedMedia, Msg: "Say with Content-Type what the file is.", Err: err}
	case size < 0:
		return crm.File{}, &crm.Error{Op: op, Code: crm.Invalid, Reason: problem.LengthRequired, Msg: "Say with Content-Length how large the file is."}
	case size > maxUpload:
		return crm.File{}, &crm.Error{Op: op, Code: crm.TooLarge, Msg: fmt.Sprintf("A file may have at most %d bytes.", maxUpload)}
	}
	stream := ctx.RequestBodyStream()
	if stream == nil {
		stream = strings.NewReader(string(ctx.PostBody()))
	}
	return crm.File{Name: name, MIME: kind, Size: int64(size), Body: &upload{stream: stream}}, nil
}

// upload is a request's body on its way to a provider. An HTTP client may go on
// reading after it gave its answer; once closed there is nothing to read,
// because fasthttp uses the stream's memory again.
type upload struct {
	mu     sync.Mutex
	stream io.Reader
	closed bool
}

// Read reads the body; after Close it fails.
func (u *upload) Read(p []byte) (int, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.closed {
		return 0, io.ErrClosedPipe
	}
	return u.stream.Read(p)
}

// Close waits for a Read that is going on.
func (u *upload) Close() error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closed = true
	return nil
}

// keeper returns a channel of the caller's workspace, with its credentials, and
// who keeps its files.
func (a *API) keeper(ctx *fasthttp.RequestCtx, id crm.ChannelID) (*crm.Channel, Media, error) {
	all, err := a.Directory.AllChannels(request.ContextOf(ctx))
	if err != nil {
		return nil, nil, err
	}
	workspace := request.PrincipalOf(ctx).WorkspaceID
	channel, err := find(all, func(c *crm.Channel) bool { return c.ID == id && c.WorkspaceID == workspace })
	if err != nil {
		return nil, nil, err
	}
	media, ok := a.Media[channel.Provider]
	if !ok {
		return nil, nil, &crm.Error{Op: "find media", Code: crm.Unavailable, Msg: "This installation cannot reach the channel's provider."}
	}
	return channel, media, nil
}

func (a *API) downloadMedia(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Message](ctx)
	if err != nil {
		return err
	}
	message, err := a.Inbox.Message(request.ContextOf(ctx), request.PrincipalOf(ctx), id)
	if err != nil {
		return err
	}
	content, ok := shown(message).(crm.Media)
	if !ok || content.ID == "" {
		return &crm.Error{Op: "find file", Code: crm.NotFound}
	}
	channel, media, err := a.keeper(ctx, message.ChannelID)
	if err != nil {
		return err
	}
	// The file is still being read when the handler, and with it the request's
	// context, has ended.
	c, cancel := context.WithTimeout(context.WithoutCancel(request.ContextOf(ctx)), transferLimit)
	file, err := media.Download(c, channel, content.ID)
	if err != nil {
		cancel()
		return err
	}
	fileHeaders(&ctx.Response.Header, file.MIME, content)
	ctx.SetBodyStream(&download{file.Body, cancel}, int(file.Size))
	return nil
}

// download is a provider's file on its way through.
type download struct {
	io.ReadCloser
	cancel context.CancelFunc
}

// Close closes the file and ends its context.
func (d *download) Close() error {
	defer d.cancel()
	return d.ReadCloser.Close()
}

// inline are the types a browser may show in place: none of them can run
// anything. Whatever else comes is saved, not opened.
var inline = map[string]bool{
	"image/jpeg": true, "image/png": true, "image/webp": true, "image/gif": true,
	"audio/aac": true, "audio/amr": true, "audio/mpeg": true, "audio/mp4": true, "audio/ogg": true,
	"video/mp4": true, "video/3gpp": true,
}

// fileHeaders describes a stranger's file so that no browser takes it for a page
// of ours.
func fileHeaders(h *fasthttp.ResponseHeader, kind string, content crm.Media) {
	if kind == "" {
		kind = content.MIME
	}
	kind, _, err := mime.ParseMediaType(kind)
	disposition := "inline"
	if err != nil || !inline[kind] {
		disposition = "attachment"
	}
	if err != nil || !inline[kind] && kind != "application/pdf" {
		kind = "application/octet-stream"
	}
	h.SetContentType(kind)
	h.Set(fasthttp.HeaderContentDisposition, mime.FormatMediaType(disposition, fileName(content)))
	h.Set(fasthttp.HeaderXContentTypeOptions, "nosniff")
	h.Set(fasthttp.HeaderContentSecurityPolicy, "default-src 'none'; sandbox")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set(fasthttp.HeaderCacheControl, "private, max-age=3600")
}

// fileName returns the parameter that names the file, none if the sender did
// not; no path and nothing unprintable is left in it.
func fileName(content crm.Media) map[string]string {
	name := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == '/' || r == '\\' {
			return '_'
		}
		return r
	}, content.Filename)
	if name == "" {
		return nil
	}
	return map[string]string{"filename": name}
}
