package crm

import "time"

// StageKind says what a stage of the pipeline means for the figures.
type StageKind string

// The kinds of stages.
const (
	OpenStage StageKind = "open" // still to be won
	WonStage  StageKind = "won"
	LostStage StageKind = "lost"
)

// NewLead is the status a contact is born with. Every pipeline has it.
const NewLead = "new"

// Stage is a step of the pipeline: a status that a lead can have.
type Stage struct {
	Key   string    `json:"key"` // Contact.LeadStatus
	Label string    `json:"label"`
	Kind  StageKind `json:"kind"`
}

// Pipeline is the order in which a workspace's leads go from new to won or lost.
type Pipeline struct {
	WorkspaceID WorkspaceID
	Stages      []Stage
	UpdatedAt   time.Time // zero for the default
}

// DefaultPipeline is the pipeline of a workspace that has set none.
func DefaultPipeline(ws WorkspaceID) *Pipeline {
	return &Pipeline{WorkspaceID: ws, Stages: []Stage{
		{NewLead, "New", OpenStage}, {"contacted", "Contacted", OpenStage}, {"qualified", "Qualified", OpenStage},
		{"proposal", "Proposal", OpenStage}, {"won", "Won", WonStage}, {"lost", "Lost", LostStage},
	}}
}

// Stage returns the stage of a status, and whether there is one.
func (p *Pipeline) Stage(key string) (Stage, bool) {
	for _, s := range p.Stages {
		if s.Key == key {
			return s, true
		}
	}
	return Stage{}, false
}
