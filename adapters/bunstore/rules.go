package bunstore

import (
	"context"
	"sync"
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
)

type rulesRow struct {
	bun.BaseModel `bun:"table:lead_rules,alias:lead_rules"`

	WorkspaceID uid   `bun:"workspace_id,pk"`
	Version     int64 `bun:"version,pk"`
	Document    text  `bun:"document"`
	AuthorKind  text  `bun:"author_kind"`
	AuthorID    text  `bun:"author_id"`
	CreatedAt   stamp `bun:"created_at"`
}

func rulesOf(r *crm.LeadRules) (rulesRow, error) {
	return rulesRow{
		WorkspaceID: uid(r.WorkspaceID), Version: int64(r.Version), Document: text(r.Document),
		AuthorKind: text(r.Author.Kind), AuthorID: text(r.Author.ID), CreatedAt: stamp(r.CreatedAt),
	}, nil
}

func (r *rulesRow) rules() (*crm.LeadRules, error) {
	return &crm.LeadRules{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), Version: int(r.Version), Document: []byte(r.Document),
		Author: crm.Actor{Kind: crm.ActorKind(r.AuthorKind), ID: string(r.AuthorID)}, CreatedAt: time.Time(r.CreatedAt),
	}, nil
}

// rulebook holds rules that were read, ready for use: they are needed with each
// message, and to read and compile a document costs more than to take one in.
//
// What it holds may be out of date, as another process may have written rules
// since. A transaction that scores learns that from its workspace's counter when
// it writes (see tx.outdated), a reader is told the version that it must have.
type rulebook struct {
	mu    sync.Mutex
	rules map[uid]*lead.Rules
	own   int // of these, those that a workspace wrote: the default is there once for all
}

// The bounds of a rulebook. Rules that somebody wrote weigh some 100 KB.
const (
	maxRules    = 50_000
	maxOwnRules = 500
)

// get returns a workspace's rules, nil if they are not held or older than least.
func (b *rulebook) get(ws uid, least int) *lead.Rules {
	b.mu.Lock()
	defer b.mu.Unlock()
	if held := b.rules[ws]; held != nil && held.Version() >= least {
		return held
	}
	return nil
}

// put holds a workspace's rules, unless newer ones are held, and returns those.
func (b *rulebook) put(ws uid, rules *lead.Rules) *lead.Rules {
	b.mu.Lock()
	defer b.mu.Unlock()
	if held := b.rules[ws]; held != nil {
		if held.Version() >= rules.Version() {
			return held
		}
		b.remove(ws)
	}
	own := isOwn(rules)
	for some, held := range b.rules { // whichever comes first
		full, fullOfOwn := len(b.rules) >= maxRules, own && b.own >= maxOwnRules
		if !full && !fullOfOwn {
			break
		}
		if full || isOwn(held) {
			b.remove(some)
		}
	}
	if b.rules == nil {
		b.rules = make(map[uid]*lead.Rules)
	}
	b.rules[ws] = rules
	if own {
		b.own++
	}
	return rules
}

// drop forgets a workspace's rules: the next who needs them reads them.
func (b *rulebook) drop(ws uid) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.rules[ws] != nil {
		b.remove(ws)
	}
}

func isOwn(r *lead.Rules) bool { return r.Version() > crm.DefaultRules }

func (b *rulebook) remove(ws uid) {
	if isOwn(b.rules[ws]) {
		b.own--
	}
	delete(b.rules, ws)
}

// newestRules is a step that reads the rules that are in force, none for the default.
func (l link) newestRules(ctx context.Context, ws uid, found *[]rulesRow) step {
	q := from[rulesRow](l.store).and(" where workspace_id = ? order by version desc limit 1", ws)
	return load(ctx, l, q.bound(), found)
}

// learn holds the rules in force that newestRules found.
func (s *Store) learn(ws uid, found []rulesRow) (*lead.Rules, error) {
	if len(found) == 0 {
		return s.rules.put(ws, lead.Stored(nil)), nil
	}
	stored, err := found[0].rules()
	if err != nil {
		return nil, err
	}
	return s.rules.put(ws, lead.Stored(stored)), nil
}

// rulesSince returns rules of a workspace that are not older than a version.
func (l link) rulesSince(ctx context.Context, ws crm.WorkspaceID, version int) (*lead.Rules, error) {
	if held := l.store.rules.get(uid(ws), version); held != nil {
		return held, nil
	}
	var found []rulesRow
	if err := l.run(ctx, l.newestRules(ctx, uid(ws), &found)); err != nil {
		return nil, err
	}
	return l.store.learn(uid(ws), found)
}

// LeadRules implements people.Store.
func (s peopleStore) LeadRules(ctx context.Context, ws crm.WorkspaceID) (*crm.LeadRules, error) {
	l := s.reader("read the lead rules", of(ws))
	var found []rulesRow
	if err := l.run(ctx, l.newestRules(ctx, uid(ws), &found)); err != nil || len(found) == 0 {
		return nil, err
	}
	return found[0].rules()
}

// outdated reports whether something is among the changes that was scored or
// decided by other rules than those in force, and sees to it that the next try
// reads these.
func (t *tx) outdated(changes *crm.Changes, counted map[uid]counterRow) bool {
	late := false
	check := func(ws crm.WorkspaceID, version int) {
		if int64(version) != counted[uid(ws)].Rules {
			t.store.rules.drop(uid(ws))
			late = true
		}
	}
	for _, l := range changes.Leads {
		check(l.WorkspaceID, l.Rules)
	}
	for _, r := range changes.Turns {
		check(r.WorkspaceID, r.Rules)
	}
	for _, r := range changes.Queues {
		check(r.WorkspaceID, r.Rules)
	}
	return late
}
