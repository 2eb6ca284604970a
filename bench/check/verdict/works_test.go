package verdict_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/my21staff/my21staff/bench/check/verdict"
	"github.com/my21staff/my21staff/bench/record"
)

const run = "0123abcd"

func pupil(n int) record.Pupil { return record.Pupil{Run: run, Round: 1, N: n} }

// worked returns a record of a workspace in which three pupils were imported,
// changed and scored, and the first, who wrote one message, was erased.
func worked() *verdict.Evidence {
	const none = "00000000000000000000000000000000"
	ws := workspace(0)
	e := &verdict.Evidence{Plan: &record.Plan{Run: run, Workspaces: []record.Workspace{{ID: ws}}}, API: []verdict.Shown{{}}}
	for _, piece := range []record.Work{
		{Kind: record.Import, Rows: 3, Twins: 1, Bad: 1, Told: map[string]int{"rows": 5, "created": 3, "unchanged": 1, "failed": 1}},
		{Kind: record.Reimport, Rows: 3, Twins: 1, Bad: 1, Told: map[string]int{"rows": 5, "unchanged": 4, "failed": 1}},
		{Kind: record.Bulk, Rows: 3, Told: map[string]int{"seen": 3, "changed": 3}},
		{Kind: record.Rescore, Points: 12},
		{Kind: record.Erase, Phone: "6281200001000"},
	} {
		piece.Round = 1
		e.Works = append(e.Works, piece)
		piece.Done, piece.Sure, piece.State = true, true, "done"
		e.Works = append(e.Works, piece)
	}
	for n := 1; n < 3; n++ {
		e.Store.Contacts = append(e.Store.Contacts, verdict.Contact{
			Workspace: ws, ID: pupil(n).External(), Name: pupil(n).Name(), Stage: record.BulkStatus, Temperature: "cold",
			Score: 12, Tags: []string{record.PupilTag, record.BulkTag}, Notes: 1,
		})
	}
	e.Store.Traces = map[string][]string{pupil(1).External(): {"table contacts"}}
	e.Store.Erasures = []verdict.Erasure{{Workspace: ws, Inbound: 1}}
	for measure, value := range map[string]int64{"contact_stage:contacted": 2, "contact_warmth:cold": 2, "contact_stage:new": 0} {
		e.Store.Figures = append(e.Store.Figures, verdict.Figure{Workspace: ws, Channel: none, Member: none, Measure: measure, Standing: true, Value: value})
	}
	for measure, value := range map[string]int64{"in": 1, "leads": 3, "moved:contacted": 7} {
		e.Store.Figures = append(e.Store.Figures, verdict.Figure{Workspace: ws, Channel: "any", Member: none, Measure: measure, Value: value})
	}
	return e
}

// said returns the line of the end of a kind of work.
func said(e *verdict.Evidence, kind string) *record.Work {
	return &e.Works[slices.IndexFunc(e.Works, func(w record.Work) bool { return w.Kind == kind && w.Done })]
}

func figure(e *verdict.Evidence, measure string) *verdict.Figure {
	return &e.Store.Figures[slices.IndexFunc(e.Store.Figures, func(f verdict.Figure) bool { return f.Measure == measure })]
}

func TestWorkThatIsDoneIsFoundGood(t *testing.T) {
	t.Parallel()
	report := verdict.Examine(worked())
	if !report.Clean() || report.Counts.Works != 5 || report.Counts.Erased != 1 || report.Counts.Figures == 0 {
		t.Errorf("a good record has %v: %v, %+v", report.Verdicts, report.Samples, report.Counts)
	}
}

