package people_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/csvio"
	"github.com/my21staff/my21staff/crm/people"
)

// Who comes back to an import sees what its upload showed, by the mapping that
// it has by then, until the file is gone.
func TestImportPreview(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	file := "nama;hp;kota\n;;\nSari;0812 0000 0002;Medan\nTono;x;Bandung\n" + strings.Repeat("Dewi;0812 0000 0003;\n", 20)
	im, told, err := o.imports.Upload(t.Context(), o.me, people.Upload{Region: "ID", File: strings.NewReader(file)})
	if err != nil {
		t.Fatal(err)
	}
	look := func(p access.Principal) (*csvio.Preview, string) {
		t.Helper()
		seen, err := o.imports.Preview(t.Context(), p, im.ID)
		return seen, code(err)
	}
	seen, failed := look(o.me)
	want(t, "looking at an upload", failed, "ok")
	told.Seen = len(told.Rows) // of all that were weighed
	if !reflect.DeepEqual(seen, told) {
		t.Errorf("the preview is %+v, want what the upload told: %+v", seen, told)
	}
	if len(seen.Rows) != csvio.PreviewRows || len(seen.Problems) != 1 || seen.Problems[0].Line != 4 {
		t.Errorf("the preview has %d rows and the problems %v, want %d and one on line 4", len(seen.Rows), seen.Problems, csvio.PreviewRows)
	}
	if _, err := o.imports.Start(t.Context(), o.me, im.ID, people.Start{DryRun: true, Mapping: []csvio.Target{csvio.Note, csvio.Phone}}); err != nil {
		t.Fatal(err)
	}
	seen, failed = look(o.me)
	want(t, "looking while it runs", failed, "ok")
	if len(seen.Drafts) == 0 || seen.Drafts[0].Note != "Sari" || seen.Drafts[0].Name != "" {
		t.Errorf("the first row would be %+v, want a note by the mapping of the start", seen.Drafts)
	}
	o.work(o.me, im.ID)
	_, failed = look(o.me)
	want(t, "looking after a dry run", failed, "ok")
	if _, err := o.imports.Start(t.Context(), o.me, im.ID, people.Start{}); err != nil {
		t.Fatal(err)
	}
	o.work(o.me, im.ID)
	_, failed = look(o.me)
	want(t, "looking at what was imported", failed, "conflict import_done")
	_, failed = look(o.them)
	want(t, "looking from elsewhere", failed, "not_found")
	_, failed = look(access.Principal{WorkspaceID: o.me.WorkspaceID, Scopes: []string{"read"}})
	want(t, "looking as a reader", failed, "forbidden contacts:write")
}
