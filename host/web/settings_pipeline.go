package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/request"
)

// pipelinePage is one form for all stages, because they only make sense together.
type pipelinePage struct {
	settingsFrame
	Stages []stageLine
	Kinds  []crm.StageKind
}

// stageLine is a stage, as it is or as it was typed.
type stageLine struct {
	N          int    // its place in the form, from 1
	Key, Label string // Key is empty for a new one
	Kind       crm.StageKind
	Remove     bool
	Fixed      bool // contacts are born in it
}

// newStages is how many empty lines the form has for stages to add.
const newStages = 2

var stageKinds = []crm.StageKind{crm.OpenStage, crm.WonStage, crm.LostStage}

func (w settings) pipelineSettings(ctx *fasthttp.RequestCtx, v *visitor) error {
	pipeline, err := w.People.Pipeline(request.ContextOf(ctx), v.Principal)
	if err != nil {
		return err
	}
	var lines []stageLine
	for _, s := range pipeline.Stages {
		lines = append(lines, stageLine{Key: s.Key, Label: v.stage(s), Kind: s.Kind})
	}
	for range newStages {
		lines = append(lines, stageLine{Kind: crm.OpenStage})
	}
	return w.showPipeline(ctx, v, "", lines)
}

func (w settings) showPipeline(ctx *fasthttp.RequestCtx, v *visitor, trouble string, lines []stageLine) (err error) {
	p := pipelinePage{Stages: lines, Kinds: stageKinds}
	if p.settingsFrame, err = v.settings(ctx, "pipeline", trouble); err != nil {
		return err
	}
	for i := range p.Stages {
		p.Stages[i].N, p.Stages[i].Fixed = i+1, p.Stages[i].Key == crm.NewLead
	}
	return render(ctx, v.lang, "settings_pipeline", p)
}

// savePipeline reads the form's lines in the order of the numbers typed beside them.
func (w settings) savePipeline(ctx *fasthttp.RequestCtx, v *visitor) error {
	lines := stagesTyped(ctx)
	var stages []crm.Stage
	taken := map[string]bool{}
	for _, l := range lines {
		taken[l.Key] = true
	}
	for _, l := range lines {
		if l.Remove && l.Key != crm.NewLead || l.Key == "" && l.Label == "" {
			continue
		}
		if l.Key == "" {
			l.Key = freeKey(slug(l.Label), taken)
		}
		stages = append(stages, crm.Stage{Key: l.Key, Label: v.stageLabel(l.Key, l.Label), Kind: l.Kind})
	}
	_, err := w.People.SetPipeline(request.ContextOf(ctx), v.Principal, stages)
	if refused(err) {
		return again(ctx, func() error { return w.showPipeline(ctx, v, v.problem(err), lines) })
	}
	return after(ctx, err, "/settings/pipeline?done=saved")
}

// stagesTyped returns the lines of the form, sorted by their numbers. The fields of a
// line have its place in their names.
func stagesTyped(ctx *fasthttp.RequestCtx) []stageLine {
	type placed struct {
		stageLine
		place float64 // "2.5" goes between 2 and 3
	}
	var typed []placed
	for n := 1; ctx.PostArgs().Has("label" + strconv.Itoa(n)); n++ {
		field := func(name string) string { return posted(ctx, name+strconv.Itoa(n)) }
		place, err := strconv.ParseFloat(strings.Replace(field("place"), ",", ".", 1), 64)
		if err != nil {
			place = float64(n)
		}
		typed = append(typed, placed{stageLine{
			Key: field("key"), Label: field("label"), Kind: crm.StageKind(field("kind")), Remove: field("remove") != "",
		}, place})
	}
	slices.SortStableFunc(typed, func(a, b placed) int { return cmp.Compare(a.place, b.place) })
	lines := make([]stageLine, len(typed))
	for i, p := range typed {
		lines[i] = p.stageLine
	}
	return lines
}

// freeKey returns a key that no stage has, and takes it.
func freeKey(wanted string, taken map[string]bool) string {
	wanted = cmp.Or(wanted, "stage")
	key := wanted
	for n := 2; taken[key]; n++ {
		key = wanted + "_" + strconv.Itoa(n)
	}
	taken[key] = true
	return key
}
