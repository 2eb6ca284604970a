package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/leanovate/gopter/gen"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

var taskTests = []test{
	{"comes back with every field, and is replaced whole", taskReplaced},
	{"is loaded by id", taskLoad},
	{"pages of any query join to what fits it, newest first", taskPages},
}

func (w *world) tasks(t *testing.T) []*crm.Task {
	t.Helper()
	return must[[]*crm.Task](t)(w.store.People().Tasks(t.Context(), w.ours.ws, people.TaskQuery{Limit: all}))
}

func taskReplaced(t *testing.T, w *world) {
	now := w.clock.Now()
	want := copied(w.ours.task)
	want.Title, want.DueAt, want.DoneAt, want.AssigneeID = "call back", now, now, crm.NewID[crm.Member](w.mint)
	want.Author = crm.Actor{Kind: crm.ByKey, ID: "website"}
	everyField(t, "a task", want, w.ours.task, "ID", "WorkspaceID", "ContactID", "CreatedAt")
	w.write(t, w.ours.ws, &crm.Changes{Tasks: []*crm.Task{copied(want)}})
	same(t, "a task with every field changed", w.tasks(t), []*crm.Task{want})
	want.DueAt, want.DoneAt, want.AssigneeID = time.Time{}, time.Time{}, crm.MemberID{}
	w.write(t, w.ours.ws, &crm.Changes{Tasks: []*crm.Task{copied(want)}})
	same(t, "a task with fields emptied", w.tasks(t), []*crm.Task{want})
}

func taskLoad(t *testing.T, w *world) {
	state := w.loadPeople(t, people.Need{WorkspaceID: w.ours.ws, Tasks: []crm.TaskID{w.ours.task.ID, crm.NewID[crm.Task](w.mint)}})
	same(t, "a task by id", state.Tasks, []*crm.Task{w.ours.task})
}

func taskPages(t *testing.T, w *world) {
	ours, crowd, changes := w.ours, []*crm.Task{w.ours.task}, &crm.Changes{}
	other, _, _ := w.newThread(t, ours, nil)
	for i := range 30 {
		task := &crm.Task{ID: crm.NewID[crm.Task](w.mint), WorkspaceID: ours.ws, ContactID: ours.contact.ID, Title: fmt.Sprint(i), CreatedAt: w.clock.Now()}
		if i%2 == 0 {
			task.ContactID = other.ID
		}
		if i%3 == 0 {
			task.AssigneeID = ours.Owner.ID
		}
		if i%4 == 0 {
			task.DoneAt = w.clock.Now()
		}
		crowd, changes.Tasks = append(crowd, task), append(changes.Tasks, task)
	}
	w.write(t, ours.ws, changes)
	slices.Reverse(crowd)
	law(t, "the pages of a query are what fits it, in order", 25, func(contact, assigned, open bool, limit int) string {
		q := people.TaskQuery{Open: open, Limit: limit}
		if contact {
			q.ContactID = other.ID
		}
		if assigned {
			q.AssigneeID = ours.Owner.ID
		}
		var want []*crm.Task
		for _, task := range crowd {
			if (!contact || task.ContactID == q.ContactID) && (!assigned || task.AssigneeID == q.AssigneeID) && (!open || task.DoneAt.IsZero()) {
				want = append(want, task)
			}
		}
		got, err := pages(limit, func(last *crm.Task) ([]*crm.Task, error) {
			if last != nil {
				q.After = last.ID
			}
			return w.store.People().Tasks(t.Context(), ours.ws, q)
		})
		return verdict(err, got, want)
	}, gen.Bool(), gen.Bool(), gen.Bool(), gen.IntRange(1, 12))
}
