package web

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/request"
)

// columnsCookie holds which columns a browser shows in the list of contacts.
const columnsCookie = "lead_columns"

// maxColumns is how many columns the list shows beside the name, so that the
// cookie stays small and the table readable.
const maxColumns = 20

// builtinColumns are the columns that every workspace has beside the name, in
// their order. Their names are those of filters where a filter has them.
var builtinColumns = []string{
	"phone", "lead_status", "temperature", "tags", "email", "source", "opted_out", "updated_at", "created_at", "username", "external_id",
}

// usualColumns are shown until a browser chooses others.
var usualColumns = []string{"phone", "lead_status", "temperature", "tags", "updated_at"}

// fieldColumn is before the key of a custom field in a column's name, as in
// filters.
const fieldColumn = "fields."

// leadColumn is a column of the table, or one that could be.
type leadColumn struct {
	Name    string
	Label   string
	Shown   bool
	Edit    string       // the type of the inline editor; empty: none
	Choices []leadOption // of the editor "choice"
}

// leadOption is one choice of a list.
type leadOption struct {
	Value, Label string
	Chosen       bool
}

// editors are the inline editors by the type of a field.
var editors = map[crm.FieldType]string{
	crm.TextField: "text", crm.NumberField: "number", crm.DateField: "date", crm.BoolField: "choice", crm.ChoiceField: "choice",
	crm.URLField: "url", crm.PhoneField: "tel", crm.EmailField: "email",
}

// columns returns all columns of the workspace, those chosen marked.
func (v *visitor) columns(fields []*crm.Field, pipeline *crm.Pipeline, chosen []string) []leadColumn {
	var all []leadColumn
	for _, name := range builtinColumns {
		c := leadColumn{Name: name, Label: v.lang.word("lead_field", name), Shown: slices.Contains(chosen, name)}
		if name == "lead_status" {
			c.Edit, c.Choices = "choice", v.stageOptions(pipeline, "")
		}
		all = append(all, c)
	}
	for _, f := range fields {
		if !f.ArchivedAt.IsZero() {
			continue
		}
		c := leadColumn{Name: fieldColumn + f.Key, Label: f.Label, Edit: editors[f.Type]}
		c.Shown = slices.Contains(chosen, c.Name)
		c.Choices = v.fieldOptions(f, "")
		all = append(all, c)
	}
	return all
}

// Options returns the choices of the editor as its script reads them; empty for
// none.
func (c leadColumn) Options() (string, error) {
	if c.Choices == nil {
		return "", nil
	}
	pairs := make([][2]string, len(c.Choices))
	for i, o := range c.Choices {
		pairs[i] = [2]string{o.Value, o.Label}
	}
	encoded, err := json.Marshal(pairs)
	return string(encoded), err
}

// shown returns the columns that are chosen.
func shown(all []leadColumn) []leadColumn {
	return slices.DeleteFunc(slices.Clone(all), func(c leadColumn) bool { return !c.Shown })
}

// fieldOptions are the choices of a custom field; nil if it is not chosen from a
// list. A value that is none of them any more is kept as one.
func (v *visitor) fieldOptions(f *crm.Field, value string) []leadOption {
	var options []leadOption
	switch f.Type {
	case crm.ChoiceField:
		for _, choice := range f.Choices {
			options = append(options, leadOption{choice, choice, choice == value})
		}
	case crm.BoolField:
		options = []leadOption{
			{"true", v.say("leads.yes"), value == "true"}, {"false", v.say("leads.no"), value == "false"},
		}
	default:
		return nil
	}
	return withChosen(options, value)
}

// withChosen adds a value that is not among the options.
func withChosen(options []leadOption, value string) []leadOption {
	if value != "" && !slices.ContainsFunc(options, func(o leadOption) bool { return o.Chosen }) {
		options = append(options, leadOption{value, value, true})
	}
	return options
}

// stageOptions are the stages of the pipeline, with the one a contact is in.
func (v *visitor) stageOptions(pipeline *crm.Pipeline, status string) []leadOption {
	var options []leadOption
	for _, s := range pipeline.Stages {
		options = append(options, leadOption{s.Key, v.stage(s), s.Key == status})
	}
	return withChosen(options, status)
}

