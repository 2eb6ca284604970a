package bunstore

import (
	"context"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/outbox"
)

type outboxStore struct{ *Store }

// outboxTx is a transaction as the outbox sees it.
type outboxTx struct{ *tx }

// Update implements outbox.Store.
func (s outboxStore) Update(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, outbox.Tx) error) error {
	return s.transact(ctx, "update the outbox", of(ws), func(ctx context.Context, t *tx) error {
		return fn(ctx, outboxTx{t})
	})
}

// Load implements outbox.Tx. It locks the jobs, then what the inbox would lock,
// in the inbox's order: contacts, conversations, messages.
func (t outboxTx) Load(ctx context.Context, asked ...outbox.Ask) ([]*outbox.State, error) {
	if len(asked) == 0 {
		return nil, nil
	}
	ws := asked[0].Job.WorkspaceID
	var jobs []jobRow
	var of []foundOn
	named, subjects := lookupBy(byID), lookupBy(byID)
	for _, a := range asked {
		if !t.covers(a.Job.WorkspaceID) || a.Job.WorkspaceID != ws {
			return nil, t.stranger()
		}
		addIDs(named, uid(ws), []crm.JobID{a.Job.ID})
		addIDs(subjects, uid(ws), [][16]byte{a.Job.Subject})
	}
	if err := t.run(ctx, slices.Concat(find(ctx, t.link, named, t.store.dialect.Lock(), &jobs), find(ctx, t.link, subjects, "", &of))...); err != nil {
		return nil, err
	}
	need := inbox.Need{WorkspaceID: ws}
	messages := byRowID(of, func(r *foundOn) uid { return r.ID })
	for _, a := range asked {
		m := messages[a.Job.Subject]
		if m == nil {
			continue
		}
		need.Conversations = append(need.Conversations, crm.ConversationID(m.ConversationID))
		need.Channels = append(need.Channels, crm.ChannelID(m.ChannelID))
		need.Messages = append(need.Messages, crm.MessageID(m.ID))
		if a.ProviderID != "" {
			need.Provided = append(need.Provided, inbox.Provided{ChannelID: crm.ChannelID(m.ChannelID), ProviderID: a.ProviderID})
		}
	}
	loaded := new(inbox.State)
	if len(of) > 0 {
		var err error
		if loaded, err = inboxTx(t).Load(ctx, need); err != nil {
			return nil, err
		}
	}
	states := make([]*outbox.State, len(asked))
	for i, a := range asked {
		states[i] = stateOf(a, loaded)
	}
	for i := range jobs {
		for k, a := range asked {
			if uid(a.Job.ID) == jobs[i].ID {
				states[k].Job, _ = jobs[i].job()
			}
		}
	}
	return states, nil
}

// foundOn is a message, its conversation and its channel.
type foundOn struct {
	bun.BaseModel `bun:"table:messages,alias:messages"`

	WorkspaceID    uid `bun:"workspace_id"`
	ID             uid `bun:"id"`
	ConversationID uid `bun:"conversation_id"`
	ChannelID      uid `bun:"channel_id"`
}

// stateOf picks what is about one job out of what was loaded for all.
func stateOf(a outbox.Ask, loaded *inbox.State) *outbox.State {
	state := new(outbox.State)
	if state.Message = byTheID(loaded.Messages, func(m *crm.Message) bool { return m.ID == crm.MessageID(a.Job.Subject) }); state.Message == nil {
		return state
	}
	m := state.Message
	state.Conversation = byTheID(loaded.Conversations, func(c *crm.Conversation) bool { return c.ID == m.ConversationID })
	state.Channel = byTheID(loaded.Channels, func(c *crm.Channel) bool { return c.ID == m.ChannelID })
	if state.Conversation != nil {
		state.Contact = byTheID(loaded.Contacts, func(c *crm.Contact) bool { return c.ID == state.Conversation.ContactID })
	}
	if a.ProviderID == "" {
		return state
	}
	for _, r := range loaded.Statuses {
		if r.ChannelID == m.ChannelID && r.ProviderID == a.ProviderID {
			state.Statuses = append(state.Statuses, r)
		}
	}
	for _, r := range loaded.Amendments {
		if r.ChannelID == m.ChannelID && r.ProviderID == a.ProviderID {
			state.Amendments = append(state.Amendments, r)
		}
	}
	return state
}

// byTheID returns the one that is meant, nil if it is not there.
func byTheID[N any](list []*N, meant func(*N) bool) *N {
	if i := slices.IndexFunc(list, meant); i >= 0 {
		return list[i]
	}
	return nil
}

// Claim implements outbox.Store. What is due is looked for before the transaction:
// a claim is tried after every commit, whatever that was of, and one that begins a
// transaction to find nothing keeps others waiting where there is one writer. (To
// find nothing took 160 µs with it and takes 13 on SQLite, 310 and 70 on PostgreSQL.)
func (s outboxStore) Claim(ctx context.Context, c outbox.Claiming) (claims []outbox.Claim, putOff int, _ error) {
	var due []stamp
	l := s.reader("look for jobs", everywhere)
	q := ask("select due_at from jobs where kind = ? and due_at <= ? order by due_at limit 1", text(crm.JobSend), stamp(c.Now))
	if err := l.run(ctx, pick(q.bound(), &due)); err != nil || len(due) == 0 {
		return nil, 0, err
	}
	err := s.transact(ctx, "claim jobs", everywhere, func(ctx context.Context, t *tx) error {
		rows, err := t.due(ctx, c.Now, c.Limit+mostPutOff)
		if err != nil || len(rows) == 0 {
			return err
		}
		var changed []*crm.Job
		claims, changed = choose(rows, c)
		if putOff = len(changed) - len(claims); len(changed) == 0 {
			return nil
		}
		leased := lookupBy(byID)
		for i := range claims {
			addIDs(leased, uid(claims[i].Job.WorkspaceID), [][16]byte{claims[i].Job.Subject})
		}
		b := t.batch()
		b.named("update messages set status = 'sending'", leased, " and status = 'queued'")
		put(b, rowsOf(b, changed, jobOf), replaceByID)
		if err := t.told.quietly(func() error { return b.owe(ctx) }); err != nil || len(claims) == 0 {
			return err
		}
		claims, err = t.equip(ctx, claims)
		return err
	})
	if err != nil {
		return nil, 0, err // they are not leased, or nobody knows whether they are
	}
	return claims, putOff, nil
}

