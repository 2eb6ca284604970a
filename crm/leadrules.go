package crm

import "time"

// DefaultRules is the version of the rules that a workspace scores by until
// somebody writes its own, which begin with the next.
const DefaultRules = 1

// LeadRules is one version of a workspace's rules of scoring, see package lead.
// The newest is in force: every lead is written by it. Versions are never
// changed or deleted.
type LeadRules struct {
	WorkspaceID WorkspaceID
	Version     int    // DefaultRules+1 and on, without gap
	Document    []byte // JSON, as package lead reads it
	Author      Actor
	CreatedAt   time.Time
}
