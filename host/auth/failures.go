package auth

import (
	"hash/maphash"
	"net/netip"
	"sync"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/problem"
)

// An address may be wrong maxFailures times within failureWindow. At most
// maxAddresses are remembered.
const (
	maxFailures   = 20
	failureWindow = time.Minute
	maxAddresses  = 10_000
)

// failures counts wrong credentials by address. The same wrong credential again
// is a program with an old key, not somebody guessing, and counts once.
type failures struct {
	now  func() time.Time
	seed maphash.Seed

	mu sync.Mutex
	by map[netip.Prefix]*failure
}

type failure struct {
	since time.Time
	count int
	last  uint64 // of what was sent, hashed
}

func newFailures(now func() time.Time) *failures {
	return &failures{now: now, seed: maphash.MakeSeed(), by: map[netip.Prefix]*failure{}}
}

// wait returns how long the address is to wait before it may try again.
func (f *failures) wait(client netip.Addr) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := f.by[block(client)]
	if seen == nil || seen.count < maxFailures {
		return 0
	}
	return failureWindow - f.now().Sub(seen.since)
}

// note counts a wrong credential.
func (f *failures) note(client netip.Addr, sent string) {
	hash, now, addr := maphash.String(f.seed, sent), f.now(), block(client)
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := f.by[addr]
	if seen == nil || now.Sub(seen.since) >= failureWindow {
		f.makeRoom(now)
		seen = &failure{since: now}
		f.by[addr] = seen
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
	for addr, seen := range f.by {
		if now.Sub(seen.since) >= failureWindow {
			delete(f.by, addr)
		}
	}
	for addr := range f.by {
		if len(f.by) < maxAddresses*9/10 {
			return
		}
		delete(f.by, addr)
	}
}

// block is what one client can choose its address from: a single IPv4 address,
// an IPv6 /64.
func block(client netip.Addr) netip.Prefix {
	bits := client.BitLen()
	if client.Is6() {
		bits = 64
	}
	prefix, _ := client.Prefix(bits)
	return prefix
}

func limited(wait time.Duration) error {
	return &problem.Error{RetryAfter: wait, Err: &crm.Error{Op: "check credential", Code: crm.Limited, Reason: "too_many_failures",
		Msg: "Too many wrong keys came from your address. Wait a minute."}}
}
