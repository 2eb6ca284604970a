package bunstore_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/crm/filter"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/outbox"
	"github.com/my21staff/my21staff/crm/people"
)

// TestPlans holds the hot paths to their indexes: no table is read from one end
// to the other and nothing is sorted, on a store with some thousand rows of two
// workspaces and known statistics.
func TestPlans(t *testing.T) {
	onSeeded(t, func(t *testing.T, store *bunstore.Store, seeded seeded) {
		ws, now := seeded.ws, seeded.now
		in, pe := store.Inbox(), store.People()
		filtered := func(expression string) func(context.Context) error {
			return func(ctx context.Context) error {
				e, err := filter.Decode([]byte(expression), filter.NewSchema([]*crm.Field{
					{Key: "city", Type: crm.TextField}, {Key: "kind", Type: crm.TextField}, {Key: "budget", Type: crm.NumberField},
				}))
				if err != nil {
					return err
				}
				test := e.Resolve(filter.Context{Now: now})
				return wantRows(pe.Contacts(ctx, ws, people.ContactQuery{Filter: &test, Limit: 50}))
			}
		}
		for _, path := range []struct {
			name, index string // that is to be used; empty for a primary key
			call        func(context.Context) error
			sorts       bool // a few rows, which is quicker than to keep one more index
		}{
			{"inbox, all", "conversations_all", func(ctx context.Context) error {
				return wantRows(in.Conversations(ctx, ws, inbox.ConversationQuery{Limit: 50}))
			}, false},
			{"inbox, all, next page", "conversations_all", func(ctx context.Context) error {
				return wantRows(in.Conversations(ctx, ws, inbox.ConversationQuery{Limit: 50, After: seeded.middle}))
			}, false},
			{"inbox, open", "conversations_status", func(ctx context.Context) error {
				return wantRows(in.Conversations(ctx, ws, inbox.ConversationQuery{Status: crm.Open, Limit: 50}))
			}, false},
			{"inbox, open, next page", "conversations_status", func(ctx context.Context) error {
				return wantRows(in.Conversations(ctx, ws, inbox.ConversationQuery{Status: crm.Open, Limit: 50, After: seeded.middle}))
			}, false},
			{"inbox, mine", "conversations_assignee", func(ctx context.Context) error {
				return wantRows(in.Conversations(ctx, ws, inbox.ConversationQuery{AssigneeID: seeded.member, Limit: 50}))
			}, false},
			{"inbox, nobody's", "conversations_assignee", func(ctx context.Context) error {
				return wantRows(in.Conversations(ctx, ws, inbox.ConversationQuery{Unassigned: true, Limit: 50}))
			}, false},
			{"inbox, of a channel", "conversations_all", func(ctx context.Context) error {
				return wantRows(in.Conversations(ctx, ws, inbox.ConversationQuery{ChannelID: seeded.conversation.ChannelID, Limit: 50}))
			}, false},
			{"inbox, warm", "conversations_temperature", func(ctx context.Context) error {
				return wantRows(in.Conversations(ctx, ws, inbox.ConversationQuery{Temperature: crm.Warm, Limit: 50}))
			}, false},
			{"inbox, search of a number", "contact_id", func(ctx context.Context) error {
				return wantRows(in.Conversations(ctx, ws, inbox.ConversationQuery{Search: seeded.contact.Identity(crm.ByPhone)[1:], Limit: 50}))
			}, true},
			{"inbox, search of a name that few have", "messages_page", func(ctx context.Context) error {
				return wantRows(in.Conversations(ctx, ws, inbox.ConversationQuery{Search: "ti 1999", Limit: 50}))
			}, true},
			{"inbox, search of what many say", "messages_page", func(ctx context.Context) error {
				return wantRows(in.Conversations(ctx, ws, inbox.ConversationQuery{Search: "pagi", Limit: 50}))
			}, false},
			{"inbox, with a rare tag", "contact_id", func(ctx context.Context) error {
				return wantRows(in.Conversations(ctx, ws, inbox.ConversationQuery{TagID: seeded.contact.Tags[0], Limit: 50}))
			}, true},
			{"messages", "messages_page", func(ctx context.Context) error {
				return wantRows(in.Messages(ctx, ws, inbox.MessageQuery{ConversationID: seeded.conversation.ID, Limit: 50}))
			}, false},
			{"messages, next page", "messages_page", func(ctx context.Context) error {
				return wantRows(in.Messages(ctx, ws, inbox.MessageQuery{
					ConversationID: seeded.conversation.ID, Limit: 50, After: inbox.MessageCursor{At: now.Add(time.Hour), Ingest: 1},
				}))
			}, false},
			{"messages that are quoted", "provider_id", func(ctx context.Context) error {
				cv := seeded.conversation
				return wantRows(in.Quoted(ctx, ws, inbox.QuotedQuery{ConversationID: cv.ID, ChannelID: cv.ChannelID, ProviderIDs: []string{seeded.quoted, "none"}}))
			}, true},
			{"inbox, of a contact", "contact_id", func(ctx context.Context) error {
				return wantRows(in.Conversations(ctx, ws, inbox.ConversationQuery{ContactID: seeded.conversation.ContactID, Limit: 50}))
			}, true},
			{"by phone", "contact_id", func(ctx context.Context) error {
				_, err := pe.Card(ctx, ws, append([]crm.Identity{{Kind: crm.ByPhone, Value: "+15555550100"}}, seeded.contact.Identities...))
				return err
			}, true},
			{"mentions", "member_id", func(ctx context.Context) error {
				return wantRows(pe.Mentions(ctx, ws, people.MentionQuery{MemberID: seeded.member, Limit: 10}))
			}, false},
			{"mentions not seen", "mentions_unseen", func(ctx context.Context) error {
				n, err := pe.CountUnseen(ctx, ws, seeded.member, 100)
				return wantRows(make([]int, n), err)
			}, false},
			{"mentions not seen, of a contact", "member_id", func(ctx context.Context) error {
				_, err := pe.Mentions(ctx, ws, people.MentionQuery{MemberID: seeded.member, ContactID: crm.ContactID{1}, Unseen: true, Limit: 1})
				return err
			}, true},
			{"contacts", "contacts_list", func(ctx context.Context) error {
				return wantRows(pe.Contacts(ctx, ws, people.ContactQuery{Limit: 50}))
			}, false},
			{"contacts, newest first", "contacts_created", func(ctx context.Context) error {
				return wantRows(pe.Contacts(ctx, ws, people.ContactQuery{Sort: people.ByCreated, Limit: 50, After: people.ContactCursor{At: now, ID: seeded.contact.ID}}))
			}, false},
			{"contacts by name", "contacts_name", func(ctx context.Context) error {
				return wantRows(pe.Contacts(ctx, ws, people.ContactQuery{Sort: people.ByName, Limit: 50, After: people.ContactCursor{Name: "siti 1", ID: seeded.contact.ID}}))
			}, false},
			{"contacts by score", "contacts_score", func(ctx context.Context) error {
				return wantRows(pe.Contacts(ctx, ws, people.ContactQuery{Sort: people.ByScore, Limit: 50, After: people.ContactCursor{Score: 90, ID: seeded.contact.ID}}))
			}, false},
			{"hot contacts", "contacts_temperature", filtered(`{"field":"temperature","op":"is","value":"hot"}`), false},
			{"cold contacts by score", "contacts_temperature_score", func(ctx context.Context) error {
				cold := filter.Test{Kind: filter.Equals, Place: filter.InTemperature, Text: string(crm.Cold)}
				return wantRows(pe.Contacts(ctx, ws, people.ContactQuery{Filter: &cold, Sort: people.ByScore, Limit: 50, After: people.ContactCursor{Score: 90, ID: seeded.contact.ID}}))
			}, false},
			{"contacts with a status", "contacts_lead", filtered(`{"field":"lead_status","op":"is","value":"new"}`), false},
			{"contacts with a status by score", "contacts_lead_score", func(ctx context.Context) error {
				won := filter.Test{Kind: filter.Equals, Place: filter.InStatus, Text: "won"}
				return wantRows(pe.Contacts(ctx, ws, people.ContactQuery{Filter: &won, Sort: people.ByScore, Limit: 50, After: people.ContactCursor{Score: 90, ID: seeded.contact.ID}}))
			}, false},
			{"contacts called like nearly all", "contacts_list", func(ctx context.Context) error {
				return wantRows(pe.Contacts(ctx, ws, people.ContactQuery{Search: "siti", Limit: 50}))
			}, false},
			{"contacts with a tag", "contact_tags_list", filtered(`{"field":"tag","op":"is","value":"` + seeded.contact.Tags[0].String() + `"}`), false},
			{"contacts with a tag, next page", "contact_tags_list", func(ctx context.Context) error {
				return wantRows(pe.Contacts(ctx, ws, people.ContactQuery{TagID: seeded.contact.Tags[0], Limit: 5, After: people.ContactCursor{At: now, ID: seeded.contact.ID}}))
			}, false},
			{"contacts with a tag by score", "contact_tags_score", func(ctx context.Context) error {
				return wantRows(pe.Contacts(ctx, ws, people.ContactQuery{TagID: seeded.contact.Tags[0], Sort: people.ByScore, Limit: 5, After: people.ContactCursor{Score: 90, ID: seeded.contact.ID}}))
			}, false},
			{"contacts with a tag by name", "contact_tags", func(ctx context.Context) error {
				return wantRows(pe.Contacts(ctx, ws, people.ContactQuery{TagID: seeded.contact.Tags[0], Sort: people.ByName, Limit: 5}))
			}, true},
			{"contacts with a rare word in a field", "contact_fields_list", filtered(`{"field":"fields.city","op":"is","value":"City 3"}`), false},
			{"contacts with a common word in a field", "contact_fields_list", filtered(`{"field":"fields.kind","op":"is","value":"kind 1"}`), false},
			{"contacts with a common word and a rare one", "contact_fields_list", filtered(`{"and":[{"field":"fields.kind","op":"is","value":"kind 1"},{"field":"fields.city","op":"is","value":"City 3"}]}`), true},
			{"contacts with a status and a rare word", "contact_fields_list", filtered(`{"and":[{"field":"lead_status","op":"is","value":"won"},{"field":"fields.city","op":"is","value":"City 3"}]}`), true},
			{"contacts with a number in a field", "contact_fields", filtered(`{"field":"fields.budget","op":"at_least","value":1000}`), true},
			{"contacts known by a number", "identities", filtered(`{"field":"phone","op":"is","value":"` + seeded.contact.Identity(crm.ByPhone) + `"}`), true},
			{"contacts without a tag", "contacts_list", filtered(`{"field":"tag","op":"is_not","value":"` + seeded.contact.Tags[0].String() + `"}`), false},
			{"contacts who are called something", "contacts_list", filtered(`{"field":"name","op":"contains","value":"siti"}`), false},
			{"contacts that are one or the other", "contacts_list", filtered(`{"or":[{"field":"fields.city","op":"is","value":"City 3"},{"field":"assignee","op":"is_set"}]}`), false},
			{"contacts who wrote lately", "conversations", filtered(`{"field":"last_message_at","op":"in_last","value":{"days":1}}`), true},
			{"feed", "", func(ctx context.Context) error { return wantRows(store.Feed().Facts(ctx, ws, 100, 50)) }, false},
			{"key", "", func(ctx context.Context) error {
				_, err := store.Directory().KeyByHash(ctx, [32]byte{1})
				return err
			}, false},
			{"keys", "", func(ctx context.Context) error {
				return wantRows(store.Directory().KeysByHash(ctx, [32]byte{1}, [32]byte{2}))
			}, true},
			{"sessions", "", func(ctx context.Context) error {
				return wantRows(store.Directory().Lapsed(ctx, now, []directory.Standing{{Hash: [32]byte{1}, WorkspaceID: ws, Role: crm.Agent}, {Hash: [32]byte{2}, WorkspaceID: ws, Role: crm.Owner}}))
			}, true},
			{"webhook log", "", func(ctx context.Context) error {
				return wantRows(in.Deliveries(ctx, ws, inbox.DeliveryQuery{Limit: 50, After: seeded.delivery.ID}))
			}, false},
			{"webhook", "", func(ctx context.Context) error {
				_, err := in.Delivery(ctx, ws, seeded.delivery.ID)
				return err
			}, false},
			{"what was told of before it was recorded", "jobs_lane", func(ctx context.Context) error {
				return in.Update(ctx, []crm.WorkspaceID{ws}, func(ctx context.Context, tx inbox.Tx) error {
					return tx.Write(ctx, &crm.Changes{Settled: []*crm.Message{{WorkspaceID: ws, ConversationID: seeded.conversation.ID}}})
				})
			}, false},
			{"claim", "jobs_due", func(ctx context.Context) error {
				claims, _, err := store.Outbox().Claim(ctx, outbox.Claiming{Now: now.Add(time.Hour), Lease: time.Minute, Limit: 20})
				return wantRows(claims, err)
			}, false},
		} {
			ctx, plans := watching(t, store, path.name, path.sorts)
			if err := path.call(ctx); err != nil {
				t.Errorf("%s: %v", path.name, err)
			}
			if !strings.Contains(plans.String(), path.index) {
				t.Errorf("%s does not use the index %s:\n%s", path.name, path.index, plans)
			}
			if path.index == "contact_id" && strings.Contains(plans.String(), "conversations_all") {
				t.Errorf("%s walks the list of all conversations:\n%s", path.name, plans)
			}
		}
	})
}

