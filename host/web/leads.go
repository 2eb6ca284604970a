package web

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	contactfilter "github.com/my21staff/my21staff/crm/filter"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

// leadRows is how many contacts a page of the table shows.
const leadRows = 50

// leadsPeople is what the pages about contacts ask of the people service.
type leadsPeople interface {
	Contacts(ctx context.Context, p access.Principal, q people.ContactQuery) ([]*crm.Contact, error)
	Create(ctx context.Context, p access.Principal, e people.Edit, region string) (*crm.Contact, error)
	Bulk(ctx context.Context, p access.Principal, b people.Bulk) (*people.BulkResult, error)
	Duplicates(ctx context.Context, p access.Principal, id crm.ContactID) ([]*crm.Contact, error)
	Merge(ctx context.Context, p access.Principal, kept, gone crm.ContactID) (*crm.Merge, *crm.Contact, error)
	Unmerge(ctx context.Context, p access.Principal, id crm.MergeID) (*crm.Contact, error)
	Schema(ctx context.Context, p access.Principal) (*contactfilter.Schema, error)
	Test(ctx context.Context, p access.Principal, expression []byte, zone *time.Location) (*contactfilter.Test, error)
	Views(ctx context.Context, p access.Principal) ([]*crm.View, error)
	View(ctx context.Context, p access.Principal, id crm.ViewID) (*crm.View, error)
	SaveView(ctx context.Context, p access.Principal, id crm.ViewID, shared bool, e people.ViewEdit) (*crm.View, error)
	DeleteView(ctx context.Context, p access.Principal, id crm.ViewID) error
	AddNote(ctx context.Context, p access.Principal, n people.NewNote) (*crm.Note, error)
	Tasks(ctx context.Context, p access.Principal, q people.TaskQuery) ([]*crm.Task, error)
}

func (w *Web) leadRoutes() []Route {
	return []Route{
		{"GET", "/leads", w.signedIn(w.leads)},
		{"POST", "/leads/columns", w.signedIn(w.chooseColumns)},
		{"POST", "/leads/views", w.signedIn(w.saveView)},
		{"POST", "/leads/views/{id}/delete", w.signedIn(w.deleteView)},
		{"POST", "/leads/bulk", w.signedIn(w.bulkLeads)},
		{"POST", "/leads/undo", w.signedIn(w.undoLeads)},
	}
}

// leadsPage is the list of contacts as a table.
type leadsPage struct {
	Frame
	leadFrame
	Columns    []leadColumn // those shown
	AllColumns []leadColumn
	Rows       []leadRow
	Next       string // address of the next page; empty on the last
	First      string // address of the first page; empty on it
	Export     string // address of the list as CSV
	Bulk       bulkForm
	Undo       bool // what was just done to many can be taken back
}

// leadFrame is what stands above the table and the board alike.
type leadFrame struct {
	Tabs       []leadTab
	Query      string // address of the list as it is, to come back to
	Table      string // address of the table, with this search and filter
	Board      string // address of the board
	OnBoard    bool
	Search     string
	Sorts      []leadOption
	SearchKept []leadInput // what the search form keeps of the address
	FilterKept []leadInput // what the filter form keeps
	Reset      string      // address without the conditions, or with the view's own
	Open       bool        // the filter form is open: a line waits for its value
	Conditions []conditionView
	Or         bool
	Fields     []leadOption // that a condition may be added about
	Own        bool
	ViewID     string // that is shown; empty for none
	ViewName   string
	ViewShared bool
	Altered    bool // the filter is not the view's any more
	Elsewhere  bool // the view's filter is one that the form cannot show
	CanWrite   bool
	Problem    string
}

// leadTab is a saved view above the list.
type leadTab struct {
	Name, Address  string
	Shared, Chosen bool
}

// leadsShown is a list of contacts that was asked for, ready to be read.
type leadsShown struct {
	seq     string // see Frame
	query   leadQuery
	list    *leadList
	columns []leadColumn
	wanted  people.ContactQuery
	encoded []byte // the filter; nil for none
	refused error  // the filter cannot be
}

// leads answers GET /leads: the table, or with ?board the board.
func (w *Web) leads(ctx *fasthttp.RequestCtx, v *visitor) error {
	if err := v.Check(access.ReadContacts); err != nil {
		return err
	}
	frame, shown, err := w.leadsAsked(ctx, v)
	if err != nil {
		return err
	}
	if shown.refused != nil {
		frame.Problem = v.problem(shown.refused)
		ctx.SetStatusCode(fasthttp.StatusUnprocessableEntity)
	}
	if shown.query.Board {
		return w.showBoard(ctx, v, frame, shown)
	}
	return w.showTable(ctx, v, frame, shown)
}

