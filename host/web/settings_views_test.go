package web

import (
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
)

func init() {
	frame := func(x string) settingsFrame {
		f := settingsFrame{Frame: outside(x), Problem: x}
		for _, s := range subjects {
			s.Chosen = s.Name == "tags"
			f.Subjects = append(f.Subjects, s)
		}
		return f
	}
	line := func(x string) deliveryLine {
		return deliveryLine{ID: x, At: x, AtISO: x, Provider: crm.Provider(x), Event: x, Verdict: crm.Verdict(x), Facts: 3, Applied: 2, Seen: 2, Reason: x}
	}
	form := func(x string) channelForm {
		return channelForm{Of: crm.Meta, Called: x, Display: x, PhoneNumberID: x, AccountID: x}
	}
	for page, view := range map[string]any{
		"settings_workspace": workspacePage{}, "settings_members": membersPage{}, "settings_keys": keysPage{}, "settings_tags": tagsPage{},
		"settings_rules": rulesPage{}, "settings_rescore": rescorePage{}, "settings_canned": cannedPage{},
		"settings_fields": fieldsPage{}, "settings_pipeline": pipelinePage{}, "settings_channels": channelsPage{}, "settings_channel": channelPage{},
		"settings_channel_new": channelPage{}, "settings_webhooks": webhooksPage{}, "settings_webhook": deliveryPage{}, "settings_once": oncePage{},
		"settings_confirm": confirmPage{},
	} {
		show(page, "empty", func(string) any { return view })
	}
	show("settings_workspace", "typical", func(x string) any {
		return workspacePage{settingsFrame: frame(x), Name: x, Zone: x, Locale: "en", Region: x, Zones: []string{x}, Locales: langs}
	})
	show("settings_members", "typical", func(x string) any {
		tags := []*crm.Tag{{ID: crm.TagID{1}, Name: x}, {ID: crm.TagID{2}, Name: x}}
		typed := memberForm{Name: x, Email: x, Role: crm.Admin, Capacity: x, Away: true, Skills: map[crm.TagID]bool{{1}: true}}
		return membersPage{settingsFrame: frame(x), Tags: tags, Roles: []crm.Role{crm.Agent, crm.Admin, crm.Role(x)}, Typed: typed, Members: []memberLine{
			{memberForm: typed, ID: "1" + x, Self: true, May: true}, {memberForm: typed, ID: "2" + x, May: true, Open: true},
			{memberForm: typed, ID: "3" + x, May: true, Disabled: x}, {memberForm: typed, ID: "4" + x},
		}}
	})
	show("settings_keys", "typical", func(x string) any {
		scopes := []scopeChoice{{"read", true}, {x, false}}
		return keysPage{settingsFrame: frame(x), Broad: scopes, Narrow: scopes, Name: x, Expires: x, Today: x, Keys: []keyLine{
			{ID: x, Name: x, Prefix: x, Scopes: []string{x, x}, Made: x, Used: x, Good: true},
			{ID: x, Name: x, Prefix: x, Made: x, Expires: x}, {ID: x, Name: x, Prefix: x, Made: x, Expires: x, Good: true}, {ID: x, Name: x, Prefix: x, Made: x, Revoked: x},
		}}
	})
	show("settings_rules", "typical", func(x string) any {
		form := rulesForm{Name: x, Hot: x, Warm: x, Margin: x, Negations: x, Enabled: true, BySkill: true, Queue: x, Holidays: x,
			Caps: []capLine{{lead.Fit, x}}, Week: []dayLine{{"mon", x}}, Signals: []signalLine{{
				ID: x, Category: lead.Intent, Points: x, Most: x, HalfLife: x, WhyID: x, WhyEN: x, Way: byWords, List: x, Event: lead.OnReply, Within: x,
				Except: x, InMessages: true, InForms: true, InNotes: true, UnlessNegated: true, Remove: true, Open: true,
			}, {Fresh: true}}}
		form.place(&choices)
		return rulesPage{settingsFrame: frame(x), rulesForm: form, Version: 3, By: x, Document: x, Expert: true, Faults: []ruleFault{{x, x}}, Choices: choices,
			Trial: trialView{Said: x, Done: true, Total: 40, Temperature: crm.Warm, Member: x, Routed: x, Lines: []trialLine{{lead.Fit, 3, x, x}}}}
	})
	show("settings_rescore", "typical", func(x string) any {
		return rescorePage{settingsFrame: frame(x), State: crm.RescoreRunning, Running: true, By: x, Seen: 500, Of: 1200, Changed: 3}
	})
	show("settings_rescore", "failed", func(x string) any {
		return rescorePage{settingsFrame: frame(x), State: crm.RescoreFailed, Resumes: true, By: x, Ended: x, Reason: x, Seen: 500, Of: 1200, Changed: 1}
	})
	show("settings_canned", "typical", func(x string) any {
		return cannedPage{settingsFrame: frame(x), Replies: []cannedLine{{ID: "1" + x, Shortcut: x, Body: x, Open: true}, {ID: "2" + x, Shortcut: x, Body: x}}, Typed: cannedLine{Shortcut: x, Body: x}}
	})
	show("settings_tags", "typical", func(x string) any {
		return tagsPage{settingsFrame: frame(x), Tags: []tagLine{{"1" + x, x, x}, {"2" + x, x, ""}}, Typed: tagLine{Name: x, Color: x}}
	})
	show("settings_fields", "typical", func(x string) any {
		f := fieldLine{ID: x, Key: x, Label: x, Type: crm.ChoiceField, Choices: x, First: true, Last: true, Open: true}
		return fieldsPage{settingsFrame: frame(x), Fields: []fieldLine{f, {ID: "2" + x, Key: x, Label: x, Type: crm.FieldType(x)}}, Archived: []fieldLine{f}, Types: fieldTypes, Typed: f}
	})
	show("settings_pipeline", "typical", func(x string) any {
		return pipelinePage{settingsFrame: frame(x), Kinds: stageKinds, Stages: []stageLine{
			{N: 1, Key: crm.NewLead, Label: x, Kind: crm.OpenStage, Fixed: true}, {N: 2, Key: x, Label: x, Kind: crm.WonStage, Remove: true}, {N: 3},
		}}
	})
	show("settings_channels", "typical", func(x string) any {
		last := line(x)
		return channelsPage{settingsFrame: frame(x), Channels: []channelLine{
			{ID: x, Name: x, Number: x, Provider: crm.Provider(x), State: channelState(x), Last: &last}, {ID: x, Name: x, State: channelWorks}, {ID: x, Name: x, State: channelOff},
		}}
	})
	show("settings_channel", "typical", func(x string) any {
		last := line(x)
		return channelPage{
			settingsFrame: frame(x), channelForm: form(x), Webhook: x, HasToken: true, HasVerify: true, Secrets: []secretLine{{1, x}, {2, ""}}, Mend: true,
			channelLine: channelLine{ID: x, Name: x, Number: x, Provider: crm.Meta, State: channelPaused, Paused: x, Last: &last},
		}
	})
	show("settings_channel", "off", func(x string) any {
		return channelPage{settingsFrame: frame(x), channelForm: form(x), channelLine: channelLine{ID: x, Name: x, Provider: crm.Kapso, State: channelOff}}
	})
	show("settings_channel_new", "typical", func(x string) any {
		return channelPage{settingsFrame: frame(x), channelForm: form(x), Fresh: true, Providers: []crm.Provider{crm.Kapso, crm.Meta}}
	})
	show("settings_webhooks", "typical", func(x string) any {
		return webhooksPage{settingsFrame: frame(x), Verdicts: []verdictTab{{"", "/settings/webhooks", true}, {crm.Verdict(x), x, false}}, Rows: []deliveryLine{line(x), line(x)}, Next: x}
	})
	show("settings_webhook", "typical", func(x string) any {
		return deliveryPage{settingsFrame: frame(x), deliveryLine: line(x), Exactly: x, Body: x, Raw: "/api/webhooks/1/body", Replays: true}
	})
	show("settings_webhook", "expired", func(x string) any {
		return deliveryPage{settingsFrame: frame(x), deliveryLine: line(x), Expired: true}
	})
	show("settings_once", "typical", func(x string) any {
		return oncePage{settingsFrame: frame(x), Heading: x, Meaning: x, Secrets: []onceSecret{{x, x, x}, {x, x, x}}, Back: "/settings/keys"}
	})
	show("settings_confirm", "typical", func(x string) any {
		return confirmPage{settingsFrame: frame(x), Question: x, About: x, Meaning: x, Button: x, Action: "/settings/tags/1/delete", Back: "/settings/tags"}
	})
}
