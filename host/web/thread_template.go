package web

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"regexp"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/host/request"
)

// templateForm is a template with a field for each of its variables.
type templateForm struct {
	ID       string
	Name     string
	Language string
	Category string
	Header   []templatePiece
	Body     []templatePiece
	Footer   string
	Buttons  []string
	Fields   []templateField
}

// templatePiece is a piece of a template's text: words, or the variable that a
// field fills in.
type templatePiece struct{ Text, Field string }

// templateField is a variable as the form asks for it: the name says where its
// value goes ("body.1", "header.name", "header.link", "button.0").
type templateField struct {
	Name  string
	Label string
	Link  bool // the address of a file
}

// templatePart is a part of a template as the provider describes it.
type templatePart struct {
	Type    string `json:"type"`
	Format  string `json:"format"`
	Text    string `json:"text"`
	Buttons []struct {
		Text string `json:"text"`
		URL  string `json:"url"`
	} `json:"buttons"`
}

// partsOf reads the parts; those of a template without any are its body alone.
func templatePartsOf(t *crm.Template) []templatePart {
	var parts []templatePart
	if json.Unmarshal(t.Components, &parts) != nil || len(parts) == 0 {
		return []templatePart{{Type: "BODY", Text: t.Body}}
	}
	return parts
}

// templates returns the forms of the templates that a conversation's channel may
// send now.
func (w *Web) templates(ctx context.Context, v *visitor, cv *crm.Conversation) ([]templateForm, error) {
	all, err := w.Inbox.Templates(ctx, v.Principal, cv.ChannelID)
	if err != nil {
		return nil, err
	}
	var forms []templateForm
	for _, t := range all {
		if t.Usable() {
			forms = append(forms, v.templateForm(t))
		}
	}
	return forms, nil
}

// templateList answers GET /inbox/{id}/templates: the forms, for a composer that
// has its window open and so came without them.
func (w *Web) templateList(ctx *fasthttp.RequestCtx, v *visitor) error {
	id, err := pathID[crm.Conversation](ctx)
	if err != nil {
		return err
	}
	choice, err := readListChoice(ctx.QueryArgs())
	if err != nil {
		return err
	}
	page, err := w.blankInbox(ctx, v)
	if err != nil {
		return err
	}
	o, err := w.open(ctx, v, id)
	if err != nil {
		return err
	}
	view, err := w.threadView(ctx, v, o, choice, composer{})
	if err != nil {
		return err
	}
	if view.Composer.Templates, err = w.templates(request.ContextOf(ctx), v, o.conversation); err != nil {
		return err
	}
	if string(ctx.QueryArgs().Peek("part")) == "templates" {
		return fragment(ctx, v.lang, "inbox", "thread_templates", view)
	}
	page.Thread, page.Frame.Title = view, view.Name
	if page.Panel, err = w.panel(request.ContextOf(ctx), v, o, choice); err != nil {
		return err
	}
	if page.List, err = w.list(request.ContextOf(ctx), v, choice, id.String()); err != nil {
		return err
	}
	if err := w.narrowing(request.ContextOf(ctx), v, &page.List); err != nil {
		return err
	}
	return render(ctx, v.lang, "inbox", page)
}

func (v *visitor) templateForm(t *crm.Template) templateForm {
	f := templateForm{ID: t.ID.String(), Name: t.Name, Language: t.Language, Category: t.Category}
	for _, p := range templatePartsOf(t) {
		switch strings.ToUpper(p.Type) {
		case "HEADER":
			if file := headerFile(p); file != "" {
				f.Header = []templatePiece{{Text: v.lang.word("kind", file)}}
				f.Fields = append(f.Fields, templateField{Name: "header.link", Label: v.say("thread.file_address", v.lang.word("kind", file)), Link: true})
				continue
			}
			f.Header = f.pieces(v, "header", p.Text)
		case "BODY":
			f.Body = f.pieces(v, "body", p.Text)
		case "FOOTER":
			f.Footer = p.Text
		case "BUTTONS":
			for i, b := range p.Buttons {
				f.Buttons = append(f.Buttons, b.Text)
				if variablePattern.MatchString(b.URL) {
					f.Fields = append(f.Fields, templateField{Name: "button." + strconv.Itoa(i), Label: v.say("thread.button_variable", b.Text)})
				}
			}
		}
	}
	return f
}

// headerFile returns what kind of file a header is, "" for one of words.
func headerFile(p templatePart) string {
	switch format := strings.ToLower(p.Format); format {
	case "image", "video", "document":
		return format
	}
	return ""
}

var variablePattern = regexp.MustCompile(`\{\{\s*([A-Za-z0-9_]+)\s*\}\}`)

