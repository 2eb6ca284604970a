package directory

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

// Service is the installation's directory; it also is an inbox.Channels. Its
// methods may be called from several goroutines.
type Service struct {
	store Store
	mint  *crm.Mint

	drawing sync.Mutex // guards random
	random  io.Reader

	hasher Hasher // nil: nobody has a password

	owners sync.Mutex // members are changed one after another, so that one owner stays

	using sync.Mutex // guards used
	used  map[crm.APIKeyID]time.Time

	knownKeys       memory[[32]byte, access.Principal]
	knownSessions   memory[[32]byte, access.Principal]
	knownWorkspaces memory[crm.WorkspaceID, crm.Workspace]

	channels atomic.Pointer[numbers] // nil until first asked
	loading  chan struct{}           // held by whoever reads the channels afresh
}

// New returns a directory on a store. The secrets of keys, links and sessions
// are drawn from random: crypto/rand.Reader in a program.
func New(store Store, mint *crm.Mint, random io.Reader, options ...Option) *Service {
	s := &Service{
		store: store, mint: mint, random: random,
		used: make(map[crm.APIKeyID]time.Time), loading: make(chan struct{}, 1),
	}
	for _, option := range options {
		option(s)
	}
	return s
}

// token draws 256 random bits as 43 characters of base64url.
func (s *Service) token() (string, error) {
	s.drawing.Lock()
	defer s.drawing.Unlock()
	var drawn [32]byte
	if _, err := io.ReadFull(s.random, drawn[:]); err != nil {
		return "", &crm.Error{Op: "draw a secret", Code: crm.Internal, Err: err}
	}
	return base64.RawURLEncoding.EncodeToString(drawn[:]), nil
}

func hashOf(secret string) [32]byte { return sha256.Sum256([]byte(secret)) }

// checkGrant returns Forbidden unless p may do all that to may: nobody hands out
// more than it has.
func checkGrant(p, to access.Principal) error {
	for _, action := range access.Actions() {
		if !to.Can(action) {
			continue
		}
		if err := p.Check(action); err != nil {
			return err
		}
	}
	return nil
}

// active returns a member that may work, or denied.
func (s *Service) active(ctx context.Context, ws crm.WorkspaceID, id crm.MemberID, denied error) (*crm.Member, error) {
	m, err := s.store.Member(ctx, ws, id)
	if crm.CodeOf(err) == crm.NotFound || err == nil && !m.DisabledAt.IsZero() {
		return nil, denied
	}
	return m, err
}

func invalid(field, sentence string) error {
	return &crm.Error{Op: "check " + field, Code: crm.Invalid, Reason: "bad_" + field, Msg: sentence}
}

func missing(what string) error {
	return &crm.Error{Op: "find " + what, Code: crm.NotFound, Msg: "There is no such " + what + "."}
}

func unauthenticated(sentence string) error {
	return &crm.Error{Op: "identify", Code: crm.Unauthenticated, Msg: sentence}
}
