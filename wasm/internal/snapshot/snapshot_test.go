package snapshot_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/wasm/internal/build/buildtest"
	"github.com/my21staff/my21staff/wasm/internal/module"
	"github.com/my21staff/my21staff/wasm/internal/snapshot"
)

var warm = snapshot.Options{Warm: []string{"guest_warm"}}

// TestModuleKeepsBehaviour starts where the initialisation ended.
func TestModuleKeepsBehaviour(t *testing.T) {
	t.Parallel()
	m := buildtest.Linked(t)
	report, err := snapshot.Module(t.Context(), m, warm)
	if err != nil {
		t.Fatal(err)
	}
	exports, err := m.Exports()
	if err != nil || slices.ContainsFunc(exports, func(e module.Exported) bool {
		return e.Name == snapshot.Initialize || e.Name == "guest_warm"
	}) {
		t.Errorf("the module exports %v, %v", exports, err)
	}
	if report.Pages < 20 || report.Segments < 10 || report.Segments > 500 || report.Bytes < 500_000 {
		t.Errorf("the snapshot holds %+v", report)
	}
	in := buildtest.Start(t, m.Encode(), "")
	if got := in.Call(t, "guest_started"); got != 111 {
		t.Errorf("guest_started() = %d, want 111: one init, one warming, and the variable's first value", got)
	}
	if got := in.Call(t, "guest_buffer"); got < 100_000 {
		t.Errorf("guest_buffer() = %d, want what guest_warm allocated", got)
	}
	buildtest.Agree(t, m.Encode(), "")
}

// TestModuleRepeats: the same module gives the same file.
func TestModuleRepeats(t *testing.T) {
	t.Parallel()
	var files [2][]byte
	for i := range files {
		m := buildtest.Linked(t)
		if _, err := snapshot.Module(t.Context(), m, warm); err != nil {
			t.Fatal(err)
		}
		files[i] = m.Encode()
	}
	if !bytes.Equal(files[0], files[1]) {
		t.Error("two snapshots of one module differ")
	}
}

// small is a module whose _initialize sets globals of all types, grows the
// memory by a page and writes near both ends of it.
func small() *module.Module {
	return &module.Module{Sections: []module.Section{
		{ID: module.Type, Body: []byte{2, 0x60, 0, 0, 0x60, 1, module.I32, 0}},
		{ID: module.Function, Body: []byte{2, 0, 1}},
		{ID: module.Memory, Body: []byte{1, 0, 1}},
		{ID: module.Global, Body: module.GlobalSection([]module.GlobalVar{
			{Type: module.I32, Mutable: 1}, {Type: module.I64, Mutable: 1, Value: 7}, {Type: module.F32, Mutable: 1}, {Type: module.F64, Value: 1 << 62},
		})},
		{ID: module.Export, Body: module.ExportSection([]module.Exported{
			{Name: "_initialize", Index: 0}, {Name: "f", Index: 1}, {Name: "memory", Kind: module.KindMemory},
		})},
		{ID: module.DataCount, Body: []byte{1}},
		{ID: module.Code, Body: module.CodeSection([][]byte{initialize(), {0, module.OpEnd}})},
		{ID: module.Data, Body: module.DataSection([]module.DataSegment{{Offset: 100, Bytes: []byte("data")}})},
	}}
}

func initialize() []byte {
	const set, store, grow, drop = 0x24, 0x36, 0x40, 0x1a
	code := []byte{0}
	code = append(code, module.OpI32Const, 0x7f, set, 0)
	code = append(code, module.OpI64Const, 0x7e, set, 1)
	code = append(code, module.OpF32Const, 0, 0, 0x80, 0x3f, set, 2)
	code = append(code, module.OpI32Const, 1, grow, 0, drop)
	code = append(module.AppendS(append(code, module.OpI32Const), 2<<16-4), module.OpI32Const, 5, store, 2, 0)
	return append(code, module.OpEnd)
}

