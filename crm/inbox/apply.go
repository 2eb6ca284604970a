package inbox

import (
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
)

// Item is a fact with the channel it belongs to.
type Item struct {
	Channel *crm.Channel
	Fact    *webhook.Fact

	numbers *numbers // what is known of the fact's
}

// Outcome says what became of one fact.
type Outcome struct {
	Applied bool   // it changed something
	Problem string // why it could not be applied, in words; empty for one that was known already
}

var (
	applied   = Outcome{Applied: true}
	unchanged = Outcome{}
)

func problem(sentence string) Outcome { return Outcome{Problem: sentence} }

// NeedOf names what [Apply] has to know of one workspace to apply the items.
func NeedOf(ws crm.WorkspaceID, items []Item) Need {
	need := Need{WorkspaceID: ws, Threads: true, Leads: true}
	for _, item := range items {
		f := item.Fact
		need.Pending = need.Pending || f.Kind == webhook.Message && f.Direction == crm.Outbound && f.Origin == webhook.Live
		need.Team = need.Team || f.Kind == webhook.Message && f.Direction == crm.Inbound && f.Origin == webhook.Live
		need.Identities = append(need.Identities, item.numbers.all(f)...)
		switch told := (Provided{item.Channel.ID, f.ProviderID}); {
		case f.ProviderID == "":
		case f.Kind == webhook.Message && f.Direction == crm.Inbound:
			need.Inbound = append(need.Inbound, told)
		default:
			need.Provided = append(need.Provided, told)
		}
		if f.Amendment != nil && f.Amendment.Target != "" {
			need.Provided = append(need.Provided, Provided{item.Channel.ID, f.Amendment.Target})
		}
		if id, ok := opaqueOf(f); ok {
			need.Messages = append(need.Messages, id)
		}
		if f.Template != nil {
			need.TemplateNames = append(need.TemplateNames, f.Template.Name)
		}
	}
	return need
}

// Apply decides what facts of one workspace change. It reads nothing but its
// arguments; new rows get their ids and times from the mint. The state's rows
// are changed in place and returned among the changes. Outcomes are in the
// order of the items. The state must hold what [NeedOf] names.
func Apply(ws crm.WorkspaceID, s *State, items []Item, mint *crm.Mint) (crm.Changes, []Outcome) {
	w := newWorld(ws, s, mint)
	outcomes := make([]Outcome, len(items))
	for i, item := range items {
		outcomes[i] = w.apply(item)
	}
	return w.closed(), outcomes
}

// apply changes the world by one fact.
func (w *world) apply(item Item) Outcome {
	f := item.Fact
	w.numbers = item.numbers
	switch f.Kind {
	case webhook.Message:
		return w.message(item.Channel, f)
	case webhook.Status:
		return w.status(item.Channel, f)
	case webhook.Amendment:
		return w.amendment(item.Channel, f)
	case webhook.Preference:
		return w.preference(f)
	case webhook.Identity:
		return w.rename(f)
	case webhook.Contact:
		return w.addressBook(f)
	case webhook.Template:
		return w.template(item.Channel, f)
	case webhook.Call:
		return w.call(item.Channel, f)
	case webhook.Unreadable:
		return problem("could not be read: " + f.Problem)
	default:
		return w.event(item.Channel, f)
	}
}

// event passes on what we do not act upon.
func (w *world) event(ch *crm.Channel, f *webhook.Fact) Outcome {
	w.fact(crm.Fact{
		Kind: crm.ProviderEvent, Actor: crm.Actor{Kind: crm.BySystem},
		Data: data(map[string]string{"event": f.Event, "kind": string(f.Kind), "channel_id": ch.ID.String()}),
	})
	return applied
}

// opaqueOf returns our message id, if the provider sent it back.
func opaqueOf(f *webhook.Fact) (crm.MessageID, bool) {
	text := ""
	switch {
	case f.Status != nil:
		text = f.Status.Opaque
	case f.Message != nil:
		text = f.Message.Opaque
	}
	id, err := crm.ParseID[crm.Message](text)
	return id, err == nil && !id.IsZero()
}

// whatsAppBegan bounds provider times from below.
var whatsAppBegan = time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC)

// eventTime returns when a fact happened. A time that cannot be (none, before
// WhatsApp, more than a day ahead of our clock) is taken as now, lest a message
// from 2038 stand on top of the inbox until then.
func (w *world) eventTime(f *webhook.Fact) time.Time {
	t := f.Time.UTC().Truncate(time.Millisecond)
	if t.Before(whatsAppBegan) || t.After(w.now.Add(24*time.Hour)) {
		return w.now
	}
	return t
}
