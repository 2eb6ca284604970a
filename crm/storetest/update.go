package storetest

import (
	"context"
	"errors"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/outbox"
	"github.com/my21staff/my21staff/crm/people"
)

var updateTests = []test{
	{"commits what fn wrote", updateCommits},
	{"sees within a transaction what it wrote", updateSeesItself},
	{"leaves nothing behind when fn fails", updateRollsBack},
	{"leaves nothing behind when fn panics", updatePanics},
	{"leaves nothing behind when the context ends", updateCancelled},
	{"leaves nothing behind after a conflict that stays", updateConflict},
	{"does not commit half of a write that failed", updateSwallowed},
	{"commits several workspaces together", updateSeveral},
	{"refuses rows of a workspace that is not named", updateStranger},
	{"is an error on a closed store", updateClosed},
	{"writes many rows at once", updateMany},
}

// writer is what fn writes with.
type writer interface {
	Write(ctx context.Context, changes *crm.Changes) error
}

// door is one of the ways into a transaction, which share a contract.
type door struct {
	name   string
	update func(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, writer) error) error
}

func (w *world) doors() []door {
	return []door{
		{"inbox", func(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, writer) error) error {
			return w.store.Inbox().Update(ctx, []crm.WorkspaceID{ws}, func(ctx context.Context, tx inbox.Tx) error { return fn(ctx, tx) })
		}},
		{"people", func(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, writer) error) error {
			return w.store.People().Update(ctx, ws, func(ctx context.Context, tx people.Tx) error { return fn(ctx, tx) })
		}},
		{"outbox", func(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, writer) error) error {
			return w.store.Outbox().Update(ctx, ws, func(ctx context.Context, tx outbox.Tx) error { return fn(ctx, tx) })
		}},
	}
}

// everything returns changes of every kind to a workspace that has rows: new
// ones, replaced ones, deleted ones.
func (w *world) everything(c *tenant) *crm.Changes {
	now := w.clock.Now()
	ct := c.Contact()
	cv := c.Conversation(ct)
	m := c.Inbound(cv, "saya mau daftar")
	reply, job := c.Outbound(cv, "silakan")
	tag := &crm.Tag{ID: crm.NewID[crm.Tag](w.mint), WorkspaceID: c.ws, Name: "Perth", CreatedAt: now}
	ct.Tags, ct.Score = []crm.TagID{tag.ID}, 1
	renamed, read, failed, channel, template := copied(c.contact), copied(c.conversation), copied(c.reply), copied(c.Channel), copied(c.template)
	renamed.Name, renamed.Identities, renamed.Tags, renamed.UpdatedAt = "Sari", renamed.Identities[:1], nil, now
	read.Unread, read.Status = 0, crm.Resolved
	failed.Status = crm.Failed
	channel.PausedReason = "billing"
	template.Status = "paused"
	again := copied(c.delivery)
	again.Verdict = crm.DeliveryPartly
	fresh := copied(c.delivery)
	fresh.ID, fresh.Key = crm.NewID[crm.Delivery](w.mint), [32]byte{1}
	status, amendment, answer := c.status, c.amendment, c.answer
	status.Status, amendment.SourceID, answer.Key = crm.Read, "wamid.edit2", "order-2"
	note := &crm.Note{ID: crm.NewID[crm.Note](w.mint), WorkspaceID: c.ws, ContactID: ct.ID, Body: "new", CreatedAt: now}
	return &crm.Changes{
		Leads: []*crm.Lead{
			{WorkspaceID: c.ws, ContactID: ct.ID, Profile: []byte{1}, Rules: 1, Total: 1, Temperature: crm.Cold, ScoredAt: now},
			{WorkspaceID: c.ws, ContactID: renamed.ID, Profile: []byte{2}, Rules: 1, Total: 99, Temperature: crm.Hot, ScoredAt: now},
		},
		Contacts: []*crm.Contact{ct, renamed}, Conversations: []*crm.Conversation{cv, read}, Messages: []*crm.Message{m, reply, failed},
		Statuses: []crm.StatusReport{status}, Amendments: []crm.Amendment{amendment}, Deliveries: []*crm.Delivery{again, fresh},
		Notes:       []*crm.Note{note},
		Mentions:    []*crm.Mention{{WorkspaceID: c.ws, NoteID: note.ID, MemberID: c.Owner.ID}},
		Tasks:       []*crm.Task{{ID: crm.NewID[crm.Task](w.mint), WorkspaceID: c.ws, ContactID: ct.ID, Title: "new", CreatedAt: now}},
		Tags:        []*crm.Tag{tag},
		DeletedTags: []crm.TagID{c.tag.ID}, Templates: []*crm.Template{template}, Jobs: []*crm.Job{job}, DoneJobs: []*crm.Job{c.job},
		Answers: []crm.Answer{answer}, Channels: []*crm.Channel{channel}, Facts: []crm.Fact{c.fact(m), c.fact(reply)},
	}
}

