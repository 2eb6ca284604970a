package storetest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/leanovate/gopter/gen"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/filter"
	"github.com/my21staff/my21staff/crm/people"
)

var filterTests = []test{
	{"finds by every question the contacts that Match says", filterQuestions},
	{"finds by any expression the contacts that Match says", filterLaw},
	{"knows a contact's fields as they are now", filterFollows},
	{"pages in every order join to what fits", filterOrders},
}

// filterWords are what the crowd's texts are made of: alike, so that filters divide
// it.
var filterWords = []string{
	"Sari", "sari dewi", "SARI", "Bandung", "ban", "%", "_", "a'b", "É", "é", "0812", "50000000", "-3.25", "2026-11-02", "2026-11-05",
	"true", "false", "", " ", "new\nline", `back\slash`, "July", "february", "?", "$1",
}

// subjects stores contacts that are alike in every way that filters ask about, and
// returns them as subjects.
func (w *world) subjects(t *testing.T, n int) []filter.Subject {
	t.Helper()
	random := rand.New(rand.NewPCG(1, 7))
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	ours, changes := w.ours, &crm.Changes{}
	perth := w.newTag(t, "Perth")
	other := &crm.Channel{ID: crm.NewID[crm.Channel](w.mint), WorkspaceID: ours.ws, Provider: crm.Meta, PhoneNumberID: "77", CreatedAt: w.clock.Now()}
	if err := w.store.Directory().SaveChannel(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	subjects := []filter.Subject{{Contact: ours.contact, Threads: []*crm.Conversation{ours.conversation}}}
	for range n {
		ct := ours.Contact()
		ct.Name, ct.ProfileName = pick(filterWords...), pick("", "sari", "Joko")
		ct.LeadStatus, ct.Temperature = pick("new", "won", "lost"), crm.Temperature(pick("", "hot", "cold"))
		ct.Score = len(subjects) * 7 % 5 * 25 // several of each
		ct.Source.Kind = pick("chat", "ad", "")
		ct.OptOut.Out = random.IntN(3) == 0
		if random.IntN(4) == 0 {
			ct.BlockedAt = w.clock.Now()
		}
		ct.CreatedAt = w.clock.Now().Add(time.Duration(random.IntN(20)-10) * 12 * time.Hour)
		ct.UpdatedAt = ct.CreatedAt.Add(time.Duration(random.IntN(3)) * time.Hour)
		if random.IntN(3) == 0 {
			ct.Identities = append(ct.Identities, crm.Identity{Kind: crm.ByExternal, Value: pick("a'b", "%", "case", "Case") + fmt.Sprint(len(subjects)%7)})
		}
		if slices.ContainsFunc(subjects, func(s filter.Subject) bool { return s.Contact.Identity(crm.ByExternal) == ct.Identity(crm.ByExternal) }) {
			ct.Identities = slices.DeleteFunc(ct.Identities, func(id crm.Identity) bool { return id.Kind == crm.ByExternal })
		}
		ct.Fields = map[string]string{}
		for _, key := range []string{"kota", "budget", "mulai", "lulus", "jurusan"} {
			if random.IntN(3) > 0 {
				ct.Fields[key] = pick(filterWords...)
			}
		}
		for _, tag := range []crm.TagID{ours.tag.ID, perth.ID} {
			if random.IntN(3) == 0 {
				ct.Tags = append(ct.Tags, tag)
			}
		}
		subject := filter.Subject{Contact: ct}
		for _, channel := range []crm.ChannelID{ours.Channel.ID, other.ID} {
			if random.IntN(2) == 0 {
				continue
			}
			cv := ours.Conversation(ct)
			cv.ChannelID, cv.Status = channel, crm.ConversationStatus(pick("open", "pending", "resolved"))
			if random.IntN(2) == 0 {
				cv.AssigneeID = ours.Owner.ID
			}
			if random.IntN(5) > 0 {
				cv.LastMessage.At = w.clock.Now().Add(time.Duration(random.IntN(20)-18) * 12 * time.Hour)
			}
			subject.Threads = append(subject.Threads, cv)
			changes.Conversations = append(changes.Conversations, cv)
		}
		subjects, changes.Contacts = append(subjects, subject), append(changes.Contacts, ct)
	}
	for i, key := range []string{"budget", "mulai", "lulus", "jurusan"} {
		f := &crm.Field{
			ID: crm.NewID[crm.Field](w.mint), WorkspaceID: ours.ws, Key: key, Label: key, Position: i + 1, CreatedAt: w.clock.Now(),
			Type: []crm.FieldType{crm.NumberField, crm.DateField, crm.BoolField, crm.ChoiceField}[i],
		}
		if f.Type == crm.ChoiceField {
			f.Choices = []string{"July", "February"}
		}
		changes.Fields = append(changes.Fields, f)
	}
	w.write(t, ours.ws, changes)
	return subjects
}

// conditions are conditions of every operator on every field.
func (w *world) conditions(schema *filter.Schema) []string {
	day, later := w.clock.Now().Format(time.DateOnly), w.clock.Now().AddDate(0, 0, 2).Format(time.DateOnly)
	values := map[filter.Type][]string{
		filter.Text:     {`"sari"`, `"SARI  dewi"`, `"ban"`, `"%"`, `"a'b"`, `"É"`, `"0812"`, `"?"`},
		filter.Identity: {`"` + w.ours.contact.Identities[0].Value + `"`, `"%"`, `"a'b"`, `"Case"`, `"+628"`, `"628"`},
		filter.Word:     {`"new"`, `"ad"`}, filter.Number: {`50000000`, `-3.25`, `0`}, filter.Bool: {`true`, `false`},
		filter.Date: {`"2026-11-02"`, `"2026-11-05"`}, filter.Moment: {`"` + day + `"`, `"` + w.clock.Now().Format(time.RFC3339) + `"`, `"` + later + `"`},
		filter.Tag: {`"` + w.ours.tag.ID.String() + `"`, `"` + w.theirs.tag.ID.String() + `"`}, filter.Member: {`"me"`, `"` + w.theirs.Owner.ID.String() + `"`},
	}
	var all []string
	for _, f := range schema.Fields() {
		of := values[f.Type]
		if f.Choices != nil {
			of = []string{`"` + f.Choices[0] + `"`, `"` + f.Choices[1] + `"`}
		}
		for _, op := range filter.Operators[f.Type] {
			add := func(value string) {
				all = append(all, fmt.Sprintf(`{"field":%q,"op":%q%s}`, f.Name, op, value))
			}
			switch op {
			case filter.IsSet, filter.IsNotSet:
				add("")
			case filter.AnyOf, filter.NoneOf, filter.AllOf, filter.Between:
				add(fmt.Sprintf(`,"value":[%s,%s]`, of[0], of[len(of)-1]))
			case filter.InLast, filter.NotInLast, filter.InNext:
				add(`,"value":{"days":3}`)
			default:
				for _, value := range of {
					add(`,"value":` + value)
				}
			}
		}
	}
	return all
}

// sift holds what a filter finds against Match.
func (w *world) sift(t *testing.T, schema *filter.Schema, subjects []filter.Subject, expression string) (found []*crm.Contact, problem string) {
	t.Helper()
	test, err := w.decode(schema, expression)
	if err != nil {
		return nil, expression + ": " + err.Error()
	}
	got, err := w.store.People().Contacts(t.Context(), w.ours.ws, people.ContactQuery{Filter: &test, Limit: all})
	if err != nil {
		return nil, expression + ": " + err.Error()
	}
	for _, s := range subjects {
		in := slices.ContainsFunc(got, func(c *crm.Contact) bool { return c.ID == s.Contact.ID })
		if want := test.Match(s); in != want {
			return nil, fmt.Sprintf("%s finds %+v of %d threads: %t, Match says %t", expression, s.Contact, len(s.Threads), in, want)
		}
	}
	return got, ""
}

func (w *world) decode(schema *filter.Schema, expression string) (filter.Test, error) {
	e, err := filter.Decode([]byte(expression), schema)
	if err != nil {
		return filter.Test{}, err
	}
	return e.Resolve(filter.Context{Now: w.clock.Now(), Me: w.ours.Owner.ID}), nil
}

// called returns all contacts called Sari that a filter finds, so many a page.
func (w *world) called(t *testing.T, test *filter.Test, limit int) ([]*crm.Contact, error) {
	t.Helper()
	return pages(limit, func(last *crm.Contact) ([]*crm.Contact, error) {
		q := people.ContactQuery{Search: "sari", Filter: test, Limit: limit}
		if last != nil {
			q.After = people.CursorOf(last, q.Sort)
		}
		return w.store.People().Contacts(t.Context(), w.ours.ws, q)
	})
}

// siftNamed holds a search in what a filter finds, in pages and as a whole, against
// those the search finds, named, and those the filter finds, fits.
func (w *world) siftNamed(t *testing.T, schema *filter.Schema, expression string, named, fits []*crm.Contact) string {
	t.Helper()
	test, err := w.decode(schema, expression)
	if err != nil {
		return expression + ": " + err.Error()
	}
	want := slices.DeleteFunc(slices.Clone(named), func(c *crm.Contact) bool {
		return !slices.ContainsFunc(fits, func(f *crm.Contact) bool { return f.ID == c.ID })
	})
	for _, limit := range []int{5, all} {
		got, err := w.called(t, &test, limit)
		if problem := verdict(err, got, want); problem != "" {
			return fmt.Sprintf("called Sari and %s, %d a page: %s", expression, limit, problem)
		}
	}
	return ""
}

func filterQuestions(t *testing.T, w *world) {
	subjects := w.subjects(t, 120)
	schema := filter.NewSchema(must[[]*crm.Field](t)(w.store.People().Fields(t.Context(), w.ours.ws)))
	divides := map[string]bool{} // fields and operators with a filter that some pass and some do not
	conditions := w.conditions(schema)
	named := must[[]*crm.Contact](t)(w.called(t, nil, all))
	for _, condition := range conditions {
		found, problem := w.sift(t, schema, subjects, condition)
		if problem == "" {
			problem = w.siftNamed(t, schema, condition, named, found)
		}
		if problem != "" {
			t.Error(problem)
		}
		if len(found) > 0 && len(found) < len(subjects) {
			divides[condition[:len(condition)/2]] = true
		}
	}
	if len(conditions) < 200 || len(divides) < 100 {
		t.Errorf("%d conditions were tried, of which %d divide the crowd: too few to show anything", len(conditions), len(divides))
	}
}

func filterLaw(t *testing.T, w *world) {
	subjects := w.subjects(t, 60)
	schema := filter.NewSchema(must[[]*crm.Field](t)(w.store.People().Fields(t.Context(), w.ours.ws)))
	conditions := w.conditions(schema)
	law(t, "the contacts that a filter finds are those that match", 120, func(seed uint64) string {
		random := rand.New(rand.NewPCG(seed, 3))
		_, problem := w.sift(t, schema, subjects, expression(random, conditions, 1))
		return problem
	}, gen.UInt64())
}

// expression makes a random expression of conditions.
func expression(random *rand.Rand, conditions []string, depth int) string {
	if depth > filter.MaxDepth || random.IntN(3) == 0 {
		return conditions[random.IntN(len(conditions))]
	}
	text := fmt.Sprintf(`{%q:[`, []string{"and", "or"}[random.IntN(2)])
	for i := range 1 + random.IntN(3) {
		if i > 0 {
			text += ","
		}
		text += expression(random, conditions, depth+1)
	}
	return text + "]}"
}

// filterFollows changes a contact's fields step by step.
func filterFollows(t *testing.T, w *world) {
	ct := copied(w.ours.contact)
	schema := filter.NewSchema([]*crm.Field{{Key: "kota", Type: crm.TextField}, {Key: "budget", Type: crm.NumberField}})
	for _, step := range []struct {
		fields map[string]string
		fits   string
	}{
		{map[string]string{"kota": "Bandung", "budget": "10"}, `{"and":[{"field":"fields.kota","op":"is","value":"bandung"},{"field":"fields.budget","op":"at_most","value":10}]}`},
		{map[string]string{"kota": "Perth", "budget": "11"}, `{"and":[{"field":"fields.kota","op":"is","value":"perth"},{"field":"fields.budget","op":"more_than","value":10}]}`},
		{map[string]string{"budget": "none"}, `{"and":[{"field":"fields.kota","op":"is_not_set"},{"field":"fields.budget","op":"is_set"},{"field":"fields.budget","op":"is_not","value":11}]}`},
		{nil, `{"and":[{"field":"fields.kota","op":"is_not","value":"perth"},{"field":"fields.budget","op":"is_not_set"}]}`},
		{map[string]string{"kota": " ", "budget": ""}, `{"field":"fields.kota","op":"is_not_set"}`},
	} {
		ct.Fields = step.fields
		w.write(t, w.ours.ws, &crm.Changes{Contacts: []*crm.Contact{copied(ct)}})
		if found, problem := w.sift(t, schema, []filter.Subject{{Contact: ct}}, step.fits); len(found) != 1 {
			t.Errorf("with the fields %v the filter %s finds %d contacts %s, want the one", step.fields, step.fits, len(found), problem)
		}
	}
}

func filterOrders(t *testing.T, w *world) {
	subjects := w.subjects(t, 40)
	schema := filter.NewSchema(nil)
	for _, sort := range append(slices.Clone(people.Sorts), people.ByID) {
		want := []*crm.Contact{}
		e, err := filter.Decode([]byte(`{"field":"lead_status","op":"any_of","value":["new","won"]}`), schema)
		if err != nil {
			t.Fatal(err)
		}
		test := e.Resolve(filter.Context{Now: w.clock.Now()})
		for _, s := range subjects {
			if test.Match(s) {
				want = append(want, s.Contact)
			}
		}
		slices.SortFunc(want, func(a, b *crm.Contact) int { return compareBy(sort, a, b) })
		for _, limit := range []int{1, 7, all} {
			q := people.ContactQuery{Filter: &test, Sort: sort, Limit: limit}
			got, err := pages(limit, func(last *crm.Contact) ([]*crm.Contact, error) {
				if last != nil {
					q.After = people.CursorOf(last, sort)
				}
				return w.store.People().Contacts(t.Context(), w.ours.ws, q)
			})
			if problem := verdict(err, got, want); problem != "" {
				t.Errorf("sorted by %s, %d a page: %s", sort, limit, problem)
			}
		}
	}
}

// compareBy is the order of a list.
func compareBy(sort people.Sort, a, b *crm.Contact) int {
	x, y := people.CursorOf(a, sort), people.CursorOf(b, sort)
	switch {
	case x.Name != y.Name:
		if x.Name < y.Name {
			return -1
		}
		return 1
	case x.Score != y.Score:
		return y.Score - x.Score
	case sort == people.ByName, sort == people.ByID:
		return a.ID.Compare(b.ID)
	case !x.At.Equal(y.At):
		return y.At.Compare(x.At)
	}
	return b.ID.Compare(a.ID)
}

var fieldTests = []test{
	{"is listed in order and replaced whole", fieldListed},
	{"has a key of its own", fieldUnique},
	{"and the pipeline are loaded with the settings", fieldLoad},
}

func fieldListed(t *testing.T, w *world) {
	at := w.clock.Advance(time.Second)
	last := &crm.Field{ID: crm.NewID[crm.Field](w.mint), WorkspaceID: w.ours.ws, Key: "intake", Label: "Intake", Type: crm.ChoiceField, Choices: []string{"July", "a,b"}, Position: 9, CreatedAt: at}
	first := &crm.Field{ID: crm.NewID[crm.Field](w.mint), WorkspaceID: w.ours.ws, Key: "budget", Label: "Budget", Type: crm.NumberField, CreatedAt: at}
	moved := copied(w.ours.field)
	moved.Label, moved.Position, moved.ArchivedAt = "City", 3, at
	w.write(t, w.ours.ws, &crm.Changes{Fields: []*crm.Field{copied(last), copied(first), copied(moved)}})
	same(t, "the fields", must[[]*crm.Field](t)(w.store.People().Fields(t.Context(), w.ours.ws)), []*crm.Field{first, moved, last})
}

func fieldUnique(t *testing.T, w *world) {
	twin := copied(w.ours.field)
	twin.ID = crm.NewID[crm.Field](w.mint)
	wantCode(t, "a second field with a key", w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{Fields: []*crm.Field{twin}}), crm.Conflict)
}

