package api

import (
	"context"
	"encoding/json"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/problem"
	"github.com/my21staff/my21staff/host/request"
)

const rulesTag = "Lead rules"

func (a *API) rulesRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/api/lead-rules", Action: access.ManageLeads, Handler: a.getRules,
			Doc: Doc{Tag: rulesTag, Summary: "The rules that the workspace scores by", Answers: []Answer{{200, rulesView{}, "The rules in force"}}}},
		{Method: "PUT", Path: "/api/lead-rules", Action: access.ManageLeads, Handler: a.putRules,
			Doc: Doc{
				Tag: rulesTag, Summary: "Replace the rules",
				About: "Give the version that the document was made from: if another is in force by now the answer is 409 rules_changed. The document gets the next version, " +
					"whatever it says. What is wrong with it is 422 bad_rules, whose errors name each field by its path.",
				Body: rulesBody{}, Example: `{"version":1,"document":{"name":"Ours","caps":{"fit":20,"intent":30,"engagement":20,"readiness":30,"negative":100},` +
					`"temperature":{"hot":60,"warm":30,"margin":5},"signals":[{"id":"asks_price","category":"intent","points":12,` +
					`"why":{"id":"Menanyakan harga.","en":"Asks for the price."},"words":["harga","berapa","price"]}]}}`,
				Answers: []Answer{{200, rulesView{}, "The rules in force now"}},
			}},
		{Method: "POST", Path: "/api/lead-rules/try", Action: access.ManageLeads, Handler: a.tryRules,
			Doc: Doc{
				Tag: rulesTag, Summary: "What rules make of a contact who says and is such things",
				About: "By the rules in force, or those of a document, of which 422 bad_rules says what is wrong. Nothing is stored.",
				Body:  trialBody{}, Example: `{"messages":["Berapa biaya kuliah di Malaysia?"],"fields":{"name":"Sari","city":"Bandung"}}`,
				Answers: []Answer{{200, triedView{}, "The score, of which each line says why, and who would get the conversation"}},
			}},
		{Method: "GET", Path: "/api/lead-rules/rescore", Action: access.ManageLeads, Handler: a.getRescore,
			Doc: Doc{Tag: rulesTag, Summary: "How far the workspace is scored again", Answers: []Answer{{200, rescoreView{}, "The newest rescore; 404 if there never was one"}}}},
		{Method: "POST", Path: "/api/lead-rules/rescore", Action: access.ManageLeads, Handler: a.startRescore,
			Doc: Doc{
				Tag: rulesTag, Summary: "Score every contact again",
				About:   "From all that is stored of it, in the background; the feed's leads.rescored tells how far that is. A change of the rules begins it by itself. One that runs begins anew.",
				Answers: []Answer{{200, rescoreView{}, "The rescore, running"}},
			}},
		{Method: "DELETE", Path: "/api/lead-rules/rescore", Action: access.ManageLeads, Handler: a.cancelRescore,
			Doc: Doc{
				Tag: rulesTag, Summary: "Stop scoring again", About: "Whoever was scored again stays so; the others are when something happens about them. 404 if none runs.",
				Answers: []Answer{{200, rescoreView{}, "The rescore, cancelled"}},
			}},
		{Method: "POST", Path: "/api/lead-rules/rescore/resume", Action: access.ManageLeads, Handler: a.resumeRescore,
			Doc: Doc{
				Tag: rulesTag, Summary: "Go on with scoring again",
				About:   "Where a rescore was cancelled or failed. 404 if the newest is neither, 409 rules_changed if it was by other rules.",
				Answers: []Answer{{200, rescoreView{}, "The rescore, running"}},
			}},
	}
}

// rescoreView is a rescore as the API shows it.
type rescoreView struct {
	Version   int              `json:"version" about:"Of the rules for which it was begun"`
	State     crm.RescoreState `json:"state"`
	Reason    *string          `json:"reason" about:"Why it failed"`
	Author    actorView        `json:"author" about:"Who began it"`
	Contacts  int              `json:"contacts" about:"That there were when it began; 0 until they are counted"`
	Seen      int              `json:"seen" about:"Contacts that are done, new ones among them"`
	Changed   int              `json:"changed" about:"Of these, had another score or temperature"`
	StartedAt stamp            `json:"started_at"`
	EndedAt   *stamp           `json:"ended_at"`
}

func rescoreOf(r *crm.Rescore) rescoreView {
	return rescoreView{
		Version: r.Version, State: r.State, Reason: ref(r.Reason), Author: actorOf(r.Author), Contacts: r.Contacts, Seen: r.Seen, Changed: r.Changed,
		StartedAt: stamp(r.StartedAt), EndedAt: at(r.EndedAt),
	}
}

func (a *API) getRescore(ctx *fasthttp.RequestCtx) error { return a.rescore(ctx, a.People.Rescore) }

func (a *API) startRescore(ctx *fasthttp.RequestCtx) error {
	return a.rescore(ctx, a.People.StartRescore)
}

