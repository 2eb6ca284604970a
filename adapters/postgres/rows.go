package postgres

import (
	"bytes"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// results are the results of a batch, one after another.
type results interface {
	// next moves to the next statement's result.
	next() error
	// row moves to its next row and returns the values as they came, or false.
	row() ([][]byte, bool)
	// fields describes the row's columns.
	fields() []pgconn.FieldDescription
	// end reads the result to its end and returns the statement's error.
	end() error
	// close reads everything that is left.
	close() error
}

// errNoResult is a batch with fewer results than statements.
var errNoResult = errors.New("postgres: a statement has no result")

// simpleResults are those of the simple protocol.
type simpleResults struct {
	all *pgconn.MultiResultReader
	one *pgconn.ResultReader
	err error
}

func (r *simpleResults) skip() {
	if r.err = r.next(); r.err == nil {
		r.err = r.end()
	}
}

func (r *simpleResults) next() error {
	if r.err != nil {
		return r.err
	}
	if !r.all.NextResult() {
		return errors.Join(r.all.Close(), errNoResult)
	}
	r.one = r.all.ResultReader()
	return nil
}

func (r *simpleResults) row() ([][]byte, bool) {
	if !r.one.NextRow() {
		return nil, false
	}
	return r.one.Values(), true
}

func (r *simpleResults) fields() []pgconn.FieldDescription { return r.one.FieldDescriptions() }

func (r *simpleResults) end() error {
	_, err := r.one.Close()
	return err
}

func (r *simpleResults) close() error { return r.all.Close() }

// pipelineResults are those of prepared statements.
type pipelineResults struct {
	all pgx.BatchResults
	one pgx.Rows
	err error
}

func (r *pipelineResults) skip() {
	if r.err = r.next(); r.err == nil {
		r.err = r.end()
	}
}

func (r *pipelineResults) next() error {
	if r.err != nil {
		return r.err
	}
	one, err := r.all.Query()
	r.one = one
	return err
}

func (r *pipelineResults) row() ([][]byte, bool) {
	if !r.one.Next() {
		return nil, false
	}
	return r.one.RawValues(), true
}

func (r *pipelineResults) fields() []pgconn.FieldDescription { return r.one.FieldDescriptions() }

func (r *pipelineResults) end() error {
	r.one.Close()
	return r.one.Err()
}

func (r *pipelineResults) close() error { return r.all.Close() }

// rows implements driver.Rows with a result set for each statement.
type rows struct {
	results results
	left    int // statements whose result was not begun
	begun   bool
	texts   []byte // of one row, before they are one string
}

// NextResultSet implements driver.RowsNextResultSet.
func (r *rows) NextResultSet() error {
	if r.begun {
		if err := r.results.end(); err != nil {
			return lost(err)
		}
	}
	if r.left == 0 {
		return io.EOF
	}
	r.left--
	if err := r.results.next(); err != nil {
		return lost(err)
	}
	r.begun = true
	return nil
}

// HasNextResultSet implements driver.RowsNextResultSet.
func (r *rows) HasNextResultSet() bool { return r.left > 0 }

// Columns implements driver.Rows.
func (r *rows) Columns() []string {
	fields := r.results.fields()
	names := make([]string, len(fields))
	for i := range fields {
		names[i] = fields[i].Name
	}
	return names
}

// Close implements driver.Rows.
func (r *rows) Close() error { return lost(r.results.close()) }

// Next implements driver.Rows. The texts of a row are parts of one string: a
// row of the inbox list has ten, and most of them are kept together anyway.
func (r *rows) Next(dest []driver.Value) error {
	values, more := r.results.row()
	if !more {
		if err := r.results.end(); err != nil {
			return lost(err)
		}
		return io.EOF
	}
	fields := r.results.fields()
	r.texts = r.texts[:0]
	for i, value := range values {
		if isText(fields[i].DataTypeOID) {
			r.texts = append(r.texts, value...)
		}
	}
	texts := string(r.texts)
	for i, value := range values {
		if value != nil && isText(fields[i].DataTypeOID) {
			dest[i], texts = texts[:len(value)], texts[len(value):]
			continue
		}
		var err error
		if dest[i], err = decode(fields[i], value); err != nil {
			return err
		}
	}
	return nil
}

// isText reports whether a type's values are their own text, in either format.
func isText(oid uint32) bool {
	switch oid {
	case pgtype.TextOID, pgtype.VarcharOID, pgtype.NameOID, pgtype.JSONOID:
		return true
	}
	return false
}

// decode reads a value of one of the types that the store's tables have. It
// does not keep value.
func decode(field pgconn.FieldDescription, value []byte) (driver.Value, error) {
	if value == nil {
		return nil, nil
	}
	if field.Format == pgx.TextFormatCode {
		return decodeText(field.DataTypeOID, value)
	}
	switch field.DataTypeOID {
	case pgtype.BoolOID:
		return value[0] != 0, nil
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID:
		n := int64(int8(value[0])) // the sign, then the rest from high to low
		for _, b := range value[1:] {
			n = n<<8 | int64(b)
		}
		return n, nil
	case pgtype.UUIDOID, pgtype.ByteaOID:
		return bytes.Clone(value), nil
	}
	return nil, fmt.Errorf("postgres: column %s has type %d, which the store does not use", field.Name, field.DataTypeOID)
}

func decodeText(oid uint32, value []byte) (driver.Value, error) {
	switch oid {
	case pgtype.BoolOID:
		return value[0] == 't', nil
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID:
		return strconv.ParseInt(string(value), 10, 64)
	case pgtype.ByteaOID:
		return hex.DecodeString(string(bytes.TrimPrefix(value, []byte(`\x`))))
	}
	return string(value), nil
}
