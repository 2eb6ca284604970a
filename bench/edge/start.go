package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/molecule-man/go-brrr"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/runner"
)

// sizes notes how large the shipped module is, plain and compressed.
func sizes(_ context.Context, s settings, r *report) error {
	module, err := os.ReadFile(filepath.Join(s.work, "shipped", "edge.wasm"))
	if err != nil {
		return err
	}
	var zipped, brotli bytes.Buffer
	gz, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		return err
	}
	br, err := brrr.NewWriterOptions(&brotli, 11, brrr.WriterOptions{LGWin: 24, SizeHint: uint(len(module))})
	if err != nil {
		return err
	}
	for _, w := range []interface {
		Write([]byte) (int, error)
		Close() error
	}{gz, br} {
		if _, err := w.Write(module); err != nil {
			return err
		}
		if err := w.Close(); err != nil {
			return err
		}
	}
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		return err
	}
	r.Size = map[string]int{"raw": len(module), "gzip -9": zipped.Len(), "zstd": len(z.EncodeAll(module, nil)), "brotli -11": brotli.Len()}
	return z.Close()
}

// starts runs the runner's own benchmarks of starting, in a process of their
// own because they look at its memory.
func starts(ctx context.Context, _ settings, r *report) error {
	cmd := exec.CommandContext(ctx, "go", "test", "./edge/runner", "-run", "^$", "-bench", "^Benchmark(Spawn|InstanceMemory|Load)$", "-json")
	output, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go test ./edge/runner: %w", err)
	}
	lines := bufio.NewScanner(bytes.NewReader(output))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var event struct{ Test, Output string }
		if err := json.Unmarshal(lines.Bytes(), &event); err != nil {
			return err
		}
		fields := strings.Fields(event.Output)
		for i := 1; i < len(fields); i++ {
			value, err := strconv.ParseFloat(fields[i-1], 64)
			if unit := fields[i]; err == nil && strings.ContainsRune(unit, '/') && event.Test != "" {
				r.Start[strings.TrimPrefix(event.Test, "Benchmark")+" "+unit] = value
			}
		}
	}
	if len(r.Start) == 0 {
		return errors.New("the runner's benchmarks gave nothing")
	}
	return lines.Err()
}

// flat decides the same webhooks again and again in one instance, and looks at
// its memory.
func flat(ctx context.Context, s settings, r *report) error {
	rt := wazero.NewRuntime(ctx)
	defer rt.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, rt)
	g, err := newGuest(ctx, rt, filepath.Join(s.work, "shipped", "edge.wasm"), "flat")
	if err != nil {
		return err
	}
	small, large := edge.AppendRequest(nil, request(1536), 1), edge.AppendRequest(nil, request(60<<10), 1)
	g.handle(large)
	before := g.module.Memory().Size()
	for i := range s.calls {
		if i%1000 == 0 {
			g.handle(large)
		}
		g.handle(small)
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	r.Flat = flatness{Calls: s.calls, Before: before, After: g.module.Memory().Size()}
	return nil
}

// throughput lets as many goroutines decide as there are processors.
func throughput(ctx context.Context, s settings, r *report) error {
	for _, o := range []struct {
		name string
		open func() (runner.Decider, error)
	}{
		{"native", func() (runner.Decider, error) { return runner.NewNative([]byte(document)) }},
		{"wasm", func() (runner.Decider, error) { return runner.New(ctx, runner.Options{Config: []byte(document)}) }},
		{"wasm, host MAC", func() (runner.Decider, error) {
			return runner.New(ctx, runner.Options{Config: []byte(document), HostMAC: true})
		}},
	} {
		decider, err := o.open()
		if err != nil {
			return err
		}
		for _, workers := range []int{1, runtime.GOMAXPROCS(0)} {
			rate, err := rateOf(ctx, decider, workers, s.batches*20)
			if err != nil {
				return err
			}
			r.Throughput[fmt.Sprintf("%s, %d at once", o.name, workers)] = rate
		}
		if err := decider.Close(); err != nil {
			return err
		}
	}
	return nil
}

// rateOf returns the best of ten rates of webhooks of 1.5 KB a second.
func rateOf(ctx context.Context, decider runner.Decider, workers, calls int) (best float64, err error) {
	for range 10 {
		var group sync.WaitGroup
		failures := make([]error, workers)
		start := time.Now()
		for w := range workers {
			group.Go(func() {
				r := request(1536)
				var d runner.Decision
				for range calls {
					if err := decider.Decide(ctx, r, start, &d); err != nil {
						failures[w] = err
						return
					}
				}
			})
		}
		group.Wait()
		if err := errors.Join(failures...); err != nil {
			return 0, err
		}
		best = max(best, float64(workers*calls)/time.Since(start).Seconds())
	}
	return best, nil
}