// stage is what a stage is called. The stages of the pipeline that every
// workspace begins with have English labels, which are shown in the visitor's
// language until somebody gives them others.
func (v *visitor) stage(s crm.Stage) string {
	if usual, ok := crm.DefaultPipeline(v.WorkspaceID).Stage(s.Key); ok && usual.Label == s.Label {
		return v.lang.word("lead_stage", s.Key)
	}
	return s.Label
}

// stageLabel is the label to keep for what a stage was called: the usual one as
// long as the name is what stage shows for it, so that a pipeline that was saved
// without other names still speaks each visitor's language.
func (v *visitor) stageLabel(key, name string) string {
	if usual, ok := crm.DefaultPipeline(v.WorkspaceID).Stage(key); ok && name == v.stage(usual) {
		return usual.Label
	}
	return name
}

// stageNamed is what a status is called, also one that is no stage any more.
func (v *visitor) stageNamed(pipeline *crm.Pipeline, status string) string {
	if s, ok := pipeline.Stage(status); ok {
		return v.stage(s)
	}
	return status
}

// readColumns returns the columns that the browser chose.
func readColumns(ctx *fasthttp.RequestCtx) []string {
	cookie := string(ctx.Request.Header.Cookie(columnsCookie))
	if cookie == "" {
		return usualColumns
	}
	var names []string
	for escaped := range strings.SplitSeq(cookie, "~") {
		if name, err := url.QueryUnescape(escaped); err == nil && len(names) < maxColumns {
			names = append(names, name)
		}
	}
	return names
}

// chooseColumns answers POST /leads/columns.
func (w *Web) chooseColumns(ctx *fasthttp.RequestCtx, v *visitor) error {
	var names []string
	for _, name := range ctx.PostArgs().PeekMulti("column") {
		if len(names) < maxColumns {
			names = append(names, strings.ReplaceAll(url.QueryEscape(string(name)), "~", "%7E"))
		}
	}
	if names == nil {
		names = []string{"none"} // only the name: an empty cookie would be none at all
	}
	keep(ctx, columnsCookie, strings.Join(names, "~"))
	back(ctx, "leads_columns")
	return nil
}

// leadCell is what a row has in a column.
type leadCell struct {
	Column string
	Kind   string // text, status, temperature, tags, link, time or mark
	Text   string
	Value  string // as the inline editor has it
	ISO    string // of a time
	Tags   []leadTag
}

// leadTag is a tag as the pages show it.
type leadTag struct {
	ID, Name string
	Chosen   bool
}

// leadRow is a contact in the list and on the board.
type leadRow struct {
	ID          string
	Address     string
	Name        string // what it is called; empty: nobody knows
	Handle      string
	GivenName   string // the team's, which the inline editor changes
	Temperature crm.Temperature
	Score       int // as the list is sorted by it
	Blocked     bool
	OptedOut    bool
	Cells       []leadCell
}

// leadList is what the rows of a list are shown by.
type leadList struct {
	pipeline *crm.Pipeline
	fields   map[string]*crm.Field
	tags     map[crm.TagID]string
	columns  []leadColumn
	now      time.Time
}

func (v *visitor) leadRow(c *crm.Contact, l *leadList) leadRow {
	r := leadRow{
		ID: c.ID.String(), Address: contactAddress(c.ID), Name: c.DisplayName(), Handle: c.Handle(), GivenName: c.Name,
		Temperature: c.Temperature, Score: c.Score, Blocked: !c.BlockedAt.IsZero(), OptedOut: c.OptOut.Out,
	}
	for _, column := range l.columns {
		r.Cells = append(r.Cells, v.leadCell(c, column, l))
	}
	return r
}