func TestModuleState(t *testing.T) {
	t.Parallel()
	m := small()
	report, err := snapshot.Module(t.Context(), m, snapshot.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if want := (snapshot.Report{Pages: 2, Segments: 2, Bytes: 5}); report != want {
		t.Errorf("report %+v, want %+v", report, want)
	}
	globals, err := m.Globals()
	if want := []module.GlobalVar{
		{Type: module.I32, Mutable: 1, Value: 1<<32 - 1}, {Type: module.I64, Mutable: 1, Value: 1<<64 - 2},
		{Type: module.F32, Mutable: 1, Value: 0x3f800000}, {Type: module.F64, Value: 1 << 62},
	}; err != nil || !slices.Equal(globals, want) {
		t.Errorf("globals %+v, want %+v; %v", globals, want, err)
	}
	data, err := m.DataSegments()
	if err != nil || len(data) != 2 || data[0].Offset != 100 || string(data[0].Bytes) != "data" || data[1].Offset != 2<<16-4 || data[1].Bytes[0] != 5 {
		t.Errorf("data %+v, %v", data, err)
	}
	if m.Find(module.DataCount) != nil {
		t.Error("the section that counts segments is still there")
	}
	exports, err := m.Exports()
	if err != nil || len(exports) != 2 || exports[0].Name != "f" {
		t.Errorf("exports %v, %v", exports, err)
	}
}

// TestModuleGap: shorter gaps join what they part.
func TestModuleGap(t *testing.T) {
	t.Parallel()
	for gap, want := range map[int]int{1: 3, 2: 3, 3: 2, 11: 1} {
		m := small()
		m.Find(module.Code).Body = module.CodeSection([][]byte{{0, module.OpEnd}, {0, module.OpEnd}})
		m.Find(module.DataCount).Body = []byte{2}
		m.Find(module.Data).Body = module.DataSection([]module.DataSegment{{Offset: 0, Bytes: []byte("a\x00\x00b")}, {Offset: 14, Bytes: []byte("c")}})
		if report, err := snapshot.Module(t.Context(), m, snapshot.Options{Gap: gap}); err != nil || report.Segments != want {
			t.Errorf("gap %d: %+v, %v, want %d segments", gap, report, err, want)
		}
	}
}

// TestModuleRefuses what a snapshot would lose, and changes nothing.
func TestModuleRefuses(t *testing.T) {
	t.Parallel()
	replace := func(id byte, body []byte) func(*module.Module) {
		return func(m *module.Module) { m.Find(id).Body = body }
	}
	code := func(instructions ...byte) func(*module.Module) {
		return replace(module.Code, module.CodeSection([][]byte{append(append([]byte{0}, instructions...), module.OpEnd), {0, module.OpEnd}}))
	}
	for _, tt := range []struct {
		change func(*module.Module)
		warm   string
		want   string
	}{
		{func(m *module.Module) {
			m.Sections = append(m.Sections, module.Section{ID: module.Start, Body: []byte{0}})
		}, "", "start function"},
		{func(m *module.Module) {
			m.Remove(func(s module.Section) bool { return s.ID == module.Export })
		}, "", "no exports"},
		{replace(module.Memory, []byte{1, 1, 1, 9}), "", "limits 0x1"},
		{replace(module.Data, []byte{1, 1, 1, 'x'}), "", "segment of the form 1"},
		{code(module.OpPrefix, module.SubDataDrop, 0), "", "by number"},
		{code(0x26, 0), "", "unknown opcode 0x26"},
		{code(module.OpUnreachable), "", "_initialize: wasm error: unreachable"},
		{replace(module.Export, []byte{0}), "", "does not export it"},
		{nil, "g", "g: the module does not export it"},
		{nil, "f", "f: it has parameters or results"},
	} {
		m := small()
		if tt.change != nil {
			tt.change(m)
		}
		before := m.Encode()
		_, err := snapshot.Module(t.Context(), m, snapshot.Options{Warm: strings.Fields(tt.warm)})
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("got %v, want an error with %q", err, tt.want)
		}
		if !bytes.Equal(m.Encode(), before) {
			t.Errorf("the module changed though there was an error: %v", err)
		}
	}
}

// TestModuleEnds: a module that runs for ever is left when the context ends.
func TestModuleEnds(t *testing.T) {
	t.Parallel()
	m := small()
	endless := []byte{0, module.OpLoop, 0x40, 0x0c, 0, module.OpEnd, module.OpEnd}
	m.Find(module.Code).Body = module.CodeSection([][]byte{endless, {0, module.OpEnd}})
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if _, err := snapshot.Module(ctx, m, snapshot.Options{}); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want that the deadline is exceeded", err)
	}
}
