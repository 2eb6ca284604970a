package bunstore

import (
	"database/sql"
	"fmt"
	"reflect"
	"time"

	"github.com/uptrace/bun/schema"
)

// Kind is what a column holds, as far as an array of it has to be told.
type Kind int

// The kinds.
const (
	IDs Kind = iota
	Texts
	Integers
	Bools
	Bytes
)

// Column is a column of many rows. Its values are in the slice of its kind.
type Column struct {
	Name string
	Kind Kind
	Null []bool // whether a value is NULL; shorter than the values when no more is

	IDs      [][16]byte
	Texts    []string // valid UTF-8 without NUL
	Integers []int64
	Bools    []bool
	Bytes    [][]byte
}

// Len returns how many values a column has.
func (c *Column) Len() int {
	return len(c.IDs) + len(c.Texts) + len(c.Integers) + len(c.Bools) + len(c.Bytes)
}

// IsNull reports whether a value is NULL.
func (c *Column) IsNull(row int) bool { return row < len(c.Null) && c.Null[row] }

// null says that the value added last is NULL if it is.
func (c *Column) null(is bool) {
	if is {
		c.Null = append(c.Null, make([]bool, c.Len()-len(c.Null))...)
		c.Null[c.Len()-1] = true
	}
}

// kinds says what each type of a row's field is stored as.
var kinds = map[reflect.Type]Kind{
	reflect.TypeFor[uid](): IDs, reflect.TypeFor[ref](): IDs,
	reflect.TypeFor[text](): Texts, reflect.TypeFor[word](): Texts,
	reflect.TypeFor[stamp](): Integers, reflect.TypeFor[moment](): Integers,
	reflect.TypeFor[int](): Integers, reflect.TypeFor[int64](): Integers, reflect.TypeFor[sql.NullInt64](): Integers,
	reflect.TypeFor[bool](): Bools, reflect.TypeFor[[]byte](): Bytes,
}

// columnsOf turns rows into columns.
func columnsOf[R any](table *schema.Table, rows []R) ([]Column, error) {
	columns := make([]Column, len(table.Fields))
	for i, field := range table.Fields {
		kind, known := kinds[field.StructField.Type]
		if !known {
			return nil, fmt.Errorf("a column of the type %v has no kind", field.StructField.Type)
		}
		columns[i] = Column{Name: field.Name, Kind: kind}
		for r := range rows {
			columns[i].add(reflect.ValueOf(&rows[r]).Elem().FieldByIndex(field.Index).Addr().Interface())
		}
	}
	return columns, nil
}

// add adds the value of a row's field, which is of one of the types that have a
// kind.
func (c *Column) add(field any) {
	switch v := field.(type) {
	case *uid:
		c.IDs = append(c.IDs, *v)
	case *ref:
		c.IDs = append(c.IDs, *v)
		c.null(*v == ref{})
	case *text:
		c.Texts = append(c.Texts, clean(string(*v)))
	case *word:
		c.Texts = append(c.Texts, clean(string(*v)))
		c.null(*v == "")
	case *stamp:
		c.Integers = append(c.Integers, time.Time(*v).UnixMilli())
	case *moment:
		c.Integers = append(c.Integers, time.Time(*v).UnixMilli())
		c.null(time.Time(*v).IsZero())
	case *int:
		c.Integers = append(c.Integers, int64(*v))
	case *int64:
		c.Integers = append(c.Integers, *v)
	case *sql.NullInt64:
		c.Integers = append(c.Integers, v.Int64)
		c.null(!v.Valid)
	case *bool:
		c.Bools = append(c.Bools, *v)
	case *[]byte:
		c.Bytes = append(c.Bytes, *v)
		c.null(*v == nil)
	}
}
