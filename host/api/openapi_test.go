package api_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/my21staff/my21staff/edge/envelope"
	"github.com/my21staff/my21staff/host/api"
)

// description loads the API's description as a client would read it.
func description(t *testing.T, a *api.API) *openapi3.T {
	t.Helper()
	encoded, err := json.Marshal(a.Description())
	if err != nil {
		t.Fatal(err)
	}
	doc, err := openapi3.NewLoader().LoadFromData(encoded)
	if err != nil {
		t.Fatalf("the description cannot be loaded: %v", err)
	}
	return doc
}

func TestDescriptionIsValid(t *testing.T) {
	t.Parallel()
	doc := description(t, &api.API{Version: "1.2.3"})
	if err := doc.Validate(t.Context(), openapi3.IsOpenAPI31OrLater()); err != nil {
		t.Errorf("the description is not OpenAPI 3.1: %v", err)
	}
	seen := map[string]string{}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if other := seen[op.OperationID]; other != "" {
				t.Errorf("%s %s has the operation id of %s: %s", method, path, other, op.OperationID)
			}
			seen[op.OperationID] = method + " " + path
		}
	}
}

func TestDescriptionDescribesTheRoutesAndNothingElse(t *testing.T) {
	t.Parallel()
	a := &api.API{}
	var routes, described []string
	for _, r := range a.Described() {
		routes = append(routes, r.Method+" "+r.Path)
	}
	for path, item := range description(t, a).Paths.Map() {
		for method := range item.Operations() {
			described = append(described, method+" "+path)
		}
	}
	slices.Sort(routes)
	slices.Sort(described)
	if !slices.Equal(routes, described) {
		t.Errorf("described are %q, routes are %q", described, routes)
	}
}

// A webhook is a provider's request or an envelope of several, and neither's
// signature is there with the other.
func TestWebhooksAreDescribedInBothForms(t *testing.T) {
	t.Parallel()
	doc := description(t, &api.API{})
	for _, path := range []string{"/api/webhook/kapso", "/api/webhook/meta"} {
		op := doc.Paths.Value(path).Post
		for _, kind := range []string{"application/json", envelope.ContentType} {
			if op.RequestBody.Value.Content[kind] == nil {
				t.Errorf("%s is not described to take %s", path, kind)
			}
		}
		for _, name := range []string{envelope.IDHeader, envelope.TimestampHeader, envelope.SignatureHeader} {
			if p := op.Parameters.GetByInAndName("header", name); p == nil || p.Required {
				t.Errorf("%s describes the header %s as %+v", path, name, p)
			}
		}
	}
}

func TestExamplesAreWhatTheySay(t *testing.T) {
	t.Parallel()
	doc := description(t, &api.API{})
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if op.RequestBody == nil {
				continue
			}
			media := op.RequestBody.Value.Content.Get("application/json")
			if media == nil || media.Example == nil {
				continue
			}
			if err := media.Schema.Value.VisitJSON(media.Example, openapi3.EnableJSONSchema2020()); err != nil {
				t.Errorf("the example of %s %s does not fit its schema: %v", method, path, err)
			}
		}
	}
}

// Every schema is closed and says of each property what it is.
func TestSchemasSayWhatEachFieldIs(t *testing.T) {
	t.Parallel()
	doc := description(t, &api.API{})
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
		schema := doc.Components.Schemas[name].Value
		for _, property := range schema.Required {
			if schema.Properties[property] == nil {
				t.Errorf("%s requires %s, which it does not describe", name, property)
			}
		}
		if strings.ContainsAny(name, "[].") {
			t.Errorf("the schema name %q is one of Go, not of the API", name)
		}
	}
	t.Log(slices.Sorted(maps.Keys(doc.Components.Schemas)))
}
