package web

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/host/request"
)

// membersPage lists the team.
type membersPage struct {
	settingsFrame
	Members []memberLine
	Roles   []crm.Role // those the visitor may give
	Tags    []*crm.Tag // what somebody can be good with
	Typed   memberForm // of who is to be added, when that was refused
}

// memberLine is a member in the list, with a form to change it.
type memberLine struct {
	memberForm
	ID       string
	Self     bool
	Disabled string // since when; empty: at work
	May      bool   // the visitor may change it
	Open     bool   // its form is shown, because what was typed was refused
}

// memberForm is what people say of a member.
type memberForm struct {
	Name, Email string
	Role        crm.Role
	Capacity    string // conversations; empty: any number
	Away        bool
	Skills      map[crm.TagID]bool
}

func memberFormOf(m *crm.Member) memberForm {
	f := memberForm{Name: m.Name, Email: m.Email, Role: m.Role, Away: m.Away, Skills: make(map[crm.TagID]bool)}
	if m.Capacity > 0 {
		f.Capacity = strconv.Itoa(m.Capacity)
	}
	for _, skill := range m.Skills {
		f.Skills[skill] = true
	}
	return f
}

func memberTyped(ctx *fasthttp.RequestCtx) memberForm {
	f := memberForm{
		Name: posted(ctx, "name"), Email: posted(ctx, "email"), Role: crm.Role(posted(ctx, "role")),
		Capacity: posted(ctx, "capacity"), Away: ctx.PostArgs().Has("away"), Skills: make(map[crm.TagID]bool),
	}
	for _, text := range ctx.PostArgs().PeekMulti("skill") {
		if id, err := crm.ParseID[crm.Tag](string(text)); err == nil {
			f.Skills[id] = true
		}
	}
	return f
}

// fill changes a member as the form says. A capacity that is no number is one that
// the directory refuses.
func (f *memberForm) fill(m *crm.Member) {
	m.Name, m.Email, m.Role, m.Away = f.Name, f.Email, f.Role, f.Away
	m.Skills, m.Capacity = slices.Collect(maps.Keys(f.Skills)), 0
	if f.Capacity != "" {
		n, err := strconv.Atoi(f.Capacity)
		if err != nil {
			n = -1
		}
		m.Capacity = n
	}
}

// roles are the roles a member may give: nobody hands out more than it has.
func (v *visitor) roles() []crm.Role {
	all := []crm.Role{crm.Agent, crm.Admin}
	if v.Can(access.ManageWorkspace) {
		all = append(all, crm.Owner)
	}
	return all
}

func (w settings) memberSettings(ctx *fasthttp.RequestCtx, v *visitor) error {
	return w.showMembers(ctx, v, "", "", memberForm{})
}

// showMembers shows the list. What was typed and refused stands in the form of the
// member with the id, or of a new one.
func (w settings) showMembers(ctx *fasthttp.RequestCtx, v *visitor, trouble, id string, typed memberForm) (err error) {
	p := membersPage{Roles: v.roles()}
	if p.settingsFrame, err = v.settings(ctx, "members", trouble); err != nil {
		return err
	}
	if p.Tags, err = w.Web.tags(request.ContextOf(ctx), v); err != nil {
		return err
	}
	members, err := w.Directory.Members(request.ContextOf(ctx), v.Principal)
	if err != nil {
		return err
	}
	for _, m := range members {
		line := memberLine{
			memberForm: memberFormOf(m), ID: m.ID.String(), Self: m.ID == v.Member,
			May: m.Role != crm.Owner || v.Can(access.ManageWorkspace),
		}
		if !m.DisabledAt.IsZero() {
			line.Disabled = v.date(m.DisabledAt, w.Now())
		}
		if line.ID == id {
			line.memberForm, line.Open = typed, true
		}
		p.Members = append(p.Members, line)
	}
	if id == "" {
		p.Typed = typed
	}
	return render(ctx, v.lang, "settings_members", p)
}

