package directory

import (
	"context"
	"sync"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

// KnownFor is how long the look-ups of this file remember. Every request asks
// them, and without a memory that is a query before the one that answers it.
//
// So what another host changes counts here within KnownFor: a key that is
// revoked, a session that is ended, a member that is disabled or has another
// role. What is changed through this Service counts at once.
const KnownFor = time.Second

// maxKnown bounds each memory.
const maxKnown = 10_000

// KnownKey is Authenticate from memory, at most KnownFor old. What does not
// authenticate is not remembered.
func (s *Service) KnownKey(ctx context.Context, secret string) (access.Principal, error) {
	return s.knownKeys.recall(ctx, hashOf(secret), s.mint.Now, func(ctx context.Context) (access.Principal, time.Time, error) {
		return s.authenticate(ctx, secret)
	})
}

// KnownSession is Session from memory, at most KnownFor old. What does not
// authenticate is not remembered.
func (s *Service) KnownSession(ctx context.Context, token string) (access.Principal, error) {
	return s.knownSessions.recall(ctx, hashOf(token), s.mint.Now, func(ctx context.Context) (access.Principal, time.Time, error) {
		return s.session(ctx, token)
	})
}

// KnownWorkspace is Workspace from memory, at most KnownFor old. It is the
// caller's own to change.
func (s *Service) KnownWorkspace(ctx context.Context, id crm.WorkspaceID) (*crm.Workspace, error) {
	w, err := s.knownWorkspaces.recall(ctx, id, s.mint.Now, func(ctx context.Context) (crm.Workspace, time.Time, error) {
		w, err := s.Workspace(ctx, id)
		if err != nil {
			return crm.Workspace{}, time.Time{}, err
		}
		return *w, time.Time{}, nil
	})
	if err != nil {
		return nil, err
	}
	return &w, nil
}

// forget makes the next look-ups ask. It is called after a change, whether it
// came to an error or not: a commit whose answer was lost is a change too.
func (s *Service) forget() {
	s.knownKeys.forget()
	s.knownSessions.forget()
	s.knownWorkspaces.forget()
}

// memory remembers what a look-up answered. The zero memory is empty.
type memory[K comparable, V any] struct {
	mu      sync.RWMutex
	by      map[K]remembered[V]
	changes uint64 // how often all was forgotten
}

type remembered[V any] struct {
	value V
	at    time.Time // before it was asked for
	until time.Time // not good from then on, however young; zero: always
}

// recall returns what is remembered under a key, or asks and remembers. Ask also
// says until when its answer is good.
func (m *memory[K, V]) recall(ctx context.Context, key K, now func() time.Time, ask func(context.Context) (V, time.Time, error)) (V, error) {
	at := now()
	m.mu.RLock()
	kept, found := m.by[key]
	changes := m.changes
	m.mu.RUnlock()
	if found && kept.good(at) {
		return kept.value, nil
	}
	value, until, err := ask(ctx)
	if err == nil {
		m.keep(key, remembered[V]{value, at, until}, changes)
	}
	return value, err
}

// good reports whether what is remembered may be answered at now. A clock that
// stepped back makes it old.
func (r remembered[V]) good(now time.Time) bool {
	return !now.Before(r.at) && now.Sub(r.at) < KnownFor && (r.until.IsZero() || now.Before(r.until))
}

// keep remembers, unless something changed since it was asked: the answer may be
// from before.
func (m *memory[K, V]) keep(key K, r remembered[V], changes uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.changes != changes {
		return
	}
	if m.by == nil || len(m.by) >= maxKnown { // the whole of it is asked for again within a second anyway
		m.by = make(map[K]remembered[V])
	}
	m.by[key] = r
}

func (m *memory[K, V]) forget() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.by = nil
	m.changes++
}
