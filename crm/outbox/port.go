package outbox

import (
	"context"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// Store is what the outbox asks of a store.
type Store interface {
	// Claim takes at most limit send jobs of any workspace that are due at
	// now, and leases them until now+lease: Attempt grows by one, LockedUntil
	// is set, and the message becomes Sending, in one transaction. Only the
	// oldest job of a lane is ever claimed, so a conversation's messages leave
	// in order; a job whose throttle (channel) is paused is passed over.
	// Several hosts may claim at once: no job is claimed by two. With an error,
	// which a commit without an answer is too, no claim counts.
	Claim(ctx context.Context, now time.Time, lease time.Duration, limit int) ([]Claim, error)

	// Update runs fn in one transaction over one workspace; see inbox.Store,
	// whose contract it shares.
	Update(ctx context.Context, ws crm.WorkspaceID, fn func(context.Context, Tx) error) error

	// Depth returns how many send jobs wait, and since when the oldest does;
	// the zero time if none does.
	Depth(ctx context.Context) (waiting int, oldest time.Time, err error)
}

// Tx is one transaction of a Store.
type Tx interface {
	// Load returns the job, its message, conversation, contact and channel as
	// they are now, with the status reports and amendments stored under
	// providerID (when it is not empty). Rows are locked. A job that is gone
	// (somebody else settled it) has a nil Job.
	Load(ctx context.Context, job *crm.Job, providerID string) (*State, error)
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

// State is what Tx.Load found.
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
