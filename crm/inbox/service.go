package inbox

import (
	"context"
	"encoding/json"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

// Service is the inbox. Its methods may be called from several goroutines.
type Service struct {
	store    Store
	channels Channels
	mint     *crm.Mint
	numbers  numbers
	fault    func(Receipt, error) // may be nil, as may be stack
	stack    func() []byte
}

// New returns an inbox on a store. Channels says whose number is whose.
func New(store Store, channels Channels, mint *crm.Mint, options ...Option) *Service {
	s := &Service{store: store, channels: channels, mint: mint}
	for _, option := range options {
		option(s)
	}
	return s
}

// Option changes what New makes.
type Option func(*Service)

// WithFaults has tell called for each webhook that this program failed on by a fault
// of its own: with what became of it all the same, and what went wrong, in which a
// [Panic] may be. Unless the receipt says that all was applied it is to be replayed
// once the fault is mended. The provider and the tenant are told no cause, so without
// tell nobody is. It is called by whoever commits, from several goroutines.
func WithFaults(tell func(Receipt, error)) Option {
	return func(s *Service) { s.fault = tell }
}

// WithStack has a [Panic] say where it was; debug.Stack is such a function.
func WithStack(stack func() []byte) Option {
	return func(s *Service) { s.stack = stack }
}

// Conversations returns a page of the inbox list; see [ConversationQuery].
func (s *Service) Conversations(ctx context.Context, p access.Principal, q ConversationQuery) ([]*crm.Conversation, error) {
	const op = "list conversations"
	if err := p.Check(access.ReadConversations); err != nil {
		return nil, crm.Wrap(op, err)
	}
	var err error
	if q.Limit, err = crm.CheckPage(q.Limit); err != nil {
		return nil, crm.Wrap(op, err)
	}
	list, err := s.store.Conversations(ctx, p.WorkspaceID, q)
	return list, crm.Wrap(op, err)
}

// Conversation returns one conversation and its contact, or NotFound.
func (s *Service) Conversation(ctx context.Context, p access.Principal, id crm.ConversationID) (*crm.Conversation, *crm.Contact, error) {
	const op = "read conversation"
	if err := p.Check(access.ReadConversations); err != nil {
		return nil, nil, crm.Wrap(op, err)
	}
	cv, ct, err := s.store.Conversation(ctx, p.WorkspaceID, id)
	return cv, ct, crm.Wrap(op, err)
}

// Messages returns a page of a conversation's messages, newest first. NotFound
// if the conversation is not the workspace's.
func (s *Service) Messages(ctx context.Context, p access.Principal, q MessageQuery) ([]*crm.Message, error) {
	const op = "list messages"
	if err := p.Check(access.ReadConversations); err != nil {
		return nil, crm.Wrap(op, err)
	}
	var err error
	if q.Limit, err = crm.CheckPage(q.Limit); err != nil {
		return nil, crm.Wrap(op, err)
	}
	list, err := s.store.Messages(ctx, p.WorkspaceID, q)
	if err == nil && len(list) == 0 { // a conversation always has messages but on its first page and past its end
		_, _, err = s.store.Conversation(ctx, p.WorkspaceID, q.ConversationID)
	}
	return list, crm.Wrap(op, err)
}

// Quoted returns messages of a conversation by their provider's ids, in any order:
// those that others answer or react to, which may be far above these. What is not
// there is left out. More ids than a page has rows are Invalid.
func (s *Service) Quoted(ctx context.Context, p access.Principal, q QuotedQuery) ([]*crm.Message, error) {
	const op = "read quoted messages"
	if err := p.Check(access.ReadConversations); err != nil {
		return nil, crm.Wrap(op, err)
	}
	if _, err := crm.CheckPage(len(q.ProviderIDs)); err != nil {
		return nil, crm.Wrap(op, err)
	}
	list, err := s.store.Quoted(ctx, p.WorkspaceID, q)
	return list, crm.Wrap(op, err)
}

// Routings returns what the rules of assignment decided about a conversation,
// newest first. NotFound if the conversation is not the workspace's.
func (s *Service) Routings(ctx context.Context, p access.Principal, q RoutingQuery) ([]crm.Routing, error) {
	const op = "list routings"
	if err := p.Check(access.ReadConversations); err != nil {
		return nil, crm.Wrap(op, err)
	}
	var err error
	if q.Limit, err = crm.CheckPage(q.Limit); err != nil {
		return nil, crm.Wrap(op, err)
	}
	found, err := s.store.Routings(ctx, p.WorkspaceID, q)
	if err == nil && len(found) == 0 {
		_, _, err = s.store.Conversation(ctx, p.WorkspaceID, q.ConversationID)
	}
	return found, crm.Wrap(op, err)
}

// Message returns one message, or NotFound.
func (s *Service) Message(ctx context.Context, p access.Principal, id crm.MessageID) (*crm.Message, error) {
	const op = "read message"
	if err := p.Check(access.ReadConversations); err != nil {
		return nil, crm.Wrap(op, err)
	}
	m, err := s.store.Message(ctx, p.WorkspaceID, id)
	return m, crm.Wrap(op, err)
}

// Templates returns a channel's templates, or every channel's for the zero id.
func (s *Service) Templates(ctx context.Context, p access.Principal, channel crm.ChannelID) ([]*crm.Template, error) {
	const op = "list templates"
	if err := p.Check(access.ReadChannels); err != nil {
		return nil, crm.Wrap(op, err)
	}
	list, err := s.store.Templates(ctx, p.WorkspaceID, channel)
	return list, crm.Wrap(op, err)
}

// data encodes what a fact carries. The values are texts and numbers of ours,
// which always encode.
func data(v any) []byte {
	encoded, err := json.Marshal(v)
	if err != nil {
		panic("inbox: fact data: " + err.Error())
	}
	return encoded
}
