package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/people"
)

var raceTests = []test{
	{"transactions that make the same contact end with one", raceContact},
	{"transactions that make the same conversation end with one", raceConversation},
	{"transactions that store the same message end with one", raceMessage},
	{"transactions that answer the same request end with one", raceAnswer},
	{"a message and its status that come at once meet", raceStatus},
	{"a message and its amendment that come at once meet", raceAmendment},
	{"no transaction overwrites what another wrote", raceCounter},
	{"transactions that take each other's rows do not lock each other up", raceCrossed},
	{"senders, workers, webhooks and people work side by side", raceHouse},
}

// racers is how many transactions race in these tests.
const racers = 8

// race runs fn in several goroutines that start together, and fails the test on
// each error.
func race(t *testing.T, fn func(racer int) error) {
	t.Helper()
	start := make(chan struct{})
	var group sync.WaitGroup
	for racer := range racers {
		group.Go(func() {
			<-start
			if err := fn(racer); err != nil {
				t.Errorf("racer %d: %v", racer, err)
			}
		})
	}
	close(start)
	group.Wait()
}

// raceToMake lets racers make rounds of a row each unless it is there, and
// fails the test if a row was made by more or fewer than one.
func (w *world) raceToMake(t *testing.T, makeUnless func(ctx context.Context, tx inbox.Tx, round int) (made bool, err error)) {
	t.Helper()
	const rounds = 12
	var makers [racers][rounds]bool
	race(t, func(racer int) error {
		for round := range rounds {
			err := w.store.Inbox().Update(t.Context(), []crm.WorkspaceID{w.ours.ws}, func(ctx context.Context, tx inbox.Tx) (err error) {
				makers[racer][round], err = makeUnless(ctx, tx, round)
				return err
			})
			if err != nil {
				return fmt.Errorf("round %d: %w", round, err)
			}
		}
		return nil
	})
	for round := range rounds {
		made := 0
		for racer := range racers {
			if makers[racer][round] {
				made++
			}
		}
		if made != 1 {
			t.Errorf("row %d was made by %d transactions, want one", round, made)
		}
	}
}

func raceContact(t *testing.T, w *world) {
	identity := func(round int) crm.Identity {
		return crm.Identity{Kind: crm.ByWaID, Value: fmt.Sprintf("628120001%04d", round)}
	}
	w.raceToMake(t, func(ctx context.Context, tx inbox.Tx, round int) (bool, error) {
		state, err := tx.Load(ctx, inbox.Need{WorkspaceID: w.ours.ws, Identities: []crm.Identity{identity(round)}})
		if err != nil || len(state.Contacts) > 0 {
			return false, err
		}
		ct := &crm.Contact{
			ID: crm.NewID[crm.Contact](w.mint), WorkspaceID: w.ours.ws, Identities: []crm.Identity{identity(round)},
			CreatedAt: w.clock.Now(), UpdatedAt: w.clock.Now(),
		}
		fact := crm.Fact{WorkspaceID: w.ours.ws, Kind: crm.ContactCreated, At: w.clock.Now(), ContactID: ct.ID}
		return true, tx.Write(ctx, &crm.Changes{Contacts: []*crm.Contact{ct}, Facts: []crm.Fact{fact}})
	})
}

func raceConversation(t *testing.T, w *world) {
	contacts := &crm.Changes{}
	for range 12 {
		contacts.Contacts = append(contacts.Contacts, w.ours.Contact())
	}
	w.write(t, w.ours.ws, contacts)
	w.raceToMake(t, func(ctx context.Context, tx inbox.Tx, round int) (bool, error) {
		ct := contacts.Contacts[round]
		state, err := tx.Load(ctx, inbox.Need{WorkspaceID: w.ours.ws, Identities: ct.Identities, Channels: []crm.ChannelID{w.ours.Channel.ID}})
		if err != nil || len(state.Conversations) > 0 {
			return false, err
		}
		return true, tx.Write(ctx, &crm.Changes{Conversations: []*crm.Conversation{w.ours.Conversation(ct)}})
	})
}

func raceMessage(t *testing.T, w *world) {
	w.raceToMake(t, func(ctx context.Context, tx inbox.Tx, round int) (bool, error) {
		m := copied(w.ours.message)
		m.ID, m.ProviderID = crm.NewID[crm.Message](w.mint), fmt.Sprintf("wamid.race%d", round)
		state, err := tx.Load(ctx, inbox.Need{WorkspaceID: w.ours.ws, Provided: []inbox.Provided{{ChannelID: m.ChannelID, ProviderID: m.ProviderID}}})
		if err != nil || len(state.Messages) > 0 {
			return false, err
		}
		return true, tx.Write(ctx, &crm.Changes{Messages: []*crm.Message{m}, Facts: []crm.Fact{w.ours.fact(m)}})
	})
}

