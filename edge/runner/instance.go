package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/my21staff/my21staff/edge"
)

// setting is a configuration as the instances are given it.
type setting struct {
	document []byte
	config   *edge.Config
	state    *state // of an instance that took it; nil: each has to
}

// forget ends what outlives no configuration: its secrets are in the image.
// Instances that have it go on.
func (s *setting) forget() {
	if s != nil && s.state != nil {
		_ = s.state.image.close() // nothing was written that could be lost
	}
}

// instance is one memory and serves one call at a time. After any error it must
// be closed and not be called again.
type instance struct {
	setting *setting
	module  api.Module
	mapped  *memory
	memory  api.Memory
	buffer  api.Function
	handle  api.Function
	stack   [1]uint64
	keys    *keyring // nil: the module computes the MACs
}

// newInstance starts an instance that has a configuration: in the state of one
// that took it, or else by handing it the document.
func newInstance(ctx context.Context, e *engine, s *setting) (*instance, error) {
	if s.state != nil {
		if module, mapped, err := e.resume(ctx, s.state); err == nil { // else it was replaced in this moment
			return instanceOf(module, mapped, s), nil
		}
	}
	module, mapped, err := e.instantiate(ctx, e.image, initialize)
	if err != nil {
		return nil, err
	}
	i := instanceOf(module, mapped, s)
	if err = i.start(ctx); err != nil {
		i.close()
		return nil, err
	}
	return i, nil
}

func instanceOf(module api.Module, mapped *memory, s *setting) *instance {
	return &instance{
		setting: s, module: module, mapped: mapped, memory: module.Memory(),
		buffer: module.ExportedFunction("edge_buffer"), handle: module.ExportedFunction("edge_handle"),
	}
}

func (i *instance) start(ctx context.Context) error {
	abi, err := i.call(ctx, i.module.ExportedFunction("edge_abi"), 0)
	if err != nil {
		return err
	}
	if uint32(abi) != edge.ABI {
		return fmt.Errorf("its ABI is %d and not %d", uint32(abi), edge.ABI)
	}
	return i.configure(ctx)
}

// configure hands the instance its configuration. That the module refuses it is
// an *edge.ConfigError.
func (i *instance) configure(ctx context.Context) error {
	document := i.setting.document
	room, err := i.room(ctx, len(document))
	if err != nil {
		return err
	}
	copy(room, document)
	answer, err := i.answer(ctx, i.module.ExportedFunction("edge_configure"), len(document))
	if err != nil {
		return err
	}
	switch {
	case len(answer) == 5 && answer[0] == 0:
		return nil
	case len(answer) > 1 && answer[0] == 1:
		field, problem, _ := strings.Cut(string(answer[1:]), "\x00")
		return &edge.ConfigError{Field: field, Problem: problem}
	}
	return errors.New("its answer to the configuration cannot be read")
}

// decide lets the module decide a request into d.
func (i *instance) decide(ctx context.Context, request *edge.Request, now int64, d *Decision) error {
	r := i.prepare(request, now)
	room, err := i.room(ctx, frameBound(&r))
	if err != nil {
		return err
	}
	frame := edge.AppendRequest(room[:0], &r, now)
	if len(frame) > len(room) {
		return errors.New("the request's frame is longer than it may be")
	}
	answer, err := i.answer(ctx, i.handle, len(frame))
	if err != nil {
		return err
	}
	if len(answer) > maxAnswer {
		return fmt.Errorf("its answer has %d bytes", len(answer))
	}
	d.bytes = append(d.bytes[:0], answer...)
	if !d.Decision.Read(d.bytes) {
		return errors.New("its answer is no decision")
	}
	return check(&d.Decision, &r, i.setting.config)
}

// prepare returns the request as the module gets it: with MACs, if it is not to
// compute them, and of a body that is too large as much as shows that.
func (i *instance) prepare(request *edge.Request, now int64) edge.Request {
	r := *request
	r.Body = r.Body[:min(len(r.Body), edge.MaxBody+1)]
	if i.keys != nil && len(r.MACs) == 0 {
		r.MACs = i.keys.sum(&r, i.setting.config, now)
	}
	return r
}

// room returns n bytes of the module's memory for input.
func (i *instance) room(ctx context.Context, n int) ([]byte, error) {
	result, err := i.call(ctx, i.buffer, uint64(n))
	if err != nil {
		return nil, err
	}
	at := uint32(result)
	room, ok := i.memory.Read(at, uint32(n))
	if at == 0 || !ok {
		return nil, fmt.Errorf("its buffer of %d bytes lies at %#x", n, at)
	}
	return room, nil
}

// answer calls a function with input of n bytes and returns what it answers,
// which is a part of the module's memory.
func (i *instance) answer(ctx context.Context, f api.Function, n int) ([]byte, error) {
	result, err := i.call(ctx, f, uint64(n))
	if err != nil {
		return nil, err
	}
	answer, ok := i.memory.Read(uint32(result>>32), uint32(result))
	if !ok {
		return nil, fmt.Errorf("its answer of %d bytes lies at %#x", uint32(result), result>>32)
	}
	return answer, nil
}

func (i *instance) call(ctx context.Context, f api.Function, argument uint64) (uint64, error) {
	i.stack[0] = argument
	err := f.CallWithStack(ctx, i.stack[:])
	return i.stack[0], err
}

// close frees the instance and its memory.
func (i *instance) close() {
	_ = i.module.Close(context.Background()) // it has no files, whose closing alone could fail
	i.mapped.Free()
}
