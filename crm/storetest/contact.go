package storetest

import (
	"cmp"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/leanovate/gopter/gen"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/people"
)

var contactTests = []test{
	{"comes back with every field, and is replaced whole", contactReplaced},
	{"has its identities as a whole set, in their order", contactIdentities},
	{"shares no identity with another", contactUnique},
	{"hands an identity over within one write", contactHandsOver},
	{"is never known by an empty value", contactEmptyIdentity},
	{"is loaded by id and identity, with its threads", contactLoad},
	{"has a card of all that stands beside it", contactCard},
	{"is found by the first identity that finds one", contactCardFirst},
	{"pages of any query join to what fits it", contactPages},
}

// contact reads one of our contacts.
func (w *world) contact(t *testing.T, id crm.ContactID) *crm.Contact {
	t.Helper()
	return must[*people.Card](t)(w.store.People().CardByID(t.Context(), w.ours.ws, id)).Contact
}

func contactReplaced(t *testing.T, w *world) {
	at := w.clock.Advance(time.Hour)
	want := &crm.Contact{
		ID: w.ours.contact.ID, WorkspaceID: w.ours.ws, Name: "Sari", ProfileName: "sari 🌸", ProfileAt: at, Username: "sari.w",
		Identities: []crm.Identity{
			{Kind: crm.ByUserID, Value: "ID.13491208655302741918"}, {Kind: crm.ByEmail, Value: "sari@example.com"}, {Kind: crm.ByExternal, Value: "42"},
		},
		Fields: map[string]string{"kota": "Bandung", "": "empty key", "empty value": ""}, LeadStatus: "qualified", Temperature: crm.Hot, Score: 77, Tags: []crm.TagID{w.newTag(t, "ielts").ID},
		Source: crm.Source{Kind: "ad", At: at, AdID: "12345678901234567890", URL: "https://example.com", Title: "IELTS", ClickID: "click"},
		OptOut: crm.OptOut{Out: true, At: at, Reason: "STOP"}, BlockedAt: at, CreatedAt: w.ours.contact.CreatedAt, UpdatedAt: at,
	}
	everyField(t, "a contact", want, w.ours.contact, "ID", "WorkspaceID", "CreatedAt")
	w.write(t, w.ours.ws, &crm.Changes{Contacts: []*crm.Contact{copied(want)}})
	same(t, "a contact with every field changed", w.contact(t, want.ID), want)
	bare := &crm.Contact{ID: want.ID, WorkspaceID: w.ours.ws, CreatedAt: at, UpdatedAt: at}
	w.write(t, w.ours.ws, &crm.Changes{Contacts: []*crm.Contact{copied(bare)}})
	same(t, "a contact with every field emptied", w.contact(t, want.ID), bare)
}

// find loads the contacts known by any of the identities.
func (w *world) find(t *testing.T, identities ...crm.Identity) []*crm.Contact {
	t.Helper()
	return w.load(t, inbox.Need{WorkspaceID: w.ours.ws, Identities: identities}).Contacts
}

func contactIdentities(t *testing.T, w *world) {
	ct := copied(w.ours.contact)
	phone, email, external := ct.Identities[1], crm.Identity{Kind: crm.ByEmail, Value: "sari@example.com"}, crm.Identity{Kind: crm.ByExternal, Value: "42"}
	for _, set := range [][]crm.Identity{{phone, email}, {external, phone, email}, {email, external}, {email, external, phone}} {
		ct.Identities = set
		w.write(t, w.ours.ws, &crm.Changes{Contacts: []*crm.Contact{copied(ct)}})
		same(t, fmt.Sprintf("a contact given the identities %v", set), w.contact(t, ct.ID).Identities, set)
	}
	same(t, "a contact looked for by an identity it has", w.find(t, external), []*crm.Contact{ct})
	if lost := w.find(t, w.ours.contact.Identities[0]); len(lost) > 0 {
		t.Errorf("an identity that was taken away finds %d contacts", len(lost))
	}
	heir := w.ours.Contact()
	heir.Identities = w.ours.contact.Identities[:1]
	w.write(t, w.ours.ws, &crm.Changes{Contacts: []*crm.Contact{heir}})
}

func contactUnique(t *testing.T, w *world) {
	for _, identity := range w.ours.contact.Identities {
		twin := w.ours.Contact()
		twin.Identities = append(twin.Identities, identity)
		err := w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{Contacts: []*crm.Contact{twin}})
		wantCode(t, fmt.Sprintf("a second contact known by %v", identity), err, crm.Conflict)
	}
	other := w.ours.Contact()
	other.Identities = []crm.Identity{{Kind: crm.ByExternal, Value: w.ours.contact.Identities[0].Value}} // of another kind
	w.write(t, w.ours.ws, &crm.Changes{Contacts: []*crm.Contact{other}})
	one, two := w.ours.Contact(), w.ours.Contact()
	two.Identities = one.Identities
	err := w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{Contacts: []*crm.Contact{one, two}})
	wantCode(t, "two contacts of one write known alike", err, crm.Conflict)
}

