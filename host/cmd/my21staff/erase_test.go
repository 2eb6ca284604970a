package main_test

import (
	"strings"
	"testing"
)

func TestEraseCommand(t *testing.T) {
	onBoth(t, func(t *testing.T, i *installation) {
		i.must(`workspace`, "workspace", "create", "-name", "Hapus", "-owner", "Owner", "-email", "owner@example.com")
		file := write(t, "kontak.csv", "Nama;No. HP;Catatan\r\nBudi;0812-0000-0001;penting\r\nSari;081200000002;\r\n")
		i.must(`rows       2: 2 created`, "import", file)
		for _, c := range []struct {
			args string
			code int
			want string
		}{
			{"erase", 2, "whom to erase"},
			{"erase -phone 081200000001 -contact 01a2212b-7c81-7000-893b-3ea7d7d14ac6", 2, "whom to erase"},
			{"erase -contact x", 2, "not an id"},
			{"erase -contact 01a2212b-7c81-7000-893b-3ea7d7d14ac6", 3, "no such contact"},
			{"erase -phone 081200000009", 3, "no such contact"},
		} {
			if r := i.run(strings.Fields(c.args)...); r.code != c.code || !strings.Contains(r.errors, c.want) {
				t.Errorf("%s ends with %d: %s, want %d and %q", c.args, r.code, r.errors, c.code, c.want)
			}
		}
		done := i.run("erase", "--workspace", "hapus", "-phone", "0812 0000 0001")
		if done.code != 0 || !strings.Contains(done.out, "erased     0 conversations, 0 messages, 1 notes,") {
			t.Fatalf("erase ends with %d: %s%s", done.code, done.out, done.errors)
		}
		id, _, _ := strings.Cut(strings.TrimPrefix(done.out, "contact    "), "\n")
		if again := i.run("erase", "-contact", id); again.code != 0 || again.out != done.out {
			t.Errorf("erased again it ends with %d: %s%s", again.code, again.out, again.errors)
		}
		if out := i.run("export").out; strings.Contains(out, "Budi") || !strings.Contains(out, "Sari") {
			t.Errorf("after it the contacts are %q", out)
		}
	})
}