func (w *Web) showTable(ctx *fasthttp.RequestCtx, v *visitor, frame leadFrame, shown *leadsShown) error {
	page := leadsPage{Frame: v.leadsFrame(ctx), leadFrame: frame, Columns: shown.list.columns, AllColumns: shown.columns}
	page.Seq = shown.seq
	found, next, err := w.leadsPage(ctx, v, shown, shown.query.After, leadRows)
	if err != nil {
		return err
	}
	for _, c := range found {
		page.Rows = append(page.Rows, v.leadRow(c, shown.list))
	}
	q := shown.query
	if q.After != "" {
		q.After = ""
		page.First = q.address()
	}
	if next != "" {
		q.After = next
		page.Next = q.address()
	}
	page.Export, page.Undo = exportAddress(shown), hasUndo(ctx)
	if frame.CanWrite {
		page.Bulk = w.bulkForm(v, shown)
	}
	return render(ctx, v.lang, "leads", page)
}

// leadsFrame is the frame of the pages about many contacts.
func (v *visitor) leadsFrame(ctx *fasthttp.RequestCtx) Frame {
	f := v.frame(ctx, v.say("leads.title"), "leads")
	f.Styles, f.Scripts, f.Wide = leadStyles, leadScripts, true
	return f
}

// What the pages about contacts are made with.
var (
	leadStyles  = []string{"leads.css"}
	leadScripts = []string{"leads.js"}
)

// leadsAsked reads which contacts the address asks for.
func (w *Web) leadsAsked(ctx *fasthttp.RequestCtx, v *visitor) (leadFrame, *leadsShown, error) {
	q, c := readLeadQuery(ctx.QueryArgs()), request.ContextOf(ctx)
	seq, err := w.newest(ctx, v)
	if err != nil {
		return leadFrame{}, nil, err
	}
	views, err := w.People.Views(c, v.Principal)
	if err != nil {
		return leadFrame{}, nil, err
	}
	list, columns, err := w.leadList(ctx, v)
	if err != nil {
		return leadFrame{}, nil, err
	}
	schema, err := w.People.Schema(c, v.Principal)
	if err != nil {
		return leadFrame{}, nil, err
	}
	frame := leadFrame{Search: q.Search, CanWrite: v.Can(access.WriteContacts), OnBoard: q.Board}
	shown := &leadsShown{seq: seq, query: q, list: list, columns: columns}
	sort := q.Sort
	if view, err := chosenView(views, q); err != nil {
		return leadFrame{}, nil, err
	} else if view != nil {
		frame.ViewID, frame.ViewName, frame.ViewShared, frame.Altered = view.ID.String(), view.Name, view.OwnerID.IsZero(), q.Own
		if sort == "" {
			sort = people.Sort(view.Sort)
		}
		if !q.Own {
			var ok bool
			if q.Conditions, q.Or, ok = conditionsOf(view.Filter, schema); !ok {
				frame.Elsewhere, q.Conditions = true, nil
			}
			shown.encoded = view.Filter
		}
	}
	if q.Own {
		if shown.encoded, err = q.expression(schema); err != nil {
			return leadFrame{}, nil, err
		}
	}
	shown.wanted = people.ContactQuery{Search: q.Search, Sort: sort}
	if len(shown.encoded) > 0 {
		shown.wanted.Filter, shown.refused = w.People.Test(c, v.Principal, shown.encoded, v.zone)
		if shown.refused != nil && crm.CodeOf(shown.refused) != crm.Invalid {
			return leadFrame{}, nil, shown.refused
		}
	}
	frame.Query, frame.Own, frame.Or = shown.query.address(), q.Own, q.Or
	frame.Tabs, frame.Sorts = v.leadTabs(views, shown.query), v.leadSorts(sort)
	frame.Conditions, frame.Fields = v.conditionViews(q, schema, list), v.filterFields(schema)
	table, board := shown.query, shown.query
	table.Board, table.Stage, table.After, board.Board, board.After = false, "", "", true, ""
	frame.Table, frame.Board = table.address(), board.address()
	frame.keep(shown.query)
	return frame, shown, nil
}

// keep says what the forms keep of the address.
func (f *leadFrame) keep(q leadQuery) {
	q.After, q.Stage = "", ""
	searched, filtered := q, q
	searched.Search, searched.Sort = "", ""
	filtered.Own, filtered.Conditions = false, nil
	f.SearchKept, f.FilterKept, f.Reset = searched.inputs(), filtered.inputs(), filtered.address()
	for _, c := range f.Conditions {
		f.Open = f.Open || c.Missing || c.Wrong
	}
}

