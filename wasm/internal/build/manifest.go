package build

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// ABI is the version of the calls between the module and its host.
const ABI = 1

// Manifest describes a module's file.
type Manifest struct {
	ABI    int    `json:"abi"`
	Go     string `json:"go"`     // the version that compiled it, such as go1.26.8
	SHA256 string `json:"sha256"` // of the file, in hexadecimal
	Bytes  int    `json:"bytes"`  // of the file
	Gzip   int    `json:"gzip"`   // bytes after gzip -9
	Zstd   int    `json:"zstd"`   // bytes of the file that is embedded
}

// JSON returns the manifest as it is written to a file.
func (m Manifest) JSON() []byte {
	out, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		panic(err) // numbers and strings can be encoded
	}
	return append(out, '\n')
}

// pack compresses and describes a module.
func pack(version string, file []byte) (Result, error) {
	compressed, err := compress(file)
	if err != nil {
		return Result{}, fmt.Errorf("compress the module: %w", err)
	}
	sum := sha256.Sum256(file)
	return Result{Module: file, Zstd: compressed, Manifest: Manifest{
		ABI: ABI, Go: version, SHA256: hex.EncodeToString(sum[:]),
		Bytes: len(file), Gzip: gzipped(file), Zstd: len(compressed),
	}}, nil
}

// compress returns the same bytes for the same file: more than one goroutine
// would cut the input where it suits them.
func compress(file []byte) ([]byte, error) {
	e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	return e.EncodeAll(file, nil), e.Close()
}

func gzipped(file []byte) int {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression) // the level is one
	_, _ = w.Write(file)                                    // a buffer takes all
	_ = w.Close()
	return out.Len()
}
