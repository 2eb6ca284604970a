package api

import (
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

func (a *API) fieldRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/api/fields", Action: access.ReadContacts, Handler: a.listFields,
			Doc: Doc{Tag: "Lead database", Summary: "The workspace's own fields in their order, archived ones too", Answers: []Answer{{200, page[customFieldView]{}, "All of them"}}}},
		{Method: "POST", Path: "/api/fields", Action: access.ManageLeads, Handler: a.createField,
			Doc: Doc{
				Tag: "Lead database", Summary: "Define a field",
				About: "What contacts have under the key is checked by the type from now on. Key and type never change; a field is archived, not deleted.",
				Body:  newField{}, Example: `{"key":"intake","label":"Intake","type":"choice","choices":["February","July"]}`,
				Answers: []Answer{{201, customFieldView{}, "The field"}},
			}},
		{Method: "PATCH", Path: "/api/fields/{id}", Action: access.ManageLeads, Handler: a.patchField,
			Doc: Doc{
				Tag: "Lead database", Summary: "Change a field's label, choices or place, or archive it",
				Body: fieldPatch{}, Example: `{"label":"Start"}`,
				Answers: []Answer{{200, customFieldView{}, "The field as it is now"}},
			}},
		{Method: "GET", Path: "/api/pipeline", Action: access.ReadContacts, Handler: a.getPipeline,
			Doc: Doc{Tag: "Lead database", Summary: "The stages that leads go through", Answers: []Answer{{200, pipelineView{}, "The pipeline"}}}},
		{Method: "PUT", Path: "/api/pipeline", Action: access.ManageLeads, Handler: a.putPipeline,
			Doc: Doc{
				Tag: "Lead database", Summary: "Replace the stages that leads go through",
				About: "There is always a stage with the key \"new\", one that is won and one that is lost. A stage in which contacts are is not taken away: 409 status_in_use.",
				Body:  pipelineBody{}, Example: `{"stages":[{"key":"new","label":"Baru","kind":"open"},{"key":"won","label":"Deal","kind":"won"},{"key":"lost","label":"Batal","kind":"lost"}]}`,
				Answers: []Answer{{200, pipelineView{}, "The pipeline as it is now"}},
			}},
	}
}

// customFieldView is a custom field as the API shows it.
type customFieldView struct {
	ID         crm.FieldID   `json:"id"`
	Key        string        `json:"key" about:"Its name in a contact's fields"`
	Label      string        `json:"label"`
	Type       crm.FieldType `json:"type"`
	Choices    []string      `json:"choices"`
	Position   int           `json:"position"`
	ArchivedAt *stamp        `json:"archived_at"`
	CreatedAt  stamp         `json:"created_at"`
}

func fieldOf(f *crm.Field) customFieldView {
	return customFieldView{
		ID: f.ID, Key: f.Key, Label: f.Label, Type: f.Type, Choices: append([]string{}, f.Choices...), Position: f.Position,
		ArchivedAt: at(f.ArchivedAt), CreatedAt: stamp(f.CreatedAt),
	}
}

func (a *API) listFields(ctx *fasthttp.RequestCtx) error {
	fields, err := a.People.Fields(request.ContextOf(ctx), request.PrincipalOf(ctx))
	if err != nil {
		return err
	}
	return answer(ctx, 200, listOf(fields, fieldOf))
}

// newField is a field to define.
type newField struct {
	Key      string        `json:"key"`
	Label    *string       `json:"label,omitempty" about:"The key if left out"`
	Type     crm.FieldType `json:"type"`
	Choices  []string      `json:"choices,omitempty" about:"Of a choice"`
	Position *int          `json:"position,omitempty" about:"Behind the others if left out"`
}

func (a *API) createField(ctx *fasthttp.RequestCtx) error {
	var body newField
	if err := readJSON(ctx, &body); err != nil {
		return err
	}
	field, err := a.People.AddField(request.ContextOf(ctx), request.PrincipalOf(ctx), body.Key, body.Type,
		people.FieldEdit{Label: body.Label, Choices: body.Choices, Position: body.Position})
	if err != nil {
		return err
	}
	return answer(ctx, 201, fieldOf(field))
}

// fieldPatch is what may be changed of a field.
type fieldPatch struct {
	Label    *string  `json:"label,omitempty"`
	Choices  []string `json:"choices,omitempty" about:"All of them; contacts keep one that goes"`
	Position *int     `json:"position,omitempty"`
	Archived *bool    `json:"archived,omitempty"`
}

func (a *API) patchField(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Field](ctx)
	if err != nil {
		return err
	}
	var patch fieldPatch
	if err := readJSON(ctx, &patch); err != nil {
		return err
	}
	field, err := a.People.EditField(request.ContextOf(ctx), request.PrincipalOf(ctx), id, people.FieldEdit(patch))
	if err != nil {
		return err
	}
	return answer(ctx, 200, fieldOf(field))
}

// pipelineView is the pipeline as the API shows it.
type pipelineView struct {
	Stages    []crm.Stage `json:"stages"`
	UpdatedAt *stamp      `json:"updated_at" about:"null while it is the default"`
}

func pipelineOf(p *crm.Pipeline) pipelineView { return pipelineView{p.Stages, at(p.UpdatedAt)} }

func (a *API) getPipeline(ctx *fasthttp.RequestCtx) error {
	pipeline, err := a.People.Pipeline(request.ContextOf(ctx), request.PrincipalOf(ctx))
	if err != nil {
		return err
	}
	return answer(ctx, 200, pipelineOf(pipeline))
}

type pipelineBody struct {
	Stages []crm.Stage `json:"stages"`
}

func (a *API) putPipeline(ctx *fasthttp.RequestCtx) error {
	var body pipelineBody
	if err := readJSON(ctx, &body); err != nil {
		return err
	}
	pipeline, err := a.People.SetPipeline(request.ContextOf(ctx), request.PrincipalOf(ctx), body.Stages)
	if err != nil {
		return err
	}
	return answer(ctx, 200, pipelineOf(pipeline))
}
