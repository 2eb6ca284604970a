package bunstore

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/filter"
	"github.com/my21staff/my21staff/crm/people"
)

// Messages are found by their words, contacts by any part of their names and
// numbers. The texts are cut up here and not by the database, so that both
// databases find the same: the dialect only keeps lists of tokens and finds who
// has all of some. There is no stemming.

// Bounds on what is indexed and asked for.
const (
	maxWordLen     = 48 // characters of a word
	maxWords       = 400
	maxSearchWords = 8
)

// wordsOf returns the different words of a text, runs of letters, marks and
// digits in lower case, in the order they come, at most limit.
func wordsOf(s string, limit int) []string {
	fields := strings.FieldsFunc(strings.ToLower(clean(s)), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r)
	})
	words := make([]string, 0, min(len(fields), limit))
	seen := make(map[string]bool, len(fields))
	for _, field := range fields {
		if field = cut(field, maxWordLen); !seen[field] && len(words) < limit {
			seen[field] = true
			words = append(words, field)
		}
	}
	return words
}

func cut(s string, characters int) string {
	if utf8.RuneCountInString(s) <= characters {
		return s
	}
	return string([]rune(s)[:characters])
}

// searchable returns the words of a message that a person wrote or reads.
func searchable(content crm.Content) string {
	switch c := content.(type) {
	case crm.Text:
		return c.Body
	case crm.Media:
		return strings.Join([]string{c.Caption, c.Filename, c.Words}, " ")
	case crm.Location:
		return c.Name + " " + c.Address
	case crm.Contacts:
		return strings.Join(c.Names, " ")
	case crm.Interactive:
		return c.Body + " " + c.Footer
	case crm.Choice:
		return c.Title + " " + c.Description
	case crm.Order:
		return c.Text
	case crm.FilledTemplate:
		return c.Body
	case crm.System:
		return c.Body
	case crm.FlowReply:
		return c.Body
	}
	return ""
}

// foldedNames returns what a contact is found by, one name or number a line, in
// lower case.
func foldedNames(c *crm.Contact) string { return strings.Join(filter.Names(c), "\n") }

// What stands together in a line is found by its threes and, where that many are
// asked for, by its fives. One in ten has some three characters of a name: where
// millions of names are searched, to see who has all the threes of a rare one takes
// a tenth of a second, and who has all its fives hardly a millisecond.
const (
	threes = 3
	fives  = 5
)

// namesDocument is what a contact is found by: a token for every three and every
// five characters that stand together in a line, and for the last one and two. A
// part of a line is all of its fives, or all of its threes, or the beginning of a
// three.
func namesDocument(ws crm.WorkspaceID, id [16]byte, lines string, known bool) Document {
	three, five := make(map[string]bool, len(lines)), make(map[string]bool, len(lines))
	for line := range strings.SplitSeq(lines, "\n") {
		characters := []rune(line)
		for i := range characters {
			three[part(characters[i:min(i+threes, len(characters))])] = true
			if i+fives <= len(characters) {
				five[part(characters[i:i+fives])] = true
			}
		}
	}
	return Document{WorkspaceID: ws, Subject: id, Found: id, Tokens: slices.Sorted(maps.Keys(three)), Wholes: slices.Sorted(maps.Keys(five)), Known: known}
}

// partsAsked returns the tokens that a part of a line is found by.
func partsAsked(asked string) []Sought {
	characters := []rune(asked)
	size := min(len(characters), threes)
	if len(characters) >= fives {
		size = fives
	}
	var parts []Sought
	for i := 0; i+size <= len(characters); i++ {
		parts = append(parts, Sought{Token: part(characters[i : i+size]), Whole: size == fives})
	}
	return without(parts, nil)
}

// wordsAsked returns the tokens that words are found by, of which each may be the
// beginning of a longer one.
func wordsAsked(search string) []Sought {
	var asked []Sought
	for _, word := range wordsOf(search, maxSearchWords) {
		asked = append(asked, Sought{Token: word})
	}
	return asked
}

// part is the token of some characters. Hex keeps spaces and signs out of it; fives
// begin with a letter of their own, so that the beginning of a three is not looked
// for among them.
func part(characters []rune) string {
	kind := "t"
	if len(characters) == fives {
		kind = "f"
	}
	return kind + hex.EncodeToString([]byte(string(characters)))
}

// nameAsked returns what of a contact's names or numbers a search is for.
func nameAsked(search string) string {
	if number := filter.Digits(search); number != "" {
		return number
	}
	return filter.Fold(search)
}

// manyFound is how many contacts or conversations a search gathers and sorts at most.
// What more than that many have is met soon enough on the way through the list's own
// order.
const manyFound = 2000

// A search goes through the next contacts of a list before it asks the index: what
// one in fifty is called fills a page on the way, and the index would name all of
// them to show fifty. A glance tells whether that is worth it: where nobody is met
// among so many, a page is hardly met among ten times as many.
const (
	glance = 200
	nearby = 2000
)

// search returns a page of the contacts that have a part of a name or number: those
// among the next ones of the list, if they are a page, else of all.
func (s peopleStore) search(ctx context.Context, ws crm.WorkspaceID, query people.ContactQuery, asked string) ([]*crm.Contact, error) {
	way, left, err := s.wayThrough(ctx, ws, query, tests(query))
	if err != nil {
		return nil, err
	}
	all := s.everybody(ws)
	for _, most := range []int{glance, nearby} {
		next := way.inOrder(way.from, query.Sort, query.After).and(" limit ?", most)
		q := ask(strings.TrimSuffix(from[contactRow](s.Store).SQL, " contacts")).include("", next).and(" as contacts where workspace_id = ?", uid(ws))
		near, err := s.page(ctx, ws, query, all.inOrder(passing(q, ws, left).and(called, text(asked)), query.Sort, people.ContactCursor{}))
		if err != nil || len(near) >= query.Limit {
			return near, err
		}
		if len(near) == 0 {
			break
		}
	}
	found, err := s.lookUp(ctx, ws, partsAsked(asked))
	if err != nil {
		return nil, err
	}
	if len(found) < manyFound {
		one := s.dialect.Among(arraysOf(found))
		way, left = all, tests(query)
		way.from = way.from.and(" and id"+one.SQL, one.Args...)
	}
	return s.page(ctx, ws, query, way.inOrder(passing(way.from, ws, left).and(called, text(asked)), query.Sort, query.After))
}

