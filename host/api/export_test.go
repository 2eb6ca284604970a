package api

// What the tests of the decoders reach without a server.
var (
	DecodeSend        = decodeSend
	ConversationAfter = conversationAfter
	MessageAfter      = messageAfter
	ContactAfter      = contactAfter
	NewCursor         = conversationCursor
)
