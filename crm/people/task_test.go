package people_test

import (
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

// TestTask follows a task from its beginning to its end and back.
func TestTask(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.contact(o.me, people.Edit{Name: new("Dewi")})
	due := time.Date(2026, 12, 1, 9, 0, 0, 123_456_789, time.FixedZone("WIB", 7*60*60))
	before := o.seen(o.me)
	task, err := o.AddTask(t.Context(), o.me, c.ID, people.TaskEdit{Title: new(" Call back "), AssigneeID: &o.me.Member, DueAt: &due})
	if err != nil {
		t.Fatal(err)
	}
	want := crm.Task{
		ID: task.ID, WorkspaceID: o.me.WorkspaceID, ContactID: c.ID, Title: "Call back", AssigneeID: o.me.Member,
		DueAt: due.UTC().Truncate(time.Millisecond), Author: o.me.Actor, CreatedAt: o.clock.Now(),
	}
	o.wantTask(task, want)
	name := `"task_id":"` + task.ID.String() + `"`
	o.wantFact(before, crm.TaskChanged, c.ID, `{`+name+`,"title":"Call back","assignee_id":"`+o.me.Member.String()+`","due_at":"2026-12-01T02:00:00.123Z"}`)
	for _, step := range []struct {
		edit   people.TaskEdit
		change func(now time.Time)
		data   string
	}{
		{people.TaskEdit{Title: new("Call")}, func(time.Time) { want.Title = "Call" }, `"title":"Call"`},
		{people.TaskEdit{AssigneeID: new(crm.MemberID{})}, func(time.Time) { want.AssigneeID = crm.MemberID{} }, `"assignee_id":""`},
		{people.TaskEdit{DueAt: new(time.Time{})}, func(time.Time) { want.DueAt = time.Time{} }, `"due_at":null`},
		{people.TaskEdit{Done: new(true)}, func(now time.Time) { want.DoneAt = now }, `"done":true`},
		{people.TaskEdit{Done: new(false)}, func(time.Time) { want.DoneAt = time.Time{} }, `"done":false`},
	} {
		now, before := soon(o), o.seen(o.me)
		step.change(now)
		got, err := o.EditTask(t.Context(), o.me, task.ID, step.edit)
		if err != nil {
			t.Fatal(err)
		}
		o.wantTask(got, want)
		o.wantFact(before, crm.TaskChanged, c.ID, `{`+name+`,`+step.data+`}`)
	}
	before = o.seen(o.me)
	if got, err := o.EditTask(t.Context(), o.me, task.ID, people.TaskEdit{Title: new("Call "), Done: new(false), DueAt: new(time.Time{})}); err != nil || *got != want || o.seen(o.me) != before {
		t.Errorf("an edit that changes nothing: %+v, %v, and %d facts", got, err, o.seen(o.me)-before)
	}
}

// wantTask checks a task as returned and as stored.
func (o *office) wantTask(returned *crm.Task, want crm.Task) {
	o.t.Helper()
	list, err := o.Tasks(o.t.Context(), o.me, people.TaskQuery{ContactID: want.ContactID})
	if err != nil || len(list) != 1 {
		o.t.Fatalf("the contact has the tasks %v, %v", list, err)
	}
	for _, got := range []crm.Task{*returned, *list[0]} {
		if got != want {
			o.t.Errorf("the task is %+v, want %+v", got, want)
		}
	}
}

func TestTaskRefuses(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.contact(o.me, people.Edit{Name: new("Dewi")})
	task, err := o.AddTask(t.Context(), o.me, c.ID, people.TaskEdit{Title: new("Call")})
	if err != nil {
		t.Fatal(err)
	}
	disabled, err := o.members.SaveMember(t.Context(), o.me, crm.Member{Name: "Gone", Role: crm.Agent, DisabledAt: o.clock.Now()})
	if err != nil {
		t.Fatal(err)
	}
	before := o.seen(o.me)
	for _, e := range []struct {
		name string
		edit people.TaskEdit
		want string
	}{
		{"a blank title", people.TaskEdit{Title: new(" ")}, "invalid bad_title"},
		{"a title too long", people.TaskEdit{Title: new(strings.Repeat("é", people.MaxName+1))}, "invalid bad_title"},
		{"a date before dates", people.TaskEdit{DueAt: new(time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC))}, "invalid bad_due_at"},
		{"a date after dates", people.TaskEdit{DueAt: new(time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC))}, "invalid bad_due_at"},
		{"an unknown member", people.TaskEdit{AssigneeID: &crm.MemberID{9}}, "not_found"},
		{"another workspace's member", people.TaskEdit{AssigneeID: &o.them.Member}, "not_found"},
		{"a disabled member", people.TaskEdit{AssigneeID: &disabled.ID}, "not_found"},
	} {
		if got, err := o.EditTask(t.Context(), o.me, task.ID, e.edit); code(err) != e.want || got != nil {
			t.Errorf("%s: EditTask = %v, %v, want %s", e.name, got, err, e.want)
		}
		if e.edit.Title == nil {
			e.edit.Title = new("Call")
		}
		if got, err := o.AddTask(t.Context(), o.me, c.ID, e.edit); code(err) != e.want || got != nil {
			t.Errorf("%s: AddTask = %v, %v, want %s", e.name, got, err, e.want)
		}
	}
	if _, err := o.AddTask(t.Context(), o.me, c.ID, people.TaskEdit{}); code(err) != "invalid bad_title" {
		t.Errorf("a task without a title: %v", err)
	}
	if o.seen(o.me) != before {
		t.Error("a task that was refused left a fact behind")
	}
	o.wantTask(task, *task)
}
