package graphtest

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
)

// pages answers a list in pages: the cursor "n" leads to page n. The "next"
// address leads astray.
func pages(last string, items ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		n := 0
		if after := r.URL.Query().Get("after"); after != "" {
			if _, err := fmt.Sscan(after, &n); err != nil || n >= len(items) {
				http.Error(w, "no such page", http.StatusBadRequest)
				return
			}
		}
		paging := fmt.Sprintf(`{"cursors":{"before":"x","after":"%d"},"next":"https://elsewhere.invalid/?after=%d"}`, n+1, n+1)
		if n == len(items)-1 {
			paging = last
		}
		always(http.StatusOK, `{"data":[`+items[n]+`],"paging":`+paging+`}`)(w, r)
	}
}

const (
	greeting = `{"id":"1689556908129832123","name":"greeting","language":"en_US","category":"MARKETING","status":"APPROVED",
		"components":[{"type":"HEADER","text":"Hi"},{"type":"BODY","text":"Hello {{1}}"}]}`
	receipt = `{"id":900719925474099312,"name":"receipt","language":"id","category":"UTILITY","status":"PAUSED","components":[{"type":"body","text":"Lunas"}]}`
	bare    = `{"id":"3","name":"bare","language":"id","category":"AUTHENTICATION","status":"REJECTED"}`
)

func testTemplates(t *testing.T, p Provider) {
	for name, last := range map[string]string{
		"no cursor":              `{"cursors":{"before":null,"after":null}}`,
		"a cursor and no next":   `{"cursors":{"before":"a","after":"b"}}`,
		"the cursor it came by":  `{"cursors":{"after":"2"},"next":"https://elsewhere.invalid/"}`,
		"nothing about its page": `{}`,
	} {
		base, seen := p.serve(t, pages(last, greeting, receipt, bare))
		ch := p.Channel()
		got, err := p.New(base, nil, patience).Templates(t.Context(), ch)
		if err != nil {
			t.Fatalf("a last page with %s: Templates = %v", name, err)
		}
		for _, template := range got {
			template.Components = nil
		}
		same(t, "templates when the last page has "+name, got, []*crm.Template{
			{ProviderID: "1689556908129832123", Name: "greeting", Language: "en_US", Category: "marketing", Status: "approved", Body: "Hello {{1}}"},
			{ProviderID: "900719925474099312", Name: "receipt", Language: "id", Category: "utility", Status: "paused", Body: "Lunas"},
			{ProviderID: "3", Name: "bare", Language: "id", Category: "authentication", Status: "rejected"},
		})
		want := currentVersion(published(t)[string(p.Name)+":templates.list"].Path)
		if first := <-seen; first.Path != want || first.Header.Get(p.Header) != p.Value {
			t.Errorf("listed at %s with %v, want %s", first.Path, first.Header, want)
		}
		if len(seen) != 2 {
			t.Errorf("%d more pages asked for, want 2", len(seen))
		}
	}
}

func testTemplateErrors(t *testing.T, p Provider) {
	list := func(ch *crm.Channel, answer http.HandlerFunc) error {
		base, _ := p.serve(t, answer)
		_, err := p.New(base, nil, patience).Templates(t.Context(), ch)
		return err
	}
	homeless := p.Channel()
	homeless.BusinessAccountID = ""
	endless := make([]string, 200)
	for i := range endless {
		endless[i] = bare
	}
	full := strings.TrimSuffix(strings.Repeat(bare+",", 100), ",")
	for _, tt := range []struct {
		name string
		err  error
		want crm.Code
	}{
		{"a channel without an account", list(homeless, pages(`{}`, bare)), crm.Invalid},
		{"a token without permission", list(p.Channel(), always(403, `{"error":{"message":"(#200) no","code":200}}`)), crm.Refused},
		{"an answer that is no JSON", list(p.Channel(), always(200, `<html>`)), crm.Unavailable},
		{"an item that is no template", list(p.Channel(), pages(`{}`, `[]`)), crm.Unavailable},
		{"a list without end", list(p.Channel(), pages(`{}`, endless...)), crm.TooLarge},
		{"a full page with a cursor to nowhere", list(p.Channel(), pages(`{"cursors":{"after":"9"}}`, full)), crm.Invalid},
	} {
		if crm.CodeOf(tt.err) != tt.want {
			t.Errorf("%s: Templates = %v, want %s", tt.name, tt.err, tt.want)
		}
		silent(t, tt.name, tt.err)
	}
}
