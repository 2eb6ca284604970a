package api

import (
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

func (a *API) taskRoutes() []Route {
	filters := []Param{
		{Name: "assignee", About: "me or a member's id"},
		flagParam("open", "Only those that are not done"),
		limitParam, cursorParam,
	}
	answers := []Answer{{200, page[taskView]{}, "A page of tasks"}}
	return []Route{
		{Method: "GET", Path: "/api/tasks", Action: access.ReadContacts, Handler: a.listTasks,
			Doc: Doc{
				Tag: "Tasks", Summary: "The tasks, newest first",
				Query: append([]Param{idParam("contact", "Only those about this contact")}, filters...), Answers: answers,
			}},
		{Method: "GET", Path: "/api/contacts/{id}/tasks", Action: access.ReadContacts, Handler: a.listContactTasks,
			Doc: Doc{Tag: "Tasks", Summary: "The tasks about a contact, newest first", Query: filters, Answers: answers}},
		{Method: "POST", Path: "/api/contacts/{id}/tasks", Action: access.WriteContacts, Handler: a.addTask,
			Doc: Doc{
				Tag: "Tasks", Summary: "Make a task about a contact",
				Body: newTask{}, Example: `{"title":"Send the brochure","due_at":"2026-11-05T02:00:00Z"}`,
				Answers: []Answer{{201, taskView{}, "The task"}},
			}},
		{Method: "PATCH", Path: "/api/tasks/{id}", Action: access.WriteContacts, Handler: a.patchTask,
			Doc: Doc{
				Tag: "Tasks", Summary: "Change a task, or mark it done",
				Body: taskPatch{}, Example: `{"done":true}`,
				Answers: []Answer{{200, taskView{}, "The task as it is now"}},
			}},
	}
}

// taskView is a task as the API shows it.
type taskView struct {
	ID         crm.TaskID    `json:"id"`
	ContactID  crm.ContactID `json:"contact_id"`
	AssigneeID *crm.MemberID `json:"assignee_id" about:"null: anybody"`
	Title      string        `json:"title"`
	DueAt      *stamp        `json:"due_at"`
	DoneAt     *stamp        `json:"done_at"`
	Author     actorView     `json:"author"`
	CreatedAt  stamp         `json:"created_at"`
}

func taskOf(t *crm.Task) taskView {
	return taskView{
		ID: t.ID, ContactID: t.ContactID, AssigneeID: ref(t.AssigneeID), Title: t.Title, DueAt: at(t.DueAt),
		DoneAt: at(t.DoneAt), Author: actorOf(t.Author), CreatedAt: stamp(t.CreatedAt),
	}
}

func (a *API) listTasks(ctx *fasthttp.RequestCtx) error {
	q := queryOf(ctx)
	return a.tasks(ctx, q, idIn[crm.Contact](q, "contact"))
}

func (a *API) listContactTasks(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Contact](ctx)
	if err != nil {
		return err
	}
	return a.tasks(ctx, queryOf(ctx), id)
}

func (a *API) tasks(ctx *fasthttp.RequestCtx, q *query, contact crm.ContactID) error {
	p := request.PrincipalOf(ctx)
	limit := q.limit()
	query := people.TaskQuery{ContactID: contact, AssigneeID: memberIn(q, "assignee", p.Member), Open: q.flag("open"), Limit: limit + 1}
	if err := q.err(); err != nil {
		return err
	}
	var err error
	if query.After, err = idAfter[crm.Task](byTask, q.text("cursor")); err != nil {
		return err
	}
	found, err := a.People.Tasks(request.ContextOf(ctx), p, query)
	if err != nil {
		return err
	}
	return answer(ctx, 200, pageOf(found, limit, taskOf, func(t *crm.Task) string { return idCursor(byTask, t.ID) }))
}

// newTask is a task to make.
type newTask struct {
	Title      string        `json:"title"`
	AssigneeID *crm.MemberID `json:"assignee_id,omitempty" about:"Left out: anybody"`
	DueAt      *time.Time    `json:"due_at,omitempty"`
}

func (a *API) addTask(ctx *fasthttp.RequestCtx) error {
	contact, err := pathID[crm.Contact](ctx)
	if err != nil {
		return err
	}
	var body newTask
	if err := readJSON(ctx, &body); err != nil {
		return err
	}
	task, err := a.People.AddTask(request.ContextOf(ctx), request.PrincipalOf(ctx), contact,
		people.TaskEdit{Title: &body.Title, AssigneeID: body.AssigneeID, DueAt: body.DueAt})
	if err != nil {
		return err
	}
	return answer(ctx, 201, taskOf(task))
}

// taskPatch is what may be changed of a task.
type taskPatch struct {
	Title      *string       `json:"title,omitempty"`
	AssigneeID *crm.MemberID `json:"assignee_id,omitempty" null:"clear" about:"null: anybody"`
	DueAt      *time.Time    `json:"due_at,omitempty" null:"clear" about:"null: no date"`
	Done       *bool         `json:"done,omitempty"`
}

func (a *API) patchTask(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Task](ctx)
	if err != nil {
		return err
	}
	var patch taskPatch
	if err := readJSON(ctx, &patch); err != nil {
		return err
	}
	task, err := a.People.EditTask(request.ContextOf(ctx), request.PrincipalOf(ctx), id, people.TaskEdit(patch))
	if err != nil {
		return err
	}
	return answer(ctx, 200, taskOf(task))
}
