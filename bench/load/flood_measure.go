package main

import (
	"slices"
	"syscall"
	"time"

	"github.com/my21staff/my21staff/bench/record"
)

// measure takes the figures of a step from the attempts that were due between
// two moments.
func (s *Step) measure(shots []shot, from, to time.Time) {
	s.Began, s.Ended = from.UnixMicro(), to.UnixMicro()
	var accepted, sending, refused, late []int64
	for _, shot := range shots {
		if shot.due < s.Began || shot.due >= s.Ended {
			continue
		}
		late = append(late, shot.late)
		switch {
		case shot.code/100 == 4 && shot.code != 429:
			s.Rejected++
		case shot.class == record.OK:
			accepted, sending = append(accepted, shot.took+shot.late), append(sending, shot.took)
		case shot.class == record.Fail:
			refused = append(refused, shot.took)
			if shot.wait <= 0 {
				s.Impolite++
			}
		default:
			s.Unclear++
		}
	}
	seconds := to.Sub(from).Seconds()
	// What was answered only after the end is no throughput of this time.
	inTime := 0
	for _, shot := range shots {
		if end := shot.start + shot.took; shot.class == record.OK && end >= s.Began && end < s.Ended {
			inTime++
		}
	}
	s.Goodput, s.Refused, s.Sent = float64(inTime)/seconds, float64(len(refused))/seconds, float64(len(late))/seconds
	s.Offered = s.Sent
	s.P50, s.P99 = milliseconds(accepted, 0.5), milliseconds(accepted, 0.99)
	s.FromSending = milliseconds(sending, 0.99)
	s.RefusalP50, s.RefusalP99 = milliseconds(refused, 0.5), milliseconds(refused, 0.99)
	s.LateP99 = milliseconds(late, 0.99)
}

// add makes a step last on through another one. Its latencies are the worst of
// both.
func (s *Step) add(o *Step) {
	if s.Began == 0 {
		*s = *o
		return
	}
	before, more := float64(s.Ended-s.Began), float64(o.Ended-o.Began)
	mean := func(of *float64, with float64) { *of = (*of*before + with*more) / (before + more) }
	mean(&s.Offered, o.Offered)
	mean(&s.Sent, o.Sent)
	mean(&s.Goodput, o.Goodput)
	mean(&s.Refused, o.Refused)
	s.Ended, s.Unclear, s.Impolite = s.Ended+o.Ended-o.Began, s.Unclear+o.Unclear, s.Impolite+o.Impolite
	s.Rejected += o.Rejected
	s.P50, s.P99, s.RefusalP99 = max(s.P50, o.P50), max(s.P99, o.P99), max(s.RefusalP99, o.RefusalP99)
}

// milliseconds returns a quantile of microseconds.
func milliseconds(sample []int64, q float64) float64 {
	if len(sample) == 0 {
		return 0
	}
	slices.Sort(sample)
	return float64(sample[min(int(q*float64(len(sample))), len(sample)-1)]) / 1000
}

// window is how finely the return to normal is looked at.
const window = 500 * time.Millisecond

// settled returns how many seconds after the first of shots all was normal:
// nothing refused and 99 % accepted within so many milliseconds; -1 if the last
// window is not.
func settled(shots []shot, most float64) float64 {
	if len(shots) == 0 {
		return -1
	}
	first := slices.MinFunc(shots, func(a, b shot) int { return int(a.due - b.due) }).due
	windows := map[int64][]int64{}
	bad, last := int64(-1), int64(0)
	for _, s := range shots {
		w := (s.due - first) / window.Microseconds()
		last = max(last, w)
		if s.class != record.OK {
			bad = max(bad, w)
			continue
		}
		windows[w] = append(windows[w], s.took+s.late)
	}
	for w, took := range windows {
		if w > bad && milliseconds(took, 0.99) > most {
			bad = w
		}
	}
	if bad == last {
		return -1
	}
	return float64(bad+1) * window.Seconds()
}

// processorTime returns the seconds of processor time this program has used.
func processorTime() float64 {
	var used syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &used) != nil {
		return 0
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}