// contactHandsOver is a number that changes hands: who has it now and who had
// it are written together, in either order.
func contactHandsOver(t *testing.T, w *world) {
	one, two := copied(w.ours.contact), w.ours.Contact()
	w.write(t, w.ours.ws, &crm.Changes{Contacts: []*crm.Contact{copied(two)}})
	for range 2 {
		one.Identities, two.Identities = two.Identities, one.Identities
		w.write(t, w.ours.ws, &crm.Changes{Contacts: []*crm.Contact{copied(one), copied(two)}})
		same(t, "who is known by the first set", w.find(t, one.Identities...), []*crm.Contact{one})
		same(t, "who is known by the second set", w.find(t, two.Identities...), []*crm.Contact{two})
		for _, ct := range []*crm.Contact{one, two, one, two} {
			same(t, "whose card it is", must[*people.Card](t)(w.store.People().Card(t.Context(), w.ours.ws, ct.Identities)).Contact, ct)
		}
	}
	lost := one.Identities
	one.Identities = nil
	w.write(t, w.ours.ws, &crm.Changes{Contacts: []*crm.Contact{copied(one)}})
	_, err := w.store.People().Card(t.Context(), w.ours.ws, lost)
	wantCode(t, "the card by what nobody is known by any more", err, crm.NotFound)
}

func contactEmptyIdentity(t *testing.T, w *world) {
	nameless := []*crm.Contact{w.ours.Contact(), w.ours.Contact()}
	for _, ct := range nameless {
		ct.Identities = nil
	}
	w.write(t, w.ours.ws, &crm.Changes{Contacts: nameless})
	if found := w.find(t, crm.Identity{Kind: crm.ByPhone}, crm.Identity{}); len(found) > 0 {
		t.Errorf("an empty identity finds %d contacts", len(found))
	}
	_, err := w.store.People().Card(t.Context(), w.ours.ws, []crm.Identity{{Kind: crm.ByPhone}})
	wantCode(t, "Card of an empty identity", err, crm.NotFound)
	_, err = w.store.People().Card(t.Context(), w.ours.ws, nil)
	wantCode(t, "Card of no identity", err, crm.NotFound)
}

func contactLoad(t *testing.T, w *world) {
	ours := w.ours
	other, thread, _ := w.newThread(t, ours, nil)
	need := people.Need{
		WorkspaceID: ours.ws, Contacts: []crm.ContactID{other.ID, other.ID, crm.NewID[crm.Contact](w.mint)},
		Identities: append(slices.Clone(ours.contact.Identities), other.Identities...),
	}
	state := w.loadPeople(t, need)
	same(t, "contacts by id and identity", byID(state.Contacts), []*crm.Contact{ours.contact, other})
	if len(state.Conversations) > 0 {
		t.Errorf("contacts loaded without threads bring %d conversations", len(state.Conversations))
	}
	need.Threads = true
	state = w.loadPeople(t, need)
	slices.SortFunc(state.Conversations, func(a, b *crm.Conversation) int { return a.ID.Compare(b.ID) })
	same(t, "the threads of the contacts", state.Conversations, []*crm.Conversation{ours.conversation, thread})
	members := w.loadPeople(t, people.Need{WorkspaceID: ours.ws, Members: []crm.MemberID{ours.Owner.ID, crm.NewID[crm.Member](w.mint)}})
	same(t, "the members", members.Members, []*crm.Member{ours.Owner})
	same(t, "the members, for the inbox", w.load(t, inbox.Need{WorkspaceID: ours.ws, Members: []crm.MemberID{ours.Owner.ID}}).Members, []*crm.Member{ours.Owner})
}

// byID sorts contacts by their ids, which is the order they were made in.
func byID(contacts []*crm.Contact) []*crm.Contact {
	slices.SortFunc(contacts, func(a, b *crm.Contact) int { return a.ID.Compare(b.ID) })
	return contacts
}

