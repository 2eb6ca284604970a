package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// call does one thing, the n-th.
type call func(n int) error

// times are how long calls took, all of them, so that percentiles are exact.
type times []time.Duration

// summary is what is told of times, in milliseconds.
type summary struct {
	P50  float64 `json:"p50_ms"`
	P95  float64 `json:"p95_ms"`
	P99  float64 `json:"p99_ms"`
	Mean float64 `json:"mean_ms"`
	N    int     `json:"calls"`
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func (t times) summary() summary {
	if len(t) == 0 {
		return summary{}
	}
	slices.Sort(t)
	at := func(share float64) float64 { return ms(t[int(math.Ceil(share*float64(len(t))))-1]) }
	var sum time.Duration
	for _, d := range t {
		sum += d
	}
	return summary{P50: at(0.5), P95: at(0.95), P99: at(0.99), Mean: ms(sum) / float64(len(t)), N: len(t)}
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	values = slices.Clone(values)
	slices.Sort(values)
	return values[len(values)/2]
}

// closedLoop makes calls for a while, each client its next as soon as its last
// is done, and returns how long each took and how many there were a second.
func closedLoop(ctx context.Context, clients int, lasts time.Duration, next *atomic.Int64, do call) (times, float64, error) {
	var mu sync.Mutex
	var all times
	var failed error
	var running sync.WaitGroup
	began := time.Now()
	for range clients {
		running.Go(func() {
			own := make(times, 0, 1024)
			var err error
			for err == nil && ctx.Err() == nil && time.Since(began) < lasts {
				start := time.Now()
				err = do(int(next.Add(1)))
				own = append(own, time.Since(start))
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, own...)
			if failed == nil {
				failed = err
			}
		})
	}
	running.Wait()
	if failed == nil {
		failed = ctx.Err()
	}
	return all, float64(len(all)) / time.Since(began).Seconds(), failed
}

// openLoop begins calls at a rate, whatever becomes of the ones before, and
// returns how long each took from the moment it was to begin: what waited for a
// free client waited. What has not begun when the time is over by patience is
// not made any more, and counted as late.
func openLoop(ctx context.Context, clients int, rate float64, lasts time.Duration, next *atomic.Int64, do call) (_ times, late int, _ error) {
	total := int(rate * lasts.Seconds())
	due := make(chan time.Time, total)
	var mu sync.Mutex
	all := make(times, 0, total)
	var failed error
	var running sync.WaitGroup
	began := time.Now()
	for range clients {
		running.Go(func() {
			for intended := range due {
				over := time.Since(began) > lasts+patience
				var err error
				if !over {
					err = do(int(next.Add(1)))
				}
				took := time.Since(intended)
				mu.Lock()
				if all = append(all, took); over {
					late++
				}
				if failed == nil {
					failed = err
				}
				mu.Unlock()
			}
		})
	}
	for i := range total {
		at := began.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		if wait := time.Until(at); wait > 0 {
			time.Sleep(wait)
		}
		due <- at
		if ctx.Err() != nil {
			break
		}
	}
	close(due)
	running.Wait()
	if failed == nil {
		failed = ctx.Err()
	}
	return all, late, failed
}

// patience is how long an open loop goes on for what is behind.
const patience = 5 * time.Second

// request is what is sent, and the status that is expected.
type request struct {
	method, path string
	body         []byte
	header       [][2]string
	want         int
	refused      *atomic.Int64 // counts 503, which is an error without
}

// caller sends requests to a process, with connections that stay.
type caller struct {
	client *fasthttp.HostClient
}

func newCaller(address string) *caller {
	return &caller{&fasthttp.HostClient{Addr: address, MaxConns: 2000, ReadTimeout: time.Minute, WriteTimeout: time.Minute, NoDefaultUserAgentHeader: true}}
}

// do sends a request and hands on the answer's body, which is good until use
// returns.
func (c *caller) do(r request, use func(body []byte) error) error {
	req, resp := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(req)
	defer fasthttp.ReleaseResponse(resp)
	req.Header.SetMethod(r.method)
	req.SetRequestURI("http://" + c.client.Addr + r.path)
	for _, h := range r.header {
		req.Header.Set(h[0], h[1])
	}
	if r.body != nil {
		req.SetBodyRaw(r.body)
	}
	if err := c.client.Do(req, resp); err != nil {
		return fmt.Errorf("%s %s: %w", r.method, r.path, err)
	}
	if resp.StatusCode() == fasthttp.StatusServiceUnavailable && r.refused != nil {
		r.refused.Add(1)
		return nil
	}
	if resp.StatusCode() != r.want {
		return fmt.Errorf("%s %s answers %d: %.300s", r.method, r.path, resp.StatusCode(), resp.Body())
	}
	if use == nil {
		return nil
	}
	return use(resp.Body())
}

// get is a request for something to read, with a key.
func get(path, key string) request {
	return request{method: fasthttp.MethodGet, path: path, header: [][2]string{{"X-Api-Key", key}}, want: 200}
}
