package people_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
)

func reasonOf(err error) string {
	var e *crm.Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

func TestCreate(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tag, before := o.tag(o.me, "Beasiswa"), o.seen(o.me)
	made := o.contact(o.me, people.Edit{
		Name: new("  Dewi "), LeadStatus: new("qualified"), Fields: map[string]*string{"city": new("Bandung"), "gone": nil},
		AddTags: []crm.TagID{tag.ID, tag.ID}, OptOut: new(false), Blocked: new(false),
		AddIdentities: []crm.Identity{id(crm.ByPhone, "0812-0000-0001"), id(crm.ByWaID, "6281200000001"), id(crm.ByEmail, " Dewi@Example.COM")},
	})
	now := o.clock.Now()
	want := crm.Contact{
		ID: made.ID, WorkspaceID: o.me.WorkspaceID, Name: "Dewi", LeadStatus: "qualified", Fields: map[string]string{"city": "Bandung"},
		Tags: []crm.TagID{tag.ID}, Source: crm.Source{Kind: "manual", At: now}, CreatedAt: now, UpdatedAt: now,
		Identities: []crm.Identity{id(crm.ByPhone, "+6281200000001"), id(crm.ByWaID, "6281200000001"), id(crm.ByEmail, "dewi@example.com")},
	}
	card := o.card(o.me, made.ID)
	for _, got := range []*crm.Contact{made, card.Contact} {
		if !same(got, &want) {
			t.Errorf("the contact is\n%+v, want\n%+v", *got, want)
		}
	}
	if len(card.Tags) != 1 || card.Tags[0].Name != "Beasiswa" {
		t.Errorf("the card has the tags %v, want Beasiswa", card.Tags)
	}
	o.wantFact(before, crm.ContactCreated, made.ID, `{"source":"manual"}`)
}

// same compares contacts as people see them: times by the moment, no fields like
// none at all.
func same(a, b *crm.Contact) bool {
	return a.ID == b.ID && a.WorkspaceID == b.WorkspaceID && a.Name == b.Name && a.LeadStatus == b.LeadStatus &&
		maps.Equal(a.Fields, b.Fields) && slices.Equal(a.Tags, b.Tags) && slices.Equal(a.Identities, b.Identities) &&
		a.Source.Kind == b.Source.Kind && a.Source.At.Equal(b.Source.At) && a.OptOut.Out == b.OptOut.Out &&
		a.OptOut.At.Equal(b.OptOut.At) && a.OptOut.Reason == b.OptOut.Reason && a.BlockedAt.Equal(b.BlockedAt) &&
		a.CreatedAt.Equal(b.CreatedAt) && a.UpdatedAt.Equal(b.UpdatedAt)
}

func TestCreateByKey(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	key := access.OfKey(&crm.APIKey{ID: crm.APIKeyID{1}, WorkspaceID: o.me.WorkspaceID, Scopes: []string{"contacts:write"}})
	made := o.contact(key, people.Edit{AddIdentities: phoneOf("+62 812 0000 0001")})
	if made.Source.Kind != "api" || made.LeadStatus != "new" || made.DisplayName() != "+6281200000001" {
		t.Errorf("a contact made by a program is %+v, want a new one from api", made)
	}
}

// TestRefusedEdits: each is refused when creating and when editing, names the
// field, and leaves nothing behind.
func TestRefusedEdits(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	taken := o.contact(o.me, people.Edit{Name: new("Taken"), AddIdentities: phoneOf("0812 0000 0002")})
	theirTag := o.tag(o.them, "Theirs")
	made := o.contact(o.me, people.Edit{Name: new("Dewi")})
	before := o.seen(o.me)
	many := make(map[string]*string)
	for i := range people.MaxFields + 1 {
		many[fmt.Sprint("field ", i)] = new("x")
	}
	for _, c := range []struct {
		name string
		edit people.Edit
		want string
	}{
		{"a name too long", people.Edit{Name: new(strings.Repeat("é", people.MaxName+1))}, "invalid bad_name"},
		{"a name with NUL", people.Edit{Name: new("De\x00wi")}, "invalid bad_name"},
		{"a name that is no UTF-8", people.Edit{Name: new("De\xffwi")}, "invalid bad_name"},
		{"no lead status", people.Edit{LeadStatus: new(" ")}, "invalid bad_lead_status"},
		{"a lead status too long", people.Edit{LeadStatus: new(strings.Repeat("x", people.MaxLeadStatus+1))}, "invalid bad_lead_status"},
		{"too many fields", people.Edit{Fields: many}, "invalid bad_fields"},
		{"a field without a name", people.Edit{Fields: map[string]*string{" ": new("x")}}, "invalid bad_fields"},
		{"a field's name too long", people.Edit{Fields: map[string]*string{strings.Repeat("x", people.MaxFieldName+1): nil}}, "invalid bad_fields"},
		{"a field too long", people.Edit{Fields: map[string]*string{"x": new(strings.Repeat("é", people.MaxFieldValue/2+1))}}, "invalid bad_fields"},
		{"a field with NUL", people.Edit{Fields: map[string]*string{"x": new("\x00")}}, "invalid bad_fields"},
		{"no number", people.Edit{AddIdentities: phoneOf("Budi")}, "invalid bad_phone"},
		{"no WhatsApp id", people.Edit{AddIdentities: []crm.Identity{id(crm.ByWaID, "+6281200000001")}}, "invalid bad_wa_id"},
		{"no user id", people.Edit{AddIdentities: []crm.Identity{id(crm.ByUserID, "1349")}}, "invalid bad_user_id"},
		{"no e-mail address", people.Edit{AddIdentities: []crm.Identity{id(crm.ByEmail, "dewi")}}, "invalid bad_email"},
		{"an empty external id", people.Edit{AddIdentities: []crm.Identity{id(crm.ByExternal, "")}}, "invalid bad_external_id"},
		{"an unknown kind of identity", people.Edit{AddIdentities: []crm.Identity{id("username", "dewi")}}, "invalid bad_identities"},
		{"another's number", people.Edit{AddIdentities: phoneOf("0062 812 0000 0002")}, "conflict identity_taken"},
		{"an unknown tag", people.Edit{AddTags: []crm.TagID{{9}}}, "not_found"},
		{"another workspace's tag", people.Edit{AddTags: []crm.TagID{theirTag.ID}}, "not_found"},
	} {
		_, err := o.Edit(t.Context(), o.me, made.ID, c.edit, "ID")
		if got := code(err); got != c.want {
			t.Errorf("%s: Edit = %s, want %s", c.name, got, c.want)
		}
		if c.edit.Name == nil {
			c.edit.Name = new("Somebody")
		}
		if _, err := o.Create(t.Context(), o.me, c.edit, "ID"); code(err) != c.want {
			t.Errorf("%s: Create = %s, want %s", c.name, code(err), c.want)
		}
	}
	if _, err := o.Create(t.Context(), o.me, people.Edit{Name: new(" "), LeadStatus: new("new")}, "ID"); code(err) != "invalid bad_name" {
		t.Errorf("a contact nobody could know: Create = %v, want Invalid", err)
	}
	if facts := o.since(o.me, before); len(facts) != 0 {
		t.Errorf("what was refused left facts behind: %v", facts)
	}
	list, err := o.Contacts(t.Context(), o.me, people.ContactQuery{})
	if err != nil || len(list) != 2 || !same(o.card(o.me, made.ID).Contact, made) || !same(o.card(o.me, taken.ID).Contact, taken) {
		t.Errorf("what was refused left something behind: %v, %v", list, err)
	}
}

// TestLimitsThemselves: a value of exactly the limit is taken.
func TestLimitsThemselves(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	fields := make(map[string]*string)
	for i := range people.MaxFields - 1 {
		fields[fmt.Sprint("field ", i)] = new("x")
	}
	fields[strings.Repeat("é", people.MaxFieldName)] = new(strings.Repeat("x", people.MaxFieldValue))
	long := append(crm.DefaultPipeline(o.me.WorkspaceID).Stages, crm.Stage{Key: strings.Repeat("é", people.MaxLeadStatus), Label: "Long", Kind: crm.OpenStage})
	if _, err := o.SetPipeline(t.Context(), o.me, long); err != nil {
		t.Fatal(err)
	}
	c := o.contact(o.me, people.Edit{
		Name: new(strings.Repeat("é", people.MaxName)), LeadStatus: new(strings.Repeat("é", people.MaxLeadStatus)), Fields: fields,
	})
	if got := o.card(o.me, c.ID).Contact; !same(got, c) || len(got.Fields) != people.MaxFields {
		t.Errorf("a contact at every limit comes back as %+v", got)
	}
	if _, err := o.Edit(t.Context(), o.me, c.ID, people.Edit{Fields: map[string]*string{"one more": new(""), "field 0": nil}}, "ID"); err != nil {
		t.Errorf("swapping a field at the limit: %v", err)
	}
}

// TestEdit changes a contact step by step. What each step says in the feed is
// all that it changed.
func TestEdit(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	a, b := o.tag(o.me, "A"), o.tag(o.me, "B")
	c := o.contact(o.me, people.Edit{Name: new("Dewi")})
	want := *c
	for _, step := range []struct {
		edit   people.Edit
		change func(now time.Time)
		data   string
	}{
		{people.Edit{Name: new("Dewi S")}, func(time.Time) { want.Name = "Dewi S" }, `{"name":"Dewi S"}`},
		{people.Edit{LeadStatus: new("won")}, func(time.Time) { want.LeadStatus = "won" }, `{"lead_status":"won","lead_status_before":"new","lead_stage":"won"}`},
		{people.Edit{Fields: map[string]*string{"b": new("2"), "a": new("1")}},
			func(time.Time) { want.Fields = map[string]string{"a": "1", "b": "2"} }, `{"fields":["a","b"]}`},
		{people.Edit{Fields: map[string]*string{"b": nil, "a": new("1"), "c": nil, "d": new("")}},
			func(time.Time) { want.Fields = map[string]string{"a": "1", "d": ""} }, `{"fields":["b","d"]}`},
		{people.Edit{AddTags: []crm.TagID{a.ID, b.ID}}, func(time.Time) { want.Tags = []crm.TagID{a.ID, b.ID} },
			`{"tags_added":["` + a.ID.String() + `","` + b.ID.String() + `"]}`},
		{people.Edit{AddTags: []crm.TagID{b.ID}, RemoveTags: []crm.TagID{a.ID, {7}}}, func(time.Time) { want.Tags = []crm.TagID{b.ID} },
			`{"tags_removed":["` + a.ID.String() + `"]}`},
		{people.Edit{OptOut: new(true)}, func(now time.Time) { want.OptOut = crm.OptOut{Out: true, At: now, Reason: "set by the team"} }, `{"opt_out":true}`},
		{people.Edit{OptOut: new(false)}, func(now time.Time) { want.OptOut = crm.OptOut{At: now, Reason: "set by the team"} }, `{"opt_out":false}`},
		{people.Edit{Blocked: new(true)}, func(now time.Time) { want.BlockedAt = now }, `{"blocked":true}`},
		{people.Edit{Blocked: new(false)}, func(time.Time) { want.BlockedAt = time.Time{} }, `{"blocked":false}`},
		{people.Edit{AddIdentities: []crm.Identity{id(crm.ByPhone, "0812 0000 0001"), id(crm.ByUserID, "ID.1349"), id(crm.ByExternal, "lead 7")}},
			func(time.Time) {
				want.Identities = []crm.Identity{id(crm.ByPhone, "+6281200000001"), id(crm.ByWaID, "6281200000001"), id(crm.ByUserID, "ID.1349"), id(crm.ByExternal, "lead 7")}
			}, `{"identities":["phone","wa_id","user_id","external_id"]}`},
		{people.Edit{Name: new(""), LeadStatus: new("new")}, func(time.Time) { want.Name, want.LeadStatus = "", "new" }, `{"name":"","lead_status":"new","lead_status_before":"won","lead_stage":"open"}`},
	} {
		now, before := soon(o), o.seen(o.me)
		step.change(now)
		want.UpdatedAt = now
		got, err := o.Edit(t.Context(), o.me, c.ID, step.edit, "ID")
		if err != nil || !same(got, &want) {
			t.Fatalf("after the step that says %s the contact is\n%+v, %v, want\n%+v", step.data, got, err, want)
		}
		if kept := o.card(o.me, c.ID).Contact; !same(kept, &want) {
			t.Fatalf("after the step that says %s the store has\n%+v, want\n%+v", step.data, kept, want)
		}
		o.wantFact(before, crm.ContactChanged, c.ID, step.data)
	}
}

// TestEditNothing: an edit that changes nothing is not written, so the contact
// keeps its place in the list.
func TestEditNothing(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	tag := o.tag(o.me, "A")
	c := o.contact(o.me, people.Edit{Name: new("Dewi"), Fields: map[string]*string{"a": new("1")}, AddTags: []crm.TagID{tag.ID}, AddIdentities: phoneOf("0812 0000 0001")})
	before := o.seen(o.me)
	soon(o)
	for _, e := range []people.Edit{
		{},
		{Name: new(" Dewi"), LeadStatus: new("new"), Fields: map[string]*string{"a": new("1"), "b": nil}, AddTags: []crm.TagID{tag.ID},
			RemoveTags: []crm.TagID{{7}}, AddIdentities: phoneOf("+6281200000001"), OptOut: new(false), Blocked: new(false)},
	} {
		if got, err := o.Edit(t.Context(), o.me, c.ID, e, "ID"); err != nil || !same(got, c) {
			t.Errorf("Edit = %+v, %v, want the contact as it was", got, err)
		}
	}
	if facts := o.since(o.me, before); len(facts) != 0 || !same(o.card(o.me, c.ID).Contact, c) {
		t.Errorf("edits that change nothing were written: %v", facts)
	}
}

// TestThreadsShowTheContact: a conversation carries its contact's name and
// handle, so they change together, and nothing else of it does.
func TestThreadsShowTheContact(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.contact(o.me, people.Edit{AddIdentities: []crm.Identity{id(crm.ByEmail, "dewi@example.com")}})
	other := o.contact(o.me, people.Edit{Name: new("Other"), AddIdentities: phoneOf("0812 0000 0009")})
	threads := []*crm.Conversation{o.thread(o.me, c, "1001"), o.thread(o.me, c, "1002")}
	untouched := o.thread(o.me, other, "1003")
	for _, step := range []struct {
		edit         people.Edit
		name, handle string
	}{
		{people.Edit{Name: new("Dewi")}, "Dewi", "dewi@example.com"},
		{people.Edit{AddIdentities: phoneOf("0812 0000 0001")}, "Dewi", "+6281200000001"},
		{people.Edit{Name: new("")}, "+6281200000001", "+6281200000001"},
	} {
		now := soon(o)
		if _, err := o.Edit(t.Context(), o.me, c.ID, step.edit, "ID"); err != nil {
			t.Fatal(err)
		}
		got := o.card(o.me, c.ID).Conversations
		if len(got) != len(threads) {
			t.Fatalf("the contact has %d conversations, want %d", len(got), len(threads))
		}
		for _, cv := range got {
			if cv.ContactName != step.name || cv.ContactHandle != step.handle || !cv.UpdatedAt.Equal(now) || cv.Unread != 3 || cv.Status != crm.Open {
				t.Errorf("the conversation is %+v, want it to show %q at %q and nothing else changed", cv, step.name, step.handle)
			}
		}
	}
	if got := o.card(o.me, other.ID).Conversations[0]; got.ContactName != "Other" || !got.UpdatedAt.Equal(untouched.UpdatedAt) {
		t.Errorf("the other contact's conversation is %+v", got)
	}
	before := o.clock.Now()
	soon(o)
	if _, err := o.Edit(t.Context(), o.me, c.ID, people.Edit{LeadStatus: new("won")}, "ID"); err != nil {
		t.Fatal(err)
	}
	if got := o.card(o.me, c.ID).Conversations[0]; !got.UpdatedAt.Equal(before) {
		t.Errorf("a change the list does not show touched the conversation: %+v", got)
	}
}

// TestEditsTogether: edits of one contact by several at once all count.
func TestEditsTogether(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.contact(o.me, people.Edit{Name: new("Dewi")})
	var tags []crm.TagID
	for i := range 8 {
		tags = append(tags, o.tag(o.me, fmt.Sprint("tag ", i)).ID)
	}
	var wait sync.WaitGroup
	for _, tag := range tags {
		wait.Go(func() {
			if _, err := o.Edit(t.Context(), o.me, c.ID, people.Edit{AddTags: []crm.TagID{tag}}, "ID"); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if got := o.card(o.me, c.ID).Contact.Tags; len(got) != len(tags) {
		t.Errorf("of %d tags put on at once %d stayed", len(tags), len(got))
	}
}

// TestCreateTogether: of several who make a contact with one number at once, one
// does.
func TestCreateTogether(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	answers := make(chan string, 8)
	var wait sync.WaitGroup
	for range cap(answers) {
		wait.Go(func() {
			_, err := o.Create(t.Context(), o.me, people.Edit{AddIdentities: phoneOf("0812 0000 0001")}, "ID")
			answers <- code(err)
		})
	}
	wait.Wait()
	close(answers)
	counts := make(map[string]int)
	for answer := range answers {
		counts[answer]++
	}
	if want := map[string]int{"ok": 1, "conflict identity_taken": 7}; !maps.Equal(counts, want) {
		t.Errorf("8 who make one contact are answered %v, want %v", counts, want)
	}
}

func TestByPhone(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	dewi := o.contact(o.me, people.Edit{Name: new("Dewi"), AddIdentities: phoneOf("0812 0000 0001")})
	ana := o.contact(o.me, people.Edit{Name: new("Ana"), AddIdentities: []crm.Identity{id(crm.ByWaID, "5215555550100")}})
	juan := o.contact(o.me, people.Edit{Name: new("Juan"), AddIdentities: []crm.Identity{id(crm.ByWaID, "5491155550100")}})
	noNumber := o.contact(o.me, people.Edit{AddIdentities: []crm.Identity{id(crm.ByUserID, "US.1349")}})
	o.contact(o.them, people.Edit{Name: new("Theirs"), AddIdentities: phoneOf("0812 0000 0002")})
	for _, c := range []struct {
		number string
		want   *crm.Contact
		code   string
	}{
		{"081200000001", dewi, "ok"},
		{"+62 812-0000-0001", dewi, "ok"},
		{"0062 812 0000 0001", dewi, "ok"},
		{"001 62 0812 0000 0001", dewi, "ok"},
		{"6281200000001", dewi, "ok"},
		{"+52 55 5555 0100", ana, "ok"},
		{"+52 1 55 5555 0100", ana, "ok"},
		{"+54 9 11 5555 0100", juan, "ok"},
		{"+54 11 5555 0100", nil, "not_found"}, // may be somebody else's landline
		{"US.1349", noNumber, "ok"},
		{"US.1350", nil, "not_found"},
		{"0812 0000 0002", nil, "not_found"}, // another workspace's
		{"0812 0000 0003", nil, "not_found"},
		{"Budi", nil, "invalid"},
		{"", nil, "invalid"},
	} {
		card, err := o.ByPhone(t.Context(), o.me, c.number, "ID")
		if code(err) != c.code || (c.want == nil) != (card == nil) || card != nil && card.Contact.ID != c.want.ID {
			t.Errorf("ByPhone(%q) = %+v, %v, want %s", c.number, card, err, c.code)
		}
	}
}

// TestContactPages: the pages of a list join to the whole of it, newest first.
func TestContactPages(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.contact(o.them, people.Edit{Name: new("Theirs")})
	var want []crm.ContactID
	for i := range 7 {
		if i%2 == 0 {
			soon(o) // some were changed in the same millisecond
		}
		want = append([]crm.ContactID{o.contact(o.me, people.Edit{Name: new(fmt.Sprint("Lead ", i))}).ID}, want...)
	}
	var got []crm.ContactID
	q := people.ContactQuery{Limit: 2}
	for {
		page, err := o.Contacts(t.Context(), o.me, q)
		if err != nil || len(page) > 2 {
			t.Fatalf("a page of %d contacts, %v", len(page), err)
		}
		if len(page) == 0 {
			break
		}
		for _, c := range page {
			got = append(got, c.ID)
		}
		last := page[len(page)-1]
		q.After = people.ContactCursor{At: last.UpdatedAt, ID: last.ID}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the pages join to %v, want %v", got, want)
	}
}
