package auth

import (
	"hash/maphash"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/problem"
)

// An address may be wrong maxFailures times within failureWindow, and an account may
// have as many wrong passwords, wherever they come from. At most maxAddresses are
// remembered.
const (
	maxFailures   = 20
	failureWindow = time.Minute
	maxAddresses  = 10_000
)

// failures counts wrong credentials by who sent them. The same wrong credential again
// is a program with an old key, not somebody guessing, and counts once.
type failures struct {
	now  func() time.Time
	seed maphash.Seed

	mu sync.Mutex
	by map[string]*failure // see source and account
}

type failure struct {
	since time.Time
	count int
	last  uint64 // of what was sent, hashed
}

func newFailures(now func() time.Time) *failures {
	return &failures{now: now, seed: maphash.MakeSeed(), by: map[string]*failure{}}
}

// wait returns how long whoever it is has to wait before the next try.
func (f *failures) wait(who string) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := f.by[who]
	if seen == nil || seen.count < maxFailures {
		return 0
	}
	return failureWindow - f.now().Sub(seen.since)
}

// note counts a wrong credential.
func (f *failures) note(who, sent string) {
	hash, now := maphash.String(f.seed, sent), f.now()
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := f.by[who]
	if seen == nil || now.Sub(seen.since) >= failureWindow {
		f.makeRoom(now)
		seen = &failure{since: now}
		f.by[who] = seen
	}
	if seen.count == 0 || seen.last != hash {
		seen.count++
		seen.last = hash
	}
}

// makeRoom drops what is over, and if that is not enough, a tenth of the rest:
// not one by one, so that a flood of addresses does not pay for each with a walk
// through all.
func (f *failures) makeRoom(now time.Time) {
	if len(f.by) < maxAddresses {
		return
	}
	for who, seen := range f.by {
		if now.Sub(seen.since) >= failureWindow {
			delete(f.by, who)
		}
	}
	for who := range f.by {
		if len(f.by) < maxAddresses*9/10 {
			return
		}
		delete(f.by, who)
	}
}

// source is what one client can choose its address from: a single IPv4 address,
// an IPv6 /64.
func source(client netip.Addr) string {
	bits := client.BitLen()
	if client.Is6() {
		bits = 64
	}
	prefix, _ := client.Prefix(bits)
	return prefix.String()
}

// account is an e-mail address that somebody signs in with. It is kept by its hash:
// what is typed there may be a password.
func (f *failures) account(email string) string {
	return "account " + strconv.FormatUint(maphash.String(f.seed, strings.ToLower(strings.TrimSpace(email))), 36)
}

func limited(wait time.Duration) error {
	return &problem.Error{RetryAfter: wait, Err: &crm.Error{Op: "check credential", Code: crm.Limited, Reason: "too_many_failures",
		Msg: "Too many wrong attempts. Wait a minute."}}
}
