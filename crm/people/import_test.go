package people_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/csvio"
	"github.com/my21staff/my21staff/crm/people"
)

// upload uploads a file that must be taken.
func (o *office) upload(p access.Principal, file string) *crm.Import {
	o.t.Helper()
	im, _, err := o.imports.Upload(o.t.Context(), p, people.Upload{Filename: "kontak.csv", Region: "ID", File: strings.NewReader(file)})
	if err != nil {
		o.t.Fatal(err)
	}
	return im
}

// imported imports a file and returns the import when it ended.
func (o *office) imported(p access.Principal, file string, start people.Start) *crm.Import {
	o.t.Helper()
	im := o.upload(p, file)
	if _, err := o.imports.Start(o.t.Context(), p, im.ID, start); err != nil {
		o.t.Fatal(err)
	}
	return o.work(p, im.ID)
}

// work takes turns until an import ended.
func (o *office) work(p access.Principal, id crm.ImportID) *crm.Import {
	o.t.Helper()
	for range 3 {
		if _, err := o.imports.Turn(o.t.Context()); err != nil {
			o.t.Fatal(err)
		}
		if im := o.read(p, id); im.State.Ended() {
			return im
		}
		o.clock.Advance(time.Minute)
	}
	o.t.Fatal("the import does not end")
	return nil
}

func (o *office) read(p access.Principal, id crm.ImportID) *crm.Import {
	o.t.Helper()
	im, err := o.imports.Import(o.t.Context(), p, id)
	if err != nil {
		o.t.Fatal(err)
	}
	return im
}

// errorsOf returns an import's file of errors without its header, line by line.
func (o *office) errorsOf(p access.Principal, id crm.ImportID) []string {
	o.t.Helper()
	var file bytes.Buffer
	if err := o.imports.Errors(o.t.Context(), p, id, &file); err != nil {
		o.t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(file.String(), "\r\n"), "\r\n")[1:]
}

// told says what is known of every contact of a workspace, one a line, sorted.
func (o *office) told(p access.Principal) []string {
	o.t.Helper()
	tags, err := o.Tags(o.t.Context(), p)
	if err != nil {
		o.t.Fatal(err)
	}
	names := map[crm.TagID]string{}
	for _, tag := range tags {
		names[tag.ID] = tag.Name
	}
	var lines []string
	q := people.ContactQuery{Limit: crm.MaxPageRows}
	for {
		page, err := o.Contacts(o.t.Context(), p, q)
		if err != nil {
			o.t.Fatal(err)
		}
		for _, c := range page {
			lines = append(lines, o.tell(p, c, names))
			q.After = people.ContactCursor{At: c.UpdatedAt, ID: c.ID}
		}
		if len(page) < crm.MaxPageRows {
			slices.Sort(lines)
			return lines
		}
	}
}

func (o *office) tell(p access.Principal, c *crm.Contact, tagNames map[crm.TagID]string) string {
	var ids, tags, fields, notes []string
	for _, id := range c.Identities {
		if id.Kind != crm.ByWaID {
			ids = append(ids, id.Value)
		}
	}
	for _, tag := range c.Tags {
		tags = append(tags, tagNames[tag])
	}
	for _, name := range slices.Sorted(maps.Keys(c.Fields)) {
		fields = append(fields, name+"="+c.Fields[name])
	}
	list, err := o.Notes(o.t.Context(), p, c.ID, crm.NoteID{}, 0)
	if err != nil {
		o.t.Fatal(err)
	}
	for _, note := range list {
		notes = append(notes, note.Body)
	}
	line := fmt.Sprintf("%s %v %v %s %v %v", c.Name, ids, tags, c.LeadStatus, fields, notes)
	if c.OptOut.Out {
		line += " out"
	}
	return line
}

func counts(im *crm.Import) string {
	p := im.Progress
	return fmt.Sprintf("%s: %d rows, %d created, %d updated, %d unchanged, %d failed", im.State, p.Rows, p.Created, p.Updated, p.Unchanged, p.Failed)
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s:\n%s\nwant\n%s", what, got, want)
	}
}

