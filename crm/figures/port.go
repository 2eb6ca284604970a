package figures

import (
	"context"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// Store is what the figures ask of a store. Every method sees rows of one
// workspace only. It adds to the figures by itself, in each transaction that
// changes what they count; see [Picture.Count].
type Store interface {
	// Zone returns the workspace's time zone, or NotFound. It may be up to a
	// minute old.
	Zone(ctx context.Context, ws crm.WorkspaceID) (*time.Location, error)

	// Figures returns the sums that a query asks for, in one round trip. None
	// is zero, and their order is not said.
	Figures(ctx context.Context, ws crm.WorkspaceID, q Query) (*Sums, error)

	// Recount puts standing figures right that are not what a count of the rows
	// gives, and returns how many it found. Meanwhile nothing is written in the
	// workspace. It is for databases that a program wrote to which did not count.
	Recount(ctx context.Context, ws crm.WorkspaceID) (int, error)
}

// Query selects figures.
type Query struct {
	From, To  Day           // the days, both included
	ChannelID crm.ChannelID // zero: of every channel, and of none
	MemberID  crm.MemberID  // zero: of every member, and of nobody
}

// Sums are figures added up. A row's zero fields are what was added up over.
type Sums struct {
	Standing []Row // by measure
	Days     []Row // by day and measure
	Channels []Row // by channel and measure: standing ones, and those of the days together
	Members  []Row // by member and measure, likewise
}
