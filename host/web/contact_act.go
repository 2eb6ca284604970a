package web

import (
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

// act edits the contact of the path for one of its small forms, and goes back to
// where that form was.
func (w *Web) act(ctx *fasthttp.RequestCtx, v *visitor, edit people.Edit, done string) error {
	id, err := pathID[crm.Contact](ctx)
	if err != nil {
		return err
	}
	_, err = w.People.Edit(request.ContextOf(ctx), v.Principal, id, edit, v.workspace.Region)
	if refused(err) {
		return w.contactProblem(ctx, v, contactPage{}, err)
	}
	if err != nil {
		return err
	}
	back(ctx, done)
	return nil
}

// contactProblem shows the contact again with why a form about it was refused.
func (w *Web) contactProblem(ctx *fasthttp.RequestCtx, v *visitor, typed contactPage, why error) error {
	typed.Problem = v.problem(why)
	ctx.SetStatusCode(fasthttp.StatusUnprocessableEntity)
	return w.showContact(ctx, v, typed)
}

// contactStatus answers POST /contacts/{id}/status: moves a lead to a stage.
func (w *Web) contactStatus(ctx *fasthttp.RequestCtx, v *visitor) error {
	status := string(ctx.PostArgs().Peek("lead_status"))
	return w.act(ctx, v, people.Edit{LeadStatus: &status}, "contact_moved")
}

// contactTags answers POST /contacts/{id}/tags: puts a tag on, or takes one off.
func (w *Web) contactTags(ctx *fasthttp.RequestCtx, v *visitor) error {
	var edit people.Edit
	for name, list := range map[string]*[]crm.TagID{"add": &edit.AddTags, "remove": &edit.RemoveTags} {
		if text := string(ctx.PostArgs().Peek(name)); text != "" {
			id, err := crm.ParseID[crm.Tag](text)
			if err != nil {
				return badAddress
			}
			*list = []crm.TagID{id}
		}
	}
	return w.act(ctx, v, edit, "contact_saved")
}

// contactConsent answers POST /contacts/{id}/consent.
func (w *Web) contactConsent(ctx *fasthttp.RequestCtx, v *visitor) error {
	return w.act(ctx, v, people.Edit{OptOut: flagOf(string(ctx.PostArgs().Peek("out")))}, "contact_consent")
}

// contactBlock answers POST /contacts/{id}/block.
func (w *Web) contactBlock(ctx *fasthttp.RequestCtx, v *visitor) error {
	return w.act(ctx, v, people.Edit{Blocked: flagOf(string(ctx.PostArgs().Peek("blocked")))}, "contact_block")
}

// contactNote answers POST /contacts/{id}/notes.
func (w *Web) contactNote(ctx *fasthttp.RequestCtx, v *visitor) error {
	id, err := pathID[crm.Contact](ctx)
	if err != nil {
		return err
	}
	body := posted(ctx, "body")
	_, err = w.People.AddNote(request.ContextOf(ctx), v.Principal, people.NewNote{ContactID: id, Body: body})
	if refused(err) {
		return w.contactProblem(ctx, v, contactPage{NoteText: body}, err)
	}
	if err != nil {
		return err
	}
	back(ctx, "contact_noted")
	return nil
}

// mergeContact answers POST /contacts/{id}/merge: another contact becomes part
// of this one.
func (w *Web) mergeContact(ctx *fasthttp.RequestCtx, v *visitor) error {
	id, err := pathID[crm.Contact](ctx)
	if err != nil {
		return err
	}
	other, err := crm.ParseID[crm.Contact](string(ctx.PostArgs().Peek("other")))
	if err != nil {
		return badAddress
	}
	merge, _, err := w.People.Merge(request.ContextOf(ctx), v.Principal, id, other)
	if refused(err) {
		return w.contactProblem(ctx, v, contactPage{}, err)
	}
	if err != nil {
		return err
	}
	seeOther(ctx, doneAt(contactAddress(id)+"?merge="+merge.ID.String(), "contact_merged"))
	return nil
}

// unmergeContact answers POST /contacts/{id}/unmerge, and shows the contact that
// is back.
func (w *Web) unmergeContact(ctx *fasthttp.RequestCtx, v *visitor) error {
	merge, err := crm.ParseID[crm.Merge](string(ctx.PostArgs().Peek("merge")))
	if err != nil {
		return badAddress
	}
	parted, err := w.People.Unmerge(request.ContextOf(ctx), v.Principal, merge)
	if refused(err) {
		return w.contactProblem(ctx, v, contactPage{}, err)
	}
	if err != nil {
		return err
	}
	seeOther(ctx, doneAt(contactAddress(parted.ID), "contact_parted"))
	return nil
}

// contactTask answers POST /contacts/{id}/tasks.
func (w *Web) contactTask(ctx *fasthttp.RequestCtx, v *visitor) error {
	id, err := pathID[crm.Contact](ctx)
	if err != nil {
		return err
	}
	title, due, to := posted(ctx, "title"), posted(ctx, "due"), string(ctx.PostArgs().Peek("assignee"))
	edit := people.TaskEdit{Title: &title}
	if due != "" {
		at, err := time.ParseInLocation(localMinute, due, v.zone)
		if err != nil {
			why := &crm.Error{Op: "read task", Code: crm.Invalid, Reason: "bad_due_at", Msg: "The date cannot be read."}
			return w.contactProblem(ctx, v, contactPage{TaskText: title, TaskDue: due, TaskFor: to}, why)
		}
		edit.DueAt = &at
	}
	if to != "" {
		member, err := crm.ParseID[crm.Member](to)
		if err != nil {
			return badAddress
		}
		edit.AssigneeID = &member
	}
	_, err = w.People.AddTask(request.ContextOf(ctx), v.Principal, id, edit)
	if refused(err) {
		return w.contactProblem(ctx, v, contactPage{TaskText: title, TaskDue: due, TaskFor: to}, err)
	}
	if err != nil {
		return err
	}
	back(ctx, "task_added")
	return nil
}

// localMinute is how a form sends a time of the workspace's zone.
const localMinute = "2006-01-02T15:04"
