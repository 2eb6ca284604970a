package api

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/problem"
)

// How many rows a page has.
const (
	defaultLimit = 50
	maxLimit     = 100
)

// checkQuery refuses parameters that are not described, that come twice, or that
// no text column could hold.
func checkQuery(args *fasthttp.Args, described []Param) error {
	var bad []problem.Field
	seen := map[string]bool{}
	for key, value := range args.All() {
		name := strings.ToValidUTF8(string(key), "\uFFFD")
		known := slices.ContainsFunc(described, func(p Param) bool { return p.Name == name })
		switch {
		case !known:
			bad = append(bad, problem.Field{Field: name, Code: problem.UnknownField, Detail: "There is no such parameter."})
		case seen[name]:
			bad = append(bad, problem.Field{Field: name, Code: problem.BadValue, Detail: "It is given twice."})
		case !utf8.Valid(value) || slices.Contains(value, 0):
			bad = append(bad, problem.Field{Field: name, Code: problem.BadValue, Detail: "It is not UTF-8 text."})
		}
		seen[name] = true
		if len(bad) == maxFieldErrors {
			break
		}
	}
	return problem.OfFields("read query", bad)
}

// query reads parameters and gathers what is wrong with them.
type query struct {
	args *fasthttp.Args
	bad  []problem.Field
}

func queryOf(ctx *fasthttp.RequestCtx) *query { return &query{args: ctx.QueryArgs()} }

// err returns the error for all that was wrong, or nil.
func (q *query) err() error { return problem.OfFields("read query", q.bad) }

func (q *query) refuse(name, detail string) {
	q.bad = append(q.bad, problem.Field{Field: name, Code: problem.BadValue, Detail: detail})
}

// text returns a copy of a parameter; "" when it is missing.
func (q *query) text(name string) string { return string(q.args.Peek(name)) }

// flag reads "true", "false" or nothing.
func (q *query) flag(name string) bool {
	switch q.text(name) {
	case "true":
		return true
	case "", "false":
		return false
	}
	q.refuse(name, "It must be true or false.")
	return false
}

// limit reads how many rows a page may have.
func (q *query) limit() int {
	text := q.text("limit")
	if text == "" {
		return defaultLimit
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxLimit {
		q.refuse("limit", fmt.Sprintf("It must be a number from 1 to %d.", maxLimit))
		return defaultLimit
	}
	return n
}

// idIn reads a parameter that holds an id; zero when it is missing.
func idIn[T any](q *query, name string) crm.ID[T] {
	text := q.text(name)
	if text == "" {
		return crm.ID[T]{}
	}
	id, err := crm.ParseID[T](text)
	if err != nil || id.IsZero() {
		q.refuse(name, "It must be an id.")
	}
	return id
}

// wordIn reads a parameter that holds one of a type's words; empty when it is
// missing.
func wordIn[W ~string](q *query, name string) W {
	word := W(q.text(name))
	if words := wordsOf[W](); word != "" && !slices.Contains(words, string(word)) {
		q.refuse(name, "It must be one of "+strings.Join(words, ", ")+".")
	}
	return word
}

// memberIn reads a parameter that names a member, or "me" for the one who asks.
func memberIn(q *query, name string, me crm.MemberID) crm.MemberID {
	if q.text(name) != "me" {
		return idIn[crm.Member](q, name)
	}
	if me.IsZero() {
		q.refuse(name, "An API key is no member: give the member's id.")
	}
	return me
}