func (a *API) resumeRescore(ctx *fasthttp.RequestCtx) error {
	return a.rescore(ctx, a.People.ResumeRescore)
}

func (a *API) cancelRescore(ctx *fasthttp.RequestCtx) error {
	return a.rescore(ctx, a.People.CancelRescore)
}

// rescore answers with the rescore that a call returns.
func (a *API) rescore(ctx *fasthttp.RequestCtx, call func(context.Context, access.Principal) (*crm.Rescore, error)) error {
	r, err := call(request.ContextOf(ctx), request.PrincipalOf(ctx))
	if err != nil {
		return err
	}
	return answer(ctx, 200, rescoreOf(r))
}

// rulesView is rules as the API shows them.
type rulesView struct {
	Version   int                        `json:"version" about:"A score names it"`
	Document  json.RawMessage            `json:"document"`
	Author    *actorView                 `json:"author" about:"Who wrote them; null while they are the default"`
	CreatedAt *stamp                     `json:"created_at"`
	Defaults  map[string]json.RawMessage `json:"defaults" about:"Documents to begin from, by name; the first version is education"`
}

func rulesOf(rules *lead.Rules, stored *crm.LeadRules) rulesView {
	view := rulesView{Version: rules.Version(), Document: rules.Encode(), Defaults: map[string]json.RawMessage{
		"education": lead.Education().Encode(), "sales": lead.Sales().Encode(),
	}}
	if stored != nil {
		view.Author, view.CreatedAt = new(actorOf(stored.Author)), at(stored.CreatedAt)
	}
	return view
}

func (a *API) getRules(ctx *fasthttp.RequestCtx) error {
	rules, stored, err := a.People.LeadRules(request.ContextOf(ctx), request.PrincipalOf(ctx))
	if err != nil {
		return err
	}
	return answer(ctx, 200, rulesOf(rules, stored))
}

type rulesBody struct {
	Version  int             `json:"version" about:"Of the rules that the document was made from"`
	Document json.RawMessage `json:"document"`
}

func (a *API) putRules(ctx *fasthttp.RequestCtx) error {
	var body rulesBody
	if err := readJSON(ctx, &body); err != nil {
		return err
	}
	rules, stored, err := a.People.SetLeadRules(request.ContextOf(ctx), request.PrincipalOf(ctx), body.Document, body.Version)
	if err != nil {
		return badRules(err)
	}
	return answer(ctx, 200, rulesOf(rules, stored))
}

// triedView is what rules make of somebody.
type triedView struct {
	scoreView
	Assignment assignmentView `json:"assignment" about:"Who would get its conversation now, with the team as it is"`
}

// assignmentView is what the rules of assignment would decide.
type assignmentView struct {
	AssigneeID *crm.MemberID `json:"assignee_id"`
	Queue      *string       `json:"queue" about:"Where it would wait, if nobody would get it"`
	Reason     string        `json:"reason"`
	Why        lead.Text     `json:"why" about:"In Indonesian and English"`
}

// trialBody is what a contact says and is, to be scored.
type trialBody struct {
	Document   json.RawMessage   `json:"document,omitempty" about:"The rules in force if left out"`
	Messages   []string          `json:"messages,omitempty" about:"The contact's, said now; none counts as a reply"`
	Notes      []string          `json:"notes,omitempty" about:"The team's"`
	Fields     map[string]string `json:"fields,omitempty" about:"name, phone and email among them"`
	Tags       []string          `json:"tags,omitempty" about:"As the rules name them"`
	LeadStatus string            `json:"lead_status,omitempty"`
	Source     string            `json:"source,omitempty"`
}

func (a *API) tryRules(ctx *fasthttp.RequestCtx) error {
	var body trialBody
	if err := readJSON(ctx, &body); err != nil {
		return err
	}
	tried, err := a.People.TryLeadRules(request.ContextOf(ctx), request.PrincipalOf(ctx), people.Trial(body))
	if err != nil {
		return badRules(err)
	}
	d := tried.Decision
	return answer(ctx, 200, triedView{scoreViewOf(tried.Score, d.Temperature), assignmentView{ref(d.Assignee), ref(d.Queue), d.Why.Code, d.Why.Text}})
}

// badRules turns what is wrong with a document into the answer that names every
// field of it. The request itself can be read, so it is refused, not invalid.
func badRules(err error) error {
	problems := lead.Problems(err)
	if len(problems) == 0 {
		return err
	}
	fields := make([]problem.Field, 0, len(problems))
	for _, p := range problems[:min(len(problems), maxFieldErrors)] {
		fields = append(fields, problem.Field{Field: join("document", p.Path), Code: problem.BadValue, Detail: p.Sentence})
	}
	return &problem.Error{
		Err:     &crm.Error{Op: "read lead rules", Code: crm.Refused, Reason: "bad_rules", Msg: fields[0].Field + ": " + fields[0].Detail, Err: err},
		Members: map[string]any{"errors": fields},
	}
}
