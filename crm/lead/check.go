package lead

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The bounds of a document.
const (
	maxSignals  = 64
	maxPhrases  = 2000 // of all signals
	maxPoints   = 100
	maxHalfLife = 3650 // days
	maxSentence = 200
	maxName     = 100
)

// faults are all that is wrong with a document, in its order.
type faults []error

// when notes a fault of the field at a path if something is bad about it.
func (f *faults) when(bad bool, path, sentence string, args ...any) {
	if bad {
		*f = append(*f, wrong(path, sentence, args...))
	}
}

// check returns all that is wrong with a document, as one error.
func (d *Document) check() error {
	var f faults
	f.when(d.Version < 1 || d.Version > 1<<31-1, "version", "The version is a whole number from 1 on.")
	f.when(!isText(d.Name, maxName), "name", "The rules need a name of at most %d characters.", maxName)
	d.checkCaps(&f)
	d.checkTemperature(&f)
	for i, word := range d.Negations {
		f.when(len(newMatcher().phrase(word)) != 1, fmt.Sprintf("negations[%d]", i), "%.40q is not one word.", word)
	}
	d.checkSignals(&f)
	d.Routing.check(&f)
	d.Hours.check(&f)
	return errors.Join(f...)
}

func (d *Document) checkCaps(f *faults) {
	sum, outside := 0, false
	for i, category := range Categories {
		most := d.Caps.of(i)
		bad := most < 0 || most > 100
		outside = outside || bad
		f.when(bad, "caps."+string(category), "A cap lies between 0 and 100.")
		if category != Negative {
			sum += most
		}
	}
	f.when(!outside && sum != 100, "caps", "The caps of fit, intent, engagement and readiness must sum up to 100, not %d.", sum)
}

func (d *Document) checkTemperature(f *faults) {
	switch t := d.Temperature; { // of the three, what is wrong with the later ones depends on the first
	case t.Hot < 1 || t.Hot > 100:
		f.when(true, "temperature.hot", "A threshold lies between 1 and 100.")
	case t.Warm < 1 || t.Warm >= t.Hot:
		f.when(true, "temperature.warm", "The threshold for warm lies between 1 and that for hot.")
	case t.Margin < 0 || t.Margin >= t.Warm || t.Margin >= t.Hot-t.Warm:
		f.when(true, "temperature.margin", "The margin is less than what lies between the thresholds, and less than the lower one.")
	}
}

func (d *Document) checkSignals(f *faults) {
	f.when(len(d.Signals) == 0, "signals", "Rules without signals score nobody.")
	if len(d.Signals) > maxSignals {
		f.when(true, "signals", "There may be at most %d signals.", maxSignals)
		return
	}
	seen := make(map[uint32]string, len(d.Signals))
	phrases, before := 0, len(*f)
	for i := range d.Signals {
		s, path := &d.Signals[i], fmt.Sprintf("signals[%d]", i)
		s.check(path, f)
		other, taken := seen[keyOf(s.ID)]
		f.when(taken && other == s.ID, path+".id", "Two signals have the id %.40s.", s.ID)
		f.when(taken && other != s.ID, path+".id", "%.40s cannot be told from %.40s; choose another id.", s.ID, other)
		seen[keyOf(s.ID)] = s.ID
		fitted := phrases <= maxPhrases
		phrases += len(s.Words) + len(s.Except)
		f.when(fitted && phrases > maxPhrases, path+".words", "There may be at most %d words and phrases.", maxPhrases)
	}
	if len(*f) == before { // else sizes mean nothing
		d.checkSize(f)
	}
}

// checkSize sees to it that every profile the rules make fits in MaxProfile.
func (d *Document) checkSize(f *faults) {
	size := emptyProfile
	for i := range d.Signals {
		s, piece := &d.Signals[i], otherSize
		if s.lasting() {
			piece = contactSize
		}
		size += signalSize + piece*s.most()
	}
	f.when(size > MaxProfile, "signals", "These signals would need %d bytes for a contact, and there are %d: have fewer, or lower their most.", size, MaxProfile)
}

