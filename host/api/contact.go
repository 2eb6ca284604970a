package api

import (
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

func (a *API) contactRoutes() []Route {
	return []Route{
		{
			Method: "GET", Path: "/api/contacts/by-phone", Action: access.ReadContacts, Handler: a.contactByPhone,
			Doc: Doc{
				Tag: "Contacts", Summary: "The contact with a phone number, and all that the panel beside a conversation shows",
				Query:   []Param{{Name: "phone", About: "A number as people write it; without a country code it is read in the workspace's region", Required: true}},
				Answers: []Answer{{200, contactDetail{}, "The contact"}},
			},
		},
		{
			Method: "GET", Path: "/api/contacts", Action: access.ReadContacts, Handler: a.listContacts,
			Doc: Doc{
				Tag: "Contacts", Summary: "The contacts, last changed first", About: filterAbout,
				Query: append([]Param{
					wordsParam[people.Sort]("sort", "recent: last changed first; created: newest first; name: by what they are called; score: most likely to buy first, as of lead_score. A view's own if left out"),
					limitParam, cursorParam,
				}, contactFilters...),
				Answers: []Answer{{200, page[contactView]{}, "A page of contacts"}},
			},
		},
		{
			Method: "POST", Path: "/api/contacts", Action: access.WriteContacts, Handler: a.createContact,
			Doc: Doc{
				Tag: "Contacts", Summary: "Make a contact",
				Body: newContact{}, Example: `{"name":"Sari","phone":"0812 0000 0042"}`,
				Answers: []Answer{{201, contactView{}, "The contact"}},
			},
		},
		{
			Method: "GET", Path: "/api/contacts/{id}", Action: access.ReadContacts, Handler: a.getContact,
			Doc: Doc{
				Tag: "Contacts", Summary: "One contact, and all that the panel beside a conversation shows",
				Answers: []Answer{{200, contactDetail{}, "The contact"}},
			},
		},
		{
			Method: "PATCH", Path: "/api/contacts/{id}", Action: access.WriteContacts, Handler: a.patchContact,
			Doc: Doc{
				Tag: "Contacts", Summary: "Change a contact",
				Body: contactPatch{}, Example: `{"name":"Sari","fields":{"city":"Bandung"}}`,
				Answers: []Answer{{200, contactView{}, "The contact as it is now"}},
			},
		},
	}
}

// contactFilters say which contacts a list or an export has.
var contactFilters = []Param{
	idParam("tag", "Only those with this tag"),
	{Name: "lead_status", About: "Only those with this lead status"},
	{Name: "q", About: "Part of a name, or digits of a number"},
	{Name: "filter", About: "Only those that fit a filter, as JSON"},
	idParam("view", "Only those that fit a view's filter"),
}

// contactsWanted reads contactFilters.
func (a *API) contactsWanted(ctx *fasthttp.RequestCtx, q *query) (people.ContactQuery, error) {
	wanted := people.ContactQuery{TagID: idIn[crm.Tag](q, "tag"), LeadStatus: q.text("lead_status"), Search: q.text("q")}
	var err error
	wanted.Filter, wanted.Sort, err = a.filterIn(ctx, q)
	return wanted, err
}

// contactView is a contact as the API shows it.
type contactView struct {
	ID          crm.ContactID     `json:"id"`
	DisplayName string            `json:"display_name" about:"The team's name for the contact, else its own, else its handle"`
	Handle      string            `json:"handle" about:"The number or username, for people"`
	Name        *string           `json:"name" about:"Given by the team"`
	ProfileName *string           `json:"profile_name" about:"What the person calls itself on WhatsApp"`
	Username    *string           `json:"username"`
	Phone       *string           `json:"phone" about:"The first number, in E.164"`
	Email       *string           `json:"email"`
	Identities  []crm.Identity    `json:"identities" about:"All the contact is known by, oldest first"`
	TagIDs      []crm.TagID       `json:"tag_ids"`
	Fields      map[string]string `json:"fields" about:"The workspace's own fields"`
	LeadStatus  string            `json:"lead_status"`
	Temperature *crm.Temperature  `json:"temperature"`
	LeadScore   int               `json:"lead_score" about:"0 to 100, as of the last news of the contact or the last time it was scored anew, which follows a fall within hours"`
	Source      sourceView        `json:"source" about:"Where the contact came from"`
	OptOut      optOutView        `json:"opt_out"`
	BlockedAt   *stamp            `json:"blocked_at"`
	CreatedAt   stamp             `json:"created_at"`
	UpdatedAt   stamp             `json:"updated_at"`
}

type sourceView struct {
	Kind    *string `json:"kind" about:"chat, ad, post, form, import, sync, api or manual"`
	At      *stamp  `json:"at"`
	AdID    *string `json:"ad_id"`
	URL     *string `json:"url"`
	Title   *string `json:"title"`
	ClickID *string `json:"click_id"`
}

// optOutView says whether the person asked not to be written to.
type optOutView struct {
	Out    bool    `json:"out"`
	At     *stamp  `json:"at"`
	Reason *string `json:"reason"`
}

func contactOf(c *crm.Contact) contactView {
	view := contactView{
		ID: c.ID, DisplayName: c.DisplayName(), Handle: c.Handle(), Name: ref(c.Name), ProfileName: ref(c.ProfileName),
		Username: ref(c.Username), Phone: ref(c.Identity(crm.ByPhone)), Email: ref(c.Identity(crm.ByEmail)),
		Fields: c.Fields, LeadStatus: c.LeadStatus, Temperature: ref(c.Temperature), LeadScore: c.Score,
		Source: sourceView{ref(c.Source.Kind), at(c.Source.At), ref(c.Source.AdID), ref(c.Source.URL), ref(c.Source.Title), ref(c.Source.ClickID)},
		OptOut: optOutView{c.OptOut.Out, at(c.OptOut.At), ref(c.OptOut.Reason)}, BlockedAt: at(c.BlockedAt),
		CreatedAt: stamp(c.CreatedAt), UpdatedAt: stamp(c.UpdatedAt),
	}
	// An empty list shows as [], an empty table as {}.
	view.Identities = append([]crm.Identity{}, c.Identities...)
	view.TagIDs = append([]crm.TagID{}, c.Tags...)
	if view.Fields == nil {
		view.Fields = map[string]string{}
	}
	return view
}

// contactDetail is a contact with what stands beside it, each list bounded to
// the newest.
type contactDetail struct {
	contactView
	Score            scoreView          `json:"score" about:"How likely the contact is to buy, as of now"`
	Tags             []tagView          `json:"tags"`
	Notes            []noteView         `json:"notes" about:"The newest, newest first"`
	Tasks            []taskView         `json:"tasks" about:"Open ones, newest first"`
	Conversations    []conversationView `json:"conversations" about:"Newest message first"`
	OpenConversation *conversationView  `json:"open_conversation" about:"The newest that is not resolved"`
}

func (a *API) detail(card *people.Card) contactDetail {
	detail := contactDetail{
		contactView:   contactOf(card.Contact),
		Score:         scoreOf(card.Lead, card.Rules, a.Now()),
		Tags:          listOf(card.Tags, tagOf).Data,
		Notes:         listOf(card.Notes, noteOf).Data,
		Tasks:         listOf(card.Tasks, taskOf).Data,
		Conversations: listOf(card.Conversations, a.conversation).Data,
	}
	for i := range detail.Conversations {
		if detail.Conversations[i].Status != crm.Resolved {
			detail.OpenConversation = &detail.Conversations[i]
			break
		}
	}
	return detail
}

// region returns how the workspace reads a number without a country code.
func (a *API) region(ctx *fasthttp.RequestCtx) (string, error) {
	workspace, err := a.Directory.KnownWorkspace(request.ContextOf(ctx), request.PrincipalOf(ctx).WorkspaceID)
	if err != nil {
		return "", err
	}
	return workspace.Region, nil
}

func (a *API) contactByPhone(ctx *fasthttp.RequestCtx) error {
	q := queryOf(ctx)
	number := q.text("phone")
	if number == "" {
		q.refuse("phone", "It is missing.")
		return q.err()
	}
	// A plus that was not escaped arrives as a space.
	if strings.HasPrefix(number, " ") {
		number = "+" + number[1:]
	}
	region, err := a.region(ctx)
	if err != nil {
		return err
	}
	card, err := a.People.ByPhone(request.ContextOf(ctx), request.PrincipalOf(ctx), number, region)
	if err != nil {
		return err
	}
	return answer(ctx, 200, a.detail(card))
}

func (a *API) listContacts(ctx *fasthttp.RequestCtx) error {
	q := queryOf(ctx)
	limit := q.limit()
	query, err := a.contactsWanted(ctx, q)
	if err != nil {
		return err
	}
	query.Limit = limit + 1
	if sort := wordIn[people.Sort](q, "sort"); sort != "" {
		query.Sort = sort
	}
	if err := q.err(); err != nil {
		return err
	}
	if query.After, err = contactAfter(query.Sort, q.text("cursor")); err != nil {
		return err
	}
	found, err := a.People.Contacts(request.ContextOf(ctx), request.PrincipalOf(ctx), query)
	if err != nil {
		return err
	}
	return answer(ctx, 200, pageOf(found, limit, contactOf, func(c *crm.Contact) string { return contactCursor(query.Sort, c) }))
}

func (a *API) getContact(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Contact](ctx)
	if err != nil {
		return err
	}
	card, err := a.People.Card(request.ContextOf(ctx), request.PrincipalOf(ctx), id)
	if err != nil {
		return err
	}
	return answer(ctx, 200, a.detail(card))
}

