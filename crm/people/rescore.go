package people

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/lead"
)

// A rescore scores every contact of a workspace again, from all that is stored
// of it: what other rules look for, the evidence that was kept does not tell. It
// begins with every change of the rules. It goes through the contacts by their
// ids, in steps, each a transaction with how far the work is: one that is killed
// goes on after the last step, and no contact is left out. Whoever came in since
// the rules were written was scored by them all along.

// The bounds of a rescore.
const (
	rescoreContacts = 500 // of one step
	rescoreLease    = 15 * time.Second
	rescoreAttempts = 5   // claims without a step forward before a rescore fails
	talkThreads     = 100 // conversations that are read at once
	talkMessages    = 50  // of each
)

// Rescore returns the workspace's newest rescore, or NotFound if there never was
// one.
func (s *Service) Rescore(ctx context.Context, p access.Principal) (*crm.Rescore, error) {
	const op = "read the rescore"
	if err := p.Check(access.ManageLeads); err != nil {
		return nil, crm.Wrap(op, err)
	}
	r, err := s.store.Rescore(ctx, p.WorkspaceID)
	return r, crm.Wrap(op, err)
}

// StartRescore begins a rescore. One that runs begins anew.
func (s *Service) StartRescore(ctx context.Context, p access.Principal) (*crm.Rescore, error) {
	const op = "start a rescore"
	if err := p.Check(access.ManageLeads); err != nil {
		return nil, crm.Wrap(op, err)
	}
	var begun *crm.Rescore
	err := s.store.Update(ctx, p.WorkspaceID, func(ctx context.Context, tx Tx) error {
		state, err := tx.Load(ctx, Need{WorkspaceID: p.WorkspaceID, LeadRules: true, Rescore: true})
		if err != nil {
			return err
		}
		begun = s.newRescore(p, lead.Stored(state.LeadRules).Version())
		return tx.Write(ctx, &crm.Changes{Rescores: []*crm.Rescore{begun}, Facts: []crm.Fact{rescoreFact(begun, p.Actor, begun.StartedAt)}})
	})
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	return begun, nil
}

// ResumeRescore goes on with a rescore that was cancelled or failed, after the last
// contact that it scored. NotFound if the newest is neither, Conflict
// ("rules_changed") if other rules are in force now: what it did counts for nothing
// then, and one begins anew.
func (s *Service) ResumeRescore(ctx context.Context, p access.Principal) (*crm.Rescore, error) {
	const op = "go on with the rescore"
	if err := p.Check(access.ManageLeads); err != nil {
		return nil, crm.Wrap(op, err)
	}
	var resumed *crm.Rescore
	err := s.store.Update(ctx, p.WorkspaceID, func(ctx context.Context, tx Tx) error {
		state, err := tx.Load(ctx, Need{WorkspaceID: p.WorkspaceID, LeadRules: true, Rescore: true})
		if err != nil {
			return err
		}
		if !state.Rescore.Stopped() {
			return missing("rescore that was stopped")
		}
		if version := lead.Stored(state.LeadRules).Version(); version != state.Rescore.Version {
			return &crm.Error{Op: op, Code: crm.Conflict, Reason: "rules_changed", Msg: "The rules are others now. Begin anew."}
		}
		resumed = s.newRescore(p, state.Rescore.Version)
		resumed.Contacts, resumed.Seen, resumed.Changed, resumed.After = state.Rescore.Contacts, state.Rescore.Seen, state.Rescore.Changed, state.Rescore.After
		return tx.Write(ctx, &crm.Changes{Rescores: []*crm.Rescore{resumed}, Facts: []crm.Fact{rescoreFact(resumed, p.Actor, resumed.StartedAt)}})
	})
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	return resumed, nil
}

func (s *Service) newRescore(p access.Principal, version int) *crm.Rescore {
	return &crm.Rescore{
		ID: crm.NewID[crm.Rescore](s.mint), WorkspaceID: p.WorkspaceID, Version: version, State: crm.RescoreRunning, Author: p.Actor, StartedAt: s.mint.Now(),
	}
}