// raceAnswer is the promise behind an Idempotency-Key: of requests that race
// under one key, one writes its message.
func raceAnswer(t *testing.T, w *world) {
	w.raceToMake(t, func(ctx context.Context, tx inbox.Tx, round int) (bool, error) {
		answer := crm.Answer{WorkspaceID: w.ours.ws, Key: fmt.Sprintf("race-%d", round), MessageID: crm.NewID[crm.Message](w.mint), At: w.clock.Now()}
		state, err := tx.Load(ctx, inbox.Need{WorkspaceID: w.ours.ws, Answers: []string{answer.Key}})
		if err != nil || len(state.Answers) > 0 {
			return false, err
		}
		m := copied(w.ours.reply)
		m.ID = answer.MessageID
		return true, tx.Write(ctx, &crm.Changes{Messages: []*crm.Message{m}, Answers: []crm.Answer{answer}})
	})
}

// raceWords lets a message and a word about it come in two transactions that both
// load before either writes, where the store lets them. Heard reports whether the
// message, one like another, that is stored in the end has the word.
func (w *world) raceWords(t *testing.T, like *crm.Message, say func(*inbox.State, *crm.Message) *crm.Changes, hears func(*inbox.State, *crm.Message), heard func(*crm.Message) bool) {
	t.Helper()
	for round := range 10 {
		m := copied(like)
		m.ID, m.ProviderID, m.Ingest = crm.NewID[crm.Message](w.mint), fmt.Sprintf("wamid.meets%d", round), 0
		told := []inbox.Provided{{ChannelID: m.ChannelID, ProviderID: m.ProviderID}}
		ofWord := inbox.Need{WorkspaceID: w.ours.ws, Provided: told}
		ofMessage := ofWord
		if m.Direction == crm.Outbound {
			m.Status = crm.Sent
		} else {
			ofMessage.Provided, ofMessage.Inbound = nil, told
		}
		var loaded sync.WaitGroup
		loaded.Add(2)
		var once [2]sync.Once
		both := func(racer int) {
			once[racer].Do(func() {
				loaded.Done()
				met := make(chan struct{})
				go func() { loaded.Wait(); close(met) }()
				select {
				case <-met:
				case <-time.After(50 * time.Millisecond): // one writer at a time: there is nobody to meet
				}
			})
		}
		run := func(racer int, changes func(*inbox.State) *crm.Changes) error {
			need := []inbox.Need{ofWord, ofMessage}[racer]
			return w.store.Inbox().Update(t.Context(), []crm.WorkspaceID{w.ours.ws}, func(ctx context.Context, tx inbox.Tx) error {
				state, err := tx.Load(ctx, need)
				if err != nil {
					return err
				}
				both(racer)
				return tx.Write(ctx, changes(state))
			})
		}
		var group sync.WaitGroup
		for racer, changes := range []func(*inbox.State) *crm.Changes{
			func(s *inbox.State) *crm.Changes { return say(s, m) },
			func(s *inbox.State) *crm.Changes {
				made := copied(m)
				hears(s, made)
				return &crm.Changes{Messages: []*crm.Message{made}, Facts: []crm.Fact{w.ours.fact(made)}}
			},
		} {
			group.Go(func() {
				if err := run(racer, changes); err != nil {
					t.Errorf("round %d, racer %d: %v", round, racer, err)
				}
			})
		}
		group.Wait()
		stored, err := w.store.Inbox().Message(t.Context(), w.ours.ws, m.ID)
		if err != nil {
			t.Fatal(err)
		}
		if !heard(stored) {
			t.Fatalf("round %d: the message does not have the word that came with it", round)
		}
	}
}

func raceStatus(t *testing.T, w *world) {
	w.raceWords(t, w.ours.reply, func(s *inbox.State, m *crm.Message) *crm.Changes {
		r := crm.StatusReport{WorkspaceID: w.ours.ws, ChannelID: m.ChannelID, ProviderID: m.ProviderID, Status: crm.Read, At: w.clock.Now()}
		changes := &crm.Changes{}
		for _, known := range s.Messages {
			r.MessageID, known.Status = known.ID, crm.Read
			changes.Messages = append(changes.Messages, known)
		}
		changes.Statuses = []crm.StatusReport{r}
		return changes
	}, func(s *inbox.State, m *crm.Message) {
		for _, r := range s.Statuses {
			m.Status = m.Status.Join(r.Status)
		}
	}, func(m *crm.Message) bool { return m.Status == crm.Read })
}

