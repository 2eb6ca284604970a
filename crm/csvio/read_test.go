package csvio_test

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/csvio"
)

var no, yes = false, true

// readAll returns every record of a file without a header.
func readAll(tb testing.TB, file io.Reader, delimiter string) []csvio.Record {
	tb.Helper()
	r, err := csvio.Open(file, csvio.Options{Delimiter: delimiter, Header: &no})
	if err != nil {
		tb.Fatalf("Open: %v", err)
	}
	var rows []csvio.Record
	for {
		row, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			tb.Fatalf("Read: %v", err)
		}
		rows = append(rows, row)
	}
}

// show writes records so that a table can hold them: the line, the cells, the
// fault.
func show(rows []csvio.Record) string {
	var shown []string
	for _, row := range rows {
		shown = append(shown, strings.TrimSpace(fmt.Sprintf("%d%q %s", row.Line, row.Cells, row.Fault)))
	}
	return strings.Join(shown, "; ")
}

func TestRead(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, want string }{
		{"", ``},
		{"\n\n", ``},
		{"a,b", `1["a" "b"]`},
		{"a,b\n", `1["a" "b"]`},
		{"a,b\r\nc,d\r\n", `1["a" "b"]; 2["c" "d"]`},
		{"a,b\rc,d", `1["a" "b"]; 2["c" "d"]`}, // old Macs
		{"a\n\n\nb", `1["a"]; 4["b"]`},
		{"a,\n,\n", `1["a" ""]; 2["" ""]`},
		{`""` + "\nb", `1[""]; 2["b"]`},
		{"\"a\nb\",c\nd,e", `1["a\nb" "c"]; 3["d" "e"]`},
		{"\"a\r\nb\",c\r\nd,e", `1["a\r\nb" "c"]; 3["d" "e"]`}, // kept as it is
		{"\"a\rb\"\rc", `1["a\rb"]; 3["c"]`},
		{`"a ""b"" c"`, `1["a \"b\" c"]`},
		{`5" disk,6"`, `1["5\" disk" "6\""]`}, // a quote within is one
		{`"a" ,b`, `1["a" "b"]`},
		{"\"a\"b,c\nd", `1["ab" "c"] bad_quote; 2["d"]`},
		{"a\n\"b,c\nd", `1["a"]; 2["b,c\nd"] open_quote`},
		{`'081200000001,="081200000001",="a ""b""",'tis`, `1["081200000001" "081200000001" "a \"b\"" "'tis"]`},
		{"'=1+1,'''+62,-", `1["=1+1" "''+62" "-"]`},
		{`="a"&"b"`, `1["=\"a\"&\"b\""]`}, // a formula, and stays what it says
	} {
		if got := show(readAll(t, strings.NewReader(c.file), ",")); got != c.want {
			t.Errorf("%q is read as\n%s, want\n%s", c.file, got, c.want)
		}
	}
}

func TestReadBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, file string }{
		{"cells", strings.Repeat("x,", 10*csvio.MaxCells)},
		{"bytes", `"` + strings.Repeat("x\n", csvio.MaxRecord) + `"`},
	} {
		rows := readAll(t, strings.NewReader("a,b\n"+c.file+"\nc,d"), ",")
		if len(rows) != 3 || rows[1].Fault != csvio.RecordTooLarge || rows[2].Fault != "" || rows[2].Cells[1] != "d" {
			t.Fatalf("too many %s: %d rows, want one with a fault between two without", c.name, len(rows))
		}
		size := 0
		for _, cell := range rows[1].Cells {
			size += len(cell)
		}
		if size > csvio.MaxRecord || len(rows[1].Cells) > csvio.MaxCells {
			t.Errorf("too many %s: %d bytes in %d cells are kept", c.name, size, len(rows[1].Cells))
		}
	}
}

