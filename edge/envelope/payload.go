package envelope

import (
	"bytes"
	"encoding/json"
	"io"

	"github.com/my21staff/my21staff/crm"
)

// head is the line before a part's body.
type head struct {
	Provider  string   `json:"provider"`
	Event     string   `json:"event,omitempty"`
	Hub       string   `json:"hub,omitempty"`
	Signature string   `json:"signature,omitempty"`
	Numbers   []string `json:"numbers,omitempty"`
	Accounts  []string `json:"accounts,omitempty"`
	Rest      bool     `json:"rest,omitempty"`
	Epoch     uint32   `json:"epoch,omitempty"`
	Size      int      `json:"size"`
}

// line returns the line before the part's body, with its line feed.
func (p *Part) line() []byte {
	line, err := json.Marshal(head{p.Provider, p.Event, p.Hub, p.Signature, p.Numbers, p.Accounts, p.Rest, p.Epoch, len(p.Body)})
	if err != nil {
		panic("envelope: texts and numbers cannot be written: " + err.Error()) // json refuses none of these types
	}
	return append(line, '\n')
}

// encode writes parts one after the other.
func encode(parts []Part) ([]byte, error) {
	if err := checkCount(len(parts)); err != nil {
		return nil, err
	}
	size := 0
	lines := make([][]byte, len(parts))
	for i := range parts {
		p := &parts[i]
		if err := p.check(); err != nil {
			return nil, err
		}
		lines[i] = p.line()
		if size += len(lines[i]) + len(p.Body) + 1; size > MaxPayload {
			return nil, tooLarge
		}
	}
	payload := make([]byte, 0, size)
	for i, line := range lines {
		payload = append(payload, line...)
		payload = append(payload, parts[i].Body...)
		payload = append(payload, '\n')
	}
	return payload, nil
}

// decode reads what encode writes.
func decode(payload []byte) ([]Part, error) {
	var parts []Part
	for len(payload) > 0 && len(parts) <= MaxParts {
		part, rest, err := decodePart(payload)
		if err != nil {
			return nil, err
		}
		parts, payload = append(parts, part), rest
	}
	return parts, checkCount(len(parts))
}

// decodePart reads the first part and returns what follows it.
func decodePart(payload []byte) (p Part, rest []byte, err error) {
	line, rest, found := bytes.Cut(payload, []byte("\n"))
	if !found {
		return Part{}, nil, invalid("A part of the envelope has no end.", nil)
	}
	h, err := decodeHead(line)
	if err != nil {
		return Part{}, nil, err
	}
	if h.Size < 0 || h.Size >= len(rest) || rest[h.Size] != '\n' {
		return Part{}, nil, invalid("A part of the envelope has not the size that it says.", nil)
	}
	p = Part{
		Provider: h.Provider, Event: h.Event, Hub: h.Hub, Signature: h.Signature,
		Numbers: some(h.Numbers), Accounts: some(h.Accounts), Rest: h.Rest, Epoch: h.Epoch, Body: rest[:h.Size:h.Size],
	}
	return p, rest[h.Size+1:], p.check()
}

// decodeHead reads one object and nothing else.
func decodeHead(line []byte) (h head, err error) {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&h); err != nil {
		return head{}, invalid("A part of the envelope does not begin with its line of JSON.", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return head{}, invalid("Something stands after the JSON of a part.", err)
	}
	return h, nil
}

// some returns nil for no names, however they were spelled.
func some(names []string) []string {
	if len(names) == 0 {
		return nil
	}
	return names
}

// check reports as an error what no part may be.
func (p *Part) check() error {
	if p.Provider == "" {
		return invalid("A part of the envelope names no provider.", nil)
	}
	if len(p.Numbers) > MaxNames || len(p.Accounts) > MaxNames {
		return &crm.Error{Code: crm.TooLarge, Msg: "A part of the envelope names too many numbers or accounts."}
	}
	return nil
}

func checkCount(parts int) error {
	switch {
	case parts == 0:
		return invalid("The envelope has no part.", nil)
	case parts > MaxParts:
		return &crm.Error{Code: crm.TooLarge, Msg: "The envelope has more than 4096 parts."}
	}
	return nil
}

var tooLarge = &crm.Error{Code: crm.TooLarge, Msg: "The envelope is larger than 64 MiB."}

func invalid(sentence string, cause error) error {
	return &crm.Error{Code: crm.Invalid, Msg: sentence, Err: cause}
}
