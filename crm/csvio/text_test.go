package csvio_test

import (
	"encoding/binary"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm/csvio"
)

// encode returns text in UTF-16 behind its mark.
func encode(order binary.AppendByteOrder, text string) string {
	encoded := order.AppendUint16(nil, 0xfeff)
	for _, unit := range utf16.Encode([]rune(text)) {
		encoded = order.AppendUint16(encoded, unit)
	}
	return string(encoded)
}

func TestEncodings(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Budi,081200000001\n", 5000) // past what is looked at first
	for _, c := range []struct {
		file string
		want csvio.Encoding
		cell string // the last of the file
	}{
		{"a,é😀", csvio.UTF8, "é😀"},
		{"\ufeffa,é", csvio.UTF8, "é"},
		{encode(binary.LittleEndian, "a,é😀"), csvio.UTF16LE, "é😀"},
		{encode(binary.BigEndian, "a,é😀"), csvio.UTF16BE, "é😀"},
		{encode(binary.LittleEndian, "a,b") + "\x3d\xd8x", csvio.UTF16LE, "b\ufffd\ufffd"}, // half of a pair, half of a unit
		{encode(binary.LittleEndian, "a,b") + "\x3d\xd8x\x00", csvio.UTF16LE, "b\ufffdx"},
		{"a,\xe9\x80\x81\x9f\x93x\x94", csvio.Windows1252, "é€\u0081Ÿ“x”"},
		{"\ufeffa,é\xe9", csvio.UTF8, "éé"}, // a byte of another file
		{long + "a,\xe9", csvio.UTF8, "é"},
		{"x\xe9\n" + long + "a,\xe9", csvio.Windows1252, "é"},
		{strings.Repeat("x", 64<<10-3) + "é,é", csvio.UTF8, "é"}, // a character across the end of what is looked at
		{strings.Repeat("x", 64<<10-5) + "😀,é", csvio.UTF8, "é"},
	} {
		for _, slowly := range []bool{false, true} {
			file := "x\n" + c.file
			if c.want == csvio.UTF16LE || c.want == csvio.UTF16BE || strings.HasPrefix(c.file, "\ufeff") {
				file = c.file
			}
			in := iotest.DataErrReader(strings.NewReader(file))
			if slowly {
				in = iotest.HalfReader(strings.NewReader(file))
			}
			r, err := csvio.Open(in, csvio.Options{Delimiter: ",", Header: &no})
			if err != nil {
				t.Fatal(err)
			}
			var last csvio.Record
			for row, err := r.Read(); err == nil; row, err = r.Read() {
				last = row
			}
			if got := r.Format().Encoding; got != c.want || last.Cells[len(last.Cells)-1] != c.cell {
				t.Errorf("%.40q ends with %.40q in %s, want %q in %s", c.file, last.Cells[len(last.Cells)-1], got, c.cell, c.want)
			}
		}
	}
}

// TestEncodingsAgree: a text is read alike in every encoding that can hold it.
func TestEncodingsAgree(t *testing.T) {
	t.Parallel()
	properties := gopter.NewProperties(nil)
	properties.Property("UTF-8 and UTF-16", prop.ForAll(func(text string) bool {
		text = strings.ToValidUTF8(text, "?")
		want := show(readAll(t, strings.NewReader("\ufeff"+text), ","))
		return show(readAll(t, strings.NewReader(encode(binary.LittleEndian, text)), ",")) == want &&
			show(readAll(t, strings.NewReader(encode(binary.BigEndian, text)), ",")) == want
	}, gen.OneGenOf(genText(), gen.AnyString())))
	properties.TestingRun(t)
}
