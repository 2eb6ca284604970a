package api

import "time"

// What the tests of the decoders reach without a server.
var (
	DecodeSend        = decodeSend
	ConversationAfter = conversationAfter
	MessageAfter      = messageAfter
	ContactAfter      = contactAfter
	NewCursor         = conversationCursor
)

// StampText is how answers show a time.
func StampText(t time.Time) (string, error) {
	text, err := stamp(t).MarshalText()
	return string(text), err
}
