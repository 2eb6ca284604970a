package bunstore

import (
	"context"
	"strings"
)

// lookup names rows by the values of some of their columns, of which the first is
// the workspace: each place in the columns' values is one combination that is
// looked for. Rows of many workspaces are found by one statement.
type lookup struct {
	by      *shape
	columns []Column
}

// shape is the columns of a lookup beside the workspace.
type shape []Column

// The shapes.
var (
	byWorkspace    = &shape{}
	byID           = &shape{{Name: "id", Kind: IDs}}
	byContact      = &shape{{Name: "contact_id", Kind: IDs}}
	byOther        = &shape{{Name: "other_id", Kind: IDs}}
	byConversation = &shape{{Name: "conversation_id", Kind: IDs}}
	byLane         = &shape{{Name: "lane", Kind: IDs}}
	bySend         = &shape{{Name: "lane", Kind: IDs}, {Name: "subject", Kind: IDs}}
	byPlace        = &shape{{Name: "channel_id", Kind: IDs}, {Name: "contact_id", Kind: IDs}}
	byIdentity     = &shape{{Name: "kind", Kind: Texts}, {Name: "value", Kind: Texts}}
	byProvided     = &shape{{Name: "channel_id", Kind: IDs}, {Name: "provider_id", Kind: Texts}}
	byJournalKey   = &shape{{Name: "key", Kind: Bytes}}
	byAnswerKey    = &shape{{Name: "key", Kind: Texts}}
	byName         = &shape{{Name: "name", Kind: Texts}}
	byNoteText     = &shape{{Name: "contact_id", Kind: IDs}, {Name: "body", Kind: Texts}}
	byDecision     = &shape{{Name: "conversation_id", Kind: IDs}, {Name: "at", Kind: Integers}}
	byNameOn       = &shape{{Name: "channel_id", Kind: IDs}, {Name: "name", Kind: Texts}}
)

// lookupBy begins a lookup by a shape.
func lookupBy(s *shape) *lookup {
	l := &lookup{by: s, columns: make([]Column, 1+len(*s))}
	l.columns[0] = Column{Name: "workspace_id", Kind: IDs}
	copy(l.columns[1:], *s)
	return l
}

// add looks for one more combination of values: pointers, as Column.add takes them.
func (l *lookup) add(ws uid, values ...any) {
	l.columns[0].add(&ws)
	for i, value := range values {
		l.columns[1+i].add(value)
	}
}

// addIDs looks for rows by their one other column, an id.
func addIDs[T ~[16]byte](l *lookup, ws uid, ids []T) {
	for _, id := range ids {
		one := uid(id)
		l.add(ws, &one)
	}
}

func (l *lookup) empty() bool { return l.columns[0].Len() == 0 }

// where returns a statement for the rows of a select that a lookup names; more
// are conditions and an order in constant text, beginning with " and " or
// " order by ". Its text is always the same.
//
// Both databases are told to take the combinations one by one and look each up in
// an index. Conditions that stand side by side with "or" would be shorter, but
// SQLite takes out what they have in common, the workspace, and reads all of that:
// then a commit costs what the workspace holds.
func (s *Store) where(selected string, l *lookup, more string) Statement {
	text, _ := s.text(lookupText{selected, l.by, more}, func() (string, error) {
		names := make([]string, len(l.columns))
		for i, c := range l.columns {
			names[i] = c.Name
		}
		list := strings.Join(names, ", ")
		return selected + " where (" + list + ") in (select " + list + " from " + s.dialect.Unnest(l.columns) + ")" + more, nil
	})
	return Statement{SQL: text, Args: s.dialect.Given(l.columns)}
}

// lookupText is what the text of a lookup depends on.
type lookupText struct {
	selected string
	by       *shape
	more     string
}

// find is a step that appends the rows a lookup names to found; none for a lookup
// of nothing.
func find[R any](ctx context.Context, l link, by *lookup, more string, found *[]R) []step {
	if by.empty() {
		return nil
	}
	return []step{load(ctx, l, l.store.where(from[R](l.store).SQL, by, more), found)}
}
