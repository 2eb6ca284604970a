// Package webhook turns a provider's webhook request into facts.
//
// [Verify] checks who sent the raw bytes, [Decode] reads them into [Fact]
// values, and [Handshake] answers the request with which Meta tests an address.
// Meta's and Kapso's forms, old and new, become the same facts, so that nothing
// behind this package knows one provider from the other.
//
// Decoding is strict about JSON and forgiving about everything else. A body
// that is JSON always yields at least one fact: an item of a kind that is not
// known becomes [Other], one that has not the form of its kind becomes
// [Unreadable], both keep their bytes, and neither touches the items beside it.
package webhook