func TestOpenFindsTheFormat(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, delimiter, header, first string }{
		{"nama,no hp\nBudi,0812", ",", `["nama" "no hp"]`, `2["Budi" "0812"]`},
		{"nama;no hp\nBudi, S.Kom;0812", ";", `["nama" "no hp"]`, `2["Budi, S.Kom" "0812"]`},
		{"nama, gelar;no hp\nBudi, S.Kom;0812\nSari;0813", ";", `["nama, gelar" "no hp"]`, `2["Budi, S.Kom" "0812"]`},
		{"nama\tno hp\nBudi, S.Kom; M.T\t0812", "\t", `["nama" "no hp"]`, `2["Budi, S.Kom; M.T" "0812"]`},
		{"sep=;\r\nnama;no hp\r\nBudi;0812", ";", `["nama" "no hp"]`, `3["Budi" "0812"]`},
		{"SEP=|\nnama|no hp\nBudi|0812", "|", `["nama" "no hp"]`, `3["Budi" "0812"]`},
		{"sep=,\nBudi;x,0812", ",", `[]`, `2["Budi;x" "0812"]`},
		{"nama,catatan\nBudi,\"a;b;c;d\ne;f;g;h\"\nSari,x", ",", `["nama" "catatan"]`, `2["Budi" "a;b;c;d\ne;f;g;h"]`},
		{"Nama Anak,No. WhatsApp (aktif),,\nBudi,0812,,", ",", `["Nama Anak" "No. WhatsApp (aktif)"]`, `2["Budi" "0812" "" ""]`},
		{"Budi,081200000001\nSari,081200000002", ",", `[]`, `1["Budi" "081200000001"]`},
		{"Kota Asal,Kode\nMedan,081200000002", ",", `["Kota Asal" "Kode"]`, `2["Medan" "081200000002"]`},
		{"Medan,Budi\nBandung,Sari", ",", `[]`, `1["Medan" "Budi"]`},
		{"081200000001\n081200000002", ",", `[]`, `1["081200000001"]`},
		{"email\nbudi@example.com", ",", `["email"]`, `2["budi@example.com"]`},
		{"", ",", `[]`, ``},
		{"nama,hp", ",", `["nama" "hp"]`, ``},
	} {
		r, err := csvio.Open(strings.NewReader(c.file), csvio.Options{})
		if err != nil {
			t.Errorf("Open(%q): %v", c.file, err)
			continue
		}
		var rows []csvio.Record
		if row, err := r.Read(); err == nil {
			rows = append(rows, row)
		}
		f := r.Format()
		if got := fmt.Sprintf("%q", r.Header()); f.Delimiter != c.delimiter || got != c.header || show(rows) != c.first || f.Header != (c.header != "[]") {
			t.Errorf("%q has delimiter %q, header %s and begins with %s,\nwant %q, %s, %s", c.file, f.Delimiter, got, show(rows), c.delimiter, c.header, c.first)
		}
	}
}

func TestOpenWithOptions(t *testing.T) {
	t.Parallel()
	r, err := csvio.Open(strings.NewReader("Budi;x\nSari;y"), csvio.Options{Header: &yes, Delimiter: ","})
	if err != nil || !slices.Equal(r.Header(), []string{"Budi;x"}) {
		t.Errorf("the header is %q, %v, want what the options say", r.Header(), err)
	}
	for _, delimiter := range []string{`"`, "\n", "\r", "'", "ab", "é", "\xff"} {
		if _, err := csvio.Open(strings.NewReader("a"), csvio.Options{Delimiter: delimiter}); !errors.Is(err, crm.Invalid) {
			t.Errorf("Open with the delimiter %q: %v, want Invalid", delimiter, err)
		}
	}
	broken := errors.New("the disk is gone")
	if _, err := csvio.Open(iotest.ErrReader(broken), csvio.Options{}); !errors.Is(err, broken) {
		t.Errorf("Open of a broken file: %v, want its error", err)
	}
	long := strings.Repeat("Budi,081200000001\n", 20_000)
	r, err = csvio.Open(io.MultiReader(strings.NewReader(long), iotest.ErrReader(broken)), csvio.Options{})
	for err == nil {
		_, err = r.Read()
	}
	if !errors.Is(err, broken) {
		t.Errorf("Read of a file that breaks: %v, want its error", err)
	}
}