func contactCard(t *testing.T, w *world) {
	ours, want := w.ours, &people.Card{Contact: w.ours.contact, Lead: w.ours.lead, Tags: []*crm.Tag{w.ours.tag}}
	changes := &crm.Changes{}
	for i := range people.CardRows + 5 {
		at := w.clock.Advance(time.Second)
		note, task := copied(ours.note), copied(ours.task)
		note.ID, note.Body, note.CreatedAt = crm.NewID[crm.Note](w.mint), fmt.Sprint("note ", i), at
		task.ID, task.Title, task.CreatedAt = crm.NewID[crm.Task](w.mint), fmt.Sprint("task ", i), at
		done := copied(task)
		done.ID, done.DoneAt = crm.NewID[crm.Task](w.mint), at
		channel := ours.NewChannel()
		if err := w.store.Directory().SaveChannel(t.Context(), channel); err != nil {
			t.Fatal(err)
		}
		cv := ours.Conversation(ours.contact)
		cv.ChannelID = channel.ID
		m := ours.Inbound(cv, "halo")
		changes.Notes, changes.Tasks = append(changes.Notes, note), append(changes.Tasks, task, done)
		changes.Conversations, changes.Messages = append(changes.Conversations, cv), append(changes.Messages, m)
		want.Notes, want.Tasks, want.Conversations = append(want.Notes, note), append(want.Tasks, task), append(want.Conversations, cv)
	}
	want.Rules = lead.Education()
	w.write(t, ours.ws, changes)
	w.newThread(t, ours, nil)
	slices.Reverse(want.Notes)
	slices.Reverse(want.Tasks)
	slices.Reverse(want.Conversations)
	want.Notes, want.Tasks, want.Conversations = want.Notes[:people.CardRows], want.Tasks[:people.CardRows], want.Conversations[:people.CardRows]
	same(t, "the card by id", must[*people.Card](t)(w.store.People().CardByID(t.Context(), ours.ws, ours.contact.ID)), want)
	same(t, "the card by identity", must[*people.Card](t)(w.store.People().Card(t.Context(), ours.ws, ours.contact.Identities[1:])), want)
}

func contactCardFirst(t *testing.T, w *world) {
	other, _, _ := w.newThread(t, w.ours, nil)
	none := crm.Identity{Kind: crm.ByPhone, Value: "+15550100"}
	for _, tt := range []struct {
		identities []crm.Identity
		want       *crm.Contact
	}{
		{[]crm.Identity{none, w.ours.contact.Identities[1], other.Identities[0]}, w.ours.contact},
		{[]crm.Identity{other.Identities[0], none, w.ours.contact.Identities[0]}, other},
		{[]crm.Identity{none, none, other.Identities[1], other.Identities[0]}, other},
	} {
		card := must[*people.Card](t)(w.store.People().Card(t.Context(), w.ours.ws, tt.identities))
		if card.Contact.ID != tt.want.ID {
			t.Errorf("Card(%v) finds %s, want %s", tt.identities, card.Contact.ProfileName, tt.want.ProfileName)
		}
	}
	bare := w.ours.Contact()
	w.write(t, w.ours.ws, &crm.Changes{Contacts: []*crm.Contact{bare}})
	same(t, "the card of a contact with nothing beside it",
		must[*people.Card](t)(w.store.People().Card(t.Context(), w.ours.ws, bare.Identities)), &people.Card{Contact: bare, Rules: lead.Education()})
}

func contactPages(t *testing.T, w *world) {
	ours, changes, crowd := w.ours, &crm.Changes{}, []*crm.Contact{w.ours.contact}
	for i := range 40 {
		ct := ours.Contact()
		ct.UpdatedAt = w.clock.Now().Add(time.Duration(i%4) * time.Millisecond)
		ct.LeadStatus = []string{"new", "qualified"}[i%2]
		if i%3 == 0 {
			ct.Tags = []crm.TagID{ours.tag.ID}
		}
		changes.Contacts = append(changes.Contacts, ct)
	}
	w.write(t, ours.ws, changes)
	crowd = append(crowd, changes.Contacts...)
	slices.SortFunc(crowd, func(a, b *crm.Contact) int { return cmp.Or(b.UpdatedAt.Compare(a.UpdatedAt), b.ID.Compare(a.ID)) })
	law(t, "the pages of a query are what fits it, in order", 25, func(tagged bool, status, limit int) string {
		q := people.ContactQuery{LeadStatus: []string{"", "new", "qualified", "lost"}[status], Limit: limit}
		if tagged {
			q.TagID = ours.tag.ID
		}
		var want []*crm.Contact
		for _, ct := range crowd {
			if (q.LeadStatus == "" || ct.LeadStatus == q.LeadStatus) && (!tagged || slices.Contains(ct.Tags, q.TagID)) {
				want = append(want, ct)
			}
		}
		got, err := pages(limit, func(last *crm.Contact) ([]*crm.Contact, error) {
			if last != nil {
				q.After = people.ContactCursor{At: last.UpdatedAt, ID: last.ID}
			}
			return w.store.People().Contacts(t.Context(), ours.ws, q)
		})
		return verdict(err, got, want)
	}, gen.Bool(), gen.IntRange(0, 3), gen.IntRange(1, 15))
}