func updateCommits(t *testing.T, w *world) {
	before := w.snapshot(t, w.theirs)
	changes := w.everything(w.ours)
	for i, door := range w.doors() {
		if i > 0 { // through the other doors: one row is enough
			changes = &crm.Changes{Notes: []*crm.Note{{
				ID: crm.NewID[crm.Note](w.mint), WorkspaceID: w.ours.ws, ContactID: w.ours.contact.ID, Body: door.name, CreatedAt: w.clock.Now(),
			}}}
		}
		err := door.update(t.Context(), w.ours.ws, func(ctx context.Context, tx writer) error { return tx.Write(ctx, changes) })
		if err != nil {
			t.Fatalf("Update by %s: %v", door.name, err)
		}
	}
	after := w.snapshot(t, w.ours)
	for what, got := range map[string][2]int{
		"contacts":      {len(after.Contacts), 2},
		"conversations": {len(after.Conversations), 2},
		"tags":          {len(after.Tags), 1},
		"tasks":         {len(after.Tasks), 2},
		"templates":     {len(after.Templates), 1},
		"deliveries":    {len(after.Deliveries), 2},
		"facts":         {len(after.Facts), 3},
		"statuses":      {len(after.Known.Statuses), 2},
		"amendments":    {len(after.Known.Amendments), 2},
		"waiting jobs":  {after.Waiting, 2}, // theirs and the new one of ours
	} {
		if got[0] != got[1] {
			t.Errorf("after the commit there are %d %s, want %d", got[0], what, got[1])
		}
	}
	if card := must[*people.Card](t)(w.store.People().CardByID(t.Context(), w.ours.ws, w.ours.contact.ID)); card.Contact.Name != "Sari" || len(card.Notes) != 3 {
		t.Errorf("the contact is called %q and has %d notes, want Sari with 3", card.Contact.Name, len(card.Notes))
	}
	before.Waiting = after.Waiting
	w.unchanged(t, "the other workspace", w.theirs, before)
}

func updateSeesItself(t *testing.T, w *world) {
	ct := w.ours.Contact()
	err := w.store.Inbox().Update(t.Context(), []crm.WorkspaceID{w.ours.ws}, func(ctx context.Context, tx inbox.Tx) error {
		if err := tx.Write(ctx, &crm.Changes{Contacts: []*crm.Contact{copied(ct)}}); err != nil {
			return err
		}
		state, err := tx.Load(ctx, inbox.Need{WorkspaceID: w.ours.ws, Identities: ct.Identities[:1]})
		if err != nil {
			return err
		}
		same(t, "a contact written and loaded in one transaction", state.Contacts, []*crm.Contact{ct})
		again := copied(ct)
		again.Name = "Budi"
		return tx.Write(ctx, &crm.Changes{Contacts: []*crm.Contact{again}})
	})
	if err != nil {
		t.Fatal(err)
	}
	ct.Name = "Budi"
	same(t, "a contact written twice", w.load(t, inbox.Need{WorkspaceID: w.ours.ws, Contacts: []crm.ContactID{ct.ID}}).Contacts, []*crm.Contact{ct})
}

