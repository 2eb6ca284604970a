package api

import (
	"encoding/json"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/request"
)

func (a *API) templateRoutes() []Route {
	return []Route{{
		Method: "GET", Path: "/api/templates", Action: access.ReadChannels, Handler: a.listTemplates,
		Doc: Doc{
			Tag: "Templates", Summary: "The templates of one channel or of all, as the provider lists them",
			Query:   []Param{idParam("channel", "Only those of this channel")},
			Answers: []Answer{{200, page[templateView]{}, "All of them"}},
		},
	}}
}

// templateView is a template as the API shows it.
type templateView struct {
	ID         crm.TemplateID  `json:"id"`
	ChannelID  crm.ChannelID   `json:"channel_id"`
	ProviderID *string         `json:"provider_id"`
	Name       string          `json:"name"`
	Language   string          `json:"language"`
	Category   string          `json:"category" about:"marketing, utility or authentication"`
	Status     string          `json:"status" about:"The provider's word; only approved ones may be sent"`
	Body       string          `json:"body" about:"The text with its {{variables}}"`
	Components json.RawMessage `json:"components" about:"The provider's own description; null when it is not known"`
	UpdatedAt  stamp           `json:"updated_at"`
}

func templateOf(t *crm.Template) templateView {
	view := templateView{
		ID: t.ID, ChannelID: t.ChannelID, ProviderID: ref(t.ProviderID), Name: t.Name, Language: t.Language,
		Category: t.Category, Status: t.Status, Body: t.Body, UpdatedAt: stamp(t.UpdatedAt),
	}
	if json.Valid(t.Components) {
		view.Components = t.Components
	}
	return view
}

func (a *API) listTemplates(ctx *fasthttp.RequestCtx) error {
	q := queryOf(ctx)
	channel := idIn[crm.Channel](q, "channel")
	if err := q.err(); err != nil {
		return err
	}
	templates, err := a.Inbox.Templates(request.ContextOf(ctx), request.PrincipalOf(ctx), channel)
	if err != nil {
		return err
	}
	return answer(ctx, 200, listOf(templates, templateOf))
}