// check notes all that is wrong with a signal.
func (s *Signal) check(path string, f *faults) {
	f.when(!isID(s.ID), path+".id", "An id has 1 to 40 small letters, digits and _.")
	f.when(s.Category.index() < 0, path+".category", "%.40q is none of %s.", s.Category, listed(Categories[:]))
	f.when(s.Points < 1 || s.Points > maxPoints, path+".points", "The points lie between 1 and %d; those of a negative signal are taken off.", maxPoints)
	f.when(s.Most < 0 || s.Most > maxMost, path+".most", "At most %d pieces can count.", maxMost)
	switch {
	case s.HalfLifeDays < 0 || s.HalfLifeDays > maxHalfLife:
		f.when(true, path+".half_life_days", "A half-life has at most %d days.", maxHalfLife)
	case s.HalfLifeDays > 0 && s.Category == Negative:
		f.when(true, path+".half_life_days", "What speaks against a lead does not decay: the score would rise while nothing happens.")
	case s.HalfLifeDays > 0 && s.lasting():
		f.when(true, path+".half_life_days", "What is known of the contact does not decay; it lasts until it changes.")
	}
	f.when(!isText(s.Why.ID, maxSentence), path+".why.id", "The reason is missing in Indonesian, or longer than %d characters.", maxSentence)
	f.when(!isText(s.Why.EN, maxSentence), path+".why.en", "The reason is missing in English, or longer than %d characters.", maxSentence)
	s.checkWays(path, f)
	s.checkEvent(path, f)
}

// checkWays checks what a signal looks for.
func (s *Signal) checkWays(path string, f *faults) {
	ways := 0
	for _, list := range []struct {
		name  string
		words []string
	}{{"words", s.Words}, {"fields", s.Fields}, {"sources", s.Sources}, {"tags", s.Tags}, {"statuses", s.Statuses}} {
		if len(list.words) > 0 {
			ways++
		}
		for i, word := range list.words {
			at, bad := fmt.Sprintf("%s.%s[%d]", path, list.name, i), !isText(word, maxName)
			f.when(bad, at, "It is empty or longer than %d characters.", maxName)
			f.when(!bad && slices.Contains(list.words[:i], word), at, "%q is there twice.", word)
		}
	}
	if s.Event != "" {
		ways++
	}
	f.when(ways != 1, path, "A signal looks for one of words, event, fields, sources, tags and statuses.")
	for _, list := range []struct {
		name    string
		phrases []string
	}{{"words", s.Words}, {"except", s.Except}} {
		for i, phrase := range list.phrases {
			n := len(newMatcher().phrase(phrase))
			f.when(n < 1 || n > maxPhrase, fmt.Sprintf("%s.%s[%d]", path, list.name, i), "A phrase has 1 to %d words, and no mark that ends a sentence.", maxPhrase)
		}
	}
	for i, place := range s.In {
		f.when(place.index() < 0, fmt.Sprintf("%s.in[%d]", path, i), "Words stand in message, form or note.")
	}
}

func (s *Signal) checkEvent(path string, f *faults) {
	known := []Event{"", OnMessage, OnReply, OnFastReply, OnChoice, OnForm, OnFile, OnLocation, OnOrder, OnOptOut, OnBlocked}
	fast := s.Event == OnFastReply
	f.when(!slices.Contains(known, s.Event), path+".event", "%.40q is none of %s.", s.Event, listed(known[1:]))
	f.when(fast && (s.WithinMinutes < 1 || s.WithinMinutes > 24*60), path+".within_minutes", "A fast reply comes within 1 to %d minutes.", 24*60)
	f.when(!fast && s.WithinMinutes != 0, path+".within_minutes", "Only a fast_reply has it.")
	f.when(len(s.Words) == 0 && (len(s.In)+len(s.Except) > 0 || s.UnlessNegated), path+".words", "in, except and unless_negated go with words.")
}

// isID reports whether a text may be a signal's id.
func isID(id string) bool {
	bad := func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '_' }
	return id != "" && len(id) <= 40 && !strings.ContainsFunc(id, bad)
}

// isText reports whether a text is there, can be kept, and has at most most
// characters.
func isText(text string, most int) bool {
	return strings.TrimSpace(text) != "" && utf8.ValidString(text) && !strings.ContainsRune(text, 0) && utf8.RuneCountInString(text) <= most
}

func listed[S ~string](words []S) string {
	texts := make([]string, len(words))
	for i, word := range words {
		texts[i] = string(word)
	}
	return strings.Join(texts, ", ")
}
