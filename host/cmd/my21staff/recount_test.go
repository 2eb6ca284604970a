package main_test

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/adapters/pgtest"
	_ "github.com/my21staff/my21staff/adapters/sqlite" // the driver
)

// spoil runs a statement on the installation's database behind the program's back.
func (i *installation) spoil(statement string) {
	i.t.Helper()
	set := map[string]string{}
	for _, variable := range i.env {
		name, value, _ := strings.Cut(variable, "=")
		set[name] = value
	}
	if dsn := set["M21_DATABASE"]; dsn != "" {
		pgtest.Exec(i.t, dsn, "set my21staff.scope = 'installation'", statement)
		return
	}
	db, err := sql.Open("sqlite", filepath.Join(set["M21_DATA_DIR"], "my21staff.db"))
	if err != nil {
		i.t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(i.t.Context(), statement); err != nil {
		i.t.Fatal(err)
	}
}

func TestRecountCommand(t *testing.T) {
	onBoth(t, func(t *testing.T, i *installation) {
		for _, name := range []string{"Satu", "Dua"} {
			i.must(`workspace`, "workspace", "create", "-name", name, "-owner", "Owner", "-email", name+"@example.com")
			i.must(`rows       1: 1 created`, "import", "-workspace", name, write(t, "kontak.csv", "Nama;No. HP\r\nBudi;0812-0000-0001\r\n"))
		}
		i.must(`Satu: 0 figures`, "recount", "-workspace", "satu")
		const wrong = "update figures set value = value + 3 where measure = 'contact_stage:new'"
		i.spoil(wrong)
		if out := i.run("recount", "-workspace", "dua").out; !strings.Contains(out, "Dua: 1 figures were wrong") || strings.Contains(out, "Satu") {
			t.Errorf("recount of one workspace says %q", out)
		}
		all := i.run("recount")
		if !strings.Contains(all.out, "Dua: 0 figures") || !strings.Contains(all.out, "Satu: 1 figures") {
			t.Errorf("recount of all says %q", all.out)
		}
		if r := i.run("recount", "-workspace", "tiga"); r.code != 3 {
			t.Errorf("recount of no workspace ends with %d: %s", r.code, r.errors)
		}
	})
}
