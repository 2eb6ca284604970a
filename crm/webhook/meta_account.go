package webhook

import (
	"strings"

	"github.com/my21staff/my21staff/crm/webhook/tape"
)

// preference reads whether a customer wants marketing.
func (s *scope) preference(item tape.Value) {
	f := s.dated(s.item(item))
	f.Peer = s.people.complete(person(item.Get("wa_id"), item.Get("user_id"), item.Get("parent_user_id")), s.alone)
	category, value := item.Get("category"), item.Get("value")
	switch {
	case category.Present() && !category.Is("marketing_messages"):
		f.Kind = Other
	case !value.Is("stop") && !value.Is("resume"):
		f = f.unreadable("the preference is neither stop nor resume")
	case f.Peer.IsZero():
		f = f.unreadable("the preference names no customer")
	default:
		f.Kind, f.Preference = Preference, &PreferencePart{Stop: value.Is("stop"), Detail: item.Get("detail").Text()}
	}
	s.add(f)
}

// bookEntry reads an entry of the business app's address book. Its name is
// the business's own, not what the person calls itself.
func (s *scope) bookEntry(item tape.Value) {
	f := s.base
	contact := item.Get("contact")
	f.Raw, f.Time = item.Raw(), firstTime(item.Get("metadata").Get("timestamp"), item.Get("timestamp"))
	f.Peer = person(contact.Get("phone_number"), contact.Get("user_id"), tape.Value{})
	f.Peer.Username = username(contact.Get("username"))
	switch kind := item.Get("type"); {
	case kind.Present() && !kind.Is("contact"):
		f.Kind = Other
	case f.Peer.IsZero():
		f = f.unreadable("the entry names nobody")
	default:
		f.Kind = Contact
		f.Contact = &ContactPart{
			Name:    first(contact.Get("full_name").Text(), contact.Get("first_name").Text()),
			Removed: item.Get("action").Is("remove"),
		}
	}
	s.add(f)
}

// group notes a group's event; no inbox takes groups.
func (s *scope) group(item tape.Value) {
	f := s.dated(s.item(item))
	f.Kind = Other
	s.add(f)
}

// automatic notes an event that Meta found in a chat for the ad platform.
func (s *scope) automatic(item tape.Value) {
	f := s.dated(s.item(item))
	f.Kind, f.ProviderID = Account, name(item.Get("id"))
	s.add(f)
}

// failure notes an error that is about the number rather than one message.
func (s *scope) failure(item tape.Value) {
	f := s.base
	f.Kind, f.Raw = Account, item.Raw()
	s.add(f)
}

// template reads a change to a template. Its id has 16 digits and more.
func (s *scope) template() {
	v := s.value
	f := s.base
	if f.Time.IsZero() {
		f.Time = when(v.Get("timestamp"))
	}
	part := TemplatePart{
		ProviderID: name(v.Get("message_template_id")),
		Name:       v.Get("message_template_name").Text(),
		Language:   v.Get("message_template_language").Text(),
		Category:   strings.ToLower(first(v.Get("new_category").Text(), v.Get("message_template_category").Text())),
	}
	if part.ProviderID == "" && part.Name == "" {
		s.add(f.unreadable("the change names no template"))
		return
	}
	if reason := first(v.Get("reason").Text(), v.Get("rejection_info").Get("reason").Text()); reason != "NONE" {
		part.Reason = reason
	}
	switch event := strings.ToLower(v.Get("event").Text()); event {
	case "unpause", "unpaused", "reinstated": // what it may be used for again
		part.Status = "approved"
	case "flagged": // a warning: it may still be sent
		part.Reason = first(part.Reason, event)
	default:
		part.Status = event
	}
	f.Kind, f.Template = Template, &part
	s.add(f)
}
