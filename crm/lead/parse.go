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
// says what is wrong with it.
func Parse(encoded []byte) (*Rules, error) {
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
		return nil, first(err)
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

// first returns the first of joined errors.
func first(err error) error {
	var wrong *crm.Error
	if errors.As(err, &wrong) {
		return wrong
	}
	return err
}

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

func wrong(path, sentence string, args ...any) error {
	msg := fmt.Sprintf(sentence, args...)
	if path != "" {
		msg = path + ": " + msg
	}
	return &crm.Error{Op: "read lead rules", Code: crm.Invalid, Reason: path, Msg: msg}
}
