package people

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/lead"
)

// LeadRules returns the rules the workspace scores by, and who wrote them when:
// nil while they are the default.
func (s *Service) LeadRules(ctx context.Context, p access.Principal) (*lead.Rules, *crm.LeadRules, error) {
	const op = "read the lead rules"
	if err := p.Check(access.ManageLeads); err != nil {
		return nil, nil, crm.Wrap(op, err)
	}
	stored, err := s.store.LeadRules(ctx, p.WorkspaceID)
	if err != nil {
		return nil, nil, crm.Wrap(op, err)
	}
	return lead.Stored(stored), stored, nil
}

// SetLeadRules puts rules in force in place of those of a version, which is the
// one they were made from: Conflict if others are in force by now. Whatever
// version the document has, it gets the next. Invalid with all that is wrong
// with the document, see lead.Problems. The tags that it names are kept as ids.
//
// What happens from then on is scored by the new rules alone, on every host, and
// a rescore begins for what happened before.
func (s *Service) SetLeadRules(ctx context.Context, p access.Principal, document []byte, replaces int) (*lead.Rules, *crm.LeadRules, error) {
	const op = "set the lead rules"
	if err := p.Check(access.ManageLeads); err != nil {
		return nil, nil, crm.Wrap(op, err)
	}
	rules, err := lead.ParseVersion(document, max(replaces, crm.DefaultRules)+1)
	if err != nil {
		return nil, nil, crm.Wrap(op, err)
	}
	tags, err := s.store.Tags(ctx, p.WorkspaceID)
	if err == nil {
		rules, err = rules.Identified(tags)
	}
	if err != nil {
		return nil, nil, crm.Wrap(op, err)
	}
	var set *crm.LeadRules
	err = s.store.Update(ctx, p.WorkspaceID, func(ctx context.Context, tx Tx) error {
		state, err := tx.Load(ctx, Need{WorkspaceID: p.WorkspaceID, LeadRules: true})
		if err != nil {
			return err
		}
		if now := lead.Stored(state.LeadRules).Version(); now != replaces {
			return &crm.Error{Op: "compare versions", Code: crm.Conflict, Reason: "rules_changed", Msg: "Somebody else changed the rules meanwhile. Look at them again."}
		}
		set = &crm.LeadRules{WorkspaceID: p.WorkspaceID, Version: rules.Version(), Document: rules.Encode(), Author: p.Actor, CreatedAt: s.mint.Now()}
		rescore := s.newRescore(p, set.Version)
		return tx.Write(ctx, &crm.Changes{Rules: []*crm.LeadRules{set}, Rescores: []*crm.Rescore{rescore}, Facts: []crm.Fact{{
			WorkspaceID: p.WorkspaceID, Kind: crm.LeadRulesChanged, At: set.CreatedAt, Actor: p.Actor, Data: data(map[string]any{"version": set.Version}),
		}}})
	})
	if err != nil {
		return nil, nil, crm.Wrap(op, err)
	}
	return rules, set, nil
}

// Trial is what a contact might say and be, to see what rules make of it.
type Trial struct {
	Document   json.RawMessage   // nil: the rules in force
	Messages   []string          // the contact's, said now and not as replies
	Notes      []string          // the team's
	Fields     map[string]string // name, phone and email among them
	Tags       []string          // their ids or names
	LeadStatus string
	Source     string
}

// The bounds of a trial.
const (
	maxTrialTexts = 50
	maxTrialText  = 4096 // characters
)

// Tried is what rules make of somebody: a new contact that nobody has had before.
type Tried struct {
	Score    lead.Score
	Decision lead.Decision // whose it would be now, with the team as it is, and how warm it is
}

// TryLeadRules returns what a contact would score now, how warm that would make it
// and who would get it. Nothing is stored, and it is nobody's turn for it.
func (s *Service) TryLeadRules(ctx context.Context, p access.Principal, trial Trial) (Tried, error) {
	const op = "try lead rules"
	rules, _, err := s.LeadRules(ctx, p)
	if err == nil && trial.Document != nil {
		rules, err = lead.ParseVersion(trial.Document, rules.Version()+1)
	}
	if err == nil {
		err = trial.check()
	}
	if err != nil {
		return Tried{}, crm.Wrap(op, err)
	}
	team, zone, err := s.store.Team(ctx, p.WorkspaceID)
	if err != nil {
		return Tried{}, crm.Wrap(op, err)
	}
	tags, err := s.store.Tags(ctx, p.WorkspaceID)
	if err == nil {
		rules, err = rules.Identified(tags)
	}
	if err != nil {
		return Tried{}, crm.Wrap(op, err)
	}
	thread := lead.Thread{Tags: slices.Clone(trial.Tags)}
	for _, tag := range tags {
		if slices.ContainsFunc(trial.Tags, func(name string) bool { return strings.EqualFold(name, tag.Name) }) {
			thread.Tags = append(thread.Tags, tag.ID.String())
		}
	}
	trial.Tags = thread.Tags
	score := trial.score(rules, s.mint)
	return Tried{score, lead.Route(rules, score, thread, team, rules.Hours(zone), s.mint.Now())}, nil
}

func (t *Trial) check() error {
	if len(t.Messages)+len(t.Notes) > maxTrialTexts {
		return invalid("messages", "At most %d messages and notes can be tried.", maxTrialTexts)
	}
	for name, texts := range map[string][]string{"messages": t.Messages, "notes": t.Notes} {
		for _, text := range texts {
			if err := crm.CheckText(name, "A text", text, 0, maxTrialText); err != nil {
				return err
			}
		}
	}
	if len(t.Fields) > MaxFields || len(t.Tags) > MaxFields {
		return invalid("fields", "At most %d fields and tags can be tried.", MaxFields)
	}
	return nil
}

// score gathers the evidence and scores it.
func (t *Trial) score(rules *lead.Rules, mint *crm.Mint) lead.Score {
	now := mint.Now()
	var profile lead.Profile
	for _, text := range t.Messages {
		said := lead.Said{ID: crm.NewID[crm.Message](mint), At: now, Content: crm.Text{Body: text}}
		profile.Add(rules.Message(nil, said)...)
	}
	for _, text := range t.Notes {
		profile.Add(rules.Note(nil, &crm.Note{ID: crm.NewID[crm.Note](mint), Body: text, CreatedAt: now})...)
	}
	c := &crm.Contact{Fields: t.Fields, LeadStatus: t.LeadStatus, Source: crm.Source{Kind: t.Source}, Name: t.Fields["name"]}
	if number := t.Fields["phone"]; number != "" {
		c.Identities = []crm.Identity{{Kind: crm.ByPhone, Value: number}}
	}
	profile.Know(rules.Contact(nil, c, slices.Clone(t.Tags))...)
	return lead.Of(&profile, rules, now)
}
