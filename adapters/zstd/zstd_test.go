package zstd_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	kzstd "github.com/klauspost/compress/zstd"
	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/adapters/zstd"
	"github.com/my21staff/my21staff/adapters/zstd/internal/samples"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
)

func packer(tb testing.TB) *zstd.Packer {
	tb.Helper()
	p, err := zstd.New()
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// TestDictionariesStay holds every dictionary to the bytes it was released
// with: bodies that were packed with another one could not be opened any more.
func TestDictionariesStay(t *testing.T) {
	t.Parallel()
	want := map[string]string{
		"1.zdict": "7dc188fbda57e78f557b4cc0c12dfd35f8ef36f4a6efdf5991a2d1a141ec7a54",
	}
	files, err := os.ReadDir("dictionaries")
	if err != nil || len(files) != len(want) {
		t.Errorf("there are %d dictionaries, %v, and the hashes of %d", len(files), err, len(want))
	}
	for name, hash := range want {
		dictionary, err := os.ReadFile(filepath.Join("dictionaries", name))
		if err != nil {
			t.Fatal(err)
		}
		if sum := sha256.Sum256(dictionary); hex.EncodeToString(sum[:]) != hash {
			t.Errorf("dictionary %s has the hash %x; it was released with %s", name, sum, hash)
		}
		info, err := kzstd.InspectDictionary(dictionary)
		if id := strings.TrimSuffix(name, ".zdict"); err != nil || strconv.Itoa(int(info.ID())) != id {
			t.Errorf("dictionary %s has the id %d, %v", name, info.ID(), err)
		}
	}
}

// TestPackedByEarlierProgram opens what was packed when dictionary 1 was new.
func TestPackedByEarlierProgram(t *testing.T) {
	t.Parallel()
	const (
		packed = "ASi1L/1FAAGiAEUBACg2MDgzMgz8lGpoiNuwg42MMlpBuURZBo6i+A0Z0knCxI9QOBWa8wX5KPTG"
		want   = `{"object":"whatsapp_business_account","entry":[{"id":"100000000000009","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"6281200000100","phone_number_id":"100000000000001"},"contacts":[{"profile":{"name":"Ani"},"wa_id":"6281200000001"}],"messages":[{"from":"6281200000001","id":"wamid.1","timestamp":"1796083200","text":{"body":"Halo kak"},"type":"text"}]},"field":"messages"}]}]}`
	)
	stored, err := base64.StdEncoding.DecodeString(packed)
	if err != nil {
		t.Fatal(err)
	}
	if body, err := packer(t).Unpack(stored); err != nil || string(body) != want {
		t.Errorf("Unpack = %s, %v, want %s", body, err, want)
	}
}

func noise(n int) []byte {
	r, b := rand.New(rand.NewPCG(1, 2)), make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint64())
	}
	return b
}

func TestPack(t *testing.T) {
	t.Parallel()
	p, m := packer(t), samples.New(3)
	text := m.Body()
	for _, tt := range []struct {
		name    string
		body    []byte
		version byte
		most    int // bytes packed
	}{
		{"nothing", []byte{}, 0, 1},
		{"one byte", []byte{'{'}, 0, 2},
		{"a body", text, 1, len(text) / 3},
		{"a body of 4 MiB", bytes.Repeat(text, 4<<20/len(text)), 1, 4 << 16},
		{"what does not shrink", noise(600), 0, 601},
		{"4 MiB of it", noise(4 << 20), 0, 4<<20 + 1},
		{"the largest body that is packed", make([]byte, zstd.MaxBody), 1, 4096},
		{"a larger one", make([]byte, zstd.MaxBody+1), 0, zstd.MaxBody + 2},
	} {
		packed := p.Pack(tt.body)
		if packed[0] != tt.version || len(packed) > tt.most {
			t.Errorf("%s: %d bytes are packed in version %d to %d bytes, want version %d and at most %d", tt.name, len(tt.body), packed[0], len(packed), tt.version, tt.most)
		}
		body, err := p.Unpack(packed)
		if err != nil || body == nil || !bytes.Equal(body, tt.body) {
			t.Errorf("%s: %d bytes come back as %d, %v", tt.name, len(tt.body), len(body), err)
		}
	}
}

