package web

import (
	"context"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/people"
)

// settingsDirectory is what the settings ask of the directory service.
type settingsDirectory interface {
	Workspace(ctx context.Context, id crm.WorkspaceID) (*crm.Workspace, error)
	EditWorkspace(ctx context.Context, p access.Principal, w crm.Workspace) (*crm.Workspace, error)
	Channels(ctx context.Context, p access.Principal) ([]*crm.Channel, error)
	SaveChannel(ctx context.Context, p access.Principal, c crm.Channel) (*crm.Channel, error)
	SaveMember(ctx context.Context, p access.Principal, m crm.Member) (*crm.Member, error)
	Invite(ctx context.Context, p access.Principal, member crm.MemberID) (crm.Secret, error)
	Reset(ctx context.Context, p access.Principal, member crm.MemberID) (crm.Secret, error)
	Keys(ctx context.Context, p access.Principal) ([]*crm.APIKey, error)
	CreateKey(ctx context.Context, p access.Principal, name string, scopes []string, expires time.Time) (*directory.NewKey, error)
	RevokeKey(ctx context.Context, p access.Principal, id crm.APIKeyID) error
}

// settingsInbox is what the settings ask of the inbox service.
type settingsInbox interface {
	Deliveries(ctx context.Context, p access.Principal, q inbox.DeliveryQuery) ([]*crm.Delivery, error)
	Delivery(ctx context.Context, p access.Principal, id crm.DeliveryID) (*crm.Delivery, error)
	Replay(ctx context.Context, p access.Principal, id crm.DeliveryID) (inbox.Receipt, error)
}

// settingsPeople is what the settings ask of the people service.
type settingsPeople interface {
	CannedReplies(ctx context.Context, p access.Principal) ([]*crm.CannedReply, error)
	SaveCannedReply(ctx context.Context, p access.Principal, id crm.CannedReplyID, e people.CannedEdit) (*crm.CannedReply, error)
	DeleteCannedReply(ctx context.Context, p access.Principal, id crm.CannedReplyID) error
	Tags(ctx context.Context, p access.Principal) ([]*crm.Tag, error)
	SaveTag(ctx context.Context, p access.Principal, t crm.Tag) (*crm.Tag, error)
	DeleteTag(ctx context.Context, p access.Principal, id crm.TagID) error
	Fields(ctx context.Context, p access.Principal) ([]*crm.Field, error)
	AddField(ctx context.Context, p access.Principal, key string, of crm.FieldType, e people.FieldEdit) (*crm.Field, error)
	EditField(ctx context.Context, p access.Principal, id crm.FieldID, e people.FieldEdit) (*crm.Field, error)
	Pipeline(ctx context.Context, p access.Principal) (*crm.Pipeline, error)
	SetPipeline(ctx context.Context, p access.Principal, stages []crm.Stage) (*crm.Pipeline, error)
	LeadRules(ctx context.Context, p access.Principal) (*lead.Rules, *crm.LeadRules, error)
	SetLeadRules(ctx context.Context, p access.Principal, document []byte, replaces int) (*lead.Rules, *crm.LeadRules, error)
	Rescore(ctx context.Context, p access.Principal) (*crm.Rescore, error)
	StartRescore(ctx context.Context, p access.Principal) (*crm.Rescore, error)
	ResumeRescore(ctx context.Context, p access.Principal) (*crm.Rescore, error)
	CancelRescore(ctx context.Context, p access.Principal) (*crm.Rescore, error)
	TryLeadRules(ctx context.Context, p access.Principal, trial people.Trial) (people.Tried, error)
}

// Checker asks a provider whether a channel's token works.
type Checker interface {
	Check(ctx context.Context, ch *crm.Channel) error
}

// settings are the handlers of the settings' pages.
type settings struct{ *Web }