// newContact is a contact to make.
type newContact struct {
	Name       *string            `json:"name,omitempty"`
	Phone      string             `json:"phone,omitempty" about:"In any spelling"`
	Email      string             `json:"email,omitempty"`
	ExternalID string             `json:"external_id,omitempty" about:"A key of your own system"`
	LeadStatus *string            `json:"lead_status,omitempty"`
	Fields     map[string]*string `json:"fields,omitempty"`
	TagIDs     []crm.TagID        `json:"tag_ids,omitempty"`
}

func (n *newContact) edit() people.Edit {
	edit := people.Edit{Name: n.Name, LeadStatus: n.LeadStatus, Fields: n.Fields, AddTags: n.TagIDs}
	for _, id := range []crm.Identity{{Kind: crm.ByPhone, Value: n.Phone}, {Kind: crm.ByEmail, Value: n.Email}, {Kind: crm.ByExternal, Value: n.ExternalID}} {
		if id.Value != "" {
			edit.AddIdentities = append(edit.AddIdentities, id)
		}
	}
	return edit
}

func (a *API) createContact(ctx *fasthttp.RequestCtx) error {
	var body newContact
	if err := readJSON(ctx, &body); err != nil {
		return err
	}
	region, err := a.region(ctx)
	if err != nil {
		return err
	}
	contact, err := a.People.Create(request.ContextOf(ctx), request.PrincipalOf(ctx), body.edit(), region)
	if err != nil {
		return err
	}
	return answer(ctx, 201, contactOf(contact))
}

// contactPatch is what may be changed of a contact.
type contactPatch struct {
	Name          *string            `json:"name,omitempty"`
	LeadStatus    *string            `json:"lead_status,omitempty"`
	Fields        map[string]*string `json:"fields,omitempty" about:"Only the fields named change; null removes one"`
	AddTags       []crm.TagID        `json:"add_tags,omitempty"`
	RemoveTags    []crm.TagID        `json:"remove_tags,omitempty"`
	AddIdentities []crm.Identity     `json:"add_identities,omitempty" about:"A phone number may be in any spelling"`
	OptOut        *bool              `json:"opt_out,omitempty" about:"Whether the person asked not to be written to"`
	Blocked       *bool              `json:"blocked,omitempty"`
}

func (a *API) patchContact(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Contact](ctx)
	if err != nil {
		return err
	}
	var patch contactPatch
	if err := readJSON(ctx, &patch); err != nil {
		return err
	}
	region, err := a.region(ctx)
	if err != nil {
		return err
	}
	contact, err := a.People.Edit(request.ContextOf(ctx), request.PrincipalOf(ctx), id, people.Edit(patch), region)
	if err != nil {
		return err
	}
	return answer(ctx, 200, contactOf(contact))
}
