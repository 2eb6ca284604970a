package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/outbox"
	"github.com/my21staff/my21staff/crm/people"
)

// house is a team at work: all that a running host does to the same few
// conversations at once.
type house struct {
	*world
	threads []crm.ConversationID
	promise int          // how many messages are to be sent
	sent    atomic.Int32 // how many were
}

const houseRounds = 8

// raceHouse runs them against each other. None may fail: a transaction that
// meets another waits or runs again.
func raceHouse(t *testing.T, w *world) {
	h := &house{world: w, threads: []crm.ConversationID{w.ours.conversation.ID}, promise: 2*houseRounds + 2} // and the world's own two
	for range 2 {
		_, cv, _ := w.newThread(t, w.ours, nil)
		h.threads = append(h.threads, cv.ID)
	}
	race(t, func(racer int) error {
		if racer/2 == 1 {
			return h.work(t.Context())
		}
		for round := range houseRounds {
			cv := h.threads[(racer+round)%len(h.threads)]
			job := []func(context.Context, crm.ConversationID) error{h.send, nil, h.receive, h.know}[racer/2]
			if err := job(t.Context(), cv); err != nil {
				return fmt.Errorf("round %d: %w", round, err)
			}
		}
		return nil
	})
	h.check(t)
}

// send promises a reply, as the inbox does.
func (h *house) send(ctx context.Context, id crm.ConversationID) error {
	return h.store.Inbox().Update(ctx, []crm.WorkspaceID{h.ours.ws}, func(ctx context.Context, tx inbox.Tx) error {
		state, err := tx.Load(ctx, inbox.Need{WorkspaceID: h.ours.ws, Conversations: []crm.ConversationID{id}, AllChannels: true})
		if err != nil {
			return err
		}
		cv, m, job := state.Conversations[0], copied(h.ours.reply), copied(h.ours.job)
		m.ID, m.ConversationID, m.ContactID, m.Ingest = crm.NewID[crm.Message](h.mint), cv.ID, cv.ContactID, 0
		job.ID, job.Lane, job.Subject = crm.NewID[crm.Job](h.mint), cv.ID, m.ID
		cv.LastMessage = crm.LastMessage{ID: m.ID, At: m.ProviderTime, Direction: m.Direction, Status: m.Status}
		return tx.Write(ctx, &crm.Changes{
			Conversations: []*crm.Conversation{cv}, Messages: []*crm.Message{m}, Jobs: []*crm.Job{job}, Facts: []crm.Fact{h.ours.fact(m)},
		})
	})
}

// work claims what was promised and settles it, as the outbox does.
func (h *house) work(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute) // a job that is never handed out must not keep us for ever
	defer cancel()
	for int(h.sent.Load()) < h.promise {
		claims, _, err := h.store.Outbox().Claim(ctx, outbox.Claiming{Now: h.clock.Now(), Lease: lease, Limit: 2})
		if err != nil {
			return err
		}
		for _, claim := range claims {
			if err := h.settle(ctx, claim.Job); err != nil {
				return err
			}
			h.sent.Add(1)
		}
	}
	return nil
}

func (h *house) settle(ctx context.Context, job *crm.Job) error {
	return h.store.Outbox().Update(ctx, job.WorkspaceID, func(ctx context.Context, tx outbox.Tx) error {
		states, err := tx.Load(ctx, outbox.Ask{Job: job, ProviderID: "wamid.sent"})
		if err != nil {
			return err
		}
		state := states[0]
		if state.Job == nil || state.Message == nil {
			return errors.New("a job that was claimed is gone")
		}
		m := state.Message
		m.Status, m.ProviderID = m.Status.Join(crm.Sent), "wamid."+m.ID.String()
		return tx.Write(ctx, &crm.Changes{Messages: []*crm.Message{m}, DoneJobs: []*crm.Job{state.Job}, Facts: []crm.Fact{{
			WorkspaceID: job.WorkspaceID, Kind: crm.MessageStatusRaised, At: h.clock.Now(), MessageID: m.ID,
		}}})
	})
}