func fieldLoad(t *testing.T, w *world) {
	state := w.loadPeople(t, people.Need{WorkspaceID: w.ours.ws, Settings: true, Statuses: []string{"new", "won"}})
	same(t, "the fields", state.Fields, []*crm.Field{w.ours.field})
	same(t, "the pipeline", state.Pipeline, w.ours.pipeline)
	same(t, "the statuses in use", state.InUse, []string{"new"})
	unset := must[*crm.Pipeline](t)(w.store.People().Pipeline(t.Context(), crm.NewID[crm.Workspace](w.mint)))
	if len(unset.Stages) != 6 || !unset.UpdatedAt.IsZero() {
		t.Errorf("a workspace that set no pipeline has %+v, want the default", unset)
	}
	changed := copied(w.ours.pipeline)
	changed.Stages, changed.UpdatedAt = changed.Stages[:1], w.clock.Advance(time.Second)
	w.write(t, w.ours.ws, &crm.Changes{Pipelines: []*crm.Pipeline{copied(changed)}})
	same(t, "a replaced pipeline", must[*crm.Pipeline](t)(w.store.People().Pipeline(t.Context(), w.ours.ws)), changed)
	same(t, "the loaded pipeline", w.loadPeople(t, people.Need{WorkspaceID: w.ours.ws, Settings: true}).Pipeline, changed)
}

