package bunstore_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/adapters/sqlite/sqlitetest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/outbox"
)

// regulars are customers of a company in a file that two stores have open.
type regulars struct {
	t            *testing.T
	company      *crmtest.Company
	store, other *bunstore.Store
	one, two     *crm.Contact
	third        *crm.Contact      // who has no conversation
	fourth       *crm.Contact      // nor has this one
	thread       *crm.Conversation // of one
}

func openRegulars(t *testing.T) *regulars {
	path := sqlitetest.Path(t)
	r := &regulars{t: t, store: openSQLite(t, path, sqlite.Options{Sealer: sealer(t)}), other: openSQLite(t, path, sqlite.Options{Sealer: sealer(t)})}
	company, mint := settle(t, r.store)
	r.company = company
	r.one, r.two, r.third, r.fourth = r.company.Contact(), r.company.Contact(), r.company.Contact(), r.company.Contact()
	tag := &crm.Tag{WorkspaceID: r.ws(), ID: crm.NewID[crm.Tag](mint), Name: "hot"}
	r.one.Fields, r.one.Tags = map[string]string{"city": "Bandung"}, []crm.TagID{tag.ID}
	r.thread = r.company.Conversation(r.one)
	mustWrite(t, r.store, r.ws(), &crm.Changes{
		Tags: []*crm.Tag{tag}, Contacts: []*crm.Contact{r.one, r.two, r.third, r.fourth}, Conversations: []*crm.Conversation{r.thread, r.company.Conversation(r.two)},
		Leads: []*crm.Lead{r.lead(r.one, 10)},
	})
	return r
}

func (r *regulars) ws() crm.WorkspaceID { return r.company.Workspace.ID }

func (r *regulars) lead(of *crm.Contact, total int) *crm.Lead {
	return &crm.Lead{WorkspaceID: r.ws(), ContactID: of.ID, Profile: []byte(`{"said":1}`), Rules: 1, Total: total, Temperature: crm.Cold, ScoredAt: of.CreatedAt}
}

// need is what a message that comes in needs of customers.
func (r *regulars) need(of ...*crm.Contact) inbox.Need {
	need := inbox.Need{WorkspaceID: r.ws(), Channels: []crm.ChannelID{r.company.Channel.ID}, Threads: true, Leads: true}
	for _, c := range of {
		need.Identities = append(need.Identities, c.Identities...)
	}
	return need
}