// chosenView returns the view that the address names, nil if it names none. One
// that the visitor cannot see is missing.
func chosenView(views []*crm.View, q leadQuery) (*crm.View, error) {
	id, err := q.viewID()
	if err != nil || id.IsZero() {
		return nil, err
	}
	i := slices.IndexFunc(views, func(v *crm.View) bool { return v.ID == id })
	if i < 0 {
		return nil, &crm.Error{Op: "find view", Code: crm.NotFound, Reason: "no_view", Msg: "There is no such view."}
	}
	return views[i], nil
}

// leadsPage reads a page of the contacts asked for, behind a cursor, and where
// the next one begins; empty for the last.
func (w *Web) leadsPage(ctx *fasthttp.RequestCtx, v *visitor, shown *leadsShown, after string, rows int) ([]*crm.Contact, string, error) {
	if shown.refused != nil {
		return nil, "", nil
	}
	wanted := shown.wanted
	wanted.Limit = rows + 1
	var err error
	if wanted.After, err = readLeadCursor(after); err != nil {
		return nil, "", err
	}
	found, err := w.People.Contacts(request.ContextOf(ctx), v.Principal, wanted)
	if err != nil || len(found) <= rows {
		return found, "", err
	}
	return found[:rows], writeLeadCursor(people.CursorOf(found[rows-1], wanted.Sort)), nil
}