var viewTests = []test{
	{"is everybody's or one member's, replaced whole and deleted", viewListed},
}

func viewListed(t *testing.T, w *world) {
	mine := copied(w.ours.view)
	mine.ID, mine.Name, mine.OwnerID, mine.Sort = crm.NewID[crm.View](w.mint), "mine", w.ours.Owner.ID, "name"
	other := copied(mine)
	other.ID, other.Name, other.OwnerID = crm.NewID[crm.View](w.mint), "another's", crm.NewID[crm.Member](w.mint)
	everyField(t, "a view", mine, nil)
	w.write(t, w.ours.ws, &crm.Changes{Views: []*crm.View{copied(mine), copied(other)}})
	views := func(member crm.MemberID) []*crm.View {
		return must[[]*crm.View](t)(w.store.People().Views(t.Context(), w.ours.ws, member))
	}
	same(t, "the owner's views", views(w.ours.Owner.ID), []*crm.View{mine, w.ours.view})
	same(t, "a key's views", views(crm.MemberID{}), []*crm.View{w.ours.view})
	state := w.loadPeople(t, people.Need{WorkspaceID: w.ours.ws, Views: []crm.ViewID{other.ID, w.theirs.view.ID}})
	same(t, "a loaded view", state.Views, []*crm.View{other})
	mine.Name, mine.Filter = "zz", []byte(`{"field":"name","op":"is","value":"é"}`)
	w.write(t, w.ours.ws, &crm.Changes{Views: []*crm.View{copied(mine)}, DeletedViews: []crm.ViewID{w.ours.view.ID, w.theirs.view.ID}})
	same(t, "the views that are left", views(w.ours.Owner.ID), []*crm.View{mine})
	if theirs := must[[]*crm.View](t)(w.store.People().Views(t.Context(), w.theirs.ws, crm.MemberID{})); len(theirs) != 1 {
		t.Errorf("deleting a foreign view leaves it %d views, want its own", len(theirs))
	}
}