// wantRows makes a list that found nothing an error: its plan would say little.
func wantRows[T any](rows []T, err error) error {
	if err == nil && len(rows) == 0 {
		err = errors.New("found nothing")
	}
	return err
}

// reads are how statements begin whose plans are looked at.
var reads = []string{"select", "with", "delete from jobs where (workspace_id, id) in (select"}

// watching returns a context whose reads have their plans looked at and
// collected. Nothing is to be sorted unless it sorts.
func watching(t *testing.T, store *bunstore.Store, path string, sorts bool) (context.Context, *strings.Builder) {
	ctx, stats := bunstore.WithStats(t.Context())
	plans := new(strings.Builder)
	stats.Trace = func(ctx context.Context, statement bunstore.Statement) {
		if !slices.ContainsFunc(reads, func(begins string) bool { return strings.HasPrefix(statement.SQL, begins) }) {
			return
		}
		for _, fault := range planFaults(t, store, bunstore.ScopeOf(ctx), statement, plans) {
			if sorts && (strings.HasPrefix(fault, "Sort") || strings.HasSuffix(fault, "FOR ORDER BY")) {
				continue
			}
			t.Errorf("%s: %s\n%s", path, fault, statement.SQL)
		}
	}
	return ctx, plans
}

// planFaults returns what is wrong with a statement's plan, which it adds to
// plans.
func planFaults(t *testing.T, store *bunstore.Store, scope bunstore.Scope, statement bunstore.Statement, plans *strings.Builder) (faults []string) {
	t.Helper()
	explain, read := "explain query plan ", func(rows *sql.Rows) error {
		var id, parent, unused int
		var detail string
		err := rows.Scan(&id, &parent, &unused, &detail)
		plans.WriteString(detail + "\n")
		values := strings.Contains(detail, "CONSTANT ROW") || strings.HasPrefix(detail, "SCAN given VIRTUAL TABLE") || strings.HasPrefix(detail, "SCAN json_each VIRTUAL TABLE") || strings.HasSuffix(detail, "-ROW VALUES CLAUSE") // of an insert, or ids
		searched := strings.Contains(detail, "VIRTUAL TABLE INDEX 0:M") || detail == "SCAN found"                                                                                                                                   // what has all tokens
		ahead := detail == "SCAN seen"                                                                                                                                                                                              // some rows of a lane
		near := detail == "SCAN contacts" && strings.Contains(statement.SQL, ") as contacts")                                                                                                                                       // the next ones of a list
		if strings.HasPrefix(detail, "SCAN") && !values && !searched && !near && !ahead || strings.Contains(detail, "TEMP B-TREE") {
			faults = append(faults, detail)
		}
		return err
	}
	if store.Dialect().MigrationTypes().Postgres {
		explain, read = "explain (format json) ", func(rows *sql.Rows) error {
			var text string
			if err := rows.Scan(&text); err != nil {
				return err
			}
			plans.WriteString(text)
			var explained []struct{ Plan planNode }
			err := json.Unmarshal([]byte(text), &explained)
			faults = explained[0].Plan.faults()
			return err
		}
	}
	statement.SQL = explain + statement.SQL
	if err := store.Look(t.Context(), scope, statement, read); err != nil {
		t.Fatalf("%s: %v", statement.SQL, err)
	}
	return faults
}

