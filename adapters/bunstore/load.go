package bunstore

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

// Load implements inbox.Tx.
func (t inboxTx) Load(ctx context.Context, need inbox.Need) (*inbox.State, error) {
	states, err := t.LoadAll(ctx, []inbox.Need{need})
	if err != nil {
		return nil, err
	}
	return states[0], nil
}

// LoadAll implements inbox.Tx, in four trips: what finds rows, the contacts, the
// conversations, the rest. Contacts are locked before conversations, those before
// messages, and each in the order of workspaces and ids, by every transaction, so
// that none waits for another in a circle.
func (t inboxTx) LoadAll(ctx context.Context, needs []inbox.Need) ([]*inbox.State, error) {
	g := &gathering{tx: t.tx, of: make(map[uid]*loading, len(needs))}
	states := make([]*inbox.State, len(needs))
	for i, need := range needs {
		if !t.covers(need.WorkspaceID) {
			return nil, t.stranger()
		}
		l := &loading{need: need, ws: uid(need.WorkspaceID), contacts: ids(need.Contacts), threads: ids(need.Conversations)}
		g.loads = append(g.loads, l)
		for _, p := range need.Provided {
			g.seen.asked[under{l.ws, p}] = true
		}
		g.of[l.ws], states[i] = l, &l.state
	}
	for _, trip := range []func(context.Context) error{g.lookUp, g.loadContacts, g.loadConversations, g.loadRest} {
		if err := trip(ctx); err != nil {
			return nil, err
		}
	}
	return states, nil
}

// gathering is a LoadAll on its way. What all needs ask of a table is asked in
// one statement: to plan one costs about as much as to look up a hundred rows.
type gathering struct {
	*tx
	loads []*loading
	of    map[uid]*loading // by workspace
}

// loading is one need of it.
type loading struct {
	need     inbox.Need
	ws       uid
	contacts []uid // found so far, as are the threads and messages
	threads  []uid
	messages []uid
	state    inbox.State
}

// collect selects, of a row's table, what fits one of the conditions that cond
// returns for each need.
func collect[R any](ctx context.Context, g *gathering, rows *[]R, end string, cond func(*loading) []Query) []step {
	var either []Query
	for _, l := range g.loads {
		either = append(either, inWorkspace(l.ws, cond(l))...)
	}
	if len(either) == 0 {
		return nil
	}
	return []step{load(ctx, g.link, g.inline(from[R](g.store).whereAny(either).and(end)), rows)}
}

// inWorkspace are conditions of rows of one workspace.
func inWorkspace(ws uid, conditions []Query) []Query {
	of := make([]Query, len(conditions))
	for i, c := range conditions {
		of[i] = ask("workspace_id = ? and ", ws).and(c.SQL, c.Args...)
	}
	return of
}

// whereAny returns the query for rows that fit one of the conditions. They stand
// side by side, each with its workspace, as SQLite looks into its indexes for
// them only then.
func (q Query) whereAny(either []Query) Query {
	joint := " where "
	for _, c := range either {
		q, joint = q.and(joint).and(c.SQL, c.Args...), " or "
	}
	return q
}

// spread hands each need the nouns of its rows.
func spread[R, N any](g *gathering, rows []R, ws func(*R) uid, noun func(*R) (N, error), into func(*inbox.State) *[]N) error {
	for i := range rows {
		n, err := noun(&rows[i])
		if err != nil {
			return crm.Wrap(g.op, err)
		}
		list := into(&g.of[ws(&rows[i])].state)
		*list = append(*list, n)
	}
	return nil
}

// within is the condition that a column holds one of the ids.
func within(column string, wanted []uid) []Query {
	if len(wanted) == 0 {
		return nil
	}
	return []Query{ask(column+" in (?)", bun.List(wanted))}
}

// foundRow is a message, the conversation it is in and whose that is.
type foundRow struct {
	bun.BaseModel `bun:"table:messages,alias:messages"`

	WorkspaceID    uid `bun:"workspace_id"`
	ID             uid `bun:"id"`
	ConversationID uid `bun:"conversation_id"`
	ContactID      uid `bun:"contact_id"`
}

// ownerRow is a conversation and whose it is.
type ownerRow struct {
	bun.BaseModel `bun:"table:conversations,alias:conversations"`

	WorkspaceID uid `bun:"workspace_id"`
	ContactID   uid `bun:"contact_id"`
}

// lookUp finds the contacts, conversations and messages that needs name in one
// way or another. It locks nothing.
func (g *gathering) lookUp(ctx context.Context) error {
	var known []identityRow
	var owners []ownerRow
	var messages []foundRow
	err := g.run(ctx, slices.Concat(
		collect(ctx, g, &known, "", func(l *loading) []Query { return byIdentity(l.need.Identities) }),
		collect(ctx, g, &owners, "", func(l *loading) []Query { return within("id", ids(l.need.Conversations)) }),
		collect(ctx, g, &messages, "", func(l *loading) []Query {
			return append(within("id", ids(l.need.Messages)), byProvided(l.need.Provided)...)
		}),
	)...)
	for _, row := range known {
		l := g.of[row.WorkspaceID]
		l.contacts = append(l.contacts, row.ContactID)
	}
	for _, row := range owners {
		l := g.of[row.WorkspaceID]
		l.contacts = append(l.contacts, row.ContactID)
	}
	for _, row := range messages {
		l := g.of[row.WorkspaceID]
		l.messages, l.threads, l.contacts = append(l.messages, row.ID), append(l.threads, row.ConversationID), append(l.contacts, row.ContactID)
	}
	for _, l := range g.loads {
		l.messages, l.threads, l.contacts = distinct(l.messages), distinct(l.threads), distinct(l.contacts)
	}
	return err
}

