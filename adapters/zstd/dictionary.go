package zstd

import _ "embed"

// newest is the dictionary that Pack uses.
const newest = 1

// A dictionary is needed for as long as a body that was packed with it is kept,
// so none is ever changed or taken away. To add one, add a go:generate line with
// the next id, a file here, and its hash to the test that holds them.
//
//go:embed dictionaries/1.zdict
var dictionary1 []byte

// dictionaries returns every dictionary by its version.
func dictionaries() map[byte][]byte { return map[byte][]byte{1: dictionary1} }
