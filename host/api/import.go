package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/csvio"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/problem"
	"github.com/my21staff/my21staff/host/request"
)

// byImport is the cursor's letter of the list of imports.
const byImport = 'i'

func (a *API) importRoutes() []Route {
	return []Route{
		{Method: "POST", Path: "/api/imports", Action: access.WriteContacts, Handler: a.upload,
			Doc: Doc{
				Tag: "Import and export", Summary: "Upload a file of contacts",
				About: fmt.Sprintf("The body is a CSV file, or a sheet saved as CSV, of at most %d MB: as it is, or as a part of multipart/form-data. "+
					"Encoding, delimiter and header are found out. The answer shows the first rows and a guess at what the columns are; nothing is imported before it is started.", people.MaxImport>>20),
				Query: []Param{
					{Name: "filename", About: "What the file is called"},
					{Name: "delimiter", About: "The character between cells, where it cannot be found out", Schema: object{"type": "string", "minLength": 1, "maxLength": 1}},
					flagParam("header", "Whether the first row names the columns, where it cannot be found out"),
				},
				File:    true,
				Answers: []Answer{{201, uploadView{}, "The import, ready to be started"}},
			}},
		{Method: "GET", Path: "/api/imports", Action: access.WriteContacts, Handler: a.listImports,
			Doc: Doc{
				Tag: "Import and export", Summary: "The imports, newest first",
				Query: []Param{limitParam, cursorParam}, Answers: []Answer{{200, page[importView]{}, "A page of imports"}},
			}},
		{Method: "GET", Path: "/api/imports/{id}", Action: access.WriteContacts, Handler: a.getImport,
			Doc: Doc{Tag: "Import and export", Summary: "One import, and how far it is", Answers: []Answer{{200, importView{}, "The import"}}}},
		{Method: "POST", Path: "/api/imports/{id}/start", Action: access.WriteContacts, Handler: a.startImport,
			Doc: Doc{
				Tag: "Import and export", Summary: "Import the file, or say what would become of it",
				About: "It runs in the background; the feed's contacts.imported tells how far it is. A row whose number, e-mail address or id a contact has changes that contact. " +
					"The same file again changes nothing. Who may not manage tags makes none: a row that names a tag which is not there fails. After a dry run it may be started once more.",
				Body: startBody{}, Example: `{"mapping":["name","phone","tags","field:Kota"],"policy":"fill","dry_run":false}`,
				Answers: []Answer{{200, importView{}, "The import, running"}},
			}},
		{Method: "POST", Path: "/api/imports/{id}/cancel", Action: access.WriteContacts, Handler: a.cancelImport,
			Doc: Doc{
				Tag: "Import and export", Summary: "Stop an import", About: "What it imported before stays. One that ended stays as it is.",
				Answers: []Answer{{200, importView{}, "The import"}},
			}},
		{Method: "GET", Path: "/api/imports/{id}/errors", Action: access.WriteContacts, Handler: a.importErrors,
			Doc: Doc{
				Tag: "Import and export", Summary: "The rows that could not be imported, as CSV",
				About:   "Each as it was in the file, with its line, the column, a stable code, and why in Indonesian and in English. Corrected, the file can be imported.",
				Answers: []Answer{{200, File{}, "A CSV file"}},
			}},
		{Method: "GET", Path: "/api/contacts/export", Action: access.ReadContacts, Handler: a.exportContacts,
			Doc: Doc{
				Tag: "Import and export", Summary: "The contacts as CSV",
				About: "Nothing in it is a formula to a spreadsheet, and imported again it is the contacts it was made of. It is streamed: one that breaks off is not whole.",
				Query: append([]Param{
					{Name: "delimiter", About: "The character between cells: , or ; or a tab", Schema: object{"type": "string", "enum": []string{",", ";", "\t"}, "default": ","}},
				}, contactFilters...),
				Answers: []Answer{{200, File{}, "A CSV file"}},
			}},
	}
}

// importView is an import as the API shows it.
type importView struct {
	ID        crm.ImportID     `json:"id"`
	Filename  *string          `json:"filename"`
	Size      int64            `json:"size" about:"Bytes of the file"`
	State     crm.ImportState  `json:"state"`
	Reason    *string          `json:"reason" about:"Why it failed"`
	Encoding  *string          `json:"encoding"`
	Delimiter *string          `json:"delimiter"`
	Header    bool             `json:"header" about:"The first row names the columns"`
	Columns   []string         `json:"columns" about:"Their names; none without a header"`
	Mapping   []string         `json:"mapping" about:"What each column is: name, phone, wa_id, user_id, email, external_id, tags, lead_status, note, opt_out, skip, or field: and the name of a field. A guess until it is started"`
	Policy    crm.ImportPolicy `json:"policy" about:"fill: what is stored wins. overwrite: what the file says wins"`
	DryRun    bool             `json:"dry_run"`
	Rows      int              `json:"rows" about:"That the file has"`
	Done      importCounts     `json:"done"`
	CreatedAt stamp            `json:"created_at"`
	StartedAt *stamp           `json:"started_at"`
	EndedAt   *stamp           `json:"ended_at"`
}

