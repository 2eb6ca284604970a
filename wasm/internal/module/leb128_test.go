package module_test

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/wasm/internal/module"
)

// TestNumbers states the laws of LEB128: what is written is read again, in no
// more bytes than are needed, and numbers follow one another.
func TestNumbers(t *testing.T) {
	t.Parallel()
	parameters := gopter.DefaultTestParametersWithSeed(128)
	parameters.MinSuccessfulTests = 2000
	properties := gopter.NewProperties(parameters)
	// Shifted, so that short numbers are as likely as long ones.
	shift := gen.UIntRange(0, 63)
	properties.Property("unsigned", prop.ForAll(func(v uint64, by uint) bool {
		v >>= by
		b := module.AppendU(nil, v)
		r := module.NewReader(b)
		return r.U() == v && r.Done() && r.Err() == nil && bytes.Equal(b, binary.AppendUvarint(nil, v))
	}, gen.UInt64(), shift))
	properties.Property("signed", prop.ForAll(func(v int64, by uint) bool {
		v >>= by
		b := module.AppendS(nil, v)
		r := module.NewReader(b)
		return r.S() == v && r.Done() && r.Err() == nil && len(b) == signedLength(v)
	}, gen.Int64(), shift))
	properties.Property("one after another", prop.ForAll(func(u uint32, s int64, name string) bool {
		b := module.AppendS(module.AppendU(nil, uint64(u)), s)
		b = module.AppendBytes(b, []byte(name))
		var u2 uint32
		var s2 int64
		var name2 string
		err := module.Read(b, func(r *module.Reader) { u2, s2, name2 = r.U32(), r.S(), r.Name() })
		return err == nil && u2 == u && s2 == s && name2 == name
	}, gen.UInt32(), gen.Int64(), gen.AnyString()))
	properties.TestingRun(t)
}

// signedLength is how many groups of seven bits hold a number and its sign.
func signedLength(v int64) int {
	n := 1
	for ; v < -64 || v > 63; n++ {
		v >>= 7
	}
	return n
}

func TestReaderFails(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, in string
		read     func(*module.Reader)
		want     string
	}{
		{"byte", "", func(r *module.Reader) { r.Byte() }, "ends too early"},
		{"bytes", "ab", func(r *module.Reader) { r.Bytes(3) }, "ends too early"},
		{"negative length", "ab", func(r *module.Reader) { r.Bytes(-1) }, "ends too early"},
		{"cut number", "\x80", func(r *module.Reader) { r.U() }, "ends too early"},
		{"cut signed number", "\xff", func(r *module.Reader) { r.S() }, "ends too early"},
		{"long number", strings.Repeat("\x80", 11), func(r *module.Reader) { r.U() }, "too long"},
		{"long signed number", strings.Repeat("\x80", 11), func(r *module.Reader) { r.S() }, "too long"},
		{"33 bits", "\x80\x80\x80\x80\x10", func(r *module.Reader) { r.U32() }, "more than 32 bits"},
		{"length beyond the end", "\x05abc", func(r *module.Reader) { r.Name() }, "ends too early"},
		{"left over", "ab", func(r *module.Reader) { r.Byte() }, "1 bytes are left"},
		{"the first error stays", "", func(r *module.Reader) { r.Fail("first"); r.Fail("second") }, "first"},
	} {
		if err := module.Read([]byte(tt.in), tt.read); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}
