package web

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"os"
	"regexp"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/host/request"
)

// Media keeps files with a provider.
type Media interface {
	// Upload stores a file, whose id is returned, and closes its body. A file that
	// is too large is TooLarge, one the provider does not take Invalid.
	Upload(ctx context.Context, ch *crm.Channel, f crm.File) (mediaID string, err error)
}

// maxFile is WhatsApp's largest file, a document.
const maxFile = 100 << 20

// kinds are what WhatsApp takes as what; everything else goes as a document. The
// script (files.js) has the same.
var kinds = []struct {
	of   *regexp.Regexp
	kind crm.ContentKind
}{
	{regexp.MustCompile(`^image/(jpeg|png)$`), crm.KindImage},
	{regexp.MustCompile(`^video/(mp4|3gpp)$`), crm.KindVideo},
	{regexp.MustCompile(`^audio/(aac|amr|mpeg|mp4|ogg)$`), crm.KindAudio},
}

// fileForm is what a form with a file says.
type fileForm struct {
	token, nonce, replyTo, caption string
	file                           crm.File
}

// sendFile answers POST /inbox/{id}/files: the form for a file where no script
// uploads one. Its body is read as it comes, so the form's token, which stands
// before the file, is checked here and not by signedIn.
func (w *Web) sendFile(ctx *fasthttp.RequestCtx) error {
	v, err := w.visitor(ctx)
	if crm.CodeOf(err) == crm.Unauthenticated {
		seeOther(ctx, "/login")
		return nil
	}
	if err == nil {
		err = v.Check(access.SendMessages)
	}
	if err != nil {
		return err
	}
	// What is left of a file that is refused is not the next request.
	ctx.SetConnectionClose()
	form, err := readFileForm(ctx, v.session)
	if form.file.Body != nil {
		defer form.file.Body.Close()
	}
	var cmd inbox.SendCommand
	once(&cmd, form.nonce, []byte(form.nonce))
	if err == nil && !parseInto(form.replyTo, &cmd.ReplyTo) {
		err = badAddress
	}
	if err == nil {
		cmd.Content, err = w.keep(ctx, v, form)
	}
	switch {
	case refused(err), crm.CodeOf(err) == crm.TooLarge:
		return w.notSent(ctx, v, err, form.caption)
	case err != nil:
		return err
	}
	return w.sendTyped(ctx, v, cmd, form.caption)
}

// keep gives a form's file to the provider of the conversation's channel, and
// returns the message that carries it.
func (w *Web) keep(ctx *fasthttp.RequestCtx, v *visitor, form fileForm) (crm.Content, error) {
	id, err := pathID[crm.Conversation](ctx)
	if err != nil {
		return nil, err
	}
	c, cancel := context.WithTimeout(context.WithoutCancel(request.ContextOf(ctx)), uploadLimit)
	defer cancel()
	cv, _, err := w.Inbox.Conversation(c, v.Principal, id)
	if err != nil {
		return nil, err
	}
	channels, err := w.Directory.AllChannels(c)
	if err != nil {
		return nil, err
	}
	for _, ch := range channels {
		media := w.Media[ch.Provider]
		if ch.ID != cv.ChannelID || ch.WorkspaceID != v.WorkspaceID || media == nil {
			continue
		}
		m := crm.Media{Type: crm.KindDocument, Caption: form.caption}
		for _, k := range kinds {
			if k.of.MatchString(form.file.MIME) {
				m.Type = k.kind
			}
		}
		if m.Type == crm.KindDocument {
			m.Filename = form.file.Name
		}
		m.ID, err = media.Upload(c, ch, form.file)
		return m, err
	}
	return nil, &crm.Error{Op: "find media", Code: crm.Unavailable, Msg: "This installation cannot reach the channel's provider."}
}

var noFile = &crm.Error{Op: "read upload", Code: crm.Invalid, Reason: "no_file", Msg: "The form has no file."}

// readFileForm reads a form up to its file, which comes last, and checks the token
// before it.
func readFileForm(ctx *fasthttp.RequestCtx, session string) (f fileForm, err error) {
	parts, err := uploadForm(ctx)
	if err != nil {
		return f, err
	}
	fields := map[string]*string{tokenField: &f.token, "nonce": &f.nonce, "reply_to": &f.replyTo, "caption": &f.caption}
	for {
		part, err := parts.NextPart()
		if err != nil {
			return f, noFile
		}
		if part.FormName() == "file" {
			if err := checkSent([]byte(f.token), session); err != nil {
				return f, err
			}
			f.file, err = spool(part)
			return f, err
		}
		value, err := io.ReadAll(io.LimitReader(part, maxFormText))
		if err != nil {
			return f, &crm.Error{Op: "read upload", Code: crm.Invalid, Reason: "broken_body", Err: err}
		}
		if into := fields[part.FormName()]; into != nil {
			*into = string(value)
		}
	}
}

// maxFormText bounds a part that is no file: a caption.
const maxFormText = 16 << 10

// spool keeps a part on the disk until the returned file is closed: the provider
// wants to know the size, which a form does not tell.
func spool(part *multipart.Part) (crm.File, error) {
	name := lastOf(part.FileName())
	if name == "" {
		return crm.File{}, noFile
	}
	kept, err := os.CreateTemp("", "my21staff-file-*")
	if err != nil {
		return crm.File{}, err
	}
	if err := os.Remove(kept.Name()); err != nil { // it is gone when it is closed, whatever happens
		return crm.File{}, errors.Join(err, kept.Close())
	}
	size, err := io.Copy(kept, io.LimitReader(&uploaded{part}, maxFile+1))
	if err == nil && size > maxFile {
		err = &crm.Error{Op: "read upload", Code: crm.TooLarge, Reason: "too_large", Msg: "The file is too large."}
	}
	if err == nil {
		_, err = kept.Seek(0, io.SeekStart)
	}
	if err != nil {
		return crm.File{}, errors.Join(err, kept.Close())
	}
	kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
	if err != nil {
		kind = "application/octet-stream"
	}
	return crm.File{Name: name, MIME: kind, Size: size, Body: kept}, nil
}
