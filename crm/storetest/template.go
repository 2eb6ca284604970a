package storetest

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

var templateTests = []test{
	{"is found by channel, name and language, and replaced whole", templateReplaced},
	{"is listed by name and language, of one channel or all", templateListed},
	{"is loaded by name on the channels loaded", templateLoad},
}

func (w *world) templates(t *testing.T, channel crm.ChannelID) []*crm.Template {
	t.Helper()
	return must[[]*crm.Template](t)(w.store.Inbox().Templates(t.Context(), w.ours.ws, channel))
}

// newTemplate stores a template and returns it.
func (w *world) newTemplate(t *testing.T, channel crm.ChannelID, name, language string) *crm.Template {
	t.Helper()
	template := copied(w.ours.template)
	template.ID, template.ChannelID, template.Name, template.Language = crm.NewID[crm.Template](w.mint), channel, name, language
	w.write(t, w.ours.ws, &crm.Changes{Templates: []*crm.Template{copied(template)}})
	return template
}

func templateReplaced(t *testing.T, w *world) {
	same(t, "a template", w.templates(t, w.ours.Channel.ID), []*crm.Template{w.ours.template})
	// Who syncs templates knows the provider's list, not our ids.
	want := copied(w.ours.template)
	want.ID, want.ProviderID, want.Category, want.Status = crm.NewID[crm.Template](w.mint), "98765432109876543210", "marketing", "paused"
	want.Body, want.Components, want.UpdatedAt = "Hai {{1}}", []byte(`[{"type":"BODY","text":"Hai {{1}}"},12345678901234567890]`), w.clock.Advance(time.Hour)
	everyField(t, "a template", want, w.ours.template, "WorkspaceID", "ChannelID", "Name", "Language")
	w.write(t, w.ours.ws, &crm.Changes{Templates: []*crm.Template{copied(want)}})
	got := w.templates(t, w.ours.Channel.ID)
	if len(got) == 1 {
		want.ID = got[0].ID // either may stay
	}
	same(t, "a template stored again under another id", got, []*crm.Template{want})
	want.Components, want.Body = nil, ""
	w.write(t, w.ours.ws, &crm.Changes{Templates: []*crm.Template{copied(want)}})
	same(t, "a template with its text emptied", w.templates(t, w.ours.Channel.ID), []*crm.Template{want})
}

func templateListed(t *testing.T, w *world) {
	channel := w.ours.NewChannel()
	if err := w.store.Directory().SaveChannel(t.Context(), channel); err != nil {
		t.Fatal(err)
	}
	english := w.newTemplate(t, w.ours.Channel.ID, "welcome", "en_US")
	zebra := w.newTemplate(t, w.ours.Channel.ID, "zebra", "id")
	first := w.newTemplate(t, channel.ID, "about_us", "id")
	same(t, "the first channel's templates", w.templates(t, w.ours.Channel.ID), []*crm.Template{english, w.ours.template, zebra})
	same(t, "the second channel's templates", w.templates(t, channel.ID), []*crm.Template{first})
	same(t, "every channel's templates", w.templates(t, crm.ChannelID{}), []*crm.Template{first, english, w.ours.template, zebra})
}

func templateLoad(t *testing.T, w *world) {
	channel := w.ours.NewChannel()
	if err := w.store.Directory().SaveChannel(t.Context(), channel); err != nil {
		t.Fatal(err)
	}
	english := w.newTemplate(t, w.ours.Channel.ID, "welcome", "en_US")
	w.newTemplate(t, w.ours.Channel.ID, "other", "id")
	elsewhere := w.newTemplate(t, channel.ID, "welcome", "id")
	need := inbox.Need{WorkspaceID: w.ours.ws, Channels: []crm.ChannelID{w.ours.Channel.ID}, TemplateNames: []string{"welcome", "none"}}
	loaded := func() []*crm.Template {
		return slices.SortedFunc(slices.Values(w.load(t, need).Templates), func(a, b *crm.Template) int {
			return cmp.Or(a.ChannelID.Compare(b.ChannelID), strings.Compare(a.Language, b.Language))
		})
	}
	same(t, "the templates of a name on one channel", loaded(), []*crm.Template{english, w.ours.template})
	need.Channels, need.AllChannels = nil, true
	same(t, "the templates of a name on all channels", loaded(), []*crm.Template{english, w.ours.template, elsewhere})
}
