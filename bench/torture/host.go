package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"syscall"
	"time"
)

// host is a host process that is started again and again at one address.
type host struct {
	*process
	world   *world
	n       int
	address string
}

// start starts the host and waits until it is ready; it returns how long that
// took.
func (h *host) start(ctx context.Context, env ...string) (time.Duration, error) {
	begin := time.Now()
	if err := h.launch(env...); err != nil {
		return 0, err
	}
	return h.ready(ctx, begin)
}

// launch starts the host and waits for nothing.
func (h *host) launch(env ...string) (err error) {
	if h.process != nil {
		h.kill() // the one before
	}
	output := filepath.Join(h.world.dir, fmt.Sprintf("host%d.log", h.n))
	h.process, err = spawn(output, h.world.env(env...), nil, h.world.host, "serve", "-listen", h.address)
	return err
}

// ready waits until the host serves and returns how long that is after begin.
func (h *host) ready(ctx context.Context, begin time.Time) (time.Duration, error) {
	client := &http.Client{Timeout: time.Second}
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(5 * time.Millisecond) {
		response, err := client.Get("http://" + h.address + "/readyz")
		if err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusOK {
			return time.Since(begin), nil
		}
		if !h.running() {
			return 0, fmt.Errorf("the host ended before it was ready: %s", h.tail())
		}
	}
	return 0, fmt.Errorf("the host is not ready after a minute: %s", h.tail())
}

// revive starts a host that was just ended, and returns the time from then to
// its being ready.
func (h *host) revive(ctx context.Context, ended time.Time, env ...string) (time.Duration, error) {
	if _, err := h.start(ctx, env...); err != nil {
		return 0, err
	}
	return time.Since(ended), nil
}

// stop asks the host to end and says how long it took.
func (h *host) stop() (time.Duration, error) {
	begin := time.Now()
	h.signal(syscall.SIGTERM)
	code, err := h.wait(30 * time.Second)
	if err == nil && code != 0 {
		err = fmt.Errorf("the host ended with %d: %s", code, h.tail())
	}
	return time.Since(begin), err
}