// CancelRescore ends a rescore that runs; what it scored stays so. NotFound if
// none runs.
func (s *Service) CancelRescore(ctx context.Context, p access.Principal) (*crm.Rescore, error) {
	const op = "cancel the rescore"
	if err := p.Check(access.ManageLeads); err != nil {
		return nil, crm.Wrap(op, err)
	}
	ended, err := s.endRescore(ctx, p.WorkspaceID, p.Actor, crm.RescoreCancelled, "")
	if err == nil && ended == nil {
		err = missing("rescore that runs")
	}
	return ended, crm.Wrap(op, err)
}

// endRescore ends a workspace's rescore, if it runs, and returns it, or nil.
func (s *Service) endRescore(ctx context.Context, ws crm.WorkspaceID, by crm.Actor, as crm.RescoreState, why string) (*crm.Rescore, error) {
	var ended *crm.Rescore
	err := s.store.Update(ctx, ws, func(ctx context.Context, tx Tx) error {
		ended = nil
		state, err := tx.Load(ctx, Need{WorkspaceID: ws, Rescore: true})
		if err != nil || state.Rescore == nil || state.Rescore.State != crm.RescoreRunning {
			return err
		}
		ended = state.Rescore
		ended.State, ended.Reason, ended.EndedAt = as, why, s.mint.Now()
		return tx.Write(ctx, &crm.Changes{Rescores: []*crm.Rescore{ended}, Facts: []crm.Fact{rescoreFact(ended, by, ended.EndedAt)}})
	})
	return ended, err
}

func rescoreFact(r *crm.Rescore, by crm.Actor, now time.Time) crm.Fact {
	return crm.Fact{
		WorkspaceID: r.WorkspaceID, Kind: crm.LeadsRescored, At: now, Actor: by,
		Data: data(map[string]any{"version": r.Version, "state": r.State, "contacts": r.Contacts, "seen": r.Seen, "changed": r.Changed}),
	}
}

// RescoreTurn works on one rescore that runs, of any workspace, until it ends or
// ctx does, and reports whether there was one. An error of the database leaves
// it for the next turn, of this process or another.
func (s *Service) RescoreTurn(ctx context.Context) (bool, error) {
	const op = "rescore"
	r, err := s.store.ClaimRescore(ctx, s.mint.Now(), rescoreLease)
	if err != nil || r == nil {
		return false, crm.Wrap(op, err)
	}
	if r.Attempt > rescoreAttempts {
		_, err := s.endRescore(ctx, r.WorkspaceID, crm.Actor{Kind: crm.BySystem}, crm.RescoreFailed, "The work came to a halt several times at the same place.")
		return true, crm.Wrap(op, err)
	}
	if r.Contacts == 0 {
		if r.Contacts, err = s.store.CountContacts(ctx, r.WorkspaceID); err != nil {
			return true, crm.Wrap(op, err)
		}
	}
	for err == nil && r.State == crm.RescoreRunning {
		r, err = s.rescoreStep(ctx, r)
	}
	if errors.Is(err, errTaken) {
		err = nil
	}
	return true, crm.Wrap(op, err)
}

