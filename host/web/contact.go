package web

import (
	"slices"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

func (w *Web) contactRoutes() []Route {
	return []Route{
		{"GET", "/contacts/new", w.signedIn(w.newContact)},
		{"POST", "/contacts", w.signedIn(w.createContact)},
		{"GET", "/contacts/{id}", w.signedIn(w.contact)},
		{"GET", "/contacts/{id}/edit", w.signedIn(w.editContact)},
		{"POST", "/contacts/{id}/edit", w.signedIn(w.changeContact)},
		{"POST", "/contacts/{id}/status", w.signedIn(w.contactStatus)},
		{"POST", "/contacts/{id}/tags", w.signedIn(w.contactTags)},
		{"POST", "/contacts/{id}/consent", w.signedIn(w.contactConsent)},
		{"POST", "/contacts/{id}/block", w.signedIn(w.contactBlock)},
		{"POST", "/contacts/{id}/notes", w.signedIn(w.contactNote)},
		{"POST", "/contacts/{id}/tasks", w.signedIn(w.contactTask)},
		{"POST", "/contacts/{id}/merge", w.signedIn(w.mergeContact)},
		{"POST", "/contacts/{id}/unmerge", w.signedIn(w.unmergeContact)},
		{"GET", "/contacts/{id}/erase", w.signedIn(w.askErase)},
		{"POST", "/contacts/{id}/erase", w.signedIn(w.eraseContact)},
	}
}

// contactPage is all that is known of a contact.
type contactPage struct {
	Frame
	contactHead
	ID           string
	Identities   []contactKnown
	Known        []contactKnown // where it came from, and when
	Fields       []contactKnown
	Stages       []leadOption
	Tags, NoTags []leadTag  // those it has, and those it could get
	Score        *scoreView // nil: nobody has scored it
	OptOutWhy    string     // in whose words, and when
	BlockedSince string
	Threads      []contactThread
	Tasks        []contactTask
	Days         []contactDay // the timeline, newest first
	Twins        []contactTwin
	Members      []leadOption
	MergeID      string // of the merge just made, to undo it
	CanWrite     bool
	CanMerge     bool
	Problem      string
	NoteText     string // as it was typed, if it was refused
	TaskText     string
	TaskDue      string
	TaskFor      string
}

// contactHead is how a contact is called.
type contactHead struct {
	Path        string // its address
	Name        string
	Handle      string
	Stage       string
	Temperature crm.Temperature
	Blocked     bool
	OptedOut    bool
}

// contactKnown is one line of what is known.
type contactKnown struct {
	Label string
	Value string
	ISO   string // of a time
	Link  string // of an address
}

// contactThread is one of the contact's conversations.
type contactThread struct {
	Address  string
	Status   crm.ConversationStatus
	Preview  string
	Assignee string
	At       string
	AtISO    string
	Unread   int
}

// contactTwin is a contact that may be the same person.
type contactTwin struct {
	ID string
	contactHead
}

// contact answers GET /contacts/{id}.
func (w *Web) contact(ctx *fasthttp.RequestCtx, v *visitor) error {
	return w.showContact(ctx, v, contactPage{})
}

// showContact shows a contact, with what a form brought that was refused.
func (w *Web) showContact(ctx *fasthttp.RequestCtx, v *visitor, page contactPage) error {
	id, err := pathID[crm.Contact](ctx)
	if err != nil {
		return err
	}
	seq, err := w.newest(ctx, v)
	if err != nil {
		return err
	}
	card, err := w.People.Card(request.ContextOf(ctx), v.Principal, id)
	if err != nil {
		return err
	}
	if err := w.seeMentions(ctx, v, id); err != nil {
		return err
	}
	list, _, err := w.leadList(ctx, v)
	if err != nil {
		return err
	}
	c := card.Contact
	page.contactHead = v.contactHead(c, list.pipeline)
	page.Frame, page.ID = v.frame(ctx, page.Name, "leads"), id.String()
	page.Seq = seq
	if page.Name == "" {
		page.Title = v.say("inbox.nameless")
	}
	page.Styles, page.Scripts = leadStyles, leadScripts
	page.CanWrite, page.CanMerge = v.Can(access.WriteContacts), v.Can(access.ManageLeads)
	page.Stages, page.Members = v.stageOptions(list.pipeline, c.LeadStatus), v.memberOptions()
	for i := range page.Members {
		page.Members[i].Chosen = page.Members[i].Value == page.TaskFor
	}
	page.Identities, page.Known, page.Fields = v.identities(c), v.origin(c, w.Now()), v.contactFields(c, list)
	page.Score = v.score(card.Lead, card.Rules, w.Now())
	if page.Score != nil {
		page.Temperature = page.Score.Temperature // as of now; the contact has it as of its last news
	}
	page.Tags, page.NoTags = contactTagsOf(c, list)
	if c.OptOut.Out {
		page.OptOutWhy = strings.TrimSpace(v.stored(c.OptOut.Reason) + " " + v.when(c.OptOut.At, w.Now()))
	}
	page.BlockedSince = v.when(c.BlockedAt, w.Now())
	for _, cv := range card.Conversations {
		page.Threads = append(page.Threads, v.contactThread(cv, w.Now()))
	}
	for _, t := range card.Tasks {
		page.Tasks = append(page.Tasks, v.task(t, page.Path, w.Now()))
	}
	if err := w.beyondCard(ctx, v, &page, card); err != nil {
		return err
	}
	if merge, err := crm.ParseID[crm.Merge](string(ctx.QueryArgs().Peek("merge"))); err == nil && page.CanMerge {
		page.MergeID = merge.String()
	}
	return render(ctx, v.lang, "contact", page)
}

// beyondCard adds what a card does not hold: the timeline, and who may be the
// same person.
func (w *Web) beyondCard(ctx *fasthttp.RequestCtx, v *visitor, page *contactPage, card *people.Card) error {
	var err error
	if page.Days, err = w.timeline(ctx, v, card); err != nil {
		return err
	}
	if !page.CanMerge {
		return nil
	}
	twins, err := w.People.Duplicates(request.ContextOf(ctx), v.Principal, card.Contact.ID)
	for _, twin := range twins {
		page.Twins = append(page.Twins, contactTwin{ID: twin.ID.String(), contactHead: v.contactHead(twin, crm.DefaultPipeline(v.WorkspaceID))})
	}
	return err
}

func (v *visitor) contactHead(c *crm.Contact, pipeline *crm.Pipeline) contactHead {
	return contactHead{
		Path: contactAddress(c.ID), Name: c.DisplayName(), Handle: c.Handle(), Stage: v.stageNamed(pipeline, c.LeadStatus),
		Temperature: c.Temperature, Blocked: !c.BlockedAt.IsZero(), OptedOut: c.OptOut.Out,
	}
}

// identities are the names a contact is known by, with what it calls itself.
func (v *visitor) identities(c *crm.Contact) []contactKnown {
	var known []contactKnown
	for _, id := range c.Identities {
		if id.Kind == crm.ByWaID && c.Identity(crm.ByPhone) == "+"+id.Value { // it says the same
			continue
		}
		line := contactKnown{Label: v.lang.word("lead_field", id.Kind), Value: id.Value}
		if id.Kind == crm.ByEmail {
			line.Link = "mailto:" + id.Value
		}
		known = append(known, line)
	}
	for _, own := range []contactKnown{{Label: v.say("contact.profile_name"), Value: c.ProfileName}, {Label: v.lang.word("lead_field", "username"), Value: c.Username}} {
		if own.Value != "" {
			known = append(known, own)
		}
	}
	return known
}

// origin says where a contact came from, and when it was made and changed.
func (v *visitor) origin(c *crm.Contact, now time.Time) []contactKnown {
	var known []contactKnown
	add := func(label, value, iso, link string) {
		if value != "" {
			known = append(known, contactKnown{label, value, iso, link})
		}
	}
	if c.Source.Kind != "" {
		add(v.lang.word("lead_field", "source"), v.lang.word("source", c.Source.Kind), "", "")
	}
	add(v.say("contact.source_title"), c.Source.Title, "", "")
	add(v.say("contact.source_url"), c.Source.URL, "", webLink(c.Source.URL))
	add(v.say("contact.source_ad"), c.Source.AdID, "", "")
	add(v.lang.word("lead_field", "created_at"), v.when(c.CreatedAt, now), iso(c.CreatedAt), "")
	add(v.lang.word("lead_field", "updated_at"), v.when(c.UpdatedAt, now), iso(c.UpdatedAt), "")
	return known
}

// contactFields are the custom fields that the contact has a value of, in the
// workspace's order, then what no field has the name of.
func (v *visitor) contactFields(c *crm.Contact, list *leadList) []contactKnown {
	var known []contactKnown
	for _, f := range fieldsInOrder(list.fields) {
		if value := c.Fields[f.Key]; value != "" {
			line := contactKnown{Label: f.Label, Value: v.fieldText(f, value)}
			if f.Type == crm.URLField {
				line.Link = webLink(value)
			}
			known = append(known, line)
		}
	}
	for _, key := range looseFields(c, list) {
		known = append(known, contactKnown{Label: key, Value: c.Fields[key]})
	}
	return known
}

// fieldsInOrder returns custom fields in the order of forms.
func fieldsInOrder(byKey map[string]*crm.Field) []*crm.Field {
	var fields []*crm.Field
	for _, f := range byKey {
		fields = append(fields, f)
	}
	slices.SortFunc(fields, func(a, b *crm.Field) int {
		if a.Position != b.Position {
			return a.Position - b.Position
		}
		return a.ID.Compare(b.ID)
	})
	return fields
}

// looseFields are the names of what a contact has that no field has the name of.
func looseFields(c *crm.Contact, list *leadList) []string {
	var keys []string
	for key, value := range c.Fields {
		if list.fields[key] == nil && value != "" {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// contactTagsOf returns the tags a contact has and those it could get, by name.
func contactTagsOf(c *crm.Contact, list *leadList) (has, others []leadTag) {
	for id, name := range list.tags {
		tag := leadTag{ID: id.String(), Name: name, Chosen: slices.Contains(c.Tags, id)}
		if tag.Chosen {
			has = append(has, tag)
		} else {
			others = append(others, tag)
		}
	}
	byName := func(a, b leadTag) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) }
	slices.SortFunc(has, byName)
	slices.SortFunc(others, byName)
	return has, others
}

func (v *visitor) contactThread(cv *crm.Conversation, now time.Time) contactThread {
	return contactThread{
		Address: "/inbox/" + cv.ID.String(), Status: cv.Status, Preview: v.preview(cv.LastMessage.Preview), Assignee: v.members[cv.AssigneeID.String()],
		At: v.when(cv.LastMessage.At, now), AtISO: iso(cv.LastMessage.At), Unread: cv.Unread,
	}
}
