package crm

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// CheckText reports whether a text of a person can be kept: at most most
// characters of UTF-8 without NUL, which PostgreSQL refuses, and when least is 1
// not blank. The error is Invalid, with the Reason "bad_" and the field's name
// and a sentence that begins with what.
func CheckText(field, what, text string, least, most int) error {
	switch {
	case !utf8.ValidString(text) || strings.ContainsRune(text, 0):
		return badField(field, "%s has a character that is no text.", what)
	case least > 0 && strings.TrimSpace(text) == "":
		return badField(field, "%s is missing.", what)
	case utf8.RuneCountInString(text) > most:
		return badField(field, "%s may have at most %d characters.", what, most)
	default:
		return nil
	}
}

// maxEmail is how long an e-mail address may be (RFC 5321, section 4.5.3.1).
const maxEmail = 254

// CheckEmail reports whether a text may be an e-mail address: something before
// an @ and something after it. Whether mail arrives there, only mail can tell.
// The error is as CheckText's.
func CheckEmail(field, address string) error {
	if err := CheckText(field, "The e-mail address", address, 1, maxEmail); err != nil {
		return err
	}
	name, domain, _ := strings.Cut(address, "@")
	if name == "" || domain == "" || strings.Contains(domain, "@") || strings.ContainsAny(address, " \t\r\n") {
		return badField(field, "%q is not an e-mail address.", address)
	}
	return nil
}

func badField(field, sentence string, args ...any) error {
	return &Error{Op: "check " + field, Code: Invalid, Reason: "bad_" + field, Msg: fmt.Sprintf(sentence, args...)}
}
