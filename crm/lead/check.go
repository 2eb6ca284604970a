package lead

import (
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

// check returns the first thing that is wrong with a document.
func (d *Document) check() error {
	if d.Version < 1 || d.Version > 1<<31-1 {
		return wrong("version", "The version is a whole number from 1 on.")
	}
	if !isText(d.Name, maxName) {
		return wrong("name", "The rules need a name of at most %d characters.", maxName)
	}
	for _, check := range []func() error{d.checkCaps, d.checkTemperature, d.checkNegations, d.checkSignals, d.checkSize, d.Routing.check, d.Hours.check} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (d *Document) checkCaps() error {
	sum := 0
	for i, category := range Categories {
		most := d.Caps.of(i)
		if most < 0 || most > 100 {
			return wrong("caps."+string(category), "A cap lies between 0 and 100.")
		}
		if category != Negative {
			sum += most
		}
	}
	if sum != 100 {
		return wrong("caps", "The caps of fit, intent, engagement and readiness must sum up to 100, not %d.", sum)
	}
	return nil
}

func (d *Document) checkTemperature() error {
	switch t := d.Temperature; {
	case t.Hot < 1 || t.Hot > 100:
		return wrong("temperature.hot", "A threshold lies between 1 and 100.")
	case t.Warm < 1 || t.Warm >= t.Hot:
		return wrong("temperature.warm", "The threshold for warm lies between 1 and that for hot.")
	case t.Margin < 0 || t.Margin >= t.Warm || t.Margin >= t.Hot-t.Warm:
		return wrong("temperature.margin", "The margin is less than what lies between the thresholds, and less than the lower one.")
	}
	return nil
}

func (d *Document) checkNegations() error {
	for i, word := range d.Negations {
		if len(newMatcher().phrase(word)) != 1 {
			return wrong(fmt.Sprintf("negations[%d]", i), "%.40q is not one word.", word)
		}
	}
	return nil
}

func (d *Document) checkSignals() error {
	if len(d.Signals) == 0 {
		return wrong("signals", "Rules without signals score nobody.")
	}
	if len(d.Signals) > maxSignals {
		return wrong("signals", "There may be at most %d signals.", maxSignals)
	}
	seen := make(map[uint32]string, len(d.Signals))
	phrases := 0
	for i := range d.Signals {
		s, path := &d.Signals[i], fmt.Sprintf("signals[%d]", i)
		if err := s.check(path); err != nil {
			return err
		}
		switch other, taken := seen[keyOf(s.ID)]; {
		case taken && other == s.ID:
			return wrong(path+".id", "Two signals have the id %s.", s.ID)
		case taken:
			return wrong(path+".id", "%s cannot be told from %s; choose another id.", s.ID, other)
		}
		seen[keyOf(s.ID)] = s.ID
		if phrases += len(s.Words) + len(s.Except); phrases > maxPhrases {
			return wrong(path+".words", "There may be at most %d words and phrases.", maxPhrases)
		}
	}
	return nil
}

// checkSize sees to it that every profile the rules make fits in MaxProfile.
func (d *Document) checkSize() error {
	size := emptyProfile
	for i := range d.Signals {
		s, piece := &d.Signals[i], otherSize
		if s.lasting() {
			piece = contactSize
		}
		size += signalSize + piece*s.most()
	}
	if size > MaxProfile {
		return wrong("signals", "These signals would need %d bytes for a contact, and there are %d: have fewer, or lower their most.", size, MaxProfile)
	}
	return nil
}

// check returns the first thing that is wrong with a signal.
func (s *Signal) check(path string) error {
	negative := s.Category == Negative
	switch {
	case !isID(s.ID):
		return wrong(path+".id", "An id has 1 to 40 small letters, digits and _.")
	case s.Category.index() < 0:
		return wrong(path+".category", "%.40q is none of %s.", s.Category, listed(Categories[:]))
	case s.Points < 1 || s.Points > maxPoints:
		return wrong(path+".points", "The points lie between 1 and %d; those of a negative signal are taken off.", maxPoints)
	case s.Most < 0 || s.Most > maxMost:
		return wrong(path+".most", "At most %d pieces can count.", maxMost)
	case s.HalfLifeDays < 0 || s.HalfLifeDays > maxHalfLife:
		return wrong(path+".half_life_days", "A half-life has at most %d days.", maxHalfLife)
	case s.HalfLifeDays > 0 && negative:
		return wrong(path+".half_life_days", "What speaks against a lead does not decay: the score would rise while nothing happens.")
	case s.HalfLifeDays > 0 && s.lasting():
		return wrong(path+".half_life_days", "What is known of the contact does not decay; it lasts until it changes.")
	case !isText(s.Why.ID, maxSentence):
		return wrong(path+".why.id", "The reason is missing in Indonesian, or longer than %d characters.", maxSentence)
	case !isText(s.Why.EN, maxSentence):
		return wrong(path+".why.en", "The reason is missing in English, or longer than %d characters.", maxSentence)
	}
	return s.checkWays(path)
}

// checkWays checks what a signal looks for.
func (s *Signal) checkWays(path string) error {
	ways := 0
	for _, list := range []struct {
		name  string
		words []string
	}{{"words", s.Words}, {"fields", s.Fields}, {"sources", s.Sources}, {"tags", s.Tags}, {"statuses", s.Statuses}} {
		if len(list.words) > 0 {
			ways++
		}
		for i, word := range list.words {
			if at := fmt.Sprintf("%s.%s[%d]", path, list.name, i); !isText(word, maxName) {
				return wrong(at, "It is empty or longer than %d characters.", maxName)
			} else if slices.Contains(list.words[:i], word) {
				return wrong(at, "%q is there twice.", word)
			}
		}
	}
	if s.Event != "" {
		ways++
	}
	if ways != 1 {
		return wrong(path, "A signal looks for one of words, event, fields, sources, tags and statuses.")
	}
	for _, list := range []struct {
		name    string
		phrases []string
	}{{"words", s.Words}, {"except", s.Except}} {
		for i, phrase := range list.phrases {
			if n := len(newMatcher().phrase(phrase)); n < 1 || n > maxPhrase {
				return wrong(fmt.Sprintf("%s.%s[%d]", path, list.name, i), "A phrase has 1 to %d words, and no mark that ends a sentence.", maxPhrase)
			}
		}
	}
	for i, place := range s.In {
		if place.index() < 0 {
			return wrong(fmt.Sprintf("%s.in[%d]", path, i), "Words stand in message, form or note.")
		}
	}
	return s.checkEvent(path)
}

func (s *Signal) checkEvent(path string) error {
	known := []Event{"", OnMessage, OnReply, OnFastReply, OnChoice, OnForm, OnFile, OnLocation, OnOrder, OnOptOut, OnBlocked}
	fast := s.Event == OnFastReply
	switch {
	case !slices.Contains(known, s.Event):
		return wrong(path+".event", "%.40q is none of %s.", s.Event, listed(known[1:]))
	case fast && (s.WithinMinutes < 1 || s.WithinMinutes > 24*60):
		return wrong(path+".within_minutes", "A fast reply comes within 1 to %d minutes.", 24*60)
	case !fast && s.WithinMinutes != 0:
		return wrong(path+".within_minutes", "Only a fast_reply has it.")
	case len(s.Words) == 0 && (len(s.In)+len(s.Except) > 0 || s.UnlessNegated):
		return wrong(path+".words", "in, except and unless_negated go with words.")
	}
	return nil
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
