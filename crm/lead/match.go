package lead

import (
	"strings"
)

// maxPhrase is how many words a phrase may have.
const maxPhrase = 6

// matcher finds the words and phrases of all signals in one pass over a text: a
// trie whose letters are words. It keeps nothing of a text.
type matcher struct {
	words     map[string]wordID
	negations map[wordID]bool
	next      map[edge]node
	ends      [][]ending // by node: the phrases that end there
}

type (
	wordID uint16
	node   uint16
)

// edge leads from a node by a word.
type edge struct {
	from node
	word wordID
}

// ending is a phrase of a signal.
type ending struct {
	signal int // index among the rules' signals
	phrase int // index among the signal's words; exception for one of those inside of which words do not count
}

const exception = -1

// match is a phrase that was found, with the numbers of its first and last word
// in the text.
type match struct {
	ending
	from, to int
	negated  bool // one of the two words before it is a negation
}

// The ids of what is no word.
const (
	unknown wordID = iota
	anyNumber
	anyEmail
	anyLink
	firstWord
)

// wildcards are how a phrase names them.
var wildcards = map[string]wordID{"<number>": anyNumber, "<email>": anyEmail, "<link>": anyLink}

func newMatcher() *matcher {
	return &matcher{
		words: make(map[string]wordID), negations: make(map[wordID]bool),
		next: make(map[edge]node), ends: make([][]ending, 1),
	}
}

// id returns a folded word's id, a new one if need be.
func (m *matcher) id(word string) wordID {
	id, known := m.words[word]
	if !known {
		id = firstWord + wordID(len(m.words))
		m.words[word] = id
	}
	return id
}

// add adds a phrase as [phrase] returned it.
func (m *matcher) add(ids []wordID, end ending) {
	at := node(0)
	for _, id := range ids {
		to, known := m.next[edge{at, id}]
		if !known {
			to = node(len(m.ends))
			m.ends = append(m.ends, nil)
			m.next[edge{at, id}] = to
		}
		at = to
	}
	m.ends[at] = append(m.ends[at], end)
}

// phrase returns the words of a phrase; none if it has none, or has a character
// between them at which texts are cut.
func (m *matcher) phrase(text string) []wordID {
	var ids []wordID
	for _, part := range strings.Fields(text) {
		if id, ok := wildcards[part]; ok {
			ids = append(ids, id)
			continue
		}
		var t token
		for s := (scanner{rest: part}); s.next(&t); {
			switch {
			case t.kind == number:
				ids = append(ids, anyNumber)
			case t.kind != word || t.n > maxWord:
				return nil
			default:
				ids = append(ids, m.id(string(t.word())))
			}
		}
	}
	return ids
}

// find appends each phrase in a text, in the order in which they end. A phrase
// is found each time it stands there, also inside another.
func (m *matcher) find(matches []match, text string) []match {
	var begun [maxPhrase]struct { // phrases that are being read
		at      node
		from    int
		negated bool
	}
	live := 0
	var t token
	var before [2]bool // whether the last two words are negations
	for s, n := (scanner{rest: text}), 0; s.next(&t); n++ {
		if t.kind == pause {
			live, before = 0, [2]bool{}
			continue
		}
		id := m.lookUp(&t)
		begun[live].at, begun[live].from, begun[live].negated = 0, n, before[0] || before[1]
		kept := 0
		for i := range live + 1 {
			to, ok := m.next[edge{begun[i].at, id}]
			if !ok {
				continue
			}
			for _, end := range m.ends[to] {
				matches = append(matches, match{end, begun[i].from, n, begun[i].negated})
			}
			if kept < maxPhrase-1 { // who has read as many words is at an end
				begun[kept] = begun[i]
				begun[kept].at = to
				kept++
			}
		}
		live = kept
		before = [2]bool{before[1], m.negations[id]}
	}
	return matches
}

// excepted reports whether a match stands inside an exception of its signal.
func (m match) excepted(matches []match) bool {
	for _, e := range matches {
		if e.phrase == exception && e.signal == m.signal && e.from <= m.from && m.to <= e.to {
			return true
		}
	}
	return false
}

// lookUp returns the id of a token. A word is tried as it is written, and with
// its repeated letters once: "hargaa", "freeee".
func (m *matcher) lookUp(t *token) wordID {
	switch t.kind {
	case number:
		return anyNumber
	case email:
		return anyEmail
	case link:
		return anyLink
	}
	if t.n > maxWord {
		return unknown
	}
	if id := m.stem(t.word()); id != unknown || !t.repeats {
		return id
	}
	var buffer [maxWord]byte
	return m.stem(t.single(&buffer))
}

// stem returns the id of a folded word, or of what it is without the ending that
// Indonesian puts where English has "the" or "its": "stoknya", "brosurnya".
func (m *matcher) stem(word []byte) wordID {
	if id, ok := m.words[string(word)]; ok {
		return id
	}
	const ending = "nya"
	if n := len(word) - len(ending); n >= 3 && string(word[n:]) == ending {
		return m.words[string(word[:n])]
	}
	return unknown
}
