package bunstore

import (
	"database/sql"
	"fmt"
	"reflect"
)

// scan hands each row of a query to use, in one R that it fills anew for each.
//
// bun's own scanner looks every column up by its name and sets it by reflection
// for every row. Here the places of a row are looked up once and database/sql
// fills them. Every column is filled in every row, so nothing is left over from
// the row before; bytes are a copy of the row's own.
func scan[R any](s *Store, rows *sql.Rows, use func(*R) error) error {
	var row R
	places, err := placesOf(s, rows, &row)
	if err != nil {
		return err
	}
	for rows.Next() {
		if err := rows.Scan(places...); err != nil {
			return err
		}
		if err := use(&row); err != nil {
			return err
		}
	}
	return rows.Err()
}

// placesOf returns where the query's columns go in a row.
func placesOf[R any](s *Store, rows *sql.Rows, row *R) ([]any, error) {
	names, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	table, value := s.db.Table(reflect.TypeFor[R]()), reflect.ValueOf(row).Elem()
	places := make([]any, len(names))
	for i, name := range names {
		field := table.FieldMap[name]
		if field == nil {
			return nil, fmt.Errorf("%s has no column %q", table.Name, name)
		}
		places[i] = value.FieldByIndex(field.Index).Addr().Interface()
	}
	return places, nil
}