const sheet = "Nama;No. HP;Email;Label;Status;Catatan;Kota\n" +
	"Budi;0812-0000-0001;budi@example.com;VIP, Medan;qualified;mau ke Perth;Medan\n" +
	"Sari;081200000002;;;;;\n" +
	";;;;;;\n" +
	"Tono;6,28E+12;;;;;\n" +
	"Budi lagi;+62 812 0000 0001;b@example.com;vip;won;mau ke Perth;Bandung\n"

func TestImport(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	im, preview, err := o.imports.Upload(t.Context(), o.me, people.Upload{Filename: "kontak.csv", Region: "ID", File: strings.NewReader(sheet)})
	if err != nil {
		t.Fatal(err)
	}
	if len(preview.Rows) != 4 || len(preview.Problems) != 1 || preview.Problems[0].Line != 5 || im.Rows != 4 || im.State != crm.ImportReady || im.Size != int64(len(sheet)) {
		t.Errorf("the preview is %+v of %+v, want 4 rows with a problem on line 5", preview, im)
	}
	want(t, "the guess", strings.Join(im.Mapping, " "), "name phone email tags lead_status note field:Kota")
	before := o.seen(o.me)
	if im, err = o.imports.Start(t.Context(), o.me, im.ID, people.Start{}); err != nil || im.State != crm.ImportRunning {
		t.Fatalf("Start: %+v, %v", im, err)
	}
	im = o.work(o.me, im.ID)
	want(t, "the import", counts(im), "done: 4 rows, 2 created, 1 updated, 0 unchanged, 1 failed")
	want(t, "the contacts", strings.Join(o.told(o.me), "\n"),
		"Budi [+6281200000001 budi@example.com b@example.com] [VIP Medan] qualified [Kota=Medan] [mau ke Perth]\n"+
			"Sari [+6281200000002] [] new [] []")
	want(t, "the errors", strings.Join(o.errorsOf(o.me, im.ID), "\n"),
		`Tono;"6,28E+12";;;;;;5;No. HP;phone_rounded;"Excel menyingkat nomor ini menjadi 6,28E+12 dan angkanya hilang. Di Excel: pilih kolomnya, klik kanan > Format Sel > Angka dengan 0 desimal (atau Teks), lalu simpan lagi sebagai CSV.";`+
			`"Excel shortened this number to 6,28E+12 and its digits are lost. In Excel: select the column, right-click > Format Cells > Number with 0 decimals (or Text), then save as CSV again."`)
	var kinds []string
	for _, f := range o.since(o.me, before) {
		kinds = append(kinds, string(f.Kind))
	}
	want(t, "the feed", strings.Join(kinds, " "), "contacts.imported tag.changed tag.changed contacts.imported") // the start, two tags, the batch
	if got := o.told(o.them); len(got) > 0 {
		t.Errorf("the other workspace has %q", got)
	}
	if c := o.card(o.me, o.byPhone("081200000002").ID).Contact; c.Source.Kind != "import" || !c.Source.At.Equal(o.clock.Now()) {
		t.Errorf("the source is %+v, want the import", c.Source)
	}
	o.wantNoFile(im)
}

func (o *office) byPhone(number string) *crm.Contact {
	o.t.Helper()
	card, err := o.ByPhone(o.t.Context(), o.me, number, "ID")
	if err != nil {
		o.t.Fatal(err)
	}
	return card.Contact
}

// wantNoFile fails the test unless an import's file is gone.
func (o *office) wantNoFile(im *crm.Import) {
	o.t.Helper()
	_, err := o.importStore.Chunk(o.t.Context(), people.Chunk{WorkspaceID: im.WorkspaceID, Import: im.ID, Of: people.OfFile})
	if !errors.Is(err, crm.NotFound) {
		o.t.Errorf("the file of an import that ended: %v, want NotFound", err)
	}
}

