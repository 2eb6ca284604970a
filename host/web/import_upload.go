package web

import (
	"context"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

// uploadLimit is how long a file may take: longer than a request may.
const uploadLimit = 5 * time.Minute

// maxFormPart bounds a part of an upload form that is no file.
const maxFormPart = 1 << 10

// upload answers POST /imports: a form with a file. Its body is read as it
// comes, so the token of the form, which stands before the file, is checked
// here and not by signedIn.
func (w *Web) upload(ctx *fasthttp.RequestCtx) error {
	v, err := w.visitor(ctx)
	if crm.CodeOf(err) == crm.Unauthenticated {
		seeOther(ctx, "/login")
		return nil
	}
	if err != nil {
		return err
	}
	// What is left of a file that is refused is not the next request.
	ctx.SetConnectionClose()
	im, err := w.receive(ctx, v)
	switch crm.CodeOf(err) {
	case "":
		seeOther(ctx, importAddress(im.ID))
		return nil
	case crm.Invalid, crm.TooLarge:
		if problem := v.problem(err); reasonOf(err) != "stale_form" {
			ctx.SetStatusCode(fasthttp.StatusUnprocessableEntity)
			return w.showImports(ctx, v, problem)
		}
	}
	return err
}

func (w *Web) receive(ctx *fasthttp.RequestCtx, v *visitor) (*crm.Import, error) {
	u := people.Upload{Region: v.workspace.Region}
	form, err := uploadForm(ctx)
	if err != nil {
		return nil, err
	}
	token := ""
	for u.File == nil {
		part, err := form.NextPart()
		if err != nil {
			return nil, &crm.Error{Op: "read upload", Code: crm.Invalid, Reason: "no_file", Msg: "The form has no file.", Err: err}
		}
		if name := part.FileName(); part.FormName() == "file" && name != "" {
			u.Filename, u.File = lastOf(name), &uploaded{part}
			break
		}
		value, err := io.ReadAll(io.LimitReader(part, maxFormPart))
		if err != nil {
			return nil, &crm.Error{Op: "read upload", Code: crm.Invalid, Reason: "broken_body", Err: err}
		}
		switch text := string(value); part.FormName() {
		case tokenField:
			token = text
		case "delimiter":
			u.Options.Delimiter = delimiters[text]
		case "header":
			u.Options.Header = flagOf(text)
		}
	}
	if err := checkSent([]byte(token), v.session); err != nil {
		return nil, err
	}
	c, cancel := context.WithTimeout(context.WithoutCancel(request.ContextOf(ctx)), uploadLimit)
	defer cancel()
	im, _, err := w.Imports.Upload(c, v.Principal, u)
	return im, err
}

// delimiters are the characters between cells by the words of the form.
var delimiters = map[string]string{"comma": ",", "semicolon": ";", "tab": "\t"}

// uploadForm returns the parts of the request's body.
func uploadForm(ctx *fasthttp.RequestCtx) (*multipart.Reader, error) {
	body := ctx.RequestBodyStream()
	if body == nil {
		body = strings.NewReader(string(ctx.PostBody()))
	}
	kind, params, err := mime.ParseMediaType(string(ctx.Request.Header.ContentType()))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return nil, &crm.Error{Op: "read upload", Code: crm.Invalid, Reason: "no_file", Msg: "The form has no file.", Err: err}
	}
	return multipart.NewReader(body, params["boundary"]), nil
}

// lastOf returns a file's name without the folders that some browsers say.
func lastOf(name string) string {
	return name[strings.LastIndexAny(name, `/\`)+1:]
}

// uploaded is a file as a browser sends it: one that breaks off is not our fault.
type uploaded struct{ from io.Reader }

// Read implements io.Reader.
func (u *uploaded) Read(p []byte) (int, error) {
	n, err := u.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = &crm.Error{Op: "read file", Code: crm.Invalid, Reason: "broken_body", Msg: "The file ended too early.", Err: err}
	}
	return n, err
}
