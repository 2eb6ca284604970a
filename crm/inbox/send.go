package inbox

import (
	"context"
	"errors"
	"maps"
	"slices"

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

// Order is a send that was looked at as far as that goes without the store, ready
// to be committed.
type Order struct {
	by   access.Principal
	cmd  SendCommand
	need Need
}

// Workspace returns whose order it is.
func (o *Order) Workspace() crm.WorkspaceID { return o.by.WorkspaceID }

// SendResult is what became of an order.
type SendResult struct {
	Sent *Sent
	Err  error
}

const opSend = "send message"

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
	o, err := s.PrepareSend(p, cmd)
	if err != nil {
		return nil, err
	}
	result := s.CommitSends(ctx, []*Order{o})[0]
	return result.Sent, s.Explain(ctx, o, result.Err)
}

// PrepareSend does what of [Service.Send] needs no transaction, so that several
// can share one [Service.CommitSends].
func (s *Service) PrepareSend(p access.Principal, cmd SendCommand) (*Order, error) {
	if err := p.Check(access.SendMessages); err != nil {
		return nil, crm.Wrap(opSend, err)
	}
	need, err := cmd.need()
	if err != nil {
		return nil, crm.Wrap(opSend, err)
	}
	return &Order{by: p, cmd: cmd, need: need}, nil
}

// CommitSends takes orders on, in one transaction, in their order, and returns what
// became of each. One that a rule forbids does not keep the others from being
// stored. If the transaction fails for what it holds its halves are tried, and
// theirs, until each that fails stands alone; if the database is away nothing is
// stored and each has that error.
//
// Errors are as they were met; [Service.Explain] makes of them those of
// [Service.Send].
func (s *Service) CommitSends(ctx context.Context, orders []*Order) []SendResult {
	results, err := s.sendTogether(ctx, orders)
	switch {
	case err == nil:
		return results
	case away(err) || len(orders) == 1:
		return slices.Repeat([]SendResult{{Err: err}}, len(orders))
	}
	half := len(orders) / 2
	return append(s.CommitSends(ctx, orders[:half]), s.CommitSends(ctx, orders[half:])...)
}

// sendTogether takes orders on, all but those that a rule forbids, or none.
func (s *Service) sendTogether(ctx context.Context, orders []*Order) (results []SendResult, err error) {
	defer s.caught(opSend, &err)
	byWorkspace := make(map[crm.WorkspaceID][]int)
	for i, o := range orders {
		byWorkspace[o.Workspace()] = append(byWorkspace[o.Workspace()], i)
	}
	workspaces := slices.SortedFunc(maps.Keys(byWorkspace), crm.WorkspaceID.Compare)
	needs := make([]Need, len(workspaces))
	for i, ws := range workspaces {
		needs[i] = Need{WorkspaceID: ws, AllChannels: true}
		for _, n := range byWorkspace[ws] {
			needs[i].add(&orders[n].need)
		}
	}
	err = s.store.Update(ctx, workspaces, func(ctx context.Context, tx Tx) error {
		results = make([]SendResult, len(orders))
		states, err := tx.LoadAll(ctx, needs)
		if err != nil {
			return err
		}
		if err := answered(ctx, tx, states); err != nil {
			return err
		}
		var changes crm.Changes
		for i, ws := range workspaces {
			w := newWorld(ws, states[i], s.mint)
			for _, n := range byWorkspace[ws] {
				results[n].Sent, results[n].Err = w.send(states[i].Channels, orders[n])
			}
			changes.Add(w.changes)
		}
		if changes.Empty() {
			return nil
		}
		return tx.Write(ctx, &changes)
	})
	return results, err
}

// add takes in what another order has to know.
func (n *Need) add(other *Need) {
	n.Conversations = append(n.Conversations, other.Conversations...)
	n.Contacts = append(n.Contacts, other.Contacts...)
	n.Identities = append(n.Identities, other.Identities...)
	n.Messages = append(n.Messages, other.Messages...)
	n.TemplateNames = append(n.TemplateNames, other.TemplateNames...)
	n.Answers = append(n.Answers, other.Answers...)
}

// answered loads the messages that stand for keys which were used before.
func answered(ctx context.Context, tx Tx, states []*State) error {
	for _, state := range states {
		if len(state.Answers) == 0 {
			continue
		}
		need := Need{WorkspaceID: state.Answers[0].WorkspaceID}
		for _, answer := range state.Answers {
			need.Messages = append(need.Messages, answer.MessageID)
		}
		more, err := tx.Load(ctx, need)
		if err != nil {
			return err
		}
		state.Messages = append(state.Messages, more.Messages...)
	}
	return nil
}

// need checks the command as far as it goes without the store, and names what
// deciding it takes beside the channels.
func (cmd *SendCommand) need() (Need, error) {
	var need Need
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
	if cmd.IdempotencyKey != "" {
		need.Answers = []string{cmd.IdempotencyKey}
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

// Explain returns the error of an order as [Service.Send] does: to a refusal it adds
// the templates that could be sent instead. If they cannot be read the refusal
// stands without.
func (s *Service) Explain(ctx context.Context, o *Order, err error) error {
	err = crm.Wrap(opSend, err)
	if !errors.Is(err, crm.Refused) {
		return err
	}
	channel := o.cmd.ChannelID
	if !o.cmd.ConversationID.IsZero() {
		if cv, _, err := s.store.Conversation(ctx, o.Workspace(), o.cmd.ConversationID); err == nil {
			channel = cv.ChannelID
		}
	}
	var usable []*crm.Template
	all, failed := s.store.Templates(ctx, o.Workspace(), channel)
	for _, t := range all {
		if failed == nil && t.Usable() {
			usable = append(usable, t)
		}
	}
	return &RefusedError{Err: err, Templates: usable}
}

func invalid(field, sentence string) error {
	return &crm.Error{Op: "check " + field, Code: crm.Invalid, Reason: "bad_" + field, Msg: sentence}
}

func missing(what string) error {
	return &crm.Error{Op: "find " + what, Code: crm.NotFound, Msg: "There is no such " + what + "."}
}
