package bunstore

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

// What customers say every day stands in most conversations, and the index would name
// each message that has it to show a page: a third of a second among 200,000 messages
// on SQLite. So the next conversations of the list are looked through first, as long as
// enough of them have what is searched. What few have the index names soon enough; a
// glance at some tells, and costs a search of it a millisecond.
var nearThreads = []int{16, 64, 64, 64} // conversations that are looked through, turn by turn

const (
	nearFew      = 16  // one in so many is not enough
	nearMessages = 15  // of each conversation, the newest
	nearRest     = 985 // of one in which they do not have it, those before
)

// near returns the page of a search that is met among the list's next conversations,
// of which q are those that may be on it. It reports whether it is: nothing is known
// of the page otherwise. Digits are rarely said; a number is no matter of it.
func (s inboxStore) near(ctx context.Context, ws crm.WorkspaceID, q Query, query inbox.ConversationQuery) (page []*crm.Conversation, met bool, err error) {
	if !strings.ContainsFunc(query.Search, unicode.IsLetter) {
		return nil, false, nil
	}
	page = []*crm.Conversation{}
	after, seen := query.After, 0
	for _, threads := range nearThreads {
		next, err := inOrder(ctx, s.reader("list the next conversations", of(ws)), following(q, after).and(latest+" limit ?", threads), (*conversationRow).conversation)
		if err != nil {
			return nil, false, err
		}
		fit, sure, err := s.lookThrough(ctx, ws, next, query.Search)
		if err != nil || !sure {
			return nil, false, err
		}
		page, seen = append(page, fit...), seen+len(next)
		switch {
		case len(page) >= query.Limit:
			return page[:query.Limit], true, nil
		case len(next) < threads:
			return page, true, nil
		case nearFew*len(page) < seen:
			return nil, false, nil
		}
		last := next[len(next)-1]
		after = inbox.ConversationCursor{At: last.LastMessage.At, ID: last.ID}
	}
	return nil, false, nil
}

// following adds the condition that conversations come after a place in the list.
func following(q Query, after inbox.ConversationCursor) Query {
	if after.ID.IsZero() {
		return q
	}
	return q.and(" and (last_message_at, id) < (?, ?)", stamp(after.At), uid(after.ID))
}

// lookThrough returns those among some conversations that a search finds, in their order:
// whose contact has a part of a name or number, or one of whose messages every word.
// It is not sure where one of them has more messages than are looked through.
func (s inboxStore) lookThrough(ctx context.Context, ws crm.WorkspaceID, some []*crm.Conversation, search string) (fit []*crm.Conversation, sure bool, err error) {
	words := wordsOf(search, maxSearchWords)
	contacts := make([][16]byte, len(some))
	for i, cv := range some {
		contacts[i] = cv.ContactID
	}
	l := s.reader("look through conversations", of(ws))
	l.scope.Plan = InOrder
	var named []uid
	one := s.dialect.Among(contacts)
	steps := []step{pick(ask("select id from contacts where workspace_id = ? and id"+one.SQL, append([]any{uid(ws)}, one.Args...)...).and(called, text(nameAsked(search))).bound(), &named)}
	threads := make([]*thread, len(some))
	for i, cv := range some {
		threads[i] = &thread{Conversation: cv}
		steps = append(steps, threads[i].read(ctx, l, nearMessages))
	}
	if err := l.run(ctx, steps...); err != nil {
		return nil, false, err
	}
	steps = nil
	var open []*thread
	for _, t := range threads {
		t.fits = slices.Contains(named, uid(t.ContactID)) || t.have(words)
		switch {
		case t.fits:
			fit = append(fit, t.Conversation)
		case len(t.said) == nearMessages:
			open = append(open, t)
			steps = append(steps, t.read(ctx, l, nearRest))
		}
	}
	if len(open) == 0 || nearFew*len(fit) < len(some) {
		return fit, len(open) == 0, nil
	}
	if err := l.run(ctx, steps...); err != nil {
		return nil, false, err
	}
	for _, t := range open {
		if t.fits = t.have(words); !t.fits && len(t.said) == nearRest {
			return nil, false, nil
		}
	}
	fit = nil
	for _, t := range threads {
		if t.fits {
			fit = append(fit, t.Conversation)
		}
	}
	return fit, true, nil
}

// thread is a conversation that is looked through, from its newest message on.
type thread struct {
	*crm.Conversation
	said []saidRow // read last
	fits bool
}

// have reports whether one of the messages that were read last has every word.
func (t *thread) have(words []string) bool {
	return slices.ContainsFunc(t.said, func(r saidRow) bool { return r.has(words) })
}

// saidRow is what of a message tells what it is found by.
type saidRow struct {
	bun.BaseModel `bun:"table:messages,alias:messages"`

	Kind         text   `bun:"kind"`
	Content      text   `bun:"content"`
	ProviderTime stamp  `bun:"provider_time"`
	Ingest       int64  `bun:"ingest"`
	RevokedAt    moment `bun:"revoked_at"`
}

// read is a step that reads the next messages.
func (t *thread) read(ctx context.Context, l link, limit int) step {
	q := from[saidRow](l.store).and(" where workspace_id = ? and conversation_id = ?", uid(t.WorkspaceID), uid(t.ID))
	if n := len(t.said); n > 0 {
		q = q.and(" and (provider_time, ingest) < (?, ?)", t.said[n-1].ProviderTime, t.said[n-1].Ingest)
	}
	t.said = nil
	return load(ctx, l, q.and(" order by provider_time desc, ingest desc limit ?", limit).bound(), &t.said)
}

// has reports whether a message has every word, or one that begins with it, among
// those that it is found by. The text as it is stored has them too, which is seen
// sooner.
func (r *saidRow) has(words []string) bool {
	if len(words) == 0 || !time.Time(r.RevokedAt).IsZero() {
		return false
	}
	stored := strings.ToLower(string(r.Content))
	if slices.ContainsFunc(words, func(word string) bool { return !strings.Contains(stored, word) }) {
		return false
	}
	content, err := crm.DecodeContent(crm.ContentKind(r.Kind), []byte(r.Content))
	if err != nil {
		return false
	}
	said := wordsOf(searchable(content), maxWords)
	return !slices.ContainsFunc(words, func(word string) bool {
		return !slices.ContainsFunc(said, func(one string) bool { return strings.HasPrefix(one, word) })
	})
}
