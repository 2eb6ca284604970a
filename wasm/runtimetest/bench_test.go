package runtimetest_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm/crmtest"
)

// BenchmarkRuntimes measures, in each runtime, how long it takes from the start
// of the process to the first decision, and a decision over HTTP: of a webhook
// of 1.5 KB, one request after the other.
func BenchmarkRuntimes(b *testing.B) {
	var messages []string
	for i := range 5 {
		messages = append(messages, message("555000000000001", fmt.Sprintf("wamid.%032d", i), "6281100000001", "halo"))
	}
	r := signed("bench", 0, 1, metaSecret, "", meta(entry("900000000000001", messages...)))
	frame := r.frame(time.Now().UnixMilli())
	for _, runtime := range runtimes {
		b.Run(runtime.name, func(b *testing.B) {
			js, configuration := driven(b), document("http://127.0.0.1:1")
			crmtest.Packages(b, "wasm/js")
			begin := time.Now()
			s := runtime.start(b, js, configuration)
			decide := func() {
				if _, err := post(s.address+"/decide", frame); err != nil {
					b.Fatal(err)
				}
			}
			decide()
			first := time.Since(begin)
			b.Cleanup(http.DefaultClient.CloseIdleConnections)
			var times []time.Duration
			for b.Loop() {
				start := time.Now()
				decide()
				times = append(times, time.Since(start))
			}
			slices.Sort(times)
			b.ReportMetric(float64(times[len(times)/2].Microseconds()), "µs/p50")
			b.ReportMetric(float64(first.Milliseconds()), "ms/first")
		})
	}
}
