package crm

import "strings"

// The words by which a person says, on its own, that it wants no more marketing
// messages, and that it wants them again. They count when they are the whole
// message: in any case, with blanks and the signs .!?,;:"'* around them, and
// nothing else. "Berhenti dulu ya kak" is talk, and for the team to understand.
var consentWords = map[string]bool{
	"stop": true, "berhenti": true, "unsubscribe": true,
	"start": false, "mulai": false,
}

// ConsentWord reports what a message says about marketing messages: out is true
// for a wish to get no more, and false for one to get them again. The word is as
// lists show it, in capitals. Of contents only a text and the answer to a button
// can say anything (a template's quick reply "STOP" is the usual way).
func ConsentWord(content Content) (word string, out, said bool) {
	text := ""
	switch c := content.(type) {
	case Text:
		text = c.Body
	case Choice:
		text = c.Title
	}
	if len(text) > 64 { // longer than any of the words with what may be around it
		return "", false, false
	}
	word = strings.ToLower(strings.Trim(text, " \t\r\n.!?,;:\"'*"))
	out, said = consentWords[word]
	if !said {
		return "", false, false
	}
	return strings.ToUpper(word), out, true
}
