package people_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
)

func TestExport(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	vip := o.tag(o.me, "VIP")
	o.contact(o.me, people.Edit{Name: new("=Budi"), AddIdentities: phoneOf("081200000001"), AddTags: []crm.TagID{vip.ID}, Fields: map[string]*string{"Kota": new("Medan")}})
	soon(o)
	o.contact(o.me, people.Edit{Name: new("Sari"), LeadStatus: new("won"), AddIdentities: phoneOf("081200000002"), Fields: map[string]*string{"Kelas": new("12")}})
	o.contact(o.them, people.Edit{Name: new("Theirs")})
	for _, c := range []struct {
		what  string
		query people.ContactQuery
		want  string
	}{
		{"all, newest first", people.ContactQuery{Limit: 1}, "...,Kelas,Kota\nSari,12,\n'=Budi,,Medan\n"},
		{"a tag", people.ContactQuery{TagID: vip.ID}, "...,Kota\n'=Budi,Medan\n"},
		{"a status", people.ContactQuery{LeadStatus: "won"}, "...,Kelas\nSari,12\n"},
		{"a part of a name", people.ContactQuery{Search: "sar"}, "...,Kelas\nSari,12\n"},
		{"nobody", people.ContactQuery{LeadStatus: "lost"}, "...\n"},
	} {
		var file bytes.Buffer
		if err := o.Export(t.Context(), o.me, c.query, ',', &file); err != nil {
			t.Fatal(err)
		}
		var short strings.Builder
		for i, line := range strings.Split(strings.TrimSuffix(strings.TrimPrefix(file.String(), "\ufeff"), "\r\n"), "\r\n") {
			cells := strings.Split(line, ",")
			name := cells[1]
			if i == 0 {
				name = "..."
			}
			short.WriteString(strings.Join(append([]string{name}, cells[16:]...), ",") + "\n")
		}
		want(t, c.what, short.String(), c.want)
	}
	nobody := access.Principal{WorkspaceID: o.me.WorkspaceID, Scopes: []string{"messages:send"}}
	if err := o.Export(t.Context(), nobody, people.ContactQuery{}, ',', &bytes.Buffer{}); code(err) != "forbidden contacts:read" {
		t.Errorf("an export of who may not read: %v, want Forbidden", err)
	}
	if err := o.Export(t.Context(), o.me, people.ContactQuery{}, ',', broken{}); !errors.Is(err, errKilled) {
		t.Errorf("an export that nobody reads any more: %v, want the writer's error", err)
	}
}

// broken is a client that went away.
type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errKilled }

// TestExportMisses nobody who changes while it is written, and writes nobody
// twice.
func TestExportMissesNobody(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.imported(o.me, rows(1250), people.Start{})
	soon(o)
	moving := &restless{Store: o.store, then: func(page int) {
		soon(o)
		if page >= 6 {
			return
		}
		c := o.byPhone(fmt.Sprintf("08120000%04d", page)) // the oldest, which are read last
		if _, err := o.Edit(t.Context(), o.me, c.ID, people.Edit{LeadStatus: new("won")}, "ID"); err != nil {
			t.Error(err)
		}
	}}
	var file bytes.Buffer
	if err := people.New(moving, o.mint).Export(t.Context(), o.me, people.ContactQuery{}, ',', &file); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, line := range strings.Split(strings.TrimSpace(file.String()), "\r\n")[1:] {
		count[strings.Split(line, ",")[4]]++
	}
	for number, n := range count {
		if n != 1 {
			t.Errorf("%s is there %d times", number, n)
		}
	}
	if len(count) != 1250 {
		t.Errorf("%d contacts are in the file, want 1250", len(count))
	}
}

// restless is a store in which something happens after each page of contacts.
type restless struct {
	people.Store
	pages int
	then  func(page int)
}

// Contacts implements people.Store.
func (r *restless) Contacts(ctx context.Context, ws crm.WorkspaceID, q people.ContactQuery) ([]*crm.Contact, error) {
	page, err := r.Store.Contacts(ctx, ws, q)
	r.pages++
	r.then(r.pages)
	return page, err
}