// mostPutOff is how many jobs are put off in one transaction.
const mostPutOff = 100

// choose claims the jobs whose turn has come, and puts the others off
// that it meets. It returns the claims, and all jobs that it changed.
func choose(rows []jobRow, c outbox.Claiming) (claims []outbox.Claim, changed []*crm.Job) {
	for i := range rows {
		if len(claims) == c.Limit {
			break
		}
		job, _ := rows[i].job()
		abandoned := !job.LockedUntil.IsZero()
		changed = append(changed, job)
		if c.Turn != nil && !abandoned {
			if at := c.Turn(job); at.After(c.Now) {
				job.RunAt = at
				continue
			}
		}
		job.Attempt++
		job.LockedUntil = c.Now.Add(c.Lease)
		claims = append(claims, outbox.Claim{Job: job, Abandoned: abandoned})
	}
	return claims, changed
}

// due locks the jobs to claim: due, first in their lane, on a channel that is
// not paused. Jobs that another host is claiming are passed over.
func (t *tx) due(ctx context.Context, now time.Time, limit int) ([]jobRow, error) {
	q := from[jobRow](t.store).and(" where kind = ? and due_at <= ?", text(crm.JobSend), stamp(now)).
		and(" and not "+older).
		and(" and not exists (select 1 from channels where channels.workspace_id = jobs.workspace_id and channels.id = jobs.throttle and channels.paused_reason <> '')").
		and(" order by due_at limit ?", limit).and(t.store.dialect.ClaimLock())
	var rows []jobRow
	return rows, t.run(ctx, load(ctx, t.link, q.bound(), &rows))
}

// What the message of a claim names, behind "select … from" a table of it; the lookup of
// messages follows, and a parenthesis for each that is open.
const (
	itsConversation = " where (workspace_id, id) in (select workspace_id, conversation_id from messages"
	itsChannel      = " where (workspace_id, id) in (select workspace_id, channel_id from messages"
	itsContact      = " where (workspace_id, id) in (select workspace_id, contact_id from conversations" + itsConversation
)

// equip adds to claims what an attempt needs. A job whose message is gone stays leased
// and is not handed out.
func (t *tx) equip(ctx context.Context, claims []outbox.Claim) ([]outbox.Claim, error) {
	var ms []messageRow
	var cvs []conversationRow
	var cts []contactRow
	var chs []channelRow
	messages := lookupBy(byID)
	for _, c := range claims {
		addIDs(messages, uid(c.Job.WorkspaceID), [][16]byte{c.Job.Subject})
	}
	s := t.store
	err := t.run(ctx,
		load(ctx, t.link, s.where(from[messageRow](s).SQL, messages, ""), &ms),
		load(ctx, t.link, s.where(from[conversationRow](s).SQL+itsConversation, messages, ")"), &cvs),
		load(ctx, t.link, s.where(from[channelRow](s).SQL+itsChannel, messages, ")"), &chs),
		load(ctx, t.link, s.where(from[contactRow](s).SQL+itsContact, messages, "))"), &cts))
	if err != nil {
		return nil, err
	}
	byMessage, conversations := byRowID(ms, func(r *messageRow) uid { return r.ID }), byRowID(cvs, func(r *conversationRow) uid { return r.ID })
	contacts, channels := byRowID(cts, func(r *contactRow) uid { return r.ID }), byRowID(chs, func(r *channelRow) uid { return r.ID })
	var ready []outbox.Claim
	for _, c := range claims {
		m := byMessage[c.Job.Subject]
		if m == nil {
			continue
		}
		cv := conversations[m.ConversationID]
		if cv == nil || contacts[cv.ContactID] == nil || channels[m.ChannelID] == nil {
			continue
		}
		if err := t.fill(ctx, &c, m, cv, contacts[cv.ContactID], channels[m.ChannelID]); err != nil {
			return nil, crm.Wrap(t.op, err)
		}
		ready = append(ready, c)
	}
	return ready, nil
}

// fill makes the nouns of a claim of their rows: each its own, for an attempt changes
// them.
func (t *tx) fill(ctx context.Context, c *outbox.Claim, m *messageRow, cv *conversationRow, ct *contactRow, ch *channelRow) (err error) {
	if c.Message, err = m.message(); err != nil {
		return err
	}
	if c.Conversation, err = cv.conversation(); err != nil {
		return err
	}
	if c.Contact, err = ct.contact(); err != nil {
		return err
	}
	c.Channel, err = t.store.channel(ctx, ch)
	return err
}

func byRowID[R any](rows []R, id func(*R) uid) map[uid]*R {
	by := make(map[uid]*R, len(rows))
	for i := range rows {
		by[id(&rows[i])] = &rows[i]
	}
	return by
}