// settingsRoutes lists the settings, one page a subject. What cannot be undone has a
// page that asks first.
func (w *Web) settingsRoutes() []Route {
	s := settings{w}
	return []Route{
		{"GET", "/settings", w.signedIn(toSettings)},

		{"GET", "/settings/workspace", w.signedIn(s.workspaceSettings)},
		{"POST", "/settings/workspace", w.signedIn(s.saveWorkspace)},

		{"GET", "/settings/channels", w.signedIn(s.channelSettings)},
		{"GET", "/settings/channels/new", w.signedIn(s.newChannel)},
		{"POST", "/settings/channels/new", w.signedIn(s.createChannel)},
		{"GET", "/settings/channels/{id}", w.signedIn(s.channel)},
		{"POST", "/settings/channels/{id}", w.signedIn(s.saveChannel)},
		{"POST", "/settings/channels/{id}/token", w.signedIn(s.saveToken)},
		{"POST", "/settings/channels/{id}/verify", w.signedIn(s.renewVerifyToken)},
		{"POST", "/settings/channels/{id}/secrets", w.signedIn(s.addSecret)},
		{"GET", "/settings/channels/{id}/retire", w.signedIn(s.confirmRetire)},
		{"POST", "/settings/channels/{id}/retire", w.signedIn(s.retireSecret)},
		{"POST", "/settings/channels/{id}/check", w.signedIn(s.checkChannel)},
		{"POST", "/settings/channels/{id}/state", w.signedIn(s.setChannelState)},

		{"GET", "/settings/members", w.signedIn(s.memberSettings)},
		{"POST", "/settings/members", w.signedIn(s.addMember)},
		{"POST", "/settings/members/{id}", w.signedIn(s.saveMember)},
		{"POST", "/settings/members/{id}/link", w.signedIn(s.inviteMember)},
		{"POST", "/settings/members/{id}/state", w.signedIn(s.setMemberState)},
		{"GET", "/settings/members/{id}/reset", w.signedIn(s.confirmReset)},
		{"POST", "/settings/members/{id}/reset", w.signedIn(s.resetMember)},

		{"GET", "/settings/keys", w.signedIn(s.keySettings)},
		{"POST", "/settings/keys", w.signedIn(s.createKey)},
		{"GET", "/settings/keys/{id}/revoke", w.signedIn(s.confirmRevoke)},
		{"POST", "/settings/keys/{id}/revoke", w.signedIn(s.revokeKey)},

		{"GET", "/settings/canned", w.signedIn(s.canned)},
		{"POST", "/settings/canned", w.signedIn(s.addCanned)},
		{"POST", "/settings/canned/{id}", w.signedIn(s.saveCanned)},
		{"GET", "/settings/canned/{id}/delete", w.signedIn(s.confirmDeleteCanned)},
		{"POST", "/settings/canned/{id}/delete", w.signedIn(s.deleteCanned)},

		{"GET", "/settings/tags", w.signedIn(s.tagSettings)},
		{"POST", "/settings/tags", w.signedIn(s.addTag)},
		{"POST", "/settings/tags/{id}", w.signedIn(s.saveTag)},
		{"GET", "/settings/tags/{id}/delete", w.signedIn(s.confirmDeleteTag)},
		{"POST", "/settings/tags/{id}/delete", w.signedIn(s.deleteTag)},

		{"GET", "/settings/fields", w.signedIn(s.fieldSettings)},
		{"POST", "/settings/fields", w.signedIn(s.addField)},
		{"POST", "/settings/fields/{id}", w.signedIn(s.saveField)},
		{"POST", "/settings/fields/{id}/move", w.signedIn(s.moveField)},
		{"POST", "/settings/fields/{id}/archive", w.signedIn(s.archiveField)},

		{"GET", "/settings/pipeline", w.signedIn(s.pipelineSettings)},
		{"POST", "/settings/pipeline", w.signedIn(s.savePipeline)},

		{"GET", "/settings/rules", w.signedIn(s.rules)},
		{"POST", "/settings/rules", w.signedIn(s.saveRules)},
		{"POST", "/settings/rules/try", w.signedIn(s.tryRules)},
		{"GET", rescorePath, w.signedIn(s.rescore)},
		{"POST", rescorePath, w.signedIn(s.startRescore)},
		{"POST", rescorePath + "/resume", w.signedIn(s.resumeRescore)},
		{"POST", rescorePath + "/cancel", w.signedIn(s.cancelRescore)},

		{"GET", "/settings/webhooks", w.signedIn(s.webhookLog)},
		{"GET", "/settings/webhooks/{id}", w.signedIn(s.delivery)},
		{"POST", "/settings/webhooks/{id}/replay", w.signedIn(s.replay)},
	}
}

