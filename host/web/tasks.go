package web

import (
	"cmp"
	"slices"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

// taskRows is how many tasks a page shows, the newest, by when they are due.
const taskRows = 50

func (w *Web) taskRoutes() []Route {
	return []Route{
		{"GET", "/tasks", w.signedIn(w.tasks)},
		{"POST", "/tasks/{id}/done", w.signedIn(w.taskDone)},
	}
}

// tasksPage is what is to be done.
type tasksPage struct {
	Frame
	Tabs   []leadTab
	Groups []taskGroup
	Next   string // address of the next page; empty on the last
}

// taskGroup is the tasks that are due alike.
type taskGroup struct {
	Due   string // word of the area "task_due"
	Tasks []contactTask
}

// contactTask is a task as the pages show it.
type contactTask struct {
	ID       string
	Title    string
	Assignee string // empty: anybody
	Due      string // overdue, today, later, none or done: word of the area "task_due"
	At       string
	AtISO    string
	Contact  string
	Address  string // of the contact
	Done     bool
	Token    string // for the form that ticks it off; empty: the visitor may not
	Next     string // where that form was
}

// dues are the groups of tasks in their order.
var dues = []string{"overdue", "today", "later", "none", "done"}

// task is how a page shows a task, whose address is where its form goes back to.
func (v *visitor) task(t *crm.Task, next string, now time.Time) contactTask {
	shown := contactTask{
		ID: t.ID.String(), Title: t.Title, Assignee: v.members[t.AssigneeID.String()], Due: v.due(t, now),
		At: v.when(t.DueAt, now), AtISO: iso(t.DueAt), Address: contactAddress(t.ContactID), Done: !t.DoneAt.IsZero(), Next: next,
	}
	if v.Can(access.WriteContacts) {
		shown.Token = formToken(v.session)
	}
	return shown
}

// due says when a task is due, by the workspace's days.
func (v *visitor) due(t *crm.Task, now time.Time) string {
	switch {
	case !t.DoneAt.IsZero():
		return "done"
	case t.DueAt.IsZero():
		return "none"
	case t.DueAt.Before(now):
		return "overdue"
	case sameDay(t.DueAt.In(v.zone), now.In(v.zone)):
		return "today"
	default:
		return "later"
	}
}

// tasks answers GET /tasks?who=&all=: the visitor's open tasks, or everybody's.
func (w *Web) tasks(ctx *fasthttp.RequestCtx, v *visitor) error {
	args := ctx.QueryArgs()
	who, after := string(args.Peek("who")), string(args.Peek("after"))
	q := people.TaskQuery{Open: who != "done", Limit: taskRows + 1}
	if who == "" {
		q.AssigneeID = v.Member
	}
	if after != "" {
		var err error
		if q.After, err = crm.ParseID[crm.Task](after); err != nil {
			return badAddress
		}
	}
	found, err := w.People.Tasks(request.ContextOf(ctx), v.Principal, q)
	if err != nil {
		return err
	}
	page := tasksPage{Frame: v.frame(ctx, v.say("task.title"), "leads")}
	page.Styles, page.Scripts = leadStyles, leadScripts
	for _, tab := range []struct{ who, name string }{{"", v.say("task.mine")}, {"all", v.say("task.everybodys")}, {"done", v.say("task.with_done")}} {
		address := "/tasks"
		if tab.who != "" {
			address += "?who=" + tab.who
		}
		page.Tabs = append(page.Tabs, leadTab{Name: tab.name, Address: address, Chosen: tab.who == who})
	}
	if len(found) > taskRows {
		found = found[:taskRows]
		page.Next = "/tasks?who=" + who + "&after=" + found[taskRows-1].ID.String()
	}
	page.Groups, err = w.taskGroups(ctx, v, found)
	if err != nil {
		return err
	}
	return render(ctx, v.lang, "tasks", page)
}

// taskGroups sorts tasks by when they are due, and says about whom each is.
func (w *Web) taskGroups(ctx *fasthttp.RequestCtx, v *visitor, found []*crm.Task) ([]taskGroup, error) {
	slices.SortStableFunc(found, func(a, b *crm.Task) int { return cmp.Compare(a.DueAt.UnixMilli(), b.DueAt.UnixMilli()) })
	byDue, names := map[string][]contactTask{}, map[crm.ContactID]string{}
	for _, t := range found {
		name, known := names[t.ContactID]
		if !known {
			card, err := w.People.Card(request.ContextOf(ctx), v.Principal, t.ContactID)
			if err != nil && crm.CodeOf(err) != crm.NotFound {
				return nil, err
			}
			if err == nil {
				name = card.Contact.DisplayName()
			}
			names[t.ContactID] = name
		}
		shown := v.task(t, string(ctx.RequestURI()), w.Now())
		shown.Contact = name
		byDue[shown.Due] = append(byDue[shown.Due], shown)
	}
	var groups []taskGroup
	for _, due := range dues {
		if len(byDue[due]) > 0 {
			groups = append(groups, taskGroup{due, byDue[due]})
		}
	}
	return groups, nil
}

// taskDone answers POST /tasks/{id}/done: ticks a task off, or opens it again.
func (w *Web) taskDone(ctx *fasthttp.RequestCtx, v *visitor) error {
	id, err := pathID[crm.Task](ctx)
	if err != nil {
		return err
	}
	done := string(ctx.PostArgs().Peek("done")) != "false"
	if _, err := w.People.EditTask(request.ContextOf(ctx), v.Principal, id, people.TaskEdit{Done: &done}); err != nil {
		return err
	}
	back(ctx, "task_saved")
	return nil
}
