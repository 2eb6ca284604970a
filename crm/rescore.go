package crm

import "time"

// LeadsRescored tells, once for each step, how far a rescore is: a fact for each
// contact whose temperature changes would drown what else the feed has to say.
// Its data are the rules' version, the state and the counts.
const LeadsRescored FactKind = "leads.rescored"

// RescoreID names a rescore: one that is begun anew has another.
type RescoreID = ID[Rescore]

// RescoreState is how far a rescore has come.
type RescoreState string

// The states. One that was cancelled or failed may be gone on with, as another that
// has what it did behind it.
const (
	RescoreRunning   RescoreState = "running" // a host works on it, or the next one will
	RescoreDone      RescoreState = "done"
	RescoreCancelled RescoreState = "cancelled" // what was scored before stays so
	RescoreFailed    RescoreState = "failed"    // Reason says why
)

// Rescore is the work of scoring every contact of a workspace again, from all
// that is stored of it. A workspace has one at most: who begins another begins
// it anew.
type Rescore struct {
	ID          RescoreID
	WorkspaceID WorkspaceID
	Version     int // of the rules for which it was begun
	State       RescoreState
	Reason      string // a sentence, when it failed
	Author      Actor  // who began it

	Contacts int       // that there were when it began; 0: not counted yet
	Seen     int       // of these and newer ones, are done
	Changed  int       // of these, had another total or temperature
	After    ContactID // the last that is done: it goes by their ids

	Attempt     int       // claims since it last came further
	LeasedUntil time.Time // by whoever works on it
	StartedAt   time.Time
	EndedAt     time.Time
}

// Stopped reports whether a rescore ended before it was done, so that it may be gone
// on with. None, nil, did not.
func (r *Rescore) Stopped() bool {
	return r != nil && (r.State == RescoreCancelled || r.State == RescoreFailed)
}