// subject is one line of the settings' own navigation.
type subject struct {
	Name   string // its word in the catalogue's area "subject", and its path
	Action access.Action
	Chosen bool
}

// subjects are the settings' pages in their order.
var subjects = []subject{
	{Name: "workspace", Action: access.ManageWorkspace},
	{Name: "members", Action: access.ManageMembers},
	{Name: "channels", Action: access.ManageChannels},
	{Name: "canned", Action: access.SendMessages},
	{Name: "tags", Action: access.ManageTags},
	{Name: "fields", Action: access.ManageLeads},
	{Name: "pipeline", Action: access.ManageLeads},
	{Name: "rules", Action: access.ManageLeads},
	{Name: "keys", Action: access.ManageKeys},
	{Name: "webhooks", Action: access.ReadWebhookLog},
}

var (
	settingsStyles  = []string{"settings.css"}
	settingsScripts = []string{"settings.js"}
)

// settingsFrame is what every page of the settings has round it.
type settingsFrame struct {
	Frame
	Subjects []subject
	Problem  string // why something was not done
}

// settings returns the frame of a subject's page, or Forbidden.
func (v *visitor) settings(ctx *fasthttp.RequestCtx, name, trouble string) (settingsFrame, error) {
	f := settingsFrame{Frame: v.frame(ctx, v.lang.word("subject", name), "settings"), Problem: trouble}
	f.Styles, f.Scripts = settingsStyles, settingsScripts
	if ctx.IsPost() {
		f.Here = "/settings/" + name // a form's address cannot be come back to
	}
	var err error
	for _, s := range subjects {
		s.Chosen = s.Name == name
		if s.Chosen {
			err = v.Check(s.Action)
		}
		if v.Can(s.Action) {
			f.Subjects = append(f.Subjects, s)
		}
	}
	return f, err
}

// toSettings leads to the first subject that the visitor may see.
func toSettings(ctx *fasthttp.RequestCtx, v *visitor) error {
	for _, s := range subjects {
		if v.Can(s.Action) {
			seeOther(ctx, "/settings/"+s.Name)
			return nil
		}
	}
	return v.Check(subjects[0].Action)
}

// confirmPage asks whether to do what cannot be undone.
type confirmPage struct {
	settingsFrame
	Question string
	About    string // the name of what it is done to
	Meaning  string // what it comes to
	Button   string
	Action   string // where the form goes
	Back     string
}

func (w settings) confirm(ctx *fasthttp.RequestCtx, v *visitor, subject string, p confirmPage) (err error) {
	if p.settingsFrame, err = v.settings(ctx, subject, ""); err != nil {
		return err
	}
	p.Title, p.Action, p.Back = p.Question, string(ctx.Path()), "/settings/"+subject
	return render(ctx, v.lang, "settings_confirm", p)
}

// oncePage shows secrets that were just made and are shown never again.
type oncePage struct {
	settingsFrame
	Heading string
	Meaning string
	Secrets []onceSecret
	Back    string
}

// onceSecret is one of them, with what it is for.
type onceSecret struct {
	Label string
	Value string
	Hint  string
}

func (w settings) once(ctx *fasthttp.RequestCtx, v *visitor, subject, back string, p oncePage) (err error) {
	if p.settingsFrame, err = v.settings(ctx, subject, ""); err != nil {
		return err
	}
	p.Title, p.Back, p.Here = p.Heading, back, back
	return render(ctx, v.lang, "settings_once", p)
}

// named returns the one of a list that the path's id names, or NotFound.
func named[T any](ctx *fasthttp.RequestCtx, list []*T, of func(*T) crm.ID[T]) (*T, error) {
	id, err := pathID[T](ctx)
	if err != nil {
		return nil, err
	}
	for _, one := range list {
		if of(one) == id {
			return one, nil
		}
	}
	return nil, &crm.Error{Op: "find by address", Code: crm.NotFound}
}
