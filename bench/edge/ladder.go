package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"

	"github.com/my21staff/my21staff/edge"
)

// variants are the rungs of the ladder: what is built, and who computes the MAC.
var variants = []struct {
	name, step string
	hostMAC    bool
	gives      string
}{
	{"native", "", false, "the same code without WebAssembly"},
	{"as compiled", "compiled-std", false, "Go's own output with crypto/sha256"},
	{"restructured", "restructured-std", false, "control flow without jump tables"},
	{"kernel", "shipped", false, "SHA-256 by the linked kernel: the module that is shipped"},
	{"host MAC", "shipped", true, "the host computes the HMAC, the module compares it"},
}

// buildSteps builds the module as it is after each step.
func buildSteps(ctx context.Context, s settings, _ *report) error {
	for _, v := range []struct{ name, flag string }{
		{"compiled-std", "-variant=compiled -std"}, {"restructured-std", "-variant=restructured -std"}, {"shipped", ""},
	} {
		args := []string{"run", "./wasm/internal/build/cmd", "-embed=", "-out=" + filepath.Join(s.work, v.name)}
		for _, f := range bytes.Fields([]byte(v.flag)) {
			args = append(args, string(f))
		}
		if output, err := exec.CommandContext(ctx, "go", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("go %v: %w\n%s", args, err, output)
		}
	}
	return nil
}

// ladder measures every variant at every size.
func ladder(ctx context.Context, s settings, r *report) error {
	runtime := wazero.NewRuntime(ctx)
	defer runtime.Close(ctx)
	wasi_snapshot_preview1.MustInstantiate(ctx, runtime)
	guests := map[string]*guest{}
	for _, v := range variants {
		if v.step == "" || guests[v.step] != nil {
			continue
		}
		g, err := newGuest(ctx, runtime, filepath.Join(s.work, v.step, "edge.wasm"), v.step)
		if err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		guests[v.step] = g
	}
	config, err := edge.Parse([]byte(document))
	if err != nil {
		return err
	}
	for _, size := range []int{1536, 64 << 10, 3 << 20} {
		calls, err := callsOf(config, guests, request(size))
		if err != nil {
			return err
		}
		batches := s.batches
		if size > 1<<20 { // a call is a batch then
			batches = max(10, batches/10)
		}
		r.rungs(len(calls.body), interleave(calls.funcs, batches, max(1, 300_000/size)))
	}
	return nil
}

type calls struct {
	body  []byte
	funcs []func()
}

// callsOf returns, for each variant, a function that decides the request once.
// All of them are seen to give the same bytes.
func callsOf(config *edge.Config, guests map[string]*guest, request *edge.Request) (calls, error) {
	door := edge.New(config)
	frame := edge.AppendRequest(nil, request, 1)
	want := door.Handle(frame, nil)
	var decision edge.Decision
	if !decision.Read(want) || decision.Verdict != edge.Forward {
		return calls{}, errors.New("the request is refused")
	}
	macs, withMAC := [][32]byte{decision.MAC}, *request
	withMAC.MACs = macs
	macFrame := edge.AppendRequest(nil, &withMAC, 1)
	c := calls{body: request.Body}
	for _, v := range variants {
		if v.step == "" {
			var out []byte
			c.funcs = append(c.funcs, func() { out = door.Handle(frame, out[:0]) })
			continue
		}
		g, frame := guests[v.step], frame
		call := func() { g.handle(frame) }
		if v.hostMAC { // what the host does for it is part of its time
			mac := newMAC(secret)
			frame = macFrame
			call = func() { mac(request.Body); g.handle(frame) }
		}
		if got := g.handle(frame); !bytes.Equal(got, want) {
			return calls{}, fmt.Errorf("%s gives another decision than native", v.name)
		}
		c.funcs = append(c.funcs, call)
	}
	return c, nil
}

// guest is an instance of the module, without the runner's pool and checks.
type guest struct {
	ctx            context.Context
	module         api.Module
	buffer, decide api.Function
	stack          [1]uint64
}

func newGuest(ctx context.Context, runtime wazero.Runtime, file, name string) (*guest, error) {
	binary, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	module, err := runtime.InstantiateWithConfig(ctx, binary, wazero.NewModuleConfig().WithName(name).WithStartFunctions("_initialize"))
	if err != nil {
		return nil, err
	}
	g := &guest{ctx: ctx, module: module, buffer: module.ExportedFunction("edge_buffer"), decide: module.ExportedFunction("edge_handle")}
	answer, err := g.call(module.ExportedFunction("edge_configure"), []byte(document))
	if err != nil || len(answer) == 0 || answer[0] != 0 {
		return nil, fmt.Errorf("configure: %q, %w", answer, err)
	}
	return g, nil
}

// handle decides a frame; the answer is good until the next call.
func (g *guest) handle(frame []byte) []byte {
	answer, err := g.call(g.decide, frame)
	if err != nil {
		panic(err) // the module's contract is that it never traps
	}
	return answer
}

func (g *guest) call(f api.Function, input []byte) ([]byte, error) {
	g.stack[0] = uint64(len(input))
	if err := g.buffer.CallWithStack(g.ctx, g.stack[:]); err != nil {
		return nil, err
	}
	if !g.module.Memory().Write(uint32(g.stack[0]), input) {
		return nil, errors.New("the buffer is not in the memory")
	}
	g.stack[0] = uint64(len(input))
	if err := f.CallWithStack(g.ctx, g.stack[:]); err != nil {
		return nil, err
	}
	answer, ok := g.module.Memory().Read(uint32(g.stack[0]>>32), uint32(g.stack[0]))
	if !ok {
		return nil, errors.New("the answer is not in the memory")
	}
	return answer, nil
}
