package main

import (
	"errors"
	"fmt"

	"github.com/my21staff/my21staff/crm"
)

// exitCodes is what the program ends with, by the class of what went wrong.
var exitCodes = map[crm.Code]int{
	"":                  0,
	crm.Internal:        1,
	crm.Invalid:         2,
	crm.TooLarge:        2,
	crm.NotFound:        3,
	crm.Conflict:        4,
	crm.Refused:         5,
	crm.Unauthenticated: 6,
	crm.Forbidden:       6,
	crm.Limited:         7,
	crm.Unavailable:     7,
	crm.Uncertain:       7,
}

func exitCode(err error) int { return exitCodes[crm.CodeOf(err)] }

// sentence is what the person at the keyboard, who is the operator, reads: the
// sentence for people, and the cause below it.
func sentence(err error) string {
	var e *crm.Error
	if !errors.As(err, &e) || e.Msg == "" {
		return err.Error()
	}
	if cause := root(e); cause != nil {
		return fmt.Sprintf("%s\n  (%s: %v)", e.Msg, e.Op, cause)
	}
	return e.Msg
}

// root returns what lies below the errors of our own, nil for nothing.
func root(err error) error {
	var e *crm.Error
	for errors.As(err, &e) {
		err = e.Err
	}
	return err
}
