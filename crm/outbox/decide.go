package outbox

import (
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// MaxAge is how old a message may become before it is given up: an answer that
// comes a day late is no answer.
const MaxAge = 24 * time.Hour

// Try is the attempt that an error ended.
type Try struct {
	Job     crm.JobID
	Attempt int           // 1 for the first
	Age     time.Duration // of the job
}

// Decision is what becomes of a message after an attempt.
type Decision struct {
	Class   Class              // empty when the provider accepted
	Outcome Outcome            // Accepted, Retry, Failed, Unknown, Stopped or Gone
	After   time.Duration      // Retry: how long to wait
	Reason  string             // for the person who wrote it: why; empty when accepted
	Error   *crm.ProviderError // Failed: what the message keeps
	Cause   error              // for the operator: what the provider or the network said
	OptOut  bool               // the person wants no marketing messages
	Warn    bool               // the team should know before it gets worse

	accepted crm.Accepted
	held     bool // put back without having been tried
}

// Decide says what a failed attempt leads to. It is a table: the provider's
// code decides, then Kapso's word, then the HTTP status.
//
// The wait before the next attempt grows with the attempts, is spread by up to a
// quarter so that what failed together does not come back together, and is
// never shorter than what the provider asked for.
func Decide(err *crm.SendError, t Try) Decision {
	found := classify(err)
	d := Decision{Class: found.class, Reason: found.meaning, Cause: err, Outcome: Retry}
	switch found.class {
	case Ambiguous:
		d.Outcome = Unknown
		return d
	case Account:
		d.Outcome = Stopped
		return d
	case Rejected, Unwanted:
		d.Outcome, d.OptOut = Failed, found.class == Unwanted
		d.Error = worded(err, d.Reason)
		return d
	}
	pause := pauses[found.class]
	d.After = spread(max(grown(pause.first, pause.factor, t.Attempt, pause.most), err.RetryAfter), t)
	d.Warn = found.class == SpamLimited && t.Attempt == 1
	if pause.tries > 0 && t.Attempt >= pause.tries || t.Age+d.After > MaxAge {
		d.Outcome, d.After = Failed, 0
		d.Reason = fmt.Sprintf("%s Given up after %d attempts.", d.Reason, t.Attempt)
		d.Error = worded(err, d.Reason)
	}
	return d
}

// worded keeps the provider's error with our sentence as its title.
func worded(err *crm.SendError, sentence string) *crm.ProviderError {
	kept := crm.ProviderError{Word: "unreachable"}
	switch {
	case err.Provider != nil:
		kept = *err.Provider
		if kept.Detail == "" {
			kept.Detail = kept.Title
		}
	case err.Status != 0:
		kept.Word = fmt.Sprintf("http_%d", err.Status)
	}
	kept.Title = sentence
	return &kept
}

// grown is first times factor for each attempt after the first, at most most.
func grown(first time.Duration, factor, attempt int, most time.Duration) time.Duration {
	for range attempt - 1 {
		if first *= time.Duration(factor); first >= most {
			return most
		}
	}
	return first
}

// spread lengthens a wait by up to a quarter, to a whole millisecond, as the
// store keeps times. There is no randomness here: the share comes from the job
// and the attempt, which is as good and repeats.
func spread(wait time.Duration, t Try) time.Duration {
	hash := fnv.New64a()
	_, _ = hash.Write(t.Job[:]) // a hash never fails
	_, _ = hash.Write(binary.BigEndian.AppendUint64(nil, uint64(t.Attempt)))
	const parts = 1024
	wait += wait / 4 * time.Duration(hash.Sum64()>>32%parts) / parts
	return (wait + time.Millisecond - 1).Truncate(time.Millisecond)
}
