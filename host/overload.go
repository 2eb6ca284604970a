package host

import (
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// bodyMemory bounds the bodies beyond the small that are in memory at once, from
// their first byte to their answer. What is made of one, decoded and packed,
// takes several times its size.
const bodyMemory = 24 << 20

// budget is memory that is lent.
type budget struct{ left atomic.Int64 }

// take takes so many bytes; false if there are not so many.
func (b *budget) take(n int) bool {
	if b.left.Add(-int64(n)) >= 0 {
		return true
	}
	b.give(n)
	return false
}

func (b *budget) give(n int) { b.left.Add(int64(n)) }

// lent returns how many bytes are lent now.
func (b *budget) lent() int { return bodyMemory - int(b.left.Load()) }

// isBusy reports whether a request was refused because there was too much to do.
func isBusy(err error) bool {
	e, ok := errors.AsType[*crm.Error](err)
	return ok && e.Code == crm.Unavailable && e.Reason == "busy"
}

// refusals sees to it that a host that has too much to do does not write a line
// for each request it refuses: one a second says how many there were.
type refusals struct {
	next  atomic.Int64 // when the next line may be written, nanoseconds since 1970
	since atomic.Int64 // refused since the last one, without a line
}

// line returns the line that is to be written for a refusal; nil for none.
func (r *refusals) line(now time.Time, line []slog.Attr) []slog.Attr {
	next := r.next.Load()
	if now.UnixNano() < next || !r.next.CompareAndSwap(next, now.Add(time.Second).UnixNano()) {
		r.since.Add(1)
		return nil
	}
	return append(line, slog.Int64("refused_before", r.since.Swap(0)))
}
