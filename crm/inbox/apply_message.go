package inbox

import (
	"slices"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
)

// message stores a message that is not known yet, and takes over what a repeat
// of a known one adds.
func (w *world) message(ch *crm.Channel, f *webhook.Fact) Outcome {
	part := f.Message
	switch {
	case part.GroupID != "":
		return problem("a group's message; groups have no inbox")
	case f.ProviderID == "":
		return problem("a message without an id cannot be told from its repeats")
	}
	if known := w.byProvided[Provided{ch.ID, f.ProviderID}]; known != nil {
		return w.repeat(known, f)
	}
	if own := w.echoed(ch, f); own != nil {
		return w.adopt(own, f)
	}
	if f.Peer.IsZero() { // only now: the second telling of a known message may leave out whose it is
		return problem("a message of nobody we could know")
	}
	at := w.eventTime(f)
	c := w.contact(f.Peer, source(part, at))
	cv := w.conversation(ch, c)
	if f.Direction == crm.Inbound {
		w.profile(c, cv, f.Peer, at)
		w.referral(c, part.Referral, at)
	}
	if own := w.unanswered(cv, f, at); own != nil {
		return w.adopt(own, f)
	}
	m := w.newMessage(cv, f, at)
	asked := askedAt(cv)
	w.place(cv, m, f)
	w.consent(c, m)
	w.parked(m)
	w.heard(m, asked)
	if f.Identity != nil {
		w.rename(f)
	}
	return applied
}

// source says where a contact that is made for this message came from.
func source(part *webhook.MessagePart, at time.Time) crm.Source {
	if part.Referral != nil {
		s := *part.Referral
		s.At = at
		return s
	}
	return crm.Source{Kind: "chat", At: at}
}

// conversation finds or makes the thread of a channel and a contact.
func (w *world) conversation(ch *crm.Channel, c *crm.Contact) *crm.Conversation {
	if cv := w.byPair[pair{ch.ID, c.ID}]; cv != nil {
		return cv
	}
	cv := w.draftConversation(ch, c)
	w.enterConversation(cv)
	return cv
}

// draftConversation makes a conversation that is not in the world yet.
func (w *world) draftConversation(ch *crm.Channel, c *crm.Contact) *crm.Conversation {
	return &crm.Conversation{
		ID: crm.NewID[crm.Conversation](w.mint), WorkspaceID: w.ws, ChannelID: ch.ID, ContactID: c.ID,
		Status: crm.Open, Mode: crm.Human, CreatedAt: w.now,
		ContactName: c.DisplayName(), ContactHandle: c.Handle(), Temperature: c.Temperature,
	}
}

func (w *world) enterConversation(cv *crm.Conversation) {
	w.addConversation(cv)
	w.saveConversation(cv)
	w.fact(crm.Fact{Kind: crm.ConversationCreated, Actor: crm.Actor{Kind: crm.BySystem}, ConversationID: cv.ID, ContactID: cv.ContactID})
}

// newMessage makes the row of a message that somebody else wrote: the customer,
// or the business by another way than this program.
func (w *world) newMessage(cv *crm.Conversation, f *webhook.Fact, at time.Time) *crm.Message {
	m := &crm.Message{
		ID: crm.NewID[crm.Message](w.mint), WorkspaceID: w.ws, ConversationID: cv.ID, ChannelID: cv.ChannelID, ContactID: cv.ContactID,
		Direction: f.Direction, Content: f.Message.Content, ProviderID: f.ProviderID, Status: crm.Received,
		Error: f.Message.Error, ReplyTo: f.Message.ReplyTo, Forwarded: f.Message.Forwarded,
		ProviderTime: at, CreatedAt: w.now, Author: crm.Actor{Kind: crm.ByContact, ID: cv.ContactID.String()},
	}
	if f.Direction == crm.Outbound {
		m.Author = crm.Actor{Kind: crm.ByApp}
		m.Status = crm.Sent.Join(f.Message.Status)
	}
	w.addMessage(m)
	w.saveMessage(m)
	return m
}

// place puts a new message into its conversation: preview, unread count,
// window, and a new inbound message opens what was resolved or snoozed. What
// was said before the number was connected does none of it but the window and
// the preview.
func (w *world) place(cv *crm.Conversation, m *crm.Message, f *webhook.Fact) {
	if f.Origin != webhook.History {
		w.turn(cv, m, m.ProviderTime)
	}
	w.preview(cv, m)
	kind := crm.MessageCreated
	if m.Direction == crm.Inbound {
		kind = crm.MessageReceived
		if opensWindow(m.Content) && m.ProviderTime.After(cv.LastInbound) {
			cv.LastInbound = m.ProviderTime
		}
		if f.Origin == webhook.Live {
			cv.Unread++
			w.reopen(cv)
			w.ask(cv)
		}
	}
	w.saveConversation(cv)
	w.fact(crm.Fact{
		Kind: kind, Actor: m.Author, ConversationID: cv.ID, ContactID: cv.ContactID, MessageID: m.ID,
		Data: data(map[string]any{"type": m.Content.Kind(), "preview": m.Content.Preview()}),
	})
}

