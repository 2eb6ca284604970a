package graphtest

import (
	"net/http"
	"testing"

	"github.com/my21staff/my21staff/crm"
)

func testCheck(t *testing.T, p Provider) {
	const profile = `{"data":[{"messaging_product":"whatsapp","about":"Sekolah"}]}`
	base, seen := p.serve(t, always(http.StatusOK, profile))
	if err := p.New(base, nil, patience).Check(t.Context(), p.Channel()); err != nil {
		t.Errorf("a channel whose profile is answered: Check = %v", err)
	}
	want := currentVersion(published(t)[string(p.Name)+":phoneNumbers.businessProfile.get"].Path)
	if asked := <-seen; asked.Method != http.MethodGet || asked.Path != want || asked.Header.Get(p.Header) != p.Value || len(asked.Body) > 0 {
		t.Errorf("asked with %s %s, %v, want GET %s", asked.Method, asked.Path, asked.Header, want)
	}
	nameless := p.Channel()
	nameless.PhoneNumberID = ""
	for _, tt := range []struct {
		name   string
		ch     *crm.Channel
		answer http.HandlerFunc
		want   crm.Code
	}{
		{"a token that is not known", p.Channel(), always(401, `{"error":{"message":"Invalid OAuth access token","code":190}}`), crm.Refused},
		{"a token without permission", p.Channel(), always(403, `{"error":{"message":"(#200) no","code":200}}`), crm.Refused},
		{"a number that is not there", p.Channel(), always(400, `{"error":{"message":"Unsupported get request","code":100,"error_subcode":33}}`), crm.NotFound},
		{"too many questions", p.Channel(), always(429, `{}`), crm.Limited},
		{"a provider that is down", p.Channel(), always(502, `<html>`), crm.Unavailable},
		{"a page of somebody between", p.Channel(), always(200, `<html>`), crm.Unavailable},
		{"an answer without a profile", p.Channel(), always(200, `{}`), crm.Unavailable},
		{"a channel without a number", nameless, always(200, profile), crm.Invalid},
	} {
		base, _ := p.serve(t, tt.answer)
		err := p.New(base, nil, patience).Check(t.Context(), tt.ch)
		if crm.CodeOf(err) != tt.want {
			t.Errorf("%s: Check = %v, want %s", tt.name, err, tt.want)
		}
		silent(t, tt.name, err)
	}
}