// TestImportAgain: the same file again changes nothing, by either policy, and
// neither does what was exported.
func TestImportAgain(t *testing.T) {
	t.Parallel()
	for _, policy := range []crm.ImportPolicy{crm.FillEmpty, crm.Overwrite} {
		o := newOffice(t)
		const file = "nama,hp,id pelanggan,label,status,catatan,kota,stop\nBudi,081200000001,C-1,VIP,won,halo,Medan,ya\n" +
			",+52 1 55 5555 0100,,,,,,\n\"=1+1\",,C-2,\"'a, b'\",,\"- satu\n- dua\",'-,\n"
		o.imported(o.me, file, people.Start{Policy: policy})
		stored, seen := o.told(o.me), map[crm.ContactID]time.Time{}
		for _, c := range o.all(o.me) {
			seen[c.ID] = c.UpdatedAt
		}
		soon(o)
		im := o.imported(o.me, file, people.Start{Policy: policy})
		want(t, "the second time", counts(im), "done: 3 rows, 0 created, 0 updated, 3 unchanged, 0 failed")
		var export bytes.Buffer
		if err := o.Export(t.Context(), o.me, people.ContactQuery{}, ';', &export); err != nil {
			t.Fatal(err)
		}
		im = o.imported(o.me, export.String(), people.Start{Policy: policy})
		want(t, "the export", counts(im), "done: 3 rows, 0 created, 0 updated, 3 unchanged, 0 failed")
		want(t, "the contacts", strings.Join(o.told(o.me), "\n"), strings.Join(stored, "\n"))
		for _, c := range o.all(o.me) {
			if !seen[c.ID].Equal(c.UpdatedAt) {
				t.Errorf("%s was written again", c.Name)
			}
		}
	}
}

func (o *office) all(p access.Principal) []*crm.Contact {
	o.t.Helper()
	list, err := o.Contacts(o.t.Context(), p, people.ContactQuery{Limit: crm.MaxPageRows})
	if err != nil {
		o.t.Fatal(err)
	}
	return list
}

// TestImportPolicies: what a row does to a contact that is there.
func TestImportPolicies(t *testing.T) {
	t.Parallel()
	for policy, wanted := range map[crm.ImportPolicy]string{
		crm.FillEmpty: "Budi [+6281200000001 new@example.com] [Lama Baru] won [Kelas=12 Kota=Medan] [lama baru] out",
		crm.Overwrite: "Budi Baru [+6281200000001 new@example.com] [Lama Baru] new [Kelas=12 Kota=Bandung] [lama baru] out",
	} {
		o := newOffice(t)
		c := o.contact(o.me, people.Edit{
			Name: new("Budi"), LeadStatus: new("won"), Fields: map[string]*string{"Kota": new("Medan"), "Kelas": new("")},
			AddIdentities: phoneOf("081200000001"), AddTags: []crm.TagID{o.tag(o.me, "Lama").ID}, OptOut: new(true),
		})
		cv := o.thread(o.me, c, "555000000000001")
		if _, err := o.AddNote(t.Context(), o.me, people.NewNote{ContactID: c.ID, Body: "lama"}); err != nil {
			t.Fatal(err)
		}
		im := o.imported(o.me, "nama,hp,email,tag,status,catatan,Kota,Kelas,stop\nBudi Baru,081200000001,new@example.com,Baru,new,baru,Bandung,12,tidak\n"+
			",081200000001,,,,lama,,,\n", people.Start{Policy: policy})
		want(t, string(policy), counts(im), "done: 2 rows, 0 created, 1 updated, 1 unchanged, 0 failed")
		got := strings.Replace(o.told(o.me)[0], "[baru lama]", "[lama baru]", 1)
		want(t, string(policy), got, wanted)
		if shown := o.card(o.me, c.ID).Conversations[0]; shown.ID != cv.ID || shown.ContactName != o.card(o.me, c.ID).Contact.Name {
			t.Errorf("the conversation shows %q, want the contact's name", shown.ContactName)
		}
	}
}

