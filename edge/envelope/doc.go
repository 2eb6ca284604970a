// Package envelope is the hand-over from the edge to an origin: providers'
// requests, each with what of it is the origin's, signed in the form of
// Standard Webhooks (https://www.standardwebhooks.com, version 1.0.0).
//
//	webhook-id:        env_5f3c...                 the same for a retry
//	webhook-timestamp: 1793606400                  Unix seconds
//	webhook-signature: v1,K5oZ... v1,9fQw...       one for each secret
//	content-type:      application/vnd.my21staff.envelope
//
// A signature is the HMAC-SHA256 of "{id}.{timestamp}.{payload}" in base64. Two
// secrets may be active on either side, so that they can be changed without a
// gap: the edge signs with all of its own, the origin takes any of its own.
//
// The payload is made to be written anywhere. Each part is a line of JSON with
// the part's members, then as many bytes as its "size" says, then a line feed:
//
//	{"provider":"meta","hub":"sha256=...","numbers":["555000000000001"],"epoch":7,"size":512}
//	...512 bytes, as the provider sent them...
//
// The members are provider, event, hub, signature, numbers, accounts, rest,
// epoch and size; one that is empty, false or 0 may be left out.
//
// The time counts on this hop alone, where a repeat is the edge's and made anew:
// providers repeat for days what they signed once, without a time in it. An
// origin verifies the provider's own signature of each part as if it had come
// without an edge: an envelope says what is whose, not what is true.
package envelope
