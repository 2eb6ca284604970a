package bunstore

import (
	"bytes"
	"cmp"
	"context"
	"database/sql"
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

// LoadAll implements inbox.Tx, in two trips: what finds rows, and what was found with
// what stands beside it. They are one where it is known beforehand whose rows they are:
// what comes in from who is known is most of what there is to load. Another is for what
// only those rows tell to load. Contacts are locked before conversations, those before
// messages, those before the members of a team, and each in the order of workspaces and
// ids, by every transaction, so that none waits for another in a circle. Customers that
// are held are not asked for (see held).
func (t inboxTx) LoadAll(ctx context.Context, needs []inbox.Need) ([]*inbox.State, error) {
	g := &gathering{tx: t.tx, of: make(map[uid]*loading, len(needs))}
	states := make([]*inbox.State, len(needs))
	for i, need := range needs {
		if !t.covers(need.WorkspaceID) {
			return nil, t.stranger()
		}
		l := &loading{need: need, ws: uid(need.WorkspaceID), contacts: ids(need.Contacts), threads: ids(need.Conversations), written: make(map[crm.Identity]uid)}
		g.loads = append(g.loads, l)
		for _, p := range slices.Concat(need.Provided, need.Inbound) {
			g.seen.asked[under{l.ws, p}] = true
		}
		g.of[l.ws], states[i] = l, &l.state
	}
	var rows foundRows
	looks := g.looks(ctx, &rows)
	g.early = g.foreseen()
	var err error
	if !g.early {
		err = g.run(ctx, looks...)
		looks = nil
		if err == nil {
			g.metStrangers(&rows)
		}
	}
	if err == nil && slices.ContainsFunc(g.loads, (*loading).whole) {
		err = g.unchanged(ctx)
	}
	g.take(&rows)
	if err == nil {
		err = g.loadFound(ctx, looks, &rows)
	}
	if err == nil {
		err = g.loadLast(ctx, &rows)
	}
	if err == nil {
		err = g.hand(ctx, &rows)
	}
	if err != nil {
		return nil, err
	}
	return states, nil
}

// gathering is a LoadAll on its way. What all needs ask of a table is asked in
// one statement: to plan one costs about as much as to look up a hundred rows.
type gathering struct {
	*tx
	loads []*loading
	of    map[uid]*loading // by workspace
	early bool             // what was found is loaded before it is looked for
}

// loading is one need of it.
type loading struct {
	need     inbox.Need
	ws       uid
	contacts []uid // found so far, as are the threads and messages
	threads  []uid
	messages []uid
	held     []*person            // of whom everything is held
	asked    []uid                // contacts of which it is not
	written  map[crm.Identity]uid // whose identities are as the address book has it
	stranger bool                 // some identity is not in it
	state    inbox.State
}

// by makes a lookup of what each need adds to it.
func (g *gathering) by(s *shape, each func(l *loading, add func(values ...any))) *lookup {
	by := lookupBy(s)
	for _, l := range g.loads {
		each(l, func(values ...any) { by.add(l.ws, values...) })
	}
	return by
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

// namedRow is a message, the conversation it is in and whose that is.
type namedRow struct {
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

// looks find the contacts, conversations and messages that needs name in one way or
// another. They lock nothing.
func (g *gathering) looks(ctx context.Context, rows *foundRows) []step {
	identities := g.by(byIdentity, func(l *loading, add func(...any)) {
		for _, id := range l.need.Identities {
			if !l.inBook(g.tx, id) {
				l.stranger = true
				add((*text)(&id.Kind), (*text)(&id.Value))
			}
		}
	})
	threads := g.by(byID, func(l *loading, add func(...any)) { each(l.need.Conversations, add) })
	named := g.by(byID, func(l *loading, add func(...any)) { each(l.need.Messages, add) })
	return slices.Concat(
		find(ctx, g.link, identities, "", &rows.known),
		find(ctx, g.link, threads, "", &rows.owners),
		find(ctx, g.link, named, "", &rows.named),
		find(ctx, g.link, g.provided(everything), "", &rows.named),
	)
}

// foreseen reports whether it is known whose rows there are: everybody is in the address
// book or likely new, and no message that was sent is asked for. One that came in is most
// often not there yet; if it is, it is in a conversation that is loaded anyway.
func (g *gathering) foreseen() bool {
	complete := g.store.book.complete()
	return !g.anew && !slices.ContainsFunc(g.loads, func(l *loading) bool {
		return l.stranger && !complete || len(l.need.Conversations)+len(l.need.Messages)+len(l.need.Provided) > 0
	})
}

// metStrangers tells the address book whether those it has not were found.
func (g *gathering) metStrangers(rows *foundRows) {
	if !g.anew && slices.ContainsFunc(g.loads, func(l *loading) bool { return l.stranger }) {
		g.store.book.looked(len(rows.known) > 0)
	}
}

// take keeps what the looks found so far, beside what was known without them.
func (g *gathering) take(rows *foundRows) {
	for _, row := range rows.known {
		l := g.of[row.WorkspaceID]
		l.contacts = append(l.contacts, row.ContactID)
		g.store.book.put(entry{row.WorkspaceID, crm.Identity{Kind: crm.IdentityKind(row.Kind), Value: string(row.Value)}}, row.ContactID)
	}
	for _, row := range rows.owners {
		l := g.of[row.WorkspaceID]
		l.contacts = append(l.contacts, row.ContactID)
	}
	for _, row := range rows.named {
		l := g.of[row.WorkspaceID]
		l.messages, l.threads, l.contacts = append(l.messages, row.ID), append(l.threads, row.ConversationID), append(l.contacts, row.ContactID)
	}
	for _, l := range g.loads {
		l.messages, l.threads, l.contacts = distinct(l.messages), distinct(l.threads), distinct(l.contacts)
	}
}

// missingRules returns the steps that read the rules of needs that score by some
// which are not held: none, but for what this process sees for the first time, and
// for a transaction that runs anew, as it may do so because what is held is old. It
// comes behind the locks: while one waits for these, rules may be written. What the
// last trip asks of a team depends on them.
func (g *gathering) missingRules(ctx context.Context) (steps []step) {
	for _, l := range g.loads {
		if !l.need.Leads {
			continue
		}
		if !g.anew {
			if l.state.Rules = g.store.rules.get(l.ws, 0); l.state.Rules != nil {
				continue
			}
		}
		var found []rulesRow
		read := g.newestRules(ctx, l.ws, &found)
		scan := read.scan
		read.scan = func(rows *sql.Rows) (err error) {
			if err = scan(rows); err == nil {
				l.state.Rules, err = g.store.learn(l.ws, found)
			}
			return err
		}
		steps = append(steps, read)
	}
	return steps
}

// distinct returns ids in order, each once.
func distinct(list []uid) []uid {
	slices.SortFunc(list, func(a, b uid) int { return bytes.Compare(a[:], b[:]) })
	return slices.Compact(list)
}

// provided is the lookup of what needs name by providers' ids.
func (g *gathering) provided(of func(*inbox.Need) []inbox.Provided) *lookup {
	return g.by(byProvided, func(l *loading, add func(...any)) {
		for _, p := range of(&l.need) {
			add((*uid)(&p.ChannelID), (*text)(&p.ProviderID))
		}
	})
}

// reported is what there may be reports on, everything what there may be messages of.
func reported(need *inbox.Need) []inbox.Provided   { return need.Provided }
func everything(need *inbox.Need) []inbox.Provided { return slices.Concat(need.Provided, need.Inbound) }

// each adds ids to a lookup by one column.
func each[T ~[16]byte](ids []T, add func(values ...any)) {
	for _, id := range ids {
		one := uid(id)
		add(&one)
	}
}

// inBook takes whose an identity is from the address book, if that has it. A
// transaction that runs anew may do so because it was misled.
func (l *loading) inBook(t *tx, id crm.Identity) bool {
	if t.anew {
		return false
	}
	e := entryOf(l.ws, id)
	contact, held := t.store.book.get(e)
	if held {
		l.contacts = append(l.contacts, contact)
		l.written[e.id] = contact
	}
	return held
}

// misled reports whether the address book named the wrong contact for some identity,
// and takes out what was wrong.
func (g *gathering) misled() (misled bool) {
	for _, l := range g.loads {
		has := make(map[crm.ContactID][]crm.Identity, len(l.state.Contacts))
		for _, c := range l.state.Contacts {
			has[c.ID] = c.Identities
		}
		for id, contact := range l.written {
			if !slices.Contains(has[crm.ContactID(contact)], id) {
				g.store.book.drop(entry{l.ws, id})
				misled = true
			}
		}
	}
	return misled
}

// sawNobody remembers the identities that were asked for and are nobody's.
func (t *tx) sawNobody(l *loading) {
	if !l.stranger {
		return
	}
	for _, id := range l.need.Identities {
		t.seen.nobodys[entryOf(l.ws, id)] = true
	}
	for _, c := range l.state.Contacts {
		for _, id := range c.Identities {
			delete(t.seen.nobodys, entryOf(l.ws, id))
		}
	}
}

// contact is a contact that was locked.
func (t *tx) contact(r *contactRow) (*crm.Contact, error) {
	c, err := r.contact()
	if err == nil {
		t.remember([]*crm.Contact{c})
	}
	return c, err
}

// foundRows are the rows a LoadAll finds.
type foundRows struct {
	known      []identityRow // these three by the looks
	owners     []ownerRow
	named      []namedRow
	contacts   []contactRow
	threads    []conversationRow
	leads      []leadRow
	messages   []messageRow
	statuses   []statusRow
	amendments []amendmentRow
	channels   []channelRow
	members    []memberRow
	templates  []templateRow
	deliveries []deliveryRow
	answers    []answerRow
	teams      teamRows
}

// loadFound loads and locks the contacts and conversations that were found, and loads
// what stands beside them. Looks that were not made yet come last: what another
// transaction wrote while this one waited for the locks is found too.
func (g *gathering) loadFound(ctx context.Context, looks []step, rows *foundRows) error {
	if err := g.recollect(ctx, rows); err != nil {
		return err
	}
	contacts := g.by(byID, func(l *loading, add func(...any)) { each(l.asked, add) })
	err := g.run(ctx, slices.Concat(
		find(ctx, g.link, contacts, g.store.dialect.Lock(), &rows.contacts),
		g.threadSteps(ctx, rows),
		g.missingRules(ctx),
		g.besideSteps(ctx, rows),
		looks,
	)...)
	if err != nil {
		return err
	}
	err = spread(g, rows.contacts, func(r *contactRow) uid { return r.WorkspaceID }, g.contact, func(s *inbox.State) *[]*crm.Contact { return &s.Contacts })
	g.handHeld()
	if err == nil && g.misled() {
		return g.overlooked()
	}
	if err != nil {
		return err
	}
	rows.sortThreads()
	g.learn(rows)
	for _, l := range g.loads {
		if l.need.Threads || l.need.AllChannels {
			g.sawAll(l.contacts)
		}
		g.sawNobody(l)
	}
	err = spread(g, rows.threads, func(r *conversationRow) uid { return r.WorkspaceID }, g.conversation,
		func(s *inbox.State) *[]*crm.Conversation { return &s.Conversations })
	if err == nil && g.early && !g.had(rows) {
		return g.overlooked()
	}
	return err
}

// had takes what the looks found in the end, and reports whether the contacts and
// conversations that are loaded are all that belong to it.
func (g *gathering) had(rows *foundRows) bool {
	contacts := make([]int, len(g.loads))
	for i, l := range g.loads {
		contacts[i] = len(l.contacts)
	}
	g.metStrangers(rows)
	g.take(rows)
	for i, l := range g.loads {
		there := ids(threadsOf(&l.state))
		if len(l.contacts) > contacts[i] || slices.ContainsFunc(l.threads, func(id uid) bool { return !slices.Contains(there, id) }) {
			return false
		}
	}
	return true
}

// loadLast loads what only the looks that came late, the conversations and the rules
// tell to load.
func (g *gathering) loadLast(ctx context.Context, rows *foundRows) error {
	lock := g.store.dialect.Lock()
	named := g.by(byID, func(l *loading, add func(...any)) {
		if g.early {
			each(l.messages, add)
		}
	})
	pending := g.by(byConversation, func(l *loading, add func(...any)) {
		if l.need.Pending {
			each(threadsOf(&l.state), add)
		}
	})
	return g.run(ctx, slices.Concat(
		find(ctx, g.link, named, lock, &rows.messages),
		find(ctx, g.link, pending, " and provider_id is null and direction = 'outbound'"+lock, &rows.messages),
		g.teamSteps(ctx, &rows.teams),
	)...)
}

// hand hands each need what was loaded for it beside contacts and conversations, and
// notes what this transaction has seen.
func (g *gathering) hand(ctx context.Context, rows *foundRows) error {
	rows.sort()
	g.dropOrphans(rows)
	for i := range rows.messages {
		g.sawMessage(&rows.messages[i])
	}
	for _, r := range rows.statuses {
		g.seen.words[heard{underOf(crm.WorkspaceID(r.WorkspaceID), crm.ChannelID(r.ChannelID), string(r.ProviderID)), string(r.Status)}] = true
	}
	for _, a := range rows.amendments {
		g.seen.words[heard{underOf(crm.WorkspaceID(a.WorkspaceID), crm.ChannelID(a.ChannelID), string(a.ProviderID)), string(a.SourceID)}] = true
	}
	for i := range rows.deliveries {
		g.journal[journalKeyOf(&rows.deliveries[i])] = true
	}
	return errors.Join(
		spread(g, rows.leads, func(r *leadRow) uid { return r.WorkspaceID }, (*leadRow).lead, func(s *inbox.State) *[]*crm.Lead { return &s.Leads }),
		spread(g, rows.messages, func(r *messageRow) uid { return r.WorkspaceID }, (*messageRow).message, func(s *inbox.State) *[]*crm.Message { return &s.Messages }),
		spread(g, rows.statuses, func(r *statusRow) uid { return r.WorkspaceID }, (*statusRow).report, func(s *inbox.State) *[]crm.StatusReport { return &s.Statuses }),
		spread(g, rows.amendments, func(r *amendmentRow) uid { return r.WorkspaceID }, (*amendmentRow).amendment, func(s *inbox.State) *[]crm.Amendment { return &s.Amendments }),
		spread(g, rows.channels, func(r *channelRow) uid { return r.WorkspaceID }, g.store.opener(ctx), func(s *inbox.State) *[]*crm.Channel { return &s.Channels }),
		spread(g, rows.members, func(r *memberRow) uid { return r.WorkspaceID }, (*memberRow).member, func(s *inbox.State) *[]*crm.Member { return &s.Members }),
		spread(g, rows.templates, func(r *templateRow) uid { return r.WorkspaceID }, (*templateRow).template, func(s *inbox.State) *[]*crm.Template { return &s.Templates }),
		spread(g, rows.deliveries, func(r *deliveryRow) uid { return r.WorkspaceID }, (*deliveryRow).delivery, func(s *inbox.State) *[]*crm.Delivery { return &s.Deliveries }),
		spread(g, rows.answers, func(r *answerRow) uid { return r.WorkspaceID }, (*answerRow).answer, func(s *inbox.State) *[]*crm.Answer { return &s.Answers }),
		g.teams(&rows.teams),
	)
}

// dropOrphans takes out messages whose conversation is gone: their contact is
// being erased.
func (g *gathering) dropOrphans(rows *foundRows) {
	there := make(map[key]bool)
	for _, l := range g.loads {
		for _, cv := range l.state.Conversations {
			there[key{l.ws, uid(cv.ID)}] = true
		}
	}
	rows.messages = slices.DeleteFunc(rows.messages, func(r messageRow) bool { return !there[key{r.WorkspaceID, r.ConversationID}] })
}

// threadSteps load and lock the conversations that were found and those of the contacts
// found: all of them, or those on a channel named.
func (g *gathering) threadSteps(ctx context.Context, rows *foundRows) []step {
	lock := g.store.dialect.Lock()
	found := g.by(byID, func(l *loading, add func(...any)) { each(l.threads, add) })
	theirs := g.by(byContact, func(l *loading, add func(...any)) {
		if l.need.Threads || l.need.AllChannels {
			each(l.asked, add)
		}
	})
	there := g.by(byPlace, func(l *loading, add func(...any)) {
		if l.need.Threads || l.need.AllChannels {
			return
		}
		for _, channel := range l.need.Channels {
			for _, contact := range l.contacts {
				add((*uid)(&channel), &contact)
			}
		}
	})
	return slices.Concat(
		find(ctx, g.link, found, lock, &rows.threads),
		find(ctx, g.link, theirs, lock, &rows.threads),
		find(ctx, g.link, there, lock, &rows.threads),
	)
}

// besideSteps load what stands beside contacts and conversations.
func (g *gathering) besideSteps(ctx context.Context, rows *foundRows) []step {
	named := g.by(byID, func(l *loading, add func(...any)) { each(l.messages, add) })
	leads := g.by(byContact, func(l *loading, add func(...any)) {
		if l.need.Leads {
			each(l.asked, add)
		}
	})
	channels := g.by(byID, func(l *loading, add func(...any)) { each(l.need.Channels, add) })
	allChannels := g.by(byWorkspace, func(l *loading, add func(...any)) {
		if l.need.AllChannels {
			add()
		}
	})
	members := g.by(byID, func(l *loading, add func(...any)) { each(l.need.Members, add) })
	templates, templatesOn := g.templates()
	deliveries := g.by(byJournalKey, func(l *loading, add func(...any)) {
		for _, key := range l.need.Deliveries {
			bytes := key[:]
			add(&bytes)
		}
	})
	answers := g.by(byAnswerKey, func(l *loading, add func(...any)) {
		for i := range l.need.Answers {
			add((*text)(&l.need.Answers[i]))
		}
	})
	return slices.Concat(
		find(ctx, g.link, leads, "", &rows.leads),
		find(ctx, g.link, named, g.store.dialect.Lock(), &rows.messages),
		find(ctx, g.link, g.provided(reported), "", &rows.statuses),
		find(ctx, g.link, g.provided(everything), "", &rows.amendments),
		find(ctx, g.link, channels, "", &rows.channels),
		find(ctx, g.link, allChannels, "", &rows.channels),
		find(ctx, g.link, members, "", &rows.members),
		find(ctx, g.link, templates, "", &rows.templates),
		find(ctx, g.link, templatesOn, "", &rows.templates),
		find(ctx, g.link, deliveries, "", &rows.deliveries),
		find(ctx, g.link, answers, "", &rows.answers),
	)
}

// templates are the lookups of templates on any channel and on those named.
func (g *gathering) templates() (anywhere, on *lookup) {
	anywhere = g.by(byName, func(l *loading, add func(...any)) {
		for _, name := range l.need.TemplateNames {
			if len(l.need.Channels) == 0 {
				add((*text)(&name))
			}
		}
	})
	on = g.by(byNameOn, func(l *loading, add func(...any)) {
		for _, name := range l.need.TemplateNames {
			for _, channel := range l.need.Channels {
				add((*uid)(&channel), (*text)(&name))
			}
		}
	})
	return anywhere, on
}

// sortThreads brings conversations into the order of their ids, each once.
func (r *foundRows) sortThreads() {
	slices.SortFunc(r.threads, func(a, b conversationRow) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	r.threads = slices.CompactFunc(r.threads, func(a, b conversationRow) bool { return a.ID == b.ID })
}

// sort brings rows into the order in which decisions are made on them, and a
// message that was found twice into one.
func (r *foundRows) sort() {
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

func threadsOf(state *inbox.State) []crm.ConversationID {
	threads := make([]crm.ConversationID, len(state.Conversations))
	for i, c := range state.Conversations {
		threads[i] = c.ID
	}
	return threads
}
