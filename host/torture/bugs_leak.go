//go:build torture

package torture

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/feed"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/host/sse"
)

// leaks are mistakes that show a workspace what is another's. Those that are a
// statement without its condition show on SQLite only: on PostgreSQL row-level
// security answers as if the condition were there.
var leaks = []*Bug{
	{
		Name: "leak-list", Verdict: leak, On: onSQLite,
		About: "The list of conversations is selected without the condition on the workspace. On PostgreSQL row-level security catches it.",
		sql: func(sql string) string {
			return anywhere(sql, "from conversations where workspace_id = $1", "order by last_message_at desc, id desc")
		},
	},
	{
		Name: "leak-thread", Verdict: leak, On: onSQLite,
		About: "The messages of a conversation are selected by its id alone. Needs somebody who asks for foreign ids. On PostgreSQL row-level security catches it.",
		sql: func(sql string) string {
			wide := anywhere(sql, "from messages where workspace_id = $1", "and conversation_id = $2")
			return strings.Replace(wide, "exists (select 1 from conversations where workspace_id = $3", "exists (select 1 from conversations where (workspace_id = $3 or true)", 1)
		},
	},
	{
		Name: "leak-search", Verdict: leak,
		About: "A search of the conversations finds those of every workspace that searched or listed before.",
		inbox: func(_ *Harness, s inbox.Store) inbox.Store { return &searchStore{Store: s} },
	},
	{
		Name: "leak-feed", Verdict: leak,
		About: "Facts are kept for the streams by their number, whichever workspace they are of.",
		stream: func(_ *Harness, f sse.Feed) sse.Feed {
			return &sharedFeed{Feed: f, kept: make(map[int64]crm.Fact)}
		},
	},
}

// anywhere takes the condition on the workspace out of a statement that has all
// of the parts, the first of which has it. The argument stays in its place.
func anywhere(sql string, parts ...string) string {
	for _, part := range parts {
		if !strings.Contains(sql, part) {
			return sql
		}
	}
	wide := strings.Replace(parts[0], "workspace_id = $1", "(workspace_id = $1 or true)", 1)
	return strings.Replace(sql, parts[0], wide, 1)
}

// searchStore searches everywhere.
type searchStore struct {
	inbox.Store

	mu  sync.Mutex
	all []crm.WorkspaceID // that asked
}

// Conversations implements inbox.Threads.
func (s *searchStore) Conversations(ctx context.Context, ws crm.WorkspaceID, q inbox.ConversationQuery) ([]*crm.Conversation, error) {
	found, err := s.Store.Conversations(ctx, ws, q)
	others := s.others(ws)
	if err != nil || q.Search == "" {
		return found, err
	}
	for _, other := range others {
		theirs, err := s.Store.Conversations(ctx, other, q)
		if err != nil {
			return nil, err
		}
		found = append(found, theirs...)
	}
	slices.SortFunc(found, func(a, b *crm.Conversation) int {
		return cmp.Or(b.LastMessage.At.Compare(a.LastMessage.At), b.ID.Compare(a.ID))
	})
	return found[:min(len(found), q.Limit)], nil
}

// others notes a workspace and returns the others that were noted.
func (s *searchStore) others(ws crm.WorkspaceID) []crm.WorkspaceID {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.all, ws) {
		s.all = append(s.all, ws)
	}
	return slices.DeleteFunc(slices.Clone(s.all), func(id crm.WorkspaceID) bool { return id == ws })
}

// sharedFeed keeps facts by number.
type sharedFeed struct {
	sse.Feed

	mu   sync.Mutex
	kept map[int64]crm.Fact
}

// After implements sse.Feed.
func (s *sharedFeed) After(ctx context.Context, p access.Principal, after int64, limit int) (feed.Page, error) {
	page, err := s.Feed.After(ctx, p, after, limit)
	if err != nil {
		return page, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	page.Facts = slices.Clone(page.Facts)
	for i, fact := range page.Facts {
		if kept, there := s.kept[fact.Seq]; there {
			page.Facts[i] = kept
		} else {
			s.kept[fact.Seq] = fact
		}
	}
	return page, nil
}
