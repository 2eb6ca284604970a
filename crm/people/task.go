package people

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

// Tasks returns a page of tasks, newest first; see [TaskQuery].
func (s *Service) Tasks(ctx context.Context, p access.Principal, q TaskQuery) ([]*crm.Task, error) {
	const op = "list tasks"
	if err := p.Check(access.ReadContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	var err error
	if q.Limit, err = crm.CheckPage(q.Limit); err != nil {
		return nil, crm.Wrap(op, err)
	}
	list, err := s.store.Tasks(ctx, p.WorkspaceID, q)
	return list, crm.Wrap(op, err)
}

// TaskEdit is what to change of a task; nil fields stay as they are.
type TaskEdit struct {
	Title      *string       // 1 to MaxName characters
	AssigneeID *crm.MemberID // the zero id: anybody
	DueAt      *time.Time    // the zero time: no date
	Done       *bool
}

// AddTask makes a task about a contact; it needs a title. NotFound if there is
// no such contact, or no member at work to assign it to.
func (s *Service) AddTask(ctx context.Context, p access.Principal, contact crm.ContactID, e TaskEdit) (*crm.Task, error) {
	const op = "add task"
	if err := p.Check(access.WriteContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	e, err := e.checked()
	if err == nil && e.Title == nil {
		err = invalid("title", "The title is missing.")
	}
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	need := e.need(p.WorkspaceID)
	need.Contacts = []crm.ContactID{contact}
	var made *crm.Task
	err = s.update(ctx, need, func(state *State) (crm.Changes, error) {
		if _, err := state.contact(contact); err != nil {
			return crm.Changes{}, err
		}
		made = &crm.Task{
			ID: crm.NewID[crm.Task](s.mint), WorkspaceID: p.WorkspaceID, ContactID: contact,
			Author: p.Actor, CreatedAt: s.mint.Now(),
		}
		return decideTask(made, state.Members, e, p.Actor, made.CreatedAt)
	})
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	return made, nil
}

// EditTask changes a task. NotFound if there is no such task, or no member at
// work to assign it to.
func (s *Service) EditTask(ctx context.Context, p access.Principal, id crm.TaskID, e TaskEdit) (*crm.Task, error) {
	const op = "edit task"
	if err := p.Check(access.WriteContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	e, err := e.checked()
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	need := e.need(p.WorkspaceID)
	need.Tasks = []crm.TaskID{id}
	var changed *crm.Task
	err = s.update(ctx, need, func(state *State) (crm.Changes, error) {
		if len(state.Tasks) == 0 {
			return crm.Changes{}, missing("task")
		}
		changed = state.Tasks[0]
		return decideTask(changed, state.Members, e, p.Actor, s.mint.Now())
	})
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	return changed, nil
}

// checked returns the edit with its texts trimmed and its time as it is stored,
// or what is wrong with it.
func (e TaskEdit) checked() (TaskEdit, error) {
	if e.Title != nil {
		title := strings.TrimSpace(*e.Title)
		if err := crm.CheckText("title", "The title", title, 1, MaxName); err != nil {
			return TaskEdit{}, err
		}
		e.Title = &title
	}
	if e.DueAt != nil {
		due := e.DueAt.UTC().Truncate(time.Millisecond)
		if year := due.Year(); !due.IsZero() && (year < 1970 || year > 9999) {
			return TaskEdit{}, invalid("due_at", "The date must lie between the years 1970 and 9999.")
		}
		e.DueAt = &due
	}
	return e, nil
}

func (e *TaskEdit) need(ws crm.WorkspaceID) Need {
	need := Need{WorkspaceID: ws}
	if e.AssigneeID != nil && !e.AssigneeID.IsZero() {
		need.Members = []crm.MemberID{*e.AssigneeID}
	}
	return need
}

// decideTask changes a task and says in the feed what became different.
func decideTask(t *crm.Task, members []*crm.Member, e TaskEdit, by crm.Actor, now time.Time) (crm.Changes, error) {
	news := make(map[string]any)
	if e.Title != nil && *e.Title != t.Title {
		t.Title = *e.Title
		news["title"] = t.Title
	}
	if e.AssigneeID != nil && *e.AssigneeID != t.AssigneeID {
		if !e.AssigneeID.IsZero() && !slices.ContainsFunc(members, func(m *crm.Member) bool {
			return m.ID == *e.AssigneeID && m.DisabledAt.IsZero()
		}) {
			return crm.Changes{}, missing("member to assign to")
		}
		t.AssigneeID = *e.AssigneeID
		news["assignee_id"] = t.AssigneeID
	}
	if e.DueAt != nil && !e.DueAt.Equal(t.DueAt) {
		t.DueAt = *e.DueAt
		news["due_at"] = nil
		if !t.DueAt.IsZero() {
			news["due_at"] = t.DueAt
		}
	}
	if e.Done != nil && *e.Done == t.DoneAt.IsZero() {
		t.DoneAt = time.Time{}
		if *e.Done {
			t.DoneAt = now
		}
		news["done"] = *e.Done
	}
	if len(news) == 0 {
		return crm.Changes{}, nil
	}
	news["task_id"] = t.ID
	return crm.Changes{Tasks: []*crm.Task{t}, Facts: []crm.Fact{{
		WorkspaceID: t.WorkspaceID, Kind: crm.TaskChanged, At: now, Actor: by, ContactID: t.ContactID, Data: data(news),
	}}}, nil
}