func TestPackLaw(t *testing.T) {
	t.Parallel()
	p := packer(t)
	properties := gopter.NewProperties(nil)
	properties.Property("a body comes back byte for byte, at most one byte larger in between", prop.ForAll(func(seed uint64, cut int, junk []byte) bool {
		body := samples.New(seed).Body()
		body = append(append([]byte{}, body[:cut%len(body)]...), junk...)
		before := bytes.Clone(body)
		packed := p.Pack(body)
		got, err := p.Unpack(packed)
		return err == nil && bytes.Equal(got, before) && bytes.Equal(body, before) && len(packed) <= len(body)+1
	}, gen.UInt64(), gen.IntRange(0, 1<<20), gen.SliceOf(gen.UInt8())))
	properties.TestingRun(t)
}

func TestPackTogether(t *testing.T) {
	t.Parallel()
	p := packer(t)
	var together sync.WaitGroup
	for seed := range uint64(8) {
		together.Go(func() {
			m := samples.New(seed)
			for range 200 {
				body := m.Body()
				if got, err := p.Unpack(p.Pack(body)); err != nil || !bytes.Equal(got, body) {
					t.Errorf("a body packed beside others comes back as %q, %v", got, err)
				}
			}
		})
	}
	together.Wait()
}

// TestPackOwns holds the packer to leaving its callers' bytes alone.
func TestPackOwns(t *testing.T) {
	t.Parallel()
	p := packer(t)
	for _, body := range [][]byte{samples.New(4).Body(), noise(100)} {
		want := bytes.Clone(body)
		packed := p.Pack(body)
		clear(body)
		got, err := p.Unpack(packed)
		clear(packed)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("a body whose source was reused comes back as %q, %v", got, err)
		}
	}
}

// frame returns a frame that another encoder made.
func frame(t *testing.T, body []byte, options ...kzstd.EOption) []byte {
	t.Helper()
	e, err := kzstd.NewWriter(nil, options...)
	if err != nil {
		t.Fatal(err)
	}
	return e.EncodeAll(body, []byte{1})
}

func TestUnpackRefuses(t *testing.T) {
	t.Parallel()
	p := packer(t)
	good := p.Pack(samples.New(5).Body())
	bomb := make([]byte, zstd.MaxBody+1)
	for name, packed := range map[string][]byte{
		"nothing":                   {},
		"no frame":                  {1},
		"junk":                      append([]byte{1}, noise(50)...),
		"half of it":                good[:len(good)/2],
		"a newer dictionary's":      append([]byte{2}, good[1:]...),
		"another dictionary's":      frame(t, noise(10), kzstd.WithEncoderDictRaw(9, noise(100))),
		"a bomb":                    frame(t, bomb),
		"a bomb of unknown size":    stream(t, bomb),
		"two frames above the size": append(frame(t, bomb[:zstd.MaxBody]), frame(t, bomb[:zstd.MaxBody])[1:]...),
	} {
		body, err := p.Unpack(packed)
		var failed *crm.Error
		if !errors.As(err, &failed) || failed.Code != crm.Internal || failed.Reason != "corrupt" || body != nil {
			t.Errorf("Unpack of %s = %d bytes, %v, want Internal: corrupt", name, len(body), err)
		}
	}
}

// TestUnpackSeesChanges changes each bit of a packed body: what comes out is the
// body or an error, never another body.
func TestUnpackSeesChanges(t *testing.T) {
	t.Parallel()
	p, want := packer(t), samples.New(5).Body()
	packed, seen := p.Pack(want), 0
	for i := 8; i < 8*len(packed); i++ {
		packed[i/8] ^= 1 << (i % 8)
		body, err := p.Unpack(packed)
		if err == nil && !bytes.Equal(body, want) {
			t.Errorf("with bit %d changed a body comes back as %q", i, body)
		}
		if err != nil {
			seen++
		}
		packed[i/8] ^= 1 << (i % 8)
	}
	if seen < 7*len(packed) {
		t.Errorf("%d of %d changes were seen", seen, 8*len(packed))
	}
}

