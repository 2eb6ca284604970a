package record

import "time"

// The kinds of line in a journal.
const (
	Defined = "delivery" // a request is made; no attempt yet
	Intent  = "intent"   // an attempt is about to be sent
	Outcome = "outcome"  // how an attempt ended
	Read    = "read"     // an API reader's answer, when something was wrong with it
	Moment  = "moment"   // something of the run: its begin, a drain
)

// How an attempt ended.
const (
	OK   = "ok"   // 2xx
	Fail = "fail" // 4xx, 429, 503, or no connection: nothing was taken
	Info = "info" // time-out, reset, another 5xx: nobody knows
)

// The kinds of request.
const (
	Webhook = "webhook"
	Send    = "send"
	Forged  = "forged"  // a webhook without a signature, or with a wrong one
	Crossed = "crossed" // a webhook signed with another number's secret
)

// Line is a line of the driver's journal. Which fields are set depends on T.
type Line struct {
	T  string `json:"t"`
	At int64  `json:"at"` // microseconds since 1970
	D  int64  `json:"d,omitempty"`

	// Defined.
	Kind      string `json:"kind,omitempty"`
	Provider  string `json:"provider,omitempty"`
	SHA       string `json:"sha,omitempty"` // SHA-256 of the body, hexadecimal
	Size      int    `json:"size,omitempty"`
	Items     []Item `json:"items,omitempty"`
	Key       string `json:"key,omitempty"` // of a send
	Abandoned bool   `json:"abandoned,omitempty"`

	// Intent and Outcome.
	Try     int64  `json:"try,omitempty"` // unique in the journal
	Host    int    `json:"host,omitempty"`
	Class   string `json:"class,omitempty"`
	Code    int    `json:"code,omitempty"` // HTTP status; 0: none came
	Start   int64  `json:"start,omitempty"`
	Took    int64  `json:"took,omitempty"` // microseconds from Start
	Receipt string `json:"receipt,omitempty"`
	Again   bool   `json:"again,omitempty"` // a duplicate on purpose
	Note    string `json:"note,omitempty"`
}

// The kinds of item.
const (
	Message = "message"
	Status  = "status"
	Bad     = "bad"  // one that no host can store
	Gone    = "gone" // a message of somebody who is erased after it, or while it comes
)

// Item is one update in a webhook, or the message of a send.
type Item struct {
	Kind      string `json:"k"`
	Workspace int    `json:"w"`
	Number    string `json:"num"`
	ID        string `json:"id,omitempty"` // wamid; for a send none yet
	Peer      string `json:"peer,omitempty"`
	At        int64  `json:"at,omitempty"` // seconds since 1970, the provider's time
	Text      string `json:"text,omitempty"`
	Status    string `json:"st,omitempty"`
	Media     string `json:"media,omitempty"` // the id of an image's file; Text is its caption
}

// Call is a line of the fake provider's record: one request to send.
type Call struct {
	At       int64  `json:"at"`
	Number   string `json:"num"`
	Opaque   string `json:"opaque"` // biz_opaque_callback_data: the host's message id
	To       string `json:"to"`
	Text     string `json:"text"`
	ID       string `json:"id"` // the wamid it was given
	Accepted bool   `json:"accepted"`
	Answer   string `json:"answer"` // how it was answered: ok, slow, 500, 503, 429, pair, reset, closed
}

// The kinds of line in a transcript.
const (
	Opened = "open"
	Event  = "event"
	Ran    = "ran" // events one after the other, Seq to To, of which nothing else is kept
	Closed = "close"
	Head   = "head" // where the feed stood at the end of the run
)

// ComeBack begins the note of a stream that ended after the host asked its
// reader to come back.
const ComeBack = "asked to come back"

// Heard is a line of a stream's transcript.
type Heard struct {
	T    string `json:"t"`
	At   int64  `json:"at"`
	To   int64  `json:"to,omitempty"`
	Seq  int64  `json:"seq,omitempty"` // Opened: where it begins; Event: its id; Head: the newest
	Host int    `json:"host,omitempty"`

	Kind         string `json:"kind,omitempty"`
	MessageID    string `json:"message_id,omitempty"`
	Conversation string `json:"conversation_id,omitempty"`
	Preview      string `json:"preview,omitempty"`
	Status       string `json:"status,omitempty"`
	Note         string `json:"note,omitempty"`

	Reader int `json:"reader,omitempty"` // in the file of a crowd: which of them
}

// Storm is a line of storms.jsonl: a crowd was cut off all at once, and all came
// back. The first one, 0, is when they came first.
type Storm struct {
	N    int   `json:"n"`
	At   int64 `json:"at"`   // of the cut
	Took int64 `json:"took"` // microseconds until the last was back
}

// Transcript is the life of one reader.
type Transcript struct {
	Reader    string
	Workspace int
	Lines     []Heard
}

// Now returns the time as journals have it.
func Now() int64 { return time.Now().UnixMicro() }
