package api

import (
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/request"
)

func (a *API) tagRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/api/tags", Action: access.ReadContacts, Handler: a.listTags,
			Doc: Doc{Tag: "Tags", Summary: "The workspace's tags by name", Answers: []Answer{{200, page[tagView]{}, "All of them"}}}},
		{Method: "POST", Path: "/api/tags", Action: access.ManageTags, Handler: a.createTag,
			Doc: Doc{
				Tag: "Tags", Summary: "Make a tag", Body: newTag{}, Example: `{"name":"Scholarship","color":"#2f7d4f"}`,
				Answers: []Answer{{201, tagView{}, "The tag"}},
			}},
		{Method: "PATCH", Path: "/api/tags/{id}", Action: access.ManageTags, Handler: a.patchTag,
			Doc: Doc{
				Tag: "Tags", Summary: "Rename or recolour a tag", Body: tagPatch{}, Example: `{"name":"Grant"}`,
				Answers: []Answer{{200, tagView{}, "The tag as it is now"}},
			}},
		{Method: "DELETE", Path: "/api/tags/{id}", Action: access.ManageTags, Handler: a.deleteTag,
			Doc: Doc{Tag: "Tags", Summary: "Take a tag off every contact and delete it", Answers: []Answer{{204, nil, "It is gone"}}}},
	}
}

// tagView is a tag as the API shows it.
type tagView struct {
	ID        crm.TagID `json:"id"`
	Name      string    `json:"name"`
	Color     *string   `json:"color" about:"As #rrggbb; null for the default"`
	CreatedAt stamp     `json:"created_at"`
}

func tagOf(t *crm.Tag) tagView {
	return tagView{ID: t.ID, Name: t.Name, Color: ref(t.Color), CreatedAt: stamp(t.CreatedAt)}
}

func (a *API) listTags(ctx *fasthttp.RequestCtx) error {
	tags, err := a.People.Tags(request.ContextOf(ctx), request.PrincipalOf(ctx))
	if err != nil {
		return err
	}
	return answer(ctx, 200, listOf(tags, tagOf))
}

// newTag is a tag to make.
type newTag struct {
	Name  string `json:"name"`
	Color string `json:"color,omitempty" about:"As #rrggbb"`
}

func (a *API) createTag(ctx *fasthttp.RequestCtx) error {
	var body newTag
	if err := readJSON(ctx, &body); err != nil {
		return err
	}
	tag, err := a.People.SaveTag(request.ContextOf(ctx), request.PrincipalOf(ctx), crm.Tag{Name: body.Name, Color: body.Color})
	if err != nil {
		return err
	}
	return answer(ctx, 201, tagOf(tag))
}

// tagPatch is what may be changed of a tag.
type tagPatch struct {
	Name  *string `json:"name,omitempty"`
	Color *string `json:"color,omitempty" null:"clear" about:"null: the default"`
}

func (a *API) patchTag(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Tag](ctx)
	if err != nil {
		return err
	}
	var patch tagPatch
	if err := readJSON(ctx, &patch); err != nil {
		return err
	}
	tags, err := a.People.Tags(request.ContextOf(ctx), request.PrincipalOf(ctx))
	if err != nil {
		return err
	}
	tag, err := find(tags, func(t *crm.Tag) bool { return t.ID == id })
	if err != nil {
		return err
	}
	set(&tag.Name, patch.Name)
	set(&tag.Color, patch.Color)
	tag, err = a.People.SaveTag(request.ContextOf(ctx), request.PrincipalOf(ctx), *tag)
	if err != nil {
		return err
	}
	return answer(ctx, 200, tagOf(tag))
}

func (a *API) deleteTag(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Tag](ctx)
	if err != nil {
		return err
	}
	if err := a.People.DeleteTag(request.ContextOf(ctx), request.PrincipalOf(ctx), id); err != nil {
		return err
	}
	ctx.SetStatusCode(204)
	return nil
}