// receive stores an inbound message and raises what is under way, as a webhook
// does.
func (h *house) receive(ctx context.Context, id crm.ConversationID) error {
	return h.store.Inbox().Update(ctx, []crm.WorkspaceID{h.ours.ws}, func(ctx context.Context, tx inbox.Tx) error {
		state, err := tx.Load(ctx, inbox.Need{WorkspaceID: h.ours.ws, Conversations: []crm.ConversationID{id}, Pending: true})
		if err != nil {
			return err
		}
		cv, m := state.Conversations[0], copied(h.ours.message)
		m.ID, m.ConversationID, m.ContactID, m.Ingest = crm.NewID[crm.Message](h.mint), cv.ID, cv.ContactID, 0
		m.ProviderID = "wamid." + m.ID.String()
		cv.Unread++
		for _, pending := range state.Messages {
			pending.Status = pending.Status.Join(crm.Delivered)
		}
		return tx.Write(ctx, &crm.Changes{
			Conversations: []*crm.Conversation{cv}, Messages: append(state.Messages, m), Facts: []crm.Fact{h.ours.fact(m)},
		})
	})
}

// know changes the contact and what its threads show of it, as the lead
// database does.
func (h *house) know(ctx context.Context, id crm.ConversationID) error {
	_, ct, err := h.store.Inbox().Conversation(ctx, h.ours.ws, id)
	if err != nil {
		return err
	}
	return h.store.People().Update(ctx, h.ours.ws, func(ctx context.Context, tx people.Tx) error {
		state, err := tx.Load(ctx, people.Need{WorkspaceID: h.ours.ws, Contacts: []crm.ContactID{ct.ID}, Threads: true})
		if err != nil {
			return err
		}
		state.Contacts[0].Name += "x"
		for _, cv := range state.Conversations {
			cv.ContactName = state.Contacts[0].Name
		}
		return tx.Write(ctx, &crm.Changes{Contacts: state.Contacts, Conversations: state.Conversations, Facts: []crm.Fact{{
			WorkspaceID: h.ours.ws, Kind: crm.ContactChanged, At: h.clock.Now(), ContactID: ct.ID,
		}}})
	})
}

// check counts what the team has done: nothing is lost and nothing done twice.
func (h *house) check(t *testing.T) {
	t.Helper()
	unread, names, messages := 0, 0, 0
	for _, id := range h.threads {
		cv, ct, err := h.store.Inbox().Conversation(t.Context(), h.ours.ws, id)
		if err != nil {
			t.Fatal(err)
		}
		if cv.ContactName != ct.Name && ct.Name != "" {
			t.Errorf("a thread calls its contact %q, which is called %q", cv.ContactName, ct.Name)
		}
		unread, names = unread+cv.Unread, names+len(ct.Name)
		for _, m := range h.thread(t, id) {
			messages++
			if m.Direction == crm.Outbound && (m.Status.Join(crm.Sent) != m.Status || m.ProviderID == "") {
				t.Errorf("a message that was sent is %s with provider id %q", m.Status, m.ProviderID)
			}
		}
	}
	for what, count := range map[string][2]int{
		"unread messages":                    {unread, 3 + 2*houseRounds},
		"letters in the contacts' names":     {names, 2 * houseRounds},
		"messages":                           {messages, 4 + 4*houseRounds},
		"facts":                              {len(h.facts(t, 0, all)), 3 + 1 + 2*houseRounds*4},
		"messages that were sent, in claims": {int(h.sent.Load()), h.promise},
	} {
		if count[0] != count[1] {
			t.Errorf("the team left %d %s, want %d", count[0], what, count[1])
		}
	}
	if wrong := h.standing(t, h.ours.ws).differ(h.scan(t, h.ours.ws)); wrong != "" {
		t.Errorf("the figures are not what a count gives:\n\t%s", wrong)
	}
	if waiting, _, err := h.store.Outbox().Depth(t.Context()); err != nil || waiting != 0 {
		t.Errorf("%d jobs wait, %v, want none", waiting, err)
	}
}
