// Package api is the JSON API: one resource a file; a handler decodes, makes
// one call, encodes.
//
// What every answer has in common: names are in snake_case; ids are strings;
// times are RFC 3339 in UTC with milliseconds; a field is always there, and
// null when there is nothing to say (only the content of a message leaves out
// what it has not); a list is {"data": [...], "next": cursor or null}. Every
// failure is a problem document; see package problem.
//
// What every request must keep: a body is application/json, at most 1 MiB, 48
// levels deep and in UTF-8; a field or query parameter that is not described is
// refused by its name, so that a spelling mistake never passes for "no filter".
package api

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/crm/figures"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

// Handler answers a request or returns an error, which the host turns into a
// problem document.
type Handler func(*fasthttp.RequestCtx) error

// API holds the services the handlers call.
type API struct {
	Inbox     *inbox.Service
	Sends     Sender // takes messages to send on; the inbox, or who gathers for it
	People    *people.Service
	Imports   *people.Imports
	Erasures  *people.Erasures
	Bulks     *people.Bulks
	Directory *directory.Service
	Figures   *figures.Service
	Media     map[crm.Provider]Media // who keeps the files of a provider's channels
	Now       func() time.Time       // tells whether a customer service window is open
	Version   string                 // of the program, for the description
}

// Route is one line of the route list: the host mounts it, the description is
// made from it, the tests call it.
type Route struct {
	Method  string
	Path    string        // in the syntax of fasthttp/router: "/api/contacts/{id}"
	Action  access.Action // what the caller must be allowed; empty: only to be somebody
	Public  bool          // answered to nobody in particular as well
	Handler Handler       // nil for a route that another package of the host answers
	Doc
}

// Routes lists the API's routes in the order of the documentation, the
// description itself last. Their handlers check who asks and what stands in the
// query; the host's middleware only has to say who it is (package request).
func (a *API) Routes() []Route {
	routes := slices.Concat(
		a.meRoutes(), a.conversationRoutes(), a.routingRoutes(), a.messageRoutes(), a.noteRoutes(), a.mentionRoutes(), a.contactRoutes(), a.importRoutes(),
		a.taskRoutes(), a.tagRoutes(), a.fieldRoutes(), a.rulesRoutes(), a.viewRoutes(), a.cannedRoutes(), a.mergeRoutes(), a.eraseRoutes(), a.bulkRoutes(),
		a.templateRoutes(), a.mediaRoutes(), a.memberRoutes(),
		a.keyRoutes(), a.channelRoutes(), a.webhookRoutes(), a.dashboardRoutes(), a.workspaceRoutes(), a.descriptionRoutes(),
	)
	for i := range routes {
		routes[i].Handler = routes[i].guarded()
	}
	return routes
}

// guarded returns the route's handler behind what is the same for all: may the
// caller do this, and is every query parameter one that is described.
func (r Route) guarded() Handler {
	return func(ctx *fasthttp.RequestCtx) error {
		if err := r.allow(request.PrincipalOf(ctx)); err != nil {
			return err
		}
		if err := checkQuery(ctx.QueryArgs(), r.Query); err != nil {
			return err
		}
		return r.Handler(ctx)
	}
}

func (r Route) allow(p access.Principal) error {
	if r.Public || r.Action == "" && !p.WorkspaceID.IsZero() {
		return nil
	}
	return p.Check(r.Action)
}

// page is the answer of every list.
type page[T any] struct {
	Data []T     `json:"data"`
	Next *string `json:"next"`
}

// pageOf makes a page of rows that were asked for with one more than the limit:
// the one too many says that there is a next page, and is not shown.
func pageOf[R, V any](rows []R, limit int, view func(R) V, cursor func(R) string) page[V] {
	var answer page[V]
	if len(rows) > limit {
		rows = rows[:limit]
		answer.Next = new(cursor(rows[limit-1]))
	}
	answer.Data = make([]V, 0, len(rows))
	for _, row := range rows {
		answer.Data = append(answer.Data, view(row))
	}
	return answer
}

// listOf is the whole list, for what a workspace has few of.
func listOf[R, V any](rows []R, view func(R) V) page[V] {
	return pageOf(rows, len(rows), view, nil)
}

// answer writes v as JSON. Answers hold personal data: nothing on the way keeps
// them.
func answer(ctx *fasthttp.RequestCtx, status int, v any) error {
	ctx.ResetBody()
	// The encoder writes into the body at once, and nothing if it fails.
	if err := json.NewEncoder(ctx.Response.BodyWriter()).Encode(v); err != nil {
		return &crm.Error{Op: "encode answer", Code: crm.Internal, Err: err}
	}
	ctx.SetStatusCode(status)
	ctx.SetContentType("application/json")
	ctx.Response.Header.Set(fasthttp.HeaderCacheControl, "no-store")
	return nil
}

// pathID reads the {id} of the path. What is no id names nothing, so it is as
// missing as a stranger's.
func pathID[T any](ctx *fasthttp.RequestCtx) (crm.ID[T], error) {
	text, _ := ctx.UserValue("id").(string)
	id, err := crm.ParseID[T](strings.Clone(text))
	if err != nil {
		return id, &crm.Error{Op: "read path", Code: crm.NotFound, Err: err}
	}
	return id, nil
}

// ref returns nil for a zero value, so that it shows as null.
func ref[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// stamp is a time as answers show it.
type stamp time.Time

// MarshalText writes the time in UTC, in RFC 3339 with exactly three digits of a
// second. A page of the inbox has two hundred times, and by a layout they were a
// third of its encoding.
func (s stamp) MarshalText() ([]byte, error) {
	t := time.Time(s).UTC()
	year, month, day := t.Date()
	if year < 0 || year > 9999 {
		return nil, errors.New("a year has four digits")
	}
	hour, minute, second := t.Clock()
	text := []byte("0000-00-00T00:00:00.000Z")
	for _, part := range [...]struct{ end, value int }{
		{4, year}, {7, int(month)}, {10, day}, {13, hour}, {16, minute}, {19, second}, {23, t.Nanosecond() / int(time.Millisecond)},
	} {
		for i, value := part.end-1, part.value; value > 0; i, value = i-1, value/10 {
			text[i] = byte('0' + value%10)
		}
	}
	return text, nil
}

// at returns nil for the zero time.
func at(t time.Time) *stamp {
	if t.IsZero() {
		return nil
	}
	return new(stamp(t))
}

// find returns the first row that fits, or NotFound.
func find[R any](rows []*R, fits func(*R) bool) (*R, error) {
	for _, row := range rows {
		if fits(row) {
			return row, nil
		}
	}
	return nil, &crm.Error{Op: "find", Code: crm.NotFound}
}

// set replaces a value by what a patch gives, if it gives anything.
func set[T any](have, given *T) {
	if given != nil {
		*have = *given
	}
}

// disable switches something off now, or on; what is off stays off since then.
func (a *API) disable(since *time.Time, off *bool) {
	switch {
	case off == nil:
	case !*off:
		*since = time.Time{}
	case since.IsZero():
		*since = a.Now()
	}
}
