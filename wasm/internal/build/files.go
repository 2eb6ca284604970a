package build

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// The names of the files in the folders of Target.
const (
	moduleFile   = "edge.wasm"
	embeddedFile = "edge.wasm.zst"
	manifestFile = "edge.json"
)

// Target says where a result is written to. An empty folder takes nothing.
type Target struct {
	Out   string // gets the module and its manifest
	Embed string // gets the compressed module and its manifest
}

// files returns what a result puts where.
func (t Target) files(r Result) map[string][]byte {
	files := map[string][]byte{}
	if t.Out != "" {
		files[filepath.Join(t.Out, moduleFile)] = r.Module
		files[filepath.Join(t.Out, manifestFile)] = r.Manifest.JSON()
	}
	if t.Embed != "" {
		files[filepath.Join(t.Embed, embeddedFile)] = r.Zstd
		files[filepath.Join(t.Embed, manifestFile)] = r.Manifest.JSON()
	}
	return files
}

// Write writes the result's files, and the folders if there are none.
func (t Target) Write(r Result) error {
	for name, contents := range t.files(r) {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, contents, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// ErrOtherGo is Check's error for files that another version of Go made: they
// differ rightly, and nothing was compared.
var ErrOtherGo = errors.New("another version of Go made the files")

// Check compares the files that are there with the result's. What differs or is
// missing is an error that names it.
func (t Target) Check(r Result) error {
	for _, folder := range []string{t.Out, t.Embed} {
		made, err := manifestOf(folder)
		if err != nil {
			return err
		}
		if folder != "" && made.Go != r.Manifest.Go {
			return fmt.Errorf("%w in %s: %s, and this is %s", ErrOtherGo, folder, made.Go, r.Manifest.Go)
		}
	}
	var found []error
	files := t.files(r)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		want := files[name]
		got, err := os.ReadFile(name)
		switch {
		case err != nil:
			found = append(found, err)
		case !bytes.Equal(got, want):
			found = append(found, fmt.Errorf("%s is not what the source gives: build it anew", name))
		}
	}
	return errors.Join(found...)
}

func manifestOf(folder string) (Manifest, error) {
	var m Manifest
	if folder == "" {
		return m, nil
	}
	name := filepath.Join(folder, manifestFile)
	contents, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(contents, &m)
	}
	if err != nil {
		return m, fmt.Errorf("manifest %s: %w", name, err)
	}
	return m, nil
}
