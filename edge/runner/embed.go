package runner

import (
	_ "embed"
	"errors"
	"fmt"

	"github.com/klauspost/compress/zstd"
)

// The module and its manifest, as wasm/internal/build makes them.
var (
	//go:embed edge.wasm.zst
	compressed []byte
	//go:embed edge.json
	manifest []byte
)

// Module returns the edge module that comes with the package: a new copy, which
// any WebAssembly runtime with WASI preview 1 can run.
func Module() ([]byte, error) {
	if len(compressed) == 0 {
		return nil, errors.New("the package was built without the edge module")
	}
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	defer decoder.Close()
	module, err := decoder.DecodeAll(compressed, nil)
	if err != nil {
		return nil, fmt.Errorf("unpack the edge module: %w", err)
	}
	return module, nil
}

// Manifest returns what is known of the module: a JSON document with the version
// of its ABI, its SHA-256, its size and the version of Go that compiled it.
func Manifest() []byte { return append([]byte(nil), manifest...) }
