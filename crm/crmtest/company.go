package crmtest

import (
	"encoding/binary"
	"fmt"

	"github.com/my21staff/my21staff/crm"
)

// Company is a small workspace that writes with its customers: rows that fit
// each other, stored nowhere. Equal mints give equal companies; companies of one
// mint share no id and no number but those of their customers, so that the same
// person may write to two of them.
type Company struct {
	Workspace *crm.Workspace
	Owner     *crm.Member
	Channel   *crm.Channel

	mint *crm.Mint
	rows int // numbers what the company makes
}

// NewCompany returns a company with an owner and a WhatsApp number.
func NewCompany(mint *crm.Mint) *Company {
	now := mint.Now()
	c := &Company{mint: mint}
	c.Workspace = &crm.Workspace{
		ID: crm.NewID[crm.Workspace](mint), Name: "Pelita Study Abroad",
		TimeZone: "Asia/Jakarta", Locale: "id", Region: "ID", CreatedAt: now,
	}
	c.Owner = c.Member()
	c.Owner.Role = crm.Owner
	c.Channel = c.NewChannel()
	return c
}

// Member returns a new member of the team.
func (c *Company) Member() *crm.Member {
	c.rows++
	return &crm.Member{
		ID: crm.NewID[crm.Member](c.mint), WorkspaceID: c.Workspace.ID, Name: fmt.Sprintf("Member %d", c.rows),
		Email: fmt.Sprintf("member%d@example.com", c.rows), Role: crm.Agent, CreatedAt: c.mint.Now(),
	}
}

// NewChannel returns a new WhatsApp number of the company's, carried by Kapso.
func (c *Company) NewChannel() *crm.Channel {
	id := crm.NewID[crm.Channel](c.mint)
	number := binary.BigEndian.Uint64(id[8:]) // drawn at random, so no two channels share it
	return &crm.Channel{
		ID: id, WorkspaceID: c.Workspace.ID, Provider: crm.Kapso,
		PhoneNumberID: fmt.Sprintf("%020d", number), BusinessAccountID: fmt.Sprintf("9%019d", number/10),
		DisplayNumber: "+62 812 0000 9000", Name: "Front desk", CreatedAt: c.mint.Now(),
		Credentials: crm.Credentials{
			Token: "example-token", VerifyToken: "example-verify-token", WebhookSecrets: []crm.Secret{"example-webhook-secret"},
		},
	}
}

// Contact returns a new customer, known by its number.
func (c *Company) Contact() *crm.Contact {
	c.rows++
	now, digits := c.mint.Now(), fmt.Sprintf("628120000%04d", c.rows)
	return &crm.Contact{
		ID: crm.NewID[crm.Contact](c.mint), WorkspaceID: c.Workspace.ID, ProfileName: fmt.Sprintf("Customer %d", c.rows),
		ProfileAt: now, LeadStatus: "new", Source: crm.Source{Kind: "chat", At: now}, CreatedAt: now, UpdatedAt: now,
		Identities: []crm.Identity{{Kind: crm.ByWaID, Value: digits}, {Kind: crm.ByPhone, Value: "+" + digits}},
	}
}

// Conversation returns a contact's new thread on the company's number.
func (c *Company) Conversation(ct *crm.Contact) *crm.Conversation {
	now := c.mint.Now()
	return &crm.Conversation{
		ID: crm.NewID[crm.Conversation](c.mint), WorkspaceID: c.Workspace.ID, ChannelID: c.Channel.ID, ContactID: ct.ID,
		Status: crm.Open, Mode: crm.Human, ContactName: ct.DisplayName(), ContactHandle: ct.Handle(),
		Temperature: ct.Temperature, CreatedAt: now, UpdatedAt: now,
	}
}

// Inbound returns a message from the customer and notes it in the conversation,
// as the inbox does.
func (c *Company) Inbound(cv *crm.Conversation, text string) *crm.Message {
	m := c.message(cv, text)
	m.Direction, m.Status = crm.Inbound, crm.Received
	m.Author = crm.Actor{Kind: crm.ByContact, ID: cv.ContactID.String()}
	m.ProviderID = fmt.Sprintf("wamid.example%06d", c.rows)
	cv.Unread++
	cv.LastInbound = m.ProviderTime
	cv.LastMessage = crm.LastMessage{ID: m.ID, At: m.ProviderTime, Direction: m.Direction, Preview: m.Content.Preview()}
	return m
}

// Outbound returns a reply of the owner's that waits to be sent, with the job
// that will, and notes it in the conversation.
func (c *Company) Outbound(cv *crm.Conversation, text string) (*crm.Message, *crm.Job) {
	m := c.message(cv, text)
	m.Direction, m.Status = crm.Outbound, crm.Queued
	m.Author = crm.Actor{Kind: crm.ByMember, ID: c.Owner.ID.String()}
	cv.LastMessage = crm.LastMessage{ID: m.ID, At: m.ProviderTime, Direction: m.Direction, Status: m.Status, Preview: m.Content.Preview()}
	return m, &crm.Job{
		ID: crm.NewID[crm.Job](c.mint), WorkspaceID: c.Workspace.ID, Kind: crm.JobSend,
		Lane: cv.ID, Throttle: cv.ChannelID, Subject: m.ID, RunAt: m.CreatedAt, CreatedAt: m.CreatedAt,
	}
}

// message returns a text message of this moment.
func (c *Company) message(cv *crm.Conversation, text string) *crm.Message {
	c.rows++
	now := c.mint.Now()
	return &crm.Message{
		ID: crm.NewID[crm.Message](c.mint), WorkspaceID: c.Workspace.ID, ConversationID: cv.ID, ChannelID: cv.ChannelID,
		ContactID: cv.ContactID, Content: crm.Text{Body: text}, ProviderTime: now, CreatedAt: now,
	}
}
