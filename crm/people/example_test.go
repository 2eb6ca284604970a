package people_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/crm/people"
)

// A lead is made from a number as somebody typed it and found by it in any other
// spelling. Errors are left out here, not in your program.
func Example() {
	ctx, mint := context.Background(), crm.NewMint(time.Now, rand.Reader)
	store, _ := sqlite.Open(ctx, "", sqlite.Options{}) // "": gone after Close
	defer store.Close()
	_, owner, _ := directory.New(store.Directory(), mint, rand.Reader).
		CreateWorkspace(ctx, crm.Workspace{Name: "Sekolah Contoh"}, crm.Member{Name: "Sari"})
	me, leads := access.OfMember(owner), people.New(store.People(), mint)

	lead, _ := leads.Create(ctx, me, people.Edit{
		Name: new("Dewi"), Fields: map[string]*string{"city": new("Bandung")},
		AddIdentities: []crm.Identity{{Kind: crm.ByPhone, Value: "0812-0000-0001"}},
	}, "ID")
	leads.AddNote(ctx, me, people.NewNote{ContactID: lead.ID, Body: "Wants to study in Malaysia."})

	card, _ := leads.ByPhone(ctx, me, "+62 812 0000 0001", "ID")
	fmt.Println(card.Contact.Name, card.Contact.Handle(), card.Contact.Fields["city"], "-", card.Notes[0].Body)
	_, err := leads.ByPhone(ctx, me, "0812-0000-0002", "ID")
	fmt.Println(crm.CodeOf(err))
	// Output:
	// Dewi +6281200000001 Bandung - Wants to study in Malaysia.
	// not_found
}
