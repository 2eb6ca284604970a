package simulator

import (
	"log/slog"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
)

// Options says who is on the simulated network and how it behaves. The zero
// value has no numbers and is otherwise useful.
type Options struct {
	Numbers   []Number
	Customers []Customer // known from the start; others come to be when they write or are written to
	Delays    *Delays    // nil: DefaultDelays
	Limits    Limits     // zero: no limit
	// Now is what messages are stamped with and what the rules read (window,
	// limits); nil: the real time. Waiting is always done in real time.
	Now func() time.Time
	// Seed makes message ids and every other choice repeat, for the same calls in
	// the same order, however fast the webhooks leave meanwhile. Zero takes a
	// random one, so that the ids of two runs never meet.
	Seed       uint64
	Logger     *slog.Logger     // nil: none
	Client     *fasthttp.Client // for webhooks; nil: one that Close cuts off
	RetryScale float64          // multiplies the waits of webhook retries and buffers; 0: 1, as the providers wait
	BaseURL    string           // how others reach the simulator; empty: the address of Serve's listener
	Queue      int              // webhook updates that may wait; beyond it sends are refused with 130429; 0: 100,000
	Workers    int              // webhooks under way at once; 0: 8
	Keep       int              // messages, sends and deliveries remembered, each, oldest forgotten; 0: 100,000
}

// Number is a business's WhatsApp number.
type Number struct {
	Provider          crm.Provider // empty: Meta
	PhoneNumberID     string       // unique with the provider
	BusinessAccountID string
	DisplayNumber     string // "+62 812 0000 0001"
	Name              string // verified name
	Token             crm.Secret
	Webhook           Webhook
	Templates         []Template // of the business account; nil: SampleTemplates
	// OpenMedia serves media without the token on Meta's side as well, for
	// clients that send it to Meta's own hosts only.
	OpenMedia bool
}

// Webhook is where a number's webhooks go.
type Webhook struct {
	URL         string        `json:"url"` // empty: nowhere
	Secret      crm.Secret    `json:"-"`   // Meta: the app secret
	VerifyToken crm.Secret    `json:"-"`   // Meta: for the handshake
	Kind        string        `json:"kind"`
	Events      []string      `json:"events,omitempty"`        // Kapso; empty: all about messages and contacts, none about conversations
	Buffer      time.Duration `json:"buffer_window,omitempty"` // Kapso: received messages wait this long for others of their conversation
	BufferSize  int           `json:"buffer_size,omitempty"`   // 0: 50; at most 100
}

// The kinds of webhook a Kapso number has. Meta's are of KindMeta.
const (
	KindKapso = "kapso"
	KindMeta  = "meta" // Meta's payload, passed on
)

// Customer is a person with WhatsApp.
type Customer struct {
	Phone        string `json:"phone,omitempty"`   // digits; empty for somebody known by username only
	UserID       string `json:"user_id,omitempty"` // business-scoped; made up when empty
	ParentUserID string `json:"parent_user_id,omitempty"`
	Username     string `json:"username,omitempty"`
	Name         string `json:"name,omitempty"`         // profile name
	Unreachable  bool   `json:"unreachable,omitempty"`  // not on WhatsApp: sends fail with 131026
	Stopped      bool   `json:"stopped,omitempty"`      // wants no marketing: 131050
	Conversation string `json:"conversation,omitempty"` // Kapso's id of the first session; made up when empty
}

// Delays are the waits before each status, counted from the one before. A
// negative delay means that the status does not come by itself.
type Delays struct {
	Sent, Delivered, Read time.Duration
}

// DefaultDelays are short enough for a demonstration. Nobody reads by itself:
// the phone page does while it is open, and so does [Simulator.Read].
var DefaultDelays = Delays{Sent: 150 * time.Millisecond, Delivered: 350 * time.Millisecond, Read: -1}

// Limits are how often a business may send; zero parts do not limit.
type Limits struct {
	PerSecond int           // Meta: messages of one number (130429)
	PerMinute int           // Kapso: requests of one key in a fixed minute (429)
	PairEvery time.Duration // one message to the same customer, on average (131056)
	PairBurst int           // as many at once
}

// ProviderLimits are the documented ones: 80 messages a second, Kapso's Pro
// plan, one message in six seconds to the same customer in bursts of 45.
var ProviderLimits = Limits{PerSecond: 80, PerMinute: 500, PairEvery: 6 * time.Second, PairBurst: 45}