// TestImportRefusesRows: rows that are read and still cannot be imported.
func TestImportRefusesRows(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.contact(o.me, people.Edit{Name: new("Budi"), AddIdentities: phoneOf("081200000001")})
	o.contact(o.me, people.Edit{Name: new("Sari"), AddIdentities: []crm.Identity{id(crm.ByEmail, "sari@example.com")}})
	full := map[string]*string{}
	for i := range people.MaxFields {
		full[fmt.Sprint("f", i)] = new("x")
	}
	o.contact(o.me, people.Edit{Name: new("Full"), Fields: full, AddIdentities: phoneOf("081200000003")})
	stored := o.told(o.me)
	im := o.imported(o.me, "nama,hp,email,tag,Kota\nX,081200000001,sari@example.com,,\nY,081200000003,,,Medan\n,081200000003,full@example.com,,\n", people.Start{Policy: crm.Overwrite})
	want(t, "the import", counts(im), "done: 3 rows, 0 created, 1 updated, 0 unchanged, 2 failed")
	lines := append(o.errorsOf(o.me, im.ID), "", "")
	for i, part := range []string{`two_contacts,"Baris ini cocok dengan dua kontak yang berbeda (Budi, Sari).`, "bad_value,Nilai ini ditolak: A contact may have at most 100 fields."} {
		if !strings.Contains(lines[i], part) {
			t.Errorf("the error is %q, want %q in it", lines[i], part)
		}
	}
	// Of a row that failed nothing is left, also where another of the contact's did not.
	want(t, "the contacts", strings.Replace(strings.Join(o.told(o.me), "\n"), " full@example.com", "", 1), strings.Join(stored, "\n"))
	// Two rows of the file may be the two contacts that a third is.
	im = o.imported(o.me, "nama,hp,email\nA,081200000011,\nB,,b@example.com\nC,081200000011,b@example.com\n", people.Start{})
	want(t, "the import", counts(im), "done: 3 rows, 2 created, 0 updated, 0 unchanged, 1 failed")
}

// TestImportTags: who may not manage tags makes none.
func TestImportTags(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.tag(o.me, "VIP")
	agent := o.me
	agent.Role = crm.Agent
	const file = "nama,hp,tag\nBudi,081200000001,vip\nSari,081200000002,\"vip, Baru\"\n"
	im := o.imported(agent, file, people.Start{})
	want(t, "an agent's import", counts(im), "done: 2 rows, 1 created, 0 updated, 0 unchanged, 1 failed")
	if line := o.errorsOf(o.me, im.ID)[0]; !strings.Contains(line, `unknown_tag`) {
		t.Errorf("the error is %q, want unknown_tag", line)
	}
	im = o.imported(o.me, file, people.Start{})
	want(t, "an owner's import", counts(im), "done: 2 rows, 1 created, 0 updated, 1 unchanged, 0 failed")
	var many strings.Builder
	many.WriteString("hp,tag\n")
	for i := range 210 {
		fmt.Fprintf(&many, "0812000001%02d,tag %d\n", i%100, i)
	}
	im = o.imported(o.me, many.String(), people.Start{})
	if im.Progress.Tags != 200 || im.Progress.Failed != 10 {
		t.Errorf("%d tags are made and %d rows fail, want 200 and 10", im.Progress.Tags, im.Progress.Failed)
	}
}

