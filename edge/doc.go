// Package edge decides at the door what becomes of a provider's webhook
// request: it answers the handshake, verifies the signature over the raw bytes,
// reads strictly, and says which cell gets which part.
//
// [Parse] checks a configuration, which is one JSON document and immutable
// afterwards. A [Door] decides one request after the other by it, without
// allocating and without a clock, randomness or state of its own: the same
// configuration, request and time give the same [Decision]. The same code runs
// natively and, through the frames of [Door.Handle], as a WebAssembly module;
// both give the same bytes.
//
//	request -> method, size, headers -> signature -> strict scan
//	        -> events -> drop rules -> a cell for each number -> decision
//
// What is signed by the provider is never refused: a body that cannot be read
// is forwarded to the cell that keeps the journal. What is not signed never
// yields a route.
//
// The package imports no more than the module can afford: fmt, time,
// crypto/sha256 and encoding/json alone would each be a tenth to a half of its
// size, and package crm brings them all. So it has its own words for provider,
// kind and error; the hand-over to an origin is in the package envelope.
package edge
