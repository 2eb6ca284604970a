package runner

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/tetratelabs/wazero"
)

// wazero keeps translated code in a file by a hash of the module, but before it
// looks there it validates all of the module's code, which takes as long as all
// the rest. So what is loaded from the cache is a shell: a module of the same form
// whose functions do nothing but trap. Its file holds the translation of the code
// proper, which was validated when that was made.
//
// Nothing is taken on trust. The shell has the SHA-256 of the code, so that each
// code has its own. A shell that wazero had to translate itself, because there was
// no file or another version made it, traps at its first call, which is how it is
// found out; then the code is translated anew.

// compileCached compiles a module, or takes its translation from the cache.
func (e *engine) compileCached(ctx context.Context, config wazero.RuntimeConfig, code []byte, o *Options) error {
	shell, ok := hollow(code)
	if o.CacheDir == "" || !ok {
		return e.compile(ctx, code)
	}
	if err := e.compile(ctx, shell); err != nil || e.works(ctx, o) {
		return err
	}
	if err := translate(ctx, config, code, shell, o.CacheDir); err != nil {
		return err
	}
	if err := errors.Join(e.compiled.Close(ctx), e.compile(ctx, shell)); err != nil || e.works(ctx, o) {
		return err
	}
	return errors.Join(e.compiled.Close(ctx), e.compile(ctx, code)) // it is the code that fails, in its own words
}

// works reports whether an instance answers what its ABI is. A shell does not.
func (e *engine) works(ctx context.Context, o *Options) bool {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	module, memory, err := e.instantiate(ctx, e.image, initialize)
	if err != nil {
		return false
	}
	defer memory.Free()
	defer module.Close(ctx)
	abi := module.ExportedFunction("edge_abi")
	if abi == nil {
		return false
	}
	_, err = abi.Call(ctx)
	return err == nil
}

// translate compiles code into the file of the cache that belongs to shell. It
// does so in directories of its own: a module's file is the one file there.
func translate(ctx context.Context, config wazero.RuntimeConfig, code, shell []byte, dir string) error {
	work, err := os.MkdirTemp(dir, "translate-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	made, err := translation(ctx, config, code, filepath.Join(work, "code"))
	if err != nil {
		return err
	}
	name, err := translation(ctx, config, shell, filepath.Join(work, "shell"))
	if err != nil {
		return err
	}
	return os.Rename(filepath.Join(work, "code", made), filepath.Join(dir, name))
}

// translation compiles a module with a cache in a new directory and returns the
// name of its file there.
func translation(ctx context.Context, config wazero.RuntimeConfig, module []byte, dir string) (name string, err error) {
	cache, err := wazero.NewCompilationCacheWithDir(dir)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, cache.Close(ctx)) }()
	runtime := wazero.NewRuntimeWithConfig(ctx, config.WithCompilationCache(cache))
	defer func() { err = errors.Join(err, runtime.Close(ctx)) }()
	if _, err = runtime.CompileModule(ctx, module); err != nil {
		return "", err
	}
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"))
	if err != nil || len(files) != 1 {
		return "", errors.Join(err, fmt.Errorf("wazero's cache has %d files for a module", len(files)))
	}
	return filepath.Rel(dir, files[0])
}

// hollow returns a module of the same form whose functions only trap. It reports
// false for one that it cannot read.
func hollow(module []byte) (shell []byte, ok bool) {
	shell = append(make([]byte, 0, 64<<10), module[:min(len(module), header)]...)
	ok = eachSection(module, func(id byte, whole, body []byte) bool {
		if id == sectionCode {
			r := scanner{rest: body}
			whole = traps(r.uint())
			if r.bad {
				return false
			}
		}
		shell = append(shell, whole...)
		return true
	})
	sum := sha256.Sum256(module)
	return append(shell, custom("runner.code", sum[:])...), ok
}

// traps returns a code section of n functions that trap.
func traps(n uint32) []byte {
	const unreachable, end = 0x00, 0x0b
	body := binary.AppendUvarint(nil, uint64(n))
	for range n {
		body = append(body, 3, 0, unreachable, end) // its length, and no locals
	}
	return append(binary.AppendUvarint([]byte{sectionCode}, uint64(len(body))), body...)
}

// custom returns a custom section.
func custom(name string, content []byte) []byte {
	body := append(binary.AppendUvarint(nil, uint64(len(name))), name...)
	body = append(body, content...)
	return append(binary.AppendUvarint([]byte{0}, uint64(len(body))), body...)
}