func TestImportDryRun(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.contact(o.me, people.Edit{Name: new("Sari"), AddIdentities: phoneOf("081200000002")})
	stored, before := o.told(o.me), o.seen(o.me)
	im := o.imported(o.me, sheet, people.Start{DryRun: true})
	want(t, "the dry run", counts(im), "done: 4 rows, 1 created, 1 updated, 1 unchanged, 1 failed")
	want(t, "the contacts", strings.Join(o.told(o.me), "\n"), strings.Join(stored, "\n"))
	for _, f := range o.since(o.me, before) {
		if f.Kind != crm.ContactsImported {
			t.Errorf("a dry run says %s", f.Kind)
		}
	}
	if len(o.errorsOf(o.me, im.ID)) != 1 {
		t.Error("a dry run has no file of errors")
	}
	if _, err := o.imports.Start(t.Context(), o.me, im.ID, people.Start{}); err != nil {
		t.Fatal(err)
	}
	want(t, "the import after it", counts(o.work(o.me, im.ID)), "done: 4 rows, 1 created, 1 updated, 1 unchanged, 1 failed")
	whole := newOffice(t)
	file := rows(1400)
	dry, real := o.imported(o.them, file, people.Start{DryRun: true}), whole.imported(whole.me, file, people.Start{})
	if dry.Progress.Created != real.Progress.Created || dry.Progress.Failed != real.Progress.Failed || dry.Progress.Rows != real.Progress.Rows {
		t.Errorf("a dry run of several batches is %s, want %s", counts(dry), counts(real))
	}
	if _, err := o.imports.Start(t.Context(), o.me, im.ID, people.Start{}); code(err) != "conflict import_done" {
		t.Errorf("to start it again is %v, want Conflict", err)
	}
}

func TestImportRefuses(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ready := o.upload(o.me, sheet)
	reader := access.Principal{WorkspaceID: o.me.WorkspaceID, Scopes: []string{"read"}}
	upload := func(p access.Principal, u people.Upload) error {
		_, _, err := o.imports.Upload(t.Context(), p, u)
		return err
	}
	start := func(p access.Principal, id crm.ImportID, s people.Start) error {
		_, err := o.imports.Start(t.Context(), p, id, s)
		return err
	}
	phones := []csvio.Target{csvio.Phone}
	for what, c := range map[string]struct {
		err  error
		want string
	}{
		"an empty file":     {upload(o.me, people.Upload{File: strings.NewReader("")}), "invalid bad_file"},
		"a header alone":    {upload(o.me, people.Upload{File: strings.NewReader("nama,hp\n,\n")}), "invalid bad_file"},
		"a long name":       {upload(o.me, people.Upload{Filename: strings.Repeat("x", 201), File: strings.NewReader("hp\n1\n")}), "invalid bad_filename"},
		"a bad delimiter":   {upload(o.me, people.Upload{Options: csvio.Options{Delimiter: "ab"}, File: strings.NewReader("hp\n1\n")}), "invalid bad_delimiter"},
		"too large a file":  {upload(o.me, people.Upload{File: &endless{}}), "too_large"},
		"a file that ends":  {upload(o.me, people.Upload{File: iotest.ErrReader(crm.Unavailable)}), "unavailable"},
		"a reader's upload": {upload(reader, people.Upload{File: strings.NewReader(sheet)}), "forbidden contacts:write"},
		"a reader's start":  {start(reader, ready.ID, people.Start{}), "forbidden contacts:write"},
		"a foreign start":   {start(o.them, ready.ID, people.Start{}), "not_found"},
		"no such policy":    {start(o.me, ready.ID, people.Start{Policy: "merge"}), "invalid bad_policy"},
		"no such target":    {start(o.me, ready.ID, people.Start{Mapping: []csvio.Target{"phones"}}), "invalid bad_mapping"},
		"too many columns":  {start(o.me, ready.ID, people.Start{Mapping: slices.Repeat(phones, 8)}), "invalid bad_mapping"},
		"no identity":       {start(o.me, ready.ID, people.Start{Mapping: []csvio.Target{csvio.Name}}), "invalid bad_mapping"},
	} {
		want(t, what, code(c.err), c.want)
	}
	if im := o.read(o.me, ready.ID); im.State != crm.ImportReady {
		t.Errorf("the import is %s after all that, want ready", im.State)
	}
	list, err := o.imports.List(t.Context(), o.me, crm.ImportID{}, 0)
	if err != nil {
		t.Fatal(err)
	}
	for _, im := range list {
		if im.ID != ready.ID {
			if im.State != crm.ImportFailed {
				t.Errorf("an upload that was refused is %s, want failed", im.State)
			}
			o.wantNoFile(im)
		}
	}
}

// endless is a file without an end.
type endless struct{ rows int }

