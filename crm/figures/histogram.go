package figures

import (
	"math"
	"time"
)

// Histogram is how often durations of each size came. Its buckets grow by a tenth
// each, from one second on: a quantile is right within 5 %, any number of
// histograms are added up exactly, and what a day of a member takes is as many
// counts as there were different lengths.
//
// The zero Histogram is empty.
type Histogram struct {
	counts []int64 // by bucket
	total  int64
}

// growth is how much longer than a bucket's durations the next one's are.
const growth = 1.1

// buckets is how many there are. The last has what is longer than four years.
const buckets = 200

// bucketOf returns the bucket of a duration: 0 to one second, and from there on
// bucket n up to growth^n seconds.
func bucketOf(d time.Duration) int {
	if d <= time.Second {
		return 0
	}
	return min(int(math.Ceil(math.Log(d.Seconds())/math.Log(growth))), buckets-1)
}

// middle returns the duration that is off by the same ratio from both ends of a
// bucket.
func middle(bucket int) time.Duration {
	return time.Duration(math.Pow(growth, float64(bucket)-0.5) * float64(time.Second))
}

// Add counts a duration.
func (h *Histogram) Add(d time.Duration) { h.addTo(bucketOf(d), 1) }

// addTo counts n durations of a bucket; what is no bucket counts nowhere.
func (h *Histogram) addTo(bucket int, n int64) {
	if bucket < 0 || bucket >= buckets {
		return
	}
	for len(h.counts) <= bucket {
		h.counts = append(h.counts, 0)
	}
	h.counts[bucket] += n
	h.total += n
}

// Merge counts all that another histogram has counted.
func (h *Histogram) Merge(other Histogram) {
	for bucket, n := range other.counts {
		h.addTo(bucket, n)
	}
}

// Count returns how many durations were counted.
func (h *Histogram) Count() int64 { return h.total }

// Quantile returns the duration below which the part q of all lies, 0.5 for the
// median, within 5 %, and never below a second. It is 0 when nothing was counted.
func (h *Histogram) Quantile(q float64) time.Duration {
	if h.total <= 0 {
		return 0
	}
	rank := max(int64(math.Ceil(q*float64(h.total))), 1)
	for bucket, n := range h.counts {
		if rank -= n; rank <= 0 {
			return max(middle(bucket), time.Second)
		}
	}
	return middle(buckets - 1)
}
