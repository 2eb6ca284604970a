package bunstore

import (
	"database/sql/driver"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/uptrace/bun/dialect"
	"github.com/uptrace/bun/schema"
)

// The types of columns that are not a plain bool, int64 or []byte. Each writes
// itself into SQL text (AppendQuery), travels as an argument (Value) and is
// read back (Scan).

// uid is an id: uuid on PostgreSQL, 16 bytes on SQLite; never NULL.
type uid [16]byte

// AppendQuery implements schema.QueryAppender.
func (u uid) AppendQuery(gen schema.QueryGen, b []byte) ([]byte, error) {
	if gen.Dialect().Name() != dialect.PG {
		return gen.Dialect().AppendBytes(b, u[:]), nil
	}
	b = append(b, '\'')
	b = hex.AppendEncode(b, u[:]) // PostgreSQL reads a uuid without its hyphens
	return append(b, '\''), nil
}

// Value implements driver.Valuer.
func (u uid) Value() (driver.Value, error) { return u[:], nil }

// Scan implements sql.Scanner.
func (u *uid) Scan(src any) error {
	switch src := src.(type) {
	case nil:
		*u = uid{}
		return nil
	case []byte:
		if len(src) == len(u) {
			copy(u[:], src)
			return nil
		}
		return u.parse(string(src))
	case string:
		return u.parse(src)
	}
	return fmt.Errorf("an id cannot be read from %T", src)
}

func (u *uid) parse(text string) error {
	digits, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err != nil || len(digits) != len(u) {
		return fmt.Errorf("%.40q is not an id", text)
	}
	copy(u[:], digits)
	return nil
}

// ref is an id that may name nothing: the zero id is NULL.
type ref uid

// AppendQuery implements schema.QueryAppender.
func (r ref) AppendQuery(gen schema.QueryGen, b []byte) ([]byte, error) {
	if r == (ref{}) {
		return dialect.AppendNull(b), nil
	}
	return uid(r).AppendQuery(gen, b)
}

// Value implements driver.Valuer.
func (r ref) Value() (driver.Value, error) {
	if r == (ref{}) {
		return nil, nil
	}
	return r[:], nil
}

// Scan implements sql.Scanner.
func (r *ref) Scan(src any) error { return (*uid)(r).Scan(src) }

// text is a text. NUL and bytes that are not UTF-8 are left out on the way in:
// PostgreSQL stores neither, and bun refuses the first.
type text string

func clean(s string) string {
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD")
}

// AppendQuery implements schema.QueryAppender.
func (t text) AppendQuery(gen schema.QueryGen, b []byte) ([]byte, error) {
	return gen.Dialect().AppendString(b, clean(string(t))), nil
}

// Value implements driver.Valuer.
func (t text) Value() (driver.Value, error) { return clean(string(t)), nil }

// Scan implements sql.Scanner.
func (t *text) Scan(src any) error {
	switch src := src.(type) {
	case nil:
		*t = ""
		return nil
	case string:
		*t = text(src)
		return nil
	case []byte:
		*t = text(src)
		return nil
	}
	return fmt.Errorf("a text cannot be read from %T", src)
}

// word is a text whose empty value is NULL, so that it never collides in a
// unique key.
type word string

// AppendQuery implements schema.QueryAppender.
func (w word) AppendQuery(gen schema.QueryGen, b []byte) ([]byte, error) {
	if w == "" {
		return dialect.AppendNull(b), nil
	}
	return text(w).AppendQuery(gen, b)
}

// Value implements driver.Valuer.
func (w word) Value() (driver.Value, error) {
	if w == "" {
		return nil, nil
	}
	return text(w).Value()
}

// Scan implements sql.Scanner.
func (w *word) Scan(src any) error { return (*text)(w).Scan(src) }

// stamp is a time, never NULL. The zero time is the first millisecond of the
// year 1, so it sorts before every other.
type stamp time.Time

// AppendQuery implements schema.QueryAppender.
func (s stamp) AppendQuery(gen schema.QueryGen, b []byte) ([]byte, error) {
	return gen.Append(b, time.Time(s).UnixMilli()), nil
}

// Value implements driver.Valuer.
func (s stamp) Value() (driver.Value, error) { return time.Time(s).UnixMilli(), nil }

// Scan implements sql.Scanner.
func (s *stamp) Scan(src any) error {
	switch src := src.(type) {
	case nil:
		*s = stamp{}
		return nil
	case int64:
		*s = stamp(time.UnixMilli(src).UTC())
		return nil
	}
	return fmt.Errorf("a time cannot be read from %T", src)
}

// moment is a time that may be missing: the zero time is NULL.
type moment stamp

// AppendQuery implements schema.QueryAppender.
func (m moment) AppendQuery(gen schema.QueryGen, b []byte) ([]byte, error) {
	if time.Time(m).IsZero() {
		return dialect.AppendNull(b), nil
	}
	return stamp(m).AppendQuery(gen, b)
}

// Value implements driver.Valuer.
func (m moment) Value() (driver.Value, error) {
	if time.Time(m).IsZero() {
		return nil, nil
	}
	return stamp(m).Value()
}

// Scan implements sql.Scanner.
func (m *moment) Scan(src any) error { return (*stamp)(m).Scan(src) }
