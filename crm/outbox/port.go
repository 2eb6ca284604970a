package outbox

import (
	"context"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// Store is what the outbox asks of a store.
type Store interface {
	// Claim takes send jobs of any workspace that are due, and leases them:
	// Attempt grows by one, LockedUntil is set, and the message becomes
	// Sending, in one transaction. Only the
	// oldest job of a lane is ever claimed, so a conversation's messages leave
	// in order; a job whose throttle (channel) is paused is passed over.
	//
	// A job whose turn comes later is put off until then (RunAt) and counted in
	// putOff, in the same transaction; one whose lease ran out has no turn.
	//
	// Several hosts may claim at once: no job is claimed by two. With an error,
	// which a commit without an answer is too, no claim counts.
	Claim(ctx context.Context, c Claiming) (claims []Claim, putOff int, err error)

	// Update runs fn in one transaction over one workspace; see inbox.Store,
	// whose contract it shares.
	Update(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, Tx) error) error

	// Depth returns how many send jobs wait, and since when the oldest does;
	// the zero time if none does.
	Depth(ctx context.Context) (waiting int, oldest time.Time, err error)
}

// Claiming is what a claim takes.
type Claiming struct {
	Now   time.Time
	Lease time.Duration                // from now on
	Limit int                          // of claims
	Turn  func(job *crm.Job) time.Time // when a job may leave; it may be asked about one again. nil: at once
}

// Tx is one transaction of a Store.
type Tx interface {
	// Load returns for each job that is asked for, in their order and all of the
	// transaction's workspace, the job, its message, conversation, contact and
	// channel as they are now, with the status reports and amendments stored under
	// the provider's id (when it is not empty). Rows are locked. A job that is
	// gone (somebody else settled it) has a nil Job. What two states have in
	// common is one object in both.
	Load(ctx context.Context, asked ...Ask) ([]*State, error)
	// Write writes the changes; see crm.Changes.
	Write(ctx context.Context, changes *crm.Changes) error
}

// Claim is a job with all that an attempt needs.
type Claim struct {
	Job          *crm.Job
	Message      *crm.Message
	Conversation *crm.Conversation
	Contact      *crm.Contact
	Channel      *crm.Channel // with credentials
	// Abandoned is set when an earlier claim's lease ran out: a host may have
	// died after its request left, so nobody knows what became of it.
	Abandoned bool
}

// Ask is a job to load, with the id the provider gave its message, if it did.
type Ask struct {
	Job        *crm.Job
	ProviderID string
}

// State is what Tx.Load found of a job.
type State struct {
	Job          *crm.Job
	Message      *crm.Message
	Conversation *crm.Conversation
	Contact      *crm.Contact
	Channel      *crm.Channel
	Statuses     []crm.StatusReport
	Amendments   []crm.Amendment
}

// Sender hands messages to a provider. An implementation knows one provider.
type Sender interface {
	// Send makes one attempt, with a deadline of its own under ctx's. The
	// error is a *crm.SendError, whose Ambiguous says whether the provider may
	// have taken the message all the same.
	Send(ctx context.Context, ch *crm.Channel, m crm.Outgoing) (crm.Accepted, error)
}
