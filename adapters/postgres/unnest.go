package postgres

import (
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/my21staff/my21staff/adapters/bunstore"
)

// array is the type of a kind of columns.
type array struct {
	of           string // SQL
	oid, element uint32
}

var arrays = map[bunstore.Kind]array{
	bunstore.IDs:      {"uuid", pgtype.UUIDArrayOID, pgtype.UUIDOID},
	bunstore.Texts:    {"text", pgtype.TextArrayOID, pgtype.TextOID},
	bunstore.Integers: {"bigint", pgtype.Int8ArrayOID, pgtype.Int8OID},
	bunstore.Bools:    {"boolean", pgtype.BoolArrayOID, pgtype.BoolOID},
	bunstore.Bytes:    {"bytea", pgtype.ByteaArrayOID, pgtype.ByteaOID},
}

// Unnest implements bunstore.Dialect: an array for each column. The text is the
// same for any number of rows, so it is parsed and planned once; with the rows
// written into the text, that was two fifths of what the server did for a
// message.
func (*dialect) Unnest(columns []bunstore.Column) string {
	var types, names []string
	for i := range columns {
		types = append(types, fmt.Sprintf("$%d::%s[]", i+1, arrays[columns[i].Kind].of))
		names = append(names, columns[i].Name)
	}
	return "unnest(" + strings.Join(types, ", ") + ") as v (" + strings.Join(names, ", ") + ")"
}

// Given implements bunstore.Dialect.
func (*dialect) Given(columns []bunstore.Column) []any {
	args := make([]any, len(columns))
	for i := range columns {
		args[i] = &columns[i]
	}
	return args
}

// registerColumns has a connection send columns as the arrays they are. pgx's own
// way makes a value of its own of each element, and a buffer for many.
func registerColumns(types *pgtype.Map) {
	for _, a := range arrays {
		if known, ok := types.TypeForOID(a.oid); ok {
			types.RegisterType(&pgtype.Type{Name: known.Name, OID: a.oid, Codec: columnCodec{known.Codec, a.element}})
		}
	}
}

// columnCodec encodes columns, and the rest as the codec of the array does.
type columnCodec struct {
	pgtype.Codec
	element uint32
}

// PlanEncode implements pgtype.Codec.
func (c columnCodec) PlanEncode(types *pgtype.Map, oid uint32, format int16, value any) pgtype.EncodePlan {
	if _, is := value.(*bunstore.Column); is && format == pgtype.BinaryFormatCode {
		return columnPlan{c.element}
	}
	return c.Codec.PlanEncode(types, oid, format, value)
}

// sizeOf returns how many bytes a column takes, or a few more: room that is made
// by and by is copied each time.
func sizeOf(c *bunstore.Column) int {
	const header, length = 20, 4
	size := header + c.Len()*length + 16*len(c.IDs) + 8*len(c.Integers) + len(c.Bools)
	for _, text := range c.Texts {
		size += len(text)
	}
	for _, bytes := range c.Bytes {
		size += len(bytes)
	}
	return size
}

// columnPlan writes a column in the binary form of an array: how many dimensions,
// whether there are NULLs, of what, how many, from which index; then the length of
// each value, -1 for NULL, and its bytes (PostgreSQL, array_recv).
type columnPlan struct{ element uint32 }

// Encode implements pgtype.EncodePlan.
func (p columnPlan) Encode(value any, to []byte) ([]byte, error) {
	c := value.(*bunstore.Column)
	u32, nulls := binary.BigEndian.AppendUint32, uint32(0)
	if len(c.Null) > 0 {
		nulls = 1
	}
	to = slices.Grow(to, sizeOf(c))
	to = u32(u32(u32(to, 1), nulls), p.element)
	to = u32(u32(to, uint32(c.Len())), 1)
	for row := range c.Len() {
		if c.IsNull(row) {
			to = u32(to, 1<<32-1)
			continue
		}
		switch c.Kind {
		case bunstore.IDs:
			to = append(u32(to, 16), c.IDs[row][:]...)
		case bunstore.Texts:
			to = append(u32(to, uint32(len(c.Texts[row]))), c.Texts[row]...)
		case bunstore.Integers:
			to = binary.BigEndian.AppendUint64(u32(to, 8), uint64(c.Integers[row]))
		case bunstore.Bools:
			bit := byte(0)
			if c.Bools[row] {
				bit = 1
			}
			to = append(u32(to, 1), bit)
		case bunstore.Bytes:
			to = append(u32(to, uint32(len(c.Bytes[row]))), c.Bytes[row]...)
		}
	}
	return to, nil
}
