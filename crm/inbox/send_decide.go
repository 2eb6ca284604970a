package inbox

import (
	"fmt"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/phone"
)

// send takes an order on: it makes the message, its job and, for somebody new,
// contact and conversation. One that cannot be taken on leaves the world as it was.
func (w *world) send(channels []*crm.Channel, o *Order) (*Sent, error) {
	cmd := &o.cmd
	if answer, used := w.answers[cmd.IdempotencyKey]; used {
		return w.repeated(cmd, answer)
	}
	to, err := w.target(channels, cmd)
	if err != nil {
		return nil, err
	}
	content, err := w.complete(to.channel, to.conversation, cmd.Content)
	if err != nil {
		return nil, err
	}
	if err := crm.CheckSend(to.channel, to.contact, to.conversation, content, w.now); err != nil {
		return nil, err
	}
	quoted, err := w.quoted(to.conversation, cmd.ReplyTo)
	if err != nil {
		return nil, err
	}
	w.meet(to)
	m := &crm.Message{
		ID: crm.NewID[crm.Message](w.mint), WorkspaceID: w.ws, ConversationID: to.conversation.ID, ChannelID: to.channel.ID, ContactID: to.contact.ID,
		Direction: crm.Outbound, Author: o.by.Actor, Content: content, Status: crm.Queued, ReplyTo: quoted,
		ProviderTime: w.now.Truncate(time.Second), CreatedAt: w.now, // WhatsApp's clock has whole seconds; finer, ours would stand after an answer of the same second
	}
	w.queue(to.conversation, m, o.by)
	if cmd.IdempotencyKey != "" {
		answer := crm.Answer{WorkspaceID: w.ws, Key: cmd.IdempotencyKey, Request: cmd.RequestHash, MessageID: m.ID, At: w.now}
		w.changes.Answers = append(w.changes.Answers, answer)
		w.answers[answer.Key] = &answer
	}
	return &Sent{Message: m}, nil
}

// repeated answers a request whose key was used before.
func (w *world) repeated(cmd *SendCommand, answer *crm.Answer) (*Sent, error) {
	if answer.Request != cmd.RequestHash {
		return nil, &crm.Error{Op: "repeat", Code: crm.Conflict, Reason: "idempotency_key_reused",
			Msg: "This Idempotency-Key was used for another request."}
	}
	m := w.messages[answer.MessageID]
	if m == nil {
		return nil, &crm.Error{Op: "repeat", Code: crm.NotFound, Msg: "The message this key stands for is gone."}
	}
	return &Sent{Message: m, Repeated: true}, nil
}

// queue stores an outbound message and promises to send it. A member who writes
// has read what came, and takes over from the bot.
func (w *world) queue(cv *crm.Conversation, m *crm.Message, p access.Principal) {
	w.addMessage(m)
	w.saveMessage(m)
	w.turn(cv, m, w.now)
	w.preview(cv, m)
	if p.Actor.Kind == crm.ByMember {
		cv.Unread, cv.Mode = 0, crm.Human
	}
	w.saveConversation(cv)
	w.changes.Jobs = append(w.changes.Jobs, &crm.Job{
		ID: crm.NewID[crm.Job](w.mint), WorkspaceID: w.ws, Kind: crm.JobSend,
		Lane: cv.ID, Throttle: cv.ChannelID, Subject: m.ID, RunAt: w.now, CreatedAt: w.now,
	})
	w.fact(crm.Fact{
		Kind: crm.MessageCreated, Actor: p.Actor, ConversationID: cv.ID, ContactID: cv.ContactID, MessageID: m.ID,
		Data: data(map[string]any{"type": m.Content.Kind(), "preview": m.Content.Preview(), "status": m.Status}),
	})
}

// target is where an order goes. Contact and conversation of somebody new are not
// in the world yet.
type target struct {
	channel      *crm.Channel
	conversation *crm.Conversation
	contact      *crm.Contact
}