// stream returns a frame that does not say how large its content is.
func stream(t *testing.T, body []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	out.WriteByte(1)
	e, err := kzstd.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	for part := body; len(part) > 0; part = part[min(len(part), 1<<20):] {
		if _, err := e.Write(part[:min(len(part), 1<<20)]); err != nil {
			t.Fatal(err)
		}
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestSamples holds the made-up bodies to being what they stand for.
func TestSamples(t *testing.T) {
	t.Parallel()
	m, again := samples.New(6), samples.New(6)
	bodies := append(m.Each(), m.Body(), m.Body())
	for i, body := range append(again.Each(), again.Body(), again.Body()) {
		if !json.Valid(body) || !bytes.Equal(body, bodies[i]) {
			t.Errorf("sample %d is no JSON, or not the same twice: %s", i, body)
		}
	}
}

// TestRatio holds the dictionary to what it is for, on public examples it was
// not made of.
func TestRatio(t *testing.T) {
	t.Parallel()
	p, raw, packed := packer(t), 0, 0
	for _, body := range fixtures(t) {
		raw, packed = raw+len(body), packed+len(p.Pack(body))
	}
	if ratio := float64(raw) / float64(packed); ratio < 2.7 {
		t.Errorf("the public examples are packed to one %.2fth, want 2.8", ratio)
	}
}

// fixtures returns the public examples as they would travel.
func fixtures(tb testing.TB) (bodies [][]byte) {
	tb.Helper()
	names, err := filepath.Glob(filepath.Join(crmtest.Shared(tb, "fixtures", "webhooks"), "*.json"))
	if err != nil || len(names) == 0 {
		tb.Fatalf("no examples: %v", err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			tb.Fatal(err)
		}
		var body bytes.Buffer
		if json.Compact(&body, text) == nil {
			bodies = append(bodies, body.Bytes())
		}
	}
	return bodies
}

func FuzzUnpack(f *testing.F) {
	p := packer(f)
	m := samples.New(7)
	for range 5 {
		f.Add(p.Pack(m.Body()))
	}
	f.Add([]byte{})
	f.Add([]byte{0, 1, 2})
	f.Add([]byte{2, 0x28, 0xb5, 0x2f, 0xfd})
	f.Fuzz(func(t *testing.T, packed []byte) {
		body, err := p.Unpack(packed)
		if err != nil {
			if !errors.Is(err, crm.Internal) {
				t.Errorf("Unpack = %v, want Internal", err)
			}
			return
		}
		if len(body) > max(zstd.MaxBody, len(packed)) {
			t.Errorf("%d bytes were unpacked to %d", len(packed), len(body))
		}
		if again, err := p.Unpack(p.Pack(body)); err != nil || !bytes.Equal(again, body) {
			t.Errorf("what was unpacked does not come back: %v", err)
		}
	})
}

func BenchmarkPack(b *testing.B) {
	bench(b, func(p *zstd.Packer, body, _ []byte) { p.Pack(body) })
}

func BenchmarkUnpack(b *testing.B) {
	bench(b, func(p *zstd.Packer, _, packed []byte) {
		if _, err := p.Unpack(packed); err != nil {
			b.Fatal(err)
		}
	})
}

// bench runs do on bodies as traffic brings them, and says the ratio.
func bench(b *testing.B, do func(p *zstd.Packer, body, packed []byte)) {
	p, m := packer(b), samples.New(8)
	var bodies, packed [][]byte
	raw, small := 0, 0
	for range 1000 {
		body := m.Body()
		bodies, packed = append(bodies, body), append(packed, p.Pack(body))
		raw, small = raw+len(body), small+len(packed[len(packed)-1])
	}
	b.ReportAllocs()
	b.SetBytes(int64(raw / len(bodies)))
	for i := 0; b.Loop(); i++ {
		do(p, bodies[i%1000], packed[i%1000])
	}
	b.ReportMetric(float64(raw)/float64(small), "ratio")
}
