package lead

// Document is a workspace's rules as a person writes them. [Parse] reads it.
type Document struct {
	Version     int         `json:"version"` // from 1; a score names it
	Name        string      `json:"name"`
	Caps        Caps        `json:"caps"`
	Temperature Thresholds  `json:"temperature"`
	Negations   []string    `json:"negations,omitempty"` // words that turn what follows into its opposite: "belum", "not"
	Signals     []Signal    `json:"signals"`
	Routing     Assignment  `json:"routing,omitzero"`
	Hours       WorkingTime `json:"hours,omitzero"`
}

// Caps bound what each category adds to a score. Those of the first four sum up
// to 100; Negative bounds what is taken off.
type Caps struct {
	Fit        int `json:"fit"`
	Intent     int `json:"intent"`
	Engagement int `json:"engagement"`
	Readiness  int `json:"readiness"`
	Negative   int `json:"negative"`
}

func (c Caps) of(category int) int {
	return [...]int{c.Fit, c.Intent, c.Engagement, c.Readiness, c.Negative}[category]
}

// Thresholds say from which score on a lead is warm and hot. One that has become
// so stays so until it is Margin points below.
type Thresholds struct {
	Hot    int `json:"hot"`
	Warm   int `json:"warm"`
	Margin int `json:"margin"`
}

// Signal is one thing to look for, in exactly one way: by words, an event, or
// what is known of the contact (fields, sources, tags, statuses).
type Signal struct {
	ID           string   `json:"id"` // small letters, digits and _; profiles know a signal by it
	Category     Category `json:"category"`
	Points       int      `json:"points"`                   // for each piece of evidence while it is new; taken off if the category is negative
	Most         int      `json:"most,omitempty"`           // how many pieces count, the newest; 0: one
	HalfLifeDays int      `json:"half_life_days,omitempty"` // until a piece is worth half; 0: it keeps its worth
	Why          Text     `json:"why"`

	Words         []string `json:"words,omitempty"`          // words and phrases; <number>, <email> and <link> stand for any, and so does each number
	Except        []string `json:"except,omitempty"`         // phrases inside of which the words do not count: "berapa lama" beside "berapa"
	In            []Place  `json:"in,omitempty"`             // where to look for words; empty: in messages and forms
	UnlessNegated bool     `json:"unless_negated,omitempty"` // not if one of the two words before is a negation
	Event         Event    `json:"event,omitempty"`
	WithinMinutes int      `json:"within_minutes,omitempty"` // of a fast reply
	Fields        []string `json:"fields,omitempty"`         // fields of the contact that are filled; name, email and phone are its own
	Sources       []string `json:"sources,omitempty"`        // where it came from: ad, form, import, ...
	Tags          []string `json:"tags,omitempty"`           // ids of tags, or names
	Statuses      []string `json:"statuses,omitempty"`       // lead statuses
}

// Place is where words stand.
type Place string

// The places.
const (
	InMessage Place = "message" // what the customer wrote, captions and choices included
	InForm    Place = "form"    // answers in a WhatsApp flow
	InNote    Place = "note"    // what the team noted
)

// Event is something that happens without words, or that is so.
type Event string

// The events. The last two are of the contact, not of a message, and last until
// it is no longer so.
const (
	OnMessage   Event = "message"    // any message but a reaction
	OnReply     Event = "reply"      // the first message after one of ours
	OnFastReply Event = "fast_reply" // a reply within so many minutes
	OnChoice    Event = "choice"     // a button or a row of a list
	OnForm      Event = "form"       // a flow was filled in
	OnFile      Event = "file"       // a picture, a document, a voice message
	OnLocation  Event = "location"
	OnOrder     Event = "order"
	OnOptOut    Event = "opt_out"
	OnBlocked   Event = "blocked"
)

// lasting reports whether the signal is about what is so, not about what was
// said at some time.
func (s *Signal) lasting() bool {
	return len(s.Fields)+len(s.Sources)+len(s.Tags)+len(s.Statuses) > 0 || s.Event == OnOptOut || s.Event == OnBlocked
}

// most is how many pieces count.
func (s *Signal) most() int { return max(s.Most, 1) }