// called is the condition that a contact has a part of a name or number. Lines that
// have all the tokens of it may have them apart: replace tells.
const called = " and folded <> replace(folded, ?, '')"

// lookUp returns what the documents lead to that have all tokens of one of the
// alternatives, at most manyFound and some of it several times.
func (s *Store) lookUp(ctx context.Context, ws crm.WorkspaceID, alternatives ...[]Sought) (found []uid, err error) {
	scope := of(ws)
	match, expression := s.dialect.Match(ws, alternatives...)
	scope.Search = expression
	// Apart, so that PostgreSQL does not expect a limit so soon that it would
	// rather read the whole table than ask the index.
	look := ask("with found as materialized").include("", match).and(" select found_id from found limit ?", manyFound)
	err = s.reader("look words up", scope).run(ctx, pick(look.bound(), &found))
	return found, err
}

func arraysOf(ids []uid) [][16]byte {
	arrays := make([][16]byte, len(ids))
	for i, id := range ids {
		arrays[i] = id
	}
	return arrays
}

// searchConversations adds the condition that a conversation's contact has a part of
// a name or number, or one of its messages every word. What few documents have is
// looked up first: else to see which of its conversations they lead to would be to go
// through all that a workspace has. Where many have it the condition needs the Search
// of the scope that is returned.
func (s *Store) searchConversations(ctx context.Context, q Query, ws crm.WorkspaceID, search string) (_ Query, few bool, expression string, err error) {
	asked, words := nameAsked(search), wordsAsked(search)
	if asked == "" {
		return q, false, "", nil
	}
	alternatives := [][]Sought{partsAsked(asked)}
	if len(words) > 0 {
		alternatives = append(alternatives, words)
	}
	found, err := s.lookUp(ctx, ws, alternatives...)
	if err != nil {
		return Query{}, false, "", err
	}
	if len(found) < manyFound {
		theirs, err := s.threadsOfNamed(ctx, ws, found, asked)
		one := s.dialect.Among(arraysOf(append(found, theirs...)))
		return q.and(" and id"+one.SQL, one.Args...), true, "", err
	}
	match, expression := s.dialect.Match(ws, alternatives...)
	contacts := ask("select id from contacts where workspace_id = ? and id in", uid(ws)).include("", match).
		and(called, text(asked))
	return q.and(" and (id in").include("", match).and(" or contact_id in").include("", contacts).and(")"), false, expression, nil
}

// threadsOfNamed returns the conversations of those among some who have a part of a
// name or number.
func (s *Store) threadsOfNamed(ctx context.Context, ws crm.WorkspaceID, some []uid, asked string) (threads []uid, err error) {
	l := s.reader("look the conversations of names up", of(ws))
	one := s.dialect.Among(arraysOf(some))
	var contacts []uid
	named := ask("select id from contacts where workspace_id = ? and id"+one.SQL, append([]any{uid(ws)}, one.Args...)...).and(called, text(asked))
	if err := l.run(ctx, pick(named.bound(), &contacts)); err != nil || len(contacts) == 0 {
		return nil, err
	}
	one = s.dialect.Among(arraysOf(contacts))
	theirs := ask("select id from conversations where workspace_id = ? and contact_id"+one.SQL, append([]any{uid(ws)}, one.Args...)...)
	err = l.run(ctx, pick(theirs.bound(), &threads))
	return threads, err
}

const (
	partsMigration  = "20261130121000"
	wholesMigration = "20261202120000"
)

// indexNames makes contacts findable again that are there already, by all the parts
// of their names and numbers. It goes through the table some rows at a time. Without
// wholes it makes them findable for an older program, which looked for all tokens in
// one way.
func (s *Store) indexNames(ctx context.Context, on bun.IConn, wholes bool) error {
	const some = 500
	gen := s.db.QueryGen()
	for last := (contactRow{}); ; {
		rows, err := on.QueryContext(ctx, gen.FormatQuery(
			"select workspace_id, id, folded from contacts where (workspace_id, id) > (?, ?) order by workspace_id, id limit ?", last.WorkspaceID, last.ID, some))
		if err != nil {
			return err
		}
		var found []contactRow
		if err := errors.Join(s.db.ScanRows(ctx, rows, &found), rows.Close()); err != nil {
			return err
		}
		var docs []Document
		for _, row := range found {
			if row.Folded != "" {
				doc := namesDocument(crm.WorkspaceID(row.WorkspaceID), row.ID, string(row.Folded), true)
				if !wholes {
					doc.Tokens, doc.Wholes = append(doc.Tokens, doc.Wholes...), nil
				}
				docs = append(docs, doc)
			}
			last = row
		}
		var statements []Statement
		for _, q := range s.dialect.Index(docs) {
			if statement := q.bound(); q.Bound {
				statements = append(statements, statement)
			} else {
				statements = append(statements, Statement{SQL: gen.FormatQuery(q.SQL, q.Args...)})
			}
		}
		if err := s.dialect.Query(ctx, on.(bun.Tx).Tx, statements, func(int, *sql.Rows) error { return nil }); err != nil {
			return err
		}
		if len(found) < some {
			return nil
		}
	}
}
