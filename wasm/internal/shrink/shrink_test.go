package shrink_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/wasm/internal/build/buildtest"
	"github.com/my21staff/my21staff/wasm/internal/module"
	"github.com/my21staff/my21staff/wasm/internal/shrink"
	"github.com/my21staff/my21staff/wasm/internal/snapshot"
)

// taken returns a snapshot of the guest. It has not collected garbage yet, so
// that the goroutines which do so begin later.
func taken(tb testing.TB) *module.Module {
	tb.Helper()
	m := buildtest.Linked(tb)
	if _, err := snapshot.Module(tb.Context(), m, snapshot.Options{}); err != nil {
		tb.Fatal(err)
	}
	return m
}

// TestModuleKeepsBehaviour shrinks a module that grows its stack, collects
// garbage, panics and finds types by reflection. In the end it dies of a panic,
// which prints a traceback without names.
func TestModuleKeepsBehaviour(t *testing.T) {
	t.Parallel()
	m := taken(t)
	before := len(m.Encode())
	names, err := m.FunctionNames()
	if err != nil {
		t.Fatal(err)
	}
	report, err := shrink.Module(m)
	if err != nil {
		t.Fatal(err)
	}
	if after := len(m.Encode()); report.Dead < 50 || report.Tables < 200_000 || after > before*19/20 {
		t.Errorf("%+v; %d bytes of %d are left", report, after, before)
	}
	dead(t, m, names)
	buildtest.Agree(t, m.Encode(), "")

	in := buildtest.Start(t, m.Encode(), "")
	if got := in.Call(t, "guest_names"); got != 0 {
		t.Errorf("%d functions on the stack have names", got)
	}
	_, printed, err := in.Try(t, "guest_dies", 20)
	if err == nil || !strings.Contains(printed, "panic: from the deep") || !strings.Contains(printed, "go.(*T).f") {
		t.Errorf("a panic ends in %v and prints\n%s", err, printed)
	}
}

// dead checks which functions of the guest have lost their bodies.
func dead(t *testing.T, m *module.Module, names map[uint32]string) {
	t.Helper()
	imports, err := m.Imports()
	if err != nil {
		t.Fatal(err)
	}
	bodies, err := m.Bodies()
	if err != nil {
		t.Fatal(err)
	}
	empty := map[string]bool{}
	for f, name := range names {
		empty[name] = len(bodies[int(f)-len(imports)]) == 3
	}
	for name, want := range map[string]bool{
		"_rt0_wasm_wasip1_lib": true, // was exported as _initialize
		"runtime.main":         true, // frames of it are on a stack
		"runtime.schedinit":    true,
		"main.init.0":          true, // called by a task that is done

		"main.recursion":      false, // called by an export
		"runtime.morestack":   false, // called by every function
		"runtime.bgsweep":     false, // waits on a stack
		"main.panics.func1":   false, // its value is a constant in the code
		"runtime.recordspan":  false, // its value's address is in the memory
		"main.__list_.Sum":    false, // called by its name
		"main.__square_.area": false, // in the method table of an interface
	} {
		if got, ok := empty[name]; !ok || got != want {
			t.Errorf("%s is there: %v; dead: %v, want %v", name, ok, got, want)
		}
	}
}

// TestModuleRefuses what it does not know, and leaves it alone.
func TestModuleRefuses(t *testing.T) {
	t.Parallel()
	snap := taken(t)
	change := func(id byte, body []byte) func(*module.Module) {
		return func(m *module.Module) { m.Find(id).Body = body }
	}
	for _, tt := range []struct {
		name   string
		change func(*module.Module)
		want   string
	}{
		{"not initialised", change(module.Export, module.ExportSection([]module.Exported{{Name: snapshot.Initialize}})), "still to be initialised"},
		{"not Go", change(module.Data, module.DataSection(nil)), "no function tables of Go"},
		{"no stack", change(module.Global, module.GlobalSection(nil)), "the current goroutine"},
		{"no goroutine", change(module.Global, module.GlobalSection([]module.GlobalVar{{Type: module.I32}, {Type: module.I64}, {Type: module.I64}})), "the current goroutine"},
		{"strange table", change(module.Element, []byte{1, 0, module.OpI32Const, 0, module.OpEnd, 1, 0xff, 0xff, 3}), "place 0 of the table is for function 65535"},
		{"passive data", change(module.Data, []byte{1, 1, 0}), "segment of the form 1"},
		{"maximum of memory", change(module.Memory, []byte{1, 1, 1, 9}), "limits 0x1"},
		{"imported memory", change(module.Import, []byte("\x01\x01m\x01n\x02\x00\x01")), "is no function"},
	} {
		m := &module.Module{Sections: slices.Clone(snap.Sections)}
		tt.change(m)
		before := m.Encode()
		if _, err := shrink.Module(m); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		if !bytes.Equal(m.Encode(), before) {
			t.Errorf("%s: the module changed though there was an error", tt.name)
		}
	}
}

// TestModuleSurvivesNonsense puts wrong numbers into the tables by which Go
// finds functions and stacks: what comes of it may be an error, never a panic
// or another size of memory.
func TestModuleSurvivesNonsense(t *testing.T) {
	t.Parallel()
	snap := taken(t)
	memory, err := snap.Image()
	if err != nil {
		t.Fatal(err)
	}
	places := interesting(t, memory)
	parameters := gopter.DefaultTestParametersWithSeed(7)
	parameters.MinSuccessfulTests = 40
	properties := gopter.NewProperties(parameters)
	properties.Property("no panic", prop.ForAll(func(place int, value uint64, bits uint) bool {
		at := places[place%len(places)]
		old := slices.Clone(memory[at : at+8])
		defer copy(memory[at:], old)
		binary.LittleEndian.PutUint64(memory[at:], value>>bits)
		m := &module.Module{Sections: slices.Clone(snap.Sections)}
		m.Find(module.Data).Body = module.DataSection(module.Segments(memory, snapshot.DefaultGap))
		_, err := shrink.Module(m)
		image, imageErr := m.Image()
		return imageErr == nil && len(image) == len(memory) && (err == nil || strings.HasPrefix(err.Error(), "shrink: "))
	}, gen.IntRange(0, 1<<20), gen.UInt64(), gen.UIntRange(0, 63)))
	properties.TestingRun(t)
}

// interesting returns where the words of the moduledata are, and some of the
// functions' records.
func interesting(t *testing.T, memory []byte) []int {
	t.Helper()
	word := func(at int) int { return int(binary.LittleEndian.Uint64(memory[at:])) }
	header := bytes.Index(memory, []byte{0xf1, 0xff, 0xff, 0xff, 0, 0, 1, 8})
	var places []int
	for at := 0; header > 0 && at+68*8 < len(memory); at += 8 {
		if word(at) == header && word(at+8) == header+word(header+32) {
			for i := range 68 {
				places = append(places, at+8*i)
			}
			functions := word(at + 13*8)
			for i := range 400 {
				places = append(places, functions+8*i, word(at+59*8)+8*(i%8), word(at+48*8)+8*(i%8), functions+8*word(at+17*8)+8*i)
			}
			return places
		}
	}
	t.Fatal("the memory has no moduledata")
	return nil
}