// distinct returns ids in order, each once.
func distinct(list []uid) []uid {
	slices.SortFunc(list, func(a, b uid) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(list)
}

// byIdentity are the conditions for the contacts known by any of the identities.
func byIdentity(identities []crm.Identity) []Query {
	values := make(map[crm.IdentityKind][]string)
	for _, id := range identities {
		values[id.Kind] = append(values[id.Kind], id.Value)
	}
	return anyOf("kind", "value", values, func(kind crm.IdentityKind) any { return text(kind) })
}

// byProvided are the conditions for rows under any of the provider ids.
func byProvided(provided []inbox.Provided) []Query {
	values := make(map[crm.ChannelID][]string)
	for _, p := range provided {
		values[p.ChannelID] = append(values[p.ChannelID], p.ProviderID)
	}
	return anyOf("channel_id", "provider_id", values, func(id crm.ChannelID) any { return uid(id) })
}

// anyOf are the conditions that two columns hold one of the pairs, one for each
// value of the first. A list of pairs would be shorter, but SQLite has none.
func anyOf[K comparable](first, second string, values map[K][]string, column func(K) any) []Query {
	var either []Query
	for key, list := range values {
		slices.Sort(list)
		either = append(either, ask(first+" = ? and "+second+" in (?)", column(key), texts(slices.Compact(list))))
	}
	return either
}

// loadContacts loads and locks contacts.
func (g *gathering) loadContacts(ctx context.Context) error {
	var rows []contactRow
	err := g.run(ctx, collect(ctx, g, &rows, g.store.dialect.Lock(), func(l *loading) []Query { return within("id", l.contacts) })...)
	if err != nil {
		return err
	}
	return spread(g, rows, func(r *contactRow) uid { return r.WorkspaceID }, g.contact, func(s *inbox.State) *[]*crm.Contact { return &s.Contacts })
}

// contact is a contact that was locked.
func (t *tx) contact(r *contactRow) (*crm.Contact, error) {
	c, err := r.contact()
	if err == nil {
		t.remember([]*crm.Contact{c})
	}
	return c, err
}

// loadConversations loads and locks the conversations that were found and those
// of the contacts found: all of them, or those on a channel named.
func (g *gathering) loadConversations(ctx context.Context) error {
	var rows []conversationRow
	err := g.run(ctx, collect(ctx, g, &rows, g.store.dialect.Lock(), func(l *loading) []Query {
		found := within("id", l.threads)
		switch {
		case len(l.contacts) == 0:
			return found
		case l.need.Threads || l.need.AllChannels:
			return append(found, within("contact_id", l.contacts)...)
		case len(l.need.Channels) > 0:
			return append(found, ask("contact_id in (?) and channel_id in (?)", bun.List(l.contacts), among(l.need.Channels)))
		}
		return found
	})...)
	if err != nil {
		return err
	}
	slices.SortFunc(rows, func(a, b conversationRow) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return spread(g, rows, func(r *conversationRow) uid { return r.WorkspaceID }, (*conversationRow).conversation,
		func(s *inbox.State) *[]*crm.Conversation { return &s.Conversations })
}

// restRows are the rows of the last trip.
type restRows struct {
	messages   []messageRow
	statuses   []statusRow
	amendments []amendmentRow
	channels   []channelRow
	members    []memberRow
	templates  []templateRow
	deliveries []deliveryRow
	answers    []answerRow
}

// loadRest loads what finds nothing else.
func (g *gathering) loadRest(ctx context.Context) error {
	var rows restRows
	if err := g.run(ctx, g.restSteps(ctx, &rows)...); err != nil {
		return err
	}
	rows.sort()
	for i := range rows.messages {
		g.sawMessage(&rows.messages[i])
	}
	for _, r := range rows.statuses {
		g.seen.words[heard{underOf(crm.WorkspaceID(r.WorkspaceID), crm.ChannelID(r.ChannelID), string(r.ProviderID)), string(r.Status)}] = true
	}
	for _, a := range rows.amendments {
		g.seen.words[heard{underOf(crm.WorkspaceID(a.WorkspaceID), crm.ChannelID(a.ChannelID), string(a.ProviderID)), string(a.SourceID)}] = true
	}
	return errors.Join(
		spread(g, rows.messages, func(r *messageRow) uid { return r.WorkspaceID }, (*messageRow).message, func(s *inbox.State) *[]*crm.Message { return &s.Messages }),
		spread(g, rows.statuses, func(r *statusRow) uid { return r.WorkspaceID }, (*statusRow).report, func(s *inbox.State) *[]crm.StatusReport { return &s.Statuses }),
		spread(g, rows.amendments, func(r *amendmentRow) uid { return r.WorkspaceID }, (*amendmentRow).amendment, func(s *inbox.State) *[]crm.Amendment { return &s.Amendments }),
		spread(g, rows.channels, func(r *channelRow) uid { return r.WorkspaceID }, g.store.opener(ctx), func(s *inbox.State) *[]*crm.Channel { return &s.Channels }),
		spread(g, rows.members, func(r *memberRow) uid { return r.WorkspaceID }, (*memberRow).member, func(s *inbox.State) *[]*crm.Member { return &s.Members }),
		spread(g, rows.templates, func(r *templateRow) uid { return r.WorkspaceID }, (*templateRow).template, func(s *inbox.State) *[]*crm.Template { return &s.Templates }),
		spread(g, rows.deliveries, func(r *deliveryRow) uid { return r.WorkspaceID }, (*deliveryRow).delivery, func(s *inbox.State) *[]*crm.Delivery { return &s.Deliveries }),
		g.answers(rows.answers),
	)
}

func (g *gathering) answers(rows []answerRow) error {
	for i := range rows {
		answer, err := rows[i].answer()
		if err != nil {
			return crm.Wrap(g.op, err)
		}
		g.of[rows[i].WorkspaceID].state.Answer = answer
	}
	return nil
}

// restSteps returns the statements of the last trip.
func (g *gathering) restSteps(ctx context.Context, rows *restRows) []step {
	lock := g.store.dialect.Lock()
	provided := func(l *loading) []Query { return byProvided(l.need.Provided) }
	return slices.Concat(
		collect(ctx, g, &rows.messages, lock, func(l *loading) []Query { return within("id", l.messages) }),
		collect(ctx, g, &rows.messages, lock, func(l *loading) []Query {
			if !l.need.Pending || len(l.state.Conversations) == 0 {
				return nil
			}
			return []Query{ask("provider_id is null and direction = 'outbound' and conversation_id in (?)", bun.List(threadsOf(&l.state)))}
		}),
		collect(ctx, g, &rows.statuses, "", provided),
		collect(ctx, g, &rows.amendments, "", provided),
		collect(ctx, g, &rows.channels, "", func(l *loading) []Query {
			if l.need.AllChannels {
				return []Query{ask("true")}
			}
			return within("id", ids(l.need.Channels))
		}),
		collect(ctx, g, &rows.members, "", func(l *loading) []Query { return within("id", ids(l.need.Members)) }),
		collect(ctx, g, &rows.templates, "", func(l *loading) []Query {
			switch {
			case len(l.need.TemplateNames) == 0:
				return nil
			case len(l.need.Channels) == 0:
				return []Query{ask("name in (?)", texts(l.need.TemplateNames))}
			}
			return []Query{ask("name in (?) and channel_id in (?)", texts(l.need.TemplateNames), among(l.need.Channels))}
		}),
		collect(ctx, g, &rows.deliveries, "", func(l *loading) []Query { return byKeys(l.need.Deliveries) }),
		collect(ctx, g, &rows.answers, "", func(l *loading) []Query {
			if l.need.Answer == "" {
				return nil
			}
			return []Query{ask("key = ?", text(l.need.Answer))}
		}),
	)
}

// byKeys is the condition for the journal's rows under any of the keys.
func byKeys(wanted [][32]byte) []Query {
	if len(wanted) == 0 {
		return nil
	}
	keys := make([][]byte, len(wanted))
	for i := range wanted {
		keys[i] = wanted[i][:]
	}
	return []Query{ask("key in (?)", bun.List(keys))}
}

// sort brings rows into the order in which decisions are made on them, and a
// message that was found twice into one.
func (r *restRows) sort() {
	slices.SortFunc(r.messages, func(a, b messageRow) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	r.messages = slices.CompactFunc(r.messages, func(a, b messageRow) bool { return a.ID == b.ID })
	slices.SortFunc(r.statuses, func(a, b statusRow) int {
		return cmp.Or(time.Time(a.At).Compare(time.Time(b.At)), cmp.Compare(a.Status, b.Status))
	})
	slices.SortFunc(r.amendments, func(a, b amendmentRow) int {
		return cmp.Or(time.Time(a.At).Compare(time.Time(b.At)), cmp.Compare(a.SourceID, b.SourceID))
	})
	slices.SortFunc(r.templates, byTemplateName)
	slices.SortFunc(r.channels, func(a, b channelRow) int { return bytes.Compare(a.ID[:], b.ID[:]) })
}

// byIDs selects rows of a workspace by their ids.
func byIDs[R any](s *Store, ws uid, wanted []uid) Query {
	return from[R](s).and(" where workspace_id = ? and id in (?)", ws, bun.List(wanted))
}

func threadsOf(state *inbox.State) []uid {
	threads := make([]uid, len(state.Conversations))
	for i, c := range state.Conversations {
		threads[i] = uid(c.ID)
	}
	return threads
}