// writeLeadCursor names the last row of a page. It holds nothing secret and
// grants nothing.
func writeLeadCursor(c people.ContactCursor) string {
	encoded, err := json.Marshal(c)
	if err != nil { // a time, a text and an id always encode
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(encoded)
}

func readLeadCursor(text string) (people.ContactCursor, error) {
	var c people.ContactCursor
	if text == "" {
		return c, nil
	}
	encoded, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || json.Unmarshal(encoded, &c) != nil {
		return people.ContactCursor{}, badAddress
	}
	return c, nil
}

// leadTabs are the saved views, with everybody first.
func (v *visitor) leadTabs(views []*crm.View, q leadQuery) []leadTab {
	address := func(view string) string { return leadQuery{View: view, Board: q.Board}.address() }
	tabs := []leadTab{{Name: v.say("leads.everybody"), Address: address(""), Shared: true, Chosen: q.View == ""}}
	for _, view := range views {
		id := view.ID.String()
		tabs = append(tabs, leadTab{Name: view.Name, Address: address(id), Shared: view.OwnerID.IsZero(), Chosen: id == q.View})
	}
	return tabs
}

func (v *visitor) leadSorts(chosen people.Sort) []leadOption {
	var sorts []leadOption
	for _, s := range people.Sorts {
		sorts = append(sorts, leadOption{string(s), v.lang.word("lead_sort", s), s == chosen})
	}
	return sorts
}

// exportAddress is the address of the list as CSV, which the API streams.
func exportAddress(shown *leadsShown) string {
	values := url.Values{}
	if shown.query.Search != "" {
		values.Set("q", shown.query.Search)
	}
	if len(shown.encoded) > 0 {
		values.Set("filter", string(shown.encoded))
	}
	return strings.TrimSuffix("/api/contacts/export?"+values.Encode(), "?")
}

// conditionView is a line of the filter form.
type conditionView struct {
	N       int // its number, in the names of its controls
	Field   string
	Label   string
	Ops     []leadOption
	Control string
	Options []leadOption // of a list
	Values  []string     // one, or two, as typed
	Units   []leadOption // of a span
	Words   string       // the line as a sentence
	Remove  string       // address of the list without it
	Missing bool         // it waits for a value and restricts nothing yet
	Wrong   bool         // its value cannot be
}

// Value returns what is typed in the first or second control, or nothing.
func (c conditionView) Value(n int) string {
	if n < len(c.Values) {
		return c.Values[n]
	}
	return ""
}

// filterFields are the fields that a condition may be about. The kinds of
// identity that only programs know are left out.
func (v *visitor) filterFields(schema *contactfilter.Schema) []leadOption {
	var fields []leadOption
	for _, f := range schema.Fields() {
		if f.Name != "wa_id" && f.Name != "user_id" {
			fields = append(fields, leadOption{Value: f.Name, Label: v.filterField(f)})
		}
	}
	return fields
}

func (v *visitor) filterField(f contactfilter.Field) string {
	if f.Label != "" {
		return f.Label
	}
	return v.lang.word("lead_field", f.Name)
}

func (v *visitor) conditionViews(q leadQuery, schema *contactfilter.Schema, list *leadList) []conditionView {
	var lines []conditionView
	for i, c := range q.Conditions {
		f, ok := fieldOf(schema, c.Field)
		if !ok { // it was one once
			continue
		}
		line := v.conditionView(c.settle(f), f, list)
		line.N, line.Remove = i, q.without(i).address()
		if !line.Missing {
			encoded, err := json.Marshal(c.settle(f).encode(f))
			if err == nil {
				_, err = contactfilter.Decode(encoded, schema)
			}
			line.Wrong = err != nil
		}
		lines = append(lines, line)
	}
	return lines
}

func (v *visitor) conditionView(c condition, f contactfilter.Field, list *leadList) conditionView {
	line := conditionView{
		Field: c.Field, Label: v.filterField(f), Control: control(f, c.Op, listed(f)), Values: c.Values, Missing: !c.complete(f),
	}
	for _, op := range contactfilter.Operators[f.Type] {
		line.Ops = append(line.Ops, leadOption{string(op), v.lang.word("lead_op", op), op == c.Op})
	}
	switch line.Control {
	case controlChoice, controlChoices:
		line.Options = v.filterOptions(f, c.Values, list)
	case controlTexts:
		line.Values = []string{strings.Join(c.Values, ", ")}
	case controlSpan:
		line.Units = []leadOption{{"days", v.say("leads.days"), c.Unit != "hours"}}
		if f.Type == contactfilter.Moment {
			line.Units = append(line.Units, leadOption{"hours", v.say("leads.hours"), c.Unit == "hours"})
		}
	}
	line.Words = v.conditionWords(c, line)
	return line
}

// conditionWords says a condition as a sentence.
func (v *visitor) conditionWords(c condition, line conditionView) string {
	var values []string
	switch line.Control {
	case controlNone:
	case controlChoice, controlChoices:
		for _, o := range line.Options {
			if o.Chosen {
				values = append(values, o.Label)
			}
		}
	case controlSpan:
		if !line.Missing {
			return line.Label + " " + v.spanWords(c)
		}
	case controlNumber, controlNumbers:
		for _, n := range c.Values {
			values = append(values, v.decimal(n))
		}
	case controlDate, controlDates:
		for _, text := range c.Values {
			if day, err := time.Parse(time.DateOnly, text); err == nil {
				text = v.calendarDay(day)
			}
			values = append(values, text)
		}
	default:
		values = c.Values
	}
	between := ", "
	if c.Op == contactfilter.Between {
		between = " – "
	}
	return strings.TrimSpace(line.Label + " " + v.lang.word("lead_op", c.Op) + " " + strings.Join(values, between))
}

// spanWords says a span of time: the language decides where the number stands.
func (v *visitor) spanWords(c condition) string {
	unit := v.say("leads.days")
	if c.Unit == "hours" {
		unit = v.say("leads.hours")
	}
	span := c.Values[0] + " " + unit
	switch c.Op {
	case contactfilter.NotInLast:
		return v.say("leads.not_in_last", span)
	case contactfilter.InNext:
		return v.say("leads.in_next", span)
	default:
		return v.say("leads.in_last", span)
	}
}

// leadSources are the kinds of source that contacts are known to come from.
var leadSources = []string{"chat", "ad", "post", "form", "import", "sync", "api", "manual"}

// filterOptions are the values of a field that is chosen from a list.
func (v *visitor) filterOptions(f contactfilter.Field, chosen []string, list *leadList) []leadOption {
	var options []leadOption
	add := func(value, label string) {
		options = append(options, leadOption{value, label, slices.Contains(chosen, value)})
	}
	switch {
	case f.Type == contactfilter.Bool:
		add("true", v.say("leads.yes"))
		add("false", v.say("leads.no"))
	case f.Type == contactfilter.Tag:
		for id, name := range list.tags {
			add(id.String(), name)
		}
		slices.SortFunc(options, func(a, b leadOption) int { return strings.Compare(strings.ToLower(a.Label), strings.ToLower(b.Label)) })
	case f.Type == contactfilter.Member:
		add("me", v.say("leads.me"))
		for _, m := range v.memberOptions() {
			add(m.Value, m.Label)
		}
	case f.Place == contactfilter.InStatus:
		for _, s := range list.pipeline.Stages {
			add(s.Key, v.stage(s))
		}
	case f.Place == contactfilter.InSource:
		for _, s := range leadSources {
			add(s, v.lang.word("source", s))
		}
	case f.Place == contactfilter.InTemperature:
		for _, s := range f.Choices {
			add(s, v.lang.word("temperature", s))
		}
	case f.Place == contactfilter.InThread:
		for _, s := range f.Choices {
			add(s, v.lang.word("status", s))
		}
	default:
		for _, s := range f.Choices {
			add(s, s)
		}
	}
	return options
}

// memberOptions are the members by name.
func (v *visitor) memberOptions() []leadOption {
	var options []leadOption
	for id, name := range v.members {
		options = append(options, leadOption{Value: id, Label: name})
	}
	slices.SortFunc(options, func(a, b leadOption) int { return strings.Compare(strings.ToLower(a.Label), strings.ToLower(b.Label)) })
	return options
}
