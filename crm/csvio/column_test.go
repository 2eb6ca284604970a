package csvio_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm/csvio"
)

// look reads a file as the preview does.
func look(t *testing.T, file string) csvio.Preview {
	t.Helper()
	r, err := csvio.Open(strings.NewReader(file), csvio.Options{})
	if err != nil {
		t.Fatalf("Open(%q): %v", file, err)
	}
	preview, err := csvio.Look(r, "ID", limits)
	if err != nil {
		t.Fatalf("Look(%q): %v", file, err)
	}
	return preview
}

func TestGuess(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, want string }{
		// By their names.
		{"Nama,No HP,Email,Tag,Status,Catatan,Alamat\n", "name phone email tags lead_status note field:Alamat"},
		{"nama lengkap;no. wa;telepon rumah;e-mail;keterangan\n", "name phone field:telepon rumah email note"},
		{"NAMA SISWA\tNomor WhatsApp\tAsal Sekolah\tNIS\n", "name phone field:Asal Sekolah external_id"},
		{"Full Name,Phone Number,Email Address,Labels,Lead Status,Notes,City\n", "name phone email tags lead_status note field:City"},
		{"name,phone,phone 2,E-mail 1 - Value,Phone 1 - Value\n", "name phone phone email phone"},
		{"First Name,Last Name,Mobile\n", "name name phone"},
		{"Nama Depan,Nama Belakang,Nama,HP\n", "field:Nama Depan field:Nama Belakang name phone"},
		{"Nama,Nama Lengkap,HP\n", "name field:Nama Lengkap phone"},
		{"Status,Tahap,HP\n", "lead_status field:Tahap phone"},
		{"Kota,Kota,HP\n", "field:Kota skip phone"},
		{"No,Nama,HP\n", "skip name phone"},
		{"id,name,wa_id,external_id,opt_out,field:Email,created_at\n", "skip name wa_id external_id opt_out field:Email skip"},
		{"Nama,,HP,\n", "name skip phone"},
		// By their values.
		{"Nama,Kolom\nBudi,081200000001\nSari,0812-0000-0002\n", "name phone"},
		{"Nama,Kolom\nBudi,\"6,28E+12\"\n", "name phone"},
		{"Nama,Kolom\nBudi,budi@example.com\nSari,sari@example.com\n", "name email"},
		{"Nama,Kode Pos\nBudi,20111\nSari,40111\n", "name field:Kode Pos"},
		{"Nama,Tahun Lahir\nBudi,2008\n", "name field:Tahun Lahir"},
		{"Kontak,Umur\n081200000001,15\n081200000002,16\n", "phone field:Umur"},
		{"Nama,HP,HP Ayah\nBudi,081200000001,081200000002\n", "name phone field:HP Ayah"},
		{"Nama,HP Ibu,HP Ayah\nBudi,081200000001,081200000002\n", "name phone field:HP Ayah"},
		// Without a header.
		{"Budi,081200000001,budi@example.com,Medan\nSari,081200000002,sari@example.com,Bandung\n", "name phone email skip"},
		{"1,081200000001,Budi\n2,081200000002,Sari\n", "skip phone name"},
		{"081200000001\n081200000002\n", "phone"},
		{"", ""},
	} {
		var words []string
		for _, target := range look(t, c.file).Columns {
			words = append(words, string(target))
		}
		if got := strings.Join(words, " "); got != c.want {
			t.Errorf("%q is taken for\n%s, want\n%s", c.file, got, c.want)
		}
	}
}

func TestPlanCheck(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ columns, want string }{
		{"name phone", ""},
		{"name name email note note tags tags phone phone", ""},
		{"external_id skip skip", ""},
		{"name", "No column is a number"},
		{"phone phones", `Column 2: "phones" is nothing`},
		{"phone field:", `Column 2: "field:" is nothing`},
		{"phone field:a field:a", "Two columns are field:a"},
		{"phone lead_status lead_status", "Two columns are lead_status"},
		{"phone opt_out opt_out", "Two columns are opt_out"},
		{"phone field:" + strings.Repeat("x", 101), "at most 100 characters"},
	} {
		plan := csvio.Plan{Limits: limits}
		for _, word := range strings.Fields(c.columns) {
			plan.Columns = append(plan.Columns, csvio.Target(word))
		}
		if got := fmt.Sprint(plan.Check()); (c.want == "") != (got == "<nil>") || !strings.Contains(got, c.want) {
			t.Errorf("Check of %s: %s, want %q in it", c.columns, got, c.want)
		}
	}
}
