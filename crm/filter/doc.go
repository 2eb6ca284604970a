// Package filter selects contacts by a small expression: conditions of a field,
// an operator and a value, joined by "and" and "or".
//
//	{"and": [
//	  {"field": "lead_status", "op": "any_of", "value": ["new", "contacted"]},
//	  {"or": [
//	    {"field": "tag", "op": "is", "value": "0198c9a0-0000-7000-8000-000000000001"},
//	    {"field": "fields.budget", "op": "at_least", "value": 50000000}
//	  ]},
//	  {"field": "last_message_at", "op": "in_last", "value": {"days": 7}}
//	]}
//
// [Decode] reads an expression strictly against a [Schema]: an unknown field, an
// operator the field's type has not and a value it cannot have are errors that
// name them. [Expr.Resolve] gives it the present moment and who asks, and
// returns a [Test]: a tree of a few primitive questions, which a store turns
// into SQL and [Test.Match] answers in Go. Both must say the same.
//
// Texts are compared without regard to case, by [Fold]. An operator of "not" is
// the exact opposite of its positive: a contact without a value is not x.
package filter