func (e *endless) Read(p []byte) (int, error) {
	e.rows++
	return copy(p, bytes.Repeat([]byte("Budi,081200000001\n"), len(p)/18+1)), nil
}

func TestImportCancel(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	cancel := func(id crm.ImportID) *crm.Import {
		t.Helper()
		im, err := o.imports.Cancel(t.Context(), o.me, id)
		if err != nil {
			t.Fatal(err)
		}
		return im
	}
	ready := o.upload(o.me, sheet)
	if got := cancel(ready.ID); got.State != crm.ImportCancelled {
		t.Errorf("a cancelled import is %s", got.State)
	}
	o.wantNoFile(ready)
	if _, err := o.imports.Start(t.Context(), o.me, ready.ID, people.Start{}); code(err) != "conflict import_cancelled" {
		t.Errorf("to start a cancelled import is %v, want Conflict", err)
	}
	// One that runs ends after the batch it is in.
	running := o.upload(o.me, rows(1200))
	if _, err := o.imports.Start(t.Context(), o.me, running.ID, people.Start{}); err != nil {
		t.Fatal(err)
	}
	o.importStore.after(2, func() { cancel(running.ID) }) // the claim is no Update; the first batch is
	if _, err := o.imports.Turn(t.Context()); err != nil {
		t.Errorf("a turn whose import is cancelled: %v", err)
	}
	im := o.read(o.me, running.ID)
	want(t, "the cancelled import", counts(im), "cancelled: 500 rows, 500 created, 0 updated, 0 unchanged, 0 failed")
	o.wantNoFile(im)
	if again := cancel(running.ID); again.State != crm.ImportCancelled || !again.EndedAt.Equal(im.EndedAt) {
		t.Errorf("cancelled again it is %+v", again)
	}
	done := o.imported(o.me, sheet, people.Start{})
	if got := cancel(done.ID); got.State != crm.ImportDone {
		t.Errorf("an import that was done is %s after it is cancelled", got.State)
	}
}

// rows returns a file of n rows: every seventh is of somebody before, every
// eleventh has a mistake, and every thirteenth is blank.
func rows(n int) string {
	var file strings.Builder
	file.WriteString("nama,hp,email,tag,catatan,Kota\n")
	for i := range n {
		switch {
		case n >= 1300 && i%13 == 12:
			file.WriteString(",,,,,\n")
		case n >= 1300 && i%11 == 10:
			fmt.Fprintf(&file, "Salah %d,6E+12,,,,\n", i)
		case n >= 1300 && i%7 == 6:
			fmt.Fprintf(&file, "Lagi %d,08120000%04d,lagi%d@example.com,tag %d,\"catatan\n%d\",Kota %d\n", i, i/2, i/2, i%5, i%3, i)
		default:
			fmt.Fprintf(&file, "Nama %d,08120000%04d,,tag %d,catatan,\n", i, i, i%3)
		}
	}
	return file.String()
}

// TestImportIsTheSameWhenInterrupted fails or kills an import before, in and
// after each transaction. Gone on with, it ends like one that nothing befell.
func TestImportIsTheSameWhenInterrupted(t *testing.T) {
	t.Parallel()
	file := rows(1600)
	clean := newOffice(t)
	whole := clean.imported(clean.me, file, people.Start{Policy: crm.Overwrite})
	wanted, stored := counts(whole), strings.Join(clean.told(clean.me), "\n")
	wrong := strings.Join(clean.errorsOf(clean.me, whole.ID), "\n")
	if whole.Progress.Created < 900 || whole.Progress.Updated < 70 || whole.Progress.Failed < 100 {
		t.Fatalf("the import shows little: %s", wanted)
	}
	for _, how := range []fault{beforeIt, insideIt, afterIt} {
		for n := 1; n <= 3; n++ {
			o := newOffice(t)
			im := o.upload(o.me, file)
			if _, err := o.imports.Start(t.Context(), o.me, im.ID, people.Start{Policy: crm.Overwrite}); err != nil {
				t.Fatal(err)
			}
			o.importStore.fail(n, how)
			if _, err := o.imports.Turn(t.Context()); !errors.Is(err, errKilled) {
				t.Fatalf("transaction %d %s: the turn ends with %v, want what befell it", n, how, err)
			}
			if took, err := o.imports.Turn(t.Context()); took || err != nil {
				t.Errorf("a leased import is worked on again: %v, %v", took, err)
			}
			o.clock.Advance(time.Minute) // the lease runs out
			im = o.work(o.me, im.ID)
			what := fmt.Sprintf("interrupted %s transaction %d", how, n)
			want(t, what, counts(im), wanted)
			want(t, what, strings.Join(o.told(o.me), "\n"), stored)
			want(t, what, strings.Join(o.errorsOf(o.me, im.ID), "\n"), wrong)
		}
	}
}

