// Command dictionary makes a dictionary of made-up webhook bodies. It leaves a
// file that is there alone: a dictionary is never changed.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"

	"github.com/klauspost/compress/zstd"

	"github.com/my21staff/my21staff/adapters/zstd/internal/samples"
)

// tables is how many bodies the entropy tables are made of.
const tables = 2000

func main() {
	id := flag.Uint("id", 0, "the dictionary's id, 1 to 255")
	out := flag.String("out", "", "file to make")
	flag.Parse()
	if err := write(uint8(*id), *out); err != nil {
		fmt.Fprintln(os.Stderr, "dictionary:", err)
		os.Exit(1)
	}
}

func write(id uint8, name string) error {
	if id == 0 {
		return errors.New("-id is a number from 1 to 255")
	}
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		return err // nil: it is there
	}
	dictionary, err := build(id)
	if err != nil {
		return err
	}
	return os.WriteFile(name, dictionary, 0o644)
}

func build(id uint8) ([]byte, error) {
	m := samples.New(uint64(id))
	history := m.Each()
	contents := make([][]byte, tables)
	for i := range contents {
		contents[i] = m.Body()
	}
	return zstd.BuildDict(zstd.BuildDictOptions{
		ID: uint32(id), Contents: contents, History: bytes.Join(history, nil), Offsets: [3]int{1, 4, 8}, Level: zstd.SpeedFastest,
	})
}
