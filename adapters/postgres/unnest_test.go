package postgres

import (
	"bytes"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/my21staff/my21staff/adapters/bunstore"
)

// TestColumnsAsArrays compares the bytes of columns with those pgx makes of the
// same values.
func TestColumnsAsArrays(t *testing.T) {
	t.Parallel()
	id, text := [16]byte{1, 15: 2}, "é"
	for name, c := range map[string]struct {
		column bunstore.Column
		same   any
	}{
		"ids":       {bunstore.Column{Kind: bunstore.IDs, IDs: [][16]byte{id, {}}, Null: []bool{false, true}}, []*[16]byte{&id, nil}},
		"texts":     {bunstore.Column{Kind: bunstore.Texts, Texts: []string{"", "a"}}, []string{"", "a"}},
		"NULL":      {bunstore.Column{Kind: bunstore.Texts, Texts: []string{"", text}, Null: []bool{true}}, []*string{nil, &text}},
		"integers":  {bunstore.Column{Kind: bunstore.Integers, Integers: []int64{-1, 1 << 62}}, []int64{-1, 1 << 62}},
		"bools":     {bunstore.Column{Kind: bunstore.Bools, Bools: []bool{true, false}}, []bool{true, false}},
		"bytes":     {bunstore.Column{Kind: bunstore.Bytes, Bytes: [][]byte{{}, {0}, nil}, Null: []bool{false, false, true}}, [][]byte{{}, {0}, nil}},
		"no values": {bunstore.Column{Kind: bunstore.Integers}, []int64{}},
	} {
		types := pgtype.NewMap()
		oid := arrays[c.column.Kind].oid
		want, err := types.Encode(oid, pgtype.BinaryFormatCode, c.same, nil)
		if err != nil {
			t.Fatal(err)
		}
		registerColumns(types)
		got, err := types.Encode(oid, pgtype.BinaryFormatCode, &c.column, nil)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s are\n%x, %v, want\n%x", name, got, err, want)
		}
		if again, err := types.Encode(oid, pgtype.BinaryFormatCode, c.same, nil); err != nil || !bytes.Equal(again, want) {
			t.Errorf("%s are %x in pgx's own form, %v, want %x", name, again, err, want)
		}
	}
}
