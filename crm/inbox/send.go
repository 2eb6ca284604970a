package inbox

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/phone"
)

// SendCommand is a message to send: into a conversation, to a contact, or to a
// number that need not be known yet. Exactly one of ConversationID, ContactID
// and To is set.
type SendCommand struct {
	ConversationID crm.ConversationID
	ContactID      crm.ContactID
	To             string        // a phone number as people write it, or a business-scoped user id
	Region         string        // how To without a country code is read: "ID"
	ChannelID      crm.ChannelID // zero: the conversation's, or the workspace's only one
	Content        crm.Content   // a reaction names its message by our id or the provider's
	ReplyTo        crm.MessageID // the message that is quoted
	IdempotencyKey string        // at most 255 characters
	RequestHash    [32]byte      // SHA-256 of the request the key came with
}

// Sent is a message that was taken on.
type Sent struct {
	Message  *crm.Message
	Repeated bool // the Idempotency-Key had been used for the same request: this is the first one's message
}

// RefusedError says that a rule forbids a send (errors.Is(err, crm.Refused))
// and which templates could be sent instead.
type RefusedError struct {
	Err       error
	Templates []*crm.Template
}

// Error returns the refusal.
func (e *RefusedError) Error() string { return e.Err.Error() }

// Unwrap returns the refusal.
func (e *RefusedError) Unwrap() error { return e.Err }

// Send takes a message on: when it returns, the message is stored as queued and
// the outbox will send it. Contact and conversation of a new number are made in
// the same transaction.
//
// Invalid names a field that is wrong, NotFound a conversation, contact,
// channel or message that is not the workspace's. A send that the window, an
// opt-out or a block forbids is a *[RefusedError]. An Idempotency-Key that was
// used for another request is Conflict; for the same request the first answer
// comes again.
func (s *Service) Send(ctx context.Context, p access.Principal, cmd SendCommand) (*Sent, error) {
	const op = "send message"
	if err := p.Check(access.SendMessages); err != nil {
		return nil, crm.Wrap(op, err)
	}
	need, err := cmd.need(p)
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	var sent *Sent
	err = s.store.Update(ctx, []crm.WorkspaceID{p.WorkspaceID}, func(ctx context.Context, tx Tx) error {
		state, err := tx.Load(ctx, need)
		if err != nil {
			return err
		}
		if state.Answer != nil {
			sent, err = repeated(ctx, tx, cmd, state.Answer)
			return err
		}
		changes, message, err := decideSend(state, p, cmd, s.mint)
		if err != nil {
			return err
		}
		sent = &Sent{Message: message}
		return tx.Write(ctx, &changes)
	})
	if errors.Is(err, crm.Refused) {
		return nil, s.refused(ctx, p, cmd, crm.Wrap(op, err))
	}
	return sent, crm.Wrap(op, err)
}

// need checks the command as far as it goes without the store, and names what
// deciding it takes.
func (cmd *SendCommand) need(p access.Principal) (Need, error) {
	need := Need{WorkspaceID: p.WorkspaceID, Answer: cmd.IdempotencyKey, AllChannels: true}
	targets := 0
	for _, set := range []bool{!cmd.ConversationID.IsZero(), !cmd.ContactID.IsZero(), cmd.To != ""} {
		if set {
			targets++
		}
	}
	switch {
	case targets != 1:
		return Need{}, invalid("to", "Say where to send: one of conversation_id, contact_id and to.")
	case cmd.Content == nil:
		return Need{}, invalid("type", "A message needs a type and its content.")
	case len(cmd.IdempotencyKey) > 255:
		return Need{}, invalid("idempotency_key", "An Idempotency-Key has at most 255 characters.")
	}
	if err := crm.CheckContent(cmd.Content); err != nil {
		return Need{}, err
	}
	switch {
	case !cmd.ConversationID.IsZero():
		need.Conversations = []crm.ConversationID{cmd.ConversationID}
	case !cmd.ContactID.IsZero():
		need.Contacts = []crm.ContactID{cmd.ContactID}
	default:
		need.Identities = phone.Lookup(cmd.To, cmd.Region)
	}
	if !cmd.ReplyTo.IsZero() {
		need.Messages = append(need.Messages, cmd.ReplyTo)
	}
	if id, ok := reactsTo(cmd.Content); ok {
		need.Messages = append(need.Messages, id)
	}
	if template, ok := cmd.Content.(crm.FilledTemplate); ok {
		need.TemplateNames = []string{template.Name}
	}
	return need, nil
}

// reactsTo returns our id of the message a reaction is to, if it names it so.
func reactsTo(content crm.Content) (crm.MessageID, bool) {
	reaction, ok := content.(crm.Reaction)
	if !ok {
		return crm.MessageID{}, false
	}
	id, err := crm.ParseID[crm.Message](reaction.MessageID)
	return id, err == nil
}

