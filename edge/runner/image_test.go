package runner_test

import (
	"bytes"
	"slices"
	"testing"

	"github.com/my21staff/my21staff/edge/runner"
)

// module is a module with nothing but a data section of n segments.
func withSegments(n byte, segments ...[]byte) []byte {
	return slices.Concat([]byte("\x00asm\x01\x00\x00\x00"), section(11, slices.Concat([]byte{n}, slices.Concat(segments...))))
}

func TestSplit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		module []byte
		data   string
		ok     bool
	}{
		{"nothing", nil, "", false},
		{"no data", []byte("\x00asm\x01\x00\x00\x00"), "", false},
		{"a segment", withSegments(1, data(2, []byte("ab"))), "\x00\x00ab", true},
		{"segments in any order", withSegments(2, data(3, []byte("b")), data(1, []byte("a"))), "\x00a\x00b", true},
		{"later ones write over earlier ones", withSegments(2, data(0, []byte("abc")), data(1, []byte("x"))), "axc", true},
		{"an empty segment reaches as far", withSegments(1, data(3, nil)), "\x00\x00\x00", true},
		{"a segment that reaches beyond the limit", withSegments(1, data(4090, []byte("seven b"))), "", false},
		{"a negative offset", withSegments(1, data(-1, []byte("a"))), "", false},
		{"an offset of 2 GiB", withSegments(1, data(1<<31, []byte("a"))), "", false},
		{"fewer segments than announced", withSegments(2, data(0, []byte("a"))), "", false},
		{"more of them", withSegments(1, data(0, []byte("a")), data(1, []byte("b"))), "", false},
		{"an offset of 4 GiB and one", withSegments(1, []byte{0, 0x41, 0x81, 0x80, 0x80, 0x80, 0x10, 0x0b, 1, 'a'}), "", false},
		{"a passive segment", withSegments(1, []byte{1, 1, 'a'}), "", false},
		{"one that looks active", withSegments(1, append([]byte{1, 0x41, 0, 0x0b, 62}, make([]byte, 62)...)), "", false},
		{"a segment of another memory", withSegments(1, []byte{2, 1, 0x41, 0, 0x0b, 1, 'a'}), "", false},
		{"an offset from a global", withSegments(1, []byte{0, 0x23, 0, 0x0b, 1, 'a'}), "", false},
		{"an offset that is computed", withSegments(1, append([]byte{0, 0x41, 0, 0x45, 0x0b, 10}, make([]byte, 10)...)), "", false},
		{"a count of segments", slices.Concat(withSegments(1, data(0, []byte("a"))), section(12, []byte{1})), "", false},
		{"two data sections", slices.Concat(withSegments(1, data(0, []byte("a"))), withSegments(1, data(0, []byte("b")))[8:]), "", false},
		{"a section that is cut off", withSegments(1, data(0, []byte("abc")))[:14], "", false},
		{"a section of endless length", []byte("\x00asm\x01\x00\x00\x00\x0b\xff\xff\xff\xff\x0f"), "", false},
	} {
		_, got, ok := runner.Split(c.module, 4096)
		if string(got) != c.data || ok != c.ok {
			t.Errorf("%s: split gives %q, %v, want %q, %v", c.name, got, ok, c.data, c.ok)
		}
	}
}

func TestSplitLeavesTheRest(t *testing.T) {
	t.Parallel()
	custom := section(0, text("name"))
	code, _, ok := runner.Split(slices.Concat(withSegments(1, data(0, []byte("a"))), custom), 4096)
	if want := slices.Concat([]byte("\x00asm\x01\x00\x00\x00"), custom); !ok || !bytes.Equal(code, want) {
		t.Errorf("split leaves %q, want %q", code, want)
	}
}

// Whatever bytes a module has, split keeps the limit, and what it leaves has no
// data.
func FuzzSplit(f *testing.F) {
	f.Add(guest{}.module())
	f.Add(guest{start: count, other: []byte("data")}.module())
	f.Add(withSegments(2, data(3, []byte("b")), data(1, []byte("a"))))
	f.Fuzz(func(t *testing.T, module []byte) {
		const limit = 1 << 16
		code, data, ok := runner.Split(module, limit)
		if len(data) > limit || len(code) > len(module) {
			t.Fatalf("split gives %d bytes of data and %d of code", len(data), len(code))
		}
		if _, _, again := runner.Split(code, limit); ok && again {
			t.Fatal("split left data behind")
		}
	})
}