// TestImportRunsAgain: a transaction that the store runs again, because another
// came between, does what it would have done.
func TestImportRunsAgain(t *testing.T) {
	t.Parallel()
	file := rows(1600)
	o, clean := newOffice(t), newOffice(t)
	whole := clean.imported(clean.me, file, people.Start{})
	im := o.upload(o.me, file)
	if _, err := o.imports.Start(t.Context(), o.me, im.ID, people.Start{}); err != nil {
		t.Fatal(err)
	}
	o.importStore.fail(-1, twice)
	im = o.work(o.me, im.ID)
	want(t, "the import", counts(im), counts(whole))
	want(t, "the contacts", strings.Join(o.told(o.me), "\n"), strings.Join(clean.told(clean.me), "\n"))
	want(t, "the errors", strings.Join(o.errorsOf(o.me, im.ID), "\n"), strings.Join(clean.errorsOf(clean.me, whole.ID), "\n"))
}

// TestImportBatchesDoNotShow: batches end where they end; a model that reads one
// row after the other says what is there then.
func TestImportBatchesDoNotShow(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	file := rows(1300)
	im := o.imported(o.me, file, people.Start{})
	names, made := map[string]string{}, 0
	r, err := csvio.Open(strings.NewReader(file), csvio.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for record, err := r.Read(); err == nil; record, err = r.Read() {
		number := record.Cells[1]
		if strings.HasPrefix(number, "0812") && names[number] == "" {
			names[number] = record.Cells[0]
			made++
		}
	}
	if im.Progress.Created != made || im.Progress.Records != 1300 {
		t.Errorf("%d contacts of %d records, want %d of 1300", im.Progress.Created, im.Progress.Records, made)
	}
	for number, name := range names {
		if got := o.byPhone(number).Name; got != name {
			t.Errorf("%s is %q, want the first row's %q", number, got, name)
		}
	}
}

// TestImportTaken: a host whose lease ran out writes nothing more.
func TestImportTaken(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	im := o.upload(o.me, rows(1200))
	if _, err := o.imports.Start(t.Context(), o.me, im.ID, people.Start{}); err != nil {
		t.Fatal(err)
	}
	o.importStore.after(1, func() { // another host finds the lease over, does a batch, and dies
		o.clock.Advance(time.Minute)
		o.importStore.fail(2, beforeIt)
		if took, err := o.imports.Turn(t.Context()); !took || !errors.Is(err, errKilled) {
			t.Errorf("the other host: %v, %v", took, err)
		}
	})
	if _, err := o.imports.Turn(t.Context()); err != nil {
		t.Errorf("the slow host: %v", err)
	}
	want(t, "the import", counts(o.read(o.me, im.ID)), "running: 500 rows, 500 created, 0 updated, 0 unchanged, 0 failed")
	o.clock.Advance(time.Minute)
	want(t, "the import", counts(o.work(o.me, im.ID)), "done: 1200 rows, 1200 created, 0 updated, 0 unchanged, 0 failed")
}

// TestImportGivesUp: a batch that never succeeds, and a file that is gone, end
// the import with a sentence.
func TestImportGivesUp(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	stuck, lost := o.upload(o.me, rows(20)), o.upload(o.me, rows(20))
	for _, im := range []*crm.Import{stuck, lost} {
		if _, err := o.imports.Start(t.Context(), o.me, im.ID, people.Start{}); err != nil {
			t.Fatal(err)
		}
	}
	err := o.importStore.Update(t.Context(), o.me.WorkspaceID, func(ctx context.Context, tx people.ImportTx) error {
		return tx.DropFile(ctx, lost.ID)
	})
	if err != nil {
		t.Fatal(err)
	}
	if took, err := o.imports.Run(t.Context(), lost.ID); !took || err != nil {
		t.Errorf("an import without its file: %v, %v", took, err)
	}
	if got := o.read(o.me, lost.ID); got.State != crm.ImportFailed || !strings.Contains(got.Reason, "Upload it again") {
		t.Errorf("an import without its file is %s, %q", got.State, got.Reason)
	}
	tries := 0
	for ; o.read(o.me, stuck.ID).State == crm.ImportRunning && tries < 20; tries++ {
		o.importStore.fail(1, insideIt)
		took, err := o.imports.Run(t.Context(), stuck.ID)
		if !took || err == nil {
			break
		}
		o.clock.Advance(time.Minute)
	}
	o.importStore.fail(0, "")
	if _, err := o.imports.Run(t.Context(), stuck.ID); err != nil {
		t.Error(err)
	}
	if got := o.read(o.me, stuck.ID); tries < 3 || got.State != crm.ImportFailed || got.Reason == "" {
		t.Errorf("after %d tries it is %s, %q", tries, got.State, got.Reason)
	}
}

func TestImportExpires(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ready, done := o.upload(o.me, sheet), o.imported(o.me, sheet, people.Start{})
	expire := func(wanted int) {
		t.Helper()
		if n, err := o.imports.Expire(t.Context(), 100); n != wanted || err != nil {
			t.Errorf("%d imports expire, %v, want %d", n, err, wanted)
		}
	}
	expire(0)
	o.clock.Advance(3 * 24 * time.Hour)
	expire(1)
	if _, err := o.imports.Import(t.Context(), o.me, ready.ID); code(err) != "not_found" {
		t.Errorf("an upload of three days ago: %v, want NotFound", err)
	}
	o.clock.Advance(28 * 24 * time.Hour)
	expire(1)
	if err := o.imports.Errors(t.Context(), o.me, done.ID, &bytes.Buffer{}); code(err) != "not_found" {
		t.Errorf("the errors of a month ago: %v, want NotFound", err)
	}
}

// TestImportKnowsTheWorkspace: statuses by what people see of them, fields by
// their labels and of their types, and which column a refused value stands in.
func TestImportKnowsTheWorkspace(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	if _, err := o.AddField(t.Context(), o.me, "budget", crm.NumberField, people.FieldEdit{Label: new("Anggaran")}); err != nil {
		t.Fatal(err)
	}
	const file = "nama,hp,status,anggaran,Kota\nBudi,081200000001,QUALIFIED,15,Medan\nSari,081200000002,Menikah,,\nTono,081200000003,,banyak,\n"
	for _, wanted := range []string{"1 created, 0 updated, 0 unchanged", "0 created, 0 updated, 1 unchanged"} {
		im := o.upload(o.me, file)
		want(t, "the guess", strings.Join(im.Mapping, " "), "name phone lead_status field:budget field:Kota")
		im = o.imported(o.me, file, people.Start{Policy: crm.Overwrite})
		want(t, "the import", counts(im), "done: 3 rows, "+wanted+", 2 failed")
		for i, part := range []string{`,3,status,bad_value,`, `,4,anggaran,bad_value,`} {
			if line := o.errorsOf(o.me, im.ID)[i]; !strings.Contains(line, part) {
				t.Errorf("the error is %q, want %q in it", line, part)
			}
		}
	}
	want(t, "the contacts", strings.Join(o.told(o.me), "\n"), "Budi [+6281200000001] [] qualified [Kota=Medan budget=15] []")
}
