package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// MaxFile is the most bytes of a file that goes either way: WhatsApp's limit
// for a document, its largest kind.
const MaxFile = 100 << 20

// maxRedirects is how many redirects a download follows.
const maxRedirects = 5

// Upload hands a file to the provider and returns its id, which lives 30 days.
// It closes the file's body. A file beyond MaxFile is TooLarge.
func (c *Client) Upload(ctx context.Context, ch *crm.Channel, f crm.File) (string, error) {
	const op = "upload file"
	// net/http may go on reading after it has an answer; closing stops that.
	body := &bounded{body: f.Body, left: MaxFile}
	defer func() { _ = body.Close() }() // it was only read from
	if f.Size > MaxFile {
		return "", tooLarge(op)
	}
	call, err := uploadCall(ch, f, body)
	if err != nil {
		return "", &crm.Error{Op: op, Code: crm.Internal, Err: err}
	}
	answer, failure := c.do(ctx, ch, call)
	if failure != nil {
		if errors.Is(failure, crm.TooLarge) {
			return "", tooLarge(op)
		}
		return "", Problem(op, failure)
	}
	var stored struct {
		ID word `json:"id"`
	}
	if err := json.Unmarshal(answer, &stored); err != nil || stored.ID == "" {
		return "", unreadable(op, err)
	}
	return string(stored.ID), nil
}

// uploadCall frames the file as multipart/form-data without copying it.
func uploadCall(ch *crm.Channel, f crm.File, body io.Reader) (call, error) {
	var frame bytes.Buffer
	form := multipart.NewWriter(&frame)
	name := f.Name
	if name == "" {
		name = "file"
	}
	err := errors.Join(form.WriteField("messaging_product", "whatsapp"), form.WriteField("type", f.MIME))
	if err != nil {
		return call{}, err
	}
	if _, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {multipart.FileContentDisposition("file", name)},
		"Content-Type":        {strings.NewReplacer("\r", "", "\n", "").Replace(f.MIME)},
	}); err != nil {
		return call{}, err
	}
	before := frame.Len()
	if err := form.Close(); err != nil {
		return call{}, err
	}
	head, tail := frame.Bytes()[:before], frame.Bytes()[before:]
	size := int64(-1)
	if f.Size >= 0 {
		size = f.Size + int64(frame.Len())
	}
	return call{
		method: http.MethodPost, path: []string{ch.PhoneNumberID, "media"},
		body: io.MultiReader(bytes.NewReader(head), body, bytes.NewReader(tail)),
		size: size, contentType: form.FormDataContentType(), patience: mediaPatience,
	}, nil
}

// Download fetches a file by its media id: first the provider is asked where it
// is, then it is fetched from there. The credentials go to the provider's own
// host and its media hosts only, and no redirect carries them. NotFound if the
// provider has no such file any more; a body that turns out longer than MaxFile
// ends in TooLarge. The caller closes the body.
func (c *Client) Download(ctx context.Context, ch *crm.Channel, mediaID string) (*crm.File, error) {
	const op = "download file"
	answer, failure := c.do(ctx, ch, call{
		method: http.MethodGet, path: []string{mediaID}, query: url.Values{"phone_number_id": {ch.PhoneNumberID}},
	})
	if failure != nil {
		return nil, Problem(op, failure)
	}
	var where struct {
		URL      string      `json:"url"`
		Direct   string      `json:"download_url"` // Kapso's: a token inside, no credentials needed
		MIME     string      `json:"mime_type"`
		FileSize json.Number `json:"file_size"`
	}
	if err := json.Unmarshal(answer, &where); err != nil {
		return nil, unreadable(op, err)
	}
	if where.Direct != "" {
		where.URL = where.Direct
	}
	file, err := c.fetch(ctx, ch, where.URL)
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	if where.MIME != "" {
		file.MIME = where.MIME
	}
	if size, err := where.FileSize.Int64(); err == nil && file.Size < 0 {
		file.Size = size
	}
	return file, nil
}

// fetch reads a file from an address the provider named.
func (c *Client) fetch(ctx context.Context, ch *crm.Channel, address string) (*crm.File, error) {
	const op = "fetch file"
	target, err := url.Parse(address)
	if err != nil || target.Host == "" {
		return nil, unreadable(op, errors.New("the provider named no address for the file"))
	}
	ctx, cancel := context.WithTimeout(ctx, c.options.Timeout*mediaPatience)
	response, failure := c.follow(ctx, ch, target)
	if failure != nil {
		cancel()
		return nil, Problem(op, failure)
	}
	if response.ContentLength > MaxFile {
		cancel()
		_ = response.Body.Close() // nothing of it is wanted
		return nil, tooLarge(op)
	}
	return &crm.File{
		MIME: response.Header.Get("Content-Type"),
		Size: response.ContentLength,
		Body: &bounded{body: response.Body, left: MaxFile, done: cancel},
	}, nil
}

// follow gets an address and the ones it is redirected to, the first alone with
// the credentials, and returns the 200 answer at the end.
func (c *Client) follow(ctx context.Context, ch *crm.Channel, target *url.URL) (*http.Response, *crm.SendError) {
	token := c.mayKnow(ch, target)
	for range maxRedirects + 1 {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, target.String(), nil)
		if err != nil {
			return nil, unsendable(plain(err))
		}
		if token {
			c.options.Authorize(request.Header, ch.Credentials.Token)
		}
		response, failure := c.roundTrip(request)
		if failure != nil || response.StatusCode == http.StatusOK {
			return response, failure
		}
		next, err := response.Location()
		if err != nil || response.StatusCode/100 != 3 {
			defer func() { _ = response.Body.Close() }() // what could be read was read
			_, failure := readAnswer(response, ch.Credentials.Token)
			if failure == nil { // another 2xx: no file
				failure = DecodeError(response.StatusCode, response.Header, nil, "", time.Now())
			}
			return nil, failure
		}
		_ = response.Body.Close() // a redirect's body says nothing
		if target.Scheme == "https" && next.Scheme != "https" {
			return nil, &crm.SendError{Err: errors.New("the file is redirected to an unencrypted address")}
		}
		target, token = next, false
	}
	return nil, &crm.SendError{Err: errors.New("the file is redirected too often")}
}

// mayKnow reports whether an address may be given the channel's credentials.
func (c *Client) mayKnow(ch *crm.Channel, target *url.URL) bool {
	own, err := c.address(ch, nil, nil)
	if err == nil && own.Scheme == target.Scheme && own.Host == target.Host {
		return true
	}
	return target.Scheme == "https" && slices.Contains(c.options.MediaHosts, target.Host)
}

func tooLarge(op string) error {
	return &crm.Error{Op: op, Code: crm.TooLarge, Msg: "The file is larger than 100 MB, WhatsApp's limit."}
}

// bounded is a body that ends in TooLarge after left bytes, and lets go of its
// request when it is closed. After Close nothing reads the body underneath.
type bounded struct {
	mu     sync.Mutex
	body   io.ReadCloser
	left   int64
	closed bool
	done   func() // may be nil
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.closed:
		return 0, io.ErrClosedPipe
	case b.left < 0:
		return 0, tooLarge("read file")
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1] // one more than allowed tells a longer file from one that just fits
	}
	n, err := b.body.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n - 1, tooLarge("read file")
	}
	return n, err
}

// Close implements io.Closer.
func (b *bounded) Close() error {
	if b.done != nil {
		b.done() // ends a Read that waits for the network
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.closed {
		return nil
	}
	b.closed = true
	return b.body.Close()
}
