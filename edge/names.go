package edge

import "github.com/my21staff/my21staff/crm/webhook/tape"

// The names that webhooks are read by.
const (
	nTimestamp = iota + 1
	nType
	nFrom
	nFromUserID
	nTo
	nToUserID
	nRecipientID
	nRecipientUserID
	nRecipientType
	nParticipantID
	nParticipantUserID
	nStatus
	nWhatsappMessageID
	nMessageType
	nID // the last of item, the first of envelope
	nObject
	nEntry
	nTime
	nField
	nChanges
	nValue
	nMetadata
	nPhoneNumberID
	nDisplayPhoneNumber
	nPhoneNumberSettings
	nContacts
	nMessages // from here the lists of a value, in the order in which they are read
	nMessageEchoes
	nHistory
	nStatuses
	nCalls
	nUserPreferences
	nStateSync
	nGroups
	nAutomaticEvents
	nErrors
	nWaID
	nUserID
	nParentUserID
	nProfile
	nName
	nUsername
	nSystem
	nCustomer
	nPreviousUserID
	nNewWaID
	nThreads
	nContext
	nStartTime
	nWacid
	nDirection
	nCategory
	nContact
	nPhoneNumber
	nTemplateID
	nTemplateName
	nData
	nEvent
	nMessage
	nBatch
	nKapso
	nConversation
	nWhatsappConfig
	nAccountID
	nBusinessScopedUserID
	nOccurredAt
	nUpdatedAt
	nCreatedAt
	nPrevious
	nMarketingPreference
	nameCount
)

var names = tape.NewNames(nameTexts[:]...)

var nameTexts = [nameCount]string{
	nID: "id", nTimestamp: "timestamp", nType: "type", nFrom: "from", nFromUserID: "from_user_id", nTo: "to", nToUserID: "to_user_id",
	nRecipientID: "recipient_id", nRecipientUserID: "recipient_user_id", nRecipientType: "recipient_type",
	nParticipantID: "recipient_participant_id", nParticipantUserID: "recipient_participant_user_id", nStatus: "status",
	nWhatsappMessageID: "whatsapp_message_id", nMessageType: "message_type", nObject: "object", nEntry: "entry", nTime: "time",
	nField: "field", nChanges: "changes", nValue: "value", nMetadata: "metadata", nPhoneNumberID: "phone_number_id",
	nDisplayPhoneNumber: "display_phone_number", nPhoneNumberSettings: "phone_number_settings", nContacts: "contacts",
	nMessages: "messages", nMessageEchoes: "message_echoes", nHistory: "history", nStatuses: "statuses", nCalls: "calls",
	nUserPreferences: "user_preferences", nStateSync: "state_sync", nGroups: "groups", nAutomaticEvents: "automatic_events",
	nErrors: "errors", nWaID: "wa_id", nUserID: "user_id", nParentUserID: "parent_user_id", nProfile: "profile", nName: "name",
	nUsername: "username", nSystem: "system", nCustomer: "customer", nPreviousUserID: "previous_user_id", nNewWaID: "new_wa_id",
	nThreads: "threads", nContext: "context", nStartTime: "start_time", nWacid: "wacid", nDirection: "direction",
	nCategory: "category", nContact: "contact", nPhoneNumber: "phone_number", nTemplateID: "message_template_id",
	nTemplateName: "message_template_name", nData: "data", nEvent: "event", nMessage: "message", nBatch: "batch", nKapso: "kapso",
	nConversation: "conversation", nWhatsappConfig: "whatsapp_config", nAccountID: "business_account_id",
	nBusinessScopedUserID: "business_scoped_user_id", nOccurredAt: "occurred_at", nUpdatedAt: "updated_at", nCreatedAt: "created_at",
	nPrevious: "previous", nMarketingPreference: "marketing_preference",
}

// item are the members of a message, status or call.
type item [nID + 1]tape.Ref

// envelope are the members of what is round the items: the body, an entry, a
// change and its value. See at.
type envelope [nErrors - nID + 1]tape.Ref

func (d *Door) item(r tape.Ref, m *item) { d.parser.Fields(r, 0, m[:]) }

func (d *Door) envelope(r tape.Ref, f *envelope) { d.parser.Fields(r, nID, f[:]) }

func (f *envelope) at(name int) tape.Ref { return f[name-nID] }

// get returns the member of an object.
func (d *Door) get(r tape.Ref, name uint32) tape.Ref { return d.parser.Field(r, name) }

// is reports whether there is a string that reads as text.
func (d *Door) is(r tape.Ref, text string) bool {
	if plain, ok := d.parser.Plain(r); ok {
		return is(plain, text)
	}
	return r != 0 && d.parser.Value(r).Is(text)
}

// present reports whether there is something other than null.
func (d *Door) present(r tape.Ref) bool { return d.parser.Kind(r) > tape.Null }
