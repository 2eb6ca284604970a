package people

import (
	"context"
	"slices"
	"strings"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

// Pipeline returns the workspace's pipeline.
func (s *Service) Pipeline(ctx context.Context, p access.Principal) (*crm.Pipeline, error) {
	const op = "read the pipeline"
	if err := p.Check(access.ReadContacts); err != nil {
		return nil, crm.Wrap(op, err)
	}
	pipeline, err := s.store.Pipeline(ctx, p.WorkspaceID)
	return pipeline, crm.Wrap(op, err)
}

// MaxStages is how many stages a pipeline has at most.
const MaxStages = 30

// SetPipeline replaces the stages. There is always one with the key "new", in
// which contacts are born, whatever its label. A stage in which contacts are
// cannot be taken away: that is Conflict, and names it.
func (s *Service) SetPipeline(ctx context.Context, p access.Principal, stages []crm.Stage) (*crm.Pipeline, error) {
	const op = "set the pipeline"
	if err := p.Check(access.ManageLeads); err != nil {
		return nil, crm.Wrap(op, err)
	}
	stages = slices.Clone(stages)
	if err := checkStages(stages); err != nil {
		return nil, crm.Wrap(op, err)
	}
	var set *crm.Pipeline
	err := s.store.Update(ctx, p.WorkspaceID, func(ctx context.Context, tx Tx) error {
		state, err := tx.Load(ctx, Need{WorkspaceID: p.WorkspaceID, Settings: true})
		if err != nil {
			return err
		}
		set = &crm.Pipeline{WorkspaceID: p.WorkspaceID, Stages: stages, UpdatedAt: s.mint.Now()}
		gone := Need{WorkspaceID: p.WorkspaceID}
		for _, stage := range state.Pipeline.Stages {
			if _, kept := set.Stage(stage.Key); !kept {
				gone.Statuses = append(gone.Statuses, stage.Key)
			}
		}
		used, err := tx.Load(ctx, gone)
		if err != nil {
			return err
		}
		if len(used.InUse) > 0 {
			return &crm.Error{Op: "check stages", Code: crm.Conflict, Reason: "status_in_use", Msg: "There are contacts with the status " + used.InUse[0] + ". Move them first."}
		}
		return tx.Write(ctx, &crm.Changes{Pipelines: []*crm.Pipeline{set}, Facts: []crm.Fact{{
			WorkspaceID: p.WorkspaceID, Kind: crm.PipelineChanged, At: set.UpdatedAt, Actor: p.Actor, Data: data(map[string]any{"stages": stages}),
		}}})
	})
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	return set, nil
}

func checkStages(stages []crm.Stage) error {
	if len(stages) > MaxStages {
		return invalid("stages", "A pipeline has at most %d stages.", MaxStages)
	}
	kinds, keys := map[crm.StageKind]int{}, map[string]bool{}
	for i := range stages {
		stage := &stages[i]
		stage.Key, stage.Label = strings.TrimSpace(stage.Key), strings.TrimSpace(stage.Label)
		if err := crm.CheckText("stages", "The key of a stage", stage.Key, 1, MaxLeadStatus); err != nil {
			return err
		}
		if err := crm.CheckText("stages", "The label of a stage", stage.Label, 1, MaxLeadStatus); err != nil {
			return err
		}
		if keys[stage.Key] {
			return invalid("stages", "The stage %s is there twice.", stage.Key)
		}
		if stage.Key == crm.NewLead && stage.Kind != crm.OpenStage {
			return invalid("stages", "The stage %s is open: contacts begin there.", crm.NewLead)
		}
		keys[stage.Key] = true
		kinds[stage.Kind]++
	}
	known := kinds[crm.OpenStage] + kinds[crm.WonStage] + kinds[crm.LostStage]
	switch {
	case known != len(stages):
		return invalid("stages", "A stage is one of %s.", "open, won and lost")
	case !keys[crm.NewLead]:
		return invalid("stages", "A pipeline needs the stage %q, in which contacts begin.", crm.NewLead)
	case kinds[crm.WonStage] == 0 || kinds[crm.LostStage] == 0:
		return invalid("stages", "A pipeline needs a stage that is won and one that is lost.")
	}
	return nil
}
