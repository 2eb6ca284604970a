// Package verdict compares what was sent to a host with what it has stored and
// shown, and says what is wrong, each kind of wrong apart.
//
// It knows the promises and nothing of how they are kept: its evidence is the
// driver's journal, the provider's record, the rows of the database, the answers
// of the API and what the readers of the stream heard.
package verdict

// Verdict is a kind of wrong.
type Verdict string

// The verdicts. A run is good when none was found.
const (
	Lost          Verdict = "lost"           // acknowledged, and not there
	RefusedStored Verdict = "refused-stored" // refused each time, and there
	Phantom       Verdict = "phantom"        // there, and never sent, or by nobody who may
	Dup           Verdict = "dup"            // there more than once
	Bytes         Verdict = "bytes"          // not what was sent, byte for byte
	Order         Verdict = "order"          // not by the provider's time, then as it was taken in
	Status        Verdict = "status"         // not the highest that was reported
	Count         Verdict = "count"          // a counter that says otherwise than the rows
	Gap           Verdict = "gap"            // a feed without a fact that it should have
	Twice         Verdict = "twice"          // a feed with a fact more than once
	Unordered     Verdict = "unordered"      // a feed that went back
	DoubleSend    Verdict = "double-send"    // the provider accepted one message twice
	Leak          Verdict = "leak"           // shown or stored where another workspace is
	Stale         Verdict = "stale"          // a score that the rules in force do not give
	Trace         Verdict = "trace"          // something of a contact that was erased
	Unsettled     Verdict = "unsettled"      // sent until the end and not taken, or taken and not done
)

// All lists the verdicts in the order they are printed.
var All = []Verdict{Lost, RefusedStored, Phantom, Dup, Bytes, Order, Status, Count, Gap, Twice, Unordered, DoubleSend, Leak, Stale, Trace, Unsettled}
