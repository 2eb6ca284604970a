package simulator

import (
	"encoding/json"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// kapsoBody is Kapso's version 2 body about a message. Its times have three
// formats and the contact's name two places, as they have on the wire.
func (s *Simulator) kapsoBody(m *message, p peer) object {
	ch := m.chat
	ch.sequence++
	about := conversationOf(ch, p)
	if m.Direction == crm.Inbound {
		about["contact_name"] = ch.customer.Name
	} else {
		about["kapso"].(object)["contact_name"] = ch.customer.Name
	}
	return object{
		"message":             s.kapsoMessage(m, p),
		"conversation":        about,
		"is_new_conversation": false,
		"phone_number_id":     ch.number.PhoneNumberID,
	}
}

// kapsoMessage is a message as Kapso shows it: Meta's, with its own part.
func (s *Simulator) kapsoMessage(m *message, p peer) object {
	item := p.item(m)
	if m.Direction == crm.Outbound {
		item = p.echo(m)
		delete(item, "to_user_id")
	} else if p.customer.Username != "" {
		item["username"] = "@" + p.customer.Username
	}
	item["kapso"] = s.kapsoPart(m, p)
	return item
}

func (s *Simulator) kapsoPart(m *message, p peer) object {
	part := object{
		"direction": string(m.Direction), "origin": m.Origin, "status": m.Status, "processing_status": "completed",
		"has_media": false, "phone_number_id": m.chat.number.PhoneNumberID, "content": s.sentence(m),
	}
	if m.Direction == crm.Inbound {
		part["status"], part["processing_status"] = "received", "pending"
	}
	if len(m.Statuses) > 0 && m.Direction == crm.Outbound {
		var all []object
		for _, reached := range m.Statuses {
			all = append(all, p.status(m, reached))
		}
		part["statuses"] = all
	}
	if stored := s.attached(m); stored != nil {
		link := s.kapsoURL(stored)
		part["has_media"], part["media_url"] = true, link
		part["media_data"] = object{"url": link, "filename": stored.filename(), "content_type": stored.MIME, "byte_size": len(stored.Data)}
	}
	return part
}

// attached returns the file a message holds, nil if it has none of ours.
func (s *Simulator) attached(m *message) *medium {
	var f file
	if json.Unmarshal(m.Content, &f) != nil || f.ID == "" {
		return nil
	}
	return s.media.byID[f.ID]
}

// kapsoURL is where Kapso keeps its copy: whoever has the address may read it.
func (s *Simulator) kapsoURL(m *medium) string {
	return s.base + "/blob/" + m.ID + "?until=" + strconv.FormatInt(m.until.Unix(), 10) + "&key=" + m.key
}

func (m *medium) filename() string {
	if m.Filename != "" {
		return m.Filename
	}
	return "file." + path.Base(m.MIME)
}

// sentence is Kapso's description of a message: the words of a text, else a
// sentence of its own making.
func (s *Simulator) sentence(m *message) string {
	var c struct {
		Body, Caption, Emoji string
		MessageID            string `json:"message_id"`
	}
	_ = json.Unmarshal(m.Content, &c) // what is not there stays empty
	stored := s.attached(m)
	switch {
	case m.Type == "text":
		return c.Body
	case m.Type == "reaction":
		return fmt.Sprintf("Reacted with %s to message %s", c.Emoji, c.MessageID)
	case stored != nil:
		kind := strings.ToUpper(m.Type[:1]) + m.Type[1:]
		return strings.TrimSpace(fmt.Sprintf("%s %s attached (%s) [Size: %d B | Type: %s] URL: %s", c.Caption, kind, stored.filename(), len(stored.Data), stored.MIME, s.kapsoURL(stored)))
	}
	return "[" + m.Type + "]"
}

// conversation is a chat's session as Kapso shows it.
func conversation(ch *chat) object {
	about := conversationOf(ch, peer{customer: ch.customer})
	about["contact_name"] = ch.customer.Name
	return about
}

func conversationOf(ch *chat, p peer) object {
	phone := orNull(p.waID())
	if phone != nil {
		phone = "+" + p.waID()
	}
	stamp := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
	about := object{
		"id": ch.session.id, "phone_number": phone, "business_scoped_user_id": ch.customer.UserID, "username": orNull(ch.customer.Username),
		"status": ch.session.status(), "phone_number_id": ch.number.PhoneNumberID, "metadata": object{},
		"last_active_at": ch.session.active.In(saoPaulo).Format(time.RFC3339),
		"created_at":     stamp(ch.session.created), "updated_at": stamp(ch.session.active),
		"kapso": object{"messages_count": len(ch.messages)},
	}
	if len(ch.messages) > 0 {
		last := ch.messages[len(ch.messages)-1]
		about["kapso"] = object{"messages_count": len(ch.messages), "last_message_id": last.ID, "last_message_type": last.Type,
			"last_message_timestamp": last.At.UTC().Format("2006-01-02T15:04:05.000000Z")}
	}
	return about
}

// saoPaulo is the zone of one of Kapso's three time formats.
var saoPaulo = time.FixedZone("", -3*60*60)

// listed is a message in Kapso's lists. Fields chooses the parts under "kapso",
// as in "kapso(direction,status)"; without it all are there, and "kapso()" has
// none.
func (s *Simulator) listed(m *message, fields string) object {
	item := s.kapsoMessage(m, peer{customer: m.chat.customer})
	part := item["kapso"].(object)
	part["phone_number"], part["contact_name"], part["whatsapp_conversation_id"] = orNull(m.chat.customer.Phone), m.chat.customer.Name, m.chat.session.id
	list, chosen := strings.CutPrefix(fields, "kapso(")
	list = strings.TrimSuffix(list, ")")
	switch {
	case !chosen || list == "default":
	case list == "":
		delete(item, "kapso")
	default:
		kept := object{}
		for name := range strings.SplitSeq(list, ",") {
			if v, ok := part[name]; ok {
				kept[name] = v
			}
		}
		item["kapso"] = kept
	}
	return item
}

// kapsoBatch is the body of buffered messages of one conversation.
func kapsoBatch(updates []*update, window time.Duration) object {
	bodies := make([]object, 0, len(updates))
	for _, u := range updates {
		bodies = append(bodies, u.body)
	}
	first := updates[0]
	return object{
		"type": first.event, "batch": true, "data": bodies,
		"batch_info": object{"size": len(bodies), "window_ms": window.Milliseconds(), "first_sequence": first.sequence,
			"last_sequence": updates[len(updates)-1].sequence, "conversation_id": first.body["conversation"].(object)["id"]},
	}
}
