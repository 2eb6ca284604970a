package webhook

import (
	"strings"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook/tape"
)

// message reads one of a change's messages. They are the customer's, but for
// the field history, where a message that came without its file is sent again
// with it.
func (s *scope) message(item tape.Value) {
	f := s.item(item)
	f.Direction, f.Origin = crm.Inbound, Live
	if s.base.Event == "history" {
		f.Origin = History
		if s.number != "" && digits(name(item.Get("from"))) == s.number {
			f.Direction = crm.Outbound
		}
	}
	f.Peer = s.party(item, f.Direction)
	s.add(f.message(item, s.reason()))
}

// echo reads a message that the business wrote in its app.
func (s *scope) echo(item tape.Value) {
	f := s.item(item)
	f.Direction, f.Origin = crm.Outbound, App
	f.Peer = s.party(item, f.Direction)
	s.add(f.message(item, s.reason()))
}

// party returns the customer of a message: who it is from, or who it is to.
func (s *scope) party(item tape.Value, direction crm.Direction) Peer {
	p := person(item.Get("to"), item.Get("to_user_id"), item.Get("to_parent_user_id"))
	if direction == crm.Inbound {
		p = person(item.Get("from"), item.Get("from_user_id"), item.Get("from_parent_user_id"))
	}
	return s.people.complete(p, s.alone)
}

// reason returns the first of the errors beside the messages: an interactive
// message that could not be delivered comes empty and the reason stands there.
func (s *scope) reason() *crm.ProviderError { return firstError(s.value) }

// chunk reads one part of a number's history: threads, each with one customer.
// A part without messages (a refusal, or the progress alone) is news of the
// number.
func (s *scope) chunk(chunk tape.Value) {
	before := len(s.facts)
	f := s.base
	f.Raw = chunk.Raw()
	s.each(f, chunk.Get("threads"), s.thread)
	if len(s.facts) == before {
		f.Kind = Account
		s.add(f)
	}
}

func (s *scope) thread(thread tape.Value) {
	context := thread.Get("context")
	peer := person(thread.Get("id"), thread.Get("user_id"), tape.Value{}).
		fill(person(context.Get("wa_id"), context.Get("user_id"), tape.Value{}))
	peer.Username = username(context.Get("username"))
	peer = s.people.complete(peer, false)
	base := s.base
	base.Raw = thread.Raw()
	s.each(base, thread.Get("messages"), func(item tape.Value) {
		f := s.item(item)
		f.Origin, f.Peer, f.Direction = History, peer, s.side(item, peer)
		f = f.message(item, nil)
		if f.Message != nil && f.Direction == crm.Outbound {
			f.Message.Status = statusOf(item.Get("history_context").Get("status").Text())
		}
		s.add(f)
	})
}

// side tells who wrote a message of a thread with peer.
func (s *scope) side(item tape.Value, peer Peer) crm.Direction {
	from := person(item.Get("from"), item.Get("from_user_id"), tape.Value{})
	switch {
	case from.WaID != "" && from.WaID == s.number:
		return crm.Outbound
	case from.WaID != "" && from.WaID == peer.WaID, from.UserID != "" && from.UserID == peer.UserID:
		return crm.Inbound
	case item.Get("to").Present() || s.number == "":
		return crm.Outbound
	}
	return crm.Inbound
}

// message reads a message in Meta's form, which Kapso shares, into a fact that
// says already who it is from or to. reason is the error to give for a message
// that came without its content and without an error of its own.
func (f Fact) message(item tape.Value, reason *crm.ProviderError) Fact {
	if f.ProviderID = idOf(item); f.ProviderID == "" {
		return f.unreadable("the message has no id")
	}
	kind := typeOf(item)
	if kind == "edit" || kind == "revoke" {
		return f.amendment(item, kind)
	}
	content, problem := contentOf(kind, item, reason)
	if problem != "" {
		return f.unreadable(problem)
	}
	f.Kind = Message
	f.Message = messagePart(item, content)
	if kind == "system" {
		f.moved(item)
	}
	if f.Peer.IsZero() {
		f.Problem = "the message names no customer"
	}
	return f
}

