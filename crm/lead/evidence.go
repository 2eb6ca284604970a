package lead

import (
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// Evidence is one reason to think better or worse of a lead. It says where it
// was found and by which word, never the text.
type Evidence struct {
	signal *signal
	Ref    Ref
	At     time.Time // seconds count; a lasting signal has no time
	Phrase int       // index among the signal's words, fields, sources, tags or statuses; 0 for an event
}

// Signal returns the id of the signal it is evidence of.
func (e Evidence) Signal() string { return e.signal.ID }

// Evidence returns a piece of evidence as the caller found it; ok is false for a
// signal that the rules do not have, or that has no such phrase.
func (r *Rules) Evidence(id string, ref Ref, at time.Time, phrase int) (e Evidence, ok bool) {
	s := r.byID[id]
	if s == nil || phrase < 0 || phrase >= max(len(s.keys), 1) {
		return Evidence{}, false
	}
	return Evidence{signal: s, Ref: ref, At: at, Phrase: phrase}, true
}

// Ref says what evidence was found in.
type Ref struct {
	Kind RefKind
	ID   [16]byte // of the message or note
}

// RefKind is the kind of thing that evidence was found in.
type RefKind byte

// The kinds. InContact has no id: the phrase says which of its fields.
const (
	OfMessage RefKind = iota + 1
	OfNote
	OfContact
)

// String names the kind as the API does.
func (k RefKind) String() string {
	switch k {
	case OfMessage:
		return "message"
	case OfNote:
		return "note"
	default:
		return "contact"
	}
}

// Said is what is needed to know of an inbound message.
type Said struct {
	ID      crm.MessageID
	At      time.Time // provider time, or that of its last edit
	Content crm.Content
	Asked   time.Time // when the business wrote, if it wrote last before this message
}

// Message appends the evidence in an inbound message to dst, at most one piece
// for each signal. What it is depends on the arguments alone, not on earlier
// messages. A reaction is none.
func (r *Rules) Message(dst []Evidence, m Said) []Evidence {
	if m.Content == nil {
		return dst
	}
	reader := reader{rules: r, dst: dst, from: len(dst), ref: Ref{OfMessage, m.ID}, at: m.At}
	switch c := m.Content.(type) {
	case crm.Reaction, crm.System:
		return dst
	case crm.Text:
		reader.words(InMessage, c.Body)
	case crm.Media:
		reader.event(OnFile)
		reader.words(InMessage, c.Caption)
		reader.words(InMessage, c.Words)
	case crm.Location:
		reader.event(OnLocation)
		reader.words(InMessage, c.Name)
	case crm.Choice:
		reader.event(OnChoice)
		reader.words(InMessage, c.Title)
		reader.words(InMessage, c.Description)
	case crm.FlowReply:
		reader.event(OnForm)
		answers(c.Response, func(text string) { reader.words(InForm, text) })
	case crm.Order:
		reader.event(OnOrder)
		reader.words(InMessage, c.Text)
	}
	reader.event(OnMessage)
	if !m.Asked.IsZero() && !m.At.Before(m.Asked) {
		reader.event(OnReply)
		reader.fast(m.At.Sub(m.Asked))
	}
	return reader.dst
}

// Note appends the evidence in a note of the team's to dst.
func (r *Rules) Note(dst []Evidence, n *crm.Note) []Evidence {
	reader := reader{rules: r, dst: dst, from: len(dst), ref: Ref{OfNote, n.ID}, at: n.CreatedAt}
	reader.words(InNote, n.Body)
	return reader.dst
}

// Contact appends to dst what speaks for and against a contact as it is now.
// Rules name a tag by its id, or by its name if tags has the names of the
// contact's. [Profile.Know] replaces by it what was known.
func (r *Rules) Contact(dst []Evidence, c *crm.Contact, tags []string) []Evidence {
	for _, s := range r.lasting {
		reader := reader{rules: r, dst: dst, from: len(dst), ref: Ref{Kind: OfContact}}
		switch {
		case s.Event == OnOptOut && c.OptOut.Out, s.Event == OnBlocked && !c.BlockedAt.IsZero():
			reader.note(s, 0)
		}
		for i := range s.keys {
			if s.holds(c, tags, i) {
				reader.dst = append(reader.dst, Evidence{signal: s, Ref: reader.ref, Phrase: i})
			}
		}
		dst = reader.dst
	}
	return dst
}

// holds reports whether the contact has the i-th of what a lasting signal looks
// for.
func (s *signal) holds(c *crm.Contact, tags []string, i int) bool {
	key := s.keys[i]
	switch {
	case len(s.Fields) > 0:
		return strings.TrimSpace(field(c, key)) != ""
	case len(s.Sources) > 0:
		return strings.EqualFold(c.Source.Kind, key)
	case len(s.Statuses) > 0:
		return strings.EqualFold(c.LeadStatus, key)
	}
	for _, tag := range tags {
		if strings.EqualFold(tag, key) {
			return true
		}
	}
	for _, id := range c.Tags {
		if id.String() == key {
			return true
		}
	}
	return false
}

// field returns a field of a contact: its own, or one of the workspace's.
func field(c *crm.Contact, name string) string {
	switch name {
	case "name":
		return c.Name + c.ProfileName
	case "phone":
		return c.Identity(crm.ByPhone) + c.Identity(crm.ByWaID)
	case "email":
		return c.Identity(crm.ByEmail) + c.Fields["email"]
	}
	if value, ok := c.Fields[name]; ok {
		return value
	}
	for have, value := range c.Fields { // as somebody spelt it
		if strings.EqualFold(have, name) && strings.TrimSpace(value) != "" {
			return value
		}
	}
	return ""
}

// reader collects the evidence of one thing.
type reader struct {
	rules *Rules
	dst   []Evidence
	from  int // where this thing's evidence begins in dst
	ref   Ref
	at    time.Time
}

// note notes a signal once.
func (r *reader) note(s *signal, phrase int) {
	for i := r.from; i < len(r.dst); i++ {
		if e := &r.dst[i]; e.signal == s {
			e.Phrase = min(e.Phrase, phrase) // whatever stands first in the text, the same phrase is named
			return
		}
	}
	r.dst = append(r.dst, Evidence{signal: s, Ref: r.ref, At: r.at, Phrase: phrase})
}

func (r *reader) event(e Event) {
	for _, s := range r.rules.events[e] {
		r.note(s, 0)
	}
}

func (r *reader) fast(after time.Duration) {
	for _, s := range r.rules.events[OnFastReply] {
		if after <= time.Duration(s.WithinMinutes)*time.Minute {
			r.note(s, 0)
		}
	}
}

func (r *reader) words(in Place, text string) {
	if text == "" {
		return
	}
	var few [16]match
	matches := r.rules.matcher.find(few[:0], text)
	for _, m := range matches {
		s := r.rules.signals[m.signal]
		if m.phrase == exception || !s.looksIn[in.index()] || m.negated && s.UnlessNegated || m.excepted(matches) {
			continue
		}
		r.note(s, m.phrase)
	}
}