func raceAmendment(t *testing.T, w *world) {
	w.raceWords(t, w.ours.message, func(s *inbox.State, m *crm.Message) *crm.Changes {
		a := crm.Amendment{WorkspaceID: w.ours.ws, ChannelID: m.ChannelID, ProviderID: m.ProviderID, SourceID: "wamid.edit-of-" + m.ProviderID,
			Content: crm.Text{Body: "edited"}, At: w.clock.Now()}
		changes := &crm.Changes{Amendments: []crm.Amendment{a}}
		for _, known := range s.Messages {
			known.Amend(a)
			changes.Messages = append(changes.Messages, known)
		}
		return changes
	}, func(s *inbox.State, m *crm.Message) {
		for _, a := range s.Amendments {
			m.Amend(a)
		}
	}, func(m *crm.Message) bool { return !m.EditedAt.IsZero() })
}

func raceCounter(t *testing.T, w *world) {
	const rounds = 10
	before := w.ours.conversation.Unread
	race(t, func(int) error {
		for range rounds {
			if err := w.count(t.Context(), w.ours.conversation.ID); err != nil {
				return err
			}
		}
		return nil
	})
	cv, _, err := w.store.Inbox().Conversation(t.Context(), w.ours.ws, w.ours.conversation.ID)
	if err != nil {
		t.Fatal(err)
	}
	if want := before + racers*rounds; cv.Unread != want {
		t.Errorf("%d transactions of one more unread message each left %d, want %d", racers*rounds, cv.Unread, want)
	}
}

// count adds one to the unread count of conversations, loaded in the order
// given, and to their contacts' fields.
func (w *world) count(ctx context.Context, ids ...crm.ConversationID) error {
	return w.store.Inbox().Update(ctx, []crm.WorkspaceID{w.ours.ws}, func(ctx context.Context, tx inbox.Tx) error {
		state, err := tx.Load(ctx, inbox.Need{WorkspaceID: w.ours.ws, Conversations: ids})
		if err != nil {
			return err
		}
		for _, cv := range state.Conversations {
			cv.Unread++
		}
		return tx.Write(ctx, &crm.Changes{Conversations: state.Conversations})
	})
}

func raceCrossed(t *testing.T, w *world) {
	const rounds = 10
	ct, other, _ := w.newThread(t, w.ours, nil)
	one, before := w.ours.conversation, w.ours.conversation.Unread+other.Unread
	race(t, func(racer int) error {
		for range rounds {
			var err error
			switch racer % 3 {
			case 0:
				err = w.count(t.Context(), one.ID, other.ID)
			case 1:
				err = w.count(t.Context(), other.ID, one.ID)
			default: // the lead database takes the same rows by way of the contacts
				err = w.rename(t.Context(), []crm.ContactID{ct.ID, w.ours.contact.ID}, fmt.Sprintf("Name %d", racer))
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
	counters := 0
	for racer := range racers {
		if racer%3 < 2 {
			counters++
		}
	}
	unread := 0
	for _, id := range []crm.ConversationID{one.ID, other.ID} {
		cv, _, err := w.store.Inbox().Conversation(t.Context(), w.ours.ws, id)
		if err != nil {
			t.Fatal(err)
		}
		unread += cv.Unread
	}
	if want := before + 2*counters*rounds; unread != want {
		t.Errorf("the two conversations have %d unread messages, want %d", unread, want)
	}
}

// rename gives contacts a name and passes it on to their conversations.
func (w *world) rename(ctx context.Context, ids []crm.ContactID, name string) error {
	return w.store.People().Update(ctx, w.ours.ws, func(ctx context.Context, tx people.Tx) error {
		state, err := tx.Load(ctx, people.Need{WorkspaceID: w.ours.ws, Contacts: ids, Threads: true})
		if err != nil {
			return err
		}
		for _, ct := range state.Contacts {
			ct.Name = name
		}
		for _, cv := range state.Conversations {
			cv.ContactName = name
		}
		return tx.Write(ctx, &crm.Changes{Contacts: state.Contacts, Conversations: state.Conversations})
	})
}
