package people_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/crm/people"
)

// A sheet as Excel saves it becomes contacts, and the contacts a sheet. Errors
// are left out here, not in your program.
func ExampleImports() {
	ctx, mint := context.Background(), crm.NewMint(time.Now, rand.Reader)
	store, _ := sqlite.Open(ctx, "", sqlite.Options{}) // "": gone after Close
	defer store.Close()
	_, owner, _ := directory.New(store.Directory(), mint, rand.Reader).
		CreateWorkspace(ctx, crm.Workspace{Name: "Sekolah Contoh"}, crm.Member{Name: "Sari"})
	me, imports := access.OfMember(owner), people.NewImports(store.Imports(), mint)

	im, preview, _ := imports.Upload(ctx, me, people.Upload{Region: "ID", File: strings.NewReader(
		"Nama;No. HP;Kota\nDewi;0812-0000-0001;Bandung\nTono;6,28E+12;Medan\n")})
	fmt.Println(preview.Columns, preview.Problems[0].Line, preview.Problems[0].Code)

	imports.Start(ctx, me, im.ID, people.Start{})
	imports.Turn(ctx) // a host does this in the background, a command in the foreground
	im, _ = imports.Import(ctx, me, im.ID)
	fmt.Println(im.State, im.Progress.Created, im.Progress.Failed)

	leads := people.New(store.People(), mint)
	dewi, _ := leads.ByPhone(ctx, me, "+62 812 0000 0001", "ID")
	fmt.Println(dewi.Contact.Name, dewi.Contact.Fields["Kota"])
	var sheet strings.Builder
	leads.Export(ctx, me, people.ContactQuery{Search: "dewi"}, ';', &sheet)
	fmt.Println(strings.Count(sheet.String(), "\r\n"), strings.Contains(sheet.String(), ";Dewi;"))
	// Output:
	// [name phone field:Kota] 3 phone_rounded
	// done 1 1
	// Dewi Bandung
	// 2 true
}