func updateRollsBack(t *testing.T, w *world) {
	before := w.snapshot(t, w.ours)
	for _, door := range w.doors() {
		refusal, runs := errors.New("no"), 0
		err := door.update(t.Context(), w.ours.ws, func(ctx context.Context, tx writer) error {
			runs++
			if err := tx.Write(ctx, w.everything(w.ours)); err != nil {
				t.Errorf("%s: write: %v", door.name, err)
			}
			return refusal
		})
		if !errors.Is(err, refusal) || runs != 1 {
			t.Errorf("%s: Update = %v after %d runs, want fn's own error after one", door.name, err, runs)
		}
		w.unchanged(t, "after a rollback by "+door.name, w.ours, before)
	}
}

func updatePanics(t *testing.T, w *world) {
	before := w.snapshot(t, w.ours)
	for _, door := range w.doors() {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: the panic in fn is gone", door.name)
				}
			}()
			_ = door.update(t.Context(), w.ours.ws, func(ctx context.Context, tx writer) error {
				if err := tx.Write(ctx, w.everything(w.ours)); err != nil {
					t.Errorf("%s: write: %v", door.name, err)
				}
				panic("in fn")
			})
		}()
		w.unchanged(t, "after a panic in "+door.name, w.ours, before)
	}
	w.write(t, w.ours.ws, w.everything(w.ours)) // and nothing is locked
}

func updateCancelled(t *testing.T, w *world) {
	before := w.snapshot(t, w.ours)
	for _, door := range w.doors() {
		ctx, cancel := context.WithCancel(t.Context())
		err := door.update(ctx, w.ours.ws, func(ctx context.Context, tx writer) error {
			if err := tx.Write(ctx, w.everything(w.ours)); err != nil {
				t.Errorf("%s: write: %v", door.name, err)
			}
			cancel()
			return nil
		})
		if err == nil {
			t.Errorf("%s: a transaction whose context ended was committed", door.name)
		}
		ran := false
		if err := door.update(ctx, w.ours.ws, func(context.Context, writer) error { ran = true; return nil }); err == nil {
			t.Errorf("%s: Update with an ended context = nil (fn ran: %v)", door.name, ran)
		}
		w.unchanged(t, "after a cancelled transaction by "+door.name, w.ours, before)
	}
}

// taken returns changes that a unique key forbids: a contact that is known by
// what another is known by, beside rows that could be stored.
func (w *world) taken(c *tenant) *crm.Changes {
	changes := w.everything(c)
	twin := c.Contact()
	twin.Identities = c.contact.Identities[1:]
	changes.Contacts = []*crm.Contact{changes.Contacts[0], twin}
	return changes
}

func updateConflict(t *testing.T, w *world) {
	before := w.snapshot(t, w.ours)
	for _, door := range w.doors() {
		err := door.update(t.Context(), w.ours.ws, func(ctx context.Context, tx writer) error {
			err := tx.Write(ctx, w.taken(w.ours))
			wantCode(t, door.name+": write what a unique key forbids", err, crm.Conflict)
			return err
		})
		wantCode(t, door.name+": Update with a conflict that stays", err, crm.Conflict)
		w.unchanged(t, "after a conflict by "+door.name, w.ours, before)
	}
}

// updateSwallowed holds a store to "what was written": fn returns nil although
// its write failed half-way, and half a decision must not be stored.
func updateSwallowed(t *testing.T, w *world) {
	before := w.snapshot(t, w.ours)
	err := w.store.Inbox().Update(t.Context(), []crm.WorkspaceID{w.ours.ws}, func(ctx context.Context, tx inbox.Tx) error {
		_ = tx.Write(ctx, w.taken(w.ours))
		return nil
	})
	wantCode(t, "Update whose fn swallows a conflict", err, crm.Conflict)
	w.unchanged(t, "after a swallowed conflict", w.ours, before)
}