// misdone are records of work with one thing wrong, and each verdict that it is.
var misdone = map[string]struct {
	harm func(*verdict.Evidence)
	want []verdict.Verdict
}{
	"a row is not there": {func(e *verdict.Evidence) { // and was never counted
		e.Store.Contacts = e.Store.Contacts[:1]
		figure(e, "contact_stage:contacted").Value, figure(e, "contact_warmth:cold").Value, figure(e, "leads").Value = 1, 1, 2
	}, []verdict.Verdict{verdict.Lost}},
	"a row is two contacts": {func(e *verdict.Evidence) {
		e.Store.Contacts = append(e.Store.Contacts, e.Store.Contacts[1])
		figure(e, "contact_stage:contacted").Value, figure(e, "contact_warmth:cold").Value, figure(e, "leads").Value = 3, 3, 4
	}, []verdict.Verdict{verdict.Dup}},
	"a note is there twice":               {func(e *verdict.Evidence) { e.Store.Contacts[0].Notes = 2 }, []verdict.Verdict{verdict.Dup}},
	"a note is not there":                 {func(e *verdict.Evidence) { e.Store.Contacts[0].Notes = 0 }, []verdict.Verdict{verdict.Lost}},
	"a pupil has another name":            {func(e *verdict.Evidence) { e.Store.Contacts[0].Name += "!" }, []verdict.Verdict{verdict.Bytes}},
	"an import counts a row twice":        {func(e *verdict.Evidence) { said(e, record.Import).Told["created"] = 4 }, []verdict.Verdict{verdict.Count}},
	"the same file again makes a contact": {func(e *verdict.Evidence) { said(e, record.Reimport).Told["created"] = 1 }, []verdict.Verdict{verdict.Count}},
	"a bulk change counts one too few":    {func(e *verdict.Evidence) { said(e, record.Bulk).Told["seen"] = 2 }, []verdict.Verdict{verdict.Count}},
	"a bulk change that was asked for twice": {func(e *verdict.Evidence) {
		said(e, record.Bulk).Told["changed"], said(e, record.Bulk).Sure = 0, false
	}, nil},
	"a bulk change leaves one out": {func(e *verdict.Evidence) { e.Store.Contacts[0].Tags = []string{record.PupilTag} }, []verdict.Verdict{verdict.Lost}},
	"a rescore leaves one out":     {func(e *verdict.Evidence) { e.Store.Contacts[1].Score = 11 }, []verdict.Verdict{verdict.Stale}},
	"a rescore forgets what was said": {func(e *verdict.Evidence) {
		e.Store.Contacts[1].Score = 12 + record.PointsOfAdvice
	}, []verdict.Verdict{verdict.Stale}},
	"an erased pupil stands in a table": {func(e *verdict.Evidence) { e.Store.Traces[pupil(0).External()] = []string{"table facts"} }, []verdict.Verdict{verdict.Trace}},
	"an erased number stands in a file": {func(e *verdict.Evidence) { e.Store.Traces["6281200001000"] = []string{"a file"} }, []verdict.Verdict{verdict.Trace}},
	"the API shows an erased pupil": {func(e *verdict.Evidence) {
		e.API[0].Traces = map[string]string{pupil(0).External(): "/api/webhooks"}
	}, []verdict.Verdict{verdict.Trace}},
	"work fails":                 {func(e *verdict.Evidence) { said(e, record.Rescore).State = "failed" }, []verdict.Verdict{verdict.Unsettled}},
	"work has no end":            {func(e *verdict.Evidence) { e.Works = e.Works[:len(e.Works)-1] }, []verdict.Verdict{verdict.Unsettled}},
	"a figure is too high":       {func(e *verdict.Evidence) { figure(e, "contact_warmth:cold").Value++ }, []verdict.Verdict{verdict.Count}},
	"a figure of days is low":    {func(e *verdict.Evidence) { figure(e, "in").Value-- }, []verdict.Verdict{verdict.Count}},
	"a figure is left of nobody": {func(e *verdict.Evidence) { figure(e, "contact_stage:new").Value = 1 }, []verdict.Verdict{verdict.Count}},
}

func TestWorkThatIsDoneWrongIsFound(t *testing.T) {
	t.Parallel()
	for name, tt := range misdone {
		e := worked()
		tt.harm(e)
		report := verdict.Examine(e)
		if got := slices.Sorted(maps.Keys(report.Verdicts)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: it is found %v, want %v: %v", name, got, tt.want, report.Samples)
		}
	}
}
