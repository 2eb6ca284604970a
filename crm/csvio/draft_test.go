package csvio_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/csvio"
)

var limits = csvio.Limits{Name: 200, Tag: 40, LeadStatus: 40, Note: 8000, FieldName: 100, FieldValue: 4096, External: 200, Tags: 50}

// told returns a draft or its problems as a row of a table.
func told(d csvio.Draft, problems []csvio.Problem) string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+"="+value)
		}
	}
	for _, p := range problems {
		add(p.Column, string(p.Code))
	}
	add("name", d.Name)
	for _, id := range d.Identities {
		if id.Kind != crm.ByWaID { // every number's
			add(string(id.Kind), id.Value)
		}
	}
	add("tags", strings.Join(d.Tags, "|"))
	add("status", d.LeadStatus)
	for _, field := range slices.Sorted(maps.Keys(d.Fields)) {
		add("field:"+field, d.Fields[field])
	}
	add("note", d.Note)
	if d.OptOut != nil {
		add("out", fmt.Sprint(*d.OptOut))
	}
	return strings.Join(parts, " ")
}

// TestDraft reads one row each of a sheet with a column of every kind.
func TestDraft(t *testing.T) {
	t.Parallel()
	const header = "nama,hp,email,id pelanggan,wa_id,user_id,tag,status,catatan,stop,Kota\n"
	const one, two = "phone=+6281200000001", " phone=+6281200000002"
	for _, c := range []struct{ row, want string }{
		{"Budi,081200000001", "name=Budi " + one},
		{" Budi , 081200000001 ,,,,,,,,,", "name=Budi " + one},
		{"Budi,081200000001,Budi@Example.com,C-1,,,\"VIP, Medan;vip\",baru,mau ke Perth,ya,Medan",
			"name=Budi " + one + " email=budi@example.com external_id=C-1 tags=VIP|Medan status=baru field:Kota=Medan note=mau ke Perth out=true"},
		// What a spreadsheet does to numbers.
		{",81200000001", one},
		{",6281200000001", one},
		{",+62 812-0000-0001", one},
		{",'081200000001", one},
		{`,="081200000001"`, one},
		{`,"=""081200000001"""`, one},
		{",’081200000001", one},
		{",6281200000001.0", one},
		{`,"6281200000001,00"`, one},
		{`,"6,281,200,000,001"`, one},
		{",6.281.200.000.001", one},
		{",6.281200000001E+12", one}, // all its digits are there
		{`,"6,281200000001e12"`, one},
		{`,"6,28E+12"`, "hp=phone_rounded"},
		{",6.2812E+12", "hp=phone_rounded"},
		{",8.12E+10", "hp=phone_rounded"},
		{",6.28120000000E+12", "hp=phone_rounded"},
		{",#N/A", "hp=sheet_error"},
		{",########", "hp=sheet_error"},
		// Several of them.
		{`,"081200000001, 081200000002"`, one + two},
		{",081200000001;081200000002", one + two},
		{`,"081200000001` + "\n" + `081200000002"`, one + two},
		{",0812-0000-0001,,,6281200000002", one + two},
		{",081200000001,,,6281200000001", one},
		{",081200000001/081200000002", "hp=bad_phone"},
		// The other ways to know somebody.
		{",,budi@example.com;b@example.com", "email=budi@example.com email=b@example.com"},
		{",,,\"A,1;2\"", "external_id=A,1;2"},
		{",,,,,US.13491208655302741918", "user_id=US.13491208655302741918"},
		{"Budi", "=no_identity"},
		{"Budi,-", "hp=bad_phone"},
		{"Budi,tidak ada", "hp=bad_phone"},
		{"Budi,0812", "hp=bad_phone"},
		{"Budi,,budi", "email=bad_email"},
		{"Budi,,,,0812", "wa_id=bad_wa_id"},
		{"Budi,,,,,0812", "user_id=bad_user_id"},
		// The rest.
		{",081200000001,,,,,,,,TIDAK", one + " out=false"},
		{",081200000001,,,,,,,,mungkin", "stop=bad_opt_out"},
		{",081200000001,,,,,,,,, Medan ", one + " field:Kota= Medan "},
		{",081200000001,,,,,,,,,  ", one},
		{",081200000001,,,,,,,\"a\nb\"", one + " note=a\nb"},
		{",081200000001,,,,,\"\"\"a, b\"\", c\"", one + " tags=a, b|c"},
		{",081200000001,,,,,,,,,,lebih", "=extra_cells"},
		{",081200000001,,,,,,,,,,,,", one},
		{strings.Repeat("x", 201) + ",081200000001", "nama=too_long"},
		{",081200000001,," + strings.Repeat("x", 201), "id pelanggan=too_long"},
		{",081200000001,,,,," + strings.Repeat("x", 41), "tag=too_long"},
		{",081200000001,,,,,," + strings.Repeat("x", 41), "status=too_long"},
		{",081200000001,,,,,,," + strings.Repeat("x", 8001), "catatan=too_long"},
		{",081200000001,,,,,,,,," + strings.Repeat("é", 2049), "Kota=too_long"},
		{",081200000001,,,,," + strings.Join(manyTags(51), ";"), "tag=too_many_tags"},
		{"a\x00b,0812,x", "nama=bad_text hp=bad_phone email=bad_email"}, // all of it at once
		{`"a"b,081200000001`, "=bad_quote"},
		{`"a,081200000001`, "=open_quote"},
		{",,,,", ""},
		{" , ,", ""},
	} {
		r, err := csvio.Open(strings.NewReader(header+c.row), csvio.Options{Delimiter: ",", Header: &yes})
		if err != nil {
			t.Fatal(err)
		}
		plan := csvio.Plan{Header: r.Header(), Columns: csvio.Guess(r.Header(), nil, "ID"), Region: "ID", Limits: limits}
		record, err := r.Read()
		if err != nil {
			t.Fatal(err)
		}
		draft, problems := plan.Draft(record)
		got := strings.TrimPrefix(told(draft, problems), " ")
		for _, p := range problems {
			if p.Line != 2 || p.ID == "" || p.EN == "" || strings.Contains(p.ID+p.EN, "%!") {
				t.Errorf("%q: the problem is %+v, want line 2 and two sentences", c.row, p)
			}
		}
		if got != c.want {
			t.Errorf("%q is read as\n%q, want\n%q", c.row, got, c.want)
		}
	}
}

