package kernel_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/my21staff/my21staff/wasm/internal/kernel"
	"github.com/my21staff/my21staff/wasm/internal/module"
)

// initial is the state before the first block (FIPS 180-4, 5.3.3).
var initial = [8]uint32{
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
}

const pages = 4

// instance is a module that has nothing but the function and a memory.
type instance struct {
	memory   api.Memory
	function api.Function
}

func start(tb testing.TB, config wazero.RuntimeConfig) *instance {
	tb.Helper()
	typ, body := kernel.Blocks()
	return startFunction(tb, config, typ, body)
}

func startFunction(tb testing.TB, config wazero.RuntimeConfig, typ module.FuncType, body []byte) *instance {
	tb.Helper()
	m := module.Module{Sections: []module.Section{
		{ID: module.Type, Body: module.TypeSection([]module.FuncType{typ})},
		{ID: module.Function, Body: []byte{1, 0}},
		{ID: module.Memory, Body: []byte{1, 0, pages}},
		{ID: module.Export, Body: []byte{2, 1, 'f', 0, 0, 1, 'm', 2, 0}},
		{ID: module.Code, Body: module.Vector([][]byte{module.AppendBytes(nil, body)})},
	}}
	runtime := wazero.NewRuntimeWithConfig(tb.Context(), config)
	tb.Cleanup(func() { _ = runtime.Close(context.Background()) })
	mod, err := runtime.Instantiate(tb.Context(), m.Encode())
	if err != nil {
		tb.Fatal(err)
	}
	return &instance{mod.ExportedMemory("m"), mod.ExportedFunction("f")}
}

// run hashes whole blocks at the address data into a state at the address 4.
func (in *instance) run(ctx context.Context, from [8]uint32, data uint32, blocks []byte) ([8]uint32, error) {
	const at = 4
	for i, w := range from {
		in.memory.WriteUint32Le(at+uint32(i)*4, w)
	}
	in.memory.Write(data, blocks)
	if _, err := in.function.Call(ctx, at, uint64(data), uint64(len(blocks)/kernel.BlockSize)); err != nil {
		return from, err
	}
	if after, _ := in.memory.Read(data, uint32(len(blocks))); !bytes.Equal(after, blocks) {
		return from, fmt.Errorf("the data changed")
	}
	for i := range from {
		from[i], _ = in.memory.ReadUint32Le(at + uint32(i)*4)
	}
	return from, nil
}

// digest pads a message as the standard says and hashes it.
func (in *instance) digest(tb testing.TB, message []byte) string {
	tb.Helper()
	padded := append(slices.Clone(message), 0x80)
	for len(padded)%kernel.BlockSize != kernel.BlockSize-8 {
		padded = append(padded, 0)
	}
	padded = binary.BigEndian.AppendUint64(padded, uint64(len(message))*8)
	state, err := in.run(tb.Context(), initial, 64, padded)
	if err != nil {
		tb.Fatal(err)
	}
	var out []byte
	for _, w := range state {
		out = binary.BigEndian.AppendUint32(out, w)
	}
	return hex.EncodeToString(out)
}

// TestVectors are messages whose digests the standard's examples, and RFC 6234,
// 8.5, publish.
func TestVectors(t *testing.T) {
	t.Parallel()
	in := start(t, wazero.NewRuntimeConfigInterpreter())
	for _, tt := range []struct{ message, want string }{
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
		{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
		{strings.Repeat("0123456701234567012345670123456701234567012345670123456701234567", 10), "594847328451bdfa85056225462cc1d867d877fb388df0ce35f25ab5562bfbb5"},
		{"\x19", "68aa2e2ee5dff96e3355e6c7ee373e3d6a4e17f75f9518d843709c0c9bc3e3d4"},
	} {
		if got := in.digest(t, []byte(tt.message)); got != tt.want {
			t.Errorf("digest of %q = %s, want %s", tt.message, got, tt.want)
		}
	}
}

// TestBlocksAgreesWithStandardLibrary continues any state by any blocks, at any
// address, as crypto/sha256 does.
func TestBlocksAgreesWithStandardLibrary(t *testing.T) {
	t.Parallel()
	in := start(t, wazero.NewRuntimeConfig())
	properties := gopter.NewProperties(gopter.DefaultTestParametersWithSeed(180_4))
	properties.Property("state and blocks to state", prop.ForAll(
		func(words []uint32, data []byte, blocks, shift int) (string, error) {
			from := [8]uint32(words)
			body := bytes.Repeat(data, blocks*kernel.BlockSize)[:blocks*kernel.BlockSize]
			got, err := in.run(t.Context(), from, uint32(64+shift), body)
			if want := standard(t, from, body); err != nil || got != want {
				return fmt.Sprintf("got %x, want %x", got, want), err
			}
			return "", nil
		},
		gen.SliceOfN(8, gen.UInt32()), gen.SliceOfN(211, gen.UInt8()), gen.IntRange(0, 40), gen.IntRange(0, 7),
	))
	properties.TestingRun(t)
}

// standard hashes blocks into a state with crypto/sha256, through the form in
// which it saves its state: a magic number, the words, 64 bytes, a length.
func standard(tb testing.TB, from [8]uint32, blocks []byte) [8]uint32 {
	tb.Helper()
	saved := []byte("sha\x03")
	for _, w := range from {
		saved = binary.BigEndian.AppendUint32(saved, w)
	}
	saved = append(saved, make([]byte, kernel.BlockSize+8)...)
	h := sha256.New()
	if err := h.(encoding.BinaryUnmarshaler).UnmarshalBinary(saved); err != nil {
		tb.Fatal(err)
	}
	h.Write(blocks)
	saved, err := h.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		tb.Fatal(err)
	}
	for i := range from {
		from[i] = binary.BigEndian.Uint32(saved[4+4*i:])
	}
	return from
}

// TestBlocksOutsideMemory traps instead of reading or writing elsewhere.
func TestBlocksOutsideMemory(t *testing.T) {
	t.Parallel()
	in := start(t, wazero.NewRuntimeConfigInterpreter())
	const end = pages << 16
	for _, tt := range []struct {
		state, data, blocks uint64
		traps               bool
	}{
		{0, end - 64, 1, false},
		{0, end - 63, 1, true},
		{0, end - 64, 2, true},
		{0, end, 0, false},
		{end - 32, 0, 1, false},
		{end - 31, 0, 1, true},
		{0, 1<<32 - 64, 1, true},
	} {
		if _, err := in.function.Call(t.Context(), tt.state, tt.data, tt.blocks); (err != nil) != tt.traps {
			t.Errorf("state %d, data %d, blocks %d: %v, want a trap: %v", tt.state, tt.data, tt.blocks, err, tt.traps)
		}
	}
}

// BenchmarkBlocks is in bytes per second, as crypto/sha256's beside it. A
// webhook of 1.5 KB has 27 blocks.
func BenchmarkBlocks(b *testing.B) {
	in := start(b, wazero.NewRuntimeConfig())
	for _, blocks := range []int{1, 27, 1024} {
		body := make([]byte, blocks*kernel.BlockSize)
		b.Run(fmt.Sprintf("wasm/%d", blocks), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			in.memory.Write(64, body)
			stack := make([]uint64, 3)
			for b.Loop() {
				stack[0], stack[1], stack[2] = 0, 64, uint64(blocks)
				if err := in.function.CallWithStack(b.Context(), stack); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("native/%d", blocks), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			h := sha256.New()
			for b.Loop() {
				h.Write(body)
			}
		})
	}
}
