package web

import (
	"context"
	"encoding/csv"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/csvio"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

const (
	importRows   = 20 // imports on a page of the list
	importErrors = 50 // rows that failed, on the page of an import; the rest is in the file
)

// Imports is what the pages ask of the imports.
type Imports interface {
	Upload(ctx context.Context, p access.Principal, u people.Upload) (*crm.Import, *csvio.Preview, error)
	Preview(ctx context.Context, p access.Principal, id crm.ImportID) (*csvio.Preview, error)
	Start(ctx context.Context, p access.Principal, id crm.ImportID, start people.Start) (*crm.Import, error)
	Cancel(ctx context.Context, p access.Principal, id crm.ImportID) (*crm.Import, error)
	Import(ctx context.Context, p access.Principal, id crm.ImportID) (*crm.Import, error)
	List(ctx context.Context, p access.Principal, after crm.ImportID, rows int) ([]*crm.Import, error)
	Errors(ctx context.Context, p access.Principal, id crm.ImportID, to io.Writer) error
}

func (w *Web) importRoutes() []Route {
	return []Route{
		{"GET", "/imports", w.signedIn(w.imports)},
		{"POST", "/imports", w.upload},
		{"GET", "/imports/{id}", w.signedIn(w.importing)},
		{"POST", "/imports/{id}/start", w.signedIn(w.startImport)},
		{"POST", "/imports/{id}/cancel", w.signedIn(w.cancelImport)},
	}
}

// importsPage is where files are uploaded, with those that were.
type importsPage struct {
	Frame
	MaxMB   int
	Imports []importLine
	Next    string
	Problem string
}

// importLine is an import in the list.
type importLine struct {
	Address string
	Name    string
	State   string // word of the area "import_state"
	Rows    string
	Made    string
	Failed  string // empty: none
	Author  string
	At      string
	AtISO   string
}

// imports answers GET /imports?after=.
func (w *Web) imports(ctx *fasthttp.RequestCtx, v *visitor) error {
	return w.showImports(ctx, v, "")
}

func (w *Web) showImports(ctx *fasthttp.RequestCtx, v *visitor, problem string) error {
	var after crm.ImportID
	if text := string(ctx.QueryArgs().Peek("after")); text != "" {
		var err error
		if after, err = crm.ParseID[crm.Import](text); err != nil {
			return badAddress
		}
	}
	list, err := w.Imports.List(request.ContextOf(ctx), v.Principal, after, importRows+1)
	if err != nil {
		return err
	}
	page := importsPage{Frame: v.importFrame(ctx, v.say("import.title")), MaxMB: people.MaxImport >> 20, Problem: problem}
	if len(list) > importRows {
		list = list[:importRows]
		page.Next = "/imports?after=" + list[importRows-1].ID.String()
	}
	for _, im := range list {
		line := importLine{
			Address: importAddress(im.ID), Name: v.importName(im), State: importState(im), Rows: v.number(im.Rows),
			Made: v.number(im.Progress.Created + im.Progress.Updated), Author: v.author(im.Author), At: v.when(im.CreatedAt, w.Now()), AtISO: iso(im.CreatedAt),
		}
		if im.Progress.Failed > 0 {
			line.Failed = v.number(im.Progress.Failed)
		}
		page.Imports = append(page.Imports, line)
	}
	return render(ctx, v.lang, "imports", page)
}

func importAddress(id crm.ImportID) string { return "/imports/" + id.String() }

func (v *visitor) importFrame(ctx *fasthttp.RequestCtx, title string) Frame {
	f := v.frame(ctx, title, "leads")
	f.Styles, f.Scripts = leadStyles, leadScripts
	return f
}

func (v *visitor) importName(im *crm.Import) string {
	if im.Filename == "" {
		return v.say("import.nameless")
	}
	return im.Filename
}

// importState is the word for how far an import is: a dry run that is done is
// not an import that is.
func importState(im *crm.Import) string {
	if im.DryRun && (im.State == crm.ImportDone || im.State == crm.ImportRunning) {
		return "dry_" + string(im.State)
	}
	return string(im.State)
}

// importPage is one import: what its columns are to be, how far it is, or what
// became of it.
type importPage struct {
	Frame
	Path      string // its address
	Name      string
	State     string // word of the area "import_state"
	Reason    string
	Rows      string // that the file has
	Delimiter string // word of the area "import_delimiter"
	Startable bool
	Running   bool
	Tried     bool // what is counted is what would become of the rows
	Counted   bool // there is something to count
	Read, Of  int  // rows, for the progress bar
	Counts    []importCount
	Columns   []importColumn
	Sample    []importRow
	Overwrite bool
	Failures  []importFailure
	Errors    string // address of the file of errors; empty: none
	MoreFail  bool   // the file has more than the page shows
	Problem   string
}

// importCount is how many rows became something.
type importCount struct {
	What   string // word of the area "import_count"
	Number string
}

// importColumn is a column of the file, and what it can be.
type importColumn struct {
	N       int
	Name    string
	Samples []string
	Options []leadOption // of a contact
	Fields  []leadOption // the workspace's own
}

// importRow is one of the first rows.
type importRow struct {
	Line  int
	Cells []string
	Wrong string // why it cannot be imported, by the mapping as it is
}

// importFailure is a row that could not be imported.
type importFailure struct {
	Line, Column, Why string
	Cells             string
}

// importing answers GET /imports/{id}.
func (w *Web) importing(ctx *fasthttp.RequestCtx, v *visitor) error {
	im, err := w.importAt(ctx, v)
	if err != nil {
		return err
	}
	return w.showImport(ctx, v, im, nil, nil)
}

func (w *Web) importAt(ctx *fasthttp.RequestCtx, v *visitor) (*crm.Import, error) {
	id, err := pathID[crm.Import](ctx)
	if err != nil {
		return nil, err
	}
	return w.Imports.Import(request.ContextOf(ctx), v.Principal, id)
}

// showImport shows an import, with the mapping that was chosen and why it was
// refused.
func (w *Web) showImport(ctx *fasthttp.RequestCtx, v *visitor, im *crm.Import, chosen *people.Start, why error) error {
	page := importPage{
		Frame: v.importFrame(ctx, v.importName(im)), Path: importAddress(im.ID), Name: v.importName(im), State: importState(im), Reason: v.stored(im.Reason),
		Rows: v.number(im.Rows), Startable: im.Startable(), Running: im.State == crm.ImportRunning, Tried: im.DryRun,
		Counted: !im.StartedAt.IsZero(), Read: im.Progress.Rows, Of: im.Rows, Overwrite: im.Policy == crm.Overwrite, Delimiter: delimiterWord(im.Delimiter),
	}
	if why != nil {
		page.Problem = v.problem(why)
		ctx.SetStatusCode(fasthttp.StatusUnprocessableEntity)
	}
	p := im.Progress
	for _, count := range []struct {
		what string
		n    int
	}{{"created", p.Created}, {"updated", p.Updated}, {"unchanged", p.Unchanged}, {"failed", p.Failed}, {"tags", p.Tags}} {
		page.Counts = append(page.Counts, importCount{count.what, v.number(count.n)})
	}
	if page.Startable {
		if err := w.mapping(ctx, v, &page, im, chosen); err != nil {
			return err
		}
	}
	if p.Failed > 0 {
		page.Errors, page.MoreFail = "/api/imports/"+im.ID.String()+"/errors", p.Failed > importErrors
		var err error
		if page.Failures, err = w.failures(ctx, v, im); err != nil {
			return err
		}
	}
	return render(ctx, v.lang, "import", page)
}

// delimiterWord names the character between cells.
func delimiterWord(delimiter string) string {
	switch delimiter {
	case ";":
		return "semicolon"
	case "\t":
		return "tab"
	case ",":
		return "comma"
	}
	return delimiter
}

// mapping adds what the columns are and the first rows.
func (w *Web) mapping(ctx *fasthttp.RequestCtx, v *visitor, page *importPage, im *crm.Import, chosen *people.Start) error {
	preview, err := w.Imports.Preview(request.ContextOf(ctx), v.Principal, im.ID)
	if err != nil {
		return err
	}
	fields, err := w.People.Fields(request.ContextOf(ctx), v.Principal)
	if err != nil {
		return err
	}
	targets := slices.Clone(preview.Columns)
	if chosen != nil {
		copy(targets, chosen.Mapping)
		page.Overwrite = chosen.Policy == crm.Overwrite
	}
	for i, target := range targets {
		column := importColumn{N: i, Name: v.columnName(preview.Header, i)}
		for _, row := range preview.Rows {
			if i < len(row.Cells) && row.Cells[i] != "" && len(column.Samples) < 3 {
				column.Samples = append(column.Samples, row.Cells[i])
			}
		}
		column.Options, column.Fields = v.targets(fields, column.Name, target)
		page.Columns = append(page.Columns, column)
	}
	wrong := map[int]string{}
	for _, problem := range preview.Problems {
		wrong[problem.Line] = v.inTheir(problem.ID, problem.EN)
	}
	for _, row := range preview.Rows {
		shown := importRow{Line: row.Line, Wrong: wrong[row.Line]}
		for i := range targets {
			cell := ""
			if i < len(row.Cells) {
				cell = row.Cells[i]
			}
			shown.Cells = append(shown.Cells, cell)
		}
		page.Sample = append(page.Sample, shown)
	}
	return nil
}

// columnName is what a column of the file is called.
func (v *visitor) columnName(header []string, n int) string {
	if n < len(header) && strings.TrimSpace(header[n]) != "" {
		return header[n]
	}
	return v.say("import.column", n+1)
}

// inTheir returns the sentence in the visitor's language.
func (v *visitor) inTheir(indonesian, english string) string {
	if v.lang == "id" {
		return indonesian
	}
	return english
}

// targets are what a column can be: a part of a contact, or one of the
// workspace's own fields, of which its name may be a new one.
func (v *visitor) targets(fields []*crm.Field, name string, chosen csvio.Target) (options, own []leadOption) {
	for _, target := range csvio.Targets() {
		options = append(options, leadOption{string(target), v.lang.word("import_target", target), target == chosen})
	}
	for _, f := range fields {
		target := csvio.FieldTarget(f.Key)
		if f.ArchivedAt.IsZero() {
			own = append(own, leadOption{string(target), f.Label, target == chosen})
		}
	}
	for _, extra := range []csvio.Target{csvio.FieldTarget(name), chosen} {
		key, ok := extra.Field()
		listed := slices.ContainsFunc(own, func(o leadOption) bool { return o.Value == string(extra) })
		if ok && !listed {
			own = append(own, leadOption{string(extra), v.say("import.new_field", key), extra == chosen})
		}
	}
	return options, own
}

// failures reads the first rows of the file of errors. The rest of it is not
// read.
func (w *Web) failures(ctx *fasthttp.RequestCtx, v *visitor, im *crm.Import) ([]importFailure, error) {
	from, to := io.Pipe()
	c := request.ContextOf(ctx)
	ended := make(chan error, 1)
	go func() {
		err := w.Imports.Errors(c, v.Principal, im.ID, to)
		_ = to.CloseWithError(err) // never fails
		ended <- err
	}()
	failures, err := v.readFailures(from, im)
	_ = from.Close() // never fails; ends who writes
	<-ended
	return failures, err
}

// readFailures reads rows as csvio.ProblemsRow writes them.
func (v *visitor) readFailures(from io.Reader, im *crm.Import) ([]importFailure, error) {
	r := csv.NewReader(from)
	r.LazyQuotes, r.FieldsPerRecord = true, -1
	if strings.Contains(";\t", im.Delimiter) && im.Delimiter != "" {
		r.Comma = rune(im.Delimiter[0])
	}
	var failures []importFailure
	for n := 0; n <= importErrors; n++ {
		record, err := r.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		last := len(record) - 5
		if n == 0 || last < 0 { // the header
			continue
		}
		cells := slices.DeleteFunc(slices.Clone(record[:last]), func(s string) bool { return s == "" })
		failures = append(failures, importFailure{
			Line: record[last], Column: record[last+1], Why: v.inTheir(record[last+3], record[last+4]), Cells: strings.Join(cells, " · "),
		})
	}
	return failures, nil
}

// startImport answers POST /imports/{id}/start.
func (w *Web) startImport(ctx *fasthttp.RequestCtx, v *visitor) error {
	im, err := w.importAt(ctx, v)
	if err != nil {
		return err
	}
	form := ctx.PostArgs()
	start := people.Start{Policy: crm.ImportPolicy(form.Peek("policy")), DryRun: form.Has("dry")}
	for i := range max(len(im.Columns), len(im.Mapping)) {
		target := csvio.Target(form.Peek("m" + strconv.Itoa(i)))
		if target == "" {
			target = csvio.Skip
		}
		start.Mapping = append(start.Mapping, target)
	}
	if _, err := w.Imports.Start(request.ContextOf(ctx), v.Principal, im.ID, start); refused(err) && crm.CodeOf(err) != crm.Conflict {
		return w.showImport(ctx, v, im, &start, err)
	} else if err != nil && crm.CodeOf(err) != crm.Conflict { // started already: the page shows how far it is
		return err
	}
	seeOther(ctx, importAddress(im.ID))
	return nil
}

// cancelImport answers POST /imports/{id}/cancel.
func (w *Web) cancelImport(ctx *fasthttp.RequestCtx, v *visitor) error {
	id, err := pathID[crm.Import](ctx)
	if err != nil {
		return err
	}
	if _, err := w.Imports.Cancel(request.ContextOf(ctx), v.Principal, id); err != nil {
		return err
	}
	seeOther(ctx, importAddress(id))
	return nil
}
