package bunstore

import (
	"hash/maphash"
	"sync"
	"sync/atomic"

	"github.com/my21staff/my21staff/crm"
)

// addressBook holds whose identities are, as they were when they were last looked up.
// Each message names two, and of somebody who wrote before the answer is the same.
//
// What it holds may be out of date: a contact may have been merged, erased or given
// another number since, by this process or another. So it only says which contact to
// load. That one, which is locked then, must have the identity, or the transaction is
// run anew without the book (see gathering.misled). Nor does it hold anybody's number,
// which would be there after an erasure: an identity is a hash with a seed of its own,
// and two that share one are found out the same way.
//
// Whoever it has not is most often new, once it has filled: nobody knows of him, and to
// look before anything else is loaded is a trip for nothing. So it says besides whether
// such looks found somebody lately, as they do after a start.
type addressBook struct {
	seed   maphash.Seed
	mu     sync.Mutex
	held   map[uint64]uid
	doubts atomic.Int32 // looks for strangers that have yet to find nobody before strangers are new
}

// maxHeld bounds an address book, at some 8 MB.
const maxHeld = 200_000

// enoughLooks is how many looks for strangers that find nobody say that strangers are new.
const enoughLooks = 8

func newAddressBook() *addressBook {
	b := &addressBook{seed: maphash.MakeSeed(), held: make(map[uint64]uid)}
	b.doubts.Store(enoughLooks)
	return b
}

// complete reports whether who is not in the book is most likely new.
func (b *addressBook) complete() bool { return b.doubts.Load() == 0 }

// looked is told of a look for who is not in the book. That two at once may count as one
// does no harm.
func (b *addressBook) looked(found bool) {
	if found {
		b.doubts.Store(enoughLooks)
	} else if left := b.doubts.Load(); left > 0 {
		b.doubts.Store(left - 1)
	}
}

// entry is an identity in a workspace.
type entry struct {
	ws uid
	id crm.Identity
}

// entryOf returns the entry of an identity as it is stored.
func entryOf(ws uid, id crm.Identity) entry {
	id.Value = clean(id.Value)
	return entry{ws, id}
}

// get returns whose an identity was.
func (b *addressBook) get(e entry) (contact uid, held bool) {
	at := maphash.Comparable(b.seed, e)
	b.mu.Lock()
	defer b.mu.Unlock()
	contact, held = b.held[at]
	return contact, held
}

// put holds whose an identity is.
func (b *addressBook) put(e entry, contact uid) {
	at := maphash.Comparable(b.seed, e)
	b.mu.Lock()
	defer b.mu.Unlock()
	for some := range b.held { // whichever comes first
		if len(b.held) < maxHeld {
			break
		}
		delete(b.held, some)
	}
	b.held[at] = contact
}

// drop forgets whose an identity is.
func (b *addressBook) drop(e entry) {
	at := maphash.Comparable(b.seed, e)
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.held, at)
}
