// Package zstd packs webhook bodies for the journal with Zstandard and a
// dictionary made of bodies like them (github.com/klauspost/compress/zstd:
// Zstandard in Go, without cgo, with dictionaries).
//
// A dictionary is needed because bodies are short: what repeats, the names of
// the fields, stands in every body and hardly ever twice in one. Measured on
// public examples of both providers' webhooks, without their indentation (557
// bytes on average), and on bodies of the package's own making (811 bytes),
// the version byte included, at the fastest level on one core:
//
//	                                              ratio            µs a body
//	no dictionary                                 1.58   1.66      8.0    9.3
//	trained (dict.BuildZstdDict, 2,000 samples)   2.47   3.44     15.9   17.0
//	a sample of each shape as it is, raw          2.76   4.65     14.2   13.8
//	the same with tables of 2,000 samples         2.84   4.94     15.8   14.8
//	the same, the default level                   2.86   5.08     26.0   24.7
//
// So the dictionary is one sample of each shape, the most frequent last, with
// entropy tables of 2,000 more (zstd.BuildDict), and the level the fastest. The
// training picks substrings, and loses the order in which they follow each
// other. The examples are of documentation, one of each form; traffic repeats
// itself as the samples do.
package zstd

import (
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"github.com/my21staff/my21staff/crm"
)

//go:generate go run ./internal/dictionary -id 1 -out dictionaries/1.zdict

// asItIs is the version of what is stored as it is. Any other version is the id
// of the dictionary that a Zstandard frame needs, which follows it.
const asItIs = 0

// MaxBody bounds what Unpack makes of a packed body: twice the largest body a
// host takes in. Pack stores what is larger as it is.
const MaxBody = 8 << 20

// window bounds what an encoder keeps of a body to look back at, and with it
// the memory of each.
const window = 1 << 20

// Packer implements crm.Packer. It may be used from several goroutines; at most
// as many bodies as the program has processors are worked on at once, and the
// rest wait.
type Packer struct {
	encoder  *zstd.Encoder
	decoders map[byte]*zstd.Decoder
}

var _ crm.Packer = (*Packer)(nil)

// New returns a packer that packs with the newest dictionary and opens what any
// of them packed.
func New() (*Packer, error) {
	p := &Packer{decoders: make(map[byte]*zstd.Decoder)}
	all := dictionaries()
	for version, dictionary := range all {
		decoder, err := zstd.NewReader(nil, zstd.WithDecoderDicts(dictionary), zstd.WithDecoderMaxMemory(MaxBody),
			zstd.WithDecoderMaxWindow(MaxBody), zstd.WithDecoderLowmem(true), zstd.WithDecoderConcurrency(0))
		if err != nil {
			return nil, broken(err)
		}
		p.decoders[version] = decoder
	}
	var err error
	p.encoder, err = zstd.NewWriter(nil, zstd.WithEncoderDict(all[newest]), zstd.WithEncoderLevel(zstd.SpeedFastest),
		zstd.WithWindowSize(window), zstd.WithLowerEncoderMem(true))
	if err != nil {
		return nil, broken(err)
	}
	return p, nil
}

// Pack implements crm.Packer.
func (p *Packer) Pack(body []byte) []byte {
	if len(body) <= MaxBody {
		packed := append(make([]byte, 0, 128+len(body)/2), newest)
		if packed = p.encoder.EncodeAll(body, packed); len(packed) < 1+len(body) {
			return packed
		}
	}
	return append(append(make([]byte, 0, 1+len(body)), asItIs), body...)
}

// Unpack implements crm.Packer.
func (p *Packer) Unpack(packed []byte) ([]byte, error) {
	if len(packed) == 0 {
		return nil, broken(errors.New("nothing is stored, not even a version"))
	}
	version, rest := packed[0], packed[1:]
	if version == asItIs {
		return append(make([]byte, 0, len(rest)), rest...), nil
	}
	decoder, known := p.decoders[version]
	if !known {
		return nil, broken(fmt.Errorf("packed with dictionary %d, which this program does not have", version))
	}
	body, err := decoder.DecodeAll(rest, []byte{})
	if err == nil && len(body) == 0 { // an empty body is stored as it is
		err = errors.New("the frame is missing")
	}
	if err != nil {
		return nil, broken(fmt.Errorf("packed with dictionary %d: %w", version, err))
	}
	return body, nil
}

func broken(err error) error {
	return &crm.Error{Op: "unpack a stored body", Code: crm.Internal, Reason: "corrupt", Err: err}
}
