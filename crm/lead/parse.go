package lead

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/my21staff/my21staff/crm"
)

// MaxDocument is how many bytes a document may have.
const MaxDocument = 64 << 10

// Parse reads a document of rules. What is unknown, missing or out of its bounds
// is Invalid: the Reason is the field's path ("signals[3].points"), the sentence
// says what is wrong with it. The error holds all of these, see [Problems], and
// is itself the first.
func Parse(encoded []byte) (*Rules, error) { return parse(encoded, 0) }

// ParseVersion is Parse of a document that is to have a version, whatever it
// says itself.
func ParseVersion(encoded []byte, version int) (*Rules, error) { return parse(encoded, version) }

func parse(encoded []byte, version int) (*Rules, error) {
	if len(encoded) > MaxDocument {
		return nil, wrong("", "The rules may have at most %d bytes.", MaxDocument)
	}
	var parts struct {
		Document                      // shadowed where a part is read by itself, so that an error knows its path
		Caps        json.RawMessage   `json:"caps"`
		Temperature json.RawMessage   `json:"temperature"`
		Signals     []json.RawMessage `json:"signals"`
		Routing     json.RawMessage   `json:"routing"`
		Hours       json.RawMessage   `json:"hours"`
	}
	if err := strict(encoded, &parts, ""); err != nil {
		return nil, err
	}
	doc := parts.Document
	if len(parts.Signals) > maxSignals {
		return nil, wrong("signals", "There may be at most %d signals.", maxSignals)
	}
	doc.Signals = make([]Signal, len(parts.Signals))
	err := errors.Join(
		strict(parts.Caps, &doc.Caps, "caps"),
		strict(parts.Temperature, &doc.Temperature, "temperature"),
		strict(parts.Routing, &doc.Routing, "routing"),
		strict(parts.Hours, &doc.Hours, "hours"),
	)
	for i, signal := range parts.Signals {
		err = errors.Join(err, strict(signal, &doc.Signals[i], fmt.Sprintf("signals[%d]", i)))
	}
	if err != nil {
		return nil, err
	}
	if version != 0 {
		doc.Version = version
	}
	return New(doc)
}

// New checks a document and makes it ready for use. The errors are Parse's.
func New(d Document) (*Rules, error) {
	if err := d.check(); err != nil {
		return nil, err
	}
	return compile(d), nil
}

// Problem is one thing that is wrong with a document.
type Problem struct {
	Path     string // of the field: "signals[3].points"; empty: the document as a whole
	Sentence string // in English
	Format   string // the sentence before its values were put in, by which it can be translated
	Args     []any  // those values
}

// Problems returns all that an error of Parse says, in the document's order; nil
// for an error of something else.
func Problems(err error) []Problem {
	switch e := err.(type) {
	case nil:
		return nil
	case interface{ Unwrap() []error }:
		var all []Problem
		for _, one := range e.Unwrap() {
			all = append(all, Problems(one)...)
		}
		return all
	case *crm.Error:
		if e.Op == opRead {
			p := Problem{Path: e.Reason, Sentence: strings.TrimPrefix(e.Msg, e.Reason+": ")}
			if f, ok := e.Err.(*fault); ok {
				p.Format, p.Args = f.format, f.args
			}
			return []Problem{p}
		}
	}
	return Problems(errors.Unwrap(err))
}

const opRead = "read lead rules"

// strict decodes JSON into a value that must have a field for all of it. Nothing
// is left alone.
func strict(encoded []byte, into any, path string) error {
	if len(encoded) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(encoded))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		if _, err = decoder.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		return wrong(path, "There is something after the rules.")
	}
	var typed *json.UnmarshalTypeError
	if errors.As(err, &typed) {
		return wrong(join(path, strings.TrimPrefix(typed.Field, "Document.")), "A %s cannot stand here.", typed.Value)
	}
	if _, name, found := strings.Cut(err.Error(), "unknown field "); found { // encoding/json has no type for it
		name = strings.Trim(name, `"`)
		return wrong(join(path, name), "There is no such field.")
	}
	return wrong(path, "This is not JSON.")
}

// join joins a path and a field's name.
func join(path, field string) string {
	if path == "" || field == "" {
		return path + field
	}
	return path + "." + field
}

// fault keeps what a sentence was made of.
type fault struct {
	msg, format string
	args        []any
}

// Error returns the sentence with its path.
func (f *fault) Error() string { return f.msg }

func wrong(path, sentence string, args ...any) error {
	msg := fmt.Sprintf(sentence, args...)
	if path != "" {
		msg = path + ": " + msg
	}
	return &crm.Error{Op: opRead, Code: crm.Invalid, Reason: path, Msg: msg, Err: &fault{msg, sentence, args}}
}
