package csvio_test

import (
	"fmt"
	"os"
	"strings"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/csvio"
)

// A sheet as Excel saves it in Indonesia: semicolons, and a number that it found
// too long to show.
func ExampleLook() {
	sheet := "Nama;No. HP;Label;Kota\r\n" +
		"Budi, S.Kom;0812-0000-0001;VIP, Medan;Medan\r\n" +
		"Sari;6,28E+12;;Bandung\r\n"
	r, err := csvio.Open(strings.NewReader(sheet), csvio.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	preview, err := csvio.Look(r, "ID", csvio.Limits{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(preview.Columns)
	fmt.Println(preview.Drafts[0].Name, preview.Drafts[0].Identities[0].Value, preview.Drafts[0].Tags)
	for _, p := range preview.Problems {
		fmt.Printf("line %d, %s: %s\n", p.Line, p.Column, p.Code)
	}
	// Output:
	// [name phone tags field:Kota]
	// Budi, S.Kom +6281200000001 [VIP Medan]
	// line 3, No. HP: phone_rounded
}

// What would be a formula is text, and is read as it was.
func ExampleWriter() {
	budi := &crm.Contact{
		Name:       "=cmd|'/c calc'!A0",
		Identities: []crm.Identity{{Kind: crm.ByPhone, Value: "+6281200000001"}},
	}
	w := csvio.Continue(os.Stdout, ';')              // NewWriter would begin with a mark that nobody sees
	_ = w.Write(budi.Name, budi.Identities[0].Value) // Flush says what went wrong
	if err := w.Flush(); err != nil {
		fmt.Println(err)
	}
	// Output: '=cmd|'/c calc'!A0;'+6281200000001
}
