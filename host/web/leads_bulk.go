package web

import (
	"maps"
	"slices"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

// bulkRounds is how many times people.MaxBulk contacts of a filter one request
// changes; the page after it goes on.
const bulkRounds = 10

// bulkForm is what can be changed of many contacts at once.
type bulkForm struct {
	Stages, Tags, Members []leadOption
	Fields                []leadOption
	CanAssign             bool
	Whole                 bool // all that fit, on every page, may be chosen
}

func (w *Web) bulkForm(v *visitor, shown *leadsShown) bulkForm {
	f := bulkForm{
		Stages: v.stageOptions(shown.list.pipeline, ""), Members: v.memberOptions(), CanAssign: v.Can(access.WriteConversations),
		Whole: shown.wanted.Filter != nil && shown.wanted.Search == "",
	}
	for id, name := range shown.list.tags {
		f.Tags = append(f.Tags, leadOption{Value: id.String(), Label: name})
	}
	for key, field := range shown.list.fields {
		if field.ArchivedAt.IsZero() {
			f.Fields = append(f.Fields, leadOption{Value: key, Label: field.Label})
		}
	}
	for _, list := range [][]leadOption{f.Tags, f.Fields} {
		slices.SortFunc(list, func(a, b leadOption) int { return strings.Compare(strings.ToLower(a.Label), strings.ToLower(b.Label)) })
	}
	return f
}

// bulkPage says how a change of many contacts went, when there is more to say
// than that it is done.
type bulkPage struct {
	Frame
	Seen, Changed string
	Failed        []bulkFailed
	More          bool        // there are contacts left: the form goes on
	Hidden        []leadInput // what the form sends again
	Back          string      // address of the list
}

// bulkFailed is a contact that could not be changed.
type bulkFailed struct{ Address, Why string }

// leadInput is a hidden field of a form.
type leadInput struct{ Name, Value string }

// bulkLeads answers POST /leads/bulk: changes the contacts that were chosen, or all
// that fit the filter.
func (w *Web) bulkLeads(ctx *fasthttp.RequestCtx, v *visitor) error {
	q, err := queryOfForm(ctx)
	if err != nil {
		return err
	}
	change, set, err := readBulk(ctx)
	if err != nil {
		return err
	}
	if ctx.PostArgs().Has("whole") {
		return w.bulkWhole(ctx, v, q, change)
	}
	undo := w.undoOf(ctx, v, change, set)
	done, err := w.People.Bulk(request.ContextOf(ctx), v.Principal, change)
	if refused(err) {
		return w.leadsProblem(ctx, v, q, err)
	}
	if err != nil {
		return err
	}
	w.settleUndo(ctx, v, undo)
	if len(done.Failed) > 0 {
		return w.showBulk(ctx, v, done, false)
	}
	back(ctx, "leads_changed")
	return nil
}

// bulkWhole changes all contacts that fit the list's filter, a bounded number a
// request.
func (w *Web) bulkWhole(ctx *fasthttp.RequestCtx, v *visitor, q leadQuery, change people.Bulk) error {
	_, query, _ := strings.Cut(q.address(), "?")
	ctx.QueryArgs().Parse(query)
	_, shown, err := w.leadsAsked(ctx, v)
	if err != nil {
		return err
	}
	change.IDs, change.Filter = nil, shown.wanted.Filter
	if text := string(ctx.PostArgs().Peek("after")); text != "" {
		if change.After, err = crm.ParseID[crm.Contact](text); err != nil {
			return badAddress
		}
	}
	all := new(people.BulkResult)
	for range bulkRounds {
		done, err := w.People.Bulk(request.ContextOf(ctx), v.Principal, change)
		if refused(err) && all.Seen == 0 {
			return w.leadsProblem(ctx, v, q, err)
		}
		if err != nil {
			return err
		}
		all.Seen, all.Changed, all.Next = all.Seen+done.Seen, all.Changed+done.Changed, done.Next
		all.Failed = append(all.Failed, done.Failed...)
		if change.After = done.Next; done.Next.IsZero() {
			break
		}
	}
	return w.showBulk(ctx, v, all, true)
}

// showBulk says how it went. The list is never sent back to before somebody read
// which contacts stayed as they were.
func (w *Web) showBulk(ctx *fasthttp.RequestCtx, v *visitor, done *people.BulkResult, whole bool) error {
	page := bulkPage{
		Frame: v.leadsFrame(ctx), Seen: v.number(done.Seen), Changed: v.number(done.Changed), More: !done.Next.IsZero(),
		Back: localPath(string(ctx.PostArgs().Peek("next"))),
	}
	page.Wide = false
	for _, f := range done.Failed[:min(len(done.Failed), crm.MaxPageRows)] {
		page.Failed = append(page.Failed, bulkFailed{contactAddress(f.ID), v.problem(f.Err)})
	}
	if page.More && whole {
		for name, value := range ctx.PostArgs().All() {
			if field := string(name); field != tokenField && field != "after" && field != "id" {
				page.Hidden = append(page.Hidden, leadInput{field, string(value)})
			}
		}
		page.Hidden = append(page.Hidden, leadInput{"after", done.Next.String()})
	}
	return render(ctx, v.lang, "leads_bulk", page)
}

// readBulk reads what the form changes, and of whom. The part that can be taken
// back is returned as well.
func readBulk(ctx *fasthttp.RequestCtx) (people.Bulk, bulkEdit, error) {
	form := ctx.PostArgs()
	var change people.Bulk
	var set bulkEdit
	for _, text := range form.PeekMulti("id") {
		id, err := crm.ParseID[crm.Contact](string(text))
		if err != nil {
			return change, set, badAddress
		}
		change.IDs = append(change.IDs, id)
	}
	tag := func(name string) ([]crm.TagID, error) {
		text := string(form.Peek(name))
		if text == "" {
			return nil, nil
		}
		id, err := crm.ParseID[crm.Tag](text)
		if err != nil {
			return nil, badAddress
		}
		return []crm.TagID{id}, nil
	}
	var err error
	if set.Add, err = tag("add_tag"); err != nil {
		return change, set, err
	}
	if set.Remove, err = tag("remove_tag"); err != nil {
		return change, set, err
	}
	if status := string(form.Peek("lead_status")); status != "" {
		set.Status = &status
	}
	if key := string(form.Peek("field")); key != "" {
		set.Fields = map[string]*string{key: filledOr(posted(ctx, "value"))}
	}
	set.Blocked = flagOf(string(form.Peek("blocked")))
	change.Edit = set.edit()
	change.Edit.OptOut = flagOf(string(form.Peek("opt_out")))
	switch to := string(form.Peek("assignee")); to {
	case "":
	case "nobody":
		change.Assignee = new(crm.MemberID)
	default:
		member, err := crm.ParseID[crm.Member](to)
		if err != nil {
			return change, set, badAddress
		}
		change.Assignee = &member
	}
	return change, set, nil
}

// filledOr returns a value of a field; nil, which takes it away, for none.
func filledOr(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// flagOf reads yes, no, or nothing said.
func flagOf(text string) *bool {
	switch text {
	case "true", "false":
		return new(text == "true")
	}
	return nil
}

// bulkEdit is the part of a change of many contacts that can be taken back. Who
// was assigned and who asked not to be written to is more than a value, and
// stays.
type bulkEdit struct {
	Status  *string            `json:"s,omitempty"`
	Fields  map[string]*string `json:"f,omitempty"`
	Add     []crm.TagID        `json:"a,omitempty"`
	Remove  []crm.TagID        `json:"r,omitempty"`
	Blocked *bool              `json:"b,omitempty"`
}

func (e bulkEdit) edit() people.Edit {
	return people.Edit{LeadStatus: e.Status, Fields: e.Fields, AddTags: e.Add, RemoveTags: e.Remove, Blocked: e.Blocked}
}

func (e bulkEdit) empty() bool {
	return e.Status == nil && len(e.Fields)+len(e.Add)+len(e.Remove) == 0 && e.Blocked == nil
}

// inverse returns what takes an edit of a contact back, as the contact is before.
func (e bulkEdit) inverse(c *crm.Contact) bulkEdit {
	var back bulkEdit
	if e.Status != nil && *e.Status != c.LeadStatus {
		back.Status = new(c.LeadStatus) // the contact may change, this not
	}
	for _, key := range slices.Sorted(maps.Keys(e.Fields)) {
		had, has := c.Fields[key]
		if value := e.Fields[key]; has != (value != nil) || has && had != *value {
			if back.Fields == nil {
				back.Fields = map[string]*string{}
			}
			back.Fields[key] = nil
			if has {
				back.Fields[key] = &had
			}
		}
	}
	for _, tag := range e.Add {
		if !slices.Contains(c.Tags, tag) {
			back.Remove = append(back.Remove, tag)
		}
	}
	for _, tag := range e.Remove {
		if slices.Contains(c.Tags, tag) {
			back.Add = append(back.Add, tag)
		}
	}
	if e.Blocked != nil && *e.Blocked == c.BlockedAt.IsZero() {
		back.Blocked = new(!*e.Blocked)
	}
	return back
}

// still returns the parts of the way back where the contact is still what the
// edit made it: what somebody changed since stays.
func (e bulkEdit) still(c *crm.Contact, back bulkEdit) bulkEdit {
	if back.Status != nil && (e.Status == nil || c.LeadStatus != *e.Status) {
		back.Status = nil
	}
	fields := map[string]*string{}
	for key, value := range back.Fields {
		set := e.Fields[key]
		now, has := c.Fields[key]
		if set == nil && !has || set != nil && has && now == *set {
			fields[key] = value
		}
	}
	back.Fields = fields
	if back.Blocked != nil && (e.Blocked == nil || *e.Blocked == c.BlockedAt.IsZero()) {
		back.Blocked = nil
	}
	return back
}
