package edge

// Verdict says what to do with a request.
type Verdict uint8

// The verdicts.
const (
	Refuse  Verdict = 1 // answer Status and nothing else
	Answer  Verdict = 2 // answer Status with Challenge as the body; nobody else needs to know
	Forward Verdict = 3 // hand each cell of Cells its part; answer Status when all have taken theirs, else 503
)

// String returns the verdict's word.
func (v Verdict) String() string { return wordOf(verdictWords[:], uint8(v)) }

var verdictWords = [...]string{"", "refuse", "answer", "forward"}

// Reason says why.
type Reason uint8

// The reasons of a decision.
const (
	BadFrame           Reason = 1  // 400: the frame is not one of this ABI
	NotConfigured      Reason = 2  // 503: there is no configuration yet
	BadMethod          Reason = 3  // 405
	UnknownSource      Reason = 4  // 404: the address names no source, or the provider has none
	BodyTooLarge       Reason = 5  // 413
	HeaderTooLong      Reason = 6  // 431
	HandshakeDone      Reason = 7  // 200
	HandshakeMode      Reason = 8  // 400: hub.mode is not subscribe
	HandshakeToken     Reason = 9  // 403
	HandshakeChallenge Reason = 10 // 400: too long, or not a query
	SignatureMissing   Reason = 11 // 401
	SignatureRepeated  Reason = 12 // 401
	SignatureMalformed Reason = 13 // 401
	SignatureWrong     Reason = 14 // 401
	NotJSON            Reason = 15 // forwarded to the journal
	NotUTF8            Reason = 16 // forwarded to the journal
	TooDeep            Reason = 17 // forwarded to the journal
	TooManyEvents      Reason = 18 // forwarded to the journal
	Routed             Reason = 19 // forwarded
	NothingWanted      Reason = 20 // 200: no event has a cell

	// And of where an event goes.
	ByTable      Reason = 32 // its number stands in the route table
	ByRendezvous Reason = 33 // its number's hash chose the cell
	ByAccount    Reason = 34 // it is about an account, which the table gives cells
	ToAll        Reason = 35 // it is about an account that the table does not know
	ToJournal    Reason = 36 // it names neither number nor account
	Dropped      Reason = 37 // nobody wants its kind
	Foreign      Reason = 38 // the source that signed does not speak for its number
)

// String returns the reason's word, such as "signature_wrong".
func (r Reason) String() string { return wordOf(reasonWords[:], uint8(r)) }

var reasonWords = [...]string{
	BadFrame: "bad_frame", NotConfigured: "not_configured", BadMethod: "bad_method", UnknownSource: "unknown_source",
	BodyTooLarge: "body_too_large", HeaderTooLong: "header_too_long", HandshakeDone: "handshake_done",
	HandshakeMode: "handshake_mode", HandshakeToken: "handshake_token", HandshakeChallenge: "handshake_challenge",
	SignatureMissing: "signature_missing", SignatureRepeated: "signature_repeated", SignatureMalformed: "signature_malformed",
	SignatureWrong: "signature_wrong", NotJSON: "not_json", NotUTF8: "not_utf8", TooDeep: "too_deep",
	TooManyEvents: "too_many_events", Routed: "routed", NothingWanted: "nothing_wanted",
	ByTable: "by_table", ByRendezvous: "by_rendezvous", ByAccount: "by_account", ToAll: "to_all", ToJournal: "to_journal",
	Dropped: "dropped", Foreign: "foreign",
}

// Kind says what an event is about, in the words of crm/webhook. It is what the
// event claims to be: whether its content can be read is the host's to find out.
type Kind uint8

// The kinds.
const (
	Message    Kind = 1
	Status     Kind = 2
	Amendment  Kind = 3
	Preference Kind = 4
	Identity   Kind = 5
	Contact    Kind = 6
	Template   Kind = 7
	Account    Kind = 8
	Call       Kind = 9
	Unknown    Kind = 10 // crm/webhook's Other
	Unreadable Kind = 11 // it has not the form of an event
)

// String returns the kind's word.
func (k Kind) String() string { return wordOf(kindWords[:], uint8(k)) }

var kindWords = [...]string{
	"", "message", "status", "amendment", "preference", "identity", "contact", "template", "account", "call", "other", "unreadable",
}

// KindOf returns the kind of a word; 0 for one that is not known.
func KindOf(word string) Kind {
	for k, w := range kindWords {
		if w == word && k > 0 {
			return Kind(k)
		}
	}
	return 0
}

func wordOf(words []string, i uint8) string {
	if int(i) < len(words) {
		return words[i]
	}
	return ""
}

// None is the index of what is not there.
const None = -1

// Decision is what becomes of a request. What it holds in slices is the door's
// and the request's: it is good until the door decides again.
type Decision struct {
	Verdict   Verdict
	Reason    Reason
	Status    int      // HTTP status
	Epoch     uint32   // of the configuration that decided
	Source    int      // index of the source that signed, or whose token it was; None
	Key       int      // index of the secret among the source's; None
	MAC       [32]byte // of the body, as the provider signed it; zero unless verified
	Cells     uint64   // the cells that get a part: bit i is cell i
	Challenge []byte   // the body to answer a handshake with

	Targets []Target // the numbers and accounts the events are about, each once, in order of appearance
	Events  []Event  // in the body's order
}

// Target is what a part of a body is about and where that part goes.
type Target struct {
	Kind   TargetKind
	How    Reason
	ID     []byte // phone number id or account id; empty for Nobody
	Cells  uint64 // bit i is cell i; one for a number; none if Foreign
	Events int    // how many events are about it
}

// TargetKind says what a target's ID is of.
type TargetKind uint8

// The kinds of target.
const (
	OfNumber  TargetKind = 1 // a phone number
	OfAccount TargetKind = 2 // a WhatsApp business account
	Nobody    TargetKind = 3 // nothing that is named
)

// Event is one item of a body.
type Event struct {
	Kind      Kind
	How       Reason // its target's, or Dropped
	PeerKind  PeerKind
	Target    int    // index in Targets; None if dropped
	ID        []byte // the provider's id of the message, or of the message a status is about; may be empty
	Peer      []byte // who it is from or to; may be empty
	Time      int64  // when it happened, milliseconds UTC; 0 when not said
	Start     int    // its bytes in the body: body[Start:End]
	End       int
	Partition uint64 // hash of number and peer: events of one conversation have the same
}

// PeerKind says what a peer is known by.
type PeerKind uint8

// The kinds of peer. A person who has a user name may have no number.
const (
	ByNothing PeerKind = 0
	ByWaID    PeerKind = 1 // digits of a phone number
	ByUserID  PeerKind = 2 // business-scoped user id
)