func manyTags(n int) []string {
	tags := make([]string, n)
	for i := range tags {
		tags[i] = fmt.Sprint("tag", i)
	}
	return tags
}

// TestProblemsName shows how a person is told, in both languages, with and
// without a header.
func TestProblemsName(t *testing.T) {
	t.Parallel()
	plan := csvio.Plan{Columns: []csvio.Target{csvio.Name, csvio.Phone}, Region: "ID"}
	_, problems := plan.Draft(csvio.Record{Line: 7, Cells: []string{"Budi", "6,28E+12"}})
	want := csvio.Problem{
		Line: 7, Column: "2", Code: csvio.PhoneRounded,
		ID: "Excel menyingkat nomor ini menjadi 6,28E+12 dan angkanya hilang. Di Excel: pilih kolomnya, klik kanan > Format Sel > Angka dengan 0 desimal (atau Teks), lalu simpan lagi sebagai CSV.",
		EN: "Excel shortened this number to 6,28E+12 and its digits are lost. In Excel: select the column, right-click > Format Cells > Number with 0 decimals (or Text), then save as CSV again.",
	}
	if len(problems) != 1 || problems[0] != want {
		t.Errorf("%+v, want %+v", problems, want)
	}
	draft := csvio.Draft{Line: 9}
	for _, c := range []struct {
		problem csvio.Problem
		want    string
	}{
		{csvio.Matches(draft, []string{"Budi", "Sari"}), "two_contacts: This row matches two different contacts (Budi, Sari). Merge them first, or split the row."},
		{csvio.NoTag(draft, "VIP"), `unknown_tag: There is no tag "VIP", and this import may not add to the tags.`},
		{csvio.Refused(9, "", &crm.Error{Op: "x", Code: crm.Invalid, Msg: "There is no such status."}), "bad_value: This value is refused: There is no such status."},
		{csvio.Refused(9, "", crm.Invalid), "bad_value: This value is refused: invalid"},
	} {
		if got := string(c.problem.Code) + ": " + c.problem.EN; got != c.want || c.problem.Line != 9 || c.problem.ID == "" {
			t.Errorf("%+v, want line 9 and %q", c.problem, c.want)
		}
	}
}

// TestProblemsFile: the file of problems, corrected, is a file to import.
func TestProblemsFile(t *testing.T) {
	t.Parallel()
	plan := csvio.Plan{Header: []string{"nama", "hp"}, Columns: []csvio.Target{csvio.Name, csvio.Phone}, Region: "ID"}
	record := csvio.Record{Line: 2, Cells: []string{"=Budi", "0812", "", ""}}
	_, problems := plan.Draft(record)
	file := write([][]string{csvio.ProblemsHeader(plan.Header, 2), csvio.ProblemsRow(record.Cells, 2, problems)}, ';')
	want := "\ufeffnama;hp;import_line;import_column;import_code;import_alasan;import_reason\r\n" +
		"'=Budi;0812;2;hp;bad_phone;\"\"\"0812\"\" bukan nomor telepon.\";\"\"\"0812\"\" is not a phone number.\"\r\n"
	if file != want {
		t.Fatalf("the file is\n%s, want\n%s", file, want)
	}
	preview := look(t, strings.Replace(file, ";0812;", ";081200000001;", 1))
	if got := told(preview.Drafts[0], preview.Problems); got != "name==Budi phone=+6281200000001" {
		t.Errorf("corrected, the row is read as %q", got)
	}
	if got := csvio.ProblemsHeader(nil, 2); len(got) != 7 || got[1] != "" {
		t.Errorf("without a header the columns are %q", got)
	}
}
