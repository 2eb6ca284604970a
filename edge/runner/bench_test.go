package runner_test

import (
	"context"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/edge/runner"
)

func BenchmarkDecide(b *testing.B) {
	requests := []struct {
		name     string
		messages int
	}{{"1.5KB", 3}, {"64KB", 190}}
	for _, d := range []struct {
		name    string
		decider runner.Decider
	}{
		{"native", newNative(b)},
		{"pool", newPool(b, runner.Options{})},
		{"pool host mac", newPool(b, runner.Options{HostMAC: true})},
		{"pool untrusted", newPool(b, runner.Options{Untrusted: true})},
	} {
		for _, r := range requests {
			b.Run(d.name+"/"+r.name, func(b *testing.B) {
				request := signed(body(r.messages))
				b.SetBytes(int64(len(request.Body)))
				b.ReportAllocs()
				var out runner.Decision
				for b.Loop() {
					if err := d.decider.Decide(b.Context(), request, now, &out); err != nil || len(out.Events) != r.messages {
						b.Fatal(err, out.Reason)
					}
				}
			})
		}
	}
}

func BenchmarkThroughput(b *testing.B) {
	for _, goroutines := range []int{1, 2, 8} {
		b.Run(strconv.Itoa(goroutines), func(b *testing.B) {
			pool := newPool(b, runner.Options{})
			start := time.Now()
			calls := make(chan int, goroutines)
			for i := range goroutines {
				share := b.N / goroutines
				if i == 0 {
					share += b.N % goroutines
				}
				go func() {
					request := signed(body(3))
					var out runner.Decision
					for range share {
						if err := pool.Decide(context.Background(), request, now, &out); err != nil {
							b.Error(err)
						}
					}
					calls <- share
				}()
			}
			for range goroutines {
				<-calls
			}
			b.ReportMetric(float64(b.N)/time.Since(start).Seconds(), "webhooks/s")
		})
	}
}

// An instance starts with its configuration, and decides for the first time,
// which copies the pages that it writes. The least time is what it costs; the
// mean has the garbage collector's and the neighbours' share.
func BenchmarkSpawn(b *testing.B) {
	for _, bench := range []struct {
		name string
		pool func() *runner.Pool
	}{
		{"configured", func() *runner.Pool { return newPool(b, runner.Options{}) }},
		{"by itself", func() *runner.Pool { // where there are no files in memory, and with a module that has a table
			pool := newPool(b, runner.Options{})
			pool.ExhaustState()
			return pool
		}},
	} {
		b.Run(bench.name, func(b *testing.B) {
			pool, request := bench.pool(), signed(body(3))
			start, first, later := time.Hour, time.Hour, time.Hour
			var out runner.Decision
			b.ReportAllocs()
			for b.Loop() {
				began := time.Now()
				i, err := pool.Spawn()
				start = min(start, time.Since(began))
				if err != nil {
					b.Fatal(err)
				}
				for _, least := range []*time.Duration{&first, &later} {
					began := time.Now()
					if err := i.Decide(request, now, &out); err != nil {
						b.Fatal(err)
					}
					*least = min(*least, time.Since(began))
				}
				i.End()
			}
			microseconds := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e3 }
			b.ReportMetric(microseconds(start), "least-us/spawn")
			b.ReportMetric(microseconds(first), "least-us/first")
			b.ReportMetric(microseconds(later), "least-us/later")
		})
	}
}

// The memory of an instance that has decided, by its share of each page.
func BenchmarkInstanceMemory(b *testing.B) {
	const instances = 64
	pool := newPool(b, runner.Options{})
	var total float64
	for b.Loop() {
		before := proportional(b)
		live := make([]*runner.Instance, instances)
		for k := range live {
			var err error
			if live[k], err = pool.Spawn(); err != nil {
				b.Fatal(err)
			}
			var out runner.Decision
			if err := live[k].Decide(signed(body(3)), now, &out); err != nil {
				b.Fatal(err)
			}
		}
		total += float64(proportional(b)-before) / instances
		for _, i := range live {
			i.End()
		}
	}
	b.ReportMetric(total/float64(b.N), "KiB/instance")
}

// proportional returns the proportional set size of the process in KiB.
func proportional(tb testing.TB) int {
	debug.FreeOSMemory() // what instances left behind is not theirs any more
	rollup, err := os.ReadFile("/proc/self/smaps_rollup")
	if err != nil {
		tb.Fatal(err)
	}
	for line := range strings.Lines(string(rollup)) {
		if fields := strings.Fields(line); fields[0] == "Pss:" {
			n, _ := strconv.Atoi(fields[1])
			return n
		}
	}
	tb.Fatal("no Pss in smaps_rollup")
	return 0
}

// A pool is made, up to its first instance.
func BenchmarkLoad(b *testing.B) {
	for _, bench := range []struct {
		name string
		dir  string
	}{{"compiled", ""}, {"cached", b.TempDir()}} {
		b.Run(bench.name, func(b *testing.B) {
			if bench.dir != "" {
				newPool(b, runner.Options{CacheDir: bench.dir})
			}
			least := time.Hour
			for b.Loop() {
				start := time.Now()
				pool, err := runner.New(b.Context(), runner.Options{CacheDir: bench.dir, Config: document(17)})
				least = min(least, time.Since(start))
				if err != nil {
					b.Fatal(err)
				}
				if err := pool.Close(); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(least.Microseconds())/1e3, "least-ms/load")
		})
	}
}
