package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/valyala/fasthttp"
)

// The program starts itself again for what must not share a process with the
// driver. The variable says as what.
const childVariable = "M21_BENCH_CHILD"

func runChild(ctx context.Context, as string) error {
	switch as {
	case "empty":
		return serveNothing(ctx)
	case "readers":
		return readStreams(ctx, os.Args[1:], os.Stdout)
	}
	return fmt.Errorf("there is no child %q", as)
}

func (b *bench) childCommand(as string, args ...string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(self, args...)
	cmd.Env = append(os.Environ(), childVariable+"="+as)
	return cmd, nil
}

func (b *bench) child(ctx context.Context, as string) (*process, error) {
	cmd, err := b.childCommand(as)
	if err != nil {
		return nil, err
	}
	return b.launch(ctx, cmd)
}

// serveNothing answers every request with nothing, until it is ended.
func serveNothing(ctx context.Context) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "msg=listening address=%s\n", ln.Addr())
	return (&fasthttp.Server{Handler: func(*fasthttp.RequestCtx) {}}).Serve(ln)
}

var profiling = regexp.MustCompile(`msg=profiling address=(\S+)`)

// profiles writes what the host does with its time and memory while a path is
// called.
func (b *bench) profiles(ctx context.Context, p *process, kind string, path *path, c *caller) error {
	if b.profile == "" || p.pprof == "" {
		return nil
	}
	name := regexp.MustCompile(`[^a-z0-9]+`).ReplaceAllString(kind+" "+path.name, "-")
	return b.profileDuring(ctx, p, name, busyClients, new(atomic.Int64), func(n int) error { return c.do(path.requests[n%len(path.requests)], nil) })
}

// profileDuring writes both profiles while clients make calls.
func (b *bench) profileDuring(ctx context.Context, p *process, name string, clients int, next *atomic.Int64, do call) error {
	if err := os.MkdirAll(b.profile, 0o755); err != nil {
		return err
	}
	for _, kind := range []string{"profile", "allocs"} {
		ctx, cancel := context.WithCancel(ctx)
		done := make(chan error, 1)
		go func() {
			done <- fetch("http://"+p.pprof+"/debug/pprof/"+kind+"?seconds=3", filepath.Join(b.profile, name+"."+kind))
			cancel()
		}()
		_, _, _ = closedLoop(ctx, clients, 10*time.Second, next, do)
		cancel()
		if err := <-done; err != nil {
			return err
		}
	}
	return nil
}

func fetch(url, file string) error {
	response, err := http.Get(url) //nolint:noctx // it ends after the seconds it names
	if err != nil {
		return err
	}
	defer response.Body.Close()
	to, err := os.Create(file)
	if err != nil {
		return err
	}
	defer to.Close()
	_, err = io.Copy(to, response.Body)
	return err
}

// lines hands each line of JSON that a child writes to use, until one says stop.
func lines(from io.Reader, use func(line json.RawMessage) (stop bool, err error)) error {
	scanner := bufio.NewScanner(from)
	for scanner.Scan() {
		if stop, err := use(scanner.Bytes()); stop || err != nil {
			return err
		}
	}
	return scanner.Err()
}
