package directory_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/directory"
)

// A workspace gets an owner, the owner makes a key, and a program that shows the
// key may do what its scopes say. Errors are left out here, not in your program.
func Example() {
	ctx, mint := context.Background(), crm.NewMint(time.Now, rand.Reader)
	store, _ := sqlite.Open(ctx, "", sqlite.Options{}) // "": gone after Close
	defer store.Close()
	company := directory.New(store.Directory(), mint, rand.Reader)

	_, owner, _ := company.CreateWorkspace(ctx, crm.Workspace{Name: "Sekolah Contoh"}, crm.Member{Name: "Sari"})
	key, _ := company.CreateKey(ctx, access.OfMember(owner), "Website form", []string{"contacts:write"}, time.Time{})
	fmt.Println(key.Secret, len(string(key.Secret))) // shows itself to nobody

	program, _ := company.Authenticate(ctx, string(key.Secret))
	fmt.Println(program.Can(access.WriteContacts), program.Can(access.SendMessages))
	company.RevokeKey(ctx, access.OfMember(owner), key.Key.ID)
	_, err := company.Authenticate(ctx, string(key.Secret))
	fmt.Println(crm.CodeOf(err))
	// Output:
	// [secret] 47
	// true false
	// unauthenticated
}
