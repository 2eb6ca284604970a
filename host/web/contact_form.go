package web

import (
	"slices"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

// contactForm is the form in which a contact is made or changed.
type contactForm struct {
	Frame
	Action   string
	Back     string
	Fresh    bool // there is no contact yet
	Name     string
	Stages   []leadOption
	Phone    string // a number to add
	Email    string
	External string
	Known    []contactKnown // what it is known by already
	Tags     []leadTag
	Fields   []contactField
	Problem  string
}

// contactField is a custom field in the form.
type contactField struct {
	Key     string
	Label   string
	Control string // choice, or the type of an input
	Value   string
	Options []leadOption
}

// newContact answers GET /contacts/new.
func (w *Web) newContact(ctx *fasthttp.RequestCtx, v *visitor) error {
	if err := v.Check(access.WriteContacts); err != nil {
		return err
	}
	return w.showForm(ctx, v, &crm.Contact{LeadStatus: crm.NewLead}, nil)
}

// editContact answers GET /contacts/{id}/edit.
func (w *Web) editContact(ctx *fasthttp.RequestCtx, v *visitor) error {
	if err := v.Check(access.WriteContacts); err != nil {
		return err
	}
	card, err := w.cardAt(ctx, v)
	if err != nil {
		return err
	}
	return w.showForm(ctx, v, card.Contact, nil)
}

// cardAt reads the contact that the path names.
func (w *Web) cardAt(ctx *fasthttp.RequestCtx, v *visitor) (*people.Card, error) {
	id, err := pathID[crm.Contact](ctx)
	if err != nil {
		return nil, err
	}
	return w.People.Card(request.ContextOf(ctx), v.Principal, id)
}

// showForm shows the form of a contact, or what was typed in it and why that was
// refused.
func (w *Web) showForm(ctx *fasthttp.RequestCtx, v *visitor, c *crm.Contact, why error) error {
	list, _, err := w.leadList(ctx, v)
	if err != nil {
		return err
	}
	page := contactForm{
		Action: "/contacts", Back: "/leads", Fresh: c.ID.IsZero(), Name: c.Name, Known: v.identities(c), Stages: v.stageOptions(list.pipeline, c.LeadStatus),
	}
	title := v.say("contact.new")
	if !page.Fresh {
		title, page.Back = v.say("contact.edit_named", c.DisplayName()), contactAddress(c.ID)
		page.Action = page.Back + "/edit"
	}
	if next := ctx.QueryArgs().Peek("next"); len(next) > 0 {
		page.Back = localPath(string(next))
	}
	page.Frame = v.frame(ctx, title, "leads")
	page.Styles, page.Scripts = leadStyles, leadScripts
	has, others := contactTagsOf(c, list)
	page.Tags = append(has, others...)
	slices.SortFunc(page.Tags, func(a, b leadTag) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	for _, f := range fieldsInOrder(list.fields) {
		if f.ArchivedAt.IsZero() || c.Fields[f.Key] != "" {
			page.Fields = append(page.Fields, v.contactField(f, c.Fields[f.Key]))
		}
	}
	for _, key := range looseFields(c, list) {
		page.Fields = append(page.Fields, contactField{Key: key, Label: key, Control: "text", Value: c.Fields[key]})
	}
	if why != nil {
		page.typed(ctx, v.problem(why))
	}
	return render(ctx, v.lang, "contact_edit", page)
}

func (v *visitor) contactField(f *crm.Field, value string) contactField {
	return contactField{Key: f.Key, Label: f.Label, Control: editors[f.Type], Value: value, Options: v.fieldOptions(f, value)}
}

// typed fills the form with what was sent.
func (p *contactForm) typed(ctx *fasthttp.RequestCtx, problem string) {
	ctx.SetStatusCode(fasthttp.StatusUnprocessableEntity)
	form := ctx.PostArgs()
	p.Problem, p.Back = problem, localPath(string(form.Peek("next")))
	p.Name, p.Phone, p.Email, p.External = posted(ctx, "name"), posted(ctx, "phone"), posted(ctx, "email"), posted(ctx, "external_id")
	choose := func(options []leadOption, value string) {
		for i := range options {
			options[i].Chosen = options[i].Value == value
		}
	}
	choose(p.Stages, string(form.Peek("lead_status")))
	for i := range p.Tags {
		p.Tags[i].Chosen = slices.ContainsFunc(form.PeekMulti("tag"), func(id []byte) bool { return string(id) == p.Tags[i].ID })
	}
	for i, f := range p.Fields {
		if name := fieldColumn + f.Key; form.Has(name) {
			p.Fields[i].Value = posted(ctx, name)
			choose(p.Fields[i].Options, p.Fields[i].Value)
		}
	}
}

// createContact answers POST /contacts.
func (w *Web) createContact(ctx *fasthttp.RequestCtx, v *visitor) error {
	c := &crm.Contact{LeadStatus: crm.NewLead}
	edit, err := readContact(ctx, c)
	if err != nil {
		return err
	}
	made, err := w.People.Create(request.ContextOf(ctx), v.Principal, edit, v.workspace.Region)
	if refused(err) {
		return w.showForm(ctx, v, c, err)
	}
	if err != nil {
		return err
	}
	seeOther(ctx, doneAt(contactAddress(made.ID), "contact_created"))
	return nil
}

// changeContact answers POST /contacts/{id}/edit.
func (w *Web) changeContact(ctx *fasthttp.RequestCtx, v *visitor) error {
	card, err := w.cardAt(ctx, v)
	if err != nil {
		return err
	}
	edit, err := readContact(ctx, card.Contact)
	if err != nil {
		return err
	}
	_, err = w.People.Edit(request.ContextOf(ctx), v.Principal, card.Contact.ID, edit, v.workspace.Region)
	if refused(err) {
		return w.showForm(ctx, v, card.Contact, err)
	}
	if err != nil {
		return err
	}
	back(ctx, "contact_saved")
	return nil
}

// readContact returns what the form changes of a contact. What it does not have
// stays.
func readContact(ctx *fasthttp.RequestCtx, c *crm.Contact) (people.Edit, error) {
	form := ctx.PostArgs()
	var edit people.Edit
	if name := posted(ctx, "name"); form.Has("name") && name != c.Name {
		edit.Name = &name
	}
	if status := string(form.Peek("lead_status")); status != "" && status != c.LeadStatus {
		edit.LeadStatus = &status
	}
	for _, id := range []crm.Identity{{Kind: crm.ByPhone, Value: posted(ctx, "phone")}, {Kind: crm.ByEmail, Value: posted(ctx, "email")}, {Kind: crm.ByExternal, Value: posted(ctx, "external_id")}} {
		if id.Value != "" {
			edit.AddIdentities = append(edit.AddIdentities, id)
		}
	}
	for name := range form.All() {
		key, ok := strings.CutPrefix(string(name), fieldColumn)
		if value := posted(ctx, string(name)); ok && value != c.Fields[key] {
			if edit.Fields == nil {
				edit.Fields = map[string]*string{}
			}
			edit.Fields[key] = filledOr(value)
		}
	}
	if !form.Has("tags") { // the form has no list of tags
		return edit, nil
	}
	var wanted []crm.TagID
	for _, text := range form.PeekMulti("tag") {
		id, err := crm.ParseID[crm.Tag](string(text))
		if err != nil {
			return edit, badAddress
		}
		wanted = append(wanted, id)
	}
	edit.AddTags = slices.DeleteFunc(slices.Clone(wanted), func(id crm.TagID) bool { return slices.Contains(c.Tags, id) })
	edit.RemoveTags = slices.DeleteFunc(slices.Clone(c.Tags), func(id crm.TagID) bool { return slices.Contains(wanted, id) })
	return edit, nil
}