func messagePart(item tape.Value, content crm.Content) *MessagePart {
	context := item.Get("context")
	return &MessagePart{
		Content:   content,
		ReplyTo:   messageID(context.Get("id")),
		Forwarded: context.Get("forwarded").Bool() || context.Get("frequently_forwarded").Bool(),
		GroupID:   name(item.Get("group_id")),
		Referral:  referralOf(item.Get("referral")),
		Error:     firstError(item),
		Opaque:    item.Get("biz_opaque_callback_data").Text(),
	}
}

// idOf returns the provider's id of a message: the wamid, which Kapso v1 puts
// beside an id of its own; "" if it has none or one that is too long.
func idOf(item tape.Value) string {
	return first(messageID(item.Get("whatsapp_message_id")), messageID(item.Get("id")))
}

func messageID(v tape.Value) string {
	id := v.Word()
	if len(id) > maxID {
		return ""
	}
	return id
}

// referralOf reads the advertisement or post a chat began at.
func referralOf(v tape.Value) *crm.Source {
	if v.Kind() != tape.Object {
		return nil
	}
	kind := "ad"
	if v.Get("source_type").Is("post") {
		kind = "post"
	}
	return &crm.Source{
		Kind: kind, AdID: v.Get("source_id").Word(), URL: v.Get("source_url").Text(),
		Title: v.Get("headline").Text(), ClickID: v.Get("ctwa_clid").Text(),
	}
}

// amendment reads an edit or a take-back, which is a message of its own that
// points at the one it changes.
func (f Fact) amendment(item tape.Value, kind string) Fact {
	part := item.Get(kind)
	target := messageID(part.Get("original_message_id"))
	if target == "" {
		return f.unreadable("the " + kind + " names no message")
	}
	f.Kind, f.Amendment = Amendment, &AmendmentPart{Target: target}
	if kind == "revoke" {
		return f
	}
	edited := part.Get("message")
	if edited.Kind() != tape.Object {
		return f.unreadable("the edit has no message")
	}
	content, problem := contentOf(typeOf(edited), edited, nil)
	if problem != "" {
		return f.unreadable(problem)
	}
	f.Amendment.Content = content
	return f
}

// moved notes that the sender of a system message has another number or user
// id now. The message comes from the old number; captures before 2025 name the
// new one new_wa_id and repeat the old one as customer.
func (f *Fact) moved(item tape.Value) {
	system := item.Get("system")
	newWaID := digits(first(name(system.Get("wa_id")), name(system.Get("new_wa_id"))))
	if f.Peer.WaID == "" {
		f.Peer.WaID = digits(name(system.Get("customer")))
	}
	part := IdentityPart{OldUserID: name(system.Get("previous_user_id")), NewUserID: name(system.Get("user_id"))}
	if part.NewUserID != "" && part.OldUserID == "" && f.Peer.UserID != part.NewUserID {
		part.OldUserID = f.Peer.UserID
	}
	if f.Peer.UserID == "" {
		f.Peer.UserID = first(part.OldUserID, part.NewUserID)
	}
	if part.OldUserID == part.NewUserID || part.NewUserID == "" {
		part.OldUserID, part.NewUserID = "", ""
	}
	if system.Get("type").Is("user_changed_user_id") { // its wa_id is the number that stayed
		f.Peer.WaID = first(f.Peer.WaID, newWaID)
	} else if newWaID != "" && newWaID != f.Peer.WaID {
		part.OldWaID, part.NewWaID = f.Peer.WaID, newWaID
	}
	if part != (IdentityPart{}) {
		f.Identity = &part
	}
}

// typeOf returns a message's type. One that does not say is of the type whose
// part it has (seen in a location, 2024).
func typeOf(item tape.Value) string {
	if kind := item.Get("type").Text(); kind != "" {
		return strings.ToLower(kind)
	}
	if kind := item.Get("message_type").Text(); kind != "" { // Kapso v1
		return strings.ToLower(kind)
	}
	for _, kind := range [...]string{"text", "image", "video", "audio", "document", "sticker", "location", "contacts", "interactive", "button", "reaction", "order", "system"} {
		if item.Get(kind).Present() {
			return kind
		}
	}
	return ""
}
