package build_test

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/molecule-man/go-brrr"

	"github.com/my21staff/my21staff/wasm/internal/build"
)

// The budget of the edge's module, as servers send it. An empty Go module has
// 421,000 bytes after brotli -11 and 547,000 after gzip -9, as Go links it.
const (
	maxBrotli = 430_000
	maxGzip   = 560_000
)

// TestEdgeSize builds the module of the product.
func TestEdgeSize(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..", "..")
	for _, folder := range []string{"crm", "edge", "wasm/edge"} {
		readSources(t, filepath.Join(root, filepath.FromSlash(folder)))
	}
	r, err := build.Edge(t.Context(), build.Options{Root: root})
	if err != nil {
		t.Fatal(err)
	}
	brotli := compressed(t, r.Module)
	t.Logf("%d bytes, gzip %d, zstd %d, brotli %d", r.Manifest.Bytes, r.Manifest.Gzip, r.Manifest.Zstd, brotli)
	if r.Manifest.Gzip > maxGzip || brotli > maxBrotli {
		t.Errorf("the module has %d bytes after gzip and %d after brotli, want at most %d and %d", r.Manifest.Gzip, brotli, maxGzip, maxBrotli)
	}
}

// compressed returns a file's size after brotli -11 with the largest window.
func compressed(t *testing.T, file []byte) int {
	t.Helper()
	var out bytes.Buffer
	w, err := brrr.NewWriterOptions(&out, 11, brrr.WriterOptions{LGWin: 24, SizeHint: uint(len(file))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(file); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Len()
}

// readSources reads what the go command will, for a test is run anew if a file
// that it read itself has changed.
func readSources(t *testing.T, folder string) {
	t.Helper()
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(name) == ".go" && entry.Type().IsRegular() {
			_, err = os.ReadFile(name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
