package lead

import (
	"bytes"
	"encoding/json"
	"hash/fnv"
	"slices"
	"strings"
	"time"
)

// Rules are a checked document, made ready for use. They do not change and may
// be used by several goroutines.
type Rules struct {
	doc     Document
	signals []*signal
	byID    map[string]*signal
	byKey   map[uint32]*signal
	lasting []*signal
	events  map[Event][]*signal
	matcher *matcher
}

// signal is a signal made ready for use.
type signal struct {
	Signal
	index    int
	category int
	key      uint32 // what a profile knows it by, from its id alone
	halfLife int64  // seconds; 0: none
	looksIn  [3]bool
	keys     []string // its words, fields, sources, tags or statuses
	codes    []uint16 // what a profile knows those by
}

// Version returns the document's version.
func (r *Rules) Version() int { return r.doc.Version }

// Document returns a copy of the document, with the defaults filled in.
func (r *Rules) Document() Document {
	d := r.doc
	d.Signals, d.Negations = slices.Clone(d.Signals), slices.Clone(d.Negations)
	return d
}

// Encode returns the document as JSON that [Parse] reads.
func (r *Rules) Encode() []byte {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false) // <number> stands for one
	if err := encoder.Encode(r.doc); err != nil {
		panic("lead: encode rules: " + err.Error()) // texts and numbers always encode
	}
	return bytes.TrimSpace(b.Bytes())
}

// Routing returns how the rules assign conversations.
func (r *Rules) Routing() Assignment { return r.doc.Routing }

// keyOf returns what a profile knows a signal by.
func keyOf(id string) uint32 {
	h := fnv.New32a()
	_, _ = h.Write([]byte(id)) // a hash takes everything
	return h.Sum32()
}

// compile makes a checked document ready.
func compile(d Document) *Rules {
	r := &Rules{
		doc: d, byID: make(map[string]*signal, len(d.Signals)), byKey: make(map[uint32]*signal, len(d.Signals)),
		events: make(map[Event][]*signal), matcher: newMatcher(),
	}
	for i, s := range d.Signals {
		ready := &signal{
			Signal: s, index: i, category: s.Category.index(), key: keyOf(s.ID),
			halfLife: int64(s.HalfLifeDays) * int64(24*time.Hour/time.Second),
			keys:     slices.Concat(s.Words, s.Fields, s.Sources, s.Tags, s.Statuses),
		}
		for _, place := range s.In {
			ready.looksIn[place.index()] = true
		}
		if len(s.In) == 0 {
			ready.looksIn[InMessage.index()], ready.looksIn[InForm.index()] = true, true
		}
		ready.codes = codesOf(ready.keys)
		r.signals = append(r.signals, ready)
		r.byID[s.ID], r.byKey[ready.key] = ready, ready
		switch {
		case s.lasting():
			r.lasting = append(r.lasting, ready)
		case s.Event != "":
			r.events[s.Event] = append(r.events[s.Event], ready)
		}
		for n, words := range s.Words {
			r.matcher.add(r.matcher.phrase(words), ending{i, n})
		}
		for _, words := range s.Except {
			r.matcher.add(r.matcher.phrase(words), ending{i, exception})
		}
	}
	for _, negation := range d.Negations {
		for _, id := range r.matcher.phrase(negation) {
			r.matcher.negations[id] = true
		}
	}
	return r
}

// codesOf returns a number for each word of a signal that stays when others are
// added, removed or moved. Where two would have the same one, the later of them
// gets the next.
func codesOf(keys []string) []uint16 {
	codes := make([]uint16, len(keys))
	for i, key := range keys {
		sum := keyOf(strings.ToLower(key))
		code := uint16(sum>>16) ^ uint16(sum)
		for slices.Contains(codes[:i], code) {
			code++
		}
		codes[i] = code
	}
	return codes
}

// phrase returns the index of the word with a code, or -1 if there is none any
// more.
func (s *signal) phrase(code uint16) int { return slices.Index(s.codes, code) }
