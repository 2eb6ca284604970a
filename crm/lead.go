package crm

import "time"

// Lead is how likely a contact is to buy, as the store keeps it: the evidence,
// and what it came to when the contact was last scored. The score of another
// time is worked out from the evidence (package lead); it decays while nothing
// happens.
type Lead struct {
	WorkspaceID WorkspaceID
	ContactID   ContactID
	Profile     []byte // the evidence, as package lead encodes it; at most 4 KiB
	Rules       int    // the version of the rules it was scored by
	Total       int    // 0 to 100, as of ScoredAt
	Temperature Temperature
	ScoredAt    time.Time
	DueAt       time.Time // when it is scored again although nothing happened; zero: it will not change by itself
}
