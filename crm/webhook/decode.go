package webhook

import (
	"errors"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook/tape"
)

// The bounds of a webhook. Providers promise at most 3 MB and 1,000 updates.
const (
	MaxBody    = tape.MaxSize  // bytes
	MaxDepth   = tape.MaxDepth // arrays and objects open at once
	MaxUpdates = 4096          // facts
)

// Decode reads the facts of a webhook body, in the body's order and at least
// one. event is Kapso's X-Webhook-Event, which its bodies do not repeat
// reliably; Meta has none.
//
// A body that is not JSON in UTF-8 or nested deeper than MaxDepth is Invalid,
// one beyond MaxBody or MaxUpdates is TooLarge; nothing else is an error.
func Decode(provider crm.Provider, event string, body []byte) ([]Fact, error) {
	var parser tape.Parser
	root, err := parser.Parse(body)
	if err != nil {
		return nil, refuse("decode webhook", err)
	}
	r := reader{provider: provider}
	switch provider {
	case crm.Meta:
		r.meta(root)
	case crm.Kapso:
		r.kapso(event, root)
	default:
		return nil, &crm.Error{Op: "decode webhook", Code: crm.Invalid, Msg: "The provider is not known."}
	}
	if r.full {
		return nil, &crm.Error{Op: "decode webhook", Code: crm.TooLarge, Msg: "The webhook has too many updates."}
	}
	return r.facts, nil
}

// refuse says in our terms why the parser refused a document.
func refuse(op string, err error) error {
	e := &crm.Error{Op: op, Code: crm.Invalid, Msg: "The body is not JSON in UTF-8.", Err: err}
	var refusal *tape.Error
	if errors.As(err, &refusal) {
		switch refusal.Problem {
		case tape.TooLarge:
			e.Code, e.Msg = crm.TooLarge, "The body is larger than 4 MiB."
		case tape.TooDeep:
			e.Msg = "The body is nested too deeply."
		}
	}
	return e
}

// reader gathers the facts of one body.
type reader struct {
	provider crm.Provider
	facts    []Fact
	full     bool // there were more than MaxUpdates
}

func (r *reader) add(f Fact) {
	if len(r.facts) == MaxUpdates {
		r.full = true
		return
	}
	f.Provider = r.provider
	r.facts = append(r.facts, f)
}

// each calls read for every object of a list. What is no object and what is no
// list becomes an Unreadable fact like base; null and nothing become none.
func (r *reader) each(base Fact, list tape.Value, read func(tape.Value)) {
	if !list.Present() {
		return
	}
	if list.Kind() != tape.Array {
		base.Raw = list.Raw()
		r.add(base.unreadable("not a list"))
		return
	}
	for item := list.First(); item.Kind() != tape.Missing && !r.full; item = item.Next() {
		if item.Kind() == tape.Object {
			read(item)
		} else {
			base.Raw = item.Raw()
			r.add(base.unreadable("not an object"))
		}
	}
}

// unreadable returns the fact as one about an item that has not its form.
func (f Fact) unreadable(problem string) Fact {
	f.Kind, f.Problem = Unreadable, problem
	f.Message, f.Status, f.Amendment, f.Identity = nil, nil, nil, nil
	return f
}
