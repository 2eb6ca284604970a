package crm

import (
	"encoding/json"
	"time"
)

// ContentKind names what a message holds.
type ContentKind string

// The kinds of content.
const (
	KindText        ContentKind = "text"
	KindImage       ContentKind = "image"
	KindVideo       ContentKind = "video"
	KindAudio       ContentKind = "audio"
	KindDocument    ContentKind = "document"
	KindSticker     ContentKind = "sticker"
	KindLocation    ContentKind = "location"
	KindContacts    ContentKind = "contacts"
	KindInteractive ContentKind = "interactive"
	KindChoice      ContentKind = "choice"
	KindFlowReply   ContentKind = "flow_reply"
	KindReaction    ContentKind = "reaction"
	KindOrder       ContentKind = "order"
	KindSystem      ContentKind = "system"
	KindTemplate    ContentKind = "template"
	KindUnsupported ContentKind = "unsupported"
)

// Content is what a message holds. The set is closed: the types of this file.
// They are values, not pointers.
type Content interface {
	// Kind names the type.
	Kind() ContentKind
	// Preview is one line for the list, without line breaks, at most
	// PreviewLen characters.
	Preview() string
	sealed()
}

// PreviewLen is how many characters of a message the list shows at most.
const PreviewLen = 120

// Text is words.
type Text struct {
	Body       string `json:"body"`
	PreviewURL bool   `json:"preview_url,omitempty"` // outbound: show a preview of the first link
}

// Media is a file: image, video, audio, document or sticker.
type Media struct {
	Type     ContentKind `json:"-"`
	ID       string      `json:"id,omitempty"`   // the provider's; inbound ids live 7 days, uploaded ones 30
	Link     string      `json:"link,omitempty"` // outbound: where the provider fetches it
	URL      string      `json:"url,omitempty"`  // inbound: the provider's copy; short-lived, a secret
	MIME     string      `json:"mime_type,omitempty"`
	SHA256   string      `json:"sha256,omitempty"`
	Size     int64       `json:"size,omitempty"` // bytes; 0 when not said
	Caption  string      `json:"caption,omitempty"`
	Filename string      `json:"filename,omitempty"`
	Voice    bool        `json:"voice,omitempty"` // audio recorded in WhatsApp
	Animated bool        `json:"animated,omitempty"`
	Error    string      `json:"error,omitempty"` // why the provider has no file
	Words    string      `json:"transcript,omitempty"`
}

// Location is a place.
type Location struct {
	Latitude  float64 `json:"latitude"`
	Longitude float64 `json:"longitude"`
	Name      string  `json:"name,omitempty"`
	Address   string  `json:"address,omitempty"`
	URL       string  `json:"url,omitempty"`
}

// Contacts are contact cards. Cards keeps the provider's objects, whose form is
// the same inbound and outbound.
type Contacts struct {
	Names []string        `json:"names,omitempty"` // formatted names, for the preview
	Cards json.RawMessage `json:"cards"`           // array of {name, phones, emails, ...}
}

// Interactive is an outbound message with buttons, a list, a link or a flow.
type Interactive struct {
	Type   string          `json:"type"` // button, list, cta_url, flow, location_request_message, ...
	Header json.RawMessage `json:"header,omitempty"`
	Body   string          `json:"body,omitempty"`
	Footer string          `json:"footer,omitempty"`
	Action json.RawMessage `json:"action,omitempty"` // as the provider takes it
}

// Choice is the customer's answer to buttons, a list or a template's quick
// reply.
type Choice struct {
	Source      string `json:"source"` // button, list, quick_reply, call_permission
	ID          string `json:"id"`     // what the business gave the choice; a quick reply's payload
	Title       string `json:"title"`
	Description string `json:"description,omitempty"`
}

// FlowReply is a filled-in WhatsApp flow.
type FlowReply struct {
	Name     string `json:"name,omitempty"`
	Body     string `json:"body,omitempty"`
	Response string `json:"response"` // JSON in a string, as it came; may be no object
}

// Reaction puts an emoji on another message or takes it away.
type Reaction struct {
	MessageID string `json:"message_id"` // provider id of the other message
	Emoji     string `json:"emoji"`      // empty: taken away
}

// Order is a cart sent from the catalogue.
type Order struct {
	CatalogID string      `json:"catalog_id"`
	Text      string      `json:"text,omitempty"`
	Items     []OrderItem `json:"items"`
}

// OrderItem is one line of an order. Numbers keep the provider's digits.
type OrderItem struct {
	ProductID string      `json:"product_id"`
	Quantity  json.Number `json:"quantity"`
	Price     json.Number `json:"price"`
	Currency  string      `json:"currency"`
}

// System is what happened rather than what was said: a number changed, a call,
// the first contact.
type System struct {
	Type           string    `json:"type"` // user_changed_number, user_changed_user_id, customer_identity_changed, request_welcome, call, ...
	Body           string    `json:"body,omitempty"`
	WaID           string    `json:"wa_id,omitempty"` // the new number
	UserID         string    `json:"user_id,omitempty"`
	PreviousUserID string    `json:"previous_user_id,omitempty"`
	At             time.Time `json:"at,omitzero"`
}

// FilledTemplate is a template as it was sent; the approved one is
// [Template].
type FilledTemplate struct {
	Name       string          `json:"name"`
	Language   string          `json:"language"`
	Category   string          `json:"category,omitempty"`   // as approved, if known when it was sent
	Components json.RawMessage `json:"components,omitempty"` // parameters, as the provider takes them
	Body       string          `json:"body,omitempty"`       // the words the customer reads, if known
}

// Marketing reports whether the template must be taken for marketing: it is, or
// nobody knows its category.
func (t FilledTemplate) Marketing() bool {
	return t.Category != "utility" && t.Category != "authentication"
}

// Unsupported is what WhatsApp or we cannot show; the part as it came is kept.
type Unsupported struct {
	Type  string          `json:"type"`
	Error *ProviderError  `json:"error,omitempty"`
	Raw   json.RawMessage `json:"raw,omitempty"`
}

// Kind implements Content.
func (Text) Kind() ContentKind           { return KindText }
func (m Media) Kind() ContentKind        { return m.Type }
func (Location) Kind() ContentKind       { return KindLocation }
func (Contacts) Kind() ContentKind       { return KindContacts }
func (Interactive) Kind() ContentKind    { return KindInteractive }
func (Choice) Kind() ContentKind         { return KindChoice }
func (FlowReply) Kind() ContentKind      { return KindFlowReply }
func (Reaction) Kind() ContentKind       { return KindReaction }
func (Order) Kind() ContentKind          { return KindOrder }
func (System) Kind() ContentKind         { return KindSystem }
func (FilledTemplate) Kind() ContentKind { return KindTemplate }
func (Unsupported) Kind() ContentKind    { return KindUnsupported }

func (Text) sealed()           {}
func (Media) sealed()          {}
func (Location) sealed()       {}
func (Contacts) sealed()       {}
func (Interactive) sealed()    {}
func (Choice) sealed()         {}
func (FlowReply) sealed()      {}
func (Reaction) sealed()       {}
func (Order) sealed()          {}
func (System) sealed()         {}
func (FilledTemplate) sealed() {}
func (Unsupported) sealed()    {}