// genText makes texts of what matters to CSV and to spreadsheets.
func genText() gopter.Gen {
	piece := gen.OneConstOf("=", "+", "-", "@", "'", "''", `"`, `""`, ",", ";", "\t", "\n", "\r", "\r\n", " ", "|", "(", "!", "＝", "＠",
		"a", "Budi", "0812", "é", "\u200b", "\ufeff", "\x00", "sep=;", "1", "😀")
	return gen.SliceOfN(6, piece).Map(func(pieces []string) string { return strings.Join(pieces, "") })
}

func genTable() gopter.Gen {
	return gen.IntRange(1, 5).FlatMap(func(width any) gopter.Gen {
		return gen.SliceOf(gen.SliceOfN(width.(int), gen.OneGenOf(genText(), gen.AnyString(), gen.Const(""))))
	}, reflect.TypeFor[[][]string]())
}

// write returns a table as a file.
func write(table [][]string, delimiter byte) string {
	var file strings.Builder
	w := csvio.NewWriter(&file, delimiter)
	for _, row := range table {
		_ = w.Write(row...) // a builder takes everything, and Flush would say
	}
	if err := w.Flush(); err != nil {
		panic(err)
	}
	return file.String()
}

func cellsOf(rows []csvio.Record) [][]string {
	table := [][]string{}
	for _, row := range rows {
		table = append(table, row.Cells)
	}
	return table
}

// TestRoundTrip: what was written is read as it was, in every delimiter, every
// record on the line that an independent reader finds it on.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	properties := gopter.NewProperties(nil)
	for _, delimiter := range []byte{',', ';', '\t'} {
		properties.Property(fmt.Sprintf("read(write(x)) = x with %q", delimiter), prop.ForAll(func(table [][]string) string {
			for _, row := range table {
				for i := range row {
					row[i] = strings.ToValidUTF8(row[i], "?")
				}
			}
			file := write(table, delimiter)
			rows := readAll(t, strings.NewReader(file), string(delimiter))
			if got := cellsOf(rows); !reflect.DeepEqual(got, append([][]string{}, table...)) {
				return fmt.Sprintf("%q is read as %q", file, got)
			}
			return wrongLine(file, rows)
		}, genTable()))
	}
	properties.TestingRun(t)
}

// wrongLine returns which record does not begin on its line, counted from the
// file's beginning, or "". The first cell of each stands there.
func wrongLine(file string, rows []csvio.Record) string {
	count := strings.NewReplacer("\r\n", "\n", "\r", "\n")
	lines := strings.Split(count.Replace(strings.TrimPrefix(file, "\ufeff")), "\n")
	for i, row := range rows {
		if i > 0 && row.Line <= rows[i-1].Line || row.Line > len(lines) {
			return fmt.Sprintf("record %d is on line %d of %d", i, row.Line, len(lines))
		}
		head := strings.Split(count.Replace(row.Cells[0]), "\n")[0]
		plain := func(s string) string { return strings.NewReplacer(`"`, "", "'", "").Replace(s) }
		if !strings.HasPrefix(plain(lines[row.Line-1]), plain(head)) {
			return fmt.Sprintf("record %d, %q, is not on line %d, %q", i, head, row.Line, lines[row.Line-1])
		}
	}
	return ""
}

// TestAgreesWithAnotherReader: on files that Go's own reader takes, we find the
// same records on the same lines.
func TestAgreesWithAnotherReader(t *testing.T) {
	t.Parallel()
	properties := gopter.NewProperties(nil)
	properties.Property("encoding/csv", prop.ForAll(func(table [][]string) string {
		var file strings.Builder
		w := csv.NewWriter(&file)
		for _, row := range table {
			for i := range row { // it loses CR, and knows no escapes of ours
				row[i] = strings.NewReplacer("\r", "", "'", "", "=", "").Replace(strings.ToValidUTF8(row[i], "?"))
			}
		}
		if len(table) > 0 {
			table[0][0] = "x" + table[0][0] // neither a mark nor "sep="
		}
		if err := w.WriteAll(table); err != nil {
			return err.Error()
		}
		theirs := csv.NewReader(strings.NewReader(file.String()))
		theirs.FieldsPerRecord = -1
		ours := readAll(t, strings.NewReader(file.String()), ",")
		for i := 0; ; i++ {
			cells, err := theirs.Read()
			if errors.Is(err, io.EOF) {
				if i != len(ours) {
					return fmt.Sprintf("%q: %d records, want %d", file.String(), len(ours), i)
				}
				return ""
			}
			if err != nil {
				return err.Error()
			}
			if line, _ := theirs.FieldPos(0); i >= len(ours) || !slices.Equal(ours[i].Cells, cells) || ours[i].Line != line {
				return fmt.Sprintf("%q: record %d is not %q on line %d", file.String(), i, cells, line)
			}
		}
	}, genTable()))
	properties.TestingRun(t)
}

