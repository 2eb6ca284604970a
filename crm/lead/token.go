package lead

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxWord is how many bytes of a word count; no keyword is longer.
const maxWord = 32

// token is a word of a text as it is compared.
type token struct {
	kind    tokenKind
	repeats bool // of a word: a letter stands twice in a row
	n       int  // how long the text is; more than maxWord: too long for any keyword
	text    [maxWord]byte
}

// tokenKind is what a token is.
type tokenKind byte

const (
	word tokenKind = iota
	number
	email
	link
	pause // the end of a sentence, across which no phrase goes
)

// word returns the folded word, with at most two equal letters in a row.
func (t *token) word() []byte { return t.text[:min(t.n, maxWord)] }

// single returns the word with no letter twice in a row, in buffer.
func (t *token) single(buffer *[maxWord]byte) []byte {
	n := 0
	for _, b := range t.word() {
		if n == 0 || buffer[n-1] != b || b >= utf8.RuneSelf {
			buffer[n] = b
			n++
		}
	}
	return buffer[:n]
}

// letter appends a folded letter, unless it is the third of its kind: "hargaaa".
func (t *token) letter(r rune) {
	if r < utf8.RuneSelf && t.n > 0 && t.n <= maxWord && t.text[t.n-1] == byte(r) {
		if t.n > 1 && t.text[t.n-2] == byte(r) {
			return
		}
		t.repeats = true
	}
	size := utf8.RuneLen(r)
	if t.n+size > maxWord {
		t.n = maxWord + 1
		return
	}
	utf8.EncodeRune(t.text[t.n:], r)
	t.n += size
}

// scanner cuts a text into tokens.
type scanner struct {
	rest  string
	chunk int // how much of rest stands before the next blank; 0: not known yet
}

// next returns the next token in t, or false at the end of the text. Letters and
// digits make words, and where one follows the other is a border ("50jt" is two
// words). An apostrophe inside a word is dropped ("don't", "jum'at"). Any other
// character stands between words.
func (s *scanner) next(t *token) bool {
	for s.rest != "" {
		if s.chunk <= 0 {
			s.chunk = chunk(s.rest)
			if kind := special(s.rest[:s.chunk]); kind != word {
				t.kind, t.n, t.repeats = kind, 0, false
				s.skip(s.chunk)
				return true
			}
		}
		r, size := utf8.DecodeRuneInString(s.rest)
		switch r = fold(r); {
		case r >= '0' && r <= '9':
			s.number(t)
			return true
		case isLetter(r):
			s.word(t)
			return true
		}
		s.skip(size)
		if r == '.' || r == '?' || r == '!' || r == ';' || r == '\n' {
			t.kind, t.n, t.repeats = pause, 0, false
			return true
		}
	}
	return false
}

func (s *scanner) skip(n int) { s.rest, s.chunk = s.rest[n:], s.chunk-n }

// number reads digits, with their dots and commas.
func (s *scanner) number(t *token) {
	t.kind, t.n, t.repeats = number, 0, false
	for s.rest != "" {
		r, size := utf8.DecodeRuneInString(s.rest)
		folded := fold(r)
		separator := (r == '.' || r == ',') && len(s.rest) > 1 && s.rest[1] >= '0' && s.rest[1] <= '9'
		if (folded < '0' || folded > '9') && !separator {
			return
		}
		s.skip(size)
	}
}

// word reads letters.
func (s *scanner) word(t *token) {
	t.kind, t.n, t.repeats = word, 0, false
	for s.rest != "" {
		r, size := utf8.DecodeRuneInString(s.rest)
		switch folded := fold(r); {
		case isLetter(folded):
			t.letter(folded)
		case folded == mark, r == '\'', r == '’', r == '`':
		default:
			return
		}
		s.skip(size)
	}
}

func isLetter(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= utf8.RuneSelf && unicode.IsLetter(r)
}

// chunk returns how long the text is up to and with its first blank.
func chunk(text string) int {
	for i := range len(text) {
		if text[i] <= ' ' {
			return i + 1
		}
	}
	return len(text)
}

// special returns what a chunk is that is no words: an address or a link.
func special(chunk string) tokenKind {
	if len(chunk) < len("a@b.c") {
		return word
	}
	if at := strings.IndexByte(chunk, '@'); at > 0 && strings.IndexByte(chunk[at:], '.') > 1 {
		return email
	}
	if strings.HasPrefix(chunk, "www.") || strings.HasPrefix(chunk, "http") && strings.Contains(chunk, "://") {
		return link
	}
	return word
}
