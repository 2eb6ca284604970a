package postgres

import (
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/my21staff/my21staff/adapters/bunstore"
)

// arrayTypes are the types of the kinds of columns.
var arrayTypes = map[bunstore.Kind]string{
	bunstore.IDs: "uuid", bunstore.Texts: "text", bunstore.Integers: "bigint", bunstore.Bools: "boolean", bunstore.Bytes: "bytea",
}

// Unnest implements bunstore.Dialect: an array for each column. The text is the
// same for any number of rows, so it is parsed and planned once; with the rows
// written into the text, that was two fifths of what the server did for a
// message.
func (*dialect) Unnest(columns []bunstore.Column) (source string, args []any) {
	var arrays, names []string
	for i, c := range columns {
		arrays = append(arrays, fmt.Sprintf("$%d::%s[]", i+1, arrayTypes[c.Kind]))
		names = append(names, c.Name)
		args = append(args, array(c))
	}
	return "unnest(" + strings.Join(arrays, ", ") + ") as v (" + strings.Join(names, ", ") + ")", args
}

// array returns a column as pgx sends it.
func array(c bunstore.Column) any {
	switch c.Kind {
	case bunstore.IDs:
		return typed(c.Values, func(v [16]byte) pgtype.UUID { return pgtype.UUID{Bytes: v, Valid: true} })
	case bunstore.Texts:
		return typed(c.Values, func(v string) pgtype.Text { return pgtype.Text{String: v, Valid: true} })
	case bunstore.Integers:
		return typed(c.Values, func(v int64) pgtype.Int8 { return pgtype.Int8{Int64: v, Valid: true} })
	case bunstore.Bools:
		return typed(c.Values, func(v bool) pgtype.Bool { return pgtype.Bool{Bool: v, Valid: true} })
	default:
		return typed(c.Values, func(v []byte) []byte { return v })
	}
}

// typed gives values their type; nil stays NULL, which is what the zero T is.
func typed[V, T any](values []any, of func(V) T) pgtype.FlatArray[T] {
	made := make(pgtype.FlatArray[T], len(values))
	for i, v := range values {
		if v != nil {
			made[i] = of(v.(V))
		}
	}
	return made
}