// importCounts says what became of the rows so far.
type importCounts struct {
	Rows      int `json:"rows"`
	Created   int `json:"created" about:"A new contact"`
	Updated   int `json:"updated" about:"A contact that was there changed"`
	Unchanged int `json:"unchanged" about:"A contact that was there says all of it"`
	Failed    int `json:"failed" about:"In the file of errors"`
	Tags      int `json:"tags" about:"Tags that were made"`
}

func importOf(im *crm.Import) importView {
	p := im.Progress
	return importView{
		ID: im.ID, Filename: ref(im.Filename), Size: im.Size, State: im.State, Reason: ref(im.Reason),
		Encoding: ref(im.Encoding), Delimiter: ref(im.Delimiter), Header: im.Header,
		Columns: append([]string{}, im.Columns...), Mapping: append([]string{}, im.Mapping...), Policy: im.Policy, DryRun: im.DryRun, Rows: im.Rows,
		Done:      importCounts{p.Rows, p.Created, p.Updated, p.Unchanged, p.Failed, p.Tags},
		CreatedAt: stamp(im.CreatedAt), StartedAt: at(im.StartedAt), EndedAt: at(im.EndedAt),
	}
}

// uploadView is a file that was uploaded, with its first rows.
type uploadView struct {
	importView
	Preview  []rowView        `json:"preview" about:"The first rows"`
	Problems []rowProblemView `json:"problems" about:"Of those rows, by the mapping that is guessed"`
}

// rowView is a row of a file.
type rowView struct {
	Line  int      `json:"line" about:"Of the file, from 1"`
	Cells []string `json:"cells"`
}

// rowProblemView says why a row cannot be imported.
type rowProblemView struct {
	Line   int     `json:"line"`
	Column *string `json:"column"`
	Code   string  `json:"code" about:"A stable word"`
	Alasan string  `json:"alasan" about:"A sentence in Indonesian"`
	Reason string  `json:"reason" about:"The same in English"`
}

func (a *API) upload(ctx *fasthttp.RequestCtx) error {
	q := queryOf(ctx)
	u := people.Upload{Filename: q.text("filename"), Options: csvio.Options{Delimiter: q.text("delimiter")}}
	if q.args.Has("header") {
		u.Options.Header = new(q.flag("header"))
	}
	if err := q.err(); err != nil {
		return err
	}
	var err error
	if u.Region, err = a.region(ctx); err != nil {
		return err
	}
	if err := takeFile(ctx, &u); err != nil {
		return err
	}
	// A large file takes longer than a request may.
	c, cancel := context.WithTimeout(context.WithoutCancel(request.ContextOf(ctx)), transferLimit)
	defer cancel()
	im, preview, err := a.Imports.Upload(c, request.PrincipalOf(ctx), u)
	if err != nil {
		return err
	}
	view := uploadView{importView: importOf(im), Preview: []rowView{}, Problems: []rowProblemView{}}
	for _, row := range preview.Rows {
		view.Preview = append(view.Preview, rowView{row.Line, row.Cells})
	}
	for _, p := range preview.Problems {
		view.Problems = append(view.Problems, rowProblemView{p.Line, ref(p.Column), string(p.Code), p.ID, p.EN})
	}
	return answer(ctx, 201, view)
}

// takeFile finds the file in the request's body: the body itself, or the first
// part of a form that is a file.
func takeFile(ctx *fasthttp.RequestCtx, u *people.Upload) error {
	const op = "read file"
	u.File = ctx.RequestBodyStream()
	if u.File == nil {
		u.File = strings.NewReader(string(ctx.PostBody()))
	}
	u.File = &received{u.File}
	if size := ctx.Request.Header.ContentLength(); size > people.MaxImport+maxBody { // with room for a form's other parts
		return &crm.Error{Op: op, Code: crm.TooLarge, Msg: fmt.Sprintf("A file to import may have at most %d MB.", people.MaxImport>>20)}
	}
	kind, params, err := mime.ParseMediaType(string(ctx.Request.Header.ContentType()))
	switch {
	case err != nil || kind == "application/json":
		return &crm.Error{Op: op, Code: crm.Invalid, Reason: problem.UnsupportedMedia, Msg: "Send the file as text/csv, or as a part of multipart/form-data.", Err: err}
	case kind != "multipart/form-data":
		return nil
	}
	form := multipart.NewReader(u.File, params["boundary"])
	for {
		part, err := form.NextPart()
		if err != nil {
			return &crm.Error{Op: op, Code: crm.Invalid, Reason: "no_file", Msg: "The form has no file.", Err: err}
		}
		if name := part.FileName(); name != "" {
			if u.Filename == "" {
				u.Filename = name
			}
			u.File = &received{part}
			return nil
		}
	}
}