func updateSeveral(t *testing.T, w *world) {
	ours, theirs := w.snapshot(t, w.ours), w.snapshot(t, w.theirs)
	both := []crm.WorkspaceID{w.theirs.ws, w.ours.ws}
	write := func(result error) error {
		return w.store.Inbox().Update(t.Context(), both, func(ctx context.Context, tx inbox.Tx) error {
			return errors.Join(tx.Write(ctx, w.everything(w.ours)), tx.Write(ctx, w.everything(w.theirs)), result)
		})
	}
	refusal := errors.New("no")
	if err := write(refusal); !errors.Is(err, refusal) {
		t.Errorf("Update = %v, want fn's error", err)
	}
	w.unchanged(t, "the first of two workspaces after a rollback", w.ours, ours)
	w.unchanged(t, "the second of two workspaces after a rollback", w.theirs, theirs)
	if err := write(nil); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*tenant{w.ours, w.theirs} {
		if got := len(w.snapshot(t, c).Contacts); got != 2 {
			t.Errorf("a workspace has %d contacts after a commit of two workspaces, want 2", got)
		}
	}
}

func updateStranger(t *testing.T, w *world) {
	ours, theirs := w.snapshot(t, w.ours), w.snapshot(t, w.theirs)
	err := w.store.Inbox().Update(t.Context(), []crm.WorkspaceID{w.ours.ws}, func(ctx context.Context, tx inbox.Tx) error {
		return tx.Write(ctx, w.everything(w.theirs))
	})
	if err == nil {
		t.Error("rows of a workspace that the transaction does not name were written")
	}
	err = w.store.Inbox().Update(t.Context(), []crm.WorkspaceID{w.ours.ws}, func(ctx context.Context, tx inbox.Tx) error {
		state, err := tx.Load(ctx, inbox.Need{WorkspaceID: w.theirs.ws, Contacts: []crm.ContactID{w.theirs.contact.ID}, AllChannels: true})
		if err == nil && len(state.Contacts)+len(state.Channels) > 0 {
			t.Error("rows of a workspace that the transaction does not name were loaded")
		}
		return nil
	})
	_ = err // refusing the load may spoil the transaction
	w.unchanged(t, "our workspace", w.ours, ours)
	w.unchanged(t, "the workspace that was not named", w.theirs, theirs)
}

func updateClosed(t *testing.T, w *world) {
	for range 2 {
		if err := w.store.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
	}
	for _, door := range w.doors() {
		err := door.update(t.Context(), w.ours.ws, func(context.Context, writer) error { return nil })
		if err == nil {
			t.Errorf("%s: Update of a closed store = nil", door.name)
		}
	}
	w.everyRead(t, t.Context(), func(what string, err error) {
		if err == nil {
			t.Errorf("%s of a closed store is no error", what)
		}
	})
}

func updateMany(t *testing.T, w *world) {
	const many = 1200
	changes := &crm.Changes{}
	for range many {
		ct := w.ours.Contact()
		cv := w.ours.Conversation(ct)
		m := w.ours.Inbound(cv, "halo")
		changes.Contacts, changes.Conversations = append(changes.Contacts, ct), append(changes.Conversations, cv)
		changes.Messages, changes.Facts = append(changes.Messages, m), append(changes.Facts, w.ours.fact(m))
	}
	w.write(t, w.ours.ws, changes)
	s := w.snapshotShort(t, w.ours)
	if s.contacts != many+1 || s.conversations != many+1 || s.facts != many+1 {
		t.Errorf("after writing %d threads at once the store has %+v", many, s)
	}
}
