package runner_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/my21staff/my21staff/edge/runner"
)

// reports is a guest whose answers have three bytes of its state in the place of
// the MAC: a variable, a byte of its memory, and one of the page by which it grew
// at the configuration. A decision changes all of them.
func reports() guest {
	const grown = memoryEnd + 100
	add := func(address int64) []byte {
		return slices.Concat(constant(address), constant(address), load8(0), constant(1), []byte{0x6a}, store8(0))
	}
	report := func(place int, value []byte) []byte {
		return slices.Concat(constant(decisionAt), value, store8(32+place))
	}
	addAll := slices.Concat(setVariable(slices.Concat(variable, constant(1), []byte{0x6a})), add(counterAt), add(grown))
	return guest{
		configure: slices.Concat(growBy(1), constant(grown), constant(20), store8(0), addAll, guest{}.configureBody()),
		handle: slices.Concat(
			addAll, report(0, variable), report(1, slices.Concat(constant(counterAt), load8(0))),
			report(2, slices.Concat(constant(grown), load8(0))), answer(decisionAt, 64),
		),
	}
}

// Whether an instance begins in the state of another or takes the configuration
// by itself: it is the same.
func TestInstanceBeginsConfigured(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		change func(*testing.T, *runner.Pool)
	}{
		{"in a state", func(_ *testing.T, p *runner.Pool) { p.ExhaustModule() }},
		{"by itself", func(t *testing.T, p *runner.Pool) {
			if !p.ExhaustState() {
				t.Error("there is no state to begin in")
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pool := newPool(t, runner.Options{Module: reports().module()})
			c.change(t, pool)
			for range 2 {
				i := spawn(t, pool)
				for n := range byte(2) {
					var d runner.Decision
					want := []byte{9 + n, 2 + n, 22 + n}
					if err := i.Decide(request(), now, &d); err != nil || d.Epoch != 17 || !bytes.Equal(d.MAC[:3], want) {
						t.Errorf("decision %d has the state %d and epoch %d (%v), want %d and 17", n, d.MAC[:3], d.Epoch, err, want)
					}
				}
			}
		})
	}
}

// The module of the package has no state but memory and globals. One with a table
// may have, so its instances take the configuration by themselves.
func TestStateOfModules(t *testing.T) {
	t.Parallel()
	if !newPool(t, runner.Options{CacheDir: cache}).ExhaustState() {
		t.Error("instances of the edge module begin in no state")
	}
	pool := newPool(t, runner.Options{Module: guest{table: true}.module()})
	if pool.ExhaustState() {
		t.Error("instances of a module with a table begin in a state")
	}
	var d runner.Decision
	if err := spawn(t, pool).Decide(request(), now, &d); err != nil || d.Epoch != 17 {
		t.Errorf("Decide = %v, epoch %d, want 17", err, d.Epoch)
	}
}

// sectioned is a module of sections.
func sectioned(sections ...[]byte) []byte {
	return slices.Concat([]byte("\x00asm\x01\x00\x00\x00"), slices.Concat(sections...))
}

func TestExpose(t *testing.T) {
	t.Parallel()
	const i32, i64, f32, f64, funcref = 0x7f, 0x7e, 0x7d, 0x7c, 0x70
	number := func(typ, variable byte, expression ...byte) []byte {
		return append([]byte{typ, variable}, expression...)
	}
	imports := func(kind ...byte) []byte {
		return section(2, vector(slices.Concat(text("a"), text("f"), []byte{0, 3}), slices.Concat(text("a"), text("b"), kind)))
	}
	globals := section(6, vector(
		number(i32, 1, 0x41, 0xff, 0, 0x0b), number(i64, 0, 0x42, 1, 0x0b), number(f32, 1, 0x43, 1, 2, 3, 4, 0x0b),
		number(f64, 1, 0x44, 1, 2, 3, 4, 5, 6, 7, 0x0b, 0x0b),
	))
	exports := section(7, vector(export("e", 0, 0)))
	for _, c := range []struct {
		name   string
		module []byte
		want   []string
		ok     bool
	}{
		{"nothing", nil, nil, false},
		{"no exports", sectioned(globals), nil, false},
		{"no globals", sectioned(exports), []string{}, true},
		{"globals", sectioned(imports(0, 0), globals, exports), []string{"runner.global.0", "runner.global.2", "runner.global.3"}, true},
		{"an imported table", sectioned(imports(1, funcref, 0, 0), exports), nil, false},
		{"an imported memory", sectioned(imports(2, 0, 0), exports), nil, false},
		{"an imported global", sectioned(imports(3, i32, 0), exports), nil, false},
		{"a table", sectioned(section(4, vector([]byte{funcref, 0, 1})), exports), nil, false},
		{"elements", sectioned(exports, section(9, []byte{0})), nil, false},
		{"a start function", sectioned(exports, section(8, []byte{0})), nil, false},
		{"a global of a reference", sectioned(section(6, vector(number(funcref, 1, 0xd2, 0, 0x0b))), exports), nil, false},
		{"a global that is computed", sectioned(section(6, vector(number(i32, 1, 0x41, 1, 0x41, 1, 0x6a, 0x0b))), exports), nil, false},
		{"a global that is cut off", sectioned(section(6, []byte{1, i32, 1, 0x41, 0x80}), exports), nil, false},
		{"exports twice", sectioned(exports, exports), nil, false},
	} {
		open, names, ok := runner.Expose(c.module)
		if ok != c.ok || ok && !slices.Equal(names, c.want) {
			t.Errorf("%s: expose gives %q, %v, want %q, %v", c.name, names, ok, c.want, c.ok)
		}
		if ok && len(names) == 3 {
			want := section(7, vector(export("e", 0, 0), export(names[0], 3, 0), export(names[1], 3, 2), export(names[2], 3, 3)))
			if !bytes.HasSuffix(open, want) || !bytes.HasPrefix(open, sectioned(imports(0, 0), globals)) {
				t.Errorf("%s: the module is %q, want the exports %q", c.name, open, want)
			}
		}
	}
}

// Whatever bytes a module has, what expose makes of it has the same sections,
// and longer exports.
func FuzzExpose(f *testing.F) {
	f.Add(guest{}.module())
	f.Add(guest{table: true}.module())
	f.Fuzz(func(t *testing.T, module []byte) {
		open, names, ok := runner.Expose(module)
		if !ok {
			return
		}
		if _, again, ok := runner.Expose(open); !ok || !slices.Equal(names, again) {
			t.Fatalf("%q and then %q, %v", names, again, ok)
		}
	})
}
