package crm

import (
	"errors"
	"strings"
)

// Code is the class of an error: few, so that one table at each edge turns it
// into an HTTP status, a retry decision or an exit code. A Code is itself an
// error, so errors.Is(err, crm.NotFound) asks for the class.
type Code string

// The classes.
const (
	Invalid         Code = "invalid"         // the input cannot be read or breaks a limit
	Unauthenticated Code = "unauthenticated" // nobody, or not who it claims
	Forbidden       Code = "forbidden"       // known, and not allowed
	NotFound        Code = "not_found"       // not here, or not yours: the answer is the same
	Conflict        Code = "conflict"        // what is stored says otherwise
	Refused         Code = "refused"         // understood, and a rule says no
	TooLarge        Code = "too_large"       // beyond a bound on size
	Limited         Code = "limited"         // too often
	Unavailable     Code = "unavailable"     // try again later, nothing was done
	Uncertain       Code = "uncertain"       // whether it was done is not known: the answer to the commit was lost
	Internal        Code = "internal"        // our fault
)

// Error lets a class be the target of errors.Is.
func (c Code) Error() string { return string(c) }

// Error is what the library returns. It speaks to two audiences: Msg is a
// sentence for the user; Op and Err are for the operator.
type Error struct {
	Op     string // what was tried: "send message"
	Code   Code   // the class
	Reason string // a stable word within the class ("window_closed"); empty when the class says it all
	Msg    string // a sentence a person can read; empty for the class's own
	Err    error  // the cause, never shown to a user
}

// Error returns "op: code: reason: cause", for logs. A cause of the same class
// says class and reason itself.
func (e *Error) Error() string {
	if cause, ok := e.Err.(*Error); ok && e.Op != "" && cause.Code == e.Code && cause.Reason == e.Reason {
		return e.Op + ": " + cause.Error()
	}
	parts := make([]string, 0, 4)
	for _, part := range []string{e.Op, string(e.Code), e.Reason} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	} else if e.Msg != "" {
		parts = append(parts, e.Msg)
	}
	return strings.Join(parts, ": ")
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Is reports whether target is the error's class.
func (e *Error) Is(target error) bool {
	code, ok := target.(Code)
	return ok && code == e.Code
}

// CodeOf returns the class of the outermost Error in err's chain, a bare Code's
// own, and Internal for any other error. A nil err has the class "".
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	var code Code
	if errors.As(err, &code) {
		return code
	}
	return Internal
}

// Wrap adds the operation to err and keeps its class, reason and sentence. A
// nil err stays nil.
func Wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return &Error{Op: op, Code: e.Code, Reason: e.Reason, Msg: e.Msg, Err: err}
	}
	return &Error{Op: op, Code: CodeOf(err), Err: err}
}
