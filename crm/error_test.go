package crm_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/my21staff/my21staff/crm"
)

func TestErrorClasses(t *testing.T) {
	t.Parallel()
	cause := &crm.Error{Op: "read row", Code: crm.NotFound, Reason: "gone", Msg: "There is no such row.", Err: io.EOF}
	for _, c := range []struct {
		name string
		err  error
		code crm.Code
		text string
	}{
		{"nothing", nil, "", ""},
		{"a bare class", crm.Conflict, crm.Conflict, "conflict"},
		{"a class wrapped by fmt", fmt.Errorf("save: %w", crm.Conflict), crm.Conflict, "save: conflict"},
		{"an error", cause, crm.NotFound, "read row: not_found: gone: EOF"},
		{"an error without a cause", &crm.Error{Op: "send", Code: crm.Refused, Msg: "No."}, crm.Refused, "send: refused: No."},
		{"an error with nothing but its class", &crm.Error{Code: crm.Limited}, crm.Limited, "limited"},
		{"a wrapped error", crm.Wrap("show contact", cause), crm.NotFound, "show contact: read row: not_found: gone: EOF"},
		{"wrapped twice", crm.Wrap("answer", crm.Wrap("show", cause)), crm.NotFound, "answer: show: read row: not_found: gone: EOF"},
		{"of a cause of another class", &crm.Error{Op: "sign in", Code: crm.Unauthenticated, Err: cause}, crm.Unauthenticated,
			"sign in: unauthenticated: read row: not_found: gone: EOF"},
		{"a stranger", io.EOF, crm.Internal, "EOF"},
		{"a wrapped stranger", crm.Wrap("read body", io.EOF), crm.Internal, "read body: internal: EOF"},
		{"a wrapped bare class", crm.Wrap("save", crm.Conflict), crm.Conflict, "save: conflict: conflict"},
	} {
		if got := crm.CodeOf(c.err); got != c.code {
			t.Errorf("%s: CodeOf = %q, want %q", c.name, got, c.code)
		}
		if c.err != nil && c.err.Error() != c.text {
			t.Errorf("%s: Error() = %q, want %q", c.name, c.err, c.text)
		}
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	if err := crm.Wrap("op", nil); err != nil {
		t.Errorf("Wrap of nothing = %v", err)
	}
	cause := &crm.Error{Op: "send", Code: crm.Refused, Reason: crm.WindowClosed, Msg: "Too late.", Err: io.EOF}
	err := crm.Wrap("answer", fmt.Errorf("try: %w", cause))
	var wrapped *crm.Error
	if !errors.As(err, &wrapped) || wrapped.Op != "answer" || wrapped.Code != crm.Refused ||
		wrapped.Reason != crm.WindowClosed || wrapped.Msg != "Too late." {
		t.Errorf("Wrap = %#v, want class, reason and sentence of %#v", wrapped, cause)
	}
	for _, target := range []error{crm.Refused, cause, io.EOF} {
		if !errors.Is(err, target) {
			t.Errorf("the wrapped error is not %v any more", target)
		}
	}
	if errors.Is(err, crm.NotFound) {
		t.Error("a Refused error says it is NotFound")
	}
}