func (v *visitor) leadCell(c *crm.Contact, column leadColumn, l *leadList) leadCell {
	cell := leadCell{Column: column.Name, Kind: "text"}
	text := func(s string) { cell.Text, cell.Value = s, s }
	moment := func(t time.Time) { cell.Kind, cell.Text, cell.ISO = "time", v.when(t, l.now), iso(t) }
	switch column.Name {
	case "phone":
		text(c.Identity(crm.ByPhone))
	case "email":
		text(c.Identity(crm.ByEmail))
	case "external_id":
		text(c.Identity(crm.ByExternal))
	case "username":
		text(c.Username)
	case "lead_status":
		cell.Kind, cell.Text, cell.Value = "status", v.stageNamed(l.pipeline, c.LeadStatus), c.LeadStatus
	case "temperature":
		cell.Kind, cell.Value = "temperature", string(c.Temperature)
		if c.Temperature != "" {
			cell.Text = v.number(c.Score)
		}
	case "source":
		if c.Source.Kind != "" {
			cell.Text = v.lang.word("source", c.Source.Kind)
		}
	case "opted_out":
		cell.Text = v.optOutWord(c)
	case "updated_at":
		moment(c.UpdatedAt)
	case "created_at":
		moment(c.CreatedAt)
	case "tags":
		cell.Kind = "tags"
		for _, id := range c.Tags {
			if name := l.tags[id]; name != "" {
				cell.Tags = append(cell.Tags, leadTag{ID: id.String(), Name: name})
			}
		}
	default:
		v.fieldCell(&cell, l.fields[strings.TrimPrefix(column.Name, fieldColumn)], c)
	}
	return cell
}

// fieldCell fills the cell of a custom field.
func (v *visitor) fieldCell(cell *leadCell, f *crm.Field, c *crm.Contact) {
	if f == nil {
		return
	}
	cell.Value = c.Fields[f.Key]
	cell.Text = v.fieldText(f, cell.Value)
	if f.Type == crm.URLField && webLink(cell.Value) != "" {
		cell.Kind = "link"
	}
}

// fieldText is the value of a custom field as the visitor reads it.
func (v *visitor) fieldText(f *crm.Field, value string) string {
	switch f.Type {
	case crm.BoolField:
		switch value {
		case "true":
			return v.say("leads.yes")
		case "false":
			return v.say("leads.no")
		}
	case crm.NumberField:
		return v.decimal(value)
	case crm.DateField:
		if day, err := time.Parse(time.DateOnly, value); err == nil {
			return v.calendarDay(day)
		}
	}
	return value
}

// decimal is a number with its thousands apart, and the language's own comma. What
// is none stays as it is.
func (v *visitor) decimal(value string) string {
	whole, part, _ := strings.Cut(value, ".")
	digits := strings.TrimPrefix(whole, "-")
	if digits == "" || len(digits) > 15 || strings.Trim(digits+part, "0123456789") != "" {
		return value
	}
	n := 0
	for _, d := range digits {
		n = n*10 + int(d-'0')
	}
	text := v.number(n)
	if whole != digits {
		text = "-" + text
	}
	switch {
	case part == "":
		return text
	case v.lang == indonesian:
		return text + "," + part
	default:
		return text + "." + part
	}
}

// calendarDay is a day that lies in no time zone, always with its year.
func (v *visitor) calendarDay(day time.Time) string {
	return day.Format("2") + " " + months[v.lang][day.Month()-1] + " " + day.Format("2006")
}

func (v *visitor) optOutWord(c *crm.Contact) string {
	if c.OptOut.Out {
		return v.say("leads.yes")
	}
	return v.say("leads.no")
}

func contactAddress(id crm.ContactID) string { return "/contacts/" + id.String() }

// lists reads what the rows of every list of contacts are shown by.
func (w *Web) leadList(ctx *fasthttp.RequestCtx, v *visitor) (*leadList, []leadColumn, error) {
	c := request.ContextOf(ctx)
	pipeline, err := w.People.Pipeline(c, v.Principal)
	if err != nil {
		return nil, nil, err
	}
	fields, err := w.People.Fields(c, v.Principal)
	if err != nil {
		return nil, nil, err
	}
	tags, err := w.People.Tags(c, v.Principal)
	if err != nil {
		return nil, nil, err
	}
	l := &leadList{pipeline: pipeline, fields: map[string]*crm.Field{}, tags: map[crm.TagID]string{}, now: w.Now()}
	for _, f := range fields {
		l.fields[f.Key] = f
	}
	for _, t := range tags {
		l.tags[t.ID] = t.Name
	}
	all := v.columns(fields, pipeline, readColumns(ctx))
	l.columns = shown(all)
	return l, all, nil
}
