package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
)

// report is everything that was measured.
type report struct {
	Go         string             `json:"go"`
	Processors int                `json:"processors"`
	Ladder     []rung             `json:"ladder"`
	Size       map[string]int     `json:"size_bytes"`
	Start      map[string]float64 `json:"start"`
	Flat       flatness           `json:"memory"`
	Throughput map[string]float64 `json:"webhooks_per_second"`
}

// rung is one variant at one size.
type rung struct {
	Bytes   int     `json:"bytes"`
	Variant string  `json:"variant"`
	Time    spread  `json:"time"`
	Ratio   float64 `json:"times_native"`
}

type flatness struct {
	Calls  int    `json:"calls"`
	Before uint32 `json:"bytes_before"`
	After  uint32 `json:"bytes_after"`
}

func newReport() *report {
	return &report{Go: runtime.Version(), Processors: runtime.GOMAXPROCS(0), Start: map[string]float64{}, Throughput: map[string]float64{}}
}

// rungs adds what the variants took, native first.
func (r *report) rungs(size int, times []spread) {
	for i, t := range times {
		r.Ladder = append(r.Ladder, rung{size, variants[i].name, t, t.Least / times[0].Least})
	}
}

func (r *report) json() []byte {
	encoded, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		panic(err) // texts and numbers of ours always encode
	}
	return append(encoded, '\n')
}

func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# The edge module on wazero\n\n%s, %d processors. Microseconds a webhook: the least and the median of many batches; ratios of the least.\n", r.Go, r.Processors)
	fmt.Fprintf(&b, "\n| bytes | variant | least | median | x native | what it is |\n| ---: | --- | ---: | ---: | ---: | --- |\n")
	for i, l := range r.Ladder {
		fmt.Fprintf(&b, "| %d | %s | %.2f | %.2f | %.2f | %s |\n", l.Bytes, l.Variant, l.Time.Least/1000, l.Time.Median/1000, l.Ratio, variants[i%len(variants)].gives)
	}
	fmt.Fprint(&b, "\n| size | bytes |\n| --- | ---: |\n")
	for _, name := range slices.Sorted(maps.Keys(r.Size)) {
		fmt.Fprintf(&b, "| %s | %d |\n", name, r.Size[name])
	}
	fmt.Fprint(&b, "\n| start | |\n| --- | ---: |\n")
	for _, name := range slices.Sorted(maps.Keys(r.Start)) {
		fmt.Fprintf(&b, "| %s | %.1f |\n", name, r.Start[name])
	}
	fmt.Fprintf(&b, "\nMemory of an instance over %d calls: %d bytes before, %d after.\n", r.Flat.Calls, r.Flat.Before, r.Flat.After)
	fmt.Fprint(&b, "\n| 1.5 KB webhooks | a second |\n| --- | ---: |\n")
	for _, name := range slices.Sorted(maps.Keys(r.Throughput)) {
		fmt.Fprintf(&b, "| %s | %.0f |\n", name, r.Throughput[name])
	}
	return b.String()
}
