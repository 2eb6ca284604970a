package webhook

import (
	"strings"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook/tape"
)

// status reads how far a message has come. Calls report theirs in the same
// list.
func (s *scope) status(item tape.Value) {
	if item.Get("type").Is("call") {
		s.callStatus(item)
		return
	}
	f := s.item(item)
	f.Direction = crm.Outbound
	f.Peer = s.recipient(item)
	s.add(f.status(item, idOf(item), item.Get("status").Text()))
}

// recipient returns who a status is about. In a group that is the participant:
// the recipient is the group.
func (s *scope) recipient(item tape.Value) Peer {
	p := person(item.Get("recipient_id"), item.Get("recipient_user_id"), item.Get("recipient_parent_user_id"))
	if item.Get("recipient_type").Is("group") {
		p = person(item.Get("recipient_participant_id"), item.Get("recipient_participant_user_id"), tape.Value{})
	}
	return s.people.complete(p, s.alone)
}

// status reads the report that the message id is now word.
func (f Fact) status(item tape.Value, id, word string) Fact {
	switch {
	case id == "":
		return f.unreadable("the status names no message")
	case word == "":
		return f.unreadable("the status says nothing")
	}
	f.Kind, f.ProviderID = Status, id
	f.Status = &StatusPart{
		Status: statusOf(word), Word: word, Error: firstError(item),
		Opaque: item.Get("biz_opaque_callback_data").Text(), Pricing: pricingOf(item.Get("pricing")),
	}
	if item.Get("recipient_type").Is("group") {
		f.Status.GroupID = name(item.Get("recipient_id"))
	}
	return f
}

// statusOf translates a provider's word; one that is not known is "".
func statusOf(word string) crm.MessageStatus {
	switch strings.ToLower(word) {
	case "sent":
		return crm.Sent
	case "delivered":
		return crm.Delivered
	case "read":
		return crm.Read
	case "played":
		return crm.Played
	case "failed", "error":
		return crm.Failed
	}
	return ""
}

func pricingOf(v tape.Value) *crm.Pricing {
	if v.Kind() != tape.Object {
		return nil
	}
	return &crm.Pricing{
		Billable: v.Get("billable").Bool(), Model: v.Get("pricing_model").Text(),
		Type: v.Get("type").Text(), Category: v.Get("category").Text(),
	}
}

// call reads a call. The event is a word ("connect"), in older captures
// "CALL_CONNECT", or "CALL_STATUS" with the event in the status.
func (s *scope) call(item tape.Value) {
	f := s.item(item)
	f.Time = firstTime(item.Get("timestamp"), item.Get("start_time"))
	f.ProviderID = first(name(item.Get("id")), name(item.Get("wacid")))
	if f.ProviderID == "" {
		s.add(f.unreadable("the call has no id"))
		return
	}
	f.Direction = crm.Inbound
	from := item.Get("from")
	if item.Get("direction").Is("BUSINESS_INITIATED") || s.number != "" && digits(name(from)) == s.number {
		f.Direction = crm.Outbound
	}
	f.Peer = s.party(item, f.Direction)
	state := strings.ToLower(item.Get("status").Text())
	event := strings.TrimPrefix(strings.ToLower(item.Get("event").Text()), "call_")
	if event == "" || event == "status" {
		event = state
	}
	f.Kind, f.Call = Call, &CallPart{Event: event, Status: state}
	s.add(f)
}

// callStatus reads what became of a call the business made.
func (s *scope) callStatus(item tape.Value) {
	f := s.item(item)
	f.ProviderID = name(item.Get("id"))
	state := strings.ToLower(item.Get("status").Text())
	if f.ProviderID == "" || state == "" {
		s.add(f.unreadable("the call's status names no call"))
		return
	}
	f.Kind, f.Direction, f.Peer = Call, crm.Outbound, s.recipient(item)
	f.Call = &CallPart{Event: state, Status: state}
	s.add(f)
}