// wantOneOutcome fails the test unless a row is a draft with somebody in it, or
// has problems on its line, or is blank: no row is lost, and none invented.
func wantOneOutcome(t *testing.T, plan *csvio.Plan, row csvio.Record) {
	t.Helper()
	draft, problems := plan.Draft(row)
	outcomes := 0
	for _, is := range []bool{len(draft.Identities) > 0, len(problems) > 0, row.Blank()} {
		if is {
			outcomes++
		}
	}
	if outcomes != 1 || len(draft.Identities) > 0 && draft.Line != row.Line {
		t.Fatalf("%+v is %+v and has %+v", row, draft, problems)
	}
	for _, p := range problems {
		if p.Line != row.Line || p.ID == "" || p.EN == "" || strings.Contains(p.ID+p.EN, "%!") {
			t.Fatalf("%+v has the problem %+v", row, p)
		}
	}
}

// FuzzRead: whatever the bytes, reading ends, within bounds, the same however
// the bytes arrive, and what was read comes back from what we write of it.
func FuzzRead(f *testing.F) {
	for _, file := range []string{
		"", "nama,hp\nBudi,0812", "sep=;\r\na;b\r\n", "\ufeffa\tb", "\xff\xfea\x00,\x00b\x00", "\xfe\xff\x00a\xd8\x00", "a\x80b\xe9,\"c\"d",
		"\"a\r\n\"\"b\"\r,'=1", `="0812",'+62`, "a,b,,,\n,,,,\n",
	} {
		f.Add([]byte(file))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		r, err := csvio.Open(strings.NewReader(string(file)), csvio.Options{})
		if err != nil {
			t.Fatalf("Open: %v", err)
		}
		slow, err := csvio.Open(iotest.OneByteReader(strings.NewReader(string(file))), csvio.Options{})
		if err != nil || slow.Format() != r.Format() || !slices.Equal(slow.Header(), r.Header()) {
			t.Fatalf("byte by byte: %+v, %q, %v, want %+v, %q", slow.Format(), slow.Header(), err, r.Format(), r.Header())
		}
		plan := csvio.Plan{Header: r.Header(), Columns: []csvio.Target{csvio.Name, csvio.Phone, csvio.Email, csvio.Tags, csvio.OptOut, csvio.ExternalID}, Region: "ID", Limits: limits}
		var table [][]string
		for last := 0; ; {
			row, err := r.Read()
			again, errAgain := slow.Read()
			if !reflect.DeepEqual(row, again) || err != errAgain { //nolint:errorlint // the same error
				t.Fatalf("byte by byte: %+v, %v, want %+v, %v", again, errAgain, row, err)
			}
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("Read: %v", err)
			}
			if row.Line <= last || len(row.Cells) == 0 || len(row.Cells) > csvio.MaxCells {
				t.Fatalf("the record after line %d: %+v", last, row)
			}
			last = row.Line
			wantOneOutcome(t, &plan, row)
			if row.Fault == "" {
				table = append(table, row.Cells)
			}
		}
		if got := cellsOf(readAll(t, strings.NewReader(write(table, ';')), ";")); !reflect.DeepEqual(got, append([][]string{}, table...)) {
			t.Fatalf("%q comes back as %q", table, got)
		}
	})
}
