// Package edgetest makes requests for tests of the edge: bodies of every kind
// the decoder knows, with what JSON allows and does not allow in them, signed
// rightly and wrongly, for the configurations of [Documents].
//
// A difference between two builds of the decision hides in what a provider
// never sends: an escape, an exponent, the 48th bracket, a name that comes
// twice. Bytes that are changed at random hardly ever meet those, because the
// result is hardly ever JSON; so the [Maker] writes them on purpose. The same
// seed makes the same cases in the same order.
package edgetest