// repeated answers a request whose key was used before.
func repeated(ctx context.Context, tx Tx, cmd SendCommand, answer *crm.Answer) (*Sent, error) {
	if answer.Request != cmd.RequestHash {
		return nil, &crm.Error{Op: "repeat", Code: crm.Conflict, Reason: "idempotency_key_reused",
			Msg: "This Idempotency-Key was used for another request."}
	}
	state, err := tx.Load(ctx, Need{WorkspaceID: answer.WorkspaceID, Messages: []crm.MessageID{answer.MessageID}})
	if err != nil {
		return nil, err
	}
	if len(state.Messages) == 0 {
		return nil, &crm.Error{Op: "repeat", Code: crm.NotFound, Msg: "The message this key stands for is gone."}
	}
	return &Sent{Message: state.Messages[0], Repeated: true}, nil
}

// decideSend makes the message, its job and, for somebody new, contact and
// conversation.
func decideSend(state *State, p access.Principal, cmd SendCommand, mint *crm.Mint) (crm.Changes, *crm.Message, error) {
	w := newWorld(p.WorkspaceID, state, mint)
	ch, cv, c, err := w.target(state.Channels, cmd)
	if err != nil {
		return crm.Changes{}, nil, err
	}
	content, err := w.complete(ch, cv, cmd.Content)
	if err != nil {
		return crm.Changes{}, nil, err
	}
	if err := crm.CheckSend(ch, c, cv, content, w.now); err != nil {
		return crm.Changes{}, nil, err
	}
	quoted, err := w.quoted(cv, cmd.ReplyTo)
	if err != nil {
		return crm.Changes{}, nil, err
	}
	m := &crm.Message{
		ID: crm.NewID[crm.Message](mint), WorkspaceID: w.ws, ConversationID: cv.ID, ChannelID: ch.ID, ContactID: c.ID,
		Direction: crm.Outbound, Author: p.Actor, Content: content, Status: crm.Queued, ReplyTo: quoted,
		ProviderTime: w.now.Truncate(time.Second), CreatedAt: w.now, // WhatsApp's clock has whole seconds; finer, ours would stand after an answer of the same second
	}
	w.queue(cv, m, p)
	if cmd.IdempotencyKey != "" {
		w.changes.Answers = append(w.changes.Answers, crm.Answer{
			WorkspaceID: w.ws, Key: cmd.IdempotencyKey, Request: cmd.RequestHash, MessageID: m.ID, At: w.now,
		})
	}
	return w.changes, m, nil
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

// target finds where a command sends: channel, conversation and contact; the
// last two are made for somebody new.
func (w *world) target(channels []*crm.Channel, cmd SendCommand) (*crm.Channel, *crm.Conversation, *crm.Contact, error) {
	if !cmd.ConversationID.IsZero() {
		cv := w.conversations[cmd.ConversationID]
		if cv == nil {
			return nil, nil, nil, missing("conversation")
		}
		ch, err := pickChannel(channels, cv.ChannelID)
		return ch, cv, w.contacts[cv.ContactID], err
	}
	ch, err := pickChannel(channels, cmd.ChannelID)
	if err != nil {
		return nil, nil, nil, err
	}
	c := w.contacts[cmd.ContactID]
	switch {
	case c != nil:
	case !cmd.ContactID.IsZero():
		return nil, nil, nil, missing("contact")
	default:
		if c, err = w.addressee(cmd); err != nil {
			return nil, nil, nil, err
		}
	}
	return ch, w.conversation(ch, c), c, nil
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

// addressee finds the contact of a number or user id, or makes it.
func (w *world) addressee(cmd SendCommand) (*crm.Contact, error) {
	ids := phone.Lookup(cmd.To, cmd.Region)
	for _, id := range ids {
		if c := w.byIdentity[id]; c != nil {
			return c, nil
		}
	}
	if len(ids) == 0 {
		return nil, invalid("to", "This is neither a phone number nor a WhatsApp user id.")
	}
	c := w.newContact(crm.Source{Kind: "api", At: w.now})
	if ids[0].Kind == crm.ByUserID {
		w.identify(c, ids[0])
		return c, nil
	}
	number, err := phone.Parse(cmd.To, cmd.Region)
	if err != nil {
		return nil, err
	}
	w.identify(c, crm.Identity{Kind: crm.ByPhone, Value: number})
	w.identify(c, crm.Identity{Kind: crm.ByWaID, Value: strings.TrimPrefix(number, "+")})
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

// refused adds to a refusal the templates that could be sent instead. If they
// cannot be read the refusal stands without.
func (s *Service) refused(ctx context.Context, p access.Principal, cmd SendCommand, refusal error) error {
	channel := cmd.ChannelID
	if !cmd.ConversationID.IsZero() {
		if cv, _, err := s.store.Conversation(ctx, p.WorkspaceID, cmd.ConversationID); err == nil {
			channel = cv.ChannelID
		}
	}
	var usable []*crm.Template
	all, err := s.store.Templates(ctx, p.WorkspaceID, channel)
	for _, t := range all {
		if err == nil && t.Usable() {
			usable = append(usable, t)
		}
	}
	return &RefusedError{Err: refusal, Templates: usable}
}

func invalid(field, sentence string) error {
	return &crm.Error{Op: "check " + field, Code: crm.Invalid, Reason: "bad_" + field, Msg: sentence}
}

func missing(what string) error {
	return &crm.Error{Op: "find " + what, Code: crm.NotFound, Msg: "There is no such " + what + "."}
}
