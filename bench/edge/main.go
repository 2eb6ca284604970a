// Command edge measures the edge module on wazero against native code, both in
// the same run:
//
//	go run ./bench/edge           # about three minutes
//	go run ./bench/edge -quick    # half a minute
//
// It prints the ladder (what each step of the build gives), size, start and
// memory, and writes the same to bench/results/edge.md and edge.json.
//
// The machines this runs on are shared and noisy: every figure comes from many
// short batches, taken in turn for all variants, and is the least and the median
// of them. Ratios are between the least ones.
//
// # What is known of the ratios
//
// With wazero 1.12 the module takes 2.7 to 3.1 times as long as native code if it
// computes the HMAC and 1.2 to 1.8 times if the host does, where 3.0 and 1.4 were
// wished for. Of that:
//
//   - The kernel of SHA-256 has between a fourth and a fifth of the speed of a
//     processor's own instructions, which WebAssembly has not. The hash is 32 % of
//     native time for 1.5 KB and 64 KB and 56 % for 3 MB, where it alone makes 2.4
//     of the ratio; the copy of the body into the module's memory, which native
//     code does not need, makes 0.1. So 3.0 for 3 MB leaves the rest 1.2 times its
//     native time, which is what it takes on a good day.
//   - The scan takes 0.9 times native time for 64 KB and 1.3 for 1.5 KB: its kernel
//     has vectors of sixteen bytes.
//   - What walks over the tape and writes the decision is compiled Go, takes four
//     times as long and is 40 % of what is left to the module if the host computes
//     the HMAC. wazero checks a bound at nearly every access and puts the way out,
//     45 bytes, in line behind each check: these functions have 171 KB of machine
//     code, where Go has 17 KB for the same ones natively and a processor 32 KB of
//     cache for it. 1.4 would need a ratio of 1.8 here for 1.5 KB, and of 3.4 for
//     64 KB.
//
// What was tried and gave nothing: fast ways of the walk that are inlined (less
// inlining is better, see wasm/internal/build), copies of known size as loads and
// stores of eight or sixteen bytes (3 to 9 % slower: more code), the words of
// SHA-256's block by a vector (the same). What would give 5 % of what is not the
// hash: to touch the farthest byte of what a pointer leads to first, so that one
// check serves all. It needs a page behind the memory that Go knows nothing of.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench/edge:", err)
		os.Exit(1)
	}
}

// settings are how long and where to.
type settings struct {
	batches int // of each variant and size
	calls   int // of the run that looks at memory
	out     string
	work    string // folder for modules and compiled code
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	flags := flag.NewFlagSet("edge", flag.ContinueOnError)
	quick := flags.Bool("quick", false, "a sixth of the time")
	s := settings{batches: 300, calls: 10_000_000}
	flags.StringVar(&s.out, "out", "bench/results", "folder for edge.md and edge.json")
	flags.StringVar(&s.work, "work", ".build/bench", "folder for what is built on the way")
	flags.IntVar(&s.calls, "calls", s.calls, "calls of the run that looks at memory")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *quick {
		s.batches, s.calls = 60, min(s.calls, 200_000)
	}
	report, err := measureAll(ctx, s, progress)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(s.out, 0o755); err != nil {
		return err
	}
	text := report.markdown()
	fmt.Fprint(out, text)
	if err := os.WriteFile(filepath.Join(s.out, "edge.md"), []byte(text), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.out, "edge.json"), report.json(), 0o644)
}

func measureAll(ctx context.Context, s settings, progress io.Writer) (*report, error) {
	r := newReport()
	for _, step := range []struct {
		name string
		do   func(context.Context, settings, *report) error
	}{
		{"building the module after each step", buildSteps},
		{"the ladder", ladder},
		{"size", sizes},
		{"start", starts},
		{fmt.Sprintf("memory over %d calls", s.calls), flat},
		{"throughput", throughput},
	} {
		fmt.Fprintln(progress, step.name, "...")
		if err := step.do(ctx, s, r); err != nil {
			return nil, fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return r, nil
}