// turn notes who waits for whom after a new message, before it is shown as the
// last. A reaction asks for nothing and answers nothing.
func (w *world) turn(cv *crm.Conversation, m *crm.Message, at time.Time) {
	if m.Content.Kind() == crm.KindReaction {
		return
	}
	if m.Direction == crm.Inbound {
		cv.Ask(at)
		return
	}
	if waited, answers := cv.Reply(at); answers {
		w.changes.Responses = append(w.changes.Responses, crm.Response{
			WorkspaceID: w.ws, ChannelID: cv.ChannelID, MemberID: m.Author.Member(), At: at, Waited: waited,
		})
	}
}

// opensWindow reports whether a message opens the customer service window. No
// source says that a reaction does, so it does not: to be refused here is
// better than to be refused by the provider after the customer saw nothing.
func opensWindow(content crm.Content) bool { return content.Kind() != crm.KindReaction }

// reopen opens a conversation that was done or asleep.
func (w *world) reopen(cv *crm.Conversation) {
	if cv.Status != crm.Resolved && cv.Status != crm.Snoozed {
		return
	}
	cv.Status, cv.SnoozedUntil = crm.Open, time.Time{}
	w.team.busier(cv.AssigneeID)
	w.fact(crm.Fact{
		Kind: crm.ConversationChanged, Actor: crm.Actor{Kind: crm.ByContact, ID: cv.ContactID.String()},
		ConversationID: cv.ID, ContactID: cv.ContactID, Data: data(map[string]any{"status": cv.Status}),
	})
}

// preview shows the message in the list if none is newer. A message just stored
// has a higher ingest number than all that are, so it wins a tie.
func (w *world) preview(cv *crm.Conversation, m *crm.Message) {
	if m.ProviderTime.Before(cv.LastMessage.At) {
		return
	}
	cv.LastMessage = crm.LastOf(m)
	w.saveConversation(cv)
}

// shown brings the list up to date after a message it shows has changed.
func (w *world) shown(m *crm.Message) {
	if cv := w.conversations[m.ConversationID]; cv != nil && cv.LastMessage.ID == m.ID {
		cv.LastMessage = crm.LastOf(m)
		w.saveConversation(cv)
	}
}

// repeat takes over what a second telling of a known message adds: the status
// of an outbound one, and the file of a message from the history, whose media
// comes in a webhook of its own.
func (w *world) repeat(m *crm.Message, f *webhook.Fact) Outcome {
	changed := false
	if held, ok := m.Content.(crm.Unsupported); ok && held.Type == "media_placeholder" && f.Message.Content.Kind() != crm.KindUnsupported {
		m.Content = f.Message.Content
		w.saveMessage(m)
		w.shown(m)
		w.reheard(m)
		changed = true
	}
	if m.Direction == crm.Outbound && f.Message.Status != "" {
		changed = w.raise(m, crm.StatusReport{Status: f.Message.Status, Error: f.Message.Error}) || changed
	}
	if !changed {
		return unchanged
	}
	return applied
}

// echoed finds the message of ours whose id the provider sends back.
func (w *world) echoed(ch *crm.Channel, f *webhook.Fact) *crm.Message {
	id, ok := opaqueOf(f)
	if !ok {
		return nil
	}
	m := w.messages[id]
	if m == nil || m.ChannelID != ch.ID || m.Direction != crm.Outbound {
		return nil
	}
	return m
}

// unanswered finds the message of ours that an outbound fact without our id
// tells about: the oldest of the conversation that left without an answer, says
// the same and is of about the same time. That settles an unknown outcome
// instead of showing the message twice.
func (w *world) unanswered(cv *crm.Conversation, f *webhook.Fact, at time.Time) *crm.Message {
	if f.Direction != crm.Outbound || f.Origin != webhook.Live {
		return nil
	}
	for _, m := range w.pending[cv.ID] {
		near := at.Sub(m.CreatedAt).Abs() < 15*time.Minute
		if near && (m.Status == crm.Sending || m.Status == crm.Unknown) && same(m.Content, f.Message.Content) {
			return m
		}
	}
	return nil
}

// same reports whether two contents say the same, as far as a provider's copy
// of ours can: kind and words.
func same(ours, theirs crm.Content) bool {
	if _, interactive := ours.(crm.Interactive); interactive {
		return theirs.Kind() == crm.KindInteractive
	}
	if template, ok := ours.(crm.FilledTemplate); ok {
		copied, ok := theirs.(crm.FilledTemplate)
		return ok && (copied.Name == "" || copied.Name == template.Name)
	}
	return ours.Kind() == theirs.Kind() && ours.Preview() == theirs.Preview()
}

// adopt gives our message the provider id it was found under.
func (w *world) adopt(m *crm.Message, f *webhook.Fact) Outcome {
	w.known(m, f.ProviderID)
	w.raise(m, crm.StatusReport{Status: crm.Sent.Join(f.Message.Status), Error: f.Message.Error})
	return applied
}

// known notes a message's provider id, and what was waiting under it. One of ours that
// was told of before its sender recorded it needs no sender any more, who may have died.
func (w *world) known(m *crm.Message, providerID string) {
	if m.ProviderID != "" {
		return
	}
	w.changes.Settled = append(w.changes.Settled, m)
	if providerID == "" {
		return
	}
	m.ProviderID = providerID
	w.byProvided[Provided{m.ChannelID, providerID}] = m
	w.pending[m.ConversationID] = slices.DeleteFunc(w.pending[m.ConversationID], func(p *crm.Message) bool { return p == m })
	w.saveMessage(m)
	w.parked(m)
}
