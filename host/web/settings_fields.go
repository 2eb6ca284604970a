package web

import (
	"slices"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

// fieldsPage lists the workspace's own fields in their order.
type fieldsPage struct {
	settingsFrame
	Fields   []fieldLine
	Archived []fieldLine
	Types    []crm.FieldType
	Typed    fieldLine // of the one to add, when that was refused
}

// fieldLine is a field, as it is or as it was typed.
type fieldLine struct {
	ID, Key, Label string
	Type           crm.FieldType
	Choices        string // one a line
	First, Last    bool   // it cannot go further up, or down
	Open           bool   // its form is shown
}

var fieldTypes = []crm.FieldType{
	crm.TextField, crm.NumberField, crm.DateField, crm.BoolField, crm.ChoiceField, crm.URLField, crm.PhoneField, crm.EmailField,
}

func (w settings) fieldSettings(ctx *fasthttp.RequestCtx, v *visitor) error {
	return w.showFields(ctx, v, "", fieldLine{})
}

// showFields shows the list; what was typed and refused stands where it was typed.
func (w settings) showFields(ctx *fasthttp.RequestCtx, v *visitor, trouble string, typed fieldLine) (err error) {
	p := fieldsPage{Types: fieldTypes}
	if p.settingsFrame, err = v.settings(ctx, "fields", trouble); err != nil {
		return err
	}
	fields, err := w.People.Fields(request.ContextOf(ctx), v.Principal)
	if err != nil {
		return err
	}
	for _, f := range fields {
		line := fieldLine{ID: f.ID.String(), Key: f.Key, Label: f.Label, Type: f.Type, Choices: strings.Join(f.Choices, "\n")}
		if line.ID == typed.ID {
			line.Label, line.Choices, line.Open = typed.Label, typed.Choices, true
		}
		if f.ArchivedAt.IsZero() {
			p.Fields = append(p.Fields, line)
		} else {
			p.Archived = append(p.Archived, line)
		}
	}
	if n := len(p.Fields); n > 0 {
		p.Fields[0].First, p.Fields[n-1].Last = true, true
	}
	if typed.ID == "" {
		p.Typed = typed
	}
	return render(ctx, v.lang, "settings_fields", p)
}

func (w settings) addField(ctx *fasthttp.RequestCtx, v *visitor) error {
	typed := fieldLine{Key: posted(ctx, "key"), Label: posted(ctx, "label"), Type: crm.FieldType(posted(ctx, "type")), Choices: posted(ctx, "choices")}
	key := typed.Key
	if key == "" {
		key = slug(typed.Label)
	}
	edit := people.FieldEdit{Label: &typed.Label}
	if typed.Type == crm.ChoiceField {
		edit.Choices = split(typed.Choices)
	}
	_, err := w.People.AddField(request.ContextOf(ctx), v.Principal, key, typed.Type, edit)
	if refused(err) {
		return again(ctx, func() error { return w.showFields(ctx, v, v.problem(err), typed) })
	}
	return after(ctx, err, "/settings/fields?done=saved")
}

func (w settings) saveField(ctx *fasthttp.RequestCtx, v *visitor) error {
	id, err := pathID[crm.Field](ctx)
	if err != nil {
		return err
	}
	typed := fieldLine{ID: id.String(), Label: posted(ctx, "label"), Choices: posted(ctx, "choices")}
	edit := people.FieldEdit{Label: &typed.Label}
	if ctx.PostArgs().Has("choices") {
		edit.Choices = append([]string{}, split(typed.Choices)...) // none typed is none, not "as they are"
	}
	_, err = w.People.EditField(request.ContextOf(ctx), v.Principal, id, edit)
	if refused(err) {
		return again(ctx, func() error { return w.showFields(ctx, v, v.problem(err), typed) })
	}
	return after(ctx, err, "/settings/fields?done=saved")
}

// moveField swaps a field with the one above or below that is not archived.
func (w settings) moveField(ctx *fasthttp.RequestCtx, v *visitor) error {
	fields, err := w.People.Fields(request.ContextOf(ctx), v.Principal)
	if err != nil {
		return err
	}
	f, err := named(ctx, fields, func(f *crm.Field) crm.FieldID { return f.ID })
	if err != nil {
		return err
	}
	for i, moved := range reorder(fields, f, posted(ctx, "to") == "up") {
		if moved.Position == i {
			continue
		}
		if _, err := w.People.EditField(request.ContextOf(ctx), v.Principal, moved.ID, people.FieldEdit{Position: &i}); err != nil {
			return err
		}
	}
	seeOther(ctx, "/settings/fields#field-"+f.ID.String())
	return nil
}

// reorder returns the fields with one of them a place further up or down among those
// that are not archived, which come first.
func reorder(fields []*crm.Field, f *crm.Field, up bool) []*crm.Field {
	var shown, hidden []*crm.Field
	for _, one := range fields {
		if one.ArchivedAt.IsZero() {
			shown = append(shown, one)
		} else {
			hidden = append(hidden, one)
		}
	}
	at := slices.Index(shown, f)
	to := at + 1
	if up {
		to = at - 1
	}
	if at >= 0 && to >= 0 && to < len(shown) {
		shown[at], shown[to] = shown[to], shown[at]
	}
	return append(shown, hidden...)
}

// archiveField hides a field from forms, or offers it again.
func (w settings) archiveField(ctx *fasthttp.RequestCtx, v *visitor) error {
	id, err := pathID[crm.Field](ctx)
	if err != nil {
		return err
	}
	archived := posted(ctx, "state") == "off"
	_, err = w.People.EditField(request.ContextOf(ctx), v.Principal, id, people.FieldEdit{Archived: &archived})
	return after(ctx, err, "/settings/fields?done=saved")
}

// slug makes a key of a label: small letters and digits, with "_" between words.
func slug(label string) string {
	words := strings.FieldsFunc(strings.ToLower(label), func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9')
	})
	return strings.Join(words, "_")
}
