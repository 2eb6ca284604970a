package api

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/problem"
)

func (a *API) descriptionRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/openapi.json", Public: true, Handler: made("application/json", "", a.openAPI),
			Doc: Doc{Tag: "Operations", Summary: "This description", Answers: []Answer{{200, Plain{}, "An OpenAPI 3.1 document"}}}},
		{Method: "GET", Path: "/docs", Public: true, Handler: made("text/html; charset=utf-8", docsPolicy, a.docs),
			Doc: Doc{Tag: "Operations", Summary: "This description as a page", Answers: []Answer{{200, HTML{}, "A page"}}}},
	}
}

// made answers what is the same for everybody and made at the first request.
func made(kind, policy string, make func() ([]byte, error)) Handler {
	once := sync.OnceValues(make)
	return func(ctx *fasthttp.RequestCtx) error {
		body, err := once()
		if err != nil {
			return &crm.Error{Op: "describe", Code: crm.Internal, Err: err}
		}
		ctx.SetContentType(kind)
		ctx.Response.Header.Set(fasthttp.HeaderCacheControl, "public, max-age=300")
		if policy != "" {
			ctx.Response.Header.Set(fasthttp.HeaderContentSecurityPolicy, policy)
		}
		ctx.SetBody(body)
		return nil
	}
}

func (a *API) openAPI() ([]byte, error) { return json.Marshal(a.Description()) }

// Described lists all that the description describes: the API's routes and those
// that other packages of the host answer.
func (a *API) Described() []Route { return append(a.Routes(), elsewhere...) }

// Description returns the OpenAPI 3.1 document of the API, made from the route
// list, ready for json.Marshal.
func (a *API) Description() map[string]any {
	s := &schemas{components: object{}}
	s.problem()
	paths := object{}
	for _, r := range a.Described() {
		item, ok := paths[r.Path].(object)
		if !ok {
			item = object{}
			paths[r.Path] = item
		}
		item[strings.ToLower(r.Method)] = s.operation(r)
	}
	return object{
		"openapi": "3.1.0",
		"info": object{
			"title": "my21staff", "version": a.Version,
			"description": "The JSON API of a WhatsApp CRM: a shared inbox, contacts, and sending.",
		},
		"paths": paths,
		"components": object{
			"schemas": s.components,
			"securitySchemes": object{
				"key":     object{"type": "apiKey", "in": "header", "name": "x-api-key"},
				"bearer":  object{"type": "http", "scheme": "bearer", "description": "An API key or a Supabase access token"},
				"session": object{"type": "apiKey", "in": "cookie", "name": "m21_session", "description": "The web inbox's session"},
			},
		},
		"security": []object{{"key": []string{}}, {"bearer": []string{}}, {"session": []string{}}},
	}
}

// operation describes one route.
func (s *schemas) operation(r Route) object {
	op := object{
		"operationId": operationID(r), "summary": r.Summary, "tags": []string{r.Tag},
		"responses": s.responses(r),
	}
	if about := r.about(); about != "" {
		op["description"] = about
	}
	if r.Public {
		op["security"] = []object{}
	}
	if params := r.parameters(); len(params) > 0 {
		op["parameters"] = params
	}
	switch {
	case r.Body != nil:
		media := object{"schema": s.of(reflect.TypeOf(r.Body))}
		if r.Example != "" {
			media["example"] = json.RawMessage(r.Example)
		}
		content := object{"application/json": media}
		if r.Or != "" {
			content[r.Or] = object{"schema": object{}}
		}
		op["requestBody"] = object{"required": true, "content": content}
	case r.File:
		op["requestBody"] = object{"required": true, "content": object{"*/*": object{"schema": object{}}}}
	}
	return op
}

// about is what a person should know of the route, with what it takes to call
// it.
func (r Route) about() string {
	if r.Action == "" {
		return r.About
	}
	return strings.TrimSpace(fmt.Sprintf("%s Needs `%s`.", r.About, r.Action))
}

var pathParam = regexp.MustCompile(`\{(\w+)\}`)

func (r Route) parameters() []object {
	var params []object
	for _, match := range pathParam.FindAllStringSubmatch(r.Path, -1) {
		params = append(params, object{"name": match[1], "in": "path", "required": true, "schema": idSchema})
	}
	add := func(in string, list []Param) {
		for _, p := range list {
			schema := p.Schema
			if schema == nil {
				schema = object{"type": "string"}
			}
			params = append(params, object{"name": p.Name, "in": in, "description": p.About, "required": p.Required, "schema": schema})
		}
	}
	add("query", r.Query)
	add("header", r.Headers)
	return params
}

// responses describes the route's answers, and the one form of every failure.
func (s *schemas) responses(r Route) object {
	responses := object{"default": object{
		"description": "What went wrong",
		"content":     object{problem.ContentType: object{"schema": object{"$ref": "#/components/schemas/Problem"}}},
	}}
	for _, a := range r.Answers {
		response := object{"description": a.About}
		if content := s.content(a.Value); content != nil {
			response["content"] = content
		}
		responses[strconv.Itoa(a.Status)] = response
	}
	return responses
}

// content describes a body by its media type.
func (s *schemas) content(value any) object {
	anyText := object{"schema": object{"type": "string"}}
	switch value.(type) {
	case nil:
		return nil
	case File:
		return object{"*/*": object{"schema": object{}}}
	case Text:
		return object{"text/plain": anyText}
	case HTML:
		return object{"text/html": anyText}
	case Stream:
		return object{"text/event-stream": anyText}
	case Plain:
		return object{"application/json": object{"schema": anyJSON}}
	default:
		return object{"application/json": object{"schema": s.of(reflect.TypeOf(value))}}
	}
}

// problem describes the document of every failure. Its members beside those of
// RFC 9457 are ours.
func (s *schemas) problem() {
	schema := s.structure(reflect.TypeFor[problem.Document]())
	properties := schema["properties"].(object)
	properties["errors"] = with(s.of(reflect.TypeFor[[]problem.Field]()), "description", "Of a request that cannot be read: what is wrong with it")
	properties["templates"] = with(s.of(reflect.TypeFor[[]templateView]()), "description", "Of a refused message: the templates that could be sent instead")
	schema["additionalProperties"] = true
	s.components["Problem"] = schema
}

// operationID names a route for generated clients: "patchContact",
// "getContactTasks".
func operationID(r Route) string {
	id := strings.ToLower(r.Method)
	for _, part := range strings.FieldsFunc(strings.TrimPrefix(r.Path, "/api"), func(c rune) bool { return c == '/' || c == '-' || c == '.' }) {
		switch {
		case part == "{id}":
			id = strings.TrimSuffix(id, "s")
		default:
			id += strings.ToUpper(part[:1]) + part[1:]
		}
	}
	return id
}
