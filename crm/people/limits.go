package people

import (
	"fmt"

	"github.com/my21staff/my21staff/crm"
)

// The limits of what is kept about a contact.
const (
	MaxName       = 200  // characters of a contact's name or a task's title
	MaxNote       = 8000 // characters
	MaxTag        = 40   // characters
	MaxLeadStatus = 40   // characters
	MaxFields     = 100
	MaxFieldName  = 100  // characters
	MaxFieldValue = 4096 // bytes
	MaxShortcut   = 40   // characters
	maxExternal   = 200  // characters
)

func invalid(field, sentence string, args ...any) error {
	return &crm.Error{Op: "check " + field, Code: crm.Invalid, Reason: "bad_" + field, Msg: fmt.Sprintf(sentence, args...)}
}

func missing(what string) error {
	return &crm.Error{Op: "find " + what, Code: crm.NotFound, Msg: "There is no such " + what + "."}
}
