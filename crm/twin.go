package crm

import "time"

// Twin says that two contacts turned out to be one person: something came that names
// both. They stay two until somebody merges them, and it is known no longer when one
// of them has gone.
type Twin struct {
	WorkspaceID WorkspaceID
	ContactID   ContactID // the smaller of the two ids
	OtherID     ContactID
	At          time.Time // when it turned out first
}

// NewTwin returns what is said of two contacts, in whichever order.
func NewTwin(ws WorkspaceID, a, b ContactID, at time.Time) Twin {
	if b.Compare(a) < 0 {
		a, b = b, a
	}
	return Twin{WorkspaceID: ws, ContactID: a, OtherID: b, At: at}
}