// target finds where a command sends.
func (w *world) target(channels []*crm.Channel, cmd *SendCommand) (target, error) {
	if !cmd.ConversationID.IsZero() {
		cv := w.conversations[cmd.ConversationID]
		if cv == nil {
			return target{}, missing("conversation")
		}
		ch, err := pickChannel(channels, cv.ChannelID)
		return target{ch, cv, w.contacts[cv.ContactID]}, err
	}
	ch, err := pickChannel(channels, cmd.ChannelID)
	if err != nil {
		return target{}, err
	}
	c := w.contacts[cmd.ContactID]
	switch {
	case c != nil:
	case !cmd.ContactID.IsZero():
		return target{}, missing("contact")
	default:
		if c, err = w.addressee(cmd); err != nil {
			return target{}, err
		}
	}
	cv := w.byPair[pair{ch.ID, c.ID}]
	if cv == nil {
		cv = w.draftConversation(ch, c)
	}
	return target{ch, cv, c}, nil
}

// meet takes who is new into the world.
func (w *world) meet(to target) {
	if w.contacts[to.contact.ID] == nil {
		w.enterContact(to.contact)
	}
	if w.conversations[to.conversation.ID] == nil {
		w.enterConversation(to.conversation)
	}
}

// pickChannel returns the channel of an id, or the only one for the zero id.
func pickChannel(channels []*crm.Channel, id crm.ChannelID) (*crm.Channel, error) {
	if id.IsZero() {
		if len(channels) != 1 {
			return nil, invalid("channel_id", fmt.Sprintf("Say which channel sends: this workspace has %d.", len(channels)))
		}
		return channels[0], nil
	}
	for _, ch := range channels {
		if ch.ID == id {
			return ch, nil
		}
	}
	return nil, missing("channel")
}

// addressee finds the contact of a number or user id, or drafts it.
func (w *world) addressee(cmd *SendCommand) (*crm.Contact, error) {
	ids := phone.Lookup(cmd.To, cmd.Region)
	for _, id := range ids {
		if c := w.byIdentity[id]; c != nil {
			return c, nil
		}
	}
	if len(ids) == 0 {
		return nil, invalid("to", "This is neither a phone number nor a WhatsApp user id.")
	}
	c := w.draftContact(crm.Source{Kind: "api", At: w.now})
	if ids[0].Kind == crm.ByUserID {
		c.Identities = ids[:1]
		return c, nil
	}
	number, err := phone.Parse(cmd.To, cmd.Region)
	if err != nil {
		return nil, err
	}
	c.Identities = []crm.Identity{{Kind: crm.ByPhone, Value: number}, {Kind: crm.ByWaID, Value: strings.TrimPrefix(number, "+")}}
	return c, nil
}

// quoted returns the provider id of the message that is quoted.
func (w *world) quoted(cv *crm.Conversation, id crm.MessageID) (string, error) {
	if id.IsZero() {
		return "", nil
	}
	m := w.messages[id]
	switch {
	case m == nil || m.ConversationID != cv.ID:
		return "", missing("message to reply to")
	case m.ProviderID == "":
		return "", invalid("reply_to", "The message to reply to has not reached WhatsApp.")
	}
	return m.ProviderID, nil
}

// complete fills in what the store knows better than the command: the provider
// id of the message a reaction is to, the category and words of a template.
func (w *world) complete(ch *crm.Channel, cv *crm.Conversation, content crm.Content) (crm.Content, error) {
	switch c := content.(type) {
	case crm.Reaction:
		if id, ours := reactsTo(c); ours {
			target, err := w.quoted(cv, id)
			c.MessageID = target
			return c, err
		}
	case crm.FilledTemplate:
		for _, t := range w.templates {
			if t.ChannelID == ch.ID && t.Name == c.Name && t.Language == c.Language {
				if !t.Usable() {
					return nil, &crm.Error{Op: "send", Code: crm.Refused, Reason: "template_unusable",
						Msg: "WhatsApp does not accept this template: it is " + t.Status + "."}
				}
				c.Category, c.Body = t.Category, t.Fill(c.Components)
			}
		}
		return c, nil
	}
	return content, nil
}
