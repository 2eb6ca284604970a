package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"slices"
	"time"
)

// spread is what several batches gave, in nanoseconds a call.
type spread struct {
	Least  float64 `json:"least_ns"`
	Median float64 `json:"median_ns"`
}

// interleave runs batches of calls of every function in turn, so that what else
// the machine does meets all of them alike.
func interleave(funcs []func(), batches, calls int) []spread {
	times := make([][]float64, len(funcs))
	for range batches {
		for i, f := range funcs {
			start := time.Now()
			for range calls {
				f()
			}
			times[i] = append(times[i], float64(time.Since(start).Nanoseconds())/float64(calls))
		}
	}
	spreads := make([]spread, len(funcs))
	for i := range times {
		spreads[i] = spreadOf(times[i])
	}
	return spreads
}

func spreadOf(values []float64) spread {
	slices.Sort(values)
	return spread{values[0], values[len(values)/2]}
}

// newMAC returns a function that computes an HMAC as the runner does for the
// module.
func newMAC(secret string) func(body []byte) {
	h := hmac.New(sha256.New, []byte(secret))
	var sum [sha256.Size]byte
	return func(body []byte) {
		h.Reset()
		h.Write(body)
		h.Sum(sum[:0])
	}
}
