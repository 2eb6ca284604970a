package web

import (
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/request"
)

// tagsPage lists the tags, each with a form to change it.
type tagsPage struct {
	settingsFrame
	Tags  []tagLine
	Typed tagLine // of the one to add, when that was refused
}

// tagLine is a tag, as it is or as it was typed.
type tagLine struct {
	ID, Name, Color string // Color is empty for none
}

func tagTyped(ctx *fasthttp.RequestCtx) tagLine {
	t := tagLine{Name: posted(ctx, "name")}
	if posted(ctx, "colored") != "" { // a browser's field for colours always has one
		t.Color = posted(ctx, "color")
	}
	return t
}

func (w settings) tagSettings(ctx *fasthttp.RequestCtx, v *visitor) error {
	return w.showTags(ctx, v, "", tagLine{})
}

// showTags shows the list; what was typed and refused stands where it was typed.
func (w settings) showTags(ctx *fasthttp.RequestCtx, v *visitor, trouble string, typed tagLine) (err error) {
	p := tagsPage{}
	if p.settingsFrame, err = v.settings(ctx, "tags", trouble); err != nil {
		return err
	}
	tags, err := w.People.Tags(request.ContextOf(ctx), v.Principal)
	if err != nil {
		return err
	}
	for _, t := range tags {
		line := tagLine{t.ID.String(), t.Name, t.Color}
		if line.ID == typed.ID {
			line = typed
		}
		p.Tags = append(p.Tags, line)
	}
	if typed.ID == "" {
		p.Typed = typed
	}
	return render(ctx, v.lang, "settings_tags", p)
}

func (w settings) addTag(ctx *fasthttp.RequestCtx, v *visitor) error {
	return w.putTag(ctx, v, crm.TagID{})
}

func (w settings) saveTag(ctx *fasthttp.RequestCtx, v *visitor) error {
	id, err := pathID[crm.Tag](ctx)
	if err != nil {
		return err
	}
	return w.putTag(ctx, v, id)
}

func (w settings) putTag(ctx *fasthttp.RequestCtx, v *visitor, id crm.TagID) error {
	typed := tagTyped(ctx)
	typed.ID = id.String()
	_, err := w.People.SaveTag(request.ContextOf(ctx), v.Principal, crm.Tag{ID: id, Name: typed.Name, Color: typed.Color})
	if refused(err) {
		return again(ctx, func() error { return w.showTags(ctx, v, v.problem(err), typed) })
	}
	return after(ctx, err, "/settings/tags?done=saved")
}

func (w settings) confirmDeleteTag(ctx *fasthttp.RequestCtx, v *visitor) error {
	tags, err := w.People.Tags(request.ContextOf(ctx), v.Principal)
	if err != nil {
		return err
	}
	t, err := named(ctx, tags, func(t *crm.Tag) crm.TagID { return t.ID })
	if err != nil {
		return err
	}
	return w.confirm(ctx, v, "tags", confirmPage{
		Question: v.say("settings.delete_tag_question"), About: t.Name, Meaning: v.say("settings.delete_tag_meaning"), Button: v.say("settings.delete"),
	})
}

func (w settings) deleteTag(ctx *fasthttp.RequestCtx, v *visitor) error {
	id, err := pathID[crm.Tag](ctx)
	if err != nil {
		return err
	}
	return after(ctx, w.People.DeleteTag(request.ContextOf(ctx), v.Principal, id), "/settings/tags?done=deleted")
}
