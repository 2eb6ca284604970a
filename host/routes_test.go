package host_test

import (
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/hosttest"
)

// The description and the routes say the same, and everything that is not meant
// for anybody asks who it is.
func TestDescriptionAndRoutesAgree(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	description := hosttest.Decode[struct {
		Paths map[string]map[string]struct {
			Security []map[string][]string
		}
	}](t, w.Ask("GET", "/openapi.json", nil))
	described := map[string]bool{}
	for path, operations := range description.Paths {
		for method := range operations {
			described[strings.ToUpper(method)+" "+path] = true
		}
	}
	mounted := map[string]bool{}
	for _, route := range w.Host.Surface() {
		name := route[0] + " " + route[1]
		if mounted[name] {
			t.Errorf("%s is mounted twice", name)
		}
		mounted[name] = true
		if strings.HasPrefix(route[1], "/api/") && !described[name] {
			t.Errorf("%s is answered and not described", name)
		}
	}
	for name := range described {
		if !mounted[name] {
			t.Errorf("%s is described and not answered", name)
		}
	}
	if len(described) < 30 {
		t.Errorf("%d routes are described", len(described))
	}
}

var public = map[string]bool{
	"/api/webhook/kapso": true, "/api/webhook/meta": true, "/healthz": true, "/readyz": true, "/metrics": true,
	"/openapi.json": true, "/docs": true, "/": true, "/login": true, "/preferences": true, "/static/{name}": true,
}

func TestOnlyWhatIsPublicAnswersNobody(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	id := crm.ConversationID{15: 1}.String()
	for _, route := range w.Host.Surface() {
		method, path := route[0], route[1]
		got := w.Ask(method, strings.NewReplacer("{id}", id, "{tag}", id).Replace(path), nil, "X-Api-Key: ")
		asked := got.Status == 401 || got.Status == 303 && strings.HasPrefix(got.Header.Get("Location"), "/login")
		if !public[path] && !asked {
			t.Errorf("%s %s answers nobody with %d %.200s", method, path, got.Status, got.Body)
		}
	}
}