// rescoreStep scores the next contacts and returns the rescore as it is stored
// then. It is errTaken if the rescore is no longer ours: it was cancelled or
// begun anew, or our lease ran out and somebody else has come further.
func (s *Service) rescoreStep(ctx context.Context, had *crm.Rescore) (*crm.Rescore, error) {
	ws := had.WorkspaceID
	next, err := s.store.Contacts(ctx, ws, ContactQuery{Sort: ByID, After: ContactCursor{ID: had.After}, Limit: rescoreContacts})
	if err != nil {
		return had, err
	}
	ids := make([]crm.ContactID, len(next))
	for i, c := range next {
		ids[i] = c.ID
	}
	var now *crm.Rescore
	err = s.store.Update(ctx, ws, func(ctx context.Context, tx Tx) error {
		state, changes, err := s.again(ctx, tx, Need{WorkspaceID: ws, Contacts: ids, Version: had.Version, Rescore: true})
		if err != nil {
			return err
		}
		now = state.Rescore
		if now == nil || now.ID != had.ID || now.State != crm.RescoreRunning || now.After != had.After {
			return errTaken
		}
		at := s.mint.Now()
		now.Contacts, now.Seen, now.Changed = had.Contacts, now.Seen+len(state.Contacts), now.Changed+state.otherwise(changes.Leads)
		now.Attempt, now.LeasedUntil = 0, at.Add(rescoreLease)
		if len(ids) > 0 {
			now.After = ids[len(ids)-1]
		}
		if len(ids) < rescoreContacts {
			now.State, now.EndedAt = crm.RescoreDone, at
		}
		state.warm(&changes) // what is read by when it changed stays in its place
		changes.Rescores, changes.Facts = []*crm.Rescore{now}, []crm.Fact{rescoreFact(now, crm.Actor{Kind: crm.BySystem}, at)}
		return tx.Write(ctx, &changes)
	})
	if err != nil {
		return had, err
	}
	return now, nil
}

// otherwise counts the leads that come to something else than they did.
func (s *State) otherwise(leads []*crm.Lead) (changed int) {
	before := make(map[crm.ContactID]*crm.Lead, len(s.Leads))
	for _, l := range s.Leads {
		before[l.ContactID] = l
	}
	for _, l := range leads {
		if was := before[l.ContactID]; was == nil || was.Total != l.Total || was.Temperature != l.Temperature {
			changed++
		}
	}
	return changed
}

// again loads contacts with all that is stored of them and returns them, with
// the leads that come to something else than is stored.
func (s *Service) again(ctx context.Context, tx Tx, need Need) (*State, crm.Changes, error) {
	need.Leads, need.Threads, need.BesideOf = true, true, need.Contacts
	state, err := tx.Load(ctx, need)
	if err != nil {
		return nil, crm.Changes{}, err
	}
	notes := make(map[crm.ContactID][]*crm.Note)
	for _, n := range state.Notes {
		notes[n.ContactID] = append(notes[n.ContactID], n)
	}
	book := state.book(need.WorkspaceID, s.mint.Now())
	for _, c := range state.Contacts {
		book.Anew(c, notes[c.ID])
	}
	for threads := range slices.Chunk(state.Conversations, talkThreads) {
		if err := replay(ctx, tx, need.WorkspaceID, book, threads); err != nil {
			return nil, crm.Changes{}, err
		}
	}
	return state, crm.Changes{Leads: book.Changed()}, nil
}

// replay takes in what was said in conversations, reading some messages of each
// at a time.
func replay(ctx context.Context, tx Tx, ws crm.WorkspaceID, book *lead.Book, threads []*crm.Conversation) error {
	places, replays := make([]Place, len(threads)), make([]*lead.Replay, len(threads))
	for i, cv := range threads {
		places[i], replays[i] = Place{ConversationID: cv.ID}, book.Replay(cv.ContactID)
	}
	for len(places) > 0 {
		talk, err := tx.Talk(ctx, ws, places, talkMessages)
		if err != nil {
			return err
		}
		more := 0
		for i, messages := range talk {
			for _, m := range messages {
				replays[i].Back(m)
			}
			if len(messages) < talkMessages {
				replays[i].End()
				continue
			}
			last := messages[len(messages)-1]
			places[more], replays[more] = Place{places[i].ConversationID, last.ProviderTime, last.Ingest}, replays[i]
			more++
		}
		places, replays = places[:more], replays[:more]
	}
	return nil
}

// scoreAgain scores contacts anew, after their history has become another in
// this transaction, and returns them.
func (s *Service) scoreAgain(ctx context.Context, tx Tx, ws crm.WorkspaceID, contacts ...crm.ContactID) (*State, error) {
	state, changes, err := s.again(ctx, tx, Need{WorkspaceID: ws, Contacts: contacts})
	if err != nil || len(changes.Leads) == 0 {
		return state, err
	}
	state.warm(&changes)
	return state, tx.Write(ctx, &changes)
}
