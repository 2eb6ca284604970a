package bunstore

import (
	"time"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
)

// statusRow is a report of a provider; message_id is NULL while its message is
// not known.
type statusRow struct {
	bun.BaseModel `bun:"table:statuses,alias:statuses"`

	WorkspaceID uid   `bun:"workspace_id,pk"`
	ChannelID   uid   `bun:"channel_id,pk"`
	ProviderID  text  `bun:"provider_id,pk"`
	Status      text  `bun:"status,pk"`
	MessageID   ref   `bun:"message_id"`
	At          stamp `bun:"at"`
	Error       word  `bun:"error"`   // JSON
	Pricing     word  `bun:"pricing"` // JSON
}

func statusOf(r crm.StatusReport) (statusRow, error) {
	problem, err := optionalJSON(r.Error)
	if err != nil {
		return statusRow{}, err
	}
	pricing, err := optionalJSON(r.Pricing)
	return statusRow{
		WorkspaceID: uid(r.WorkspaceID), ChannelID: uid(r.ChannelID), ProviderID: text(r.ProviderID), Status: text(r.Status),
		MessageID: ref(r.MessageID), At: stamp(r.At), Error: problem, Pricing: pricing,
	}, err
}

func (r *statusRow) report() (crm.StatusReport, error) {
	report := crm.StatusReport{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ChannelID: crm.ChannelID(r.ChannelID), ProviderID: string(r.ProviderID),
		Status: crm.MessageStatus(r.Status), MessageID: crm.MessageID(r.MessageID), At: time.Time(r.At),
	}
	if err := readOptional(r.Error, &report.Error); err != nil {
		return report, err
	}
	return report, readOptional(r.Pricing, &report.Pricing)
}

// amendmentRow is a sender's change; a NULL kind takes the message back.
type amendmentRow struct {
	bun.BaseModel `bun:"table:amendments,alias:amendments"`

	WorkspaceID uid   `bun:"workspace_id,pk"`
	ChannelID   uid   `bun:"channel_id,pk"`
	ProviderID  text  `bun:"provider_id,pk"`
	SourceID    text  `bun:"source_id,pk"`
	Kind        word  `bun:"kind"`
	Content     text  `bun:"content"` // JSON
	At          stamp `bun:"at"`
}

func amendmentOf(a crm.Amendment) (amendmentRow, error) {
	row := amendmentRow{
		WorkspaceID: uid(a.WorkspaceID), ChannelID: uid(a.ChannelID), ProviderID: text(a.ProviderID), SourceID: text(a.SourceID),
		At: stamp(a.At),
	}
	if a.Content == nil {
		return row, nil
	}
	content, err := crm.EncodeContent(a.Content)
	row.Kind, row.Content = word(a.Content.Kind()), text(content)
	return row, err
}

func (r *amendmentRow) amendment() (crm.Amendment, error) {
	a := crm.Amendment{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ChannelID: crm.ChannelID(r.ChannelID),
		ProviderID: string(r.ProviderID), SourceID: string(r.SourceID), At: time.Time(r.At),
	}
	if r.Kind == "" {
		return a, nil
	}
	content, err := crm.DecodeContent(crm.ContentKind(r.Kind), []byte(r.Content))
	a.Content = content
	return a, err
}
