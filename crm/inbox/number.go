package inbox

import (
	"sync"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/phone"
	"github.com/my21staff/my21staff/crm/webhook"
)

// numbers remembers, by WhatsApp's digits, what numbers are looked up and stored
// under. To find that out is the dearest step in taking a message in, and who
// writes writes again. It may be used from several goroutines; a nil one
// remembers nothing.
type numbers struct {
	mu         sync.Mutex
	young, old map[string]number // what was not asked for while young filled up is forgotten
}

type number struct {
	lookup []crm.Identity // every spelling it may be stored under
	e164   string         // as a phone number; empty if it is none
}

// rememberedNumbers is how many numbers are young before they become old: a few
// megabytes.
const rememberedNumbers = 8192

func (n *numbers) of(waID string) number {
	if known, ok := n.recall(waID); ok {
		return known
	}
	fresh := number{lookup: phone.Lookup("+"+waID, ""), e164: phone.FromWaID(waID)}
	n.remember(waID, fresh)
	return fresh
}

func (n *numbers) recall(waID string) (number, bool) {
	if n == nil {
		return number{}, false
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	known, ok := n.young[waID]
	if !ok {
		if known, ok = n.old[waID]; ok {
			n.keep(waID, known)
		}
	}
	return known, ok
}

func (n *numbers) remember(waID string, fresh number) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.keep(waID, fresh)
}

func (n *numbers) keep(waID string, known number) {
	if n.young == nil || len(n.young) >= rememberedNumbers {
		n.young, n.old = make(map[string]number), n.young
	}
	n.young[waID] = known
}

// identities returns what a peer may be known by, surest first: a
// business-scoped user id, then the number in every spelling it may be stored
// under.
func (n *numbers) identities(p webhook.Peer) []crm.Identity {
	var ids []crm.Identity
	if p.UserID != "" {
		ids = append(ids, crm.Identity{Kind: crm.ByUserID, Value: p.UserID})
	}
	if p.WaID != "" {
		ids = append(ids, crm.Identity{Kind: crm.ByWaID, Value: p.WaID})
		ids = append(ids, n.of(p.WaID).lookup...)
	}
	return ids
}

// own returns the identities a peer's contact is given: the number as it is, not
// its other spellings.
func (n *numbers) own(p webhook.Peer) []crm.Identity {
	var ids []crm.Identity
	if p.UserID != "" {
		ids = append(ids, crm.Identity{Kind: crm.ByUserID, Value: p.UserID})
	}
	if p.WaID != "" {
		ids = append(ids, crm.Identity{Kind: crm.ByWaID, Value: p.WaID})
		if e164 := n.of(p.WaID).e164; e164 != "" {
			ids = append(ids, crm.Identity{Kind: crm.ByPhone, Value: e164})
		}
	}
	return ids
}

// before returns what a peer was known by before a change, and what it is known
// by in the fact that tells of it.
func (n *numbers) before(f *webhook.Fact) []crm.Identity {
	old := webhook.Peer{WaID: f.Identity.OldWaID, UserID: f.Identity.OldUserID}
	return append(n.identities(old), n.identities(f.Peer)...)
}

// after returns what a peer is known by after a change.
func (n *numbers) after(part *webhook.IdentityPart) []crm.Identity {
	return n.own(webhook.Peer{WaID: part.NewWaID, UserID: part.NewUserID})
}

// all returns every identity a fact names.
func (n *numbers) all(f *webhook.Fact) []crm.Identity {
	if f.Identity == nil {
		return n.identities(f.Peer)
	}
	return append(n.before(f), n.after(f.Identity)...)
}
