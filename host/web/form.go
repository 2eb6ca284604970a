package web

import (
	"net/url"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
)

// posted returns a field of a form, without the white space round it and with LF at
// the end of a line, where browsers send CR and LF. A password is read as it is.
func posted(ctx *fasthttp.RequestCtx, name string) string {
	return strings.TrimSpace(strings.ReplaceAll(string(ctx.PostArgs().Peek(name)), "\r\n", "\n"))
}

// postedAll returns every value of a field that a form has several times.
func postedAll(ctx *fasthttp.RequestCtx, name string) []string {
	var all []string
	for _, value := range ctx.PostArgs().PeekMulti(name) {
		all = append(all, strings.TrimSpace(string(value)))
	}
	return all
}

// again shows a form once more, because of what is in it.
func again(ctx *fasthttp.RequestCtx, show func() error) error {
	ctx.SetStatusCode(fasthttp.StatusUnprocessableEntity)
	return show()
}

// after goes on to a page of ours once what a form asked for is done.
func after(ctx *fasthttp.RequestCtx, err error, path string) error {
	if err == nil {
		seeOther(ctx, path)
	}
	return err
}

// split returns the words of a field that has one a line, without empty ones.
func split(lines string) []string {
	var all []string
	for line := range strings.Lines(lines) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}

// back sends the browser to where a form says it was, with the word for what was
// done.
func back(ctx *fasthttp.RequestCtx, done string) {
	seeOther(ctx, doneAt(localPath(string(ctx.PostArgs().Peek("next"))), done))
}

// doneAt adds to a path of ours the word for what was done there.
func doneAt(path, done string) string {
	path, query, _ := strings.Cut(path, "?")
	values, err := url.ParseQuery(query)
	if err != nil {
		values = url.Values{}
	}
	values.Set("done", done)
	return path + "?" + values.Encode()
}

// pathID reads the {id} of the path. What is no id names nothing, so it is as
// missing as a stranger's.
func pathID[T any](ctx *fasthttp.RequestCtx) (crm.ID[T], error) {
	text, _ := ctx.UserValue("id").(string)
	id, err := crm.ParseID[T](strings.Clone(text)) // an error keeps it
	if err != nil {
		return id, &crm.Error{Op: "read path", Code: crm.NotFound, Err: err}
	}
	return id, nil
}