// member returns the member that the path names, to be changed.
func (w settings) member(ctx *fasthttp.RequestCtx, v *visitor) (*crm.Member, error) {
	id, err := pathID[crm.Member](ctx)
	if err != nil {
		return nil, err
	}
	return w.Directory.Member(request.ContextOf(ctx), v.WorkspaceID, id)
}

// addMember adds somebody and shows the link to hand over.
func (w settings) addMember(ctx *fasthttp.RequestCtx, v *visitor) error {
	typed := memberTyped(ctx)
	var fresh crm.Member
	typed.fill(&fresh)
	m, err := w.Directory.SaveMember(request.ContextOf(ctx), v.Principal, fresh)
	if refused(err) {
		return again(ctx, func() error { return w.showMembers(ctx, v, v.problem(err), "", typed) })
	}
	if err != nil {
		return err
	}
	return w.handOver(ctx, v, m, w.Directory.Invite)
}

func (w settings) saveMember(ctx *fasthttp.RequestCtx, v *visitor) error {
	m, err := w.member(ctx, v)
	if err != nil {
		return err
	}
	id, typed := m.ID.String(), memberTyped(ctx)
	typed.fill(m)
	_, err = w.Directory.SaveMember(request.ContextOf(ctx), v.Principal, *m)
	if refused(err) {
		return again(ctx, func() error { return w.showMembers(ctx, v, v.problem(err), id, typed) })
	}
	return after(ctx, err, "/settings/members?done=saved")
}

// setMemberState lets a member work no more, or again.
func (w settings) setMemberState(ctx *fasthttp.RequestCtx, v *visitor) error {
	m, err := w.member(ctx, v)
	if err != nil {
		return err
	}
	m.DisabledAt = time.Time{}
	if posted(ctx, "state") == "off" {
		m.DisabledAt = w.Now()
	}
	_, err = w.Directory.SaveMember(request.ContextOf(ctx), v.Principal, *m)
	if refused(err) {
		return again(ctx, func() error {
			return w.showMembers(ctx, v, v.problem(err), m.ID.String(), memberFormOf(m))
		})
	}
	return after(ctx, err, "/settings/members?done=saved")
}

func (w settings) inviteMember(ctx *fasthttp.RequestCtx, v *visitor) error {
	m, err := w.member(ctx, v)
	if err != nil {
		return err
	}
	return w.handOver(ctx, v, m, w.Directory.Invite)
}

func (w settings) confirmReset(ctx *fasthttp.RequestCtx, v *visitor) error {
	m, err := w.member(ctx, v)
	if err != nil {
		return err
	}
	return w.confirm(ctx, v, "members", confirmPage{
		Question: v.say("settings.reset_question"), About: m.Name, Meaning: v.say("settings.reset_meaning"), Button: v.say("settings.reset"),
	})
}

func (w settings) resetMember(ctx *fasthttp.RequestCtx, v *visitor) error {
	m, err := w.member(ctx, v)
	if err != nil {
		return err
	}
	return w.handOver(ctx, v, m, w.Directory.Reset)
}

// linkMaker is Invite or Reset of the directory.
type linkMaker func(ctx context.Context, p access.Principal, member crm.MemberID) (crm.Secret, error)

// handOver makes a link with one of the directory's methods and shows it once.
func (w settings) handOver(ctx *fasthttp.RequestCtx, v *visitor, m *crm.Member, link linkMaker) error {
	token, err := link(request.ContextOf(ctx), v.Principal, m.ID)
	if refused(err) {
		return again(ctx, func() error { return w.showMembers(ctx, v, v.problem(err), "", memberForm{}) })
	}
	if err != nil {
		return err
	}
	address := w.Guard.URL(ctx) + "/login?token=" + url.QueryEscape(string(token))
	return w.once(ctx, v, "members", "/settings/members", oncePage{
		Heading: v.say("settings.link_for", m.Name),
		Meaning: v.say("settings.link_meaning", int(directory.InviteFor/(24*time.Hour))),
		Secrets: []onceSecret{{Label: v.say("settings.link"), Value: address, Hint: v.say("settings.link_hint")}},
	})
}