// received is a file as a client sends it: one that breaks off is the client's
// fault, not ours.
type received struct{ from io.Reader }

// Read implements io.Reader.
func (r *received) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = &crm.Error{Op: "read file", Code: crm.Invalid, Reason: "broken_body", Msg: "The file ended too early.", Err: err}
	}
	return n, err
}

func (a *API) listImports(ctx *fasthttp.RequestCtx) error {
	q := queryOf(ctx)
	limit := q.limit()
	if err := q.err(); err != nil {
		return err
	}
	after, err := idAfter[crm.Import](byImport, q.text("cursor"))
	if err != nil {
		return err
	}
	list, err := a.Imports.List(request.ContextOf(ctx), request.PrincipalOf(ctx), after, limit+1)
	if err != nil {
		return err
	}
	return answer(ctx, 200, pageOf(list, limit, importOf, func(im *crm.Import) string { return idCursor(byImport, im.ID) }))
}

func (a *API) getImport(ctx *fasthttp.RequestCtx) error { return a.onImport(ctx, a.Imports.Import) }

func (a *API) cancelImport(ctx *fasthttp.RequestCtx) error { return a.onImport(ctx, a.Imports.Cancel) }

// onImport answers the import that a call returns.
func (a *API) onImport(ctx *fasthttp.RequestCtx, call func(context.Context, access.Principal, crm.ImportID) (*crm.Import, error)) error {
	id, err := pathID[crm.Import](ctx)
	if err != nil {
		return err
	}
	im, err := call(request.ContextOf(ctx), request.PrincipalOf(ctx), id)
	if err != nil {
		return err
	}
	return answer(ctx, 200, importOf(im))
}

// startBody says how a file is to be imported.
type startBody struct {
	Mapping []string         `json:"mapping,omitzero" about:"What each column is; the guess if left out. Columns beyond it are skipped"`
	Policy  crm.ImportPolicy `json:"policy,omitzero" about:"What a row does to a contact that is there: fill (the default) or overwrite"`
	DryRun  bool             `json:"dry_run,omitzero" about:"Only count what would become of the rows"`
}

func (a *API) startImport(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Import](ctx)
	if err != nil {
		return err
	}
	var body startBody
	if err := readJSON(ctx, &body); err != nil {
		return err
	}
	start := people.Start{Policy: body.Policy, DryRun: body.DryRun}
	for _, word := range body.Mapping {
		start.Mapping = append(start.Mapping, csvio.Target(word))
	}
	im, err := a.Imports.Start(request.ContextOf(ctx), request.PrincipalOf(ctx), id, start)
	if err != nil {
		return err
	}
	return answer(ctx, 200, importOf(im))
}

func (a *API) importErrors(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Import](ctx)
	if err != nil {
		return err
	}
	p := request.PrincipalOf(ctx)
	if _, err := a.Imports.Import(request.ContextOf(ctx), p, id); err != nil {
		return err
	}
	a.stream(ctx, "errors.csv", func(c context.Context, to io.Writer) error { return a.Imports.Errors(c, p, id, to) })
	return nil
}

func (a *API) exportContacts(ctx *fasthttp.RequestCtx) error {
	q := queryOf(ctx)
	wanted, err := a.contactsWanted(ctx, q)
	if err != nil {
		return err
	}
	delimiter := q.text("delimiter")
	if delimiter == "" {
		delimiter = ","
	}
	if len(delimiter) != 1 || !strings.Contains(",;\t", delimiter) {
		q.refuse("delimiter", "It must be a comma, a semicolon or a tab.")
	}
	if err := q.err(); err != nil {
		return err
	}
	p := request.PrincipalOf(ctx)
	a.stream(ctx, "contacts.csv", func(c context.Context, to io.Writer) error { return a.People.Export(c, p, wanted, delimiter[0], to) })
	return nil
}

var errPanicked = errors.New("the file could not be written")

// stream answers a CSV file while it is written. One that fails breaks off
// without its end, which HTTP tells the client.
func (a *API) stream(ctx *fasthttp.RequestCtx, name string, write func(context.Context, io.Writer) error) {
	c, cancel := context.WithTimeout(context.WithoutCancel(request.ContextOf(ctx)), transferLimit)
	from, to := io.Pipe()
	go func() {
		defer cancel()
		err := errPanicked // unless it returns
		defer func() {
			_ = recover() // the client is told by the missing end; the process has others to serve
			to.CloseWithError(err)
		}()
		err = write(c, to) // nil is the end of the file
	}()
	h := &ctx.Response.Header
	h.SetContentType("text/csv; charset=utf-8")
	h.Set(fasthttp.HeaderContentDisposition, mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	h.Set(fasthttp.HeaderCacheControl, "no-store")
	ctx.SetBodyStream(&download{from, cancel}, -1)
}
