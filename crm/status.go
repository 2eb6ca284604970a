package crm

// MessageStatus is how far an outbound message has come. Statuses form one
// ascending line and a message holds the highest it was ever told, so the order
// in which reports arrive does not matter:
//
//	queued < sending < unknown < sent < failed < delivered < read < played
//
// Failed stands above sent, where it is final, and below delivered: a message
// that was seen on the phone did arrive, whatever was said before. Unknown
// (the request left and no answer came) is settled by any later report.
type MessageStatus string

// The statuses. An inbound message is Received and stays so.
const (
	Received  MessageStatus = "received"
	Queued    MessageStatus = "queued"
	Sending   MessageStatus = "sending"
	Unknown   MessageStatus = "unknown"
	Sent      MessageStatus = "sent"
	Failed    MessageStatus = "failed"
	Delivered MessageStatus = "delivered"
	Read      MessageStatus = "read"
	Played    MessageStatus = "played"
)

var statusRank = map[MessageStatus]int{
	Queued: 1, Sending: 2, Unknown: 3, Sent: 4, Failed: 5, Delivered: 6, Read: 7, Played: 8, Received: 9,
}

// Join returns the higher of two statuses. It is commutative, associative and
// idempotent, and a word that is no status never wins.
func (s MessageStatus) Join(t MessageStatus) MessageStatus {
	if statusRank[t] > statusRank[s] {
		return t
	}
	return s
}

// Known reports whether s is one of the statuses above.
func (s MessageStatus) Known() bool { return statusRank[s] > 0 }