// load loads it, in a transaction of its own, and tells how many customers it asked for.
func (r *regulars) load(store *bunstore.Store, of ...*crm.Contact) (state *inbox.State, asked bool) {
	r.t.Helper()
	ctx, stats := bunstore.WithStats(r.t.Context())
	stats.Trace = func(_ context.Context, s bunstore.Statement) {
		asked = asked || strings.Contains(s.SQL, " from contacts ")
	}
	err := store.Inbox().Update(ctx, []crm.WorkspaceID{r.ws()}, func(ctx context.Context, tx inbox.Tx) (err error) {
		state, err = tx.Load(ctx, r.need(of...))
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return state, asked
}

// want wants the store to find what another finds in the file that holds nothing.
func (r *regulars) want(after string, held bool) {
	r.t.Helper()
	got, asked := r.load(r.store, r.one, r.two)
	fresh, err := sqlite.Open(r.t.Context(), r.path(), sqlite.Options{Sealer: sealer(r.t)})
	if err != nil {
		r.t.Fatal(err)
	}
	defer fresh.Close()
	want, _ := r.load(fresh, r.one, r.two)
	if !reflect.DeepEqual(got, want) || asked == held {
		r.t.Errorf("after %s, asking %v: found\n%q, want\n%q", after, asked, stateText(got), stateText(want))
	}
}

func (r *regulars) path() string {
	r.t.Helper()
	return column[string](r.t, r.store, "select file from pragma_database_list where name = 'main'")[0]
}

func stateText(s *inbox.State) string {
	var b strings.Builder
	for _, c := range s.Contacts {
		fmt.Fprintf(&b, "%+v\n", *c)
	}
	for _, c := range s.Conversations {
		fmt.Fprintf(&b, "%+v\n", *c)
	}
	for _, l := range s.Leads {
		fmt.Fprintf(&b, "%+v\n", *l)
	}
	return b.String()
}

// TestHeldIsWhatIsStored: who was loaded once is not asked for again, and is as the
// file has it whatever was written meanwhile, by whom, and whether or not it was taken
// back.
func TestHeldIsWhatIsStored(t *testing.T) {
	t.Parallel()
	r := openRegulars(t)
	refused := errors.New("taken back")
	update := func(store *bunstore.Store, do func(ctx context.Context, tx inbox.Tx, state *inbox.State) error) {
		t.Helper()
		err := store.Inbox().Update(t.Context(), []crm.WorkspaceID{r.ws()}, func(ctx context.Context, tx inbox.Tx) error {
			state, err := tx.Load(ctx, r.need(r.one, r.two))
			if err != nil {
				return err
			}
			return do(ctx, tx, state)
		})
		if err != nil && !errors.Is(err, refused) {
			t.Fatal(err)
		}
	}
	write := func(changes func(*inbox.State) crm.Changes) func(context.Context, inbox.Tx, *inbox.State) error {
		return func(ctx context.Context, tx inbox.Tx, state *inbox.State) error {
			made := changes(state)
			return tx.Write(ctx, &made)
		}
	}
	spoken := func(state *inbox.State) crm.Changes {
		thread := *state.Conversations[0]
		thread.Unread, thread.UpdatedAt, thread.LastMessage.Preview = thread.Unread+1, thread.UpdatedAt.Add(12345*time.Microsecond), "a \x00 b \xff"
		thread.WaitingSince = thread.UpdatedAt
		lead := r.lead(r.one, state.Leads[0].Total)
		lead.Profile = fmt.Appendf(nil, `{"said":%d}`, thread.Unread+1)
		return crm.Changes{Conversations: []*crm.Conversation{&thread}, Leads: []*crm.Lead{lead}}
	}
	r.want("nothing", false)
	r.want("they were loaded", true)
	for _, step := range []struct {
		after string
		held  bool
		do    func()
	}{
		{"a conversation and a lead were written", true, func() { update(r.store, write(spoken)) }},
		{"they were written and taken back", true, func() {
			update(r.store, func(ctx context.Context, tx inbox.Tx, state *inbox.State) error {
				return errors.Join(write(spoken)(ctx, tx, state), refused)
			})
		}},
		{"what was loaded was spoilt", true, func() {
			update(r.store, func(_ context.Context, _ inbox.Tx, state *inbox.State) error {
				for _, c := range state.Contacts {
					c.Name, c.Fields = "nobody", map[string]string{}
					c.Identities[0].Value = "nobody's"
				}
				state.Contacts[0].Tags = append(state.Contacts[0].Tags, crm.TagID{1})
				state.Conversations[0].Unread = 99
				state.Leads[0].Profile[0] = 'x'
				return nil
			})
		}},
		{"a field of what was loaded was spoilt", true, func() {
			update(r.store, func(_ context.Context, _ inbox.Tx, state *inbox.State) error {
				for _, c := range state.Contacts {
					if c.Fields != nil {
						c.Fields["city"] = "nowhere"
					}
				}
				return nil
			})
		}},
		{"the lead that was written was spoilt", true, func() {
			var lead *crm.Lead
			update(r.store, write(func(state *inbox.State) crm.Changes {
				lead = r.lead(r.one, state.Leads[0].Total)
				return crm.Changes{Leads: []*crm.Lead{lead}}
			}))
			lead.Profile[0] = 'x'
		}},
		{"a message was sent", true, func() {
			message, job := r.company.Outbound(r.thread, "halo")
			mustWrite(t, r.store, r.ws(), &crm.Changes{Messages: []*crm.Message{message}, Jobs: []*crm.Job{job}})
			claiming := outbox.Claiming{Now: job.RunAt.Add(time.Second), Lease: time.Minute, Limit: 1}
			if claims, _, err := r.store.Outbox().Claim(t.Context(), claiming); err != nil || len(claims) != 1 {
				t.Fatalf("%d claims, %v, want 1", len(claims), err)
			}
		}},
		{"a contact was written", false, func() {
			update(r.store, write(func(state *inbox.State) crm.Changes {
				state.Contacts[0].Name = "Budi"
				return crm.Changes{Contacts: state.Contacts[:1]}
			}))
		}},
		{"a score changed", false, func() {
			update(r.store, write(func(*inbox.State) crm.Changes { return crm.Changes{Leads: []*crm.Lead{r.lead(r.one, 70)}} }))
		}},
		{"a first lead", false, func() {
			update(r.store, write(func(*inbox.State) crm.Changes { return crm.Changes{Leads: []*crm.Lead{r.lead(r.two, 5)}} }))
		}},
		{"another conversation", false, func() {
			update(r.store, write(func(*inbox.State) crm.Changes {
				second := r.company.Conversation(r.two)
				second.ChannelID = crm.ChannelID{9}
				return crm.Changes{Conversations: []*crm.Conversation{second}}
			}))
		}},
		{"somebody else wrote", false, func() { update(r.other, write(spoken)) }},
		{"somebody else wrote nothing", true, func() { r.load(r.other, r.one) }},
		{"a statement that nobody told of", false, func() {
			if err := r.store.DoIn(t.Context(), bunstore.Scope{}, "update contacts set name = 'Citra'"); err != nil {
				t.Fatal(err)
			}
		}},
		{"a customer went", false, func() {
			update(r.store, write(func(*inbox.State) crm.Changes {
				return crm.Changes{GoneContacts: []crm.ContactID{r.fourth.ID}}
			}))
			if n := r.store.HeldPeople(); n != 0 { // who went least of all
				t.Errorf("%d are held when one went, want none", n)
			}
		}},
		{"a tag was deleted", false, func() {
			update(r.store, write(func(*inbox.State) crm.Changes { return crm.Changes{DeletedTags: r.one.Tags} }))
		}},
		{"a conversation changed hands", false, func() {
			update(r.store, write(func(*inbox.State) crm.Changes {
				return crm.Changes{Handovers: []crm.Handover{{ConversationID: r.thread.ID, ContactID: r.third.ID}}}
			}))
		}},
		{"a conversation went", false, func() {
			update(r.store, write(func(*inbox.State) crm.Changes {
				return crm.Changes{GoneThreads: []crm.ConversationID{r.thread.ID}}
			}))
		}},
	} {
		step.do()
		r.want(step.after, step.held)
	}
	// What a transaction wrote itself it finds again.
	update(r.store, func(ctx context.Context, tx inbox.Tx, state *inbox.State) error {
		state.Contacts[0].Name = "Dewi"
		if err := tx.Write(ctx, &crm.Changes{Contacts: state.Contacts[:1]}); err != nil {
			return err
		}
		again, err := tx.Load(ctx, r.need(r.one, r.two))
		if err == nil && again.Contacts[0].Name != "Dewi" {
			t.Errorf("a transaction finds %q, which it wrote otherwise", again.Contacts[0].Name)
		}
		return errors.Join(err, refused)
	})
	r.want("that was taken back", true)
}

// TestHeldIsEmptyAfterACommitThatFailed: nobody knows what is stored then.
func TestHeldIsEmptyAfterACommitThatFailed(t *testing.T) {
	t.Parallel()
	r := openRegulars(t)
	r.load(r.store, r.one, r.two)
	if n := r.store.HeldPeople(); n != 2 {
		t.Fatalf("%d are held, want 2", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err := r.store.Inbox().Update(ctx, []crm.WorkspaceID{r.ws()}, func(context.Context, inbox.Tx) error {
		cancel()
		return nil
	})
	if n := r.store.HeldPeople(); err == nil || n != 0 {
		t.Errorf("after %v %d are held, want none", err, n)
	}
}

// TestHeldIsBounded: a shop with more customers than are held forgets some.
func TestHeldIsBounded(t *testing.T) {
	t.Parallel()
	r := openRegulars(t)
	const some = 1000
	for range bunstore.MaxPeople/some + 2 {
		var changes crm.Changes
		for range some {
			changes.Contacts = append(changes.Contacts, r.company.Contact())
		}
		mustWrite(t, r.store, r.ws(), &changes)
		r.load(r.store, changes.Contacts...)
	}
	if n := r.store.HeldPeople(); n != bunstore.MaxPeople {
		t.Errorf("%d customers are held, want %d", n, bunstore.MaxPeople)
	}
}
