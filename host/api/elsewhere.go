package api

import (
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/edge/envelope"
)

// elsewhere are the routes that other packages of the host answer. They are
// described here so that the description is whole.
var elsewhere = []Route{
	{Method: "GET", Path: "/api/events", Action: access.ReadConversations, Doc: Doc{
		Tag: "Events", Summary: "What happens in the workspace, as server-sent events",
		About:   "Each event's id is its number in the workspace's feed. A client that comes back with Last-Event-ID misses nothing and gets nothing twice; if it was away for too long an event named resync tells it to load what it shows anew.",
		Query:   []Param{{Name: "after", About: "Like Last-Event-ID, for a first connection", Schema: object{"type": "integer", "minimum": 0}}},
		Headers: []Param{{Name: "Last-Event-ID", About: "The id of the last event that was seen"}},
		Answers: []Answer{{200, Stream{}, "The events, until either side ends"}},
	}},
	{Method: "POST", Path: "/api/conversations/{id}/typing", Action: access.SendMessages, Doc: Doc{
		Tag: "Events", Summary: "Tell colleagues that you are writing an answer",
		About:   "Who listens to the events of this host at the moment gets one named typing, with the actor and the conversation. It has no number and is not kept.",
		Answers: []Answer{{204, nil, "It was said"}},
	}},
	handshake("/api/webhook/meta"), receive("/api/webhook/meta", "X-Hub-Signature-256"),
	handshake("/api/webhook/kapso"), receive("/api/webhook/kapso", "X-Webhook-Signature"),
	{Method: "GET", Path: "/healthz", Public: true, Doc: Doc{
		Tag: "Operations", Summary: "Whether the process lives", Answers: []Answer{{200, Plain{}, "It does"}},
	}},
	{Method: "GET", Path: "/readyz", Public: true, Doc: Doc{
		Tag: "Operations", Summary: "Whether requests can be served", Answers: []Answer{{200, Plain{}, "They can"}, {503, Plain{}, "They cannot, and why"}},
	}},
	{Method: "GET", Path: "/metrics", Public: true, Doc: Doc{
		Tag: "Operations", Summary: "Counters for Prometheus", Answers: []Answer{{200, Text{}, "The counters"}},
	}},
}

func handshake(path string) Route {
	return Route{Method: "GET", Path: path, Public: true, Doc: Doc{
		Tag: "Webhooks", Summary: "The provider's handshake",
		Query: []Param{
			{Name: "hub.mode", About: "subscribe", Required: true},
			{Name: "hub.verify_token", About: "A channel's verify token", Required: true},
			{Name: "hub.challenge", About: "What to answer", Required: true},
		},
		Answers: []Answer{{200, Text{}, "The challenge"}},
	}}
}

func receive(path, signature string) Route {
	return Route{Method: "POST", Path: path, Public: true, Doc: Doc{
		Tag: "Webhooks", Summary: "The provider's webhook, or an edge's envelope of several",
		About: "200 means that every message in it is stored and visible. An envelope is signed as Standard Webhooks are, with a secret of the setting " +
			"edge_secrets, and may be encoded with zstd. It is answered 200 with {\"parts\": [{\"status\": 200}, ...]}: of each part, in order, the status that its provider would have got.",
		Headers: []Param{
			{Name: signature, About: "HMAC-SHA-256 of the body under one of the channel's webhook secrets; in an envelope each part has its own"},
			{Name: envelope.IDHeader, About: "Of an envelope: its id, which a retry has too"},
			{Name: envelope.TimestampHeader, About: "Of an envelope: when it was sealed, in Unix seconds; less than five minutes away"},
			{Name: envelope.SignatureHeader, About: "Of an envelope: \"v1,\" and the HMAC-SHA-256 of {id}.{timestamp}.{payload} in base64; several with spaces"},
		},
		Body:    Plain{},
		Or:      envelope.ContentType,
		Answers: []Answer{{200, Plain{}, "It is stored; of an envelope, what became of each part"}},
	}}
}
