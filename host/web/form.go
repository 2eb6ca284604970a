package web

import (
	"strings"

	"github.com/valyala/fasthttp"
)

// posted returns a field of a form, without the white space round it. A password is
// read as it is.
func posted(ctx *fasthttp.RequestCtx, name string) string {
	return strings.TrimSpace(string(ctx.PostArgs().Peek(name)))
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