// planNode is a node of PostgreSQL's plan.
type planNode struct {
	Type  string `json:"Node Type"`
	Table string `json:"Relation Name"`
	Plans []planNode
}

// readWhole are the tables that the seeded store may read from one end to the
// other: those with a row or so of each workspace, of which it has two, and the
// documents that are searched, of which it has some thousand (bench/crm shows how
// millions are searched).
var readWhole = []string{"channels", "counters", "lead_rules", "search_index", "workspaces"}

func (n planNode) faults() (faults []string) {
	if n.Type == "Seq Scan" && !slices.Contains(readWhole, n.Table) || strings.Contains(n.Type, "Sort") {
		faults = append(faults, n.Type+" "+n.Table)
	}
	for _, below := range n.Plans {
		faults = append(faults, below.faults()...)
	}
	return faults
}

// seeded is what the paths are asked for.
type seeded struct {
	ws           crm.WorkspaceID
	now          time.Time
	member       crm.MemberID
	contact      *crm.Contact
	conversation *crm.Conversation // has many messages
	quoted       string            // the provider's id of one of them
	delivery     *crm.Delivery
	middle       inbox.ConversationCursor
}

// seed stores some thousand rows in two workspaces and has the database count
// them.
func seed(t testing.TB, store *bunstore.Store) seeded {
	t.Helper()
	const threads = 2000
	clock := crmtest.NewClock()
	mint := clock.Mint(1)
	var s seeded
	for range 2 {
		c := crmtest.NewCompany(mint)
		s = seeded{ws: c.Workspace.ID, member: c.Owner.ID}
		changes := &crm.Changes{}
		var deliveries []*crm.Delivery
		for range 200 {
			changes.Channels = append(changes.Channels, c.NewChannel())
			changes.Tags = append(changes.Tags, &crm.Tag{ID: crm.NewID[crm.Tag](mint), WorkspaceID: s.ws, Name: fmt.Sprintf("tag %d", len(changes.Tags))})
		}
		for i := range threads {
			clock.Advance(time.Second)
			ct := c.Contact()
			ct.Name = fmt.Sprintf("Siti %d", i)
			ct.Fields = map[string]string{"city": fmt.Sprint("City ", i%500), "kind": fmt.Sprint("kind ", i%2), "budget": fmt.Sprint(i)}
			ct.LeadStatus = []string{"new", "won"}[i%2]
			ct.Temperature = []crm.Temperature{crm.Cold, crm.Cold, crm.Cold, crm.Warm, crm.Hot}[i%5]
			ct.Tags = []crm.TagID{changes.Tags[i%200].ID, changes.Tags[(i+7)%200].ID}
			changes.Leads = append(changes.Leads, &crm.Lead{WorkspaceID: s.ws, ContactID: ct.ID, Profile: make([]byte, 400), Rules: crm.DefaultRules, Total: i % 100})
			changes.Notes = append(changes.Notes, &crm.Note{ID: crm.NewID[crm.Note](mint), WorkspaceID: s.ws, ContactID: ct.ID, Body: "wants Perth"})
			mention := &crm.Mention{WorkspaceID: s.ws, NoteID: changes.Notes[i].ID, MemberID: []crm.MemberID{s.member, crm.NewID[crm.Member](mint)}[i%2]}
			if i%50 > 0 {
				mention.SeenAt = clock.Now()
			}
			changes.Mentions = append(changes.Mentions, mention)
			changes.Tasks = append(changes.Tasks, &crm.Task{ID: crm.NewID[crm.Task](mint), WorkspaceID: s.ws, ContactID: ct.ID, Title: "call"})
			cv := c.Conversation(ct)
			if i%5 > 0 {
				cv.Status = crm.Resolved
			}
			if i%4 == 0 {
				cv.AssigneeID = c.Owner.ID
			}
			s.delivery = deliveryAt(s.ws, clock.Now(), []byte("{}"))
			deliveries = append(deliveries, s.delivery)
			n := 1
			if i == threads/2 {
				n = 1000
				s.contact, s.conversation = ct, cv
			}
			for range n {
				m := c.Inbound(cv, "selamat pagi")
				if cv == s.conversation {
					s.quoted = m.ProviderID
				}
				changes.Messages = append(changes.Messages, m)
				changes.Facts = append(changes.Facts, crm.Fact{WorkspaceID: s.ws, Kind: crm.MessageReceived, At: m.CreatedAt, MessageID: m.ID})
			}
			if i%2 == 0 {
				m, job := c.Outbound(cv, "silakan")
				changes.Messages, changes.Jobs = append(changes.Messages, m), append(changes.Jobs, job)
			}
			changes.Contacts, changes.Conversations = append(changes.Contacts, ct), append(changes.Conversations, cv)
		}
		s.middle = inbox.ConversationCursor{At: s.conversation.LastMessage.At, ID: s.conversation.ID}
		mustWrite(t, store, s.ws, changes)
		for together := range slices.Chunk(deliveries, 10) {
			mustWrite(t, store, s.ws, &crm.Changes{Deliveries: together})
		}
		if err := store.Directory().SaveChannel(t.Context(), c.Channel); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 500 {
		key := &crm.APIKey{ID: crm.NewID[crm.APIKey](mint), WorkspaceID: s.ws, Hash: [32]byte{byte(i % 251), byte(i / 251)}}
		if err := store.Directory().SaveKey(t.Context(), key); err != nil {
			t.Fatal(err)
		}
	}
	signIn(t, store, s.ws, mint, 2000)
	if store.Dialect().MigrationTypes().Postgres { // nothing does so on SQLite, which plans without
		if err := store.Do(t.Context(), "analyze"); err != nil {
			t.Fatal(err)
		}
	}
	s.now = clock.Now()
	return s
}
