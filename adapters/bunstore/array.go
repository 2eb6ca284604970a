package bunstore

import (
	"database/sql"
	"database/sql/driver"
	"fmt"
	"reflect"

	"github.com/uptrace/bun/schema"
)

// Kind is what a column holds, as far as an array of it has to be told.
type Kind int

// The kinds. Values of a column are [16]byte, string, int64, bool and []byte,
// and nil for NULL.
const (
	IDs Kind = iota
	Texts
	Integers
	Bools
	Bytes
)

// Column is a column of many rows.
type Column struct {
	Name   string
	Kind   Kind
	Values []any
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
		columns[i] = Column{Name: field.Name, Kind: kind, Values: make([]any, len(rows))}
	}
	for r := range rows {
		row := reflect.ValueOf(&rows[r]).Elem()
		for i, field := range table.Fields {
			value, err := plain(row.FieldByIndex(field.Index))
			if err != nil {
				return nil, err
			}
			columns[i].Values[r] = value
		}
	}
	return columns, nil
}

// plain returns a field's value as a Column holds it.
func plain(field reflect.Value) (any, error) {
	switch v := field.Interface().(type) {
	case uid:
		return [16]byte(v), nil
	case ref:
		if v == (ref{}) {
			return nil, nil
		}
		return [16]byte(v), nil
	case []byte:
		if v == nil {
			return nil, nil
		}
		return v, nil
	case int:
		return int64(v), nil
	case driver.Valuer:
		return v.Value()
	default: // int64, bool
		return v, nil
	}
}