// pieces cuts a text at its variables and asks for each of them once.
func (f *templateForm) pieces(v *visitor, part, text string) []templatePiece {
	var pieces []templatePiece
	plain, asked := 0, map[string]bool{}
	for _, at := range variablePattern.FindAllStringSubmatchIndex(text, -1) {
		if at[0] > plain {
			pieces = append(pieces, templatePiece{Text: text[plain:at[0]]})
		}
		name := text[at[2]:at[3]]
		field := part + "." + name
		pieces = append(pieces, templatePiece{Text: name, Field: field})
		if !asked[field] {
			asked[field] = true
			f.Fields = append(f.Fields, templateField{Name: field, Label: v.say("thread.variable", name)})
		}
		plain = at[1]
	}
	if plain < len(text) {
		pieces = append(pieces, templatePiece{Text: text[plain:]})
	}
	return pieces
}

// sendTemplate answers POST /inbox/{id}/templates.
func (w *Web) sendTemplate(ctx *fasthttp.RequestCtx, v *visitor) error {
	id, err := pathID[crm.Conversation](ctx)
	if err != nil {
		return err
	}
	cv, _, err := w.Inbox.Conversation(request.ContextOf(ctx), v.Principal, id)
	if err != nil {
		return err
	}
	all, err := w.Inbox.Templates(request.ContextOf(ctx), v.Principal, cv.ChannelID)
	if err != nil {
		return err
	}
	wanted := posted(ctx, "template")
	for _, t := range all {
		if t.ID.String() == wanted {
			filled := fillTemplate(t, func(field string) string { return posted(ctx, field) })
			return w.send(ctx, v, inbox.SendCommand{Content: filled, RequestHash: sha256.Sum256(ctx.PostBody())})
		}
	}
	return badAddress
}

// parameter is a variable's value as the provider takes it.
type parameter struct {
	Type     string `json:"type"`
	Name     string `json:"parameter_name,omitempty"`
	Text     string `json:"text,omitempty"`
	Image    *media `json:"image,omitempty"`
	Video    *media `json:"video,omitempty"`
	Document *media `json:"document,omitempty"`
}

type media struct {
	Link string `json:"link"`
}

// component is the values of one part of a template.
type component struct {
	Type       string      `json:"type"`
	SubType    string      `json:"sub_type,omitempty"`
	Index      string      `json:"index,omitempty"`
	Parameters []parameter `json:"parameters"`
}

// fillTemplate makes the message of a template with what value returns for its
// fields. A variable left empty stays so, and the provider says what it thinks
// of it.
func fillTemplate(t *crm.Template, value func(field string) string) crm.FilledTemplate {
	components := []component{}
	add := func(c component) {
		if len(c.Parameters) > 0 {
			components = append(components, c)
		}
	}
	for _, p := range templatePartsOf(t) {
		switch strings.ToUpper(p.Type) {
		case "HEADER":
			if file := headerFile(p); file != "" {
				add(component{Type: "header", Parameters: []parameter{fileParameter(file, value("header.link"))}})
				continue
			}
			add(component{Type: "header", Parameters: textParameters("header", p.Text, value)})
		case "BODY":
			add(component{Type: "body", Parameters: textParameters("body", p.Text, value)})
		case "BUTTONS":
			for i, b := range p.Buttons {
				if index := strconv.Itoa(i); variablePattern.MatchString(b.URL) {
					add(component{Type: "button", SubType: "url", Index: index, Parameters: []parameter{{Type: "text", Text: value("button." + index)}}})
				}
			}
		}
	}
	filled := crm.FilledTemplate{Name: t.Name, Language: t.Language, Category: t.Category}
	if len(components) > 0 {
		filled.Components, _ = json.Marshal(components) // texts always encode
	}
	return filled
}

func fileParameter(kind, link string) parameter {
	p := parameter{Type: kind}
	switch kind {
	case "image":
		p.Image = &media{link}
	case "video":
		p.Video = &media{link}
	default:
		p.Document = &media{link}
	}
	return p
}

// textParameters are the values of a text's variables: by name, or by number in
// their order.
func textParameters(part, text string, value func(string) string) []parameter {
	var all []parameter
	asked := map[string]bool{}
	highest := 0
	for _, found := range variablePattern.FindAllStringSubmatch(text, -1) {
		name := found[1]
		if number, err := strconv.Atoi(name); err == nil {
			highest = max(highest, min(number, 100))
			continue
		}
		if !asked[name] {
			asked[name] = true
			all = append(all, parameter{Type: "text", Name: name, Text: value(part + "." + name)})
		}
	}
	for number := 1; number <= highest; number++ {
		all = append(all, parameter{Type: "text", Text: value(part + "." + strconv.Itoa(number))})
	}
	return all
}
