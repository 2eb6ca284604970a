// Package gateway is the edge as a program of its own: it stands where the
// providers' webhooks arrive, in front of any number of origins, and hands each
// the part that is its own.
//
//	provider -> read -> decide -> refusal or handshake: answered here
//	                           -> a part for each cell -> queue -> envelope -> POST
//	                              all have taken theirs: 200, else 503
//
// It keeps no state. A provider is answered 200 only when every origin has said
// that it has its part; in every other case it is answered 503 and sends the
// same again, for hours or days, which an origin that has its part already
// recognises by the provider's message ids.
//
// What an origin says of a part, and what the provider is told:
//
//	2xx            taken    200
//	400, 413, 422  kept     200: it is in the origin's journal, replayable, and would be
//	                        refused again; the log says so loudly unless the edge
//	                        could not read the body either
//	401, 403       refused  503: the secrets of edge and origin differ; somebody can
//	                        mend that while the provider tries again
//	all else, or   failed   503
//	nothing at all
//
// Parts that wait for a cell while its POSTs are in flight travel together in
// the next envelope: batches grow with load, and without load nothing waits.
//
// Order: the events of one body stay in the body's order, and a request that a
// provider sends after another was answered arrives after it. Requests that a
// provider sends side by side may overtake one another, as they may without a
// gateway: neither provider promises an order, and a host orders by the
// provider's time.
package gateway
