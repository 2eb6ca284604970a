package api

import (
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/request"
)

func (a *API) memberRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/api/members", Action: access.ReadMembers, Handler: a.listMembers,
			Doc: Doc{Tag: "Members", Summary: "The people of the team, oldest first", Answers: []Answer{{200, page[memberView]{}, "All of them"}}}},
		{Method: "POST", Path: "/api/members", Action: access.ManageMembers, Handler: a.createMember,
			Doc: Doc{
				Tag: "Members", Summary: "Add somebody to the team", Body: newMember{},
				Example: `{"name":"Dewi","email":"dewi@example.com","role":"member"}`,
				Answers: []Answer{{201, memberView{}, "The member"}},
			}},
		{Method: "PATCH", Path: "/api/members/{id}", Action: access.ManageMembers, Handler: a.patchMember,
			Doc: Doc{
				Tag: "Members", Summary: "Change a member, or let it work no more", Body: memberPatch{}, Example: `{"role":"admin"}`,
				Answers: []Answer{{200, memberView{}, "The member as it is now"}},
			}},
	}
}

// memberView is a member as the API shows it.
type memberView struct {
	ID         crm.MemberID `json:"id"`
	Name       string       `json:"name"`
	Email      *string      `json:"email"`
	Role       crm.Role     `json:"role"`
	Skills     []crm.TagID  `json:"skills" about:"Tags of the contacts it is good with, for the rules of assignment"`
	Capacity   int          `json:"capacity" about:"How many conversations the rules give it at most; 0: any number"`
	Away       bool         `json:"away" about:"Keeps what it has and is given nothing new"`
	CreatedAt  stamp        `json:"created_at"`
	DisabledAt *stamp       `json:"disabled_at" about:"Since when the member may not work"`
}

func memberOf(m *crm.Member) memberView {
	return memberView{
		ID: m.ID, Name: m.Name, Email: ref(m.Email), Role: m.Role,
		Skills: append([]crm.TagID{}, m.Skills...), Capacity: m.Capacity, Away: m.Away,
		CreatedAt: stamp(m.CreatedAt), DisabledAt: at(m.DisabledAt),
	}
}

func (a *API) listMembers(ctx *fasthttp.RequestCtx) error {
	members, err := a.Directory.Members(request.ContextOf(ctx), request.PrincipalOf(ctx))
	if err != nil {
		return err
	}
	return answer(ctx, 200, listOf(members, memberOf))
}

// newMember is somebody to add.
type newMember struct {
	Name     string      `json:"name"`
	Email    string      `json:"email,omitempty"`
	Role     crm.Role    `json:"role"`
	Skills   []crm.TagID `json:"skills,omitempty"`
	Capacity int         `json:"capacity,omitempty"`
	Away     bool        `json:"away,omitempty"`
}

func (a *API) createMember(ctx *fasthttp.RequestCtx) error {
	var body newMember
	if err := readJSON(ctx, &body); err != nil {
		return err
	}
	member, err := a.Directory.SaveMember(request.ContextOf(ctx), request.PrincipalOf(ctx),
		crm.Member{Name: body.Name, Email: body.Email, Role: body.Role, Skills: body.Skills, Capacity: body.Capacity, Away: body.Away})
	if err != nil {
		return err
	}
	return answer(ctx, 201, memberOf(member))
}

// memberPatch is what may be changed of a member.
type memberPatch struct {
	Name     *string      `json:"name,omitempty"`
	Email    *string      `json:"email,omitempty" null:"clear"`
	Role     *crm.Role    `json:"role,omitempty"`
	Skills   *[]crm.TagID `json:"skills,omitempty"`
	Capacity *int         `json:"capacity,omitempty"`
	Away     *bool        `json:"away,omitempty"`
	Disabled *bool        `json:"disabled,omitempty"`
}

func (a *API) patchMember(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Member](ctx)
	if err != nil {
		return err
	}
	var patch memberPatch
	if err := readJSON(ctx, &patch); err != nil {
		return err
	}
	p := request.PrincipalOf(ctx)
	member, err := a.Directory.Member(request.ContextOf(ctx), p.WorkspaceID, id)
	if err != nil {
		return err
	}
	set(&member.Name, patch.Name)
	set(&member.Email, patch.Email)
	set(&member.Role, patch.Role)
	set(&member.Skills, patch.Skills)
	set(&member.Capacity, patch.Capacity)
	set(&member.Away, patch.Away)
	a.disable(&member.DisabledAt, patch.Disabled)
	member, err = a.Directory.SaveMember(request.ContextOf(ctx), p, *member)
	if err != nil {
		return err
	}
	return answer(ctx, 200, memberOf(member))
}
