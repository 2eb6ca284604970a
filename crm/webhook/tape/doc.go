// Package tape reads JSON strictly, in one pass and without building values.
//
// A [Parser] checks a document and writes its nodes onto a flat tape: where
// each one starts and ends and where its next sibling stands. A [Value] is a
// place on that tape, so a decoder that knows what it looks for walks over the
// parts it does not know without reading their bytes again.
//
// A decoder that must be quick gives its parser the [Names] it knows: then each
// key is looked up once, while it is read, and [Parser.Fields] finds the members
// of an object by comparing small numbers. It works with places, [Ref], in place
// of values.
//
// A document is accepted exactly if encoding/json's Valid and unicode/utf8's
// Valid accept it and it keeps the bounds below. The package uses neither
// reflection nor encoding/json and does not allocate once a parser's tape has
// grown, so the same scanner serves the host and the edge module in
// WebAssembly, where both must give the same answer.
//
// In that module nearly all documents are read by a kernel that is written by hand
// (quick_kernel.go and wasm/internal/kernel): it gives the same tape, or leaves the
// document to the scanner.
package tape
